"""Elo ratings: battle after battle, so that the order matters, with replicates over resampled questions."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgebench.statistics.clusters import Floats
from judgebench.statistics.comparisons import Comparisons, draws_of_questions

_CELLS = 32_000_000  # bytes in the weights of a block of draws


@dataclass(frozen=True, slots=True)
class Rules:
    """By how much a battle moves a rating at most (`k`), the scale's `base` and `scale`, and where models start.

    The expected score is 1 / (1 + base^((other's - own) / scale)). Source: Elo, The Rating of Chessplayers (1978);
    k = 4 on the scale of 400 is what LMSYS' Chatbot Arena began with (2023).
    """

    k: float = 4.0
    base: float = 10.0
    scale: float = 400.0
    initial: float = 1000.0


def elo_ratings(comparisons: Comparisons, rules: Rules, draws: int) -> tuple[Floats, Floats]:
    """The ratings (models,), and their replicates (draws, models) with the questions drawn with replacement.

    The battles of a draw keep their order in time, and those of a question drawn c times are repeated on the spot: a
    step s of which each repetition shrinks the next by the share a (the slope of the expectation) becomes
    c s / (1 + (c - 1) a / 2), which is the sum of the c steps but for terms of the order a^2; a is at most k / 347 on
    the usual scale.
    """
    blocks = [_run(comparisons, rules, weights) for weights in _weights(comparisons.questions, draws)]
    found = np.concatenate(blocks, axis=1).T
    return found[0], found[1:]


def _weights(questions: int, draws: int) -> Iterator[NDArray[np.uint8]]:
    """Blocks of (questions, draws), with the questions as they are before the first draw."""
    block = max(1, _CELLS // questions)
    yield np.ones((questions, 1), dtype=np.uint8)
    for weights in draws_of_questions(questions, draws, block):
        yield np.ascontiguousarray(weights.T)


def _run(comparisons: Comparisons, rules: Rules, weights: NDArray[np.uint8]) -> Floats:
    """The ratings (models, draws) at the end.

    With y = (rating - initial) ln(base) / (2 scale) a score less its expectation is (lead - tanh(y_a - y_b)) / 2,
    lead being 1, 0 or -1.
    """
    unit = math.log(rules.base) / (2 * rules.scale)
    reach = rules.k * unit / 2
    times = np.arange(256.0)
    gains, brakes = reach * times, reach * np.maximum(times - 1, 0)
    y = np.zeros((len(comparisons.models), weights.shape[1]))
    leads = (2 * comparisons.points - 1).tolist()
    codes = [column.tolist() for column in (comparisons.first, comparisons.second, comparisons.question)]
    for first, second, question, lead in zip(*codes, leads, strict=True):
        drawn, ahead = weights[question], np.tanh(y[first] - y[second])
        step = (lead - ahead) * gains[drawn] / (1 + brakes[drawn] * (1 - ahead * ahead))
        y[first] += step
        y[second] -= step
    return rules.initial + y / unit
