"""Several means side by side: whether they differ at all, and where each one probably lies."""

from collections.abc import Sequence

import numpy as np
from scipy import special

from judgebench.statistics.clusters import Floats, Interval

_NORMAL = float(special.ndtri(0.975))  # standard errors to either side, in a 95 % interval
_WIDEST = 0.5  # the standard error of a rate of which nothing is known


def differ(groups: Sequence[Floats], alpha: float = 0.05) -> bool:
    """Whether the means of groups of independent figures (one a question) differ by more than chance would explain.

    The F test of a one-way analysis of variance (Fisher, Statistical Methods for Research Workers, 1925). On wins, ties
    and losses it keeps its level where a test that weighs each group by its own variance (Cochran's Q) does not:
    with ten questions a group that one is wrong 15 times in 100; tests/statistics/test_shrinkage.py.
    """
    groups = [group for group in groups if len(group)]
    between, within = len(groups) - 1, sum(map(len, groups)) - len(groups)
    if between < 1 or within < 1:
        return False
    mean = np.concatenate(groups).mean()
    explained = sum(len(group) * (group.mean() - mean) ** 2 for group in groups) / between
    left = sum(((group - group.mean()) ** 2).sum() for group in groups) / within
    return bool(special.fdtrc(between, within, explained / left) < alpha) if left else bool(explained > 0)


def shrink(rates: Sequence[float | None], ends: Sequence[Interval | Sequence[float] | None]) -> list[float]:
    """Rates drawn towards their mean, each by the share of its variance that is chance.

    The variance between them by moments (DerSimonian and Laird, Controlled Clinical Trials 7 (1986)), the rates by
    empirical Bayes (Efron and Morris, JASA 70 (1975)). A rate of which nothing is known is the mean. `ends` are 95 %
    intervals, None where there is none.
    """
    known = np.array([value is not None for value in rates], bool)
    values = np.array([0.5 if value is None else value for value in rates], float)
    errors = np.array([_WIDEST if one is None else max((one[1] - one[0]) / 2 / _NORMAL, 1e-3) for one in ends], float)
    if known.sum() < 2:
        return [float(value) for value in values]
    weights = known / errors**2
    total, freedom = weights.sum(), int(known.sum()) - 1
    mean = (weights * values).sum() / total
    q = float((weights * (values - mean) ** 2).sum())
    between = max((q - freedom) / (total - (weights**2).sum() / total), 0.0)
    shrunk = mean + between / (between + errors**2) * (values - mean)
    return [float(value) for value in np.where(known, shrunk, mean)]
