"""Win rates and mean scores as estimates over questions, which can be subtracted and have intervals."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from judgebench.statistics.clusters import Estimate, Floats, mean_by_question
from judgebench.statistics.columns import Codes

POINTS: Mapping[str, float] = {"a": 0.0, "tie": 0.5, "inconsistent": 0.5, "b": 1.0}  # b's, as MT-bench counts


def points_of_b(outcomes: pd.Series, points: Mapping[str, float] = POINTS) -> Floats:
    """b's points of each outcome; NaN for one that has none (`incomplete`)."""
    codes, known = pd.factorize(outcomes)
    return np.array([points.get(str(outcome), np.nan) for outcome in known], np.float64)[codes]


def numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with each question's number within its set (`question`), and how many the set has (`questions`)."""
    number, size = np.zeros(len(frame), np.int64), np.zeros(len(frame), np.int64)
    for rows in frame.groupby("question_set", observed=True).indices.values():
        number[rows], ids = pd.factorize(frame["question_id"].iloc[rows])
        size[rows] = len(ids)
    return frame.assign(question=number, questions=size)


def questions_of(frame: pd.DataFrame) -> tuple[Codes, int]:
    """The number of each row's question, and how many there are: those of the set where the frame is `numbered`."""
    if "questions" in frame:
        return frame["question"].to_numpy(), int(frame["questions"].iloc[0])
    codes, ids = pd.factorize(frame["question_id"])
    return codes, len(ids)


def win_rate(matches: pd.DataFrame, points: Mapping[str, float] = POINTS) -> Estimate | None:
    """b's mean points over a pair's matches (columns question_id, outcome); None where no match has points."""
    codes, number = questions_of(matches)
    return mean_by_question(codes, points_of_b(matches["outcome"], points), number)


def mean_scores(scores: pd.DataFrame, by: str = "model") -> dict[Any, Estimate]:
    """By model (or turn) its mean score, over all questions of the frame (columns question_id, score, and `by`).

    Estimates over the same questions, so that they can be subtracted; what has no score has none.
    """
    codes, ids = pd.factorize(scores["question_id"])
    groups, names = pd.factorize(scores[by])
    score = scores["score"].to_numpy(np.float64)
    found = {
        name: mean_by_question(codes[groups == group], score[groups == group], len(ids))
        for group, name in enumerate(names)
    }
    return {name: mean for name, mean in found.items() if mean is not None}
