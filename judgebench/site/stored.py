"""The reviews of a workspace without their long texts, and those texts again by question when they are wanted.

A hundred thousand reviews with the prompts that the judge saw are half a gigabyte;
without these they are a tenth.
"""

import codecs
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from judgebench.errors import DataError, JudgebenchError
from judgebench.tables.records import Failure, Review, Slot
from judgebench.tables.store import Table, in_force, original_name
from judgebench.workspace import Workspace

Place: TypeAlias = tuple[str, str]  # (question set, question id)
Span: TypeAlias = tuple[Path, int, int]  # a file, the byte at which a row's line begins, and its length

MOST = 500_000  # rows: a gigabyte or two of memory
_BLOCK = 1 << 20  # bytes
_NAMED = 3  # sets or judges that an error names
_DECODER = msgspec.json.Decoder(Review)


@dataclass(frozen=True, slots=True)
class Found:
    """A review without its reply and the judge's messages, and where all of it stands."""

    row: Review
    at: Span

    @property
    def id(self) -> str:
        """The content that it depends on."""
        return self.row.id

    @property
    def slot(self) -> Slot:
        """What it is about."""
        return self.row.slot

    @property
    def error(self) -> Failure | None:
        """Why it holds no verdict."""
        return self.row.error

    @property
    def reread(self) -> bool:
        """Whether its reply is an earlier row's."""
        return self.row.reread

    @property
    def schema(self) -> int:
        """The version of its form."""
        return self.row.schema


def reviews(workspace: Workspace, questions: str | None = None, judge: str | None = None) -> list[Found]:
    """The reviews in force of a workspace (of one question set, by one judge); JudgebenchError for too many."""
    shared: dict[object, Any] = {}
    tables = list(workspace.tables("reviews", questions, Review))
    _check_number([table for table in tables if judge in (None, original_name(table.path.stem))])
    found = (one for table in tables for one in _found(table, shared) if judge in (None, one.row.judge))
    return list(in_force(found).values())


def _check_number(tables: Sequence[Table[Review]]) -> None:
    """Say what to leave out where there are more rows than a site can show."""
    sets, judges = Counter[str](), Counter[str]()
    for path in (table.path for table in tables):
        with path.open("rb") as file:
            rows = sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b""))
        sets[original_name(path.parent.name)] += rows
        judges[original_name(path.stem)] += rows
    if sets.total() > MOST:
        parts = [
            f"{option} {name} ({rows:,})"
            for option, held in (("--questions", sets), ("--judge", judges))
            for name, rows in held.most_common(_NAMED)
        ]
        raise JudgebenchError(
            f"{sets.total():,} rows of reviews, and a site shows {MOST:,} at the most: build it of a part, such as "
            + ", ".join(parts)
        )


def _found(table: Table[Review], shared: dict[object, Any]) -> Iterator[Found]:
    rows = (row for batch in table.batches() for row in batch)
    for row, (start, size) in zip(rows, _lines(table.path), strict=False):  # a torn last line is no row
        yield Found(_short(row, shared), (table.path, start, size))


def _lines(path: Path) -> Iterator[tuple[int, int]]:
    """Where each line that isn't empty begins, and its length, in bytes."""
    start = 0
    with path.open("rb") as file:
        for line in file:
            if not line.isspace():
                yield start, len(line)
            start += len(line)


_SHARED = (
    "question_set",
    "question_id",
    "models",
    "judge",
    "prompt",
    "scale",
    "sampling",
    "prompt_digest",
    "served_by",
)


def _short(row: Review, shared: dict[object, Any]) -> Review:
    """A row without its texts; of what many rows say alike, each keeps the same object."""
    alike = {name: shared.setdefault(value := getattr(row, name), value) for name in _SHARED}
    return replace(row, reply=None, messages=None, **alike)


class Whole(Mapping[Place, list[Review]]):
    """The reviews on each question, whole: read when they are asked for, and kept until the next question's are."""

    def __init__(self, found: list[Found]) -> None:
        self._spans: dict[Place, list[Span]] = {}
        for one in found:
            self._spans.setdefault((one.row.question_set, one.row.question_id), []).append(one.at)
        self._held: tuple[Place, list[Review]] | None = None

    def __getitem__(self, place: Place) -> list[Review]:
        if self._held is None or self._held[0] != place:
            self._held = place, list(_rows(self._spans[place]))
        return self._held[1]

    def __contains__(self, place: object) -> bool:
        return place in self._spans

    def __iter__(self) -> Iterator[Place]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)


def _rows(spans: Iterable[Span]) -> Iterator[Review]:
    """The rows at these places, whole; DataError where a table isn't any more what it was when it was read."""
    for path, found in groupby(spans, key=itemgetter(0)):
        with path.open("rb") as file:
            for _, start, size in found:
                file.seek(start)
                try:
                    yield _DECODER.decode(file.read(size).removeprefix(codecs.BOM_UTF8))
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise DataError(f"{path} was changed while the site was built: build it again") from error
