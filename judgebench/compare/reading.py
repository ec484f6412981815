"""Points -> what is known of the candidate's win rate; pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from judgebench.compare.options import Options
from judgebench.compare.results import CategoryRate, Interval
from judgebench.statistics import bounded, sequential
from judgebench.statistics.clusters import LEVEL, Estimate, Floats, mean_by_question
from judgebench.statistics.power import questions_needed
from judgebench.statistics.sequential import Evidence, Side, Trial
from judgebench.statistics.shrinkage import shrink

_SEQUENTIAL = 1.1  # questions of a sequential test for one of a fixed test of the same power; benchmarks/sequential.py
_POWER = 0.8
Reach: TypeAlias = tuple[Floats, Floats]  # each (questions,)
_FEW, _HALF = 30, 0.5  # questions that are no ties, and their share: with fewer the variance is no guide


@dataclass(frozen=True, slots=True)
class Reading:
    """What the questions so far say: on which side of the threshold the rate is, if known, and whether above a half.

    `needed`: about how many questions would decide, of which those so far are a part; None where that can't be said.
    """

    side: Side | None
    improved: bool
    rate: float | None
    interval: Interval | None
    fixed_width: float | None
    needed: int | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """Questions in the order in which they are drawn, and the weights and predictions of that order (None: none).

    `planned`: how many the set was known to have when each was drawn; empty: all of them from the beginning.
    `since`: so many were drawn when it was last another set.
    """

    ids: tuple[str, ...]
    predictions: Floats | None = None
    weights: Floats | None = None
    planned: tuple[int, ...] = ()
    since: int = 0

    def sizes(self, questions: int) -> NDArray[np.int64]:
        """How many were planned when each of the first questions was drawn."""
        return np.array(self.planned or [len(self.ids)] * len(self.ids), np.int64)[:questions]


def read(points: Floats, drawn: Drawn, options: Options, reach: Reach | None = None) -> Reading:
    """Of the points (questions so far,) of the first questions drawn; NaN where there is no verdict.

    `reach`: the points if every planned call without a verdict were lost, and if won: what counts for the one claim and
    for the other. None: whole questions are missing, and nothing else.
    """
    reach = reach or (np.nan_to_num(points, nan=0.0), np.nan_to_num(points, nan=1.0))
    return _read_once(points, reach, options) if options.fixed else _read_any_time(points, reach, drawn, options)


def _read_once(points: Floats, reach: Reach, options: Options) -> Reading:
    fixed = _fixed(points, 1 - options.alpha)
    lost, won = (_fixed(end, 1 - options.alpha) for end in reach)
    interval = (lost[0], won[1]) if lost and won else None
    if options.population == "set":  # of a set that is judged whole the rate is known, but for what has no verdict
        interval = float(reach[0].mean()), float(reach[1].mean())
    side = _side(interval, 0.5 - options.margin)
    improved = _side(interval, 0.5) == "above"
    return Reading(side, improved, _mean(points), interval, _width(fixed), _needed(points, options))


def _read_any_time(points: Floats, reach: Reach, drawn: Drawn, options: Options) -> Reading:
    known, threshold, trial = _mean(points), 0.5 - options.margin, trial_of(reach, drawn, options)
    side, _ = trial.decided(threshold, options.alpha)
    improved = side == "above" and trial.decided(0.5, options.alpha)[0] == "above"
    low, high = trial.interval(options.alpha)
    if drawn.weights is not None:  # the plain mean is of what was favoured
        known = float(np.mean([trial.above.values, trial.below.values]))
    rate = None if known is None else min(max(known, low), high)
    capital = np.exp(sequential.log_capital(trial.above, threshold, alpha=options.alpha)[-1])
    width = _width(_fixed(points, 1 - options.alpha))
    return Reading(side, improved, rate, (low, high), width, _needed(points, options, capital))


def trial_of(reach: Reach, drawn: Drawn, options: Options) -> Trial:
    """The evidence of points in the order drawn; what has no verdict counts against either claim."""
    return Trial(*(evidence(end, drawn, options) for end in reach))


def chance_to_decide(points: Floats, drawn: Drawn, options: Options) -> float:
    """How likely the rest decides, if it goes on like this, or as predicted."""
    return sequential.chance_to_decide(
        points,
        len(drawn.ids) - len(points),
        0.5 - options.margin,
        options.alpha,
        evidence=partial(evidence, drawn=drawn, options=options),
        predictions=drawn.predictions,
    )


def _needed(points: Floats, options: Options, capital: float = 1.0) -> int | None:
    """About how many questions would decide between no difference and the margin, at four chances in five.

    Of a sequential test, with those so far: what they took of its `capital` has to be won again.
    """
    known = points[~np.isnan(points)]
    spread = float(known.std(ddof=1)) if len(known) > 1 else 0.0
    if not spread or not options.margin or options.population == "set":
        return None
    if options.fixed:
        return questions_needed(spread, options.margin, alpha=max(options.alpha, 1e-4))
    apart = special.ndtri(_POWER) - special.ndtri(min(capital * options.alpha / 2, 0.5))
    return len(points) + math.ceil(_SEQUENTIAL * (spread * apart / options.margin) ** 2)


def category_rates(
    points: Floats, won: Floats, drawn: Drawn, categories: Mapping[str, str], options: Options
) -> tuple[CategoryRate, ...]:
    """The rate of each category so far, and whether it is worse by more than the margin; `categories` by question.

    Questions that are in the set no more are in none. `won`: the points if every call without a verdict were won, by
    which flags are raised. Intervals are those of a fixed number. Nothing is flagged where the order favoured some.
    """
    places = np.array([categories.get(name, "") for name in drawn.ids])
    seen = places[: len(points)]
    parts = {name: points[seen == name] for name in dict.fromkeys(seen.tolist()) if name}
    rates = [_mean(part) for part in parts.values()]
    drawn_in = shrink(rates, [_share(part, LEVEL) for part in parts.values()])
    flags = 2 * options.alpha / len(parts) if parts else 0.0  # the capital that a single flag takes is 2 over this
    best = {name: won[seen == name] for name in parts}
    doubts = [_doubt(part, int((places == name).sum()), options, flags) for name, part in best.items()]
    worse = sequential.discoveries(doubts if drawn.weights is None else [1.0] * len(doubts), options.alpha)
    return tuple(
        CategoryRate(
            category=name,
            questions=int((~np.isnan(part)).sum()),
            rate=rate,
            interval=_share(part, 1 - options.alpha),
            shrunk=shrunk,
            worse=flag,
        )
        for (name, part), rate, shrunk, flag in zip(parts.items(), rates, drawn_in, worse, strict=True)
    )


def variance_taken(points: Floats, drawn: Drawn) -> float | None:
    """The share of the points' variance that predictions explain; None where they take none of it away."""
    if drawn.predictions is None or drawn.weights is None:
        return None
    known = ~np.isnan(points)
    return sequential.variance_taken(points[known], drawn.predictions[: len(points)][known])


