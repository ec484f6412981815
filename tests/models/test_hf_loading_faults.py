"""Broken checkpoints and a Hub that refuses: each is one line with the file's name and what to do."""

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="hf: models need the extra `local`")

from models import tiny

from judgebench.errors import DataError, JudgebenchError, UsageError
from judgebench.models.loading import LoadOptions, hub, identity, load
from judgebench.models.loading.tokenizers import NoEndTokenWarning
from judgebench.models.loading.weights import SurplusWeightsWarning

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CPU = LoadOptions(device="cpu")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint that nothing is wrong with."""
    return tiny.checkpoint(tmp_path_factory.mktemp("tiny") / "whole")


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of it to break."""
    return Path(shutil.copytree(whole, tmp_path / "broken"))


def rewritten(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the tensors of a safetensors file."""
    from safetensors.torch import load_file, save_file

    weights = load_file(path)
    change(weights)
    save_file(weights, path, metadata={"format": "pt"})


def edited(path: Path, **changes: Any) -> None:
    """Change entries of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def cut(path: Path, part: float) -> None:
    """Keep the first part of a file."""
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])


def as_index(folder: Path, text: str) -> None:
    """Shards whose index is something else."""
    (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
    (folder / "model.safetensors.index.json").write_text(text)


def with_nan(weights: dict[str, Any]) -> None:
    """One number of a norm that is none."""
    weights["model.norm.weight"][3] = float("nan")


def compiled(weights: dict[str, Any]) -> None:
    """The names that torch.compile leaves when its wrapper is saved."""
    for name in list(weights):
        weights[f"_orig_mod.{name}"] = weights.pop(name)


WITH_SYSTEM = "{% for m in messages %}{{ 'extra29 ' if m.role == 'system' }}{{ m.content }} {% endfor %}"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no config": (lambda at: (at / "config.json").unlink(), r"config\.json is missing: copy"),
    "corrupt config": (lambda at: cut(at / "config.json", 0.5), r"config\.json can't be read \(.*: copy"),
    "config of no dict": (lambda at: (at / "config.json").write_text("[]"), "config holds no settings"),
    "a list for an index": (lambda at: as_index(at, "[]"), r"index\.json is no index of weights"),
    "an index of nothing": (lambda at: as_index(at, "{}"), r"index\.json is no index of weights"),
    "unknown architecture": (lambda at: edited(at / "config.json", model_type="new"), r"can't be loaded \(.*new"),
    "other sizes": (lambda at: edited(at / "config.json", intermediate_size=64), "broken.* mismatched|can't be loaded"),
    "cut weights": (lambda at: cut(at / "model.safetensors", 0.9), r"model\.safetensors has [\d,]+ bytes and should"),
    "cut header": (lambda at: cut(at / "model.safetensors", 0.01), r"model\.safetensors is cut off"),
    "empty weights": (lambda at: (at / "model.safetensors").write_bytes(b""), r"model\.safetensors is cut off"),
    "a pointer": (lambda at: (at / "model.safetensors").write_text(POINTER), r"model\.safetensors is a Git LFS.*pull"),
    "no weights": (lambda at: (at / "model.safetensors").unlink(), r"no \.safetensors weights: save"),
    "NaN": (lambda at: rewritten(at / "model.safetensors", with_nan), r"model\.norm\.weight holds NaN"),
    "a weight less": (
        lambda at: rewritten(at / "model.safetensors", lambda all_: all_.pop("model.norm.weight")),
        r"1 weights are missing, model\.norm\.weight",
    ),
    "saved compiled": (lambda at: rewritten(at / "model.safetensors", compiled), "are missing.*it has _orig_mod"),
    "no tokenizer": (lambda at: (at / "tokenizer.json").unlink(), "has no tokenizer .tokenizer.json.*save_pretrained"),
    "corrupt tokenizer": (lambda at: cut(at / "tokenizer.json", 0.5), r"tokenizer\.json can't be read \("),
    "odd tokenizer": (lambda at: (at / "tokenizer.json").write_text("{}"), r"tokenizer\.json can't be read \("),
    "half a tokenizer": (
        lambda at: (at / "tokenizer.json").rename(at / "vocab.json"),
        r"no tokenizer\.json, and what it has.*save_pretrained, or install sentencepiece",
    ),
    "a tokenizer too large": (
        lambda at: tiny.tokenizer(
            at, template="extra29 {{ messages[-1].content }}", more=tuple(f"extra{number}" for number in range(30))
        ),
        "32 embeddings, and prompts use the token 44",
    ),
    "remote code": (
        lambda at: edited(at / "config.json", model_type="new", auto_map={"AutoConfig": "own.Config"}),
        "Python code that comes with it: read it, then allow",
    ),
    "parts without an index": (
        lambda at: (at / "model.safetensors").rename(at / "model-00001-of-00002.safetensors"),
        r"model\.safetensors\.index\.json is missing, which says what is in model-00001",
    ),
    "a token without a row in a system text": (
        lambda at: tiny.tokenizer(at, template=WITH_SYSTEM, more=tuple(f"extra{number}" for number in range(30))),
        "32 embeddings, and prompts use the token 44",
    ),
    "an adapter beside": (
        lambda at: (at / "adapter_config.json").write_text("{}"),
        "holds a whole model and an adapter",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_checkpoint_is_one_clear_line(folder: Path, name: str) -> None:
    """Never a traceback of transformers, and never an answer of random weights."""
    damage, line = FAULTS[name]
    damage(folder)
    with pytest.raises(JudgebenchError, match=line) as raised:
        load(str(folder), CPU)
    assert str(folder) in str(raised.value)
    assert "\n" not in str(raised.value)


def extra(weights: dict[str, Any]) -> None:
    """A bias that a Llama has no place for, and what is left of a LoRA that nobody merged."""
    weights["model.layers.0.self_attn.q_proj.bias"] = weights["model.norm.weight"].clone()
    weights["model.layers.0.self_attn.q_proj.lora_A.weight"] = weights["model.norm.weight"].clone()


def test_weights_without_a_place_are_named(folder: Path) -> None:
    """It loads, with a warning; or not, where that is asked for."""
    rewritten(folder / "model.safetensors", extra)
    line = r"has no place for model\.layers\.0\.self_attn\.q_proj\.bias and 1 more"
    with pytest.warns(SurplusWeightsWarning, match=line):
        load(str(folder), CPU)
    with pytest.raises(DataError, match=line):
        load(str(folder), LoadOptions(device="cpu", strict_weights=True))


def test_a_folder_of_checkpoints_names_the_last(folder: Path, tmp_path: Path) -> None:
    """By its step and not by its letters."""
    for step in (90, 500, 1000):
        shutil.copytree(folder, tmp_path / "run" / f"checkpoint-{step}")
    with pytest.raises(UsageError, match=r"folders of their own: write hf:.*run/checkpoint-1000$"):
        identity(str(tmp_path / "run"), CPU)


def test_no_end_token_anywhere_is_said(folder: Path) -> None:
    """Answers then end at their limit alone."""
    for name in ("config.json", "generation_config.json", "tokenizer_config.json"):
        settings = json.loads((folder / name).read_text())
        settings.pop("eos_token_id", None), settings.pop("eos_token", None)
        (folder / name).write_text(json.dumps(settings | ({"eos_token_id": None} if name == "config.json" else {})))
    with pytest.warns(NoEndTokenWarning, match="names no end token"):
        load(str(folder), CPU)


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    """The index says which files there should be."""
    folder = tiny.checkpoint(tmp_path / "sharded", max_shard_size="4KB")
    assert load(str(folder), CPU).kind == "causal"
    gone = sorted(folder.glob("model-*.safetensors"))[1]
    gone.unlink()
    with pytest.raises(DataError, match=f"{gone} is missing, which model.safetensors.index.json names"):
        load(str(folder), CPU)


def test_what_nothing_reads_may_be_broken(folder: Path) -> None:
    """A torn history of the training, and an index that an earlier save left beside the whole file."""
    (folder / "trainer_state.json").write_text('{"log_history": [')
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "model-00001-of-00002.safetensors"}}')
    assert load(str(folder), CPU).kind == "causal"


