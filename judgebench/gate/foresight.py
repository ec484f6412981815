"""What is to come: the chance that equal models have, how many questions a proof takes, what the rest may bring."""

import math
from collections.abc import Callable, Mapping
from functools import lru_cache, partial

import numpy as np

from judgebench.gate.policy import LIMITS, Guard, Population
from judgebench.statistics import sequential
from judgebench.statistics.clusters import Floats
from judgebench.statistics.sequential import Evidence, Trial

TIES = 0.2  # of equal models' questions, where nothing is known: a judge that sees differences everywhere
_DRAWS, _SEED = 400, 5
_MOST = 1 << 20


def reader(population: Population, questions: int) -> Callable[[Floats], Evidence]:
    """How points are read of which there will be so many, all planned from the beginning."""
    if population == "set":
        return partial(sequential.of_set, questions=questions)
    return partial(sequential.of_alike, planned=questions)


@lru_cache(maxsize=64)
def chance_if_equal(margin: float, population: Population, questions: int, alpha: float) -> float:
    """How likely a set of so many questions passes for a candidate that is equal, simulated with a fifth of ties."""
    rng = np.random.default_rng(_SEED)
    points = rng.choice([0.0, 0.5, 1.0], p=[(1 - TIES) / 2, TIES, (1 - TIES) / 2], size=(_DRAWS, questions))
    above, _ = Trial.of(points, reader(population, questions)).stopping(0.5 - margin, 2 * alpha)
    return float(np.mean(~np.isnan(above)))


def needed_to_prove(guard: Guard, alpha: float, population: Population = "alike") -> int | None:
    """With how many questions a guard's limit is shown where no question tells a difference.

    None: with none that there could be. Of just a set, all of it is known.
    """
    middle, limit = (guard.limit / (1 + guard.limit), 0.5) if LIMITS[guard.name] == "at_most" else (0.5, _below(guard))
    if middle - limit < 1 / _MOST:
        return None

    def shown(questions: int) -> bool:
        trial = Trial.of(np.full(questions, middle), reader(population, questions))
        return not np.isnan(trial.stopping(limit, 2 * alpha)[0])

    return _fewest(shown)


def _below(guard: Guard) -> float:
    return (1 - abs(guard.limit)) / 2


def _fewest(shown: Callable[[int], bool]) -> int | None:
    high = 1
    while not shown(high):
        high *= 2
        if high > _MOST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if shown(middle) else (middle, high)
    return high


def chances(
    points: Floats, left: int, threshold: float, levels: tuple[float, float], read: Callable[[Floats], Evidence]
) -> tuple[float, float]:
    """How likely the questions left show that it passes, and that it fails, if they go on as those so far did.

    `levels`: the chance of a wrong claim of either.
    """
    trial = Trial.of(sequential.continued(points, left), read)
    above, below = trial.stopping(threshold, 2 * levels[0])[0], trial.stopping(threshold, 2 * levels[1])[1]
    return float(np.mean(~np.isnan(above))), float(np.mean(~np.isnan(below)))


def following(each: Mapping[str, tuple[float, float]], can_go: bool, futility: float) -> str | None:
    """Where to go on, of sets with the chances that they pass and fail: where failure is likeliest, as one is enough.

    None: the chance to come to a verdict is below `futility`. GO takes that all of them pass, and may be lost already.
    """
    passes = math.prod(chance for chance, _ in each.values()) if can_go else 0.0
    fails = 1 - math.prod(1 - chance for _, chance in each.values())
    if not each or passes + fails < futility:
        return None
    return max(each, key=lambda name: each[name][::-1])
