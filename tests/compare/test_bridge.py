"""A judge that changed: when what its older snapshot said may count beside what it says now."""

import numpy as np
import pytest

from judgebench.compare.bridge import needed, too_few
from judgebench.statistics.bounded import mean_bounds, values_needed

CHANGES = {
    "a win becomes a loss": lambda margin: ([-1.0, 0.0], [margin, 1 - margin]),
    "a win becomes a tie": lambda margin: ([-0.5, 0.0], [2 * margin, 1 - 2 * margin]),
    "noise beside": lambda margin: ([-1.0, 0.0, 1.0], [margin + 0.05, 0.9 - margin, 0.05]),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("margin", "questions"), [(0.05, 59), (0.1, 29), (0.1, 80)])
def test_a_shift_as_large_as_the_margin_is_seldom_taken_for_none(change: str, margin: float, questions: int) -> None:
    """In at most 5 % of cases, +- 2.5 points in 400 (2.3 standard errors)."""
    values, chances = CHANGES[change](margin)
    rng, wrong = np.random.default_rng(questions), 0
    for _ in range(400):
        low, high = mean_bounds(rng.choice(values, p=chances, size=questions), -1, 1, 0.05)
        wrong += -margin < low and high < margin
    assert wrong / 400 <= 0.075


def test_bounds_of_wins_and_losses_are_clopper_and_pearson_s() -> None:
    """By hand: of 0 in n the upper one is 1 - alpha^(1/n); both mirror each other."""
    low, high = mean_bounds(np.zeros(20), 0, 1, 0.05)
    assert (low, high) == (0, pytest.approx(1 - 0.05 ** (1 / 20), abs=0.005))
    values = np.array([0.0] * 15 + [1.0] * 5)
    up, down = mean_bounds(values, 0, 1, 0.05), mean_bounds(1 - values, 0, 1, 0.05)
    assert up == pytest.approx((0.104, 0.456), abs=0.01)  # quantiles of Beta(5, 16) and Beta(6, 15)
    assert (1 - down[1], 1 - down[0]) == pytest.approx(up, abs=0.01)


def test_what_is_missing_is_not_known() -> None:
    """NaN is left out; nothing known is everything possible."""
    assert mean_bounds(np.array([np.nan, np.nan]), -1, 1, 0.05) == pytest.approx((-1, 1))
    assert mean_bounds(np.array([0.0, np.nan]), -1, 1, 0.05) == mean_bounds(np.zeros(1), -1, 1, 0.05)


def test_how_many_questions_a_margin_takes() -> None:
    """As many as leave at most 5 % of a chance to see nothing of such a shift."""
    assert [needed(margin) for margin in (0.05, 0.1, 0.2, 0.0)] == [59, 29, 14, None]
    for room in (0.01, 0.05, 0.3):
        n = values_needed(room, 0.05)
        assert (1 - room) ** n <= 0.05 < (1 - room) ** (n - 1)
    with pytest.raises(ValueError, match="between 0 and 1"):
        values_needed(0, 0.05)


def test_too_few_questions_are_told_before_any_call() -> None:
    """With what it would take; a margin of 0 can't be shown by any."""
    assert too_few(59, 0.05) is None
    assert "58 questions judged before are too few" in str(too_few(58, 0.05))
    assert "no number would do" in str(too_few(1000, 0.0))
