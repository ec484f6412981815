"""How far predictions agree with the scores that were given: figures, their intervals, calibration."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from judgebench.embedded.training.data import Graded
from judgebench.embedded.training.fitting import Array

SEED = 0
Folds = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Grid:
    """Scores given and predicted by model and by question and turn; `right` holds what is known of pairs."""

    given: Array  # models x (question, turn); nan where there is none
    predicted: Array
    families: Folds  # of each model
    questions: Folds  # of each column

    def figures(self, models: Array, columns: Array) -> dict[str, float]:
        """The four figures, models and columns counted by weight; see `figures`."""
        seen = ~np.isnan(self.given)
        weights = np.where(seen, np.outer(models, columns), 0.0)
        given, predicted = np.nan_to_num(self.given), np.nan_to_num(self.predicted)
        means = [_average(values, weights, 1) for values in (given, predicted)]
        centred = [values - _average(values, weights, 0) for values in (given, predicted)]
        return {
            "answers": _correlation(given, predicted, weights),
            "within": _correlation(centred[0], centred[1], weights),
            "models": _correlation(means[0][:, 0], means[1][:, 0], models),
            "pairs": self._ordered_right(models, columns),
        }

    def _ordered_right(self, models: Array, columns: Array) -> float:
        first, second, column, right = self._pairs
        weights = models[first] * models[second] * columns[column]
        return float((weights * right).sum() / weights.sum()) if weights.sum() else 0.0

    @cached_property
    def _pairs(self) -> tuple[Folds, Folds, Folds, Array]:
        """Two models a point or more apart in a column, better one first; 1 where the order is right, 0.5 a draw."""
        gap = self.given[:, None, :] - self.given[None, :, :]
        first, second, column = np.nonzero(np.nan_to_num(gap, nan=0.0) >= 1)
        guess = self.predicted[first, column] - self.predicted[second, column]
        return first, second, column, (np.sign(guess) + 1) / 2


def _average(values: Array, weights: Array, axis: int) -> Array:
    total = weights.sum(axis, keepdims=True)
    return np.asarray((values * weights).sum(axis, keepdims=True) / np.where(total, total, 1))


def _correlation(a: Array, b: Array, weights: Array) -> float:
    total = weights.sum() or 1.0
    a, b = a - (a * weights).sum() / total, b - (b * weights).sum() / total
    scale = np.sqrt((a * a * weights).sum() * (b * b * weights).sum())
    return float((a * b * weights).sum() / scale) if scale > 1e-9 else 0.0


def grid_of(rows: Sequence[Graded], predicted: Array) -> Grid:
    """The gradings and predictions as a grid."""
    models = {name: i for i, name in enumerate(sorted({row.model for row in rows}))}
    columns = {key: i for i, key in enumerate(sorted({(row.question, row.turn) for row in rows}))}
    family = {row.model: row.family for row in rows}
    names = sorted(set(family.values()))
    given, guessed = (np.full((len(models), len(columns)), np.nan) for _ in range(2))
    for row, guess in zip(rows, predicted, strict=True):
        place = models[row.model], columns[row.question, row.turn]
        given[place], guessed[place] = row.score, guess
    questions = sorted({question for question, _ in columns})
    return Grid(
        given,
        guessed,
        np.array([names.index(family[model]) for model in models]),
        np.array([questions.index(question) for question, _ in columns]),
    )


def figures(rows: Sequence[Graded], predicted: Array) -> dict[str, float]:
    """Agreement of predictions with the given scores.

    `answers`: correlation per answer; `within`: the same after each question and turn's mean is taken off; `models`:
    correlation of the models' means; `pairs`: of two answers to one question and turn that the scores separate by a
    point or more, the share ordered alike, a draw for half.
    """
    grid = grid_of(rows, predicted)
    return _rounded(grid.figures(np.ones(len(grid.given)), np.ones(grid.given.shape[1])))


def intervals(rows: Sequence[Graded], predicted: Array, draws: int = 500) -> dict[str, list[float]]:
    """95 % intervals of the figures: families and questions are drawn again, each with all that belongs to it."""
    grid, rng = grid_of(rows, predicted), np.random.default_rng(SEED)
    drawn = [grid.figures(_drawn(grid.families, rng), _drawn(grid.questions, rng)) for _ in range(draws)]
    return {key: np.round(np.percentile([one[key] for one in drawn], [2.5, 97.5]), 3).tolist() for key in drawn[0]}


def _drawn(members: Folds, rng: np.random.Generator) -> Array:
    """How often each member counts when its groups are drawn with replacement."""
    n = int(members.max()) + 1
    return np.bincount(rng.integers(n, size=n), minlength=n).astype(float)[members]


def _rounded(found: dict[str, float]) -> dict[str, float]:
    return {key: round(value, 3) for key, value in found.items()}


def calibration(given: Array, predicted: Array) -> dict[str, Any]:
    """Slope and intercept of given on predicted scores, and the means of both by predicted bins of a point."""
    slope, intercept = np.polyfit(predicted, given, 1) if np.ptp(predicted) else (0.0, given.mean())
    bins = np.clip(np.floor(predicted), 1, 9)
    table = [
        {
            "from": int(low),
            "answers": int(inside.sum()),
            "predicted": _at(predicted, inside),
            "given": _at(given, inside),
        }
        for low in range(1, 10)
        for inside in [bins == low]
        if inside.any()
    ]
    return {"slope": round(float(slope), 3), "intercept": round(float(intercept), 3), "bins": table}


def _at(values: Array, mask: Array) -> float:
    return round(float(values[mask].mean()), 2)
