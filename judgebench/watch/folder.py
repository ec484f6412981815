"""What lies in the folder of a training: its checkpoints, and whether one is whole; without torch."""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path

from judgebench.errors import JudgebenchError
from judgebench.models.loading import files
from judgebench.tables.records import content_id

_NAME = re.compile(r"checkpoint-([0-9]+)")  # nothing before it and behind it, as tmp- and .tmp
_LAST = "trainer_state.json"  # what transformers' Trainer writes when all else of a checkpoint is written


@dataclass(frozen=True, slots=True, order=True)
class Saved:
    """A checkpoint's folder, whole or not."""

    step: int
    path: Path


def checkpoints(folder: Path) -> list[Saved]:
    """By step. OSError where the folder isn't there or can't be read."""
    named = ((path, _NAME.fullmatch(path.name)) for path in folder.iterdir())
    return sorted(Saved(int(name[1]), path) for path, name in named if name and path.is_dir())


def stamp(path: Path) -> str:
    """A hash of the names, sizes and times of its files: another one, and it must be looked at again."""
    found = ((one.name, one.stat()) for one in path.iterdir())
    return content_id(sorted((name, status.st_size, status.st_mtime_ns) for name, status in found))


def is_whole(path: Path, settle: float, *, allow_pickle: bool = False) -> bool:
    """Whether all of a checkpoint is there, by what its files say of themselves; False: it is still being written.

    Each file of weights says how long it is, an index which of them there are, and the Trainer's own state comes last.
    Where that is missing, as in a loop of one's own, nothing in it may have changed for `settle` seconds. Raises
    JudgebenchError or OSError where something is missing for as long as that.
    """
    try:
        files.check(path, adapter=files.is_adapter(path), allow_pickle=allow_pickle)
    except (JudgebenchError, OSError):
        if path.is_dir() and _age(path) >= settle:
            raise
        return False
    return _is_ended(path) or _age(path) >= settle


def _is_ended(path: Path) -> bool:
    try:
        return isinstance(json.loads((path / _LAST).read_bytes()), dict)
    except (ValueError, OSError, RecursionError):
        return False


def _age(path: Path) -> float:
    """Seconds since anything in a folder changed; of one that can't be read, since it was made."""
    try:
        newest = max((one.stat().st_mtime for one in path.iterdir()), default=0.0)
    except PermissionError:
        newest = 0.0
    return time.time() - max(newest, path.stat().st_mtime)
