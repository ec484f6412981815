"""Copies of large tables of reviews by column (Parquet, beside the table): made, checked and thrown away by themselves.

A copy holds the first so many bytes of its table; the rest is read from the table. It lies in `.columns/`, which git
ignores, and can be deleted at any time. Whatever goes wrong with one, the table is read as if there were none.

Its name says of which state of the table it is: size, times and inode. Where that is the state of now, nobody has
written there since: a state has a name only when its times lay SETTLED back, so that no later change can have the same,
and the time of a change is the kernel's own. Where it isn't (a table that was appended to, moved or touched), a digest
of the bytes tells, which takes a fraction of what reading them does. Bytes that differ end the copy.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice, starmap
from pathlib import Path

import msgspec
import pandas as pd

from judgebench._version import __version__
from judgebench.statistics import columns
from judgebench.statistics.columns import Arrays, Columns, Judgment, Reader, Values
from judgebench.tables import records, store
from judgebench.tables.records import content_id
from judgebench.tables.store import Table

FOLDER = ".columns"
LARGE = 1 << 26  # bytes; a smaller table is read in less than a second
GROWN = 4  # a copy is made again when more than a fourth of its table was appended since
SETTLED = 2_000_000_000  # nanoseconds; the clock of no file system is coarser
_TYPES = {
    **dict.fromkeys(("about", "question_id", "models", "verdict"), "int32"),
    **dict.fromkeys(("id", "first", "second"), "uint64"),
    **dict.fromkeys(("prompt_tokens", "completion_tokens", "second_wins"), "float64"),
    "created": "string",
}
_TOGETHER = 1 << 9  # batches that are written at a time
_KEY = b"judgebench"


def _maker() -> str:
    """Who reads rows and makes hashes of them: the versions, and the code, which in a checkout changes without one."""
    files = (__file__, columns.__file__, records.__file__, store.__file__)
    code = [Path(name).read_text(encoding="utf-8") for name in files if name and Path(name).is_file()]
    return f"{__version__} {pd.__version__} {content_id(*code)}"


MADE_BY = _maker()


class Made(msgspec.Struct, frozen=True):
    """What a copy says of itself: it holds so many `bytes` of its table, which have this `digest`, as `rows`."""

    by: str
    bytes: int
    digest: str
    rows: int
    values: Values


@dataclass(frozen=True, slots=True)
class Copy:
    """What a copy says of itself, and its columns."""

    made: Made
    arrays: Arrays

    @property
    def reader(self) -> Reader:
        """What reads the rows that follow."""
        return Reader(msgspec.structs.asdict(self.made.values))


def read(table: Table[Judgment], created: bool = True) -> Columns:
    """All rows of a table, as `columns.read` has them; those of a large one by way of its copy."""
    if not _pays(table.path):
        return columns.read(table.batches(), created)
    end, copy = table.whole(), found(table, created)
    if copy and (end - copy.made.bytes) * GROWN <= end:
        reader, start = copy.reader, copy.made.bytes
        parts: Sequence[Arrays] = [copy.arrays]
    else:
        reader, start = Reader(), end
        parts = _copied(table, reader, end, created)
    return reader.columns([*parts, reader.arrays(table.batches(start=start), created)])


def found(table: Table[Judgment], created: bool = True) -> Copy | None:
    """The copy of what a table begins with; any other is thrown away."""
    for path in sorted(_folder(table).glob("*.parquet")):
        with suppress(Exception):  # whatever is wrong with it, it is of no use
            made = _made(path)
            name = path.name if path.name == _name(table.path.stat()) else _name_when_equal(table, path, made)
            copy = Copy(made, _arrays(path, made, created))
            with suppress(OSError):
                path.replace(path.with_name(name))
            return copy
        with suppress(OSError):
            path.unlink()
    return None


def _pays(path: Path) -> bool:
    if not path.exists() or path.stat().st_size < LARGE:
        return False
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return False
    return True


def _folder(table: Table[Judgment]) -> Path:
    return table.path.parent / FOLDER / table.path.stem


def _name(state: os.stat_result) -> str:
    """What a copy is called that was made of, or compared with, a table in this state."""
    return f"{content_id(state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)}.parquet"


def _name_now(table: Table[Judgment], touched: Path) -> str:
    """The name for the table's state of now; "new" where a later state could have the same times.

    The time of now is the file system's: a file beside the table is touched.
    """
    os.utime(touched)
    state, now = table.path.stat(), touched.stat().st_mtime_ns
    return _name(state) if now - max(state.st_mtime_ns, state.st_ctime_ns) > SETTLED else "new.parquet"


def _made(path: Path) -> Made:
    """What a copy says of itself; ValueError where another judgebench made it."""
    from pyarrow.parquet import read_metadata

    made = msgspec.json.decode(read_metadata(path).metadata[_KEY], type=Made)
    if made.by != MADE_BY:
        raise ValueError(f"{path} was made by {made.by}")
    return made


def _name_when_equal(table: Table[Judgment], path: Path, made: Made) -> str:
    """The name for a copy of what its table begins with, by the digest; ValueError where it is not."""
    name = path.name
    with suppress(OSError):  # a folder that nobody may write to
        name = _name_now(table, path)
    digest = _digest()
    for block, _ in table.blocks(end=made.bytes):
        digest.update(block)
    if digest.hexdigest() != made.digest:
        raise ValueError(f"{table.path} doesn't begin with what is in {path}")
    return name


def _digest() -> "hashlib._Hash":
    """The quickest one; nobody gains by a collision in a table of one's own."""
    return hashlib.sha1(usedforsecurity=False)


