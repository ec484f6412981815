"""Which claims hold about several candidates: error rates at any look, rivals, and what carries no luck."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.best_of.decision import Decision, Points, Shares, decide, gap, rivals, without_luck
from judgebench.statistics import sequential
from judgebench.statistics.clusters import Floats

QUESTIONS, LIMIT, ALPHA = 60, 0.45, 0.05
READ = partial(sequential.of_alike, planned=QUESTIONS)
OUTCOMES = np.array([0.0, 0.5, 1.0])


def drawn(rates: list[float], rng: np.random.Generator, ties: float = 0.2) -> Floats:
    """Points (candidates, questions) with so many ties."""
    chances = [[1 - rate - ties / 2, ties, rate - ties / 2] for rate in rates]
    return np.array([rng.choice(OUTCOMES, p=chance, size=QUESTIONS) for chance in chances])


def points_of(*seen: Floats) -> Points:
    """Where no verdict is missing."""
    return Points.of([(one, one) for one in seen])


def decided(*seen: Floats) -> Decision:
    """After all questions."""
    return decide(points_of(*seen), READ, LIMIT, Shares(ALPHA, len(seen)))


@pytest.mark.parametrize("number", [2, 5, 20])
def test_equal_candidates_are_rarely_told_apart(number: int) -> None:
    """A false "better", "beaten" or "best", looked at after every question: in no more runs than 5 % allows."""
    rng, runs = np.random.default_rng(number), 150
    found = [decided(*drawn([0.5] * number, rng)) for _ in range(runs)]
    for wrong in (
        sum(bool(one.better) for one in found),
        sum(one.best is not None for one in found),
        sum(bool(one.better or one.beaten) for one in found),
    ):
        assert wrong <= ALPHA * runs + 2 * np.sqrt(ALPHA * runs)


def test_of_two_that_tie_neither_is_best() -> None:
    """Each half of "one of two is beaten" has half of the half: both together stay within it."""
    rng, runs = np.random.default_rng(0), 400
    found = [decided(*drawn([0.7, 0.7], rng)) for _ in range(runs)]
    assert sum(bool(one.beaten) for one in found) <= ALPHA / 2 * runs + 2 * np.sqrt(ALPHA / 2 * runs)


def test_the_best_is_found_where_it_is_clear() -> None:
    """One that wins what the others lose: all of them are beaten, the sooner the worse, and it is better."""
    good, fair, bad = np.ones(QUESTIONS), np.tile([1.0, 0.0, 0.5], QUESTIONS // 3), np.zeros(QUESTIONS)
    found = decided(fair, good, bad)
    assert found.best == 1
    assert found.better == {1}
    assert found.beaten[2] <= found.beaten[0]
    assert 2 in found.worse


def test_who_is_alone_after_others_were_worse_is_best_once_it_passes() -> None:
    """Of two the one is worse than the baseline: the other is best as soon as it is shown not to be."""
    after = Decision(2, worse={1: 20})
    assert after.best is None
    assert Decision(2, worse={1: 20}, passed=frozenset({0})).best == 0
    assert Decision(2, worse={0: 30, 1: 20}).all_worse
    assert Decision(2, beaten={1: 20}, worse={0: 30}).all_worse


def test_rivals_are_chosen_by_the_questions_before() -> None:
    """Who leads the others so far, in equal parts; none that is out, and never by the question itself."""
    points = points_of(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    weights = rivals(points, Decision(3), 2)
    assert weights.tolist() == [[0.5, 1.0, 0.5], [0.5, 0.0, 0.5], [0.0, 0.0, 0.0]]
    assert rivals(points, Decision(3, beaten={0: 1}), 2).tolist()[1] == [0.5, 1.0, 1.0]
    assert rivals(points, Decision(3, beaten={0: 1, 1: 1}), 2)[:, 1:].sum() == 0


def test_a_missing_verdict_counts_against_every_claim() -> None:
    """It is lost for the rival and won for the one that is doubted."""
    points = Points.of([(np.array([1.0]), np.array([1.0])), (np.array([0.0]), np.array([1.0]))])
    assert gap(points, rivals(points, Decision(2), 1), 1).tolist() == [0.5]
    assert gap(points, rivals(points, Decision(2), 0), 0).tolist() == [0.0]


@given(st.integers(0, 10_000), st.integers(2, 6))
def test_what_holds_at_a_look_holds_later(seed: int, number: int) -> None:
    """Nobody comes back: who is beaten or worse after some questions is so after more, since the same number."""
    seen = drawn([0.8, *[0.4] * (number - 1)], np.random.default_rng(seed))
    early, late = decided(*seen[:, :40]), decided(*seen)
    for before, after in ((early.beaten, late.beaten), (early.worse, late.worse)):
        assert before.items() <= after.items()
    assert early.better <= late.better


@given(st.integers(0, 10_000))
def test_what_is_shown_at_a_level_is_shown_at_a_larger_one(seed: int) -> None:
    """A claim that holds with less chance to be wrong holds with more: what Holm's procedure rests on."""
    evidence = READ(drawn([0.72], np.random.default_rng(seed))[0])
    known = [np.isfinite(sequential.first(evidence, 0.5, alpha)) for alpha in (0.0025, 0.01, 0.025, 0.05)]
    assert known == sorted(known)


def test_the_figure_of_the_first_carries_no_luck() -> None:
    """Of twenty equal candidates the first one's mean is far above a half, and its figure is not."""
    rng = np.random.default_rng(4)
    runs = [drawn([0.5] * 20, rng) for _ in range(150)]
    plain = np.mean([one.mean(axis=1).max() for one in runs])
    figures = [without_luck(points_of(*one)) for one in runs]
    assert plain > 0.55
    assert abs(np.mean(figures) - 0.5) < 3 * np.std(figures) / np.sqrt(len(figures))


def test_of_a_clear_winner_the_figure_is_its_mean() -> None:
    """No half of the questions chooses another one."""
    winner, other = np.tile([1.0, 1.0, 0.5], QUESTIONS // 3), np.zeros(QUESTIONS)
    assert without_luck(points_of(other, winner)) == pytest.approx(winner.mean(), abs=0.01)


def test_one_that_was_out_is_of_fewer_questions() -> None:
    """Its points end there, and say nothing later."""
    points = points_of(np.ones(20), np.zeros(8))
    assert points.judged.tolist() == [20, 8]
    assert points.means == [1.0, 0.0]
    assert len(points.seen(1)) == 8
    assert rivals(points, Decision(2, beaten={1: 8}), 0)[:, 8:].sum() == 0
