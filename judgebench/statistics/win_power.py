"""Planning a win rate: what n questions detect, with the variance that there is under the difference itself.

The test is that of the report: the interval `Estimate.share_interval` leaves out one half. Under a difference d from
one half, and a share t of ties, a match is won with (1 - t) / 2 + d and lost with (1 - t) / 2 - d, and its points
have the variance (1 - t) / 4 - d^2: that of a close pair even where all that was seen is one model winning. With up
to EXACT matches the power is added up over all results; with more it is that of a noncentral t with that variance.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from judgebench.statistics.clusters import Floats, share_ends, t_quantile

EXACT = 300  # matches: 45,000 results
_LAST = 10**12  # questions
_SAME = 1e-9  # of a probability: what rounding leaves of 1


@dataclass(frozen=True, slots=True)
class WinRate:
    """What is known of a pair's matches: `ties` is the share that gives half a point each, from 0 up to 1.

    `effect` is the variance of a question's points over that of a match's: 1 with one match a question, 1/2 with two
    that have nothing to do with each other, 1 with two that always end alike.
    """

    ties: float
    effect: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.ties < 1 or not 0 < self.effect < math.inf:
            raise ValueError(f"ties are a share below 1 and an effect is above 0, not {self.ties} and {self.effect}")

    @property
    def largest(self) -> float:
        """The largest difference from one half that so many ties leave room for."""
        return (1 - self.ties) / 2

    def sd(self, difference: float) -> float:
        """The standard deviation between questions of points whose mean is so far from one half."""
        return math.sqrt(self.effect * max((1 - self.ties) / 4 - difference**2, 0.0))

    def power(self, questions: int, difference: float, alpha: float) -> float:
        """How likely so many questions (2 or more) are to show that the win rate isn't one half."""
        difference = min(abs(difference), self.largest)
        matches = max(round(questions / self.effect), 2)
        if matches <= EXACT:
            won, tied, rejected = _results(matches, questions, alpha)
            lost = matches - won - tied
            chances = (won, self.largest + difference), (tied, self.ties), (lost, max(self.largest - difference, 0.0))
            return float((rejected * np.exp(_ways(matches) + sum(special.xlogy(k, p) for k, p in chances))).sum())
        sd = self.sd(difference)
        if not sd:
            return 1.0
        t, distance = t_quantile(1 - alpha, questions - 1), difference * math.sqrt(questions) / sd
        above = special.nctdtr(questions - 1, min(distance, 1e6), t)
        return 1.0 - float(np.nan_to_num(above))

    def detects(self, questions: int, power: float, alpha: float) -> float | None:
        """The smallest difference that so many questions show with this power; None where they show none."""
        if questions < 2 or self.power(questions, self.largest, alpha) < power - _SAME:
            return None

        def short(difference: float) -> float:
            return self.power(questions, difference, alpha) - power

        if short(self.largest) <= 0:
            return self.largest
        return float(optimize.brentq(short, 0.0, self.largest, xtol=1e-9))

    def needed(self, difference: float, power: float, alpha: float) -> int | None:
        """The fewest questions that show a difference with this power; None where there is no such difference.

        As wins are counted in whole ones the power isn't quite steady in the number of questions: it is the least from
        which on a fiftieth more questions have that power too.
        """
        if difference > self.largest:
            return None
        low, high = 1, 2
        while self.power(high, difference, alpha) < power:
            low, high = high, 2 * high
            if high > _LAST:
                raise ValueError(f"a difference of {difference} takes over 10^12 questions")
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.power(middle, difference, alpha) >= power else (middle, high)
        last = high
        for more in range(high, high + max(high // 50, 2) if high / self.effect <= EXACT else high):
            last = last if self.power(more, difference, alpha) >= power else more + 1
        return last


@lru_cache(maxsize=64)
def _results(matches: int, questions: int, alpha: float) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """All numbers of wins and ties, each (results,), and whether their interval leaves out one half."""
    won, tied = (part.ravel() for part in np.mgrid[0 : matches + 1, 0 : matches + 1].astype(np.float64))
    possible = won + tied <= matches
    won, tied = won[possible], tied[possible]
    mean = (won + tied / 2) / matches
    # of n questions with the variance that so many matches have: n^2 sum influence^2
    squares = (
        questions / matches * (won * (1 - mean) ** 2 + tied * (0.5 - mean) ** 2 + (matches - won - tied) * mean**2)
    )
    squares *= questions / matches
    low, high = share_ends(mean, squares, questions, t_quantile(1 - alpha, questions - 1))
    return won, tied, (low > 0.5) | (high < 0.5)


@lru_cache(maxsize=64)
def _ways(matches: int) -> Floats:
    """The logarithm of how many orders each of `_results` has, (results,)."""
    won, tied = (part.ravel() for part in np.mgrid[0 : matches + 1, 0 : matches + 1].astype(np.float64))
    possible = won + tied <= matches
    parts = (won[possible], tied[possible], matches - won[possible] - tied[possible])
    return np.asarray(special.gammaln(matches + 1) - sum(special.gammaln(part + 1) for part in parts), np.float64)
