"""Which matches a voter is shown, and on which sides."""

from collections.abc import Callable
from typing import Any

import pytest

from judgebench.tables.records import Question, Verdict

pytestmark = [pytest.mark.browser, pytest.mark.slow]


Draws = Callable[..., list[tuple[str, str, str]]]


def counts(things: Any) -> list[int]:
    """How often each thing occurs."""
    listed = list(things)
    return [listed.count(thing) for thing in set(listed)]


def test_matches_are_balanced_over_pairs_models_and_questions(drawn: Draws) -> None:
    """At every time no pair was shown twice more often than another; sides are fair and can't be foretold."""
    found = drawn(6, 40, 300)
    assert counts(frozenset(row[1:]) for row in found) == [20] * 15
    assert max(counts(row[0] for row in found)) - min(counts(row[0] for row in found)) <= 2
    assert len({(row[0], frozenset(row[1:])) for row in found}) == 300
    for model in {row[1] for row in found}:
        shown = [row for row in found if model in row[1:]]
        assert abs(sum(row[1] == model for row in shown) - len(shown) / 2) <= 15  # binomial: 3 standard deviations
    pair = [row[1] == "m0" for row in found if set(row[1:]) == {"m0", "m1"}]
    assert abs(sum(pair) - len(pair) / 2) <= 4
    assert pair not in ([True, False] * 10, [False, True] * 10)


def test_sides_are_even_over_many_voters(drawn: Draws) -> None:
    """Of 400 first matches of two models, each is A in half: within 4 standard deviations of a fair coin."""
    first = [drawn(2, 5, 1, f"voter {at}")[0] for at in range(400)]
    assert abs(sum(row[1] == "m0" for row in first) - 200) <= 40
    assert max(counts(row[0] for row in first)) <= 80 + 32
    assert min(counts(row[0] for row in first)) >= 80 - 32


def test_each_voter_has_an_order_of_their_own(drawn: Draws) -> None:
    """The same voter the same one, so that a reload reveals nothing."""
    assert drawn(4, 10, 30) == drawn(4, 10, 30)
    assert drawn(4, 10, 30) != drawn(4, 10, 30, "ben")
    assert len(drawn(3, 2, 100)) == 6  # then all have been seen


def test_pairs_with_few_votes_in_the_workspace_come_first(page: Any, voter: Any, talks: Any) -> None:
    """Those that other voters' files brought count as well."""
    for at, models in enumerate([talks.models[:2], talks.models[1:]]):
        about = {"kind": "choice", "verdict_source": "voted", "judge": "people", "repeat": at}
        talks.maker.review("talks", "q0", models, verdict=Verdict(winner="A"), **about)
    voter.open(talks.build())
    shown = page.evaluate("match.models.map((model) => ballot.models[model])")
    assert set(shown) == {talks.models[0], talks.models[2]}


def test_equal_answers_are_no_match(page: Any, voter: Any, empty: Any) -> None:
    """Neither drawn nor counted: there is nothing to say of them."""
    empty.maker.question_set("talks", empty.questions[:2])
    for question, texts in (("q0", ("same", "same", "other")), ("q1", ("this", "that", "that"))):
        for model, text in zip(empty.models, texts, strict=True):
            empty.maker.answer("talks", question, model, text)
    voter.open(empty.build())
    assert "The set has 4 matches to vote on." in page.inner_text("#count")
    voter.finish()
    found = {(row["question_id"], frozenset((row["model_a"], row["model_b"]))) for row in voter.votes}
    one, two, three = empty.models
    pairs = {"q0": [(one, three), (two, three)], "q1": [(one, two), (one, three)]}
    assert found == {(question, frozenset(pair)) for question, both in pairs.items() for pair in both}


def test_no_text_is_loaded_to_find_equal_answers(page: Any, seen: Any, voter: Any, maker: Any, empty: Any) -> None:
    """Of a thousand pairs of answers seven differ: a match takes four pieces, of the set, the question, two models."""
    questions = [Question(id=f"q{n}", category="c", turns=(f"Say {n}.",)) for n in range(36)]
    maker.question_set("talks", questions)
    for question in questions:
        for model in "abcdefgh":
            text = "different" if (question.id, model) == ("q20", "d") else "the same"
            maker.answer("talks", question.id, model, text)
    voter.open(empty.build())
    assert "The set has 7 matches to vote on." in page.inner_text("#count")
    pieces = [url for url in seen.asked if "/pieces/" in url]
    assert len(pieces) == 4
    voter.finish()
    assert len(voter.votes) == 7
    assert {row["question_id"] for row in voter.votes} == {"q20"}


def test_a_conversation_begins_where_answers_differ(page: Any, voter: Any, empty: Any) -> None:
    """The turns before are shown, with what both said."""
    empty.maker.question_set("talks", empty.questions[-1:])
    for model, last in zip(empty.models[:2], ("four", "five"), strict=True):
        empty.maker.answer("talks", "talk", model, "two", last)
    voter.open(empty.build())
    assert page.inner_text("#match-title") == "Match 1, turn 2 of 2"
    assert [one.inner_text() for one in page.query_selector_all(".answer p")][:2] == ["two", "two"]
    voter.press("a")
    assert voter.done
    assert [row["turn"] for row in voter.votes] == [2]


def test_votes_on_answers_that_are_equal_now_are_kept(page: Any, voter: Any, talks: Any) -> None:
    """They can be taken back, and the next match is shown."""
    voter.open(talks.address)
    voter.finish()
    before = len(voter.votes)
    for question in talks.questions:
        for model in talks.models[:2]:
            talks.maker.answer("talks", question.id, model, *("Now the same." for _ in question.turns))
    talks.build()
    voter.reload()
    assert voter.done
    assert len(voter.votes) == before
    page.keyboard.press("u")
    voter.ready()
    assert len(voter.votes) == before - 1
