"""In which order questions are judged: at random, by a seed; with predictions about a set, the telling ones sooner."""

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from judgebench.compare.reading import Drawn
from judgebench.statistics.clusters import Floats
from judgebench.tables.records import Question, content_id

_LEAST = 0.5  # the weight of a question about which nothing is expected; at most twice that, so that bets stay large


def at_random(questions: Sequence[Question], seed: int, predictions: Mapping[str, float] | None = None) -> Drawn:
    """A random order that depends on the seed and each question's id alone.

    Not category by category in turn: between two looks the next category would be known, and with it more of the next
    outcome than the test may know. docs/compare.md has the figures.
    """
    ids = tuple(question.id for question in sorted(questions, key=lambda one: _uniform(seed, one.id)))
    return Drawn(ids, _array(predictions, ids) if predictions else None)


def first(questions: Sequence[Question], seed: int, number: int | None) -> list[Question]:
    """Those that come first in the order of the seed, as they stand; None: all."""
    kept = set(at_random(questions, seed).ids[:number])
    return [question for question in questions if question.id in kept]


def added(before: Drawn, judged: int, questions: Sequence[str], seed: int) -> Drawn:
    """The order where the set became these questions after the first `judged` were drawn: those stay where they were.

    What follows, old and new alike, is in a random order of its own, and each question keeps the size of the set as it
    was known when it was drawn: so that it is one test still.
    """
    kept = before.ids[:judged]
    others = set(questions) - set(kept)
    ids = kept + tuple(sorted(others, key=lambda one: _uniform(seed, one, judged)))
    return Drawn(ids, planned=(*before.sizes(judged).tolist(), *[len(ids)] * len(others)), since=judged)


def only(drawn: Drawn, present: Collection[str]) -> Drawn:
    """The order without the questions that are not present."""
    kept = [place for place, name in enumerate(drawn.ids) if name in present]
    sizes, since = drawn.sizes(len(drawn.ids))[kept], sum(place < drawn.since for place in kept)
    return Drawn(tuple(drawn.ids[place] for place in kept), planned=tuple(sizes.tolist()), since=since)


def telling_first(questions: Sequence[Question], seed: int, predictions: Mapping[str, float]) -> Drawn:
    """Drawn one after the other with chances in proportion to weights: more where a difference is predicted.

    By exponential races: Efraimidis and Spirakis, Information Processing Letters 97 (2006).
    """
    weights = {one.id: _LEAST + abs(predictions[one.id] - 0.5) for one in questions}
    raced = sorted(questions, key=lambda one: -math.log(1 - _uniform(seed, one.id)) / weights[one.id])
    ids = tuple(question.id for question in raced)
    return Drawn(ids, _array(predictions, ids), _array(weights, ids))


def predicted(matches: pd.DataFrame, candidate: str, ids: Sequence[str]) -> dict[str, float]:
    """The candidate's points on each question as a judge's matches foretell them, 0 to 1; 0.5 where they don't.

    From matches as of `judging.matches_of`. Where they have scores, the distance says more than who is ahead.
    """
    ahead = (matches["score_b"] - matches["score_a"]) * np.where(matches["model_b"] == candidate, 1, -1)
    points = matches["points"].where(ahead.isna() | matches["points"].isna(), 1 / (1 + np.exp(-ahead)))
    means = points.groupby(matches["question_id"].astype(str)).mean().fillna(0.5)
    return {one: float(means.get(one, 0.5)) for one in ids}


def _array(values: Mapping[str, float], ids: Sequence[str]) -> Floats:
    return np.array([values[question] for question in ids], np.float64)


def _uniform(seed: int, question: str, *judged: int) -> float:
    return int(content_id("compare", seed, question, *judged)[:12], 16) / 16**12
