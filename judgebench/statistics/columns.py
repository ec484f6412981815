"""Review rows -> columns of numbers, in which each distinct text stands once: a report reads millions of rows."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from judgebench.records import Review

Codes: TypeAlias = NDArray[np.int64]
ABOUT = (
    *("question_set", "judge", "mode", "kind", "turn", "repeat", "reread"),
    *("verdict_source", "prompt", "served_by", "scale", "schema"),
)
_CHUNK = 20_000  # rows that are held as objects at a time
_NOT_COUNTED = (np.nan, np.nan)


class Verdict(msgspec.Struct, gc=False, frozen=True):
    """As `records.Verdict`."""

    scores: tuple[float, ...] = ()
    winner: str | None = None


class Error(msgspec.Struct, gc=False):
    """Of `records.Failure`, its kind."""

    kind: str


class Tokens(msgspec.Struct, gc=False):
    """As `records.Usage`."""

    prompt_tokens: int
    completion_tokens: int


class Extra(msgspec.Struct, gc=False, frozen=True):
    """What figures need of a review's `extra`."""

    chance: float = 1.0
    voter: str | None = None


class Judgment(msgspec.Struct, gc=False, kw_only=True):
    """What figures need of a `records.Review`: all but the long texts, so that it is read in a fraction of the time."""

    id: str
    mode: str
    kind: str
    question_set: str
    question_id: str
    turn: int
    models: tuple[str, ...]
    answer_ids: tuple[str, ...]
    judge: str
    prompt: str
    verdict: Verdict | None = None
    error: Error | None = None
    verdict_source: str = "text"
    scale: tuple[float, float] | None = None
    reread: bool = False
    swapped: bool = False
    repeat: int = 0
    served_by: str | None = None
    usage: Tokens | None = None
    created: str | None = None
    extra: Extra = Extra()
    schema: int = 1

    @property
    def slot(self) -> tuple[str | int, ...]:
        """As `records.Review.slot`; here columns are grouped instead."""
        raise NotImplementedError

    @classmethod
    def of(cls, review: Review) -> "Judgment":
        """The same from a review at hand."""
        return msgspec.convert(review, cls, from_attributes=True)


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as numbers, each the place of its value in `values`."""

    codes: Codes
    values: Sequence[Any]

    def __getitem__(self, rows: Codes) -> "Coded":
        return Coded(self.codes[rows], self.values)

    def map(self, read: Callable[[Any], Any]) -> "Coded":
        """The column of what is read off each value."""
        numbering = _Numbering()
        codes = numbering.codes(map(read, self.values), len(self.values))
        return Coded(codes[self.codes] if len(codes) else self.codes, list(numbering.seen))

    def series(self) -> pd.Categorical:
        """As a categorical column; None is missing."""
        known = np.array([value is not None for value in self.values], bool)
        place = np.where(known, np.cumsum(known) - 1, -1)
        named = [value for value in self.values if value is not None]
        return pd.Categorical.from_codes(place[self.codes], categories=pd.Index(named, dtype=object))

    def numbers(self) -> NDArray[np.float64]:
        """As floats; None is NaN."""
        return np.array([np.nan if value is None else value for value in self.values], float)[self.codes]


@dataclass(frozen=True, slots=True)
class Columns:
    """What was read: coded columns, and per row hashes of its id and of its answers' ids, and its tokens."""

    coded: Mapping[str, Coded]
    ids: Codes
    answers: Codes
    tokens: NDArray[np.float64]


def read(rows: Iterable[Judgment]) -> Columns:
    """All rows as columns; as objects they are held a chunk at a time."""
    numbering = {name: _Numbering() for name in _READ}
    codes: dict[str, list[Codes]] = {name: [] for name in _READ}
    ids, answers, tokens = [], [], []
    rest = iter(rows)
    while chunk := list(islice(rest, _CHUNK)):
        for name, value_of in _READ.items():
            codes[name].append(numbering[name].codes(map(value_of, chunk), len(chunk)))
        ids.append(np.array([hash(row.id) for row in chunk], np.int64))
        answers.append(np.array([_answers(row.answer_ids) for row in chunk], np.int64).reshape(-1, 2))
        tokens.append(np.array([_tokens(row.usage) for row in chunk], float).reshape(-1, 2))
    coded = {name: Coded(_joined(codes[name]), list(numbering[name].seen)) for name in _READ}
    wide = np.empty((0, 2))
    return Columns(
        coded, _joined(ids), np.concatenate([wide.astype(np.int64), *answers]), np.concatenate([wide, *tokens])
    )


class _Numbering:
    """Values by the order in which they were first met."""

    def __init__(self) -> None:
        self.seen: defaultdict[object, int] = defaultdict()
        self.seen.default_factory = self.seen.__len__

    def codes(self, values: Iterable[object], count: int) -> Codes:
        return np.fromiter(map(self.seen.__getitem__, values), np.int64, count)


_READ: Mapping[str, Callable[[Any], object]] = {
    "about": attrgetter(*ABOUT),
    "question_id": attrgetter("question_id"),
    "models": attrgetter("models", "swapped"),
    "verdict": attrgetter("verdict"),
    "error": lambda row: row.error.kind if row.error else None,
    "extra": attrgetter("extra"),
    "created": attrgetter("created"),
}


def _answers(ids: tuple[str, ...]) -> tuple[int, int]:
    """The answers that a judge saw, in its order; equal ones are equal numbers."""
    return (hash(ids[0]) if ids else 0), (hash(ids[1]) if len(ids) > 1 else 0)


def _tokens(usage: Tokens | None) -> tuple[float, float]:
    return (usage.prompt_tokens, usage.completion_tokens) if usage else _NOT_COUNTED


def _joined(parts: Sequence[Codes]) -> Codes:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
