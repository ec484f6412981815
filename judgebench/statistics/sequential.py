"""Tests that may be looked at after every question: evidence of a win rate, its interval, when to stop.

They bet (`bets`): a side is known once the capital that is bet on it has grown by 2 / alpha, which happens to a claim
that is wrong with a chance of at most alpha / 2, however often one looks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from judgebench.statistics.bets import ALIKE, ALPHA, SET, UNPLANNED, Evidence, Side, before, log_capital
from judgebench.statistics.clusters import Floats, Interval

__all__ = [
    "ALPHA", "Evidence", "Planned", "Side", "Trial", "chance_to_decide", "continued", "decide", "discoveries", "first",
    "log_capital", "of_alike", "of_set", "of_set_with", "share_of", "stopping", "variance_taken",
]  # fmt: skip

Planned: TypeAlias = int | NDArray[np.int64]  # the size of the set, or as it was known when each question was drawn
_NEAR = 1e-12
_GRID, _ROUNDS = 65, 4  # means at once, and how often: ends to a ten-millionth
_ANYTHING = 1e9  # by how much a value may be off of which nothing is known, so that nothing can be won on it
_LEARNT = 10.0  # questions after which a slope is half trusted


def decide(points: Floats, threshold: float, planned: Planned, alpha: float = ALPHA) -> tuple[Side | None, int]:
    """On which side of the threshold the mean is, if that is known, and after how many questions.

    `points` (drawn,) of one trial from 0 to 1 in the order drawn at random, NaN where missing: lost for "above", won
    for "below". `planned`: the size of the set, or (drawn,) as it was known when each question was drawn. A look is
    taken after every question, and the chance of a wrong side is at most alpha. None: not known after all of them.
    """
    side, after = Trial.of(points, partial(of_alike, planned=planned)).decided(threshold, alpha)
    return side, after or len(points)


def of_alike(points: Floats, planned: Planned | None = None) -> Evidence:
    """Of the mean over all questions of the kind that these were drawn from: points (..., questions) from 0 to 1.

    `planned` as of `decide`. Never as many as there are so far: that would be another test at each look. Without it no
    deadline is aimed at, which takes more questions.
    """
    nothing, all_, drawn = np.zeros_like(points), np.ones_like(points), np.arange(points.shape[-1])
    left = np.asarray(np.maximum((len(drawn) if planned is None else planned) - drawn, 1), np.float64)
    return Evidence(points, nothing, all_, nothing, all_, left, UNPLANNED if planned is None else ALIKE)


def of_set(points: Floats, questions: int, known: int = 0) -> Evidence:
    """Of the mean over just this set of so many questions, from those drawn so far without replacement.

    `known`: so many were drawn when the set was smaller; they count, and nothing is bet on them. Source: section 5 of
    the paper that `bets` cites: those not drawn yet must make up what is missing to the mean.
    """
    left, later = questions - np.arange(points.shape[-1]), np.arange(points.shape[-1]) >= known
    least, most = _certain(points, questions)
    low = np.where(later, least - points / questions, -_ANYTHING)
    high = np.where(later, low + left / questions, 1 + _ANYTHING)
    values = np.where(later, low + points * left / questions, 0.5)
    return Evidence(values, low, high, least, most, left / 2, SET)


def _certain(points: Floats, questions: int) -> tuple[Floats, Floats]:
    """Between what the mean of a set lies after each question, since the rest has from 0 to 1 points each."""
    least = np.cumsum(points, axis=-1) / questions
    return least, least + 1 - np.arange(1, points.shape[-1] + 1) / questions


def of_set_with(points: Floats, predictions: Floats, weights: Floats) -> Evidence:
    """As `of_set`, with a prediction of each question's points; questions are drawn in proportion to their weights.

    `points` (..., drawn) belong to the first of `predictions` and `weights` (questions,). Predictions are a control
    variate: only what they miss is left to chance, and how far they are trusted is learnt from the questions before.
    However bad they are, the test stays valid. Source: Shekhar, Xu, Lipton, Liang and Ramdas, Risk-limiting financial
    audits via weighted sampling without replacement, UAI 2023.
    """
    questions, drawn = len(predictions), points.shape[-1]
    values, low, high = np.empty((3, *points.shape))
    slopes, before = _slopes(points, predictions[:drawn]), np.cumsum(points, axis=-1) - points
    for place in range(drawn):
        guess, times = slopes[..., place, None] * predictions[place:], weights[place:].sum() / weights[place:]
        known = before[..., place] + guess.sum(axis=-1)
        values[..., place] = known + (points[..., place] - guess[..., 0]) * times[0]
        low[..., place] = known + (-guess * times).min(axis=-1)
        high[..., place] = known + ((1 - guess) * times).max(axis=-1)
    values, low, high = (one / questions for one in (values, low, high))
    least, most = _certain(points, questions)
    left = (questions - np.arange(drawn)) / 2
    return Evidence(values, low, high, np.maximum(least, low), np.minimum(most, high), left, SET)


def _slopes(points: Floats, predictions: Floats) -> Floats:
    """By how much a prediction above their mean raises the points, from 0 to 1, judged by the questions before each."""
    number = np.arange(points.shape[-1])
    squares, products = (before(predictions * one) for one in (predictions, points))
    guess, seen = (before(one) / np.maximum(number, 1) for one in (predictions, points))
    spread, both = squares - number * guess**2, products - number * guess * seen
    slope = both / np.where(spread > _NEAR, spread, np.inf) * number / (number + _LEARNT)
    return np.where(number > 1, np.clip(slope, 0, 1), 0.0)


def variance_taken(points: Floats, predictions: Floats) -> float | None:
    """The share of the points' variance that a line through the predictions explains; None where nothing varies."""
    if len(points) < 3 or np.ptp(points) < _NEAR or np.ptp(predictions) < _NEAR:
        return None
    return float(np.corrcoef(points, predictions)[0, 1] ** 2)


