"""Tests that may be looked at after every question: fair bets, an interval that always holds, and when to stop."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from judgebench.statistics import sequential
from judgebench.statistics.sequential import Evidence, Trial, chance_to_decide, discoveries, log_capital

SET = (0.0, 0.5, 0.5, 1.0, 1.0)
GUESSES = (0.1, 0.9, 0.5, 0.6, 1.0)
WEIGHTS = (0.5, 1.0, 0.6, 0.9, 0.7)
outcomes = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=40).map(np.array)


def trial(points: np.ndarray, of: int | None = None) -> Trial:
    """Of points without a gap."""
    evidence = sequential.of_alike(points) if of is None else sequential.of_set(points, of)
    return Trial(evidence, evidence)


def test_bets_are_fair_where_the_mean_is_what_is_bet_against() -> None:
    """Over every sequence of four outcomes, each as likely as it is, the capital is 1 in expectation on both sides."""
    chances = {0.0: 0.5, 0.5: 0.2, 1.0: 0.3}
    mean = sum(value * chance for value, chance in chances.items())
    for side in ("above", "below"):
        expected = sum(
            np.prod([chances[value] for value in path])
            * np.exp(log_capital(sequential.of_alike(np.array(path)), mean, side)[-1])
            for path in product(chances, repeat=4)
        )
        assert expected == pytest.approx(1)


def test_bets_on_a_set_are_fair_in_every_order() -> None:
    """Drawn without replacement, over all orders, after each question but the last, when all is known."""
    real = np.array(SET)
    paths = np.array(list(permutations(real)))
    evidence = sequential.of_set(paths, len(real))
    for side in ("above", "below"):
        capital = np.exp(log_capital(evidence, real.mean(), side)).mean(axis=0)
        assert capital == pytest.approx(np.ones(len(real)))


def test_bets_are_fair_whatever_is_predicted_and_favoured() -> None:
    """Over all orders, each as likely as its weights make it."""
    weights, expected = np.array(WEIGHTS), {"above": 0.0, "below": 0.0}
    for order in map(list, permutations(range(len(SET)))):
        left = weights[order][::-1].cumsum()[::-1]
        chance = float(np.prod(weights[order] / left))
        evidence = sequential.of_set_with(np.array(SET)[order], np.array(GUESSES)[order], weights[order])
        for side in expected:
            expected[side] += chance * float(np.exp(log_capital(evidence, np.mean(SET), side)[-1]))  # type: ignore[arg-type]
    assert expected == pytest.approx({"above": 1.0, "below": 1.0})


def test_predictions_that_say_nothing_change_nothing() -> None:
    """All the same, and each question as likely as the next: as if there were none."""
    real = np.array(SET)
    plain, with_them = sequential.of_set(real, 5), sequential.of_set_with(real, np.full(5, 0.5), np.ones(5))
    for name in ("values", "low", "high", "least", "most"):
        assert getattr(with_them, name) == pytest.approx(getattr(plain, name)), name


@settings(deadline=None, max_examples=40)
@given(outcomes)
def test_every_value_is_where_it_was_said_to_be(points: np.ndarray) -> None:
    """Between the lowest and the highest that was possible, so that no bet can lose more than its stake."""
    guesses, weights = np.roll(points, 1), 0.5 + np.roll(points, 2)
    for evidence in (sequential.of_set(points, len(points)), sequential.of_set_with(points, guesses, weights)):
        assert (evidence.values >= evidence.low - 1e-9).all()
        assert (evidence.values <= evidence.high + 1e-9).all()


@settings(deadline=None, max_examples=40)
@given(outcomes, st.sampled_from([0.2, 0.45, 0.5, 0.6]))
def test_the_decision_is_what_the_interval_says(points: np.ndarray, threshold: float) -> None:
    """One can't read PASS above an interval that reaches below the margin."""
    low, high = trial(points).interval()
    assert trial(points).decided(threshold)[0] == (
        "above" if low > threshold else "below" if high < threshold else None
    )


@settings(deadline=None, max_examples=40)
@given(outcomes)
def test_the_interval_only_narrows(points: np.ndarray) -> None:
    """What was ruled out once stays so."""
    before, after = trial(points[:-1] if len(points) > 1 else points).interval(), trial(points).interval()
    assert after[0] >= before[0] - 1e-6
    assert after[1] <= before[1] + 1e-6


@settings(deadline=None, max_examples=40)
@given(outcomes)
def test_sides_are_alike(points: np.ndarray) -> None:
    """Exchanging the models mirrors the interval."""
    low, high = trial(points).interval()
    assert trial(1 - points).interval() == pytest.approx((1 - high, 1 - low), abs=1e-6)


