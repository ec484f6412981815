"""The fractional logit: shares between 0 and 1 by what differs between two answers.

    logit E[y_i] = offset_i + sum_j beta_j x_ij        y_i: a share of the match, between 0 and 1

Right in its mean, and nothing is assumed of the variance: ties and half wins are as good as wins (Papke and Wooldridge,
J. Applied Econometrics 11, 1996).

Each coefficient has a log-F(1, 1) prior, as data: half a win and half a loss where one x is at its reach and all else
is 0 (Greenland and Mansournia, Statistics in Medicine 34, 2015). So 80 wins of 80 are 80.5 of 81, what separates wins
from losses has a finite coefficient, and what the prior doesn't know is in the variance, too.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from judgebench.statistics.clusters import LEVEL, Floats, t_quantile
from judgebench.statistics.liking import Belief

_STEPS = 100
_WEAK = 0.25  # the reach of a slope whose prior is a belief

Codes: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Fit:
    """A fractional logit: `coefficients` (k,), `covariance` (k, k), over so many `questions`."""

    coefficients: Floats
    covariance: Floats
    questions: int

    def win_rate(self) -> float:
        """The prediction with every x but the intercept, which is the first, at 0."""
        return float(special.expit(self.coefficients[0]))

    def interval(self, level: float = LEVEL) -> list[float]:
        """Its interval: theta -+ t(n - 1) standard errors, n questions, taken to the scale of shares."""
        half = t_quantile(level, self.questions - 1) * float(np.sqrt(self.covariance[0, 0]))
        return [float(special.expit(self.coefficients[0] + side * half)) for side in (-1, 1)]


def fractional_logit(design: Floats, shares: Floats, questions: Codes, offset: Floats | None = None) -> Fit:
    """Fit shares (n,) to a design (n, k), whose first column is the intercept, with one code per row for its question.

    `offset` (n,) is in log odds, and 0 if left out. The maximum of the penalised quasi-likelihood, by Newton's method.
    The covariance is the one-step jackknife over questions (CR3: Bell and McCaffrey, Survey Methodology 28, 2002), to
    which each half of the prior's data counts as a question of its own, so that a series without a loss isn't certain.
    """
    size = design.shape[1]
    rows = _Rows.of(design, shares, questions, np.zeros(len(shares)) if offset is None else offset, np.ones(size))
    coefficients = rows.fit(np.zeros(size), np.zeros((size, size)))
    return Fit(coefficients, rows.jackknife(coefficients), len(rows.starts) - 2 * size)


def slopes(x: Floats, shares: Floats, questions: Codes, before: Belief) -> Belief:
    """What shares (n,) by themselves say of the slopes of x (n, k), beside an intercept; `before` is where to look.

    One step of Newton's method without that belief, from the fit with it: unbiased to first order, and finite where x
    separates wins from losses. The covariance is the jackknife's there (see `fractional_logit`). n may be 0.
    """
    size = x.shape[1]
    reach, design = np.array([1.0, *[_WEAK] * size]), np.column_stack([np.ones(len(shares)), x])
    rows = _Rows.of(design, shares, questions, np.zeros(len(shares)), reach)
    mean, precision = np.zeros(size + 1), np.zeros((size + 1, size + 1))
    mean[1:], precision[1:, 1:] = before.mean, np.linalg.inv(before.covariance)
    coefficients = rows.fit(mean, precision)
    alone = coefficients + rows.step(coefficients)
    return Belief(alone[1:], rows.jackknife(coefficients)[1:, 1:])


@dataclass(frozen=True, eq=False)
class _Rows:
    """Matches by question, and after them the prior's; `starts` says where each question begins."""

    x: Floats
    y: Floats
    offset: Floats
    weights: Floats
    starts: Codes

    @classmethod
    def of(cls, design: Floats, shares: Floats, questions: Codes, offset: Floats, reach: Floats) -> "_Rows":
        order, halves = np.argsort(questions, kind="stable"), 2 * len(reach)
        starts = np.flatnonzero(np.diff(questions[order], prepend=np.nan))
        return cls(
            x=np.vstack([design[order], np.repeat(np.diag(reach), 2, axis=0)]),
            y=np.concatenate([shares[order], np.tile([1.0, 0.0], len(reach))]),
            offset=np.concatenate([offset[order], np.zeros(halves)]),
            weights=np.concatenate([np.ones(len(shares)), np.full(halves, 0.5)]),
            starts=np.concatenate([starts, len(shares) + np.arange(halves)]),
        )

    def parts(self, coefficients: Floats) -> tuple[Floats, Floats]:
        """Each row's score (n, k), and its derivative's root (n, k): its outer products add up to the curvature."""
        fitted = special.expit(self.offset + self.x @ coefficients)
        score: Floats = self.x * (self.weights * (self.y - fitted))[:, None]
        root: Floats = self.x * np.sqrt(self.weights * fitted * (1 - fitted))[:, None]
        return score, root

    def fit(self, mean: Floats, precision: Floats) -> Floats:
        """Where the score is 0, that of a normal prior included: one place, since the prior's rows bend the curve."""
        coefficients = mean.copy()
        for _ in range(_STEPS):
            score, root = self.parts(coefficients)
            whole = score.sum(axis=0) - precision @ (coefficients - mean)
            step = np.linalg.solve(root.T @ root + precision, whole)
            length = float(np.abs(step).max())
            coefficients = coefficients + step / max(1.0, length)  # a longer one can overshoot where the curve is flat
            if length < 1e-10:
                break
        return coefficients

    def step(self, coefficients: Floats) -> Floats:
        """Newton's next step, without a normal prior."""
        score, root = self.parts(coefficients)
        return np.asarray(np.linalg.solve(root.T @ root, score.sum(axis=0)))

    def jackknife(self, coefficients: Floats) -> Floats:
        """The sum over questions of the squared change that leaving it out makes, to first order."""
        score, root = self.parts(coefficients)
        own = np.add.reduceat(root[:, :, None] * root[:, None, :], self.starts)
        scores = np.add.reduceat(score, self.starts)
        changes = np.linalg.solve(own.sum(axis=0) - own, scores[:, :, None])[:, :, 0]
        return (changes.T @ changes) * (len(self.starts) - 1) / len(self.starts)
