"""Voting in a real browser: matches, keys, focus, undo."""

from dataclasses import replace
from typing import Any

import pytest

from judgebench.tables.records import Question

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_nothing_names_a_model_before_the_vote(page: Any, voter: Any, talks: Any) -> None:
    """Nor after it, unless the voter wants to know; of a conversation only when its last turn was voted on."""
    voter.open(talks.address)
    for _ in range(6):
        assert not any(model in page.content() for model in talks.models)
        voter.press("3")
    page.check("#names")
    page.click("#as-list summary")
    for _ in range(7):
        going_on = page.evaluate("match && match.turn < match.turns")
        a, b = page.evaluate("match ? match.models.map(model => ballot.models[model]) : ['', '']")
        voter.press("3")
        said = page.inner_text("#said")
        assert said == "Recorded: tie." if going_on else said == f"Recorded: tie (A was {a}, B was {b})."
    page.uncheck("#names")
    assert not any(model in page.inner_text("main") for model in talks.models)


def test_a_conversation_is_voted_on_turn_by_turn(page: Any, voter: Any, empty: Any) -> None:
    """The same two on the same sides; the next turn appears below, with the focus on its heading."""
    voter.open(replace(empty, models=empty.models[:2], questions=empty.questions[-1:]).fill().build())
    assert page.inner_text("#match-title") == "Match 1, turn 1 of 2"
    assert len(page.query_selector_all(".answer")) == 2
    voter.press("a")
    assert page.evaluate("document.activeElement.textContent") == "Turn 2 of 2"
    assert len(page.query_selector_all(".answer")) == 4
    voter.reload()
    assert page.inner_text("#match-title") == "Match 1, turn 2 of 2"
    voter.press("b")
    one, two = voter.votes
    assert (one["turn"], two["turn"]) == (1, 2)
    assert [one["model_a"], one["model_b"]] == [two["model_a"], two["model_b"]]
    assert voter.done


def test_focus_and_words_follow_the_vote(page: Any, voter: Any, talks: Any) -> None:
    """A screen reader hears what was recorded, and reads on at the next match."""
    voter.open(talks.address)
    page.click("[data-winner='model_b']")
    voter.ready()
    assert page.get_attribute("#said", "role") == "status"
    assert page.inner_text("#said") == "Recorded: B is better."
    assert page.evaluate("['match-title', ''].includes(document.activeElement.id)")
    assert page.evaluate("document.activeElement.tagName") in ("H2", "H3")


def test_keys_are_for_those_who_want_them(page: Any, voter: Any, talks: Any) -> None:
    """Not while typing, not held down, not with another key, and not when they are switched off."""
    voter.open(talks.address)
    page.fill("#voter", "")
    page.type("#voter", "abtx1234su")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+1")
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'a', repeat: true, bubbles: true}))")
    assert voter.votes == []
    page.uncheck("#keys")
    page.keyboard.press("a")
    assert voter.votes == []
    voter.reload()
    assert not page.is_checked("#keys")
    assert page.input_value("#voter") == "abtx1234su"
    page.check("#keys")
    voter.press("a")
    assert [row["voter"] for row in voter.votes] == ["abtx1234su"]


@pytest.mark.parametrize("name", ["ann", "bob", "cleo", "dan"])
def test_a_vote_can_be_taken_back(page: Any, voter: Any, talks: Any, name: str) -> None:
    """Its match is shown again; a skipped one isn't a vote, and can be seen again at the end."""
    voter.open(talks.address)
    page.fill("#voter", name)
    page.evaluate("document.activeElement.blur()")
    voter.reload()
    shown = page.inner_text("#turns")
    voter.press("a", "s", "u")
    assert voter.votes == []
    assert page.inner_text("#turns") == shown
    assert page.inner_text("#said") == "Undone: A is better."
    voter.press("u")
    assert page.is_disabled("#undo")
    voter.finish()
    if page.is_visible("text='Show the 1 skipped one again'"):  # unless the vote undone was on the same conversation
        page.click("text='Show the 1 skipped one again'")
        page.wait_for_selector("#match-title:not(:has-text('every'))")
        voter.finish()
    assert len(voter.votes) == 18


def test_a_set_is_chosen_and_kept_in_the_address(page: Any, voter: Any, talks: Any) -> None:
    """Each set has its own matches; the file has the votes on all of them."""
    talks.maker.question_set("other", [Question(id="o1", category="x", turns=("Other?",))])
    for model in talks.models:
        talks.maker.answer("other", "o1", model, f"answer {len(model)} {model[-1]}")
    voter.open(talks.build() + "#set=talks")
    voter.press("a")
    page.select_option("#ballot", "other")
    voter.ready()
    assert "Question o1" in page.inner_text("#match-about")
    voter.press("b")
    voter.reload()
    assert page.input_value("#ballot") == "other"
    assert {row["question_set"] for row in voter.votes} == {"talks", "other"}
    assert page.inner_text("#count").startswith("2 votes in this browser, 1 of yours in this set")


def test_a_piece_that_is_missing_is_said_and_tried_again(page: Any, voter: Any, talks: Any) -> None:
    """No vote is possible without the answers."""
    pieces = talks.maker.workspace.webpage / "pieces" / "vote"
    for path in pieces.glob("talks--*"):
        path.rename(path.with_suffix(".gone"))
    page.goto(talks.address)
    page.wait_for_selector("#again button")
    page.keyboard.press("a")
    assert voter.votes == []
    for path in pieces.glob("*.gone"):
        path.rename(path.with_suffix(".js"))
    page.click("#again button")
    voter.press("a")
    assert len(voter.votes) == 1
