"""Bounds of a mean from few values that may all be the same: all that is known is where values can lie.

Sort the values, put the end of their range behind them, and weigh all of them as uniformly drawn weights that add up to
1 would: the 1 - alpha quantile of that mean is an upper bound. For values that are only low or high it is Clopper and
Pearson's (1934), so that n values at the low end leave room for 1 - alpha^(1/n) of the way. Source: Gaffke, Three test
statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative variable, Math. Methods Statist. 14
(2005); Learned-Miller and Thomas, A new confidence interval for the mean of a bounded random variable,
arXiv 1905.06208 (2019). That it holds for every distribution is a conjecture which no simulation has broken.
"""

import math

import numpy as np

from judgebench.statistics.clusters import Floats, Interval

_DRAWS = 5_000
_SEED = 20230330  # fixed, so that a report is the same each time


def mean_bounds(values: Floats, low: float, high: float, alpha: float) -> Interval:
    """A lower and an upper bound of the mean of values (n,) from `low` to `high`, each wrong at most alpha of the time.

    Without values they are the ends of the range. NaN counts as missing.
    """
    known = values[~np.isnan(values)]
    weights = np.random.default_rng(_SEED).dirichlet(np.ones(len(known) + 1), _DRAWS)
    upper = weights @ np.append(np.sort(known), high)
    lower = weights @ np.append(np.sort(known)[::-1], low)
    return float(np.quantile(lower, alpha)), float(np.quantile(upper, 1 - alpha))


def values_needed(room: float, alpha: float) -> int:
    """How many values that are all the same it takes to be sure that the mean is less than `room` of the way off.

    `room` is a share of the way from the value to the end of its range, above 0 and below 1.
    """
    if not 0 < room < 1:
        raise ValueError(f"room is a share between 0 and 1, not {room}")
    return math.ceil(math.log(alpha) / math.log1p(-room))
