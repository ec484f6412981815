"""Figures over the rows of one judge, with their intervals over questions, as a report shows them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from judgebench.statistics.clusters import Estimate, Floats, Interval, mean_by_question, sums
from judgebench.statistics.groups import Groups

_ROUNDING = 1e-12  # what rounding leaves of a variance of 0, as a share of the sum of squares


@dataclass(frozen=True, slots=True)
class Questions:
    """Which question each row is of, and figures over questions."""

    groups: Groups

    @classmethod
    def of(cls, frame: pd.DataFrame) -> "Questions":
        """Of one question set's rows."""
        return cls(Groups.of(frame, ["question_id"]))

    def sums(self, values: Floats) -> Floats:
        """By question."""
        return sums(self.groups.codes, values, self.groups.number)

    def mean(self, values: Any, weights: Any) -> dict[str, Any] | None:
        """The weighted mean of values between -1 and 1, and its interval; None where all weights are 0.

        A value of weight 0 may be NaN.
        """
        estimate = self._mean(values, weights)
        return _figure(estimate, interval_of(estimate), weights) if estimate else None

    def share(self, values: Any, weights: Any) -> dict[str, Any] | None:
        """As `mean`, of values between 0 and 1."""
        estimate = self._mean(values, weights)
        return _figure(estimate, estimate.share_interval(), weights) if estimate else None

    def correlation(self, x: Floats, y: Floats, chosen: NDArray[np.bool_]) -> dict[str, Any] | None:
        """Pearson's r over the chosen rows, its interval by way of Fisher's z; None without variation, or on a line."""
        x, y = (np.where(chosen, part - part[chosen].mean(), 0.0) if chosen.any() else part for part in (x, y))
        products = (chosen.astype(np.float64), x, y, x * x, y * y, x * y)
        fisher = jackknifed(_fisher, np.stack([self.sums(part) for part in products], axis=1))
        if fisher is None:
            return None
        interval = interval_of(fisher, (-np.inf, np.inf))
        low_high = (float(np.tanh(interval[0])), float(np.tanh(interval[1]))) if interval else None
        return _figure(Estimate(float(np.tanh(fisher.value)), fisher.influence, fisher.questions), low_high, chosen)

    def _mean(self, values: Any, weights: Any) -> Estimate | None:
        values, weights = (np.asarray(part, np.float64) for part in (values, weights))
        return mean_by_question(self.groups.codes, values, self.groups.number, weights)


def _figure(estimate: Estimate, interval: Interval | None, weights: Any) -> dict[str, Any]:
    """As JSON takes it; `n` rows have a weight, of so many `questions`."""
    return {
        "value": estimate.value,
        "interval": list(interval) if interval else None,
        "n": int(np.count_nonzero(np.asarray(weights))),
        "questions": estimate.questions,
    }


def jackknifed(statistic: Callable[[Floats], Floats], parts: Floats) -> Estimate | None:
    """A statistic of the sum of the questions' parts (questions, ...), with the influence of each; None if undefined.

    The influence is (n - 1) / n times (mean of the statistic without one question - the statistic without this one), so
    that the standard error is the jackknife's. Questions whose part is 0 are in neither. Source: Efron and Stein,
    Annals of Statistics 9 (1981).
    """
    total = parts.sum(axis=0)
    value = float(statistic(total))
    if not np.isfinite(value):
        return None
    counted = parts.any(axis=tuple(range(1, parts.ndim)))
    without = statistic(total - parts[counted])
    number, influence = len(without), np.zeros(len(parts))
    influence[counted] = (number - 1) / number * (without.mean() - without)
    return Estimate(value, influence, number)


def interval_of(estimate: Estimate, within: Interval = (-1.0, 1.0)) -> Interval | None:
    """The interval of a jackknifed figure, cut to where it can lie.

    None where it is undefined without some question, or where no question moves it: then nothing tells its error.
    """
    interval = estimate.interval()
    if interval is None or not 0 < estimate.standard_error < np.inf:
        return None
    return _cut(interval, within)


def _cut(interval: Interval | None, within: Interval) -> Interval | None:
    return (max(interval[0], within[0]), min(interval[1], within[1])) if interval else None


def _fisher(moments: Floats) -> Floats:
    """Fisher's z of Pearson's r, from sums (..., 6) of 1, x, y, x^2, y^2 and x y; NaN without variation."""
    n, x, y, xx, yy, xy = np.moveaxis(moments, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_x, of_y = xx - x * x / n, yy - y * y / n
        varied = (of_x > _ROUNDING * xx) & (of_y > _ROUNDING * yy)
        z: Floats = np.where(varied, np.arctanh(np.clip((xy - x * y / n) / np.sqrt(of_x * of_y), -1, 1)), np.nan)
    return z
