"""How good the judge is where it wasn't trained: a fit grades only families and questions that it never saw."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from judgebench.attacks import ATTACKS
from judgebench.embedded.training.data import Graded
from judgebench.embedded.training.figures import Folds
from judgebench.embedded.training.fitting import Array, fit, measure, predicted, weigh

FAMILY_FOLDS, QUESTION_FOLDS, SEED = 5, 8, 0
ATTACKED = 1000  # answers, at most, that every attack is tried on


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

    def lesson(self, chosen: Array | None = None) -> tuple[Array, Array, Array, Folds]:
        """What `fit` is told of the chosen rows (a mask), or of all: features, scores, weights, and sets of copies."""
        places = np.arange(len(self.rows)) if chosen is None else np.flatnonzero(chosen)
        rows = [self.rows[i] for i in places.tolist()]
        return self.values[places], self.scores[places], weigh(rows), np.array([row.draw for row in rows])

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
            forest = fit(*sample.lesson(train))
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
