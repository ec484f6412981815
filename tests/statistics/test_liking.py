"""What is believed of a judge's pairs: against the normal distribution that it is the posterior of."""

import numpy as np
import pytest

from judgebench.statistics.clusters import Floats
from judgebench.statistics.liking import Belief, believed

BEFORE = Belief(np.array([1.0, 0.0]), np.diag([0.25, 0.16]))
APART = np.array([0.2, 0.3])


def told(rng: np.random.Generator, pairs: int) -> list[Belief]:
    """Estimates of two coefficients with covariances of all kinds."""
    roots = rng.normal(size=(pairs, 2, 2))
    return [Belief(rng.normal(size=2), root @ root.T + 0.01 * np.eye(2)) for root in roots]


def conditioned(known: list[Belief], place: int) -> tuple[Floats, Floats]:
    """The mean and covariance of one pair's coefficients, given all estimates, by the joint normal distribution."""
    size = 2 * len(known)
    shared = np.kron(np.ones((len(known), len(known))), BEFORE.covariance)
    true = shared + np.kron(np.eye(len(known)), np.diag(APART**2))
    seen = true + sum(np.kron(np.diag(np.eye(len(known))[i]), one.covariance) for i, one in enumerate(known))
    off = np.concatenate([one.mean for one in known]) - np.tile(BEFORE.mean, len(known))
    gain = true[2 * place : 2 * place + 2] @ np.linalg.inv(seen)
    assert seen.shape == (size, size)
    return BEFORE.mean + gain @ off, true[:2, :2] - gain @ true[:, 2 * place : 2 * place + 2]


@pytest.mark.parametrize("pairs", [1, 2, 5])
def test_it_is_the_posterior(pairs: int) -> None:
    """Given the estimates of all pairs, whatever their covariances."""
    known = told(np.random.default_rng(pairs), pairs)
    for place, belief in enumerate(believed(known, BEFORE, APART)):
        mean, covariance = conditioned(known, place)
        assert belief.mean == pytest.approx(mean)
        assert belief.covariance == pytest.approx(covariance)


def test_many_pairs_outweigh_the_belief_and_a_pair_of_its_own_kind_little() -> None:
    """Fifty pairs without a liking make it none, for one that says little by itself too."""
    clear, vague = Belief(np.zeros(1), np.eye(1) * 0.1), Belief(np.full(1, 3.0), np.eye(1) * 4)
    before = Belief(np.ones(1), np.eye(1) * 0.25)
    *others, last = believed([*[clear] * 50, vague], before, np.full(1, 0.2))
    assert abs(others[0].mean[0]) < 0.05
    assert 0 < last.mean[0] < 0.1
    assert last.covariance[0, 0] == pytest.approx(0.04, rel=0.1)


def test_no_pairs_have_no_beliefs() -> None:
    """An empty list of them."""
    assert believed([], BEFORE, APART) == []
