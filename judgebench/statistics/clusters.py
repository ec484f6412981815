"""Figures that are ratios of sums over questions, and their intervals: the question is the unit of resampling.

A mean score is sum of scores / number of scores, a win rate is points / matches, Vicuna's ratio is one total over the
other: each is R = sum(x_q) / sum(y_q), with what orders, turns, repeats and judges of question q add up to in x_q and
y_q. That one form gives all of them an influence per question, and from it every interval here.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats: TypeAlias = NDArray[np.float64]
Interval: TypeAlias = tuple[float, float]
AnyFloats = TypeVar("AnyFloats", float, NDArray[np.float64])
LEVEL = 0.95
DRAWS = 1000
_PSEUDO = 0.25  # of a win and of a loss, in the variance of a share
_AT_END = 0.25  # of a question at an end of the scale, in the variance of a mean
_UNSEEN_SHARE = 0.04  # of questions that fail wholly: what an interval of a mean has to have room for
_UNSEEN = 0.044  # of the way to the end of the scale that it leaves for them: a little more than their share
_SEEN = 0.055  # the chance of having seen none, from which on less room is left
_BESIDE = 0.42  # standard errors, for what the others' mean is uncertain by
_SEED = 20230330  # fixed, so that a report is the same each time


@dataclass(frozen=True, eq=False)
class Estimate:
    """A figure, and how much each question moved it.

    `influence` (questions,) sums to 0, and holds 0 for a question that is not in the figure; `questions` counts those
    that are. Estimates over the same questions, in the same order, can be subtracted: what one question does to both
    cancels, as in a paired test.
    """

    value: float
    influence: Floats
    questions: int

    def __sub__(self, other: "Estimate") -> "Estimate":
        questions = int(np.count_nonzero((self.influence != 0) | (other.influence != 0)))
        shared = max(self.questions, other.questions, questions)
        return Estimate(self.value - other.value, self.influence - other.influence, shared)

    def __add__(self, other: "Estimate") -> "Estimate":
        return self - other.times(-1)

    def times(self, factor: float) -> "Estimate":
        """The figure in another unit."""
        return Estimate(factor * self.value, factor * self.influence, self.questions)

    @property
    def standard_error(self) -> float:
        """The cluster-robust standard error, sqrt(n / (n - 1) sum(influence^2)); NaN for fewer than two questions.

        Source: linearisation of a ratio of sums, Cochran, Sampling Techniques (1977), section 6.3, with clusters.
        """
        if self.questions < 2:
            return math.nan
        return float(math.sqrt(self.questions / (self.questions - 1) * (self.influence**2).sum()))

    def interval(self, level: float = LEVEL) -> Interval | None:
        """Estimate -+ t(n - 1) standard errors; None for fewer than two questions."""
        if self.questions < 2:
            return None
        half = t_quantile(level, self.questions - 1) * self.standard_error
        return self.value - half, self.value + half

    def difference_interval(self, step: float, level: float = LEVEL) -> Interval | None:
        """`interval`, with a quarter of a question one step up and a quarter one step down in the variance.

        A step is the smallest difference that a question can make, in the figure's unit: a few questions that all say
        the same are no proof that every one does. The quarters are ours; see docs/statistics.md.
        """
        more = step / (2 * self.questions) if self.questions else 0.0
        return Estimate(self.value, np.append(self.influence, [more, -more]), self.questions).interval(level)

    def mean_interval(self, low: float, high: float, level: float = LEVEL) -> Interval | None:
        """The interval of a mean of scores from `low` to `high`; None for fewer than two questions.

        Each side is the larger of two, and cut to the scale. One is t standard errors, with a part of a question at
        that end of the scale in the variance (_AT_END): nothing is certain from a few scores that agree. The other
        leaves room for what so few questions may not have shown: a share _UNSEEN of them at that end, as long as
        their not being seen has a chance, and a standard error beside. Both are ours; see docs/statistics.md for what
        they are for and what they cover.
        """
        n = self.questions
        if n < 2:
            return None
        squares = n * n * float((self.influence**2).sum())
        t, room = t_quantile(level, n - 1), _UNSEEN * min(1.0, (1 - _UNSEEN_SHARE) ** n / _SEEN)

        def side(reach: float) -> float:
            spread = math.sqrt((squares + _AT_END * reach**2) / (n * (n - 1)))
            return max(t * spread, room * reach + _BESIDE * math.sqrt(squares / (n * (n - 1))))

        down, up = max(self.value - low, 0.0), max(high - self.value, 0.0)
        return max(self.value - side(down), low), min(self.value + side(up), high)

    def share_interval(self, level: float = LEVEL) -> Interval | None:
        """The interval of a figure between 0 and 1 (a win rate): Wilson's, at the effective number of questions.

        n_eff is the number of independent wins and losses that would vary as much as the figure does. Its variance is
        taken with a quarter of a win and a quarter of a loss added: a few questions that all say the same are no
        proof that every one does, so that 80 wins of 80 are not called certain. Source: Wilson, JASA 22 (1927); with
        a design effect and t: Franco, Little, Louis and Slud, J. Survey Statistics and Methodology 7 (2019); the
        quarters are ours, and benchmarks/coverage.py shows what they are for.
        """
        n = self.questions
        if n < 2:
            return None
        low, high = share_ends(self.value, n * n * (self.influence**2).sum(), n, t_quantile(level, n - 1))
        return float(low), float(high)


def share_ends(value: AnyFloats, squares: AnyFloats, n: int, t: float) -> tuple[AnyFloats, AnyFloats]:
    """The ends of `Estimate.share_interval` for shares of n questions, whose squared deviations from them add up to
    `squares`; t is the quantile of Student's t.
    """
    more = _PSEUDO
    mean = (n * value + more) / (n + 2 * more)
    squares = squares + n * (value - mean) ** 2 + more * mean**2 + more * (1 - mean) ** 2
    effective = n * (n + 2 * more) * mean * (1 - mean) / squares
    centre = (value + t * t / (2 * effective)) / (1 + t * t / effective)
    spread = np.maximum(value * (1 - value), 0.0) / effective + (t / (2 * effective)) ** 2
    half = t / (1 + t * t / effective) * np.sqrt(spread)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def ratio_of_sums(numerators: Floats, denominators: Floats) -> Estimate | None:
    """sum(x) / sum(y) over questions, each (questions,); None where the denominators add up to 0.

    The influence of question q is (x_q - R y_q) / sum(y).
    """
    total = float(denominators.sum())
    if not total:
        return None
    value = float(numerators.sum()) / total
    counted = int(np.count_nonzero((denominators != 0) | (numerators != 0)))
    return Estimate(value, (numerators - value * denominators) / total, counted)


def mean_by_question(
    codes: NDArray[np.int64], values: Floats, questions: int, weights: Floats | None = None
) -> Estimate | None:
    """The (weighted) mean of the values that are known, as a ratio of sums; `codes` says which question each is of."""
    known = ~np.isnan(values)
    weight = known * (np.ones(len(values)) if weights is None else weights)
    total = np.where(known, values, 0.0) * weight
    return ratio_of_sums(sums(codes, total, questions), sums(codes, weight, questions))


def sums(codes: NDArray[np.int64], values: Floats, questions: int) -> Floats:
    """What the values of each question add up to, (questions,); NaN adds nothing."""
    return np.bincount(codes, weights=np.nan_to_num(values), minlength=questions).astype(np.float64)


def bootstrap(numerators: Floats, denominators: Floats, draws: int = DRAWS) -> Floats:
    """Replicates of a ratio of sums, (draws,), its questions drawn with replacement; NaN where a draw has no y.

    Of several ratios over the same questions, each (questions, ratios), (draws, ratios): they share the draws.
    """
    weights = resampled(len(numerators), draws)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (weights @ numerators) / (weights @ denominators)


def percentile_interval(replicates: Floats, level: float = LEVEL) -> Interval | None:
    """The middle of the replicates; None where none is finite. Source: Efron, Annals of Statistics 7 (1979)."""
    finite = replicates[np.isfinite(replicates)]
    if not len(finite):
        return None
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def left_out(numerators: Floats, denominators: Floats) -> Floats:
    """A ratio of sums without each question in turn, (questions,), for `bca_interval`."""
    return (numerators.sum() - numerators) / (denominators.sum() - denominators)  # type: ignore[no-any-return]


def bca_interval(value: float, replicates: Floats, without: Floats, level: float = LEVEL) -> Interval | None:
    """The bias-corrected and accelerated interval, from replicates (draws,) and the figures of `left_out`.

    Kept for comparison: on heavy-tailed scores it covers less than `Estimate.interval` does (docs/statistics.md).
    Source: Efron, JASA 82 (1987).
    """
    replicates, without = replicates[np.isfinite(replicates)], without[np.isfinite(without)]
    if not len(replicates) or not len(without):
        return None
    below = ((replicates < value).sum() + 0.5 * (replicates == value).sum()) / len(replicates)
    bias = special.ndtri(np.clip(below, 1 / (2 * len(replicates)), 1 - 1 / (2 * len(replicates))))
    apart = without.mean() - without
    spread = float((apart**2).sum()) ** 1.5
    acceleration = float((apart**3).sum()) / (6 * spread) if spread else 0.0
    tails = bias + special.ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    low, high = np.quantile(replicates, special.ndtr(bias + tails / (1 - acceleration * tails)))
    return float(low), float(high)


@lru_cache(maxsize=2)
def resampled(questions: int, draws: int = DRAWS) -> Floats:
    """How often each of n questions is drawn when n are drawn with replacement, (draws, questions); always the same."""
    rng = np.random.default_rng(_SEED)
    return rng.multinomial(questions, np.full(questions, 1 / questions), size=draws).astype(np.float64)


@lru_cache(maxsize=256)
def t_quantile(level: float, freedom: int) -> float:
    """The two-sided quantile of Student's t."""
    return float(special.stdtrit(freedom, (1 + level) / 2))
