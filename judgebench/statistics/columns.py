"""Review rows -> columns of numbers, in which each distinct text stands once: a report reads millions of rows."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any, TypeAlias

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from judgebench.tables.records import Count, Mode, Ordinal, Review, Source, Winner, check

Codes: TypeAlias = NDArray[np.int64]
Places: TypeAlias = NDArray[np.signedinteger[Any]]
Hashes: TypeAlias = NDArray[np.uint64]
Chosen: TypeAlias = NDArray[np.bool_]
Arrays: TypeAlias = Mapping[str, NDArray[Any]]
ABOUT = (
    *("question_set", "judge", "mode", "kind", "turn", "choice", "repeat", "reread"),
    *("verdict_source", "prompt", "served_by", "scale", "error", "extra"),
)


class Mark(msgspec.Struct, gc=False, frozen=True):
    """Of `records.Graded`, what figures need."""

    criterion: str
    points: float
    met: float
    tags: tuple[str, ...] = ()
    quote: str | None = None
    unfound: bool = False


class Verdict(msgspec.Struct, gc=False, frozen=True):
    """As `records.Verdict`."""

    scores: tuple[float, ...] = ()
    winner: Winner | None = None
    strength: int | None = None
    criteria: tuple[Mark, ...] = ()


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


_Scale: TypeAlias = tuple[float, float] | None
About: TypeAlias = tuple[str, str, str, str, int, int, int, bool, str, str, str | None, _Scale, Error | None, Extra]


class Values(msgspec.Struct, frozen=True):
    """The distinct values of columns, each by its place; they come back from JSON as they were."""

    about: list[About] = []
    question_id: list[str] = []
    models: list[tuple[tuple[str, ...], bool]] = []
    verdict: list[Verdict | None] = []


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as numbers, each the place of its value in `values`."""

    codes: Places
    values: Sequence[Any]

    def __getitem__(self, rows: Places) -> "Coded":
        return Coded(self.codes[rows], self.values)

    def met(self) -> "Coded":
        """The column without the values that no row has, by the order in which they are met."""
        codes, places = pd.factorize(self.codes)
        return Coded(codes.astype(np.int32), [self.values[place] for place in places.tolist()])

    def map(self, read: Callable[[Any], Any]) -> "Coded":
        """The column of what is read off each value."""
        numbering = _Numbering()
        codes = numbering.codes(map(read, self.values), len(self.values))
        return Coded(codes[self.codes] if len(codes) else self.codes, list(numbering.seen))

    def series(self) -> pd.Categorical:
        """As a categorical column; None is missing."""
        known = np.array([value is not None for value in self.values], bool)
        named = [value for value in self.values if value is not None]
        place = np.where(known, np.cumsum(known) - 1, -1).astype(np.min_scalar_type(-1 - len(named)))
        return pd.Categorical.from_codes(place[self.codes], categories=pd.Index(named, dtype=object))

    def numbers(self) -> NDArray[np.float64]:
        """As floats; None is NaN."""
        return np.array([np.nan if value is None else value for value in self.values], float)[self.codes]


@dataclass(frozen=True, slots=True)
class Columns:
    """What was read: `arrays` (rows,) by name, of what seldom differs its places in `values`.

    `values`: of `about` (ABOUT), `question_id`, `models` (with `swapped`) and `verdict`. `id`, `first` and `second` are
    hashes of the review's id, and of those of the answers in the order shown; they are the same in each process.
    `prompt_tokens`, `completion_tokens`: NaN where nobody counted. `second_wins` is the probability of that, see Extra.
    `created` may have been left out.
    """

    values: Mapping[str, Sequence[Any]]
    arrays: Arrays

    def __len__(self) -> int:
        return len(self.arrays["id"])

    def __getitem__(self, name: str) -> Coded:
        return Coded(self.arrays[name], self.values[name])

    @property
    def shown(self) -> Hashes:
        """A hash of each row's answers (rows, 2), in the order shown and in the other one."""
        first, second = self.arrays["first"], self.arrays["second"]
        return np.column_stack([first * _ODD + second, second * _ODD + first])

    def about(self, *names: str) -> Coded:
        """One of ABOUT, or several of them as tuples."""
        return self["about"].map(itemgetter(*map(ABOUT.index, names)))

    def of_judge(self, judge: str | None) -> Chosen:
        """Which rows are a judge's; None: all."""
        by = self.about("judge")
        return np.array([judge in (None, name) for name in by.values], bool)[by.codes]

    def of_answers(self, drawn: Callable[[], Hashes]) -> Chosen:
        """Which rows are of first samples, or of answers with these hashes, which are only asked for where needed."""
        first: Chosen = self.about("choice").numbers() == 0
        if first.all():
            return first
        both: Chosen = np.isin(self.arrays["first"], drawn()) & np.isin(self.arrays["second"], drawn())
        return first | both

    def take(self, rows: Chosen) -> "Columns":
        """The chosen rows, with the values that they have."""
        if rows.all():
            return self
        kept = {name: column[rows] for name, column in self.arrays.items()}
        coded = {name: Coded(kept[name], self.values[name]).met() for name in self.values}
        arrays = kept | {name: column.codes for name, column in coded.items()}
        return Columns({name: column.values for name, column in coded.items()}, arrays)


