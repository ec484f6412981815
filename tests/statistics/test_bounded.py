"""A mean of values between 0 and 1 from few of them: as exact intervals have it, and right where most say the same."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from judgebench.statistics.bounded import interval, lowest

values = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=30).map(np.array)


@pytest.mark.parametrize(("won", "of"), [(0, 10), (3, 10), (10, 10), (40, 80)])
def test_of_wins_and_losses_it_is_the_exact_interval(won: int, of: int) -> None:
    """Clopper and Pearson's; no weights have to be drawn."""
    exact = stats.binomtest(won, of).proportion_ci(0.95)
    assert interval(np.repeat([1.0, 0.0], [won, of - won]), 0.95) == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_ties_alone_are_a_proof_once_there_are_enough() -> None:
    """Were one question in ten lost, thirty-five in a row would be none with a chance of 2.5 %."""
    assert lowest(np.full(35, 0.5), 0.025) < 0.45 < lowest(np.full(36, 0.5), 0.025)


def test_nothing_is_known_of_nothing() -> None:
    """From 0 to 1."""
    assert interval(np.zeros(0), 0.95) == (0.0, 1.0)


@settings(deadline=None, max_examples=30)
@given(values)
def test_it_holds_the_mean_and_stays_on_the_scale(points: np.ndarray) -> None:
    """Both ends, and the same for both sides."""
    low, high = interval(points, 0.95)
    assert 0 <= low <= points.mean() + 1e-9
    assert points.mean() - 1e-9 <= high <= 1
    assert interval(1 - points, 0.95) == pytest.approx((1 - high, 1 - low))


def test_it_is_rarely_wrong_whatever_is_rare() -> None:
    """Every outcome of eight wins, ties and losses, added up: above the mean in at most 2.5 of 100."""
    paths = np.array(list(product([0.0, 0.5, 1.0], repeat=8)))
    kinds, places = np.unique(np.sort(paths, axis=1), axis=0, return_inverse=True)
    lows = np.array([lowest(kind, 0.025) for kind in kinds])[places]
    for chances in ((0.1, 0.9, 0.0), (0.2, 0.7, 0.1), (0.5, 0.0, 0.5), (0.05, 0.5, 0.45), (0.01, 0.09, 0.9)):
        likely = np.prod(np.array(chances)[(2 * paths).astype(int)], axis=1)
        assert likely[lows > np.dot(chances, [0, 0.5, 1])].sum() <= 0.025
