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


def test_equal_categories_are_rarely_said_to_differ() -> None:
    """About one time in twenty, whatever their common rate: 4,000 simulated comparisons each."""
    rng = np.random.default_rng(3)
    for rate in (0.2, 0.5, 0.95):
        claimed = np.mean([differ(list(_outcomes(rng, np.full(CATEGORIES, rate)))) for _ in range(4000)])
        assert 0.03 < claimed < 0.06


def test_the_f_test_is_scipys() -> None:
    """The same decision on groups of unequal size."""
    rng = np.random.default_rng(5)
    for _ in range(200):
        groups = [rng.choice([0, 0.5, 1], size) for size in (3, 12, 7)]
        assert differ(groups) == (stats.f_oneway(*groups).pvalue < 0.05)


def test_where_nothing_varies_within() -> None:
    """All won here and all lost there differ; all the same don't; one group alone can't."""
    assert differ([np.ones(3), np.zeros(3)])
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
