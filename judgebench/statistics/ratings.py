"""Ratings of models by who beat whom (Bradley-Terry with ties, Elo), and the win matrix."""

import math
from typing import Any

import numpy as np
import pandas as pd

from judgebench.statistics.bradley_terry import Davidson, Fit, unrateable
from judgebench.statistics.clusters import DRAWS, LEVEL, Estimate, Floats, percentile_interval
from judgebench.statistics.comparisons import Comparisons, Entry, Integers, comparisons, rank_ranges, ranks
from judgebench.statistics.elo import Rules, elo_ratings

POINTS_PER_LOGIT = 400 / math.log(10)  # Elo's scale: 400 points are odds of 10 to 1
MEAN = 1000.0
LEAST = 10  # questions that a model must have been judged on before it is ranked
TOO_FEW = f"{{}} questions are too few to be ranked by: it takes {LEAST}"


def ratings(matches: pd.DataFrame, method: str = "bradley-terry", draws: int = DRAWS) -> list[Entry]:
    """One entry per question set, judge, kind and model of a frame of matches, the best first.

    Columns used: question_set, judge, kind, model_a, model_b, question_id, outcome (and created, by Elo). A tie and
    an inconsistent match are half a win each; incomplete ones are left out.

    `rating` is on Elo's scale (400 points: odds of 10 to 1), the rated models' mean 1000, and None where it has no
    finite value; `note` then says why. `interval`: 95 %, over the model's own questions, of the distance to the mean;
    None with fewer than two. `rank`: 1 is the best; `rank_range`: the middle 95 % of its ranks over `draws`
    resamples of the questions, None without draws. A model with fewer than LEAST `questions` has neither, and the
    others are ranked without it. `matches`: the model's. `ties_parameter`: Davidson's nu, equal
    models tie with probability nu / (2 + nu). `method` is "bradley-terry" or "elo" (see `elo`); raises ValueError
    for another. Sources: Davidson, JASA 65 (1970); Elo (1978).
    """
    if method == "elo":
        return elo(matches, draws=draws)
    if method != "bradley-terry":
        raise ValueError(f"there is no rating method {method!r}; choose bradley-terry or elo")
    return [entry for key, group in comparisons(matches) for entry in _bradley_terry(key, group, draws)]


def elo(
    matches: pd.DataFrame,
    k: float = 4.0,
    base: float = 10.0,
    scale: float = 400.0,
    initial: float = 1000.0,
    draws: int = DRAWS,
) -> list[Entry]:
    """Entries as of `ratings`, by Elo's rule over the matches in order; `ties_parameter` is None.

    The order is that of the column `created` where there is one, else the frame's. `interval`: the middle 95 % of
    the ratings over resamples of the questions, whose matches keep their order; None without draws or with fewer
    than two questions. A rating follows the last few hundred matches of a model, and depends on their order: for
    models that don't change, Bradley-Terry says more. Source: Elo, The Rating of Chessplayers, Past and Present (1978).
    """
    rules = Rules(k, base, scale, initial)
    return [entry for key, group in comparisons(matches, in_time=True) for entry in _elo(key, group, rules, draws)]


def win_matrix(matches: pd.DataFrame) -> list[Entry]:
    """Who beat whom, one entry per question set, judge and kind of a frame of matches (columns as for `ratings`).

    `models`: m names, in the order in which they first occur. `win_rate`: m lists of m, the row's share of the points
    against the column, ties and inconsistent matches as half; None where they never met. `matches`: m lists of m
    counts of complete matches.
    """
    return [{**key, "models": group.models, **_matrix(group)} for key, group in comparisons(matches)]


def _matrix(group: Comparisons) -> Entry:
    met = group.counts()
    points = group.counts(1.0) + group.counts(0.5) / 2
    rates = points / np.maximum(met, 1)
    shown = [[float(rate) if n else None for rate, n in zip(*row, strict=True)] for row in zip(rates, met, strict=True)]
    return {"win_rate": shown, "matches": met.tolist()}


def _bradley_terry(key: Entry, group: Comparisons, draws: int) -> list[Entry]:
    about = {**key, "method": "bradley-terry"}
    notes, met = unrateable(group), group.counts().sum(axis=1)
    unrated = [_entry(about, group.models[at], met[at], note=note) for at, note in enumerate(notes) if note]
    kept = np.array([note is None for note in notes])
    if not kept.any():
        return unrated
    part = group.among(kept)
    likelihood = Davidson(part)
    fit = likelihood.fit()
    more = draws if part.questions > 1 else 0
    values, own = MEAN + POINTS_PER_LOGIT * fit.theta, part.own_questions()
    about["ties_parameter"] = math.exp(fit.log_nu)
    intervals = [_interval(fit, at, number) for at, number in enumerate(own.tolist())]
    return _ranked(about, part, met[kept], values, intervals, likelihood.replicates(fit, more)) + unrated


def _interval(fit: Fit, at: int, questions: int) -> list[float] | None:
    """A model that was judged on few of the questions has their degrees of freedom, and not those of all."""
    influence = POINTS_PER_LOGIT * fit.influence[:, at]
    value = MEAN + POINTS_PER_LOGIT * float(fit.theta[at])
    found = Estimate(value, influence, questions).interval()
    return list(found) if found else None


def _elo(key: Entry, group: Comparisons, rules: Rules, draws: int) -> list[Entry]:
    values, replicates = elo_ratings(group, rules, draws if group.questions > 1 else 0)
    found = [percentile_interval(of_model) for of_model in replicates.T]
    intervals = [list(interval) if interval else None for interval in found]
    return _ranked({**key, "method": "elo"}, group, group.counts().sum(axis=1), values, intervals, replicates)


def _ranked(
    about: Entry,
    group: Comparisons,
    met: Integers,
    values: Floats,
    intervals: list[list[float] | None],
    replicates: Floats,
) -> list[Entry]:
    """Entries with ranks among the models with enough questions, the best first; the others after them."""
    own = group.own_questions()
    enough = np.flatnonzero(own >= LEAST)
    ranges = rank_ranges(replicates[:, enough], LEVEL) if len(replicates) and len(enough) else None
    places = dict(zip(enough.tolist(), ranks(values[enough]).tolist(), strict=True))
    spans = dict(zip(enough.tolist(), ranges, strict=True)) if ranges else {}
    order = sorted(range(len(values)), key=lambda at: (places.get(at, len(values) + 1), -values[at]))
    return [
        _entry(
            about, group.models[at], met[at],
            rating=float(values[at]), interval=intervals[at], rank=places.get(at), rank_range=spans.get(at),
            questions=int(own[at]), note=None if at in places else TOO_FEW.format(own[at]),
        )
        for at in order
    ]  # fmt: skip


def _entry(about: Entry, model: str, met: np.int64, **known: Any) -> Entry:
    names = ("rating", "interval", "rank", "rank_range", "ties_parameter", "questions", "note")
    return {**dict.fromkeys(names), **about, "model": model, "matches": int(met), **known}