def _arrays(path: Path, made: Made, created: bool) -> Arrays:
    """The columns of a copy; ValueError where they are not whole."""
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path, page_checksum_verification=True) as file:
        names = [name for name in _TYPES if created or name != "created"]
        arrays = {name: file.read([name])[name].to_numpy() for name in names}
    if {len(column) for column in arrays.values()} != {made.rows}:
        raise ValueError(f"{path} is not whole")
    return arrays


def _copied(table: Table[Judgment], reader: Reader, end: int, created: bool) -> Sequence[Arrays]:
    """The columns of a table up to byte `end`, of which a copy is made meanwhile, where one can be."""
    try:
        copying = _Copying(table)
    except OSError:  # a folder that nobody may write to, a full disk
        return [reader.arrays(starmap(table.rows, table.blocks(end=end)), created)]
    with copying:
        parts = []
        batches = (table.rows(copying.counted(block), place) for block, place in table.blocks(end=end))
        for first in batches:
            part = reader.arrays(chain([first], islice(batches, _TOGETHER)))
            copying.add(part)
            parts.append({name: column for name, column in part.items() if created or name != "created"})
        copying.finish(end, Values(**reader.values))
        return parts


class _Copying:
    """A copy that is being made, by a thread of its own; whatever goes wrong with it ends it, and nothing else."""

    def __init__(self, table: Table[Judgment]) -> None:
        """OSError where there can't be one."""
        import pyarrow
        from pyarrow.parquet import ParquetWriter

        self._folder = _folder(table)
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder.parent / ".gitignore").write_text("*\n")
        number, name = tempfile.mkstemp(".part", dir=self._folder)
        os.close(number)
        self._path = Path(name)
        shutil.copymode(table.path, self._path)
        self._name = _name_now(table, self._path)
        self._writer = ParquetWriter(self._path, pyarrow.schema(_TYPES.items()), write_page_checksum=True)
        self._digest, self._rows = _digest(), 0
        self._tasks: list[Future[None]] = []

    def __enter__(self) -> "_Copying":
        self._beside = ThreadPoolExecutor(1)
        return self

    def __exit__(self, *raised: object) -> None:
        self._beside.shutdown(cancel_futures=True)
        with suppress(Exception):
            self._writer.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)  # what is in its place now has another name

    def counted(self, block: bytes) -> bytes:
        """A block of the table, which is the next one in the digest."""
        self._beside.submit(self._digest.update, block)
        return block

    def add(self, part: Arrays) -> None:
        """The columns of what was counted since."""
        self._tasks.append(self._beside.submit(self._write, part))

    def finish(self, end: int, values: Values) -> None:
        """Put the copy in its place, and away what is there of older ones."""
        with suppress(Exception):
            for task in self._tasks:
                task.result()
            made = Made(MADE_BY, end, self._digest.hexdigest(), self._rows, values)
            self._writer.add_key_value_metadata({_KEY: msgspec.json.encode(made)})
            self._writer.close()
            self._path.replace(self._folder / self._name)
            _tidy(self._folder, self._name)

    def _write(self, part: Arrays) -> None:
        import pyarrow

        arrays = [pyarrow.array(part[name], kind) for name, kind in _TYPES.items()]
        self._writer.write_table(pyarrow.table(arrays, schema=self._writer.schema))
        self._rows += len(part["id"])


def _tidy(folder: Path, name: str) -> None:
    """Away with the other copies of a table, what writers that died have left, and copies of tables that are gone."""
    day = (folder / name).stat().st_mtime - 86400
    for path in folder.iterdir():
        if path.name != name and (path.suffix == ".parquet" or path.stat().st_mtime < day):
            path.unlink(missing_ok=True)
    for other in folder.parent.iterdir():
        if other.is_dir() and not (folder.parent.parent / f"{other.name}.jsonl").exists():
            shutil.rmtree(other, ignore_errors=True)