@dataclass(frozen=True, eq=False)
class Trial:
    """The evidence for a mean that is high, and for one that is low; they differ where points are missing."""

    above: Evidence
    below: Evidence

    @classmethod
    def of(cls, points: Floats, evidence: Callable[[Floats], Evidence]) -> "Trial":
        """A question without a verdict (NaN) is lost for the one claim, and won for the other.

        So nothing is claimed that it could overturn.
        """
        return cls(evidence(np.nan_to_num(points, nan=0.0)), evidence(np.nan_to_num(points, nan=1.0)))

    def decided(self, threshold: float, alpha: float = ALPHA) -> tuple[Side | None, int | None]:
        """Whether the mean is above the threshold or below, and after how many questions that was known.

        The chance ever to say either where it isn't so is at most alpha / 2.
        """
        above, below = self.stopping(threshold, alpha)
        after = np.fmin(above, below)
        if np.isnan(after):
            return None, None
        return "above" if above == after else "below", int(after)

    def stopping(self, threshold: float, alpha: float = ALPHA) -> tuple[Floats, Floats]:
        """After how many questions each trial was known to be above, and below; NaN where it never was."""
        return first(self.above, threshold, alpha), first(self.below.reflected(), 1 - threshold, alpha)

    def interval(self, alpha: float = ALPHA) -> Interval:
        """A confidence sequence: with confidence 1 - alpha it holds the mean after every question at once."""
        return self.lower(alpha), self.upper(alpha)

    def lower(self, alpha: float = ALPHA) -> float:
        """The lower end alone: the mean is ever below it with a chance of at most alpha / 2."""
        return _lowest(self.above, alpha)

    def upper(self, alpha: float = ALPHA) -> float:
        """The upper end alone."""
        return 1 - _lowest(self.below.reflected(), alpha)


def share_of(alpha: float, place: int) -> float:
    """What the claim in that place (1, 2, ...) gets of alpha: alpha / (place (place + 1)).

    However many come, their shares add up to at most alpha, and so do the chances that any of them is wrong, whatever
    they have to do with each other; nobody needs to know how many will come.
    """
    return alpha / (place * (place + 1))


def stopping(evidence: Evidence, threshold: float, alpha: float = ALPHA) -> tuple[Floats, Floats]:
    """Of several trials (trials, questions) at once: after how many questions each was known above, and below.

    NaN where it never was.
    """
    return Trial(evidence, evidence).stopping(threshold, alpha)


