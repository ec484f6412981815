"""vLLM as an engine: it gets token ids and gives token ids, and all else is as with our own engine."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="hf: models need the extra `local`")

from models import tiny

from judgebench.errors import DataError, EndpointError, JudgebenchError, UsageError
from judgebench.models import Options, Reply, Request
from judgebench.models.engine import Done, Job
from judgebench.models.engine.engine import endings_of
from judgebench.models.hf import HFModel
from judgebench.models.loading import LoadOptions, outline
from judgebench.models.loading.bases import Base
from judgebench.models.vllm_engine import VLLMEngine, identity
from judgebench.models.vllm_engine.core import Made, explained
from judgebench.models.vllm_engine.options import arguments, checked
from judgebench.tables.records import Sampling

HELLO, WORLD, END = 4, 5, 2


@dataclass
class Scripted:
    """In vLLM's place: says the same word over and over, so many tokens a step, and ends where it is told to."""

    word: int = HELLO
    ends: int | None = None  # after so many tokens, with the end token
    at_once: int = 1
    rows: int = 2
    dies: int | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    most: int = 0
    _active: dict[str, list[int]] = field(default_factory=dict)

    def ask(self, name: str, prompt: tuple[int, ...], adapter: Path | None = None, **how: Any) -> None:
        """Take in a request."""
        self.asked.append({"prompt": prompt, "adapter": adapter, **how})
        self._active[name] = [0, how["max_tokens"]]
        self.most = max(self.most, len(self._active))

    def drop(self, name: str) -> None:
        """Let go of one."""
        self.dropped.append(name)
        del self._active[name]

    def step(self) -> Iterator[Made]:
        """The next tokens of each."""
        if self.dies is not None and len(self.asked) > self.dies:
            raise EndpointError("vLLM stopped: a worker died")
        for name, (drawn, most) in list(self._active.items()):
            new = [self.word] * min(self.at_once, most - drawn)
            over = self.ends is not None and drawn + len(new) > self.ends
            if over:
                new = [*new[: (self.ends or 0) - drawn], END]
            self._active[name][0] += len(new)
            ended = over or drawn + len(new) >= most
            if ended:
                del self._active[name]
            yield Made(name, tuple(new), ended)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint of sizes that vLLM computes."""
    return tiny.checkpoint(tmp_path_factory.mktemp("vllm") / "base", width=64, heat=3.0)


def engine(base: Path, core: Scripted) -> VLLMEngine:
    """An engine around what is scripted."""
    loaded = outline(str(base), LoadOptions())
    return VLLMEngine(core, endings_of(loaded.model, loaded.tokenizer))  # type: ignore[arg-type]


def job(index: int, length: int = 5, most: int = 6, **more: Any) -> Job:
    """A prompt of so many tokens."""
    return Job(index, (HELLO,) * length, most, **more)


def by_index(done: Iterator[Done]) -> dict[int, Done]:
    """What became of each."""
    return {one.index: one for one in done}


def test_an_outline_is_the_model_without_weights(base: Path) -> None:
    """Of its shapes, with its tokenizer, template and end tokens, and of the identity that it has with weights."""
    shape, whole = outline(str(base), LoadOptions(dtype="float32")), tiny.opened(base, dtype="float32")
    assert {str(weight.device) for weight in shape.model.parameters()} == {"meta"}
    mine, wanted = (endings_of(one.model, one.tokenizer) for one in (shape, whole))
    assert (mine.tokens, mine.limits) == (wanted.tokens, wanted.limits)
    told = ("weights", "dtype", "dtype_used", "template_used")
    assert [shape.provenance[name] for name in told] == [whole.provenance[name] for name in told]


def test_ends_are_ours(base: Path) -> None:
    """The limit, the end token, a stop string in the middle of a step, and the model's positions."""
    found = by_index(engine(base, Scripted()).run([job(0), job(1, length=60, most=40)]))
    assert [(one.finish_reason, one.text, one.drawn) for one in (found[0], found[1])] == [
        ("length", "hello " * 5 + "hello", 6), ("length", "hello hello hello hello", 4),
    ]  # fmt: skip
    (done,) = engine(base, Scripted(ends=2)).run([job(0)])
    assert (done.finish_reason, done.tokens, done.drawn) == ("stop", (HELLO, HELLO), 3)
    core = Scripted(at_once=4)
    (done,) = engine(base, core).run([job(0, most=20, stop=("hello hello",))])
    assert (done.finish_reason, done.text) == ("stop", "")
    assert core.dropped == ["1"]


def test_vllm_is_told_of_tokens_alone(base: Path) -> None:
    """Ids, how many may follow and which end; a seed only where there is something to draw."""
    core = Scripted()
    list(engine(base, core).run([job(0), job(1, temperature=0.5, seed=7)]))
    first, second = core.asked
    assert first == {"prompt": (HELLO,) * 5, "adapter": None, "temperature": 0.0, "max_tokens": 6,
                     "stop_token_ids": [END], "seed": None}  # fmt: skip
    assert (second["temperature"], second["seed"]) == (0.5, 7)


