"""A judge that changed: when what its older snapshot said may count beside what it says now."""

import numpy as np
import pytest

from judgebench.compare.bridge import needed, too_few
from judgebench.statistics.bounded import interval, values_needed

CHANGES = {
    "a win becomes a loss": lambda margin: ([-1.0, 0.0], [margin, 1 - margin]),
    "a win becomes a tie": lambda margin: ([-0.5, 0.0], [2 * margin, 1 - 2 * margin]),
    "noise beside": lambda margin: ([-1.0, 0.0, 1.0], [margin + 0.05, 0.9 - margin, 0.05]),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("margin", "questions"), [(0.05, 59), (0.1, 29), (0.1, 80)])
def test_a_shift_as_large_as_the_margin_is_seldom_taken_for_none(change: str, margin: float, questions: int) -> None:
    """In at most 5 % of cases, and 3.5 points in 200 cases (2.3 standard errors)."""
    values, chances = CHANGES[change](margin)
    rng, wrong = np.random.default_rng(questions), 0
    for _ in range(200):
        low, high = interval((rng.choice(values, p=chances, size=questions) + 1) / 2, 0.9)
        wrong += -margin < 2 * low - 1 and 2 * high - 1 < margin
    assert wrong / 200 <= 0.085


def test_how_many_questions_a_margin_takes() -> None:
    """As many as leave at most 5 % of a chance to see nothing of such a shift."""
    assert [needed(margin) for margin in (0.05, 0.1, 0.2, 0.0)] == [59, 29, 14, None]
    for room in (0.01, 0.05, 0.3):
        n = values_needed(room, 0.05)
        assert (1 - room) ** n <= 0.05 < (1 - room) ** (n - 1)
    with pytest.raises(ValueError, match="between 0 and 1"):
        values_needed(0, 0.05)


@pytest.mark.parametrize("margin", [0.01, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.4])
def test_so_many_questions_are_enough(margin: float) -> None:
    """Where none of them changed the shift is within the margin; with one fewer it is not."""
    takes = needed(margin)
    assert takes
    for number, enough in ((takes, True), (takes - 1, False)):
        low, high = (2 * end - 1 for end in interval(np.full(number, 0.5), 0.9))
        assert (-margin < low and high < margin) == enough


def test_too_few_questions_are_told_before_any_call() -> None:
    """With what it would take; a margin of 0 can't be shown by any."""
    assert too_few(59, 0.05) is None
    assert "58 questions judged before are too few" in str(too_few(58, 0.05))
    assert "no number would do" in str(too_few(1000, 0.0))
