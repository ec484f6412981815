"""The figures of a large workspace, kept in `reviews/.figures/`: of what is as it was they are not computed again.

They are called after all that they depend on: the report's options, this code, and the state of each file that a report
reads, as a copy of a table is (see `copies`). Where a last line is torn, of which a report warns, none are kept.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from judgebench._version import __version__
from judgebench.report import copies
from judgebench.tables.records import content_id
from judgebench.tables.store import replace_file
from judgebench.workspace import Workspace

FOLDER = ".figures"
MOST = 8  # reports of a workspace
_READ = ("question_sets/[!.]*/*", "answers/[!.]*/*", "reviews/[!.]*/*", "reviews/.imports.jsonl")
_COMPUTED_BY = ("numpy", "pandas", "scipy")


def figures(workspace: Workspace, about: tuple[object, ...], make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `make` makes of a workspace and what is asked `about` it, or what it made before of the same."""
    files = list(_files(workspace))
    if sum(file.state.st_size for file in files if file.table) <= copies.LARGE:
        return make()
    path = workspace.root / "reviews" / FOLDER / f"{_key(files, about)}.json"
    found = _read(path)
    if found is None:
        keeping = _settled(path, files)
        found = make()
        if keeping:
            _write(path, found)
    return found


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    state: os.stat_result

    @property
    def table(self) -> bool:
        """Is it one of reviews?"""
        return self.path.suffix == ".jsonl" and self.path.parent.parent.name == "reviews"

    @property
    def whole(self) -> bool:
        """Does its last line have an end?"""
        with self.path.open("rb") as file:
            return not self.state.st_size or (file.seek(-1, os.SEEK_END) >= 0 and file.read() == b"\n")


def _files(workspace: Workspace) -> Iterator[_File]:
    """Each file that a report may read, as it is now."""
    for pattern in _READ:
        for path in sorted(workspace.root.glob(pattern)):
            if path.is_file():
                yield _File(path, path.stat())


def _key(files: list[_File], about: tuple[object, ...]) -> str:
    return content_id(_code(), *about, *((str(file.path), *copies.state(file.state)) for file in files))


@cache
def _code() -> str:
    """What computes: the versions, and the code, which in a checkout changes without one."""
    sources = sorted(Path(__file__).parents[1].rglob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    return f"{__version__} {' '.join(map(version, _COMPUTED_BY))} {digest}"


def _settled(path: Path, files: list[_File]) -> bool:
    """Can figures be kept: is each file whole, and could no later change of one have the times that it has now?"""
    with suppress(OSError):  # a folder that nobody may write to
        path.parent.mkdir(exist_ok=True)
        (ignored := path.with_name(".gitignore")).write_text("*\n")
        now = ignored.stat().st_mtime_ns
        last = max(max(file.state.st_mtime_ns, file.state.st_ctime_ns) for file in files)
        return now - last > copies.SETTLED and all(file.whole for file in files if file.path.suffix == ".jsonl")
    return False


def _read(path: Path) -> dict[str, Any] | None:
    """The figures of a file; none where it isn't there or isn't what was written."""
    with suppress(OSError, ValueError):
        digest, _, text = path.read_bytes().partition(b"\n")
        if hashlib.sha256(text).hexdigest().encode() == digest:
            found: dict[str, Any] = json.loads(text)
            os.utime(path)
            return found
    return None


def _write(path: Path, made: dict[str, Any]) -> None:
    """Keep the figures, and of all that are kept those which were asked for last."""
    with suppress(OSError):
        text = json.dumps(made, allow_nan=False).encode()
        replace_file(path, hashlib.sha256(text).hexdigest().encode() + b"\n" + text)
        by_use = sorted(path.parent.glob("*.json"), key=lambda one: -one.stat().st_mtime_ns)
        for old in by_use[MOST:]:
            old.unlink(missing_ok=True)