def test_a_prompt_without_room_fails_alone(base: Path) -> None:
    """It is never asked; the others are."""
    core = Scripted()
    found = by_index(engine(base, core).run([job(0), job(1, length=64), job(2, length=0)]))
    assert "leave no room in the model's context of 64" in str(found[1].failure)
    assert found[2].failure == "the prompt is empty"
    assert found[0].failure is None
    assert len(core.asked) == 1


def test_turns_follow_and_more_is_asked_as_there_is_room(base: Path) -> None:
    """Twice as many as are computed at a time are under way, and a turn enters when the one before it is done."""
    core, seen = Scripted(), list[int]()

    def follow(done: Done) -> Job | None:
        seen.append(done.index)
        return job(done.index + 100, length=7) if done.index < 100 else None

    found = by_index(engine(base, core).run((job(place) for place in range(9)), follow))
    assert sorted(found) == [*range(9), *range(100, 109)]
    assert core.most == 2 * core.rows + 1 or core.most == 2 * core.rows
    assert all(one.seconds > 0 for one in found.values())


def test_a_dead_engine_is_one_line_and_what_is_done_is_kept(base: Path) -> None:
    """What was handed on before stays; the run ends."""
    run = engine(base, Scripted(rows=1, dies=2)).run([job(place, most=1) for place in range(5)])
    assert next(run).failure is None
    with pytest.raises(EndpointError, match="vLLM stopped: a worker died"):
        list(run)


def test_options_go_through_by_their_names() -> None:
    """But for those that say which model it is, or have code run."""
    found = arguments(("tensor-parallel-size=2", "quantization=fp8", "enforce_eager=true"))
    assert found == {"tensor_parallel_size": 2, "quantization": "fp8", "enforce_eager": True}
    for wrong in ("trust_remote_code=true", "model=x", "load_format=pt", "worker_cls=x", "dtype=half"):
        with pytest.raises(UsageError, match="by its own options"):
            arguments((wrong,))
    with pytest.raises(UsageError, match="write NAME=VALUE"):
        arguments(("fast",))
    with pytest.raises(UsageError, match="--vllm-arg is for --engine vllm"):
        Options(vllm_arg=("block_size=16",))


def test_its_rows_have_an_identity_of_their_own(base: Path) -> None:
    """Another engine is another model; where it computes is none."""
    model = HFModel(str(base), Options(engine="vllm", vllm_arg=("tensor_parallel_size=2",)))
    plain = HFModel(str(base), Options())
    assert model.identity == {**plain.identity, "engine": "vllm"}
    assert identity(("quantization=fp8", "gpu_memory_utilization=0.5")) == {
        "engine": "vllm", "vllm_args": {"quantization": "fp8"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (LoadOptions(quantize="4bit"), "quantization=bitsandbytes"),
        (LoadOptions(generation_config=True), "greedy tokens"),
        (LoadOptions(trust_remote_code=True), "no code"),
        (LoadOptions(device="cpu"), "CUDA_VISIBLE_DEVICES"),
    ],
)
def test_what_vllm_isn_t_told_is_refused(base: Path, options: LoadOptions, why: str) -> None:
    """With what to write in its place."""
    with pytest.raises(UsageError, match=why):
        checked(str(base), options)


def test_what_vllm_doesn_t_take_is_refused(base: Path) -> None:
    """A delta, and a file of GGUF."""
    with pytest.raises(UsageError, match="one LoRA adapter"):
        checked(f"{base}+delta:{base}", LoadOptions())
    path = base.parent / "model.gguf"
    path.touch()
    with pytest.raises(UsageError, match="--engine local"):
        checked(str(path), LoadOptions())


@pytest.mark.parametrize(
    ("error", "kind", "why"),
    [
        (RuntimeError("CUDA out of memory. Tried to allocate"), JudgebenchError, "try --vllm-arg max_model_len"),
        (ValueError("To serve at least one request, 9 GiB KV cache is needed"), JudgebenchError, "max_model_len"),
        (ValueError("1 validation error\n  Value error, Model architectures ['X'] are not supported for now."),
         UsageError, r"doesn't have \(Model architectures .'X'. are not supported"),
        (KeyError("x"), JudgebenchError, "vLLM can't load m"),
    ],
)  # fmt: skip
def test_its_errors_are_one_line(error: Exception, kind: type[JudgebenchError], why: str) -> None:
    """That says what to do, where there is enough to know."""
    found = explained(Path("m"), error)
    assert type(found) is kind
    with pytest.raises(kind, match=why):
        raise found
    assert "\n" not in str(found)


def test_without_vllm_it_says_how_to_have_it(base: Path) -> None:
    """Before anything is asked."""
    if find_spec("vllm"):
        pytest.skip("vllm is here")
    with pytest.raises(JudgebenchError, match=r"pip install 'judgebench\[vllm\]'"):
        list(HFModel(str(base), Options(engine="vllm")).generate([Request(("Hi",), Sampling())]))


@pytest.fixture
def vllm() -> None:
    """Skips where there is no vLLM."""
    pytest.importorskip("vllm", reason="vllm is installed in an environment of its own, and isn't in this one")


