"""The files of a checkpoint: which count, their fingerprint, and whether they are whole; without torch."""

import hashlib
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from judgebench.errors import DataError, UsageError
from judgebench.tables.records import content_id

WEIGHTS = (".safetensors",)
SETTINGS = (".json", ".jinja", ".model", ".txt")
CODE = (".py", ".tiktoken")
_PICKLED = ("pytorch_model*.bin", "adapter_model*.bin")  # not training_args.bin and its like
_TOKENIZERS = ("tokenizer.json", "*.model", "vocab.json", "vocab.txt", "*.tiktoken", "tekken.json")
_PART = re.compile(r"-\d+-of-\d+(?=\.)")  # of a file's name
_HISTORY = "trainer_state.json"  # nothing reads it here, so it may be torn
_REPORTS = (_HISTORY, *(f"{part}_results.json" for part in ("all", "train", "eval", "test", "predict")))  # a Trainer's
_AGAIN = "copy or download it again"


def fingerprint(folder: Path, *, allow_pickle: bool = False) -> str:
    """A hash of every file that decides what a checkpoint answers, by content: a retrained one is another model.

    UsageError where the folder holds no weights, or pickled ones that were not allowed.
    """
    weights = weight_files(folder, allow_pickle=allow_pickle)
    settings = [path for path in _with_suffix(folder, SETTINGS) if path.name not in _REPORTS]
    return _hashed([*weights, *settings])


def gguf_fingerprint(path: Path) -> str:
    """A hash of a GGUF file, which holds all there is, by content alone."""
    return content_id(["gguf", _sha256(path)])


def settings_fingerprint(folder: Path) -> str:
    """A hash of a folder's settings: of a tokenizer that is taken from elsewhere."""
    return _hashed(_with_suffix(folder, SETTINGS))


def code_fingerprint(folder: Path) -> str:
    """A hash of the Python files that come with a checkpoint."""
    return _hashed(_with_suffix(folder, CODE))


def weight_files(folder: Path, *, allow_pickle: bool) -> list[Path]:
    """The files that hold weights: safetensors, or pickled ones if there are no others and they are allowed.

    UsageError, with what to do, where there are none.
    """
    found = _with_suffix(folder, WEIGHTS)
    pickled = sorted(path for pattern in _PICKLED for path in folder.glob(pattern))
    if found or (pickled and allow_pickle):
        return found or pickled
    raise UsageError(f"{folder} holds no .safetensors weights{_instead(folder, pickled)}")


def is_pickled(folder: Path) -> bool:
    """Whether a folder's weights are pickled ones."""
    return not _with_suffix(folder, WEIGHTS)


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds a PEFT adapter rather than a model; UsageError if it holds both."""
    if not (folder / "adapter_config.json").exists():
        return False
    if any(not path.name.startswith("adapter_model") for path in _with_suffix(folder, WEIGHTS)):
        raise UsageError(f"{folder} holds a whole model and an adapter: move one to a folder of its own")
    return True


def has_tokenizer(folder: Path) -> bool:
    """Whether a folder has the files of a tokenizer."""
    return any(path.exists() for pattern in _TOKENIZERS for path in folder.glob(pattern))


def read_json(path: Path) -> Any:
    """A JSON file of a checkpoint; DataError where it is missing or is no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing: {_AGAIN}, or save the checkpoint with save_pretrained") from error
    except (ValueError, OSError, RecursionError) as error:
        raise DataError(f"{path} can't be read ({error}): {_AGAIN}") from error


def check(folder: Path, *, adapter: bool, allow_pickle: bool) -> None:
    """DataError or UsageError where a file of a checkpoint is missing, cut off or no JSON."""
    if not isinstance(read_json(folder / ("adapter_config.json" if adapter else "config.json")), dict):
        raise DataError(f"{folder}: its config holds no settings: {_AGAIN}")
    for path in sorted(folder.glob("*.json")):
        if path.name != _HISTORY:
            read_json(path)
    for path in sorted(folder.glob("*.index.json")):
        _check_index(path, allow_pickle)
    _check_shards(folder)
    for path in weight_files(folder, allow_pickle=allow_pickle):
        check_weights(path)