def test_a_set_that_is_judged_whole_is_known() -> None:
    """To the last question; and a tie of the mean with the threshold is on neither side."""
    points = np.array([0.0, 1.0, 0.5, 1.0])
    assert trial(points, of=4).interval() == pytest.approx((0.625, 0.625), abs=1e-6)
    assert trial(points, of=4).decided(0.6) == ("above", 4)
    assert trial(points, of=4).decided(0.625) == (None, None)


def test_clear_cases_stop_early() -> None:
    """Eight wins in a row are enough at 5 %, and more are needed to be surer."""
    assert trial(np.ones(80)).decided(0.5) == ("above", 8)
    assert trial(np.zeros(80)).decided(0.5) == ("below", 8)
    side, at = trial(np.ones(80)).decided(0.5, alpha=0.001)
    assert side == "above"
    assert at is not None
    assert at > 10


def test_ties_alone_decide_a_margin() -> None:
    """They say that neither is worse by 5 points, though it takes some of them; and never that one is better."""
    ties = np.full(200, 0.5)
    side, at = trial(ties).decided(0.45)
    assert (side, at) == ("above", 55)
    assert trial(ties).decided(0.5) == (None, None)


def test_questions_without_a_verdict_count_against_the_claim() -> None:
    """Lost for the one, won for the other: the interval holds whatever they would have been."""
    won, lost = np.ones(30), np.concatenate([np.ones(20), np.zeros(10)])
    low, high = Trial(sequential.of_alike(lost), sequential.of_alike(won)).interval()
    assert low == pytest.approx(trial(lost).interval()[0])
    assert high == pytest.approx(trial(won).interval()[1])


def test_false_alarms_are_rare_however_often_one_looks() -> None:
    """At the threshold itself, 4,000 runs of 80 questions: at most 5 %; benchmarks/sequential.py has 10,000 and 500."""
    rng = np.random.default_rng(0)
    for mean, ties in ((0.5, 0.3), (0.45, 0.0), (0.2, 0.1)):
        chances = [1 - mean - ties / 2, ties, mean - ties / 2]
        points = rng.choice([0.0, 0.5, 1.0], p=chances, size=(4000, 80))
        stops = np.fmin(*sequential.stopping(sequential.of_alike(points), mean))
        assert np.mean(~np.isnan(stops)) < 0.05


def test_stopping_is_the_first_decision() -> None:
    """Many trials at once as one after the other."""
    rng = np.random.default_rng(1)
    points = rng.choice([0.0, 0.5, 1.0], p=[0.2, 0.2, 0.6], size=(20, 60))
    above, below = sequential.stopping(sequential.of_alike(points), 0.5)
    for row, *found in zip(points, above, below, strict=True):
        side, at = trial(row).decided(0.5)
        assert at == (None if np.isnan(np.fmin(*found)) else np.fmin(*found))
        assert side in (None, "above") or np.isnan(found[0]) or found[1] <= found[0]


def test_to_stop_in_vain() -> None:
    """After an even half nothing of the rest decides; after a clear one it surely does."""
    even = np.tile([0.0, 1.0], 20)
    assert chance_to_decide(even, 40, 0.5, 0.05) < 0.1
    assert chance_to_decide(np.ones(7), 40, 0.5, 0.05) > 0.9
    assert chance_to_decide(even, 40, 0.45, 0.05, of_set_of=80) > chance_to_decide(even, 40, 0.45, 0.05)


def test_false_discoveries_are_controlled_as_scipy_does() -> None:
    """Benjamini and Hochberg, in any order of the p-values."""
    rng = np.random.default_rng(2)
    for _ in range(100):
        p_values = rng.random(12) ** 3
        assert discoveries(list(p_values)) == list(stats.false_discovery_control(p_values) <= 0.05)
    assert discoveries([]) == []


def test_the_variance_that_predictions_take() -> None:
    """All of it where they are right, none that can be said where nothing varies."""
    points = np.array([0.0, 0.5, 1.0, 1.0])
    assert sequential.variance_taken(points, points) == pytest.approx(1)
    assert sequential.variance_taken(points, np.full(4, 0.5)) is None
    assert sequential.variance_taken(points[:2], points[:2]) is None


def test_evidence_reflects() -> None:
    """Twice is not at all."""
    evidence = sequential.of_set(np.array(SET), 7)
    again = evidence.reflected().reflected()
    assert isinstance(again, Evidence)
    assert again.values == pytest.approx(evidence.values)
    assert again.most == pytest.approx(evidence.most)
