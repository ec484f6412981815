"""Copies of a table by column being made: a stretch of it each, by as many processes at once as there are cores.

`python -m judgebench.report.copying TABLE START END COPY` is one of them.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

import judgebench
from judgebench._version import __version__
from judgebench.statistics import columns
from judgebench.statistics.columns import Judgment, Reader, Values
from judgebench.tables import records, store
from judgebench.tables.records import content_id
from judgebench.tables.store import Table

TYPES = {
    **dict.fromkeys(("about", "question_id", "models", "verdict"), "int32"),
    **dict.fromkeys(("id", "first", "second"), "uint64"),
    **dict.fromkeys(("prompt_tokens", "completion_tokens", "second_wins"), "float64"),
    "created": "string",
}
STRETCH = 1 << 27  # bytes of a table; for less another process isn't worth its start
_TOGETHER = 1 << 9  # batches that are written at a time
_KEY = b"judgebench"


def _maker() -> str:
    """Who reads rows and makes hashes of them: the versions, and the code, which in a checkout changes without one."""
    files = (__file__, columns.__file__, records.__file__, store.__file__)
    code = [Path(name).read_text(encoding="utf-8") for name in files if name and Path(name).is_file()]
    return f"{__version__} {pd.__version__} {content_id(*code)}"


MADE_BY = _maker()


class Made(msgspec.Struct, frozen=True):
    """What a copy says of itself: it holds its table from byte `start` to `end`, of this `digest`, as `rows`."""

    by: str
    start: int
    end: int
    digest: str
    rows: int
    values: Values

    @property
    def columns(self) -> Mapping[str, Sequence[Any]]:
        """The distinct values by the names of their columns."""
        return msgspec.structs.asdict(self.values)


@dataclass(frozen=True, slots=True)
class Part:
    """A file that becomes the copy of a table from byte `start` to `end`."""

    path: Path
    start: int
    end: int


def made(path: Path) -> Made:
    """What a copy says of itself."""
    from pyarrow.parquet import read_metadata

    return msgspec.json.decode(read_metadata(path).metadata[_KEY], type=Made)


def digest_of(table: Table[Judgment], start: int, end: int) -> str:
    """The digest of a stretch of a table, as a copy has it."""
    digest = _digest()
    for block, _ in table.blocks(start=start, end=end):
        digest.update(block)
    return digest.hexdigest()


@contextmanager
def parts(table: Table[Judgment], start: int, end: int, folder: Path) -> Iterator[list[Part]]:
    """Empty files for copies of a table from byte to byte; what still has its first name afterwards goes."""
    opened: list[Part] = []
    try:
        for first, last in pairwise(_cuts(table, start, end)):
            number, name = tempfile.mkstemp(".part", dir=folder)
            os.close(number)
            opened.append(Part(Path(name), first, last))
            shutil.copymode(table.path, name)
        yield opened
    finally:
        for part in opened:
            part.path.unlink(missing_ok=True)


def write(table: Table[Judgment], parts: Sequence[Part]) -> Iterator[Part]:
    """Write all parts at once, the first in this process; those that are whole, up to the first that isn't."""
    first, *others = parts
    running = _started(table, others)
    try:
        with suppress(Exception):  # a row that is none, a full disk: who reads the table meets it again
            write_one(table, first)
            yield first
            for process, part in zip(running, others, strict=False):
                if process.wait():
                    return
                yield part
    finally:
        for process in running:
            process.kill()
            process.wait()


def write_one(table: Table[Judgment], part: Part) -> None:
    """Write the copy of a stretch of a table."""
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    reader, digest, rows = Reader(), _digest(), 0
    with ParquetWriter(part.path, pyarrow.schema(TYPES.items()), write_page_checksum=True) as writer:
        batches = _counted(table, part, digest)
        for batch in batches:
            arrays = reader.arrays(chain([batch], islice(batches, _TOGETHER)))
            written = [pyarrow.array(arrays[name], kind) for name, kind in TYPES.items()]
            writer.write_table(pyarrow.table(written, schema=writer.schema))
            rows += len(arrays["id"])
        said = Made(MADE_BY, part.start, part.end, digest.hexdigest(), rows, Values(**reader.values))
        writer.add_key_value_metadata({_KEY: msgspec.json.encode(said)})


def _counted(table: Table[Judgment], part: Part, digest: "hashlib._Hash") -> Iterator[list[Judgment]]:
    """The rows of a part, whose bytes go into the digest."""
    for block, place in table.blocks(start=part.start, end=part.end):
        digest.update(block)
        yield table.rows(block, place)


def _digest() -> "hashlib._Hash":
    """The quickest one; nobody gains by a collision in a table of one's own."""
    return hashlib.sha1(usedforsecurity=False)


def _cuts(table: Table[Judgment], start: int, end: int) -> list[int]:
    """Where stretches of about the same length begin and end, each at the beginning of a line."""
    number = max(1, min(cores(), (end - start) // STRETCH))
    cuts = {start, end}
    with table.path.open("rb") as file:
        for place in range(1, number):
            file.seek(start + (end - start) * place // number)
            file.readline()
            cuts.add(min(file.tell(), end))
    return sorted(cuts)


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _started(table: Table[Judgment], parts: Sequence[Part]) -> list["subprocess.Popen[bytes]"]:
    """A process for each part; fewer where there can't be more."""
    home = str(Path(judgebench.__file__).parents[1])  # this judgebench, wherever it was imported from
    path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    running: list[subprocess.Popen[bytes]] = []
    with suppress(OSError):
        for part in parts:
            told = (str(table.path), str(part.start), str(part.end), str(part.path))
            command = [sys.executable, "-P", "-m", __name__, *told]
            environment = os.environ | {"PYTHONPATH": path}
            running.append(subprocess.Popen(command, env=environment, **_SILENT))  # noqa: S603 - this Python, our code
    return running


_SILENT: Mapping[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)


def main(table: str, start: str, end: str, copy: str) -> None:
    """One part, in a process of its own."""
    write_one(Table(Path(table), Judgment), Part(Path(copy), int(start), int(end)))


if __name__ == "__main__":
    main(*sys.argv[1:])