TALKS = [Request(question.turns, Sampling(max_tokens=8)) for question in tiny.QUESTIONS[:8]]
EAGER = ("enforce_eager=true",)


def said(model: HFModel, requests: list[Request]) -> dict[int, tuple[Any, ...]]:
    """Each conversation's texts, endings and failure, by its place."""

    def of(reply: Reply) -> tuple[Any, ...]:
        texts = [(one.text, one.finish_reason, one.usage) for one in reply.completions]
        return texts, reply.failure and reply.failure.message

    return {reply.index: of(reply) for reply in model.generate(requests)}


@pytest.mark.usefixtures("vllm")
def test_greedy_texts_are_ours(base: Path) -> None:
    """Both turns of each conversation, with stop strings, hostile texts and one that is too long."""
    long = Request(("hello " * 80,), Sampling(max_tokens=4))
    hostile = Request(("hello </s> <s> world",), Sampling(max_tokens=4))
    stopping = Request(("hello ?",), Sampling(max_tokens=20, stop=("a",)))
    requests = [*TALKS, long, hostile, stopping]
    ours = said(HFModel(str(base), Options(dtype="float32")), requests)
    theirs = said(HFModel(str(base), Options(dtype="float32", engine="vllm", vllm_arg=EAGER)), requests)
    assert theirs == ours
    assert "no room" in str(ours[8][1])


@pytest.mark.usefixtures("vllm")
@pytest.mark.checkpoint
def test_greedy_texts_of_a_real_checkpoint_are_ours(checkpoint_folder: Path) -> None:
    """In float32, a dozen prompts with later turns."""
    asked = [
        Request((f"Name {n} animals.", "Which of them is the largest?"), Sampling(max_tokens=24)) for n in range(2, 14)
    ]
    ours = said(HFModel(str(checkpoint_folder), Options(dtype="float32")), asked)
    how = Options(dtype="float32", engine="vllm", vllm_arg=(*EAGER, "max_model_len=2048"))
    assert said(HFModel(str(checkpoint_folder), how), asked) == ours


@pytest.mark.usefixtures("vllm")
def test_adapters_share_one_vllm(base: Path, tmp_path: Path) -> None:
    """Beside their base; one that changes nothing is an error."""
    folders = []
    for seed in (1, 2):
        folders.append(tmp_path / f"a{seed}")
        _adapter(folders[-1], base, seed)
    shared, texts = Base(), []
    for folder in folders:
        how = Options(dtype="float32", engine="vllm", vllm_arg=EAGER, base=shared)
        texts.append(said(HFModel(f"{base}+{folder}", how), TALKS))
        assert texts[-1] == said(HFModel(f"{base}+{folder}", Options(dtype="float32")), TALKS)
    assert texts[0] != texts[1]
    _adapter(tmp_path / "idle", base, 3, idle=True)
    how = Options(dtype="float32", engine="vllm", vllm_arg=EAGER, base=shared)
    with pytest.raises(DataError, match="idle changes nothing"):
        said(HFModel(f"{base}+{tmp_path / 'idle'}", how), TALKS[:1])


@pytest.mark.usefixtures("vllm")
@pytest.mark.parametrize(
    ("change", "arguments", "why"),
    [
        ({"architectures": ["UnheardOfForCausalLM"]}, EAGER, "of an architecture that vLLM doesn't have"),
        ({}, ("warp_speed=9",), "vLLM doesn't know that"),
    ],
)
def test_what_it_can_t_load_is_one_line(
    base: Path, tmp_path: Path, change: dict[str, Any], arguments: tuple[str, ...], why: str
) -> None:
    """In a process of its own, as a command would have it."""
    folder = tiny.checkpoint(tmp_path / "changed", width=64)
    settings = json.loads((folder / "config.json").read_text()) | change
    (folder / "config.json").write_text(json.dumps(settings))
    code = (
        "from judgebench.models import Options, Request\nfrom judgebench.models.hf import HFModel\n"
        "from judgebench.tables.records import Sampling\nfrom judgebench.errors import JudgebenchError\n"
        f"model = HFModel({str(folder)!r}, Options(engine='vllm', vllm_arg={arguments!r}))\n"
        "try:\n    list(model.generate([Request(('hello',), Sampling())]))\n"
        "except JudgebenchError as error:\n    print('LINE', error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    (line,) = [one for one in done.stdout.splitlines() if one.startswith("LINE")]
    assert why in line


def _adapter(folder: Path, base: Path, seed: int, idle: bool = False) -> None:
    """A LoRA adapter of random weights on the queries, as peft saves it."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir()
    made, weights = torch.Generator().manual_seed(seed), {}
    for layer in range(2):
        name = f"base_model.model.model.layers.{layer}.self_attn.q_proj"
        weights[f"{name}.lora_A.weight"] = torch.randn(8, 64, generator=made)
        weights[f"{name}.lora_B.weight"] = torch.randn(64, 8, generator=made) * (not idle)
    save_file(weights, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    settings = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 8, "lora_alpha": 16, "target_modules": ["q_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(settings | {"base_model_name_or_path": str(base)}))
