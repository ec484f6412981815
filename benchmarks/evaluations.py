"""Simulated evaluations, for coverage.py: what a judge says of two models, and the figures that are made of it.

A question has its own difficulty, each model does better or worse on it and sometimes fails, and all of that is in
both turns and in every review of them. A judge rates each answer alone, and each pair in both orders; it favours what
it sees first, rounds to whole points from 1 to 10 (so that there are ties), and misses some reviews.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from judgebench.statistics import clusters
from judgebench.statistics.clusters import Estimate, Floats, Interval

SEED = 5
Kind: TypeAlias = Literal["mean", "difference", "ratio", "share"]


@dataclass(frozen=True)
class Truth:
    """What there is to be found: the mean quality of both models on the judge's scale."""

    name: str
    a: float
    b: float


TRUTHS = (
    Truth("close pair", 7.0, 7.0),
    Truth("clear pair", 6.5, 7.5),
    Truth("near the ceiling", 9.3, 9.5),
    Truth("one-sided", 5.0, 8.0),
    Truth("nearly always won", 4.0, 8.0),
)


@dataclass(frozen=True)
class Rows:
    """What one figure is made of in many runs: numerators and denominators (runs, rows), NaN where missing.

    `codes` (rows,) are the rows' questions. `kind` says which interval the report gives the figure.
    """

    numerators: Floats
    denominators: Floats
    codes: NDArray[np.int64]
    kind: Kind = "ratio"

    @property
    def questions(self) -> int:
        """How many there are."""
        return int(self.codes[-1]) + 1

    def by_question(self) -> tuple[Floats, Floats]:
        """What the rows of each question add up to: numerators and denominators, (runs, questions)."""
        return self._sums(self.numerators), self._sums(self.denominators)

    def _sums(self, values: Floats) -> Floats:
        runs = len(values)
        shifted = self.codes + self.questions * np.arange(runs)[:, None]  # all runs in one call
        found = clusters.sums(shifted.ravel(), values.ravel(), runs * self.questions)
        return found.reshape(runs, self.questions)


def draw(truth: Truth, shape: tuple[int, int], rng: np.random.Generator, missing: float) -> tuple[Floats, Floats]:
    """Single scores (runs, questions, models, turns) and those of pairs (runs, questions, turns, orders, models).

    `shape` is (runs, questions). Of two orders, the first shows model 0 first. NaN: the review has no verdict.
    """
    normal = rng.standard_normal
    quality = np.array([[truth.a], [truth.b]]) + normal((*shape, 1, 1)) + 0.8 * normal((*shape, 2, 1))
    quality -= 4.0 * (rng.random((*shape, 2, 1)) < 0.04)
    quality = quality + 0.6 * normal((*shape, 2, 2)) + np.array([0.0, -0.6])
    single = _rated(quality + 0.5 * normal(quality.shape))
    favoured = 0.5 * np.eye(2)
    shown = quality.swapaxes(2, 3)[:, :, :, None] + favoured
    pair = _rated(shown + 0.7 * normal(shown.shape))
    single[rng.random(single.shape) < missing] = np.nan
    pair[rng.random(pair.shape[:-1]) < missing] = np.nan
    return single, pair


def _rated(quality: Floats) -> Floats:
    return np.clip(np.rint(quality), 1, 10)


def figures(single: Floats, pair: Floats) -> dict[str, Rows]:
    """Every figure's rows, of b (model 1) against a; a match with a missing order is in no figure of pairs."""
    a, b = pair[..., 0], pair[..., 1]
    complete = np.where(np.isnan(a).any(axis=-1, keepdims=True), np.nan, 0.0)  # NaN + anything: left out
    won = np.where(b > a, 1.0, np.where(a == b, 0.5, 0.0)) + complete
    agreed = np.where(won[..., 0] == won[..., 1], won[..., 0], 0.5) + complete[..., 0]
    return {
        "mean score": _mean(single[:, :, 1], "mean"),
        "difference of mean scores": _mean(single[:, :, 1] - single[:, :, 0], "difference"),
        "ratio of total scores": made_of(b / 2 + complete, a / 2 + complete),
        "win rate": _mean(agreed, "share"),
        "win rate, corrected for order": _mean(won, "share"),
        "second turn less first": _mean(single[:, :, 1, 1] - single[:, :, 1, 0], "difference"),
    }


def _mean(values: Floats, kind: Kind) -> Rows:
    return made_of(values, np.where(np.isnan(values), 0.0, 1.0), kind)


def made_of(numerators: Floats, denominators: Floats, kind: Kind = "ratio") -> Rows:
    """From arrays (runs, questions, ...) of numerators and denominators."""
    runs, questions = numerators.shape[:2]
    over, under = (values.reshape(runs, -1) for values in (numerators, denominators))
    return Rows(over, under, np.repeat(np.arange(questions), over.shape[1] // questions), kind)


def interval(estimate: Estimate, kind: Kind, under: Floats) -> Interval | None:
    """What the report gives such a figure, on a scale from 1 to 10; `under` are its denominators by question."""
    if kind == "share":
        return estimate.share_interval()
    if kind == "mean":
        return estimate.mean_interval(1, 10)
    step = 1.0 if kind == "difference" else estimate.questions / float(under.sum())
    return estimate.difference_interval(step)


@cache
def true_values(truth: Truth) -> dict[str, float]:
    """Each figure over a million questions that miss nothing."""
    made = figures(*draw(truth, (1, 1_000_000), np.random.default_rng(SEED), 0.0))
    return {name: float(np.nansum(rows.numerators) / np.nansum(rows.denominators)) for name, rows in made.items()}
