"""What a capital becomes that is bet on the questions of an evaluation, one after the other, at fair odds.

Whoever doubts that a mean is at most m lets us bet against it, at odds that are fair if it is m: our capital is then
a nonnegative martingale, and ever to multiply it by 1/alpha has a chance of at most alpha (Ville 1939), however often
one looks. Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, JRSS B 86 (2024).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
from scipy import special

from judgebench.statistics.clusters import Floats

Side: TypeAlias = Literal["above", "below"]
ALPHA = 0.05
FRACTIONS = np.array([0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95])  # of a capital, staked on every question
ALIKE = np.array([0, 0.02, 0, 0.02, 0, 0, 0.04])  # shares of the capital that are bet so; the rest aims at the deadline
UNPLANNED = FRACTIONS * (1 - FRACTIONS) / (FRACTIONS * (1 - FRACTIONS)).sum()  # all, where no deadline is known
SET = 0.7 * UNPLANNED  # the end of a set needs no test, so that to be near it is worth less
_AIM = 0.7  # of the chance under no difference; 1 would not stop before the deadline, 1/2 is O'Brien and Fleming's
_LARGEST = 0.98  # of a capital that is ever at stake
_OVERSHOOT = 0.005  # by how much more than is needed may be won, so that small gains reach it, too
_NARROW = 0.1  # a variance below which points spread little
_SPREAD = 4.0  # questions' worth of the widest spread, before the first
_MIDDLE = 10.0  # questions' worth of ties in their mean
_NEAR, _NOTHING = 1e-12, 1e-24


@dataclass(frozen=True, eq=False)
class Evidence:
    """What questions say of a mean between 0 and 1, in the order in which they were drawn.

    Each of `values` is as large as the mean in expectation, given those before it, and lies from `low` to `high`,
    which are known before it is drawn; after it the mean is certain to lie from `least` to `most`. All are
    (..., questions): leading axes are several trials. `horizon` (questions,): within how many questions one means to
    know, as planned when each was drawn. `shares`: of the capital, bet by constant FRACTIONS.
    """

    values: Floats
    low: Floats
    high: Floats
    least: Floats
    most: Floats
    horizon: Floats
    shares: Floats

    def reflected(self) -> "Evidence":
        """What they say of 1 - mean."""
        return Evidence(
            1 - self.values, 1 - self.high, 1 - self.low, 1 - self.most, 1 - self.least, self.horizon, self.shares
        )


def log_capital(evidence: Evidence, mean: float | Floats, side: Side = "above", alpha: float = ALPHA) -> Floats:
    """The log of what a stake of 1 has become after each question, (..., questions), against "not `side` that mean".

    It aims at 2 / alpha. It falls as the mean rises, until that is reached: so the means that were ever ruled out are
    all up to some. Infinite where the evidence rules the mean out for certain. Several means (means,) before one trial
    (questions,) give (means, questions).
    """
    if side == "below":
        return log_capital(evidence.reflected(), 1 - mean, alpha=alpha)
    doubted = np.asarray(mean)[..., None]
    capital = np.concatenate(list(_by_part(evidence, doubted, 2 / alpha)), axis=-1)
    certain = np.maximum.accumulate(evidence.least > doubted + _NEAR, axis=-1)
    return np.where(certain, np.inf, capital)


def _by_part(evidence: Evidence, doubted: Floats, goal: float) -> Iterator[Floats]:
    """The log of the capital: part of it is bet by constant fractions, most of it aims at the deadline.

    Where more questions are planned than before, what there is is shared out anew.
    """
    width, shares = evidence.high - evidence.low, evidence.shares
    at = (doubted - evidence.low) / width
    possible = (at > _NEAR) & (at < 1 - _NEAR)
    at = np.where(possible, at, 0.5)
    won = np.where(possible, (evidence.values - evidence.low) / width - at, 0.0)
    variance = _variance(evidence)
    steps = won, 1 / np.sqrt(variance * evidence.horizon), _LARGEST / at, _room(variance, at)
    capital: Floats = np.zeros(won.shape[:-1])
    for part in _parts(evidence.horizon):
        steady = capital[..., None] + _steady(won[..., part] / at[..., part], width[..., part], shares)
        started = np.clip((1 - shares.sum()) * np.exp(capital) / goal, 0, 1)
        chance = _aimed(started, *(one[..., part] for one in steps))
        yield (logs := np.logaddexp(steady, np.log(np.maximum(chance, _NOTHING) * goal)))
        capital = logs[..., -1]


def _parts(horizon: Floats) -> Iterator[slice]:
    """The stretches in which no questions were added to those planned."""
    starts = [0, *(np.flatnonzero(np.diff(horizon) >= 0) + 1).tolist(), len(horizon)]
    return (slice(start, end) for start, end in pairwise(starts))


def _variance(evidence: Evidence) -> Floats:
    """Of the questions before each, about their mean, in units of the width that each could have."""
    weights = (evidence.high - evidence.low) ** -2.0
    moments = (np.ones_like(evidence.values), evidence.values)
    number, total = (before(one) for one in moments)
    mean = (total + _MIDDLE / 2) / (number + _MIDDLE)
    squares, products, weight = (before(weights * evidence.values**power) for power in (2, 1, 0))
    spread = np.maximum(squares - 2 * mean * products + mean**2 * weight, 0.0)
    return np.asarray((spread + _SPREAD / 4) / (number + _SPREAD))


def _room(variance: Floats, at: Floats) -> Floats:
    """How much may be staked for each part of the goal that is missing, so that the largest gain doesn't win too much.

    Where points spread little, large gains are so rare that what they would win too much doesn't matter.
    """
    return np.asarray(np.maximum(1, _NARROW / variance) ** 2 / (1 - at))


def before(values: Floats) -> Floats:
    """What the values before each add up to."""
    sums: Floats = np.cumsum(values, axis=-1)
    return sums - values


def _steady(gains: Floats, width: Floats, shares: Floats) -> Floats:
    """The log of what shares become that are staked by constant fractions, larger where little of a set is left.

    A portfolio of a few bets in place of Cover's universal one (1991; Orabona and Jun, IEEE Trans. Inf. Theory 2024).
    """
    bet = shares > 0
    fractions = np.minimum(FRACTIONS[bet] / np.minimum(width, 1)[..., None], _LARGEST)
    logs = np.cumsum(np.log1p(fractions * gains[..., None]), axis=-2)
    total: Floats = special.logsumexp(logs, b=shares[bet], axis=-1)
    return total


def _aimed(chance: Floats, won: Floats, scale: Floats, largest: Floats, room: Floats) -> Floats:
    """A capital that means to reach its goal at the deadline: its share of the goal after each question.

    Of points without a difference, that share is the chance that the goal is still reached. Were the sum of points a
    Brownian motion, then to be x standard deviations of what is to come from the goal has a chance of Phi(-x) to end
    beyond it; the share is 1 / _AIM of that, and the stake that keeps it so is phi(x) / (_AIM sd). Never more is
    staked than is there (`largest`), or than is needed (`room`). Source: Lan, Simon and Halperin, Stochastically
    curtailed tests in long-term clinical trials, Sequential Analysis 1 (1982), here as a bet.
    """
    path = np.empty((won.shape[-1], *won.shape[:-1]))
    steps = (np.moveaxis(one, -1, 0) for one in (scale / (_AIM * np.sqrt(2 * np.pi)), largest, room, won))
    for place, (aimed, most, enough, gain) in enumerate(zip(*steps, strict=True)):
        x = special.ndtri(_AIM * np.minimum(chance, 1))
        stake = np.minimum(np.exp(x * x / -2) * aimed, enough * np.maximum(1 + _OVERSHOOT - chance, 0))
        chance = chance + np.minimum(stake, most * chance) * gain
        path[place] = chance
    return np.moveaxis(path, 0, -1)
