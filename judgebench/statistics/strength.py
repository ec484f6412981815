"""Win rates in which a clear win counts several times, where the judge says how clearly one won (Arena-Hard)."""

from typing import Any

import numpy as np
import pandas as pd

from judgebench.statistics.clusters import mean_by_question
from judgebench.statistics.expected import PAIR
from judgebench.statistics.groups import Floats

STRENGTH = "strength"  # of a frame of reviews: how clearly the winner won, 1 or 2
CLEARLY, WEIGHT = 2, 3  # a win of at least this strength counts so many times
_WON = {"b": 1.0, "tie": 0.5, "a": 0.0}


def win_rates(reviews: pd.DataFrame) -> dict[tuple[str, ...], dict[str, Any]]:
    """By the columns PAIR `weighted_win_rate`, and its 95 % interval over questions, from a frame of reviews.

    It is b's mean over verdicts (win 1, tie 1/2, loss 0), each order by itself, in which a verdict of strength 2 counts
    three times. A frame in which no verdict has a strength gives nothing. Where all pairs share a model, the win rate
    against it by Bradley-Terry is the same number, which is how Arena-Hard v0.1 comes to it. Source: arXiv 2406.11939.
    """
    if STRENGTH not in reviews:
        return {}
    known = reviews[reviews["winner"].notna().to_numpy() & (reviews["mode"] == "pairwise").to_numpy()]
    found = known.groupby(PAIR, sort=False, observed=True)
    return {tuple(map(str, pair)): _entry(group) for pair, group in found if group[STRENGTH].notna().any()}


def _entry(verdicts: pd.DataFrame) -> dict[str, Any]:
    codes, ids = pd.factorize(verdicts["question_id"].astype(object))
    won: Floats = np.asarray(verdicts["winner"].astype(object).map(_WON), np.float64)
    weights = np.where(verdicts[STRENGTH].to_numpy(np.float64) >= CLEARLY, float(WEIGHT), 1.0)
    mean = mean_by_question(codes, won, len(ids), weights)
    interval = mean.share_interval() if mean else None
    return {
        "weighted_win_rate": mean.value if mean else None,
        "weighted_win_rate_interval": [float(end) for end in interval] if interval else None,
    }
