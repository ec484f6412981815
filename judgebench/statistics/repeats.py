"""Several verdicts on one match put together: its repeats, or the judges of a panel."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from judgebench.statistics.frames import MATCHES, OUTCOMES, SCORES
from judgebench.statistics.groups import Groups

PANEL = "panel"
_PAIR = ["question_set", "kind", "model_a", "model_b"]
_MODEL = ["question_set", "model"]
_PLACE = ["question_id", "turn", "choice"]


def matches_over_repeats(matches: pd.DataFrame) -> pd.DataFrame:
    """One row per match, samples apart: columns MATCHES without `repeat`, and `flip`.

    Figures are means over the repeats that have a verdict in each order, `reviews` and `missing` sums over all.
    `outcome` is what more than half of those repeats gave, or else `inconsistent`; `incomplete` where there is none.
    `flip`: whether those repeats gave different outcomes. A frame that this was done to already comes back as it is.
    """
    if "repeat" not in matches:
        return matches
    return _matches(matches, Groups.of(matches, ["judge", *_PAIR, *_PLACE]))


def scores_over_repeats(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per model, question, turn and sample: columns SCORES without `repeat`, `reviews`, `missing` and `flip`.

    `reviews`: those with a score. `score` is the mean over the repeats that have one; `flip`: whether those scores
    differ. A frame that this was done to already comes back as it is.
    """
    if "repeat" not in scores:
        return scores
    return _scores(scores.assign(missing=scores["score"].isna()), Groups.of(scores, ["judge", *_MODEL, *_PLACE]))


def pair_panels(matches: pd.DataFrame, leave_out: Iterable[str]) -> list[tuple[list[str], pd.DataFrame]]:
    """The judges of each pair that has several, and the matches that all of them judged, one row each.

    From matches over repeats. `score_a` and `score_b` are means over the judges, `outcome` what more than half of
    them gave, or else `inconsistent`; `incomplete` where one has no verdict. `disagree`: whether they differ.
    With an open scale among theirs there is no mean.
    """
    found = []
    for judges, shared in _shared(matches, _PAIR, leave_out):
        groups = Groups.of(shared, _PLACE)
        merged = _matches(shared, groups)
        whole = groups.count((shared["outcome"] == "incomplete").to_numpy()) == 0
        merged.loc[~whole, "outcome"] = "incomplete"
        apart = groups.count(np.isinf(shared["low"].to_numpy(np.float64))) > 0
        merged.loc[~whole | apart, ["score_a", "score_b"]] = np.nan
        merged[["won_first", "won_second", "agree"]] = np.nan  # whose order would that be?
        merged["disagree"] = whole & merged["flip"]
        merged["flip"] = groups.greatest(shared["flip"]) > 0
        merged["orders"] = groups.least(shared["orders"]).astype(int)
        found.append((judges, merged.assign(judge=PANEL)))
    return found


def score_panels(scores: pd.DataFrame, leave_out: Iterable[str]) -> list[tuple[list[str], pd.DataFrame]]:
    """As `pair_panels`, by model: `score` is the mean over the judges, NaN where one has none.

    `spread` is the distance from the lowest score to the highest. Scores on an open scale are left out: a mean with
    others says nothing.
    """
    found = []
    closed = scores[~np.isinf(scores["low"].to_numpy(np.float64))]
    for judges, shared in _shared(closed, _MODEL, leave_out):
        groups = Groups.of(shared, _PLACE)
        merged, score = _scores(shared, groups), shared["score"].to_numpy()
        whole = groups.count(np.isnan(score)) == 0
        merged.loc[~whole, "score"] = np.nan
        merged["disagree"] = whole & merged["flip"]
        merged["flip"] = groups.greatest(shared["flip"]) > 0
        merged["spread"] = np.where(whole, groups.greatest(score) - groups.least(score), np.nan)
        found.append((judges, merged.assign(judge=PANEL)))
    return found


def _shared(frame: pd.DataFrame, keys: list[str], leave_out: Iterable[str]) -> list[tuple[list[str], pd.DataFrame]]:
    """Per group its judges, where there are several, and the rows of each match that all of them judged."""
    found = []
    chosen = frame[~frame["judge"].isin(list(leave_out))]
    if chosen["judge"].nunique() < 2:
        return []
    for _, group in chosen.groupby(keys, sort=False, observed=True):
        judges = sorted(group["judge"].unique())
        places = Groups.of(group, _PLACE)
        shared = group[np.bincount(places.codes)[places.codes] == len(judges)]
        if len(judges) > 1 and len(shared):
            found.append((judges, shared))
    return found


def _matches(rows: pd.DataFrame, groups: Groups) -> pd.DataFrame:
    """A row per group, by majority and mean; `flip` says whether complete rows of it differ."""
    merged = (
        rows[[name for name in MATCHES if name in rows and name != "repeat"]].take(groups.first).reset_index(drop=True)
    )
    if groups.number == len(rows) and "flip" not in rows:
        return merged.assign(flip=False)
    complete = (rows["outcome"] != "incomplete").to_numpy()
    merged["outcome"], merged["flip"] = _majority(rows["outcome"], groups)
    for name in ("score_a", "score_b", "won_first", "won_second", "agree"):
        merged[name] = groups.mean(np.where(complete, rows[name].to_numpy(), np.nan))
    for name in ("reviews", "missing"):
        merged[name] = groups.sum(rows[name]).astype(int)
    merged["orders"], merged["chance"] = groups.greatest(rows["orders"]).astype(int), groups.least(rows["chance"])
    return merged


def _scores(rows: pd.DataFrame, groups: Groups) -> pd.DataFrame:
    columns = [name for name in SCORES if name != "repeat"]
    merged = rows[columns].take(groups.first).reset_index(drop=True)
    score = rows["score"].to_numpy()
    merged["score"] = groups.mean(score)
    merged["reviews"], merged["missing"] = groups.count(~np.isnan(score)), groups.sum(rows["missing"]).astype(int)
    low, high = (
        groups.least(np.where(np.isnan(score), np.inf, score)),
        groups.greatest(np.where(np.isnan(score), -np.inf, score)),
    )
    merged["flip"] = high > low
    return merged


def _majority(outcomes: pd.Series, groups: Groups) -> "tuple[pd.Categorical[str], NDArray[np.bool_]]":
    """What more than half of a group's complete outcomes are, or else `inconsistent`; and whether they differ."""
    codes = pd.Categorical(outcomes, categories=OUTCOMES).codes.astype(np.int64)
    counts = np.bincount(groups.codes * len(OUTCOMES) + codes, minlength=groups.number * len(OUTCOMES))
    counts = counts.reshape(-1, len(OUTCOMES))[:, :-1]  # all but incomplete
    whole = counts.sum(axis=1)
    differ: NDArray[np.bool_] = (counts > 0).sum(axis=1) > 1
    most = np.where(2 * counts.max(axis=1) > whole, counts.argmax(axis=1), OUTCOMES.index("inconsistent"))
    most = np.where(whole == 0, OUTCOMES.index("incomplete"), most)
    return pd.Categorical.from_codes(most, categories=pd.Index(OUTCOMES)), differ