def _doubt(points: Floats, questions: int, options: Options, alpha: float) -> float:
    """Of "not worse than the margin": 1 / capital where one may stop at any time, else the score test's p-value.

    `questions`: how many the category has; the capital aims at 2 / `alpha`.
    """
    threshold = 0.5 - options.margin
    if not options.fixed:
        alike = options.population == "alike"
        said = sequential.of_alike(points) if alike else sequential.of_set(points, questions)
        return float(np.exp(-sequential.log_capital(said, threshold, "below", alpha)[-1]))
    error = np.sqrt(threshold * (1 - threshold) / len(points))
    return float(special.ndtr((points.mean() - threshold) / error))


def evidence(points: Floats, drawn: Drawn, options: Options) -> Evidence:
    """What points, (..., questions so far), of questions in the order drawn say of their mean."""
    if options.population == "alike":
        return sequential.of_alike(points, drawn.sizes(points.shape[-1]))
    if drawn.predictions is None or drawn.weights is None:
        return sequential.of_set(points, len(drawn.ids), drawn.since)
    return sequential.of_set_with(points, drawn.predictions, drawn.weights)


def _mean(points: Floats) -> float | None:
    known = points[~np.isnan(points)]
    return float(known.mean()) if len(known) else None


def _fixed(points: Floats, level: float) -> Interval | None:
    """Of a number fixed beforehand; where few points are no ties, by a bound that needs no variance."""
    known = points[~np.isnan(points)]
    return bounded.interval(known, level) if len(known) and few_decided(known) else _share(points, level)


def few_decided(points: Floats) -> bool:
    """Whether so few points are no ties that their variance is no guide."""
    return int(np.count_nonzero(points != 0.5)) < max(_FEW, _HALF * len(points))


def _share(points: Floats, level: float) -> Interval | None:
    estimate = _by_question(points)
    return estimate.share_interval(level) if estimate else None


def _width(interval: Interval | None) -> float | None:
    return interval[1] - interval[0] if interval else None


def _by_question(points: Floats) -> Estimate | None:
    return mean_by_question(np.arange(len(points)), points, len(points)) if len(points) else None


def _side(interval: Interval | None, threshold: float) -> Side | None:
    if interval is None:
        return None
    return "above" if interval[0] > threshold else "below" if interval[1] < threshold else None
