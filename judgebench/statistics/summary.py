"""Totals, ratios, wins and mean scores: the figures of the Vicuna evaluation and of MT-bench."""

import math
from collections.abc import Iterator
from typing import Any, cast

import pandas as pd

_PAIR = ["question_set", "judge", "kind", "model_a", "model_b"]


def pairs(matches: pd.DataFrame) -> list[dict[str, Any]]:
    """One entry per question set, judge, kind of verdict and pair [a, b], from a frame of matches.

    `totals`: sums of the scores over complete matches, None where the verdicts have no scores. `ratio`: b's total
    over a's. `wins`: [a's, b's], `ties`, `inconsistent`, `incomplete`: matches. `reviews`, `missing`: reviews with
    and without a verdict. Source of the ratio: the Vicuna evaluation, March 2023.
    """
    groups = matches.groupby(_PAIR, sort=False, dropna=False)
    return [_pair(dict(zip(_PAIR, key, strict=True)), group) for key, group in groups]


def scores(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Mean scores per model: over all, per turn, per category, and both, from a frame of scores.

    `turn` and `category` are None where the entry is over all of them. `n` counts the scores in the mean and
    `missing` the reviews without one, which are left out of it; `mean` is None where n is 0.
    """
    by_model = frame.groupby(["question_set", "judge", "model"], sort=False)
    return [
        {
            "question_set": key[0],
            "judge": key[1],
            "model": key[2],
            "turn": turn,
            "category": category,
            **_mean(part),
        }
        for key, group in by_model
        for turn, category, part in _parts(group)
    ]


def _pair(key: dict[str, Any], group: pd.DataFrame) -> dict[str, Any]:
    counts = group["outcome"].value_counts()
    scored = group.dropna(subset=["score_a", "score_b"])
    a, b = math.fsum(scored["score_a"]), math.fsum(scored["score_b"])
    return {
        "question_set": key["question_set"],
        "judge": key["judge"],
        "kind": key["kind"],
        "models": [key["model_a"], key["model_b"]],
        "totals": [a, b] if len(scored) else None,
        "ratio": b / a if len(scored) and a else None,
        "wins": [int(counts.get("a", 0)), int(counts.get("b", 0))],
        "ties": int(counts.get("tie", 0)),
        "inconsistent": int(counts.get("inconsistent", 0)),
        "incomplete": int(counts.get("incomplete", 0)),
        "questions": int(group["question_id"].nunique()),
        "matches": len(group),
        "reviews": int(group["reviews"].sum()),
        "missing": int(group["missing"].sum()),
    }


def _parts(group: pd.DataFrame) -> Iterator[tuple[int | None, str | None, pd.DataFrame]]:
    """The whole, each turn, each category, and each category's turns."""
    yield None, None, group
    for turn, part in group.groupby("turn"):
        yield cast("int", turn), None, part
    for category, part in group.groupby("category", sort=False):
        yield None, str(category), part
        for turn, piece in part.groupby("turn"):
            yield cast("int", turn), str(category), piece


def _mean(part: pd.DataFrame) -> dict[str, Any]:
    known = part["score"].dropna()
    mean = math.fsum(known) / len(known) if len(known) else None
    return {"mean": mean, "n": len(known), "missing": len(part) - len(known)}
