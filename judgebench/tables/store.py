"""Read, append, lock and repair JSONL tables.

A table is a file of one JSON object a line. Rows are only ever appended, in one locked write that is on disk
before the call returns. A process that dies in the middle of a write leaves a torn last line: readers report
and skip it, and the next append moves it to `FILE.torn` before it writes.
"""

import codecs
import errno
import io
import os
import re
import shutil
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, starmap
from pathlib import Path
from typing import BinaryIO, Generic, Protocol, TypeVar
from urllib.parse import quote, unquote

import msgspec
import portalocker

from judgebench.errors import DataError, JudgebenchError, UsageError
from judgebench.tables.records import SCHEMA, Failure, Slot

_MAX_NAME_BYTES = 240  # most file systems allow 255, and `.jsonl.torn` must fit as well
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_BUFFER = 1 << 16  # bytes read from a file at a time; the usual 8 KiB hold no more than a few rows


class Row(Protocol):
    """What every table's rows have."""

    @property
    def schema(self) -> int:
        """The version of the form that it was written in."""
        ...


class ResultRow(Row, Protocol):
    """A row that is made by a call, and that may hold a failure in place of a result."""

    @property
    def id(self) -> str:
        """The content that it depends on."""
        ...

    @property
    def slot(self) -> Slot:
        """What it is about."""
        ...

    @property
    def error(self) -> Failure | None:
        """Why it holds no result."""
        ...


RowT = TypeVar("RowT", bound=Row)
ResultT = TypeVar("ResultT", bound=ResultRow)


_NO_ROW = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # the last where something is nested too deep


class TornLineWarning(UserWarning):
    """The last line of a table was cut short by a process that died; every row before it was read."""


class WaitingWarning(UserWarning):
    """Another process works on the same table; this one goes on when it is done."""


