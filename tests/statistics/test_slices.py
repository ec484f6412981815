"""Slices of a pair's matches: what was planted is found, and chance seldom is."""

import numpy as np
import pytest

from judgebench.statistics.slices import FEWEST, slices


def test_a_planted_slice_is_found_with_its_figures() -> None:
    """20 of 60 questions on which b loses; the surest one stands first."""
    inside = np.arange(60) < 20
    points = np.where(inside, np.arange(60) % 4 == 0, np.arange(60) % 4 > 0).astype(float)
    first, second = slices(points, np.arange(60), {"odd": np.arange(60) % 2 > 0, "hard": inside})
    assert (first["about"], first["matches"], first["questions"], first["changed"]) == ("hard", 20, 20, True)
    assert (first["win_rate"], first["elsewhere"]) == (0.25, 0.75)
    assert first["difference"] == pytest.approx(-0.5)
    assert first["interval"][0] < -0.5 < first["interval"][1] < 0
    assert not second["changed"]


def test_matches_without_points_are_in_no_slice() -> None:
    """Nor do they count as questions."""
    points = np.where(np.arange(40) < 10, np.nan, 1.0)
    (found,) = slices(points, np.arange(40), {"s": np.arange(40) < 20})
    assert (found["matches"], found["questions"]) == (10, 10)
    assert slices(np.full(40, np.nan), np.arange(40), {"s": np.arange(40) < 20}) == []


@pytest.mark.parametrize("many", [0, FEWEST - 1, 40 - FEWEST + 1, 40])
def test_too_few_questions_in_or_outside_are_no_slice(many: int) -> None:
    """However many matches these have."""
    question = np.repeat(np.arange(40), 3)
    assert slices(np.ones(120), question, {"s": question < many}) == []


def test_all_alike_proves_nothing() -> None:
    """A few questions that were all won, where most are."""
    points = np.where(np.arange(80) % 20 == 19, 0.0, 1.0)
    (found,) = slices(points, np.arange(80), {"s": np.arange(80) < 10})
    assert found["win_rate"] == 1
    assert found["p"] > 0.05


@pytest.mark.parametrize(("rate", "turns"), [(0.5, 1), (0.8, 2), (0.95, 2)])
def test_chance_is_seldom_told(rate: float, turns: int) -> None:
    """Twelve slices drawn at random: in at most 5 % of the pairs is any told apart, whatever the rate."""
    rng, any_told = np.random.default_rng(8), 0
    question = np.repeat(np.arange(80), turns)
    for _ in range(300):
        points = np.repeat((rng.random(80) < rate).astype(float), turns)
        marked = {str(n): rng.random(len(question)) < (0.08, 0.2, 0.5)[n % 3] for n in range(12)}
        any_told += any(one["changed"] for one in slices(points, question, marked))
    assert any_told <= 300 * 0.05 + 3 * np.sqrt(300 * 0.05 * 0.95)
