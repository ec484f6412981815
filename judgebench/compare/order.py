"""In which order questions are judged: at random, by a seed; with predictions, the telling ones sooner."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from judgebench import embedded
from judgebench.compare.reading import Drawn
from judgebench.statistics.clusters import Floats
from judgebench.tables.records import Answer, Question, content_id

_LEAST = 0.5  # the weight of a question about which nothing is expected; at most twice that, so that bets stay large


def at_random(questions: Sequence[Question], seed: int) -> Drawn:
    """A random order that depends on the seed and each question's id alone.

    Not category by category in turn: between two looks the next category would be known, and with it more of the next
    outcome than the test may know. docs/compare.md has the figures.
    """
    return Drawn(tuple(question.id for question in sorted(questions, key=lambda one: _uniform(seed, one.id))))


def telling_first(questions: Sequence[Question], predictions: Mapping[str, float], seed: int) -> Drawn:
    """Drawn one after the other with chances in proportion to weights: more where a difference is predicted.

    By exponential races: Efraimidis and Spirakis, Information Processing Letters 97 (2006).
    """
    weights = {one.id: _LEAST + abs(predictions[one.id] - 0.5) for one in questions}
    raced = sorted(questions, key=lambda one: -math.log(1 - _uniform(seed, one.id)) / weights[one.id])
    ids = tuple(question.id for question in raced)
    return Drawn(ids, _array(predictions, ids), _array(weights, ids))


def predicted(
    questions: Sequence[Question], baseline: Mapping[str, Answer], candidate: Mapping[str, Answer]
) -> dict[str, float]:
    """The candidate's points on each question as the embedded judge expects them, 0 to 1; 0.5 where it can't say."""
    both = {one.id: (baseline.get(one.id), candidate.get(one.id)) for one in questions}
    told = [one for one in questions if all(side and not side.error for side in both[one.id])]
    items = [item for one in told for item in _items(one, [side for side in both[one.id] if side])]
    scores = embedded.built_in().scores(items)
    points = {one.id: float(np.mean([_win(-next(scores) + next(scores)) for _ in one.turns])) for one in told}
    return {one.id: points.get(one.id, 0.5) for one in questions}


def _items(question: Question, answers: Sequence[Answer]) -> Iterator[embedded.Item]:
    """What is graded: the answers to the first turn, then those to the next."""
    for turn in range(1, len(question.turns) + 1):
        for answer in answers:
            yield question.turns[:turn], answer.turns[:turn], question.reference(turn)


def _win(points: float) -> float:
    return 1 / (1 + math.exp(-points))


def _array(values: Mapping[str, float], ids: Sequence[str]) -> Floats:
    return np.array([values[question] for question in ids], np.float64)


def _uniform(seed: int, question: str) -> float:
    return int(content_id("compare", seed, question)[:12], 16) / 16**12