class Table(Generic[RowT]):
    """A JSONL file of rows of one type."""

    def __init__(self, path: Path, row_type: type[RowT]) -> None:
        self.path = path
        self._encoder = msgspec.json.Encoder()
        self._decoder: msgspec.json.Decoder[RowT] = msgspec.json.Decoder(row_type)

    def read(self) -> list[RowT]:
        """Every complete row, oldest first; a missing file is an empty table.

        Raises DataError with file and line for a complete line that is not a row, and warns
        (TornLineWarning) of a torn last line.
        """
        return [row for batch in self.batches() for row in batch]

    def batches(self, size: int = 1 << 18, start: int = 0) -> Iterator[list[RowT]]:
        """As `read`, from the line on that begins at byte `start`, about `size` bytes of rows at a time.

        These are so few that they stay in the processor's cache.
        """
        return starmap(self.rows, self.blocks(size, start))

    def blocks(self, size: int = 1 << 18, start: int = 0, end: int = sys.maxsize) -> Iterator[tuple[bytes, int]]:
        """Whole lines of about `size` bytes, and where they begin, from byte `start` of the file to `end`."""
        try:
            with self.path.open("rb", buffering=_BUFFER) as file:
                place = file.seek(start)
                while place < end and (block := file.read(min(size, end - place))):
                    block += file.readline() if place + len(block) < end else b""
                    yield block, place
                    place += len(block)
        except FileNotFoundError:
            return

    def rows(self, block: bytes, place: int) -> list[RowT]:
        """The rows of a block that begins at byte `place`; see `read`."""
        return self._rows(io.BytesIO(block).readlines(), place)

    def whole(self) -> int:
        """Where the last line begins that has no end yet, or the next one will."""
        with self.path.open("rb") as file:
            return file.seek(0, os.SEEK_END) - len(_unfinished_line(file))

    def append(self, rows: Iterable[RowT], sync: bool = True) -> None:
        """Write the rows in one piece and return when they are on disk; other writers wait their turn.

        Without `sync` they outlive this process, but the machine only after the next append that has it. Raises
        JudgebenchError where they can't be written: what was there before stays.
        """
        data = b"".join(map(self._encoded, rows))
        if not data:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.path.open("a+b") as file:
                portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE)
                self._repair(file)
                file.write(data)
                file.flush()
                if sync:
                    os.fsync(file.fileno())
        except OSError as error:  # a full disk, most likely; it doesn't say of which file
            mend = "make room there" if error.errno in _FULL else "mend that"
            raise JudgebenchError(
                f"{self.path} can't be written ({error.strerror or error}); what was done is kept: {mend},"
                " and run the same command to go on"
            ) from error

    def claim(self, briefly: bool = False) -> BinaryIO:
        """Wait until no other stage works on this table, and keep others waiting until the result is closed.

        Two runs of one command would else pay twice for the same rows. The claim ends with the process, however
        it ends. Others are told that they wait, but for claims that all hold `briefly`.
        """
        message = f"waiting for another process that fills {self.path}"
        lock = self.path.with_name(f".{self.path.name}.lock")
        return exclusive(lock, lambda: briefly or warnings.warn(message, WaitingWarning, stacklevel=4))

    def _encoded(self, row: RowT) -> bytes:
        """A row as its line; what could not be read back (a NaN, which JSON lacks) is refused before it is written."""
        line = self._encoder.encode(row)
        try:
            self._decoder.decode(line)
        except msgspec.DecodeError as error:
            raise DataError(f"{self.path}: a row that can't be read back is not written ({error})") from error
        return line + b"\n"

    def _rows(self, lines: list[bytes], start: int) -> list[RowT]:
        """The rows of these lines, the first of which begins at that byte of the file."""
        lengths = list(map(len, lines))
        lines[0] = lines[0] if start else lines[0].removeprefix(codecs.BOM_UTF8)
        try:
            rows = list(map(self._decoder.decode, lines))
        except _NO_ROW:
            rows = []  # which of them it is, is found line by line
        if len(rows) == len(lines) and all(row.schema <= SCHEMA for row in rows):
            return rows
        places = accumulate(lengths[:-1], initial=start)
        return [row for line, place in zip(lines, places, strict=True) for row in self._row(line, place)]

    def _row(self, line: bytes, place: int) -> list[RowT]:
        """The row of a line; none of an empty one, and none, but a warning, of a last one that was cut short."""
        if not line.endswith(b"\n") and not self._is_row(line):
            message = f"{self._named(place)}: the last line was cut short; it is skipped, and run again"
            warnings.warn(message, TornLineWarning, stacklevel=6)
            return []
        return [self._decode(line, place)] if line.strip() else []

    def _decode(self, line: bytes, place: int) -> RowT:
        try:
            row = self._decoder.decode(line)
        except _NO_ROW as error:
            raise DataError(f"{self._named(place)}: not a row of this table ({error}); mend or remove it") from error
        if row.schema > SCHEMA:
            raise DataError(f"{self._named(place)}: written by a newer judgebench (schema {row.schema}); upgrade")
        return row

    def _named(self, place: int) -> str:
        """The file and the number of the line that begins at a byte of it; lines are only counted for a message."""
        with self.path.open("rb") as file:
            number = file.read(place).count(b"\n") + 1
        return f"{self.path}:{number}"

    def _is_row(self, line: bytes) -> bool:
        try:
            self._decoder.decode(line)
        except _NO_ROW:
            return False
        return True

    def _repair(self, file: BinaryIO) -> None:
        """Move a torn last line aside; one that is whole but for its line end only gets that."""
        torn = _unfinished_line(file)
        if not torn:
            return
        if self._is_row(torn):
            file.write(b"\n")
            return
        with self.path.with_name(self.path.name + ".torn").open("ab") as aside:
            aside.write(torn + b"\n")
        file.truncate(file.seek(0, os.SEEK_END) - len(torn))
        warnings.warn(f"{self.path}: a torn last line was moved to {aside.name}", TornLineWarning, stacklevel=3)


def exclusive(path: Path, wait: Callable[[], object]) -> BinaryIO:
    """Lock a file until the result is closed, or its process ends; `wait` is called first where others hold it.

    What `wait` raises ends it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("ab")
    try:
        portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
    except portalocker.AlreadyLocked:
        try:
            wait()
        except BaseException:
            file.close()
            raise
        portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE)
    return file


def replace_file(path: Path, data: bytes) -> None:
    """Put a file's new content in its place, all of it or nothing, with the permissions that it had."""
    target = path.resolve()  # of a link, what it points to
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if target.exists():
        shutil.copymode(target, beside)
    beside.replace(target)