def check_weights(path: Path) -> None:
    """DataError where a file of weights is cut off, or is what Git LFS leaves in the place of one."""
    with path.open("rb") as file:
        start = file.read(16)
        if start.startswith(b"version https:/"):
            raise DataError(f"{path} is a Git LFS pointer and no weights: run `git lfs pull` in its folder")
        if path.suffix == ".gguf" and not start.startswith(b"GGUF"):
            raise DataError(f"{path} is no GGUF file: {_AGAIN}")
        if path.suffix == ".safetensors":
            file.seek(0)
            _check_safetensors(path, file.read(8), file.read(_header_length(start, path)))


def shapes(path: Path) -> dict[str, list[int]]:
    """The shape of each tensor of a safetensors file, by its header."""
    with path.open("rb") as file:
        start = file.read(8)
        found = json.loads(file.read(_header_length(start, path)))
    return {name: item["shape"] for name, item in found.items() if name != "__metadata__"}


def _header_length(start: bytes, path: Path) -> int:
    """How long the JSON is with which a safetensors file begins; never more than the file."""
    return min(int.from_bytes(start[:8], "little"), path.stat().st_size)


def _check_safetensors(path: Path, length: bytes, header: bytes) -> None:
    """The header says where the last tensor ends, so that a file which was cut off is known without reading it."""
    size = path.stat().st_size
    try:
        tensors = json.loads(header)
        end = max((item["data_offsets"][1] for name, item in tensors.items() if name != "__metadata__"), default=0)
    except (ValueError, AttributeError, TypeError, LookupError, RecursionError) as error:
        raise DataError(f"{path} is cut off or no safetensors file ({size:,} bytes): {_AGAIN}") from error
    whole = 8 + int.from_bytes(length, "little") + end
    if size != whole:
        raise DataError(f"{path} has {size:,} bytes and should have {whole:,}: {_AGAIN}")


def _check_index(path: Path, allow_pickle: bool) -> None:
    """Every shard that an index names is there; an index beside the whole file that it is for counts for nothing."""
    whole = path.with_name(path.name.removesuffix(".index.json"))
    if whole.exists() or (whole.suffix == ".bin" and not allow_pickle):
        return
    missing = sorted(name for name in _shards(path) if not (path.parent / name).exists())
    if missing:
        others = f" and {len(missing) - 1} more" if missing[1:] else ""
        raise DataError(f"{path.parent / missing[0]}{others} is missing, which {path.name} names: {_AGAIN}")


def _check_shards(folder: Path) -> None:
    """Parts of one whole need the index that says which weight is where."""
    parts = sorted(path for path in _with_suffix(folder, WEIGHTS) if _PART.search(path.name))
    whole = {_PART.sub("", path.name) for path in parts}
    missing = [f"{name}.index.json" for name in sorted(whole) if not (folder / f"{name}.index.json").exists()]
    if missing and not any((folder / name).exists() for name in whole):
        raise DataError(f"{folder / missing[0]} is missing, which says what is in {parts[0].name}: {_AGAIN}")


def _shards(path: Path) -> set[str]:
    try:
        return {str(name) for name in read_json(path)["weight_map"].values()}
    except (LookupError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is no index of weights: {_AGAIN}") from error


def _instead(folder: Path, pickled: Iterable[Path]) -> str:
    """What to do where there are no weights to load, by what there is."""
    inside = sorted((path.parent for path in folder.glob("*/config.json")), key=_steps)
    if inside and not (folder / "config.json").exists():
        return f", but checkpoints in folders of their own: write hf:{inside[-1]}"
    gguf = next(iter(sorted(folder.glob("*.gguf"))), None)
    if gguf:
        return f", but a GGUF file: write hf:{gguf}"
    if any(pickled):
        return (
            " but pickled ones, which may run code: if you trust them, convert them once with"
            " AutoModelForCausalLM.from_pretrained(...).save_pretrained(...), or allow pickle"
        )
    return ": save the checkpoint with save_pretrained"


def _steps(folder: Path) -> tuple[int, str]:
    """In the order of a training's steps."""
    number = re.search(r"\d+$", folder.name)
    return int(number[0]) if number else -1, folder.name


def _with_suffix(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in suffixes)


def _hashed(paths: Iterable[Path]) -> str:
    return content_id([(path.name, _sha256(path)) for path in sorted(paths)])


def _sha256(path: Path) -> str:
    status = path.stat()
    return _sha256_of(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _sha256_of(path: Path, size: int, changed: int) -> str:
    """Read once per process as long as the file doesn't change: a row's id and its provenance both need it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
