"""Win rates and mean scores as estimates over questions, which can be subtracted and have intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from judgebench.statistics.clusters import Estimate, Floats, mean_by_question
from judgebench.statistics.columns import Codes
from judgebench.statistics.frames import OUTCOMES
from judgebench.statistics.groups import Groups, keyed

POINTS: Mapping[str, float] = {"a": 0.0, "tie": 0.5, "inconsistent": 0.5, "b": 1.0}  # b's, as MT-bench counts


def points_of_b(outcomes: pd.Series, points: Mapping[str, float] = POINTS) -> Floats:
    """b's points of each outcome; NaN for one that has none (`incomplete`)."""
    codes, known = pd.factorize(outcomes)
    return np.array([points.get(str(outcome), np.nan) for outcome in known], np.float64)[codes]


def win_rate(matches: pd.DataFrame, points: Mapping[str, float] = POINTS) -> Estimate | None:
    """b's mean points over a pair's matches (columns question_id, outcome); None where no match has points."""
    codes, ids = pd.factorize(matches["question_id"])
    return mean_by_question(codes, points_of_b(matches["outcome"], points), len(ids))


def second_order_weights(matches: pd.DataFrame, pairs: Groups) -> Floats:
    """How many matches each match stands for in a figure over matches of two orders, which leaves out the others.

    An adaptive run draws a random share of a pair's matches for their second order (`chance` < 1): each of these stands
    for itself and its share of those that were left in one order. Else it is 1. `pairs` says which pair of which judge
    each match is of; columns used: agree, chance, orders, outcome. Source: Hajek 1971, as in docs/statistics.md.
    """
    drawn = (matches["agree"].notna() & (matches["chance"] < 1)).to_numpy()
    left = ((matches["orders"] == 1) & (matches["outcome"] != "incomplete")).to_numpy()
    number = pairs.count(drawn)[pairs.codes]
    return np.where(drawn, (number + pairs.count(left)[pairs.codes]) / np.maximum(number, 1), 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Matches of a question set as arrays (matches,), from a frame of matches over repeats (see there).

    `outcome` holds places in OUTCOMES. `question` is the question's number within the set, whose matches have
    `questions` of them. `weight`: see `second_order_weights`. `share`: of several samples of the same answers each is
    this part of a match, so that a question that was answered more often counts no more.
    """

    question: Codes
    questions: int
    outcome: Codes
    score_a: Floats
    score_b: Floats
    low: Floats
    high: Floats
    won_first: Floats
    won_second: Floats
    agree: Floats
    chance: Floats
    reviews: Codes
    missing: Codes
    orders: Codes
    flip: NDArray[np.bool_]
    weight: Floats
    share: Floats

    def mean(self, values: Floats, weights: Floats | float = 1.0) -> Estimate | None:
        """The mean of the values that are known, over samples and questions; None where none is."""
        return mean_by_question(self.question, values, self.questions, self.share * weights)

    def points(self, points: Mapping[str, float] = POINTS) -> Floats:
        """b's points in each match; NaN for an outcome that has none."""
        return np.array([points.get(outcome, np.nan) for outcome in OUTCOMES])[self.outcome]

    def count(self, outcome: str) -> int:
        """How many matches ended like this."""
        return int(np.count_nonzero(self.outcome == OUTCOMES.index(outcome)))


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Single scores as arrays (scores,), from a frame of scores over repeats (see there); `row` is their place in it.

    `question` and `category` are codes, the latter of `categories`; -1 is a question without one. `share`: see Matches.
    """

    row: Codes
    question: Codes
    turn: Codes
    category: Codes
    score: Floats
    low: Floats
    high: Floats
    missing: Codes
    flip: NDArray[np.bool_]
    share: Floats
    categories: Sequence[str]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> "Scores":
        """All scores of a frame."""
        category, categories = pd.factorize(frame["category"])
        columns = {name: frame[name].to_numpy() for name in ("turn", "score", "low", "high", "missing", "flip")}
        columns |= {"question": pd.factorize(frame["question_id"])[0], "share": _shares(frame, [])}
        return cls(np.arange(len(frame)), category=category, categories=list(map(str, categories)), **columns)

    def take(self, rows: NDArray[np.bool_]) -> "Scores":
        """Those of the chosen rows."""
        names = [field.name for field in fields(self) if field.name != "categories"]
        return replace(self, **{name: getattr(self, name)[rows] for name in names})


def by_pair(frame: pd.DataFrame, keys: list[str]) -> list[tuple[list[str], Matches]]:
    """The values of these columns, and the matches that have them: a group each, by first appearance."""
    number, size = _numbered(frame)
    outcome = pd.Categorical(frame["outcome"], categories=OUTCOMES).codes.astype(np.int64)
    columns = {field.name: frame[field.name].to_numpy() for field in fields(Matches) if field.name in frame}
    columns |= {"question": number, "outcome": outcome}
    columns |= {"weight": second_order_weights(frame, Groups.of(frame, keys)), "share": _shares(frame, keys)}
    return [
        (key, Matches(questions=int(size[rows[0]]), **{name: column[rows] for name, column in columns.items()}))
        for key, rows in keyed(frame, keys)
    ]


def _shares(frame: pd.DataFrame, keys: list[str]) -> Floats:
    """One over the number of samples of each match (or score), whose groups have these keys."""
    if not frame["choice"].any():
        return np.ones(len(frame))
    samples = Groups.of(frame, [*keys, "question_id", "turn"]).codes
    return 1.0 / np.bincount(samples)[samples]


def _numbered(frame: pd.DataFrame) -> tuple[Codes, Codes]:
    """Each question's number within its set, and how many the set has."""
    number, size = np.zeros(len(frame), np.int64), np.zeros(len(frame), np.int64)
    for _, rows in keyed(frame, ["question_set"]):
        number[rows], ids = pd.factorize(frame["question_id"].iloc[rows])
        size[rows] = len(ids)
    return number, size


@dataclass(frozen=True, slots=True, eq=False)
class CellMeans:
    """Mean scores by group and cell, (groups, cells), NaN where there are none; a cell belongs to a question."""

    names: Sequence[Any]
    means: Floats
    question: Codes
    questions: int

    @classmethod
    def of(cls, scores: pd.DataFrame, by: str, cell: Sequence[str]) -> "CellMeans":
        """Columns question_id, score, `by` and those of `cell`; samples and repeats of a cell are a mean."""
        groups, names = pd.factorize(scores[by])
        cells = Groups.of(scores, list(cell))
        question, ids = pd.factorize(scores["question_id"])
        of_cell = np.zeros(cells.number, np.int64)
        of_cell[cells.codes] = question
        score = scores["score"].to_numpy(np.float64)
        place, known = groups * cells.number + cells.codes, ~np.isnan(score)
        shape = (len(names), cells.number)
        count = np.bincount(place[known], minlength=shape[0] * shape[1]).reshape(shape)
        total = np.bincount(place[known], weights=score[known], minlength=shape[0] * shape[1]).reshape(shape)
        means = np.where(count, total / np.maximum(count, 1), np.nan)
        return cls(list(names), means, of_cell, len(ids))

    def mean(self, group: int, like: int) -> Estimate | None:
        """A group's mean over the cells that another one has as well."""
        return mean_by_question(self.question, self.means[group] + 0 * self.means[like], self.questions)

    def difference(self, a: int, b: int) -> Estimate | None:
        """b's mean less a's over the cells that both have, paired: what a question does to both cancels.

        None where they share none. Its questions, and so the degrees of freedom of its interval, are the shared ones.
        """
        return mean_by_question(self.question, self.means[b] - self.means[a], self.questions)


def mean_scores(scores: pd.DataFrame, by: str = "model") -> dict[Any, Estimate]:
    """By model (or turn) its mean score, over all samples and questions of the frame.

    Columns question_id, turn, choice, score, and `by`.

    Estimates over the same questions, so that they can be subtracted; what has no score has none.
    """
    codes, ids = pd.factorize(scores["question_id"])
    groups, names = pd.factorize(scores[by])
    score, share = scores["score"].to_numpy(np.float64), _shares(scores, [by])
    found = {
        name: mean_by_question(codes[groups == group], score[groups == group], len(ids), share[groups == group])
        for group, name in enumerate(names)
    }
    return {name: mean for name, mean in found.items() if mean is not None}
