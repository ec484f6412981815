"""Copies of large tables of reviews by column (Parquet, beside them): found, checked, thrown away by themselves.

A copy holds a stretch of its table; where the copies end, the rest is read from the table. They lie in `.columns/`,
which git ignores, and can be deleted at any time. Whatever goes wrong with one, the table is read as if there were
none.

Its name says of which state of the table it is: size, times and inode. Where that is the state of now, nobody has
written there since: a state has a name only when its times lay SETTLED back, so that no later change can have the same,
and the time of a change is the kernel's own. Where it isn't (a table that was appended to, moved or touched), a digest
of the bytes tells, which takes a fraction of what reading them does. Bytes that differ end the copy.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from judgebench.report import copying
from judgebench.report.copying import Made
from judgebench.statistics import columns
from judgebench.statistics.columns import Arrays, Columns, Judgment, Reader
from judgebench.tables.records import content_id
from judgebench.tables.store import Table

FOLDER = ".columns"
LARGE = 1 << 26  # bytes; so much is read in less than a second
SETTLED = 2_000_000_000  # nanoseconds; the clock of no file system is coarser


@dataclass(frozen=True, slots=True)
class Copy:
    """What a copy says of itself, and its columns."""

    made: Made
    arrays: Arrays


def read(table: Table[Judgment], created: bool = True) -> Columns:
    """All rows of a table, as `columns.read` has them; those of a large one by way of its copies."""
    if not _pays(table.path):
        return columns.read(table.batches(), created)
    end, copies = table.whole(), found(table, created)
    if end - _end(copies) > LARGE:
        copies += _new(table, _end(copies), end, created)
    reader = Reader()
    parts = [reader.numbered(copy.made.columns, copy.arrays) for copy in copies]
    return reader.columns([*parts, reader.arrays(table.batches(start=_end(copies)), created)])


def found(table: Table[Judgment], created: bool = True) -> list[Copy]:
    """The copies of what a table begins with, one after the other; any other is thrown away."""
    copies: list[Copy] = []
    for path, made in sorted(_made(table), key=lambda one: (one[1].start, -one[1].end)):
        copy = _checked(table, path, made, created) if made.start == _end(copies) else None
        if copy:
            copies.append(copy)
        else:
            _drop(path)
    return copies


def _end(copies: list[Copy]) -> int:
    return copies[-1].made.end if copies else 0


def _pays(path: Path) -> bool:
    if not path.exists() or path.stat().st_size <= LARGE:
        return False
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return False
    return True


def _folder(table: Table[Judgment]) -> Path:
    return table.path.parent / FOLDER / table.path.stem


def _drop(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _name(of: os.stat_result, start: int) -> str:
    """What a copy from a byte on is called that was made of, or compared with, a table in this state."""
    return f"{content_id(*state(of))}-{start}.parquet"


def state(of: os.stat_result) -> tuple[int, ...]:
    """What differs as soon as anybody has written to a file, if its times are not those of now."""
    return of.st_size, of.st_mtime_ns, of.st_ctime_ns, of.st_ino


def _name_now(table: Table[Judgment], touched: Path, start: int) -> str:
    """The name for the table's state of now; a name of no state where a later one could have the same times.

    The time of now is the file system's: a file beside the table is touched.
    """
    os.utime(touched)
    of, now = table.path.stat(), touched.stat().st_mtime_ns
    settled = now - max(of.st_mtime_ns, of.st_ctime_ns) > SETTLED
    return _name(of, start) if settled else f"new-{start}.parquet"


def _made(table: Table[Judgment]) -> Iterator[tuple[Path, Made]]:
    """The copies that are there, with what they say of themselves; those of another judgebench go."""
    for path in _folder(table).glob("*.parquet"):
        with suppress(Exception):  # whatever is wrong with it, it is of no use
            made = copying.made(path)
            if made.by == copying.MADE_BY:
                yield path, made
                continue
        _drop(path)


def _checked(table: Table[Judgment], path: Path, made: Made, created: bool) -> Copy | None:
    """A copy, when its table still holds what it was made of; it is then called after the table's state."""
    with suppress(Exception):
        name = path.name
        if name != _name(table.path.stat(), made.start):
            with suppress(OSError):  # a folder that nobody may write to
                name = _name_now(table, path, made.start)
            if copying.digest_of(table, made.start, made.end) != made.digest:
                return None
        copy = Copy(made, _arrays(path, made, created))
        with suppress(OSError):
            path.replace(path.with_name(name))
        return copy
    return None


def _arrays(path: Path, made: Made, created: bool) -> Arrays:
    """The columns of a copy; ValueError where they are not whole."""
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path, page_checksum_verification=True) as file:
        names = [name for name in copying.TYPES if created or name != "created"]
        arrays = {name: file.read([name])[name].to_numpy() for name in names}
    if {len(column) for column in arrays.values()} != {made.rows}:
        raise ValueError(f"{path} is not whole")
    return arrays


def _new(table: Table[Judgment], start: int, end: int, created: bool) -> list[Copy]:
    """Copies of what a table holds from one byte to another, as far as they can be made."""
    copies: list[Copy] = []
    with suppress(OSError):  # a folder that nobody may write to, a full disk
        folder = _folder(table)
        folder.mkdir(parents=True, exist_ok=True)
        (folder.parent / ".gitignore").write_text("*\n")
        with copying.parts(table, start, end, folder) as parts:
            names = [_name_now(table, part.path, part.start) for part in parts]
            for part, name in zip(copying.write(table, parts), names, strict=False):
                made = copying.made(part.path)
                copies.append(Copy(made, _arrays(part.path, made, created)))
                part.path.replace(folder / name)
        _tidy(folder)
    return copies


def _tidy(folder: Path) -> None:
    """Away with what writers that died have left, and with the copies of tables that are gone."""
    day = folder.stat().st_mtime - 86400
    for path in folder.iterdir():
        if path.suffix != ".parquet" and path.stat().st_mtime < day:
            path.unlink(missing_ok=True)
    for other in folder.parent.iterdir():
        if other.is_dir() and not (folder.parent.parent / f"{other.name}.jsonl").exists():
            shutil.rmtree(other, ignore_errors=True)