def test_a_pad_token_without_a_row_is_replaced(folder: Path) -> None:
    """It was added for training alone; another pads as well, since what is padded is masked."""
    edited(folder / "tokenizer_config.json", **{"pad_token": "[PAD]"})
    tiny.llama(folder, vocabulary=15)  # as many as there are words without it
    tokenizer = load(str(folder), CPU).tokenizer
    assert tokenizer.pad_token_id < 15


def test_a_broken_gguf_is_one_clear_line(whole: Path, tmp_path: Path) -> None:
    """Cut off, or no GGUF at all."""
    pytest.importorskip("gguf")
    path = tiny.gguf(tmp_path / "model.gguf", whole)
    cut(path, 0.7)
    with pytest.raises(JudgebenchError, match=r"model\.gguf can't be (read|loaded) \("):
        load(str(path), LoadOptions(device="cpu", chat_template="plain"))
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match=r"model\.gguf is no GGUF file"):
        load(str(path), CPU)


def test_an_adapter_that_does_not_fit(whole: Path, tmp_path: Path) -> None:
    """One that was trained on another architecture, and one of which a part is missing."""
    pytest.importorskip("peft", reason="adapters need peft")
    adapter = tiny.adapter(tmp_path / "adapter", str(whole))
    part = "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight"
    rewritten(adapter / "adapter_model.safetensors", lambda all_: all_.pop(part))
    with pytest.raises(DataError, match="adapter doesn't fit its base"):
        load(str(adapter), CPU)
    edited(adapter / "adapter_config.json", target_modules=["query_key_value"])
    with pytest.raises(JudgebenchError, match=r"adapter can't be loaded \(.*query_key_value"):
        load(str(adapter), CPU)


