"""Totals, ratios, wins and mean scores: the figures of the Vicuna evaluation and of MT-bench."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pandas as pd

from judgebench.statistics.panel import pair_panels, score_panels
from judgebench.statistics.repeats import matches_over_repeats, scores_over_repeats

_PAIR = ["question_set", "judge", "kind", "model_a", "model_b"]


def pairs(matches: pd.DataFrame) -> list[dict[str, Any]]:
    """One entry per question set, judge, kind of verdict and pair [a, b], from a frame of matches.

    `totals`: sums of the scores over complete matches, None where the verdicts have no scores. `ratio`: b's total
    over a's. `wins`: [a's, b's], `ties`, `inconsistent`, `incomplete`: matches. `reviews`, `missing`: reviews with
    and without a verdict. `one_order`: matches judged in one order. `repeat_flips`: matches whose repeats gave
    different outcomes. `consistency` and `order_effect`: see `_by_order`. Source of the ratio: the Vicuna
    evaluation, March 2023.
    """
    groups = matches_over_repeats(matches).groupby(_PAIR, sort=False, dropna=False)
    return [_pair(dict(zip(_PAIR, key, strict=True)), group) | _by_order(group) for key, group in groups]


def pair_panels_of(matches: pd.DataFrame, leave_out: Sequence[str] = ()) -> list[dict[str, Any]]:
    """An entry as of `pairs` for each pair that several judges judged, over the matches that all of them did.

    `judge` is "panel", `judges` are their names, and `disagreement` is the share of the complete matches in which
    their outcomes differ.
    """
    found = []
    for judges, group in pair_panels(matches_over_repeats(matches), leave_out):
        key = {name: group[name].iloc[0] for name in _PAIR}
        complete = group[group["outcome"] != "incomplete"]
        panel = {"judges": judges, "disagreement": _known(complete["disagree"])}
        found.append(_pair(key, group) | _by_order(group) | panel)
    return found


def scores(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Mean scores per model: over all, per turn, per category, and both, from a frame of scores.

    `turn` and `category` are None where the entry is over all of them. `n` counts the matches in the mean, each with
    the mean of its repeats, and `missing` the reviews without a score, which are left out of it; `mean` is None
    where n is 0. `repeat_flips`: matches whose repeats gave different scores.
    """
    by_model = scores_over_repeats(frame).groupby(["question_set", "judge", "model"], sort=False)
    return [_place(key, *part) for key, group in by_model for part in _parts(group)]


def score_panels_of(frame: pd.DataFrame, leave_out: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Entries as of `scores` for each model that several judges graded, over the matches that all of them did.

    `judge` is "panel" and `judges` are their names. `disagreement`: the share of the matches with all scores in which
    these differ; `spread`: the mean distance from the lowest to the highest.
    """
    found = []
    for judges, group in score_panels(scores_over_repeats(frame), leave_out):
        key = (group["question_set"].iloc[0], "panel", group["model"].iloc[0])
        for turn, category, part in _parts(group):
            known = part.dropna(subset=["score"])
            panel = {"disagreement": _known(known["disagree"]), "spread": _known(known["spread"])}
            found.append(_place(key, turn, category, part) | {"judges": judges} | panel)
    return found


def _place(key: tuple[Any, ...], turn: int | None, category: str | None, part: pd.DataFrame) -> dict[str, Any]:
    about = dict(zip(("question_set", "judge", "model"), key, strict=True))
    return {**about, "turn": turn, "category": category, **_mean(part)}


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
        "one_order": int((group["orders"] == 1).sum()),
        "repeat_flips": int(group["flip"].sum()),
    }


def _by_order(group: pd.DataFrame) -> dict[str, float | None]:
    """Of matches judged in both orders: the share in which they agree, and what being shown first gains a.

    Where a random share of matches was drawn for its second order, each of them stands for as many as it was drawn
    from: itself and those left in one order.
    """
    both = group.dropna(subset=["agree"])
    drawn = int((both["chance"] < 1).sum())
    left = int(((group["orders"] == 1) & (group["outcome"] != "incomplete")).sum())
    weights = [(drawn + left) / drawn if chance < 1 else 1.0 for chance in both["chance"]]
    return {
        name: math.fsum(weight * value for weight, value in zip(weights, both[column], strict=True))
        / math.fsum(weights)
        if weights
        else None
        for name, column in (("consistency", "agree"), ("order_effect", "first_shown"))
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
    missing, flips = int(part["missing"].sum()), int(part["flip"].sum())
    known = part["score"].dropna()
    return {"mean": _known(known), "n": len(known), "missing": missing, "repeat_flips": flips}


def _known(values: pd.Series) -> float | None:
    """The mean of the values, None without any."""
    return math.fsum(values) / len(values) if len(values) else None
