"""What one judge's single scores look like: how they spread, where they pile up, and what length does to them."""

from typing import Any

import numpy as np
import pandas as pd

from judgebench.statistics.clusters import Floats
from judgebench.statistics.columns import Codes
from judgebench.statistics.figures import Questions
from judgebench.statistics.groups import Groups

_DISTINCT = 21  # more values than these are counted in bins
_BINS = 10


def single_health(scores: pd.DataFrame) -> dict[str, Any]:
    """One judge's single scores; figures as of `pairwise_health`.

    `counts`: [from, to, number] per value, or per tenth of the scale where there are more than 21 values. `commonest`:
    the share of scores at the most common value, which is `commonest_value`. `ceiling`, `floor`: shares at the top and
    the bottom of the scale, None without a scale or on an open one. `length`: the correlation of score and
    log(1 + length) over all answers; `length_within`: the same between answers to one question and turn, so that hard
    questions don't matter.
    """
    rows, score = Questions.of(scores), scores["score"].to_numpy(np.float64)
    known, missing = ~np.isnan(score), scores["missing"].to_numpy(np.float64)
    low, high, reviews = (_column(scores, name) for name in ("low", "high", "reviews"))
    asked = missing + np.where(np.isnan(reviews), known, reviews)
    values, counts = np.unique(score[known], return_counts=True)
    commonest = float(values[counts.argmax()]) if len(values) else None
    return {
        "matches": len(scores),
        "scores": int(known.sum()),
        "missing": rows.share(missing / np.maximum(asked, 1), asked),
        "flips": rows.share(scores["flip"].to_numpy(), reviews > 1),
        "counts": _counted(values, counts, _scale(low, high, values)),
        "commonest": rows.share(score == commonest, known),
        "commonest_value": commonest,
        "ceiling": rows.share(score >= high, known & np.isfinite(high)),
        "floor": rows.share(score <= low, known & np.isfinite(low)),
        **_by_length(rows, scores),
    }


def _by_length(rows: Questions, scores: pd.DataFrame) -> dict[str, dict[str, Any] | None]:
    """Correlations of score and length, over all answers and between answers to one question and turn."""
    score, length = scores["score"].to_numpy(np.float64), np.log1p(_column(scores, "length"))
    known = ~np.isnan(score + length)
    score, length = np.where(known, score, np.nan), np.where(known, length, np.nan)
    places = Groups.of(scores, ["question_id", "turn"])
    score_within, length_within = (part - places.mean(part)[places.codes] for part in (score, length))
    return {
        "length": rows.correlation(score, length, known),
        "length_within": rows.correlation(score_within, length_within, known),
    }


def _column(scores: pd.DataFrame, name: str) -> Floats:
    """A column that may be missing; then it is NaN."""
    return scores[name].to_numpy(np.float64) if name in scores else np.full(len(scores), np.nan)


def _scale(low: Floats, high: Floats, values: Floats) -> tuple[float, float]:
    """The lowest and highest possible score, or those that there are."""
    ends = np.concatenate([low, high, values])
    known = ends[np.isfinite(ends)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)


def _counted(values: Floats, counts: Codes, scale: tuple[float, float]) -> list[list[float]]:
    """[from, to, number] by value, or in equal bins over the scale where there are many values."""
    if len(values) <= _DISTINCT:
        return [[float(value), float(value), int(number)] for value, number in zip(values, counts, strict=True)]
    numbers, edges = np.histogram(values, bins=_BINS, range=scale, weights=counts)
    bins = zip(edges[:-1], edges[1:], numbers, strict=True)
    return [[float(start), float(end), int(number)] for start, end, number in bins]
