"""A few votes of people and a judge's verdicts on all questions -> one estimate, right whatever the judge is worth.

Prediction-powered inference with power tuning, for a mean. The judge says f_q of all N questions, people y_q of n of
them, drawn at random:

    estimate = mean over N of w f_q + mean over n of (y_q - w f_q)
    w = cov(y, f) / var(f), both over the n, cut to 0 to 1

For any fixed w it is unbiased, since what the judge gets wrong is measured on the n and taken off. w minimises its
variance: as the n are part of the N, that is var(y) / n - (1/n - 1/N) cov(y, f)^2 / var(f). PPI++ has the judge's mean
over the N - n others, and w / (1 + n / (N - n)), which is the same estimate.

Sources: Angelopoulos et al., Science 382 (2023), arXiv 2301.09633; power tuning: Angelopoulos, Duchi and Zrnic, PPI++,
arXiv 2311.01453; of judges and win rates: Boyeau et al., arXiv 2403.07008. The regression estimator of surveys is as
old as Cochran (1942). What is ours is the interval for few votes: `clusters.Estimate.share_interval` of the influences,
with one question less, which w took.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from judgebench.statistics.clusters import Estimate, Floats, ratio_of_sums
from judgebench.statistics.estimates import points_of_b
from judgebench.statistics.groups import Groups, keyed
from judgebench.statistics.votes import PLACE, votes_of_matches, votes_of_people, votes_of_scores

Population: TypeAlias = Literal["alike", "set"]
FEWEST = 10  # questions with votes: below, nothing is said
_PAIR = ["question_set", "model_a", "model_b"]


@dataclass(frozen=True, slots=True)
class Calibrated:
    """`estimate` by the judge and the votes together, `votes` by the votes alone: both of a mean from 0 to 1.

    `weight` is w, `correlation` that of judge and people over the questions with votes (NaN without variation).
    """

    estimate: Estimate
    votes: Estimate
    weight: float
    correlation: float

    @property
    def worth(self) -> float | None:
        """How many votes by themselves would tell as much: n var(votes) / var(estimate); None without variance."""
        alone, both = self.votes.standard_error, self.estimate.standard_error
        return self.votes.questions * (alone / both) ** 2 if both else None


def calibrated(judge: Floats, people: Floats, population: Population = "alike") -> Calibrated | None:
    """The mean of people's values (questions,), NaN where nobody voted, with the judge's values of all (questions,).

    Both from 0 to 1. The questions with votes must be a random part of all. `population`: of questions like these, or
    just of this `set`, of which the votes leave less open. None with fewer than FEWEST of them.
    """
    voted = ~np.isnan(people)
    n, every = int(voted.sum()), len(judge)
    if n < FEWEST:
        return None
    votes = ratio_of_sums(np.where(voted, people, 0.0), voted.astype(np.float64))
    weight, correlation = _tuned(people[voted], judge[voted])
    rest = np.where(voted, people - weight * judge, 0.0)
    residual = ratio_of_sums(rest, voted.astype(np.float64))
    if votes is None or residual is None:
        return None
    value = min(max(residual.value + weight * float(judge.mean()), 0.0), 1.0)
    predicted = weight * (judge - judge.mean()) / every
    if population == "set":  # what was voted on is known, and the judge's mean over all is no sample
        left = math.sqrt(1 - n / every)
        return Calibrated(
            Estimate(value, left * residual.influence, n - 1),
            Estimate(votes.value, left * votes.influence, n),
            weight,
            correlation,
        )
    return Calibrated(Estimate(value, residual.influence + predicted, n - 1), votes, weight, correlation)


def _tuned(people: Floats, judge: Floats) -> tuple[float, float]:
    """The weight of the judge's values, and their correlation with people's."""
    apart, said = people - people.mean(), judge - judge.mean()
    both, of_judge, of_people = float(apart @ said), float(said @ said), float(apart @ apart)
    weight = min(max(both / of_judge, 0.0), 1.0) if of_judge else 0.0
    return weight, both / math.sqrt(of_judge * of_people) if of_judge * of_people else math.nan


def win_rates(matches: pd.DataFrame, scores: pd.DataFrame, people: pd.DataFrame) -> list[dict[str, Any]]:
    """b's win rate as people would say it, an entry per question set, judge, kind and pair that people voted on.

    From matches and single scores over repeats, and people's votes as of `votes.votes_frame`. The question is the unit:
    its value is the mean over its matches in the turns that people voted on, a match's the mean of its votes, of each
    voter the last. A match without a verdict is half a win to the judge: what a prediction is changes no truth.
    `judge_win_rate` is what the judge says of all `questions`; `votes`, on `voted` questions, say `votes_win_rate`.
    Both together say `win_rate`, which is worth `worth` votes. Pairs are named in alphabetical order. With fewer than
    FEWEST questions with votes all but the counts and the judge's own is None.
    """
    voted = votes_of_people(people)
    if not len(voted):
        return []
    voted = voted.iloc[np.sort(Groups.of(voted, [*PLACE, "rater"]).last)]
    said = pd.concat([_of_matches(matches), votes_of_scores(scores, _places(scores, voted))], ignore_index=True)
    by_pair = {tuple(pair): points for pair, points in _points(voted, _PAIR)}
    return [
        {"question_set": name, "judge": rater, "kind": kind, "models": [a, b], **entry}
        for (name, a, b, rater, kind), judge in _points(said, [*_PAIR, "rater", "kind"])
        if (entry := _entry(judge, by_pair.get((name, a, b))))
    ]


def _of_matches(matches: pd.DataFrame) -> pd.DataFrame:
    outcome = matches["outcome"].astype(object)
    return votes_of_matches(matches.assign(outcome=outcome.where(outcome != "incomplete", "inconsistent")))


def _places(scores: pd.DataFrame, voted: pd.DataFrame) -> pd.DataFrame:
    """The matches that single scores could vote on: each pair that people voted on, on all questions."""
    asked = scores[["question_set", "question_id", "turn"]].astype({"question_set": object, "question_id": object})
    pairs = voted[[*_PAIR, "turn"]].drop_duplicates()
    return asked.drop_duplicates().merge(pairs, on=["question_set", "turn"])


def _points(votes: pd.DataFrame, keys: list[str]) -> Iterator[tuple[list[Any], pd.DataFrame]]:
    """By keys: b's mean points of each question and turn, and the number of `votes` that say so."""
    known = votes.assign(points=points_of_b(votes["outcome"]))
    for key, rows in keyed(known, keys):
        by_match = known.iloc[rows].groupby(["question_id", "turn"], sort=False, observed=True)["points"]
        yield key, by_match.agg(["mean", "size"]).reset_index()


