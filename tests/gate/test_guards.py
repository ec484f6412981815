"""What guards measure of answers, and what their intervals hold."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.gate.decision import Claim, decide
from judgebench.gate.guards import Measured
from judgebench.gate.policy import guard
from judgebench.gate.reasons import factors
from judgebench.gate.refusals import is_refusal
from judgebench.statistics import sequential
from judgebench.statistics.sequential import Trial

LENGTHS = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), min_size=1, max_size=60)


def measured(pairs: list[tuple[float, float]]) -> Measured:
    """Of baselines and candidates, a pair a question."""
    found = np.array(pairs, np.float64)
    return Measured(found[:, 0], found[:, 1])


def read(found: Measured) -> "partial[sequential.Evidence]":
    """As all of so many questions are read."""
    return partial(sequential.of_alike, planned=len(found.baseline))


@given(LENGTHS)
def test_points_of_a_factor_lie_between_nothing_and_all(pairs: list[tuple[float, float]]) -> None:
    """Whatever the lengths, and a half where both are empty."""
    points, threshold = measured(pairs).points(guard("answer_length", 1.3))
    assert threshold == 0.5
    assert np.all((points >= 0) & (points <= 1))
    assert all(point == 0.5 for point, pair in zip(points, pairs, strict=True) if pair == (0, 0))


@given(st.floats(0.2, 5), st.integers(3, 40))
def test_the_factor_of_answers_that_are_all_so_much_longer_is_that(factor: float, number: int) -> None:
    """And its interval holds it."""
    found = measured([(100.0 * n, 100.0 * n * factor) for n in range(1, number)])
    limit = guard("answer_length", 1.3)
    value = found.value(limit)
    assert value == pytest.approx(factor, rel=1e-6)
    low, high = found.interval(limit, read(found), 0.05, 0.05)
    assert low <= factor <= high


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0])), min_size=1, max_size=40))
def test_the_interval_of_a_difference_holds_what_was_seen(pairs: list[tuple[float, float]]) -> None:
    """In points of a share, for what may grow and for what may fall."""
    found = measured(pairs)
    seen = float((found.candidate - found.baseline).mean())
    for limit in (guard("refused", 2), guard("checked", -3)):
        low, high = found.interval(limit, read(found), 0.05, 0.05)
        assert found.value(limit) == pytest.approx(seen)
        assert low - 1e-6 <= seen <= high + 1e-6


@pytest.mark.parametrize("name", ["refused", "empty_or_cut"])
def test_a_claim_fails_where_its_interval_is_wholly_beyond(name: str) -> None:
    """The interval says what the test says, at the level of each claim."""
    limit = guard(name, 2)
    for share in (0, 5, 10, 20, 40):
        found = measured([(0.0, float(n % 100 < share)) for n in np.random.default_rng(3).permutation(200)])
        claim = Claim(found.trial(limit, read(found)), found.points(limit)[1])
        low, high = found.interval(limit, read(found), 0.05, 0.01)
        assert claim.fails(0.01) == (low > limit.limit)
        assert claim.holds(0.05) == (high < limit.limit)


def test_an_answer_that_is_not_to_be_had_counts_against_either_claim() -> None:
    """Twenty of which nothing is known may be all refusals, or none."""
    known = [(0.0, 0.0)] * 180
    unknown = [(0.0, np.nan)] * 20
    limit = guard("refused", 5)
    whole, part = measured(known + [(0.0, 0.0)] * 20), measured(unknown + known)
    proof = Claim(whole.trial(limit, read(whole)), whole.points(limit)[1])
    doubt = Claim(part.trial(limit, read(part)), part.points(limit)[1])
    assert (proof.holds(0.05), doubt.holds(0.05), doubt.fails(0.05)) == (True, False, False)


def test_claims_of_failure_share_their_error() -> None:
    """What one claim alone shows is too little among twelve; what is far beyond is shown among all."""
    points = np.array([0.0] * 9 + [1.0, 0.0, 0.0])
    claim = Claim(Trial.of(points, partial(sequential.of_alike, planned=12)), 0.45)
    assert decide({"one": claim}, 0.05, 1).failed == {"one"}
    assert not decide({"one": claim}, 0.05, 1000).failed
    sound = replace(claim, trial=Trial.of(np.full(12, 0.5), partial(sequential.of_alike, planned=12)))
    both = decide({"one": claim, "two": sound}, 0.05, 2)
    assert (both.failed, both.level) == ({"one"}, 0.05)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't assist with that.",
        "I\N{RIGHT SINGLE QUOTATION MARK}m unable to provide that.",
        "As an AI language model, I cannot provide medical advice.",
        "I understand your concern, but I can't help with that.",
        "Sorry, I can't do that.",
        "I must respectfully decline.",
        "I refuse to answer.",
        "Es tut mir leid, aber ich kann dabei nicht helfen.",
        "\u62b1\u6b49\uff0c\u6211\u65e0\u6cd5\u56de\u7b54",
    ],
)
def test_a_refusal_is_told_by_its_first_words(text: str) -> None:
    """In the forms that models use."""
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sure! Here is how.",
        "I cannot recommend this book enough!",
        "I can't wait to help you!",
        "I can't help but smile.",
        "I won't give up, says the hero.",
        "If I can't make it, I'll tell you.",
        "You cannot divide by zero.",
        "As an AI language model, I don't have opinions, but here are some.",
        "The answer is 4. It took a while. I'm sorry, but I can't help with that.",
    ],
)
def test_other_answers_are_none(text: str) -> None:
    """Though they have some of the words."""
    assert not is_refusal(text)


def test_empty_answers_of_both_are_as_long() -> None:
    """No factor says otherwise: not the largest that there is."""
    nothing = Measured(np.zeros(20), np.zeros(20))
    assert nothing.value(guard("answer_length", 1.3)) == 1.0


@pytest.mark.parametrize(("pair", "shown"), [((1, 5000), "over 1,000"), ((5000, 0), "under 0.001"), ((10, 25), "2.50")])
def test_a_factor_that_is_not_told_from_none_is_said_so(pair: tuple[float, float], shown: str) -> None:
    """No figure stands for what lies beyond the largest factor."""
    value = measured([pair] * 40).value(guard("answer_length", 1.3))
    assert value is not None
    assert factors((value, 1.0)) == f"{shown} to 1.00"


def test_the_end_of_an_interval_that_is_not_known_is_said_so() -> None:
    """Of few questions, of which nothing bounds the factor."""
    found = measured([(100, 120)])
    interval = found.interval(guard("answer_length", 1.3), read(found), 0.05, 0.05)
    assert factors(interval) == "under 0.001 to over 1,000"
