"""The mean of values between 0 and 1 from few of them, of which most say the same.

There the variance is no guide: twenty ties have none, and don't say that one question in ten is lost. Gaffke's bound
supposes the worst of what was not seen: to the values it adds one at the end of the scale, weighs all of them at random
(as a Bayesian bootstrap does), and takes the quantile. For wins and losses alone it is the exact interval of Clopper
and Pearson. Source: Gaffke, Mathematical Methods of Statistics 14 (2005); Learned-Miller and Thomas, arXiv 1905.06208,
who conjecture that it holds for all values between 0 and 1. For wins, ties and losses benchmarks/sequential.py adds up
every outcome, and it does.
"""

import math

import numpy as np
from scipy import special

from judgebench.statistics.clusters import Floats, Interval

_DRAWS = 50_000
_SEED = 2005  # fixed, so that an interval is the same each time


def interval(values: Floats, level: float) -> Interval:
    """Of the mean of what values (questions,) were drawn from; 0 to 1 where there are none."""
    return lowest(values, (1 - level) / 2), 1 - lowest(1 - values, (1 - level) / 2)


def lowest(values: Floats, alpha: float) -> float:
    """The lower bound at which the mean is below with a chance of at most alpha."""
    kinds, counts = np.unique(np.append(values, 0.0), return_counts=True)
    if len(kinds) == 2:  # the weight of either kind is Beta distributed
        return float(kinds[1] * special.betaincinv(counts[1], counts[0], alpha))
    weights = np.random.default_rng(_SEED).gamma(counts, size=(_DRAWS, len(kinds)))
    return float(np.quantile(weights @ kinds / weights.sum(axis=1), alpha))


def values_needed(room: float, alpha: float) -> int:
    """How many values that are all the same it takes to be sure that the mean is less than `room` of the way off.

    `room` is a share of the way from the value to the end of its range; ValueError where it isn't between 0 and 1.
    """
    if not 0 < room < 1:
        raise ValueError(f"room is a share between 0 and 1, not {room}")
    return math.ceil(math.log(alpha) / math.log1p(-room))