def _entry(judge: pd.DataFrame, voted: pd.DataFrame | None) -> dict[str, Any] | None:
    """The figures of one pair by one judge; None where nobody voted on what the judge saw."""
    if voted is None:
        return None
    said = _by_question(judge[judge["turn"].isin(voted["turn"])])
    voted = voted[voted["question_id"].isin(said.index)]
    if not len(voted):
        return None
    people = _by_question(voted).reindex(said.index)
    figures = _figures(np.asarray(said, np.float64), np.asarray(people, np.float64))
    return {"votes": int(voted["size"].sum()), **figures}


def _by_question(points: pd.DataFrame) -> "pd.Series[float]":
    return points.groupby("question_id", sort=False, observed=True)["mean"].mean()


def _figures(judge: Floats, people: Floats) -> dict[str, Any]:
    own = ratio_of_sums(judge, np.ones(len(judge)))
    found = calibrated(judge, people)
    return {
        "questions": len(judge),
        "voted": int((~np.isnan(people)).sum()),
        **_figure("judge_win_rate", own),
        **_figure("votes_win_rate", found.votes if found else None),
        **_figure("win_rate", found.estimate if found else None),
        "weight": found.weight if found else None,
        "correlation": found.correlation if found and not math.isnan(found.correlation) else None,
        "worth": found.worth if found else None,
    }


def _figure(name: str, estimate: Estimate | None) -> dict[str, Any]:
    interval = estimate.share_interval() if estimate else None
    return {name: estimate.value if estimate else None, f"{name}_interval": list(interval) if interval else None}
