"""How good the judge is where it wasn't trained: a fit grades only families and questions that it never saw."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from judgebench.attacks import ATTACKS
from judgebench.embedded.training.data import Graded
from judgebench.embedded.training.fitting import Array, fit, measure, predicted, weigh

FAMILY_FOLDS, QUESTION_FOLDS, SEED = 5, 8, 0
ATTACKED = 1000  # answers, at most, that every attack is tried on
Folds = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Sample:
    """Gradings (the first `real`), then copies that only train: their features, scores, weights and folds."""

    rows: Sequence[Graded]
    real: int

    @cached_property
    def values(self) -> Array:
        """The features, one row each."""
        return measure(self.rows)

    @cached_property
    def scores(self) -> Array:
        """What was given."""
        return np.array([row.score for row in self.rows])

    @cached_property
    def weights(self) -> Array:
        """What each row counts."""
        return weigh(self.rows, self.real)

    @cached_property
    def folds(self) -> tuple[Folds, Folds]:
        """For each row the fold of its family (balanced by rows) and of its question."""
        families, questions = _family_folds(self.rows), sorted({row.question for row in self.rows})
        random.Random(SEED).shuffle(questions)
        place = {question: i % QUESTION_FOLDS for i, question in enumerate(questions)}
        return (
            np.array([families[row.family] for row in self.rows]),
            np.array([place[row.question] for row in self.rows]),
        )

    @property
    def gradings(self) -> Sequence[Graded]:
        """The rows that are not copies."""
        return self.rows[: self.real]


def _family_folds(rows: Sequence[Graded]) -> dict[str, int]:
    sizes, load, fold = Counter(row.family for row in rows), [0] * FAMILY_FOLDS, {}
    for name, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        fold[name] = load.index(min(load))
        load[fold[name]] += size
    return fold


def splits(families: Folds, questions: Folds) -> Iterator[tuple[Array, Array]]:
    """Masks (train, test) over a grid: no test row shares its model's family or its question with a training row."""
    for family in sorted(set(families.tolist())):
        for question in sorted(set(questions.tolist())):
            yield (families != family) & (questions != question), (families == family) & (questions == question)


def held_out(sample: Sample, extra: Array, owners: Folds) -> tuple[Array, Array]:
    """The predictions for the gradings, and for `extra` rows of features, each by the fit for the row that owns it."""
    own, beside = np.zeros(len(sample.rows)), np.zeros(len(extra))
    for train, test in splits(*sample.folds):
        if test.any():
            forest = fit(sample.values[train], sample.scores[train], sample.weights[train])
            own[test] = predicted(forest, sample.values[test])
            beside[test[owners]] = predicted(forest, extra[test[owners]])
    return own[: sample.real], beside


def mean_of_category(sample: Sample) -> Array:
    """The baseline that knows only category and turn, held out in the same way."""
    keys = [(row.category, row.turn) for row in sample.gradings]
    guessed = np.full(sample.real, sample.scores[: sample.real].mean())
    families, questions = sample.folds
    for train, test in splits(families[: sample.real], questions[: sample.real]):
        means = {key: _mean(sample.scores[i] for i in np.flatnonzero(train) if keys[i] == key) for key in set(keys)}
        for i in np.flatnonzero(test):
            guessed[i] = means[keys[i]]
    return guessed


def _mean(values: Iterator[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0


# ---- figures -------------------------------------------------------------------------------------------------


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


# ---- attacks -------------------------------------------------------------------------------------------------


def attacked(rows: Sequence[Graded]) -> tuple[list[Graded], Folds]:
    """Every attack's text and what it is compared with, for a sample of the rows; with the places of their rows."""
    step = max(1, len(rows) // ATTACKED)
    made, owners = [], []
    for place in range(0, len(rows), step):
        row = rows[place]
        for attack in ATTACKS:
            for text in (attack.make(row.turns, row.answers[-1], place), attack.compared_with(row.answers[-1])):
                made.append(row.answered(text, row.score))
                owners.append(place)
    return made, np.array(owners)


def gains(scores: Array) -> dict[str, float]:
    """The mean gain of each attack, from the scores of what `attacked` made."""
    apart = scores.reshape(-1, len(ATTACKS), 2)
    return {attack.name: round(float((apart[:, i, 0] - apart[:, i, 1]).mean()), 2) for i, attack in enumerate(ATTACKS)}
