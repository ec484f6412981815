"""Every kind of checkpoint loads, and says who it is."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="hf: models need the extra `local`")

from models import tiny

from judgebench.errors import JudgebenchError, UsageError
from judgebench.models import Options, Request
from judgebench.models.hf import HFModel, SettledDtypeWarning
from judgebench.models.loading import Loaded, LoadOptions, devices, identity, load
from judgebench.tables.records import Sampling


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint; tests that change it copy it."""
    return tiny.checkpoint(tmp_path_factory.mktemp("tiny") / "base")


def query(loaded: Loaded) -> Any:
    """One weight of a Llama, in full precision."""
    return loaded.model.model.layers[0].self_attn.q_proj.weight.detach().float()


def test_a_plain_folder_keeps_its_identity(tmp_path: Path) -> None:
    """Answers that were made before there were options stay hits: the hash of files of known content is as it was."""
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "training.log").write_text("not part of it")
    assert identity(str(tmp_path), LoadOptions()) == {"weights": "acd980548d96855bf443", "dtype": "auto"}


def test_identity_takes_no_torch(base: Path) -> None:
    """Who a model is comes from its files alone, whatever is asked for."""
    code = (
        "import sys\nfrom judgebench.models.loading import LoadOptions, identity\n"
        f"identity({str(base)!r} + '+delta:' + {str(base)!r}, LoadOptions(chat_template='vicuna', quantize='4bit'))\n"
        "print('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_whatever_changes_answers_changes_the_identity(base: Path, tmp_path: Path) -> None:
    """Template, dtype, packing, a tokenizer and what is added each make another model; the device does not."""
    own = tmp_path / "own.jinja"
    own.write_text("{{ messages[0].content }}")
    other = tiny.tokenizer(tmp_path / "other", more=("more",))
    asked = [
        LoadOptions(),
        LoadOptions(dtype="float32"),
        LoadOptions(chat_template="vicuna"),
        LoadOptions(chat_template=str(own)),
        LoadOptions(quantize="4bit"),
        LoadOptions(tokenizer=str(other)),
        LoadOptions(trust_remote_code=True),
    ]
    found = [json.dumps(identity(str(base), options)) for options in asked]
    found.append(json.dumps(identity(f"{base}+delta:{base}", LoadOptions())))
    assert len(set(found)) == len(found)
    assert identity(str(base), LoadOptions(device="cpu")) == identity(str(base), LoadOptions())


def test_a_folder_loads_and_says_how(base: Path) -> None:
    """Model, tokenizer and provenance: what was asked for, and what came of it."""
    loaded = tiny.opened(base)
    assert (loaded.kind, loaded.stops, loaded.special_tokens) == ("causal", (), False)
    assert loaded.tokenizer.padding_side == "left"
    assert not loaded.model.training
    assert loaded.provenance["dtype_used"] == "float32"
    assert loaded.provenance["device"] == "cpu"
    assert {"weights", "template_used", "transformers", "torch"} <= loaded.provenance.keys()
    assert "hello" in tiny.rendered(loaded, "hello")


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_dtype_is_as_asked(base: Path, dtype: str) -> None:
    """The weights are converted, and the provenance says so."""
    assert tiny.opened(base, dtype=dtype).provenance["dtype_used"] == dtype


def test_auto_dtype_is_the_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint saved in bfloat16 computes in it, on a processor that does."""
    monkeypatch.setattr(devices, "has_bfloat16", lambda: True)
    assert tiny.opened(tiny.checkpoint(tmp_path / "c", dtype="bfloat16")).provenance["dtype_used"] == "bfloat16"


def test_auto_dtype_goes_by_the_processors_instructions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that has none for bfloat16 computes in float32; what is named is as named."""
    folder = tiny.checkpoint(tmp_path / "c", dtype="bfloat16")
    for instructions, dtype in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(devices, "has_bfloat16", lambda there=instructions: there)
        assert tiny.opened(folder).provenance["dtype_used"] == dtype
    assert tiny.opened(folder, dtype="bfloat16").provenance["dtype_used"] == "bfloat16"


def test_answers_go_on_in_the_dtype_that_there_are_some_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of these weights, made by `auto` or by name; other weights' count for nothing. It says so."""
    folder = tiny.checkpoint(tmp_path / "c", dtype="bfloat16")
    monkeypatch.setattr(devices, "has_bfloat16", lambda: False)
    weights = identity(str(folder), LoadOptions())["weights"]
    served = {"served_by": ["transformers-5 torch-2 bfloat16 cpu template-12345678"]}
    asked = [Request(("hello",), Sampling(max_tokens=2))]

    def used(*made: dict[str, Any]) -> tuple[str, str]:
        model = HFModel(str(folder), Options(device="cpu"))
        model.settle(made)
        ((said,),) = [reply.completions for reply in model.generate(asked)]
        return model.identity["dtype"], str(said.served_by).split()[2]

    assert used() == used({"weights": "others", "dtype": "auto", **served}) == ("auto", "float32")
    with pytest.warns(SettledDtypeWarning, match="goes on in bfloat16"):
        assert used({"weights": weights, "dtype": "auto", **served}) == ("auto", "bfloat16")
    with pytest.warns(SettledDtypeWarning, match="goes on in bfloat16"):
        assert used({"weights": weights, "dtype": "bfloat16", **served}) == ("bfloat16", "bfloat16")


def test_a_checkpoints_own_settings_count_where_they_are_asked_for(tmp_path: Path) -> None:
    """A penalty changes what is said then; it is another model."""
    folder = tiny.talkative(tmp_path / "c")
    settings = json.loads((folder / "generation_config.json").read_text())
    (folder / "generation_config.json").write_text(json.dumps(settings | {"suppress_tokens": [4, 5, 6, 7, 8]}))
    asked = [Request((text,), Sampling(max_tokens=8)) for text in ("hello", "what is a question ?")]
    said = {
        own: [
            reply.completions[0].text for reply in HFModel(str(folder), Options(generation_config=own)).generate(asked)
        ]
        for own in (False, True)
    }
    assert said[False] != said[True]
    assert not {"hello", "world", "what", "is", "a"} & set(" ".join(said[True]).split())
    assert identity(str(folder), LoadOptions()) != identity(str(folder), LoadOptions(generation_config=True))


def test_an_encoder_decoder_needs_no_template(tmp_path: Path) -> None:
    """The prompt is the text itself, and the tokenizer adds the model's own marks."""
    loaded = tiny.opened(tiny.t5(tmp_path / "t5"))
    assert (loaded.kind, loaded.special_tokens, loaded.tokenizer.padding_side) == ("seq2seq", True, "right")
    assert tiny.rendered(loaded, "hello world") == "hello world"
    assert tiny.rendered(loaded, "hello", "Hi", "what?") == "hello\n\nHi\n\nwhat?"
    inputs = loaded.tokenizer(["hello world"], return_tensors="pt")
    assert loaded.model.generate(input_ids=inputs["input_ids"], max_new_tokens=2).shape[0] == 1


def test_pickled_weights_load_when_allowed(tmp_path: Path) -> None:
    """By name only, since opening them may run code; they are the same weights."""
    folder = tiny.pickled(tmp_path / "p")
    for refused in (identity, load):
        with pytest.raises(UsageError, match=r"save_pretrained.*allow pickle"):
            refused(str(folder), LoadOptions())
    assert query(tiny.opened(folder, allow_pickle=True)).equal(query(tiny.opened(tiny.checkpoint(tmp_path / "c"))))


def test_a_gguf_file_is_the_model_that_it_was_made_of(base: Path, tmp_path: Path) -> None:
    """Its weights, in their own order again, and its tokenizer; a renamed file is the same model."""
    pytest.importorskip("gguf")
    path = tiny.gguf(tmp_path / "model.gguf", base)
    loaded = tiny.opened(path, chat_template="plain")
    assert query(loaded).equal(query(tiny.opened(base)))
    assert loaded.tokenizer("hi")["input_ids"] == [17]
    renamed = path.rename(tmp_path / "other.gguf")
    assert identity(str(renamed), LoadOptions())["weights"] == loaded.provenance["weights"]


def test_a_gguf_file_is_read_once(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For its config, weights and tokenizer together; the next load reads it again."""
    gguf = pytest.importorskip("gguf")
    path, read = tiny.gguf(tmp_path / "model.gguf", base), []

    class Counted(gguf.GGUFReader):  # type: ignore[misc]
        def __init__(self, path: str) -> None:
            read.append(path)
            super().__init__(path)

    monkeypatch.setattr(gguf, "GGUFReader", Counted)
    for times in (1, 2):
        tiny.opened(path, chat_template="plain")
        assert len(read) == times
    assert gguf.GGUFReader is Counted


def test_a_folder_with_a_gguf_says_what_to_write(base: Path, tmp_path: Path) -> None:
    """Which of several is meant is for the user to say."""
    path = tiny.gguf(tmp_path / "model.gguf", base)
    with pytest.raises(UsageError, match=f"write hf:{path}"):
        identity(str(tmp_path), LoadOptions())


def test_a_delta_is_added(base: Path, tmp_path: Path) -> None:
    """Every weight is the sum of both, and the tokenizer is the delta's."""
    delta = tiny.tokenizer(tiny.llama(tmp_path / "delta", seed=1), template="of the delta: {{ messages[-1].content }}")
    both = tiny.opened(f"{base}+delta:{delta}")
    assert query(both).equal(query(tiny.opened(base)) + query(tiny.opened(delta)))
    assert tiny.rendered(both, "x") == "of the delta: x"


def test_a_delta_of_other_shapes_is_refused(base: Path, tmp_path: Path) -> None:
    """A vocabulary that grew is named, with both sizes."""
    delta = tiny.checkpoint(tmp_path / "delta", vocabulary=33)
    with pytest.raises(UsageError, match=r"lm_head.weight is \[32, 16\] in the base and \[33, 16\] in the delta"):
        tiny.opened(f"{base}+delta:{delta}")


def test_an_adapter_is_merged(base: Path, tmp_path: Path) -> None:
    """W + B A alpha / r, whether the adapter names its base or the spec does."""
    pytest.importorskip("peft", reason="adapters need peft")
    from safetensors.torch import load_file

    folder = tiny.adapter(tmp_path / "adapter", str(base), rank=2, alpha=6)
    part = load_file(folder / "adapter_model.safetensors")
    name = "base_model.model.model.layers.0.self_attn.q_proj"
    change = part[f"{name}.lora_B.weight"] @ part[f"{name}.lora_A.weight"] * 6 / 2
    for target in (str(folder), f"{base}+{folder}"):
        merged = tiny.opened(target)
        assert (query(merged) - query(tiny.opened(base)) - change).abs().max() < 1e-5
        assert type(merged.model).__name__ == "LlamaForCausalLM"


@pytest.mark.filterwarnings("ignore")  # of peft's, when such a one is made
@pytest.mark.parametrize("targets", [["lm_head"], ["embed_tokens"], ["lm_head", "embed_tokens", "q_proj"]])
def test_an_adapter_on_one_of_two_tied_tables_changes_that_one(tmp_path: Path, targets: list[str]) -> None:
    """Where one table serves input and output, the merged model says what the adapter says beside its base."""
    peft = pytest.importorskip("peft", reason="adapters need peft")
    import torch
    from transformers import LlamaForCausalLM

    base = tiny.tokenizer(tiny.llama(tmp_path / "base", tied=True))
    torch.manual_seed(1)
    settings = peft.LoraConfig(r=2, target_modules=targets, init_lora_weights=False, task_type="CAUSAL_LM")
    beside = peft.get_peft_model(LlamaForCausalLM.from_pretrained(base), settings).eval()
    beside.save_pretrained(tmp_path / "adapter")
    merged = tiny.opened(f"{base}+{tmp_path / 'adapter'}").model
    prompt = torch.tensor([[5, 6, 7, 8]])
    with torch.inference_mode():
        assert torch.allclose(merged(prompt).logits, beside(prompt).logits, atol=1e-4)


def test_an_adapter_says_what_it_needs(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without peft the line names it; its identity needs none."""
    folder = tiny.adapter(tmp_path / "adapter", str(base))
    assert identity(str(folder), LoadOptions()) == identity(f"{base}+{folder}", LoadOptions())
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(JudgebenchError, match="pip install peft"):
        tiny.opened(folder)


def test_an_adapter_whose_base_is_elsewhere_says_so(base: Path, tmp_path: Path) -> None:
    """The path of the training machine means nothing here: the line says how to name the base."""
    folder = tiny.adapter(tmp_path / "adapter", "/scratch/run/base")
    with pytest.raises(UsageError, match=r"/scratch/run/base, which isn't here: write hf:BASE\+"):
        identity(str(folder), LoadOptions())
    with pytest.raises(UsageError, match=r"is no adapter.*write \+delta:"):
        identity(f"{base}+{base}", LoadOptions())


def test_a_path_with_a_plus_is_a_path(base: Path, tmp_path: Path) -> None:
    """What exists is taken as it is."""
    folder = Path(shutil.copytree(base, tmp_path / "c++"))
    assert identity(str(folder), LoadOptions()) == identity(str(base), LoadOptions())


def test_devices_and_packing_that_are_not_here(base: Path) -> None:
    """Each is one line; what there is not is no reason to fall back in silence."""
    import torch

    for device in ("tpu", "cuda:first"):
        with pytest.raises(UsageError, match="unknown device"):
            load(str(base), LoadOptions(device=device))
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="no device cuda"):
            load(str(base), LoadOptions(device="cuda"))
        with pytest.raises(UsageError, match="4bit needs an NVIDIA GPU"):
            load(str(base), LoadOptions(quantize="4bit"))
    assert load(str(base), LoadOptions(device="spread")).provenance["weights"]
    for wrong in ({"dtype": "int4"}, {"quantize": "2bit"}):
        with pytest.raises(UsageError, match="unknown"):
            LoadOptions(**wrong)  # type: ignore[arg-type]


@pytest.mark.checkpoint
def test_the_real_checkpoint(checkpoint_folder: Path) -> None:
    """SmolLM2: its own template, and an answer that makes sense."""
    loaded = tiny.opened(checkpoint_folder)
    prompt = tiny.rendered(loaded, "What is the capital of France?")
    inputs = loaded.tokenizer([prompt], return_tensors="pt", add_special_tokens=loaded.special_tokens)
    tokens = loaded.model.generate(**inputs, max_new_tokens=12, do_sample=False)
    assert "Paris" in loaded.tokenizer.decode(tokens[0])
