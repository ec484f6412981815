"""Tests by betting, which may be looked at after every question: their evidence, their interval, when to stop.

Whoever doubts that a mean is at most m lets us bet against it, at odds that are fair if it is m: our capital is then
a nonnegative martingale, and ever to multiply it by 1/alpha has a chance of at most alpha (Ville 1939), however often
one looks. Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, JRSS B 86 (2024).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy import special

from judgebench.statistics.clusters import Floats, Interval

Side: TypeAlias = Literal["above", "below"]
ALPHA = 0.05
_FRACTIONS = (np.arange(40) + 0.5) / 40  # of the capital that is staked
_SHARES = np.log(_FRACTIONS * (1 - _FRACTIONS) / (_FRACTIONS * (1 - _FRACTIONS)).sum())
_NEAR = 1e-12
_HALVINGS = 30
_LEARNT = 10.0  # questions after which a slope is half trusted


@dataclass(frozen=True, eq=False)
class Evidence:
    """What questions say of a mean between 0 and 1, in the order in which they were drawn.

    Each of `values` is as large as the mean in expectation, given those before it, and lies from `low` to `high`,
    which are known before it is drawn; after it the mean is certain to lie from `least` to `most`. All are
    (..., questions): leading axes are several trials.
    """

    values: Floats
    low: Floats
    high: Floats
    least: Floats
    most: Floats

    def reflected(self) -> "Evidence":
        """What they say of 1 - mean."""
        return Evidence(1 - self.values, 1 - self.high, 1 - self.low, 1 - self.most, 1 - self.least)


def of_alike(points: Floats) -> Evidence:
    """Of the mean over all questions of the kind that these were drawn from: points (..., questions) from 0 to 1."""
    nothing, all_ = np.zeros_like(points), np.ones_like(points)
    return Evidence(points, nothing, all_, nothing, all_)


def of_set(points: Floats, questions: int) -> Evidence:
    """Of the mean over just this set of so many questions, from those drawn so far without replacement.

    Source: section 5 of the paper above: those not drawn yet must make up what is missing to the mean.
    """
    left = questions - np.arange(points.shape[-1])
    least, most = _certain(points, questions)
    low = least - points / questions
    return Evidence(low + points * left / questions, low, low + left / questions, least, most)


def _certain(points: Floats, questions: int) -> tuple[Floats, Floats]:
    """Between what the mean of a set lies after each question, since the rest has from 0 to 1 points each."""
    least = np.cumsum(points, axis=-1) / questions
    return least, least + 1 - np.arange(1, points.shape[-1] + 1) / questions


def of_set_with(points: Floats, predictions: Floats, weights: Floats) -> Evidence:
    """As `of_set`, with a prediction of each question's points; questions are drawn in proportion to their weights.

    `points` (drawn,) belong to the first of `predictions` and `weights` (questions,). Predictions are a control
    variate: only what they miss is left to chance, and how far they are trusted is learnt from the questions before.
    However bad they are, the test stays valid. Source: Shekhar, Xu, Lipton, Liang and Ramdas, Risk-limiting financial
    audits via weighted sampling without replacement, UAI 2023.
    """
    questions, values, low, high = len(predictions), [], [], []
    slopes = _slopes(points, predictions[: len(points)])
    for place, (point, slope) in enumerate(zip(points, slopes, strict=True)):
        guess, weight = slope * predictions[place:], weights[place:]
        times = weight.sum() / weight
        known = points[:place].sum() + guess.sum()
        values.append((known + (point - guess[0]) * times[0]) / questions)
        low.append((known + (-guess * times).min()) / questions)
        high.append((known + ((1 - guess) * times).max()) / questions)
    return Evidence(np.array(values), np.array(low), np.array(high), *_certain(points, questions))


def _slopes(points: Floats, predictions: Floats) -> Floats:
    """By how much a prediction above their mean raises the points, from 0 to 1, judged by the questions before each."""
    slopes = np.zeros(len(points))
    for place in range(2, len(points)):
        seen, guess = points[:place], predictions[:place] - predictions[:place].mean()
        spread = float(guess @ guess)
        if spread > _NEAR:
            slopes[place] = np.clip(guess @ seen / spread * place / (place + _LEARNT), 0, 1)
    return slopes


def variance_taken(points: Floats, predictions: Floats) -> float | None:
    """The share of the points' variance that a line through the predictions explains; None where nothing varies."""
    if len(points) < 3 or np.ptp(points) < _NEAR or np.ptp(predictions) < _NEAR:
        return None
    return float(np.corrcoef(points, predictions)[0, 1] ** 2)


