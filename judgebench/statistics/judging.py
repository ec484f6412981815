"""Is a judge fair? What its verdicts depend on besides the answers: order, length, whose answer it is, chance.

Source of the biases: Zheng et al. 2023, arXiv 2306.05685, sections 3.3 and table 2.
"""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from judgebench.statistics.clusters import Floats
from judgebench.statistics.estimates import second_order_weights
from judgebench.statistics.figures import Questions
from judgebench.statistics.groups import Groups
from judgebench.statistics.single_scores import single_health
from judgebench.statistics.votes import as_categories, locate, numbered

_PLACE = ["question_set", "question_id", "turn", "choice"]
_Chosen = NDArray[np.bool_]


def judges(
    matches: pd.DataFrame,
    scores: pd.DataFrame,
    lengths: pd.DataFrame | None = None,
    own: Mapping[str, Collection[str]] | None = None,
    people: Collection[str] = (),
) -> list[dict[str, Any]]:
    """An entry per question set and judge, from frames of matches and of single scores, each one row per match.

    `lengths` has question_set, question_id, model, turn, choice, length; `own` says which models are a judge's own,
    `people` which judges are people. `scores` may have `low` and `high`, the scale, and `reviews`, the number of scores
    in each mean. The entry's `pairwise` is as of `pairwise_health`, its `single` as of `single_health`; None where the
    judge has no such matches.
    """
    matches, scores = as_categories(matches), as_categories(scores)
    longer = _longer_won(matches, lengths)
    matches = matches.assign(
        longer_won=longer,
        longer_by_people=_by_people(matches, longer, people),
        **_points_for_own(matches, own or {}),
    )
    scores = scores.assign(length=_lengths(scores, "model", lengths))
    pairwise, single = _by_judge(matches), _by_judge(scores)
    return [
        {
            "question_set": question_set,
            "judge": judge,
            "pairwise": pairwise_health(pairwise[question_set, judge]) if (question_set, judge) in pairwise else None,
            "single": single_health(single[question_set, judge]) if (question_set, judge) in single else None,
        }
        for question_set, judge in dict.fromkeys([*pairwise, *single])
    ]


def pairwise_health(matches: pd.DataFrame) -> dict[str, Any]:
    """One judge's matches of pairs. A figure is {value, interval, n, questions}, or None where nothing is known.

    `ties`, `inconsistent`: shares of the complete matches. `missing`: share of the reviews without a verdict. `flips`:
    share of the matches with several repeats in which these differ. `longer_won`: share of the decided matches, with
    answers of different length, that the longer answer won; `longer_than_people`: that share less people's, over the
    matches that both decided. `position`: see `position_bias`. `own`: see `own_bias`.
    """
    rows = Questions.of(matches)
    outcome, reviews = matches["outcome"], matches["reviews"].to_numpy(np.float64)
    complete, missing = (outcome != "incomplete").to_numpy(), matches["missing"].to_numpy(np.float64)
    asked = missing + reviews
    longer, people = (_known(matches, name) for name in ("longer_won", "longer_by_people"))
    return {
        "matches": len(matches),
        "complete": int(complete.sum()),
        "ties": rows.share((outcome == "tie").to_numpy(), complete),
        "inconsistent": rows.share((outcome == "inconsistent").to_numpy(), complete),
        "missing": rows.share(missing / np.maximum(asked, 1), asked),
        "flips": rows.share(matches["flip"].to_numpy(), reviews > matches["orders"].to_numpy()),
        "longer_won": rows.share(longer, ~np.isnan(longer)),
        "longer_than_people": rows.mean(longer - people, ~np.isnan(longer - people)),
        "position": position_bias(matches),
        "own": own_bias(matches),
    }


def position_bias(matches: pd.DataFrame) -> dict[str, Any] | None:
    """What the order of the answers does to one judge, over the matches judged in both; None without any.

    `consistency`: share in which both orders gave the same outcome. `favours_first`, `favours_second`: shares in which
    the answer that is shown first (second) does better than where it is shown last (first). The three add up to 1, but
    for repeats that cancel. `first_of_inconsistent`: the share of the inconsistent ones that favours the first.
    `net_first`: the mean gain, in wins, of being shown first, from -1 to 1. Matches whose second order was drawn stand
    for those not drawn.
    """
    agree = matches["agree"].to_numpy(np.float64)
    if np.isnan(agree).all():
        return None
    rows, pairs = Questions.of(matches), Groups.of(matches, ["kind", "model_a", "model_b"])
    weights = np.where(np.isnan(agree), 0.0, second_order_weights(matches, pairs))
    gain = matches["won_first"].to_numpy(np.float64) - matches["won_second"].to_numpy(np.float64)
    differ = 1 - agree
    return {
        "matches": int((~np.isnan(agree)).sum()),
        "consistency": rows.share(agree, weights),
        "favours_first": rows.share(differ * (gain > 0), weights),
        "favours_second": rows.share(differ * (gain < 0), weights),
        "first_of_inconsistent": rows.share(gain > 0, weights * np.nan_to_num(differ) * (gain != 0)),
        "net_first": rows.mean(gain, weights),
    }


