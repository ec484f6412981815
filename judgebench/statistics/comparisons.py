"""The matches of a judge as arrays: who met whom on which question, and how it ended. For ratings and win matrices."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from judgebench.statistics.clusters import Floats
from judgebench.statistics.estimates import points_of_b

Integers: TypeAlias = NDArray[np.int64]
Entry: TypeAlias = dict[str, Any]
KEY = ["question_set", "judge", "kind"]
_SEED = 20230330  # fixed, so that a report is the same each time


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Matches in order; `first`, `second` and `question` (matches,) are codes, `points` what the first one got.

    `points` are 1, 0.5 or 0. A question's code is below `questions`, and every code occurs.
    """

    models: list[str]
    questions: int
    first: Integers
    second: Integers
    question: Integers
    points: Floats

    def counts(self, points: float | None = None) -> Integers:
        """How many matches model i (row) met j (column) in, or in how many it got these points; (models, models)."""
        size = len(self.models)
        there, back = self.first * size + self.second, self.second * size + self.first
        if points is not None:
            there, back = there[self.points == points], back[self.points == 1 - points]
        both = np.bincount(np.concatenate([there, back]), minlength=size * size)
        return both.reshape(size, size).astype(np.int64)

    def own_questions(self) -> Integers:
        """On how many questions each model has a match, (models,)."""
        met = np.zeros((len(self.models), self.questions), np.bool_)
        for side in (self.first, self.second):
            met[side, self.question] = True
        return met.sum(axis=1)  # type: ignore[no-any-return]

    def among(self, kept: NDArray[np.bool_]) -> "Comparisons":
        """The matches in which both models are kept (models,), with models and questions coded anew."""
        rows = kept[self.first] & kept[self.second]
        codes = np.cumsum(kept) - 1
        present, question = np.unique(self.question[rows], return_inverse=True)
        names = [name for name, keep in zip(self.models, kept, strict=True) if keep]
        sides = codes[self.first[rows]], codes[self.second[rows]]
        return Comparisons(names, len(present), *sides, question, self.points[rows])


def comparisons(matches: pd.DataFrame, in_time: bool = False) -> Iterator[tuple[Entry, Comparisons]]:
    """For each question set, judge and kind of `matches` its key and its comparisons, where it has any.

    Incomplete matches are left out, and so are matches of a model with itself. With `in_time` they are sorted by the
    column `created` (ISO 8601 in one time zone), where there is one; equal and missing times keep the frame's order,
    the missing ones last.
    """
    if in_time and "created" in matches:
        matches = matches.sort_values("created", kind="stable", key=_texts)
    columns = matches[[*KEY, "model_a", "model_b", "question_id", "outcome"]]
    for key, group in columns.groupby(KEY, sort=False, observed=True, dropna=False):
        found = _comparisons(group)
        if len(found.points):
            yield dict(zip(KEY, key, strict=True)), found


def draws_of_questions(questions: int, draws: int, block: int) -> Iterator[NDArray[np.uint8]]:
    """How often each question is drawn when n are drawn with replacement: (up to `block`, questions) at a time.

    Always the same, whatever the block. A count above 255 doesn't occur (p < 1e-300).
    """
    rng = np.random.default_rng(_SEED)
    for start in range(0, draws, block):
        weights = np.empty((min(block, draws - start), questions), dtype=np.uint8)
        for row in weights:
            row[:] = np.bincount(rng.integers(0, questions, questions), minlength=questions)
        yield weights


def ranks(ratings: Floats) -> Integers:
    """The rank of each of (..., models) ratings, 1 for the highest; equal ones (to 1e-6) share the best."""
    rounded = np.round(ratings, 6)
    return 1 + (rounded[..., None, :] > rounded[..., :, None]).sum(axis=-1)  # type: ignore[no-any-return]


def rank_ranges(replicates: Floats, level: float) -> list[list[int]] | None:
    """The middle of each model's ranks over replicates (draws, models), as [best, worst]; None without replicates."""
    if not len(replicates):
        return None
    found = ranks(replicates)
    best = np.quantile(found, (1 - level) / 2, axis=0, method="lower")
    worst = np.quantile(found, (1 + level) / 2, axis=0, method="higher")
    return [[int(low), int(high)] for low, high in zip(best, worst, strict=True)]


def _comparisons(group: pd.DataFrame) -> Comparisons:
    points = 1 - points_of_b(group["outcome"])
    left, lefts = pd.factorize(group["model_a"])
    right, rights = pd.factorize(group["model_b"])
    codes = {str(name): code for code, name in enumerate(dict.fromkeys([*lefts, *rights]))}
    first = np.array([codes[str(name)] for name in lefts], dtype=np.int64)[left]
    second = np.array([codes[str(name)] for name in rights], dtype=np.int64)[right]
    kept = np.isfinite(points) & (first != second)
    question, questions = pd.factorize(group["question_id"][kept])
    return Comparisons(list(codes), len(questions), first[kept], second[kept], question.astype(np.int64), points[kept])


def _texts(column: pd.Series) -> pd.Series:
    """A column's values to sort by: those of a categorical have an order of their own."""
    return column.astype(object)