@pytest.mark.filterwarnings("ignore")  # of peft's, when such a one is made
def test_an_adapter_that_can_not_be_merged_is_named(whole: Path, tmp_path: Path) -> None:
    """Trained prompts are no weights."""
    peft = pytest.importorskip("peft", reason="adapters need peft")
    from transformers import LlamaForCausalLM

    settings = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2)
    peft.get_peft_model(LlamaForCausalLM.from_pretrained(whole), settings).save_pretrained(tmp_path / "prompts")
    with pytest.raises(UsageError, match="prompts is an adapter of the kind PROMPT_TUNING"):
        load(f"{whole}+{tmp_path / 'prompts'}", CPU)


@pytest.mark.filterwarnings("ignore")  # of peft's, when such a one is made
def test_an_adapter_with_padded_embeddings_fits(whole: Path, tmp_path: Path) -> None:
    """Its own rows count, which are more than the words; other shapes that don't fit are named."""
    peft = pytest.importorskip("peft", reason="adapters need peft")
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(whole)
    model.resize_token_embeddings(40)
    settings = peft.LoraConfig(r=2, target_modules=["q_proj"], modules_to_save=["embed_tokens", "lm_head"])
    peft.get_peft_model(model, settings).save_pretrained(tmp_path / "padded")
    target = f"{whole}+{tmp_path / 'padded'}"
    assert load(target, CPU).model.get_input_embeddings().weight.shape[0] == 40
    edited(tmp_path / "padded" / "adapter_config.json", r=4)
    with pytest.raises(JudgebenchError, match=r"size mismatch for .*q_proj.*\[2, 16\].*\[4, 16\]"):
        load(target, CPU)


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("./nowhere", "no checkpoint at ./nowhere"),
        ("a/b/c", "no checkpoint at a/b/c"),
        ("x" * 300, "is neither a folder nor a Hub id"),
        ("", "no checkpoint at an empty path"),
        ("bad id!", "bad id! is neither a folder nor a Hub id"),
    ],
)
def test_a_target_that_can_be_nothing(target: str, line: str) -> None:
    """It is refused before the network is asked."""
    with pytest.raises(UsageError, match=re.escape(line)):
        identity(target, CPU)


def test_a_file_is_no_checkpoint(whole: Path) -> None:
    """Nor are its weights alone."""
    with pytest.raises(UsageError, match="is a file: give the checkpoint's folder"):
        identity(str(whole / "model.safetensors"), CPU)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nobody: str) -> Path:
    """An empty cache of a Hub at which nobody listens."""
    from huggingface_hub import constants

    hub.snapshot.cache_clear()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "ENDPOINT", f"http://{nobody}")
    return tmp_path / "cache"


def test_a_cached_repository_needs_no_hub(cache: Path, whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The revision is resolved to the commit that is cached, and the content is who it is."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)  # as the variable does; otherwise a commit is tried for 23 s
    kept = cache / "models--org--name"
    shutil.copytree(whole, kept / "snapshots" / COMMIT)
    (kept / "refs").mkdir()
    for name in ("main", "v1"):
        (kept / "refs" / name).write_text(COMMIT)
    for target in ("org/name", "org/name@v1", f"org/name@{COMMIT}"):
        assert identity(target, CPU) == identity(str(whole), CPU)
    assert load("org/name@v1", CPU).provenance["commits"] == [COMMIT]


def test_a_hub_out_of_reach_says_what_to_do(cache: Path) -> None:
    """How to bring the files here by hand."""
    with pytest.raises(JudgebenchError, match=r"can't be reached: .*hf download org/name --revision v2 --local-dir"):
        identity("org/name@v2", CPU)


@pytest.fixture
def refusing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A Hub that answers every request with the status and code put in here."""
    from huggingface_hub import constants

    answer: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer["status"])
            self.send_header("X-Error-Code", answer["code"])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield answer
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "code", "line"),
    [
        (403, "GatedRepo", "is gated: accept its terms at https://huggingface.co/org/name and set HF_TOKEN"),
        (404, "RepoNotFound", "is neither a folder nor on the Hub; if it is private there, set HF_TOKEN"),
        (404, "RevisionNotFound", "has no revision v3"),
    ],
)
def test_what_the_hub_refuses(refusing: dict[str, Any], status: int, code: str, line: str) -> None:
    """Each refusal has another remedy."""
    refusing.update(status=status, code=code)
    with pytest.raises(JudgebenchError, match=re.escape(line)):
        identity("org/name@v3", CPU)