def log_capital(evidence: Evidence, mean: float, side: Side = "above") -> Floats:
    """The log of what a stake of 1 has become after each question, (..., questions), against "not `side` that mean".

    Shares of the capital are bet by constant fractions c of it, each of which makes 1 - c + c (z - low) / (mean - low)
    of every question: a universal portfolio (Cover 1991; Orabona and Jun, IEEE Trans. Inf. Theory 70 (2024)), the
    fractions weighed by c (1 - c). Infinite where the evidence rules the mean out.
    """
    if side == "below":
        return log_capital(evidence.reflected(), 1 - mean)
    room = mean - evidence.low
    won = evidence.values - evidence.low
    odds = np.where(room > _NEAR, won / np.where(room > _NEAR, room, 1.0), 1.0)
    logs = np.cumsum(np.log1p(_FRACTIONS * (odds[..., None] - 1)), axis=-2)
    capital: Floats = special.logsumexp(logs + _SHARES, axis=-1)
    return np.where(np.maximum.accumulate(evidence.least > mean + _NEAR, axis=-1), np.inf, capital)


@dataclass(frozen=True, eq=False)
class Trial:
    """The evidence for a mean that is high, and for one that is low; they differ where points are missing.

    A question without a verdict counts as lost for the one, and as won for the other: nothing is claimed that it
    could overturn.
    """

    above: Evidence
    below: Evidence

    def decided(self, threshold: float, alpha: float = ALPHA) -> tuple[Side | None, int | None]:
        """Whether the mean is above the threshold or below, and after how many questions that was known.

        The chance ever to say either where it isn't so is at most alpha / 2.
        """
        first: dict[Side, int] = {}
        for side, evidence in (("above", self.above), ("below", self.below)):
            known = log_capital(evidence, threshold, side) >= _needed(alpha)  # type: ignore[arg-type]
            if known.any():
                first[side] = int(known.argmax()) + 1  # type: ignore[index]
        if not first:
            return None, None
        side = min(first, key=lambda name: first[name])
        return side, first[side]

    def interval(self, alpha: float = ALPHA) -> Interval:
        """A confidence sequence: with confidence 1 - alpha it holds the mean after every question at once."""
        return _lowest(self.above, alpha), 1 - _lowest(self.below.reflected(), alpha)


def _needed(alpha: float) -> float:
    return float(np.log(2 / alpha))


def _lowest(evidence: Evidence, alpha: float) -> float:
    """The largest mean that was ever ruled out from below: the capital falls as the mean rises."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        ruled_out = (log_capital(evidence, middle) >= _needed(alpha)).any()
        low, high = (middle, high) if ruled_out else (low, middle)
    return low


def stopping(evidence: Evidence, threshold: float, alpha: float = ALPHA) -> tuple[Floats, Floats]:
    """Of several trials (trials, questions) at once: after how many questions each was known above, and below.

    NaN where it never was.
    """
    return (_first(evidence, threshold, "above", alpha), _first(evidence, threshold, "below", alpha))


def _first(evidence: Evidence, threshold: float, side: Side, alpha: float) -> Floats:
    known = log_capital(evidence, threshold, side) >= _needed(alpha)
    return np.where(known.any(axis=-1), known.argmax(axis=-1) + 1.0, np.nan)


def chance_to_decide(
    points: Floats, left: int, threshold: float, alpha: float, of_set_of: int | None = None, draws: int = 400
) -> float:
    """How likely the questions left are to decide, if they go on as those so far did: for stopping in vain.

    The points to come are drawn from those seen, each weighed at random (a Bayesian bootstrap, Rubin 1981, with half a
    loss, half a tie and half a win added). To stop where this is small can only lower the chance of a wrong verdict.
    """
    rng = np.random.default_rng(len(points))
    kinds, counts = np.unique(np.concatenate([points, [0.0, 0.5, 1.0]]), return_counts=True)
    counts = counts - 0.5 * np.isin(kinds, [0.0, 0.5, 1.0])
    chances = rng.dirichlet(counts, size=draws)
    drawn = (rng.random((draws, left, 1)) > np.cumsum(chances, axis=1)[:, None, :-1]).sum(axis=2)
    paths = np.concatenate([np.broadcast_to(points, (draws, len(points))), kinds[drawn]], axis=1)
    evidence = of_alike(paths) if of_set_of is None else of_set(paths, of_set_of)
    above, below = stopping(evidence, threshold, alpha)
    return float(np.mean(~np.isnan(above) | ~np.isnan(below)))


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
