"""Points -> what is known of the candidate's win rate; pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from judgebench.compare.options import Options
from judgebench.compare.results import CategoryRate, Interval
from judgebench.statistics import sequential
from judgebench.statistics.clusters import LEVEL, Estimate, Floats, mean_by_question
from judgebench.statistics.power import questions_needed
from judgebench.statistics.sequential import Evidence, Side, Trial
from judgebench.statistics.shrinkage import shrink

_SEQUENTIAL = 1.8  # questions of a sequential test for one of a fixed test of the same power; benchmarks/sequential.py


@dataclass(frozen=True, slots=True)
class Reading:
    """What the questions so far say: on which side of the threshold the rate is, if known, and whether above a half."""

    side: Side | None
    improved: bool
    rate: float | None
    interval: Interval | None
    fixed_width: float | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """Questions in the order in which they are drawn, and the weights and predictions of that order (None: none)."""

    ids: tuple[str, ...]
    predictions: Floats | None = None
    weights: Floats | None = None


def read(points: Floats, drawn: Drawn, options: Options) -> Reading:
    """Of the points (questions so far,) of the first questions drawn; NaN where there is no verdict."""
    known, fixed = _mean(points), _fixed(points, 1 - options.alpha)
    width = fixed[1] - fixed[0] if fixed else None
    if options.fixed:
        interval = _of_all(points) if options.population == "set" else fixed
        side = _side(interval, 0.5 - options.margin)
        return Reading(side, _side(interval, 0.5) == "above", known, interval, width)
    trial = trial_of(points, drawn, options)
    side, _ = trial.decided(0.5 - options.margin, options.alpha)
    improved = trial.decided(0.5, options.alpha)[0] == "above"
    low, high = trial.interval(options.alpha)
    if drawn.weights is not None:  # the plain mean is of what was favoured
        known = float(np.mean([trial.above.values, trial.below.values]))
    rate = None if known is None else min(max(known, low), high)
    return Reading(side, improved and side == "above", rate, (low, high), width)


def trial_of(points: Floats, drawn: Drawn, options: Options) -> Trial:
    """The evidence of points in the order drawn; a question without a verdict counts against either claim."""
    return Trial(
        above=_evidence(np.nan_to_num(points, nan=0.0), drawn, options),
        below=_evidence(np.nan_to_num(points, nan=1.0), drawn, options),
    )


def chance_to_decide(points: Floats, left: int, options: Options) -> float:
    """How likely the rest decides, if it goes on like this."""
    known = points[~np.isnan(points)]
    of_set_of = len(points) + left if options.population == "set" else None
    return sequential.chance_to_decide(known, left, 0.5 - options.margin, options.alpha, of_set_of)


def needed(points: Floats, options: Options) -> int | None:
    """About how many questions would decide between no difference and the margin, at four chances in five."""
    known = points[~np.isnan(points)]
    spread = float(known.std(ddof=1)) if len(known) > 1 else 0.0
    if not spread or not options.margin or options.population == "set":
        return None
    fixed = questions_needed(spread, options.margin, alpha=max(options.alpha, 1e-4))
    return fixed if options.fixed else round(_SEQUENTIAL * fixed)


def category_rates(
    points: Floats, drawn: Drawn, categories: Mapping[str, str], options: Options
) -> tuple[CategoryRate, ...]:
    """The rate of each category so far, and whether it is worse by more than the margin; `categories` by question.

    Intervals are those of a fixed number. Nothing is flagged where the order favoured some questions.
    """
    places = np.array([categories[name] for name in drawn.ids])
    parts = {name: points[places[: len(points)] == name] for name in dict.fromkeys(places[: len(points)].tolist())}
    rates = [_mean(part) for part in parts.values()]
    drawn_in = shrink(rates, [_fixed(part, LEVEL) for part in parts.values()])
    doubts = [_doubt(part, int((places == name).sum()), options) for name, part in parts.items()]
    worse = sequential.discoveries(doubts if drawn.weights is None else [1.0] * len(doubts), options.alpha)
    return tuple(
        CategoryRate(
            category=name,
            questions=int((~np.isnan(part)).sum()),
            rate=rate,
            interval=_fixed(part, 1 - options.alpha),
            shrunk=shrunk,
            worse=flag,
        )
        for (name, part), rate, shrunk, flag in zip(parts.items(), rates, drawn_in, worse, strict=True)
    )


def variance_taken(points: Floats, drawn: Drawn) -> float | None:
    """The share of the points' variance that predictions explain; None without any."""
    if drawn.predictions is None:
        return None
    known = ~np.isnan(points)
    return sequential.variance_taken(points[known], drawn.predictions[: len(points)][known])


def _doubt(points: Floats, questions: int, options: Options) -> float:
    """Of "not worse than the margin": 1 / capital where one may stop at any time, else the score test's p-value.

    `questions`: how many the category has. What has no verdict counts as won.
    """
    threshold, points = 0.5 - options.margin, np.nan_to_num(points, nan=1.0)
    if not options.fixed:
        alike = options.population == "alike"
        evidence = sequential.of_alike(points) if alike else sequential.of_set(points, questions)
        return float(np.exp(-sequential.log_capital(evidence, threshold, "below")[-1]))
    error = np.sqrt(threshold * (1 - threshold) / len(points))
    return float(special.ndtr((points.mean() - threshold) / error))


def _evidence(points: Floats, drawn: Drawn, options: Options) -> Evidence:
    if options.population == "alike":
        return sequential.of_alike(points)
    if drawn.predictions is None or drawn.weights is None:
        return sequential.of_set(points, len(drawn.ids))
    return sequential.of_set_with(points, drawn.predictions, drawn.weights)


def _mean(points: Floats) -> float | None:
    known = points[~np.isnan(points)]
    return float(known.mean()) if len(known) else None


def _fixed(points: Floats, level: float) -> Interval | None:
    estimate = _by_question(points)
    return estimate.share_interval(level) if estimate else None


def _by_question(points: Floats) -> Estimate | None:
    return mean_by_question(np.arange(len(points)), points, len(points)) if len(points) else None


def _of_all(points: Floats) -> Interval:
    """Of a set that is judged whole the rate is known, but for what has no verdict."""
    return float(np.nan_to_num(points, nan=0.0).mean()), float(np.nan_to_num(points, nan=1.0).mean())


def _side(interval: Interval | None, threshold: float) -> Side | None:
    if interval is None:
        return None
    return "above" if interval[0] > threshold else "below" if interval[1] < threshold else None
