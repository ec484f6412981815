"""Several rates side by side."""

import numpy as np
import pytest
from scipy import stats

from judgebench.statistics.clusters import mean_by_question
from judgebench.statistics.shrinkage import differ, shrink

CATEGORIES, QUESTIONS = 8, 10


def test_rates_are_drawn_towards_their_mean() -> None:
    """The less is known of one, the further; of one alone nothing is."""
    wide, narrow = (0.0, 0.6), (0.28, 0.32)
    first, second, third = shrink([0.3, 0.3, 0.9], [narrow, wide, (0.88, 0.92)])
    assert first == pytest.approx(0.3, abs=0.01)
    assert 0.3 < second < 0.5 < third < 0.9
    assert shrink([0.3], [wide]) == [0.3]
    assert shrink([None, None], [None, None]) == [0.5, 0.5]


def _outcomes(rng: np.random.Generator, rates: np.ndarray) -> np.ndarray:
    """Points of eight categories of ten questions: a fifth of them ties, the rest won at each category's rate."""
    shape = (CATEGORIES, QUESTIONS)
    won = (rng.random(shape) < rates[:, None]).astype(float)
    return np.where(rng.random(shape) < 0.2, 0.5, won)


def _shrunk(points: np.ndarray) -> np.ndarray:
    codes = np.arange(QUESTIONS)
    found = [one for row in points if (one := mean_by_question(codes, row, QUESTIONS))]
    assert len(found) == CATEGORIES
    return np.array(shrink([one.value for one in found], [one.share_interval() for one in found]))


@pytest.mark.parametrize("sizes", [[10] * 8, [2, 1], [2, 2], [1, 1, 1, 1, 1, 2], [3] * 8, [2, 78]], ids=str)
@pytest.mark.parametrize("rate", [0.5, 0.8, 0.95])
def test_equal_categories_are_rarely_said_to_differ(sizes: list[int], rate: float) -> None:
    """At most one time in twenty, whatever their common rate and however few they are: 1,000 comparisons each."""
    rng, claimed = np.random.default_rng([len(sizes), int(100 * rate)]), 0
    for _ in range(1000):
        groups = [np.where(rng.random(n) < 0.2, 0.5, (rng.random(n) < rate).astype(float)) for n in sizes]
        claimed += differ(groups)
    assert claimed / 1000 < 0.066  # 5 % and 2.3 standard errors


def test_large_groups_are_told_apart_as_by_the_f_test() -> None:
    """The same decision as scipy's on groups of unequal size, but where it is near the line."""
    rng, agreed = np.random.default_rng(5), 0
    for _ in range(200):
        groups = [
            rng.choice([0, 0.5, 1], size) + shift for size, shift in ((13, 0), (22, 0), (17, rng.choice([0, 0.4])))
        ]
        p = stats.f_oneway(*groups).pvalue
        agreed += differ(groups) == (p < 0.05) or 0.035 < p < 0.065
    assert agreed >= 198


def test_where_nothing_varies_within() -> None:
    """All won here and all lost there differ, from four of each on; all the same don't; one group alone can't."""
    assert differ([np.ones(4), np.zeros(4)])
    assert not differ([np.ones(3), np.zeros(3)])  # one deal in ten lies as far apart
    assert not differ([np.ones(3), np.ones(3)])
    assert not differ([np.array([0.0, 1.0, 1.0]), np.array([])])


def test_shrunk_rates_are_nearer_to_the_truth() -> None:
    """Where categories differ somewhat, the mean squared error is below that of the plain rates."""
    rng = np.random.default_rng(4)
    plain = drawn = 0.0
    for _ in range(500):
        rates = rng.normal(0.5, 0.1, CATEGORIES).clip(0.05, 0.95)
        truth = 0.1 + 0.8 * rates
        points = _outcomes(rng, rates)
        plain += float(((points.mean(axis=1) - truth) ** 2).sum())
        drawn += float(((_shrunk(points) - truth) ** 2).sum())
    assert drawn < 0.7 * plain
