"""Verdicts of judges, single scores and votes of people -> one frame of votes on matches, for `agreement`.

A *vote* is what a rater (a judge or a person) says of a match: `a`, `b`, `tie`, or `inconsistent` for a judge whose
orders gave different verdicts.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from judgebench.statistics.clusters import Floats
from judgebench.statistics.columns import Codes
from judgebench.statistics.groups import Groups

PLACE = ["question_set", "question_id", "turn", "model_a", "model_b"]
VOTES = [*PLACE, "rater", "kind", "human", "outcome"]
_NAMES = ["question_set", "question_id", "model", "model_a", "model_b", "judge", "rater", "kind", "outcome"]
_ROUNDING = 1e-9  # means of the same scores, added up in another order, are equal


def votes_frame(matches: pd.DataFrame, scores: pd.DataFrame, people: pd.DataFrame, close: float = 0.0) -> pd.DataFrame:
    """All votes, columns VOTES: of judges on pairs, of judges by single scores where a person voted, and of people.

    `people` has a row per vote: question_set, question_id, turn, model_a, model_b, rater (the voter), outcome. `close`:
    the largest difference of two single scores, in points, that is a tie. Pairs are named in alphabetical order.
    """
    by_people = votes_of_people(people)
    votes = [votes_of_matches(matches), votes_of_scores(scores, by_people, close), by_people]
    return as_categories(pd.concat([part for part in votes if len(part)] or votes[:1], ignore_index=True))


def votes_of_matches(matches: pd.DataFrame) -> pd.DataFrame:
    """One vote per complete match; `kind` is that of the verdicts. A judge with two kinds of verdicts is two raters."""
    complete = matches[(matches["outcome"] != "incomplete").to_numpy()]
    return canonical(complete.rename(columns={"judge": "rater"}).assign(human=False))


def votes_of_people(people: pd.DataFrame) -> pd.DataFrame:
    """The votes of people, `kind` "vote"; rows without an outcome are none."""
    return canonical(people[people["outcome"].notna().to_numpy()].assign(kind="vote", human=True))


def votes_of_scores(scores: pd.DataFrame, places: pd.DataFrame, close: float = 0.0) -> pd.DataFrame:
    """What single scores say of the matches in `places`: the higher one wins; `kind` is "single".

    `scores` has question_set, question_id, turn, model, judge, score. Each judge votes on the matches of which it
    scored both answers. Scores at most `close` points apart are a tie.
    """
    judges = scores["judge"].unique()
    wanted = places[PLACE].drop_duplicates().merge(pd.DataFrame({"rater": judges}), how="cross")
    known = scores[scores["score"].notna().to_numpy()]
    a, b = (_score_of(wanted, side, known) for side in ("model_a", "model_b"))
    outcome = np.select([np.abs(a - b) <= close + _ROUNDING, a > b], ["tie", "a"], "b")
    votes = wanted.assign(kind="single", human=False, outcome=outcome)
    return canonical(votes[~np.isnan(a - b)])


def canonical(votes: pd.DataFrame) -> pd.DataFrame:
    """The votes, columns VOTES, each pair named in alphabetical order and its outcome turned round with it."""
    a, b = (votes[side].to_numpy(object) for side in ("model_a", "model_b"))
    turned = np.asarray(a > b, bool)
    codes, values = pd.factorize(votes["outcome"])
    said = np.array([{"a": "b", "b": "a"}.get(value, value) for value in values], object)[codes]
    named = {
        "model_a": np.where(turned, b, a),
        "model_b": np.where(turned, a, b),
        "outcome": np.where(turned, said, votes["outcome"].to_numpy(object)),
    }
    return votes.assign(**named)[VOTES].reset_index(drop=True)


def as_categories(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its columns of names as categories, so that each text is looked at once."""
    return frame.astype({name: "category" for name in _NAMES if name in frame})


def locate(wanted: Sequence[pd.Series], table: Sequence[pd.Series]) -> Codes:
    """For each row of the columns `wanted` the last row of the columns `table` that is equal to it, or -1."""
    rows, there = len(wanted[0]), len(table[0])
    groups = Groups.by([numbered(*columns) for columns in zip(wanted, table, strict=True)], rows + there)
    found = np.full(groups.number, -1, np.int64)
    found[groups.codes[rows:]] = np.arange(there)
    return found[groups.codes[:rows]]


def numbered(first: pd.Series, second: pd.Series) -> Codes:
    """Two columns, one after the other, as numbers: equal values have equal numbers."""
    coded = [pd.factorize(column, use_na_sentinel=False) for column in (first, second)]
    values = pd.Index(np.concatenate([np.asarray(values, object) for _, values in coded]))
    numbers = pd.factorize(values, use_na_sentinel=False)[0]
    split = len(coded[0][1])
    return np.concatenate([numbers[:split][coded[0][0]], numbers[split:][coded[1][0]]])


def _score_of(wanted: pd.DataFrame, side: str, scores: pd.DataFrame) -> Floats:
    """The rater's score of the model on one side of each wanted match, NaN where there is none."""
    keys = ["question_set", "question_id", "turn"]
    places = [wanted[key] for key in (*keys, side, "rater")]
    row = locate(places, [scores[key] for key in (*keys, "model", "judge")])
    return np.append(scores["score"].to_numpy(np.float64), np.nan)[row]