def read(batches: Iterable[Sequence[Judgment]], created: bool = True) -> Columns:
    """All rows as columns; as objects they are held a batch at a time."""
    reader = Reader()
    return reader.columns([reader.arrays(batches, created)])


def joined(parts: Sequence[Columns]) -> Columns:
    """The rows of several tables, one after the other."""
    if len(parts) == 1:
        return parts[0]
    reader = Reader()
    return reader.columns([reader.numbered(part.values, part.arrays) for part in parts])


class Reader:
    """Rows to arrays, part by part, in which the same value has the same place."""

    def __init__(self) -> None:
        self._numbering = {name: _Numbering() for name in _READ}

    def arrays(self, batches: Iterable[Sequence[Judgment]], created: bool = True) -> dict[str, NDArray[Any]]:
        """The next rows, by the names of `Columns.arrays`."""
        made = [self._batch(batch, created) for batch in batches if batch] or [self._batch([], created)]
        return {name: np.concatenate([part[name] for part in made]) for name in made[0]}

    def numbered(self, values: Mapping[str, Sequence[Any]], arrays: Arrays) -> dict[str, NDArray[Any]]:
        """The next rows, from what another reader read: its `Columns.values` and `Columns.arrays`."""
        coded = {
            name: numbering.codes(values[name], len(values[name]))[arrays[name]] if len(arrays[name]) else arrays[name]
            for name, numbering in self._numbering.items()
        }
        return {**arrays, **coded}

    def columns(self, parts: Sequence[Arrays]) -> Columns:
        """Everything that was read."""
        arrays = (
            {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else self.arrays([])
        )
        return Columns(self.values, arrays)

    @property
    def values(self) -> dict[str, list[Any]]:
        """The values that have been met so far."""
        return {name: list(numbering.seen) for name, numbering in self._numbering.items()}

    def _batch(self, batch: Sequence[Judgment], created: bool) -> dict[str, NDArray[Any]]:
        size = len(batch)
        second_wins = _taken_probabilities(batch)
        used = [row.usage or _UNCOUNTED for row in batch]
        first, second = _answers(batch)
        return {
            **{name: self._codes(name, value_of, batch) for name, value_of in _READ.items()},
            "id": hashes(list(map(_ID, batch))),
            "first": first,
            "second": second,
            **{name: np.fromiter(map(count, used), np.float64, size) for name, count in _TOKENS.items()},
            "second_wins": second_wins,
            **({"created": np.fromiter(map(_CREATED, batch), object, size)} if created else {}),
        }

    def _codes(self, name: str, value_of: Callable[[Any], object], batch: Sequence[Judgment]) -> Places:
        try:
            return self._numbering[name].codes(map(value_of, batch), len(batch))
        except TypeError:  # an import kept a list or an object where we keep a number or a name
            return self._numbering[name].codes(map(value_of, map(_plain, batch)), len(batch))


class _Numbering:
    """Values by the order in which they were first met."""

    def __init__(self) -> None:
        self.seen: defaultdict[object, int] = defaultdict()
        self.seen.default_factory = self.seen.__len__

    def codes(self, values: Iterable[object], count: int) -> Places:
        return np.fromiter(map(self.seen.__getitem__, values), np.int32, count)


_READ: Mapping[str, Callable[[Any], object]] = {
    "about": attrgetter(*ABOUT),
    "question_id": attrgetter("question_id"),
    "models": attrgetter("models", "swapped"),
    "verdict": attrgetter("verdict"),
}
_LOGPROBS = attrgetter("extra.logprobs")
_ID, _CREATED, _SHOWN = attrgetter("id"), attrgetter("created"), attrgetter("answer_ids")
_TOKENS = {name: attrgetter(name) for name in ("prompt_tokens", "completion_tokens")}
NO_ANSWER = ""  # stands for the id of an answer that there is none of
_ODD = np.uint64(0x9E3779B97F4A7C15)


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


def _answers(batch: Sequence[Judgment]) -> Hashes:
    """Hashes of the ids of the first and the second answer shown, (2, rows)."""
    shown = [ids if len(ids) == 2 else _two(ids) for ids in map(_SHOWN, batch)]
    return hashes(list(chain.from_iterable(shown))).reshape(-1, 2).T


def _two(ids: tuple[str, ...]) -> tuple[str, str]:
    """One id or none, and NO_ANSWER for what isn't there; of more than two all of them, in either order."""
    first, second = ("\n".join(ids), "\n".join(ids[::-1])) if len(ids) > 2 else (*ids, NO_ANSWER, NO_ANSWER)[:2]
    return first, second


def hashes(values: Sequence[str]) -> Hashes:
    """The texts as numbers: equal ones are equal, and others as good as never; in each process the same."""
    return pd.util.hash_array(np.array(values, object), categorize=False)