def own_bias(matches: pd.DataFrame) -> dict[str, Any] | None:
    """One judge's share of wins (ties and inconsistent count half) for its own models, beside that of other judges.

    Over the matches of one own model that another judge, who has none of its own there, judged too; None without any.
    `difference` is the judge's share less the others', matched: 0 for a judge that is as fair to its own as they are.
    """
    if "by_judge" not in matches:
        return None
    judge, others = matches["by_judge"].to_numpy(np.float64), matches["by_others"].to_numpy(np.float64)
    both = ~np.isnan(judge - others)
    if not both.any():
        return None
    rows = Questions.of(matches)
    return {
        "matches": int(both.sum()),
        "share": rows.share(judge, both),
        "others": rows.share(others, both),
        "difference": rows.mean(judge - others, both),
    }


def _by_judge(frame: pd.DataFrame) -> dict[tuple[str, str], pd.DataFrame]:
    keys = ["question_set", "judge"]
    return {(str(key[0]), str(key[1])): part for key, part in frame.groupby(keys, sort=False, observed=True)}


def _lengths(frame: pd.DataFrame, side: str, lengths: pd.DataFrame | None) -> Floats:
    """The length of the answer of the model in the column `side`, NaN where it is not known."""
    if lengths is None:
        return np.full(len(frame), np.nan)
    row = locate([frame[key] for key in (*_PLACE, side)], [lengths[key] for key in (*_PLACE, "model")])
    return np.append(lengths["length"].to_numpy(np.float64), np.nan)[row]


def _longer_won(matches: pd.DataFrame, lengths: pd.DataFrame | None) -> Floats:
    """1 where the longer answer won, 0 where the shorter did, else NaN."""
    longer = _lengths(matches, "model_a", lengths) - _lengths(matches, "model_b", lengths)
    a_won, b_won = ((matches["outcome"] == side).to_numpy() for side in ("a", "b"))
    told = (a_won | b_won) & ~np.isnan(longer) & (longer != 0)
    return np.where(told, a_won == (longer > 0), np.nan)


def _known(matches: pd.DataFrame, name: str) -> Floats:
    """A column that may be missing; then it is NaN."""
    return matches[name].to_numpy(np.float64) if name in matches else np.full(len(matches), np.nan)


def _by_people(matches: pd.DataFrame, values: Floats, people: Collection[str]) -> Floats:
    """The mean of people's values on the same match, whichever way round it is named; NaN where there is none."""
    human = matches["judge"].isin(list(people)).to_numpy(bool)
    same = _same_match(matches)
    return np.where(human, np.nan, same.mean(np.where(human, values, np.nan))[same.codes])


def _same_match(matches: pd.DataFrame) -> Groups:
    """Matches of the same two models on the same question and turn are one group."""
    a, b = np.split(numbered(matches["model_a"], matches["model_b"]), 2)
    places = [numbered(matches[key], matches[key].iloc[:0]) for key in _PLACE]
    return Groups.by([*places, np.minimum(a, b), np.maximum(a, b)], len(matches))


def _points_for_own(matches: pd.DataFrame, own: Mapping[str, Collection[str]]) -> dict[str, Floats]:
    """Columns: by how much of a win each judge's own model won, by that judge and by the mean of neutral judges.

    NaN where not exactly one of the two models is the judge's own, and where nobody neutral judged the match.
    """
    own_a, own_b = (_is_own(matches, side, own) for side in ("model_a", "model_b"))
    a, b = np.split(numbered(matches["model_a"], matches["model_b"]), 2)
    turned = a > b
    won = np.select([(matches["outcome"] == side).to_numpy() for side in ("a", "b", "incomplete")], [1, 0, np.nan], 0.5)
    same = _same_match(matches)
    as_sorted = np.where(turned, 1 - won, won)
    neutral = same.mean(np.where(own_a | own_b, np.nan, as_sorted))[same.codes]
    by_others = np.where(turned == own_a, 1 - neutral, neutral)
    stake = own_a != own_b
    by_judge = np.where(own_a, won, 1 - won)
    return {"by_judge": np.where(stake, by_judge, np.nan), "by_others": np.where(stake, by_others, np.nan)}


def _is_own(matches: pd.DataFrame, side: str, own: Mapping[str, Collection[str]]) -> _Chosen:
    judge, names = pd.factorize(matches["judge"])
    model, models = pd.factorize(matches[side])
    table = np.array([[name in own.get(of, ()) for name in models] for of in names], bool)
    return table.reshape(len(names), len(models))[judge, model]
