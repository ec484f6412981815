"""Review rows -> columns of numbers, in which each distinct text stands once: a report reads millions of rows."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Any, TypeAlias

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from judgebench.tables.records import Count, Mode, Ordinal, Review, Source, Winner, check

Codes: TypeAlias = NDArray[np.int64]
ABOUT = (
    *("question_set", "judge", "mode", "kind", "turn", "choice", "repeat", "reread"),
    *("verdict_source", "prompt", "served_by", "scale", "error", "extra"),
)


class Verdict(msgspec.Struct, gc=False, frozen=True):
    """As `records.Verdict`."""

    scores: tuple[float, ...] = ()
    winner: Winner | None = None
    strength: int | None = None


class Error(msgspec.Struct, gc=False, frozen=True):
    """Of `records.Failure`, its kind."""

    kind: str


class Tokens(msgspec.Struct, gc=False):
    """As `records.Usage`."""

    prompt_tokens: float
    completion_tokens: float


_UNCOUNTED = Tokens(np.nan, np.nan)


_POINTS = {"A": 0.0, "tie": 0.5, "B": 1.0}


class Extra(msgspec.Struct, gc=False, frozen=True):
    """What figures need of a review's `extra`; of an import it may be anything."""

    chance: Any = 1.0
    voter: Any = None
    prompt_cut: Any = None
    logprobs: Any = None

    @property
    def second_wins(self) -> float:
        """The judge's own probability that the second answer is better, a tie as half; NaN where it isn't known."""
        found = self.logprobs.get("probabilities") if isinstance(self.logprobs, dict) else None
        if not isinstance(found, dict) or not found or not found.keys() <= _POINTS.keys():
            return np.nan
        known = all(isinstance(share, int | float) and 0 <= share <= 1 for share in found.values())
        return sum(_POINTS[winner] * share for winner, share in found.items()) if known else np.nan

    @property
    def known_chance(self) -> float:
        """The chance, where it is one."""
        return float(self.chance) if isinstance(self.chance, int | float) and not isinstance(self.chance, bool) else 1.0

    @property
    def known_voter(self) -> str | None:
        """The voter as text."""
        return None if self.voter is None else str(self.voter)


class Judgment(msgspec.Struct, gc=False, kw_only=True):
    """What figures need of a `records.Review`: all but the long texts, so that it is read in a fraction of the time."""

    id: str
    mode: Mode
    kind: str
    question_set: str
    question_id: str
    turn: Ordinal
    models: tuple[str, ...]
    answer_ids: tuple[str, ...]
    judge: str
    prompt: str
    verdict: Verdict | None = None
    error: Error | None = None
    verdict_source: Source = "text"
    scale: tuple[float, float] | None = None
    reread: bool = False
    swapped: bool = False
    repeat: Count = 0
    choice: Count = 0
    served_by: str | None = None
    usage: Tokens | None = None
    created: str | None = None
    extra: Extra = Extra()
    schema: int = 1

    def __post_init__(self) -> None:
        check(self)

    @classmethod
    def of(cls, review: Review) -> "Judgment":
        """The same from a review at hand."""
        return msgspec.json.decode(msgspec.json.encode(review), type=cls)


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
    """What was read: coded columns, and per row a hash of its id, its tokens (rows, 2) and when it was created.

    `second_wins` is the probability of that, see Extra.

    `answers` (rows, 2) are hashes of its answers' ids, in the order shown and in the other one.
    """

    coded: Mapping[str, Coded]
    ids: Codes
    answers: Codes
    tokens: NDArray[np.float64]
    second_wins: NDArray[np.float64]
    created: NDArray[np.object_]


def read(batches: Iterable[Sequence[Judgment]]) -> Columns:
    """All rows as columns; as objects they are held a batch at a time."""
    numbering = {name: _Numbering() for name in _READ}
    codes: dict[str, list[Codes]] = {name: [np.empty(0, np.int64)] for name in _READ}
    ids, answers, tokens = [np.empty(0, np.int64)], [np.empty((0, 2), np.int64)], [np.empty((0, 2))]
    created: list[str | None] = []
    second_wins = [np.empty(0)]
    for batch in batches:
        second_wins.append(_taken_probabilities(batch))
        for name, value_of in _READ.items():
            try:
                found = numbering[name].codes(map(value_of, batch), len(batch))
            except TypeError:  # an import kept a list or an object where we keep a number or a name
                found = numbering[name].codes(map(value_of, map(_plain, batch)), len(batch))
            codes[name].append(found)
        ids.append(_hashes(map(_ID, batch), len(batch)))
        shown = [row.answer_ids for row in batch]
        answers.append(np.column_stack([_hashes(shown, len(batch)), _hashes(map(_REVERSED, shown), len(batch))]))
        created += map(_CREATED, batch)
        tokens.append(_tokens([row.usage or _UNCOUNTED for row in batch]))
    coded = {name: Coded(np.concatenate(codes[name]), list(numbering[name].seen)) for name in _READ}
    return Columns(
        coded,
        ids=np.concatenate(ids),
        answers=np.concatenate(answers),
        tokens=np.concatenate(tokens),
        second_wins=np.concatenate(second_wins),
        created=np.array(created, object),
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
}
_LOGPROBS = attrgetter("extra.logprobs")
_ID, _CREATED, _REVERSED = attrgetter("id"), attrgetter("created"), itemgetter(slice(None, None, -1))


def _taken_probabilities(batch: Sequence[Judgment]) -> NDArray[np.float64]:
    """How likely the second answer is better in each row; the rows lose it, as hardly two are alike in it."""
    if not any(map(_LOGPROBS, batch)):
        return np.full(len(batch), np.nan)
    known = np.fromiter((row.extra.second_wins for row in batch), np.float64, len(batch))
    for row in batch:
        row.extra = Extra(row.extra.chance, row.extra.voter, row.extra.prompt_cut)
    return known


def _plain(row: Judgment) -> Judgment:
    """The row with an `extra` of plain values."""
    extra = row.extra
    row.extra = Extra(extra.known_chance, extra.known_voter, None if extra.prompt_cut is None else True)
    return row


def _hashes(values: Iterable[object], count: int) -> Codes:
    """The values as numbers: equal ones are equal, and others as good as never."""
    return np.fromiter(map(hash, values), np.int64, count)


def _tokens(used: Sequence[Tokens]) -> NDArray[np.float64]:
    counts = (attrgetter("prompt_tokens"), attrgetter("completion_tokens"))
    return np.column_stack([np.fromiter(map(count, used), np.float64, len(used)) for count in counts])