def _unfinished_line(file: BinaryIO, block: int = 1 << 16) -> bytes:
    """What follows the last line end of the file: b"" for a table in order."""
    tail, position = b"", file.seek(0, os.SEEK_END)
    while position and b"\n" not in tail:
        start = max(0, position - block)
        file.seek(start)
        tail, position = file.read(position - start) + tail, start
    return tail.rpartition(b"\n")[2]


def in_force(rows: Iterable[ResultT]) -> dict[Slot, ResultT]:
    """The row that counts in each slot: the content written last, and of equal content a success.

    A failure never displaces a success of the same id, unless it is the same reply, read again; a later id in the
    same slot displaces an earlier one.
    """
    current: dict[Slot, ResultT] = {}
    for row in rows:
        held = current.get(row.slot)
        if held is None or held.id != row.id or row.error is None or held.error is not None or _reread(row):
            current[row.slot] = row
    return current


def unfinished(drafts: Iterable[ResultT], rows: Sequence[ResultT]) -> tuple[list[ResultT], list[ResultT]]:
    """What is left to do of the drafts (identified rows without a result), given the rows of their table.

    Returns the drafts to work on, and old rows to write again: those whose content was done before, but
    which something else displaced since. A draft that carries an error is done when the table says the same.
    """
    current = in_force(rows)
    done = _successes(rows)
    todo, again = [], []
    for draft in drafts:
        held = current.get(draft.slot)
        if held is not None and held.id == draft.id and held.error == draft.error:
            continue
        if draft.id in done:
            again.append(done[draft.id])
        else:
            todo.append(draft)
    return todo, again


def _successes(rows: Iterable[ResultT]) -> dict[str, ResultT]:
    """By id the last row with a result, less those whose reply, read again, holds none."""
    done: dict[str, ResultT] = {}
    for row in rows:
        if row.error is None:
            done[row.id] = row
        elif _reread(row):
            done.pop(row.id, None)
    return done


def _reread(row: object) -> bool:
    return bool(getattr(row, "reread", False))


class Stage(Generic[ResultT]):
    """Rows still to be made, `len` of `total`: iterating makes each, puts it on disk and yields it.

    From the plan to the last row the table is claimed: another stage on it waits, and then finds the rows done.
    """

    def __init__(
        self,
        drafts: Sequence[ResultT],
        table: Table[ResultT],
        produce: Callable[[Sequence[ResultT]], Iterator[ResultT]],
        ready: Callable[[], int] = lambda: 0,
        drawn: Callable[[], int] = lambda: 0,
    ) -> None:
        """`ready` says how many rows follow the last one without a wait: they are forced to disk together.

        `drawn` counts the tokens so far, those of rows under way included, where somebody does.
        """
        self.total = len(drafts)
        self.table = table
        self._claim = table.claim()
        self._todo, again = unfinished(drafts, table.read())
        self._produce = produce
        self._ready = ready
        self.drawn = drawn
        table.append(again)
        if not self._todo:
            self._claim.close()

    def __len__(self) -> int:
        return len(self._todo)

    @property
    def drafts(self) -> Sequence[ResultT]:
        """What is still to be made, without results."""
        return self._todo

    def __iter__(self) -> Iterator[ResultT]:
        try:
            for row in self._produce(self._todo):
                self.table.append([row], sync=not self._ready())
                yield row
        finally:
            self._claim.close()


def file_name(name: str) -> str:
    """A name as one safe path component: percent-encoded UTF-8, no separators, no leading or trailing dot.

    `original_name` gives the name back. Raises UsageError for an empty name or one too long for a file name.
    """
    safe = re.sub(r"^\.|\.$", "%2E", quote(name, safe="@+", errors="surrogatepass"))
    if not safe or len(safe) > _MAX_NAME_BYTES:
        raise UsageError(f"{name[:60]!r} can't name a file: give a shorter name that isn't empty, as NAME=SPEC")
    return safe


def original_name(safe: str) -> str:
    """The name that `file_name` made this path component of."""
    return unquote(safe, errors="surrogatepass")
