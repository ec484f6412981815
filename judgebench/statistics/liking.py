"""What a judge likes besides what an answer says: coefficients of its pairs, each by the help of all the others.

Of pair i of a judge, with coefficients told by the pair's own matches, b_i with covariance V_i:

    b_i ~ N(beta_i, V_i),   beta_i ~ N(B, T),   B ~ N(B_0, S)

B is the judge's liking, B_0 what other judges' is, T how far one judge's pairs differ. `believed` is the posterior of
each beta_i with B integrated out: normal, and exact for these variances. Source: empirical Bayes, Efron and Morris,
JASA 70 (1975); of coefficients, Lindley and Smith, JRSS B 34 (1972).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from judgebench.statistics.clusters import Floats


@dataclass(frozen=True, eq=False)
class Belief:
    """A normal distribution of k coefficients: `mean` (k,), `covariance` (k, k)."""

    mean: Floats
    covariance: Floats

    def after(self, told: "Belief") -> "Belief":
        """The posterior, where this is the prior and the other what an unbiased estimate says."""
        gain = np.linalg.solve(self.covariance + told.covariance, self.covariance).T
        return Belief(self.mean + gain @ (told.mean - self.mean), self.covariance - gain @ self.covariance)


def believed(told: Sequence[Belief], before: Belief, apart: Floats) -> list[Belief]:
    """What is to be believed of each pair's coefficients, from what each pair of one judge told of its own.

    `before`: of the judge, when none of its pairs is known. `apart` (k,): the standard deviation of its pairs.
    """
    spread = np.diag(apart**2)
    weights = [np.linalg.inv(one.covariance + spread) for one in told]
    whole = np.linalg.inv(before.covariance)
    known = whole @ before.mean + sum(weight @ one.mean for weight, one in zip(weights, told, strict=True))
    whole = whole + sum(weights)
    found = []
    for weight, one in zip(weights, told, strict=True):
        others = np.linalg.inv(whole - weight)
        judge = Belief(others @ (known - weight @ one.mean), others)
        found.append(Belief(judge.mean, judge.covariance + spread).after(one))
    return found
