"""Several judges of the same matches, put together: majority, mean, and how far they disagree."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from judgebench.statistics.repeats import majority, mean

NAME = "panel"
_PAIR = ["question_set", "kind", "model_a", "model_b"]
_PLACE = ["question_id", "turn"]


def pair_panels(matches: pd.DataFrame, leave_out: Iterable[str]) -> list[tuple[list[str], pd.DataFrame]]:
    """The judges of each pair that has several, and the matches that all of them judged, one row each.

    From matches over repeats. `score_a` and `score_b` are means over the judges, `outcome` what more than half of
    them gave, or else `inconsistent`; `incomplete` where one has no verdict. `disagree`: whether they differ.
    """
    return [
        (judges, pd.DataFrame([_match(rows) for rows in shared]))
        for judges, shared in _shared(matches, _PAIR, leave_out)
    ]


def score_panels(scores: pd.DataFrame, leave_out: Iterable[str]) -> list[tuple[list[str], pd.DataFrame]]:
    """As `pair_panels`, by model: `score` is the mean over the judges, NaN where one has none.

    `spread` is the distance from the lowest score to the highest.
    """
    return [
        (judges, pd.DataFrame([_score(rows) for rows in shared]))
        for judges, shared in _shared(scores, ["question_set", "model"], leave_out)
    ]


def _shared(
    frame: pd.DataFrame, keys: list[str], leave_out: Iterable[str]
) -> list[tuple[list[str], list[list[dict[str, Any]]]]]:
    """Per group its judges, where there are several, and the rows of each match that all of them judged."""
    found = []
    for _, group in frame[~frame["judge"].isin(list(leave_out))].groupby(keys, sort=False):
        judges = sorted(group["judge"].unique())
        places: dict[tuple[object, ...], list[dict[str, Any]]] = {}
        for row in group.to_dict("records"):
            places.setdefault(tuple(row[name] for name in _PLACE), []).append({str(key): row[key] for key in row})
        shared = [rows for rows in places.values() if len(rows) == len(judges)]
        if len(judges) > 1 and shared:
            found.append((judges, shared))
    return found


def _match(rows: list[dict[str, Any]]) -> dict[str, Any]:
    outcomes = [row["outcome"] for row in rows]
    complete = "incomplete" not in outcomes
    merged = rows[0] | {
        "judge": NAME,
        "outcome": majority(outcomes) if complete else "incomplete",
        "reviews": sum(row["reviews"] for row in rows),
        "missing": sum(row["missing"] for row in rows),
        "orders": min(row["orders"] for row in rows),
        "chance": min(row["chance"] for row in rows),
        "flip": any(row["flip"] for row in rows),
        "disagree": complete and len(set(outcomes)) > 1,
    }
    for name in ("score_a", "score_b"):
        merged[name] = mean([row[name] for row in rows]) if complete else float("nan")
    return merged | {"agree": float("nan"), "first_shown": float("nan")}


def _score(rows: list[dict[str, Any]]) -> dict[str, Any]:
    scores = [row["score"] for row in rows]
    complete = not any(score != score for score in scores)  # NaN is not itself
    return rows[0] | {
        "judge": NAME,
        "score": mean(scores) if complete else float("nan"),
        "missing": sum(row["missing"] for row in rows),
        "flip": any(row["flip"] for row in rows),
        "disagree": complete and len(set(scores)) > 1,
        "spread": max(scores) - min(scores) if complete else float("nan"),
    }
