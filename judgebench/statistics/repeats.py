"""Repeats of a match -> one row per match."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from judgebench.statistics.frames import MATCHES, SCORES

_MATCH = ["question_set", "judge", "kind", "model_a", "model_b", "question_id", "turn"]
_SCORE = ["question_set", "judge", "model", "question_id", "turn"]


def matches_over_repeats(matches: pd.DataFrame) -> pd.DataFrame:
    """One row per match: columns MATCHES without `repeat`, and `flip`.

    Figures are means over the repeats that have a verdict in each order, `reviews` and `missing` sums over all.
    `outcome` is what more than half of those repeats gave, or else `inconsistent`; `incomplete` where there is none.
    `flip`: whether those repeats gave different outcomes.
    """
    columns = [name for name in MATCHES if name != "repeat"]
    rows = [_match(group, columns) for group in _groups(matches, _MATCH)]
    return pd.DataFrame(rows, columns=[*columns, "flip"])


def scores_over_repeats(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per model, question and turn: columns SCORES without `repeat`, `missing` reviews, and `flip`.

    `score` is the mean over the repeats that have one; `flip`: whether those scores differ.
    """
    columns = [name for name in SCORES if name != "repeat"]
    rows = [_score(group, columns) for group in _groups(scores, _SCORE)]
    return pd.DataFrame(rows, columns=[*columns, "missing", "flip"])


def majority(outcomes: Sequence[str]) -> str:
    """What more than half of the outcomes are, or else `inconsistent`; `incomplete` without any."""
    if not outcomes:
        return "incomplete"
    outcome, number = Counter(outcomes).most_common(1)[0]
    return outcome if 2 * number > len(outcomes) else "inconsistent"


def mean(values: Sequence[float]) -> float:
    """The mean of the values that are known, NaN where none is."""
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else math.nan


def _groups(frame: pd.DataFrame, keys: list[str]) -> list[list[dict[str, Any]]]:
    groups: dict[tuple[object, ...], list[dict[str, Any]]] = {}
    for row in frame.to_dict("records"):
        groups.setdefault(tuple(row[key] for key in keys), []).append({str(key): row[key] for key in row})
    return list(groups.values())


def _match(repeats: list[dict[str, Any]], columns: list[str]) -> tuple[Any, ...]:
    complete = [row for row in repeats if row["outcome"] != "incomplete"]
    outcomes = [row["outcome"] for row in complete]
    merged = repeats[0] | {
        "outcome": majority(outcomes),
        "reviews": sum(row["reviews"] for row in repeats),
        "missing": sum(row["missing"] for row in repeats),
        "orders": max(row["orders"] for row in repeats),
        "chance": min(row["chance"] for row in repeats),
    }
    for name in ("score_a", "score_b", "agree", "first_shown"):
        merged[name] = mean([row[name] for row in complete])
    return (*(merged[name] for name in columns), len(set(outcomes)) > 1)


def _score(repeats: list[dict[str, Any]], columns: list[str]) -> tuple[Any, ...]:
    known = [row["score"] for row in repeats if not math.isnan(row["score"])]
    merged = repeats[0] | {"score": mean(known)}
    return (*(merged[name] for name in columns), len(repeats) - len(known), len(set(known)) > 1)