def first(evidence: Evidence, threshold: float, alpha: float = ALPHA) -> Floats:
    """After how many questions each trial was known to be above, at alpha / 2; NaN where it never was."""
    known = _ruled_out(evidence, threshold, alpha)
    return np.where(known.any(axis=-1), known.argmax(axis=-1) + 1.0, np.nan)


def _lowest(evidence: Evidence, alpha: float) -> float:
    """The largest mean that was ever ruled out from below: all lower ones were before it, but for 0, which never is."""
    low, high = 0.0, 1.0
    for _ in range(_ROUNDS):
        grid = np.linspace(low, high, _GRID)
        out = int(_ruled_out(evidence, grid[1:], alpha).any(axis=-1).sum())
        low, high = float(grid[out]), float(grid[min(out + 1, _GRID - 1)])
    return low


def _ruled_out(evidence: Evidence, mean: float | Floats, alpha: float) -> NDArray[np.bool_]:
    """Whether the mean is known to be above this, after each question."""
    return np.asarray(log_capital(evidence, mean, alpha=alpha) >= np.log(2 / alpha))


def chance_to_decide(
    points: Floats,
    left: int,
    threshold: float,
    alpha: float,
    of_set_of: int | None = None,
    draws: int = 400,
    evidence: Callable[[Floats], Evidence] | None = None,
    predictions: Floats | None = None,
) -> float:
    """How likely the questions left are to decide, if they go on as those so far did: for stopping in vain.

    `points` so far (NaN where missing); `evidence` of points so far and to come, by default of questions alike, or of
    a set `of_set_of` so many. To stop where this is small can only lower the chance of a wrong verdict, whatever it
    rests on: so `predictions` of all questions, in the same order, may tell what is to come.
    """
    planned = len(points) + left
    if evidence is None:
        evidence = partial(of_alike, planned=planned) if of_set_of is None else partial(of_set, questions=of_set_of)
    above, below = Trial.of(continued(points, left, draws, predictions), evidence).stopping(threshold, alpha)
    return float(np.mean(~np.isnan(above) | ~np.isnan(below)))


def continued(points: Floats, left: int, draws: int = 400, predictions: Floats | None = None) -> Floats:
    """The points so far, (questions,), with what may be to come of the questions left: (draws, questions + left)."""
    planned = len(points) + left
    to_come = _to_come(points, left, draws, np.zeros(planned) if predictions is None else predictions[:planned])
    return np.concatenate([np.broadcast_to(points, (draws, len(points))), to_come], axis=1)


def _to_come(points: Floats, left: int, draws: int, predictions: Floats) -> Floats:
    """Points that could come, (draws, left): drawn from those seen, each weighed at random.

    A Bayesian bootstrap (Rubin 1981), with half a loss, half a tie and half a win added; of what predictions miss.
    """
    rng = np.random.default_rng(len(points))
    known = ~np.isnan(points)
    seen, guess = points[known], predictions[: len(points)][known]
    slope = float(_slopes(np.append(seen, 0.0), np.append(guess, 0.0))[-1])
    middle = guess.mean() if len(guess) else 0.0
    missed = np.concatenate([seen - slope * (guess - middle), [0.0, 0.5, 1.0]])
    weights = rng.gamma(np.concatenate([np.ones(len(seen)), np.full(3, 0.5)]), size=(draws, len(missed)))
    chances = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    place = np.array([np.searchsorted(one[:-1], rng.random(left)) for one in chances])
    return np.asarray(np.clip(missed[place] + slope * (predictions[len(points) :] - middle), 0, 1))


def discoveries(p_values: Sequence[float], alpha: float = ALPHA) -> list[bool]:
    """Which hypotheses to reject so that of those rejected at most a share alpha is true, in expectation.

    Benjamini and Hochberg, JRSS B 57 (1995), for independent tests. With 1/e in place of p-values, where e is a
    capital, this is e-BH (Wang and Ramdas, JRSS B 84 (2022)), which holds however they depend and whenever one stops.
    """
    ranked = sorted(range(len(p_values)), key=lambda place: p_values[place])
    last = max(
        (rank for rank, place in enumerate(ranked, 1) if p_values[place] <= alpha * rank / len(ranked)), default=0
    )
    rejected = set(ranked[:last])
    return [place in rejected for place in range(len(p_values))]
