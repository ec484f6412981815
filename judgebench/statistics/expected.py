"""Win rates by the judge's own probabilities, where it gave some, in place of its verdicts (AlpacaEval 2)."""

from typing import Any

import numpy as np
import pandas as pd

from judgebench.statistics.clusters import mean_by_question

PAIR = ["question_set", "judge", "kind", "model_a", "model_b"]
_MATCH = ["question_id", "turn", "choice", "repeat"]
EXPECTED = "expected"  # of a frame of reviews: the probability that model_b is better


def win_rates(reviews: pd.DataFrame) -> dict[tuple[str, ...], dict[str, Any]]:
    """By the columns PAIR `expected_win_rate`, and its 95 % interval over questions, from a frame of reviews.

    It is the mean over matches of the probability that b is better, a tie as half, each the mean over its orders.
    Reviews without probabilities are left out; a frame in which none has any gives nothing. Source: AlpacaEval 2,
    arXiv 2404.04475.
    """
    if EXPECTED not in reviews:
        return {}
    known = reviews[reviews[EXPECTED].notna()]
    matches = known.groupby([*PAIR, *_MATCH], sort=False, observed=True)[EXPECTED].mean().reset_index()
    found = matches.groupby(PAIR, sort=False, observed=True)
    return {tuple(map(str, pair)): _entry(group) for pair, group in found}


def _entry(matches: pd.DataFrame) -> dict[str, Any]:
    codes, ids = pd.factorize(matches["question_id"].astype(object))
    values = matches[EXPECTED].to_numpy(np.float64)
    mean = mean_by_question(codes, values, len(ids), np.ones(len(values)))
    interval = mean.share_interval() if mean else None
    return {
        "expected_win_rate": mean.value if mean else None,
        "expected_win_rate_interval": [float(end) for end in interval] if interval else None,
    }
