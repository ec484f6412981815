"""What there is to vote on, and what the page and its pieces hold."""

import json
from typing import Any

import pytest

from judgebench.site import source, writer
from judgebench.site.pages import vote
from judgebench.site.views import Page, Piece
from judgebench.tables.records import Failure, Question, Verdict

QUESTIONS = (
    Question(id="1", category="writing", turns=("Write a poem.", "Now in prose."), references=("A poem.",)),
    Question(id="2", category="maths", turns=("1 + 1?",)),
)


@pytest.fixture
def voted(maker: Any) -> Any:
    """A workspace with two questions and no answers."""
    maker.question_set("small", QUESTIONS)
    return maker


def made(maker: Any) -> tuple[dict[str, Any], list[Page]]:
    """The pieces by their key, and the pages."""
    found = list(vote.pages(source.read(maker.workspace)))
    pieces = {one.key: one.data for one in found if isinstance(one, Piece)}
    return pieces, [one for one in found if isinstance(one, Page)]


def answers(maker: Any, asked: str, *models: str, **fields: Any) -> None:
    """An answer of each model to each turn."""
    for model in models:
        turns = [f"**{turn}** by {model[0]}" for turn, _ in enumerate(maker.questions[asked].turns, start=1)]
        maker.answer("small", asked, model, *turns, **fields)


def test_a_question_with_two_answers_can_be_voted_on(voted: Any) -> None:
    """Its set's piece has the models by name, and who answered how many turns; one answer alone is no match."""
    answers(voted, "1", "zeta", "alpha")
    answers(voted, "2", "alpha")
    pieces, pages = made(voted)
    ballot = pieces["vote:small"]
    assert ballot["models"] == ["alpha", "zeta"]
    assert [(one["id"], one["models"], one["turns"]) for one in ballot["questions"]] == [("1", [0, 1], [2, 2])]
    assert [page.address for page in pages] == ["vote/index.html"]
    assert vote.possible(source.read(voted.workspace))


def test_equal_answers_are_told_in_the_index(voted: Any) -> None:
    """Each turn of an answer has the number of the first that is the same up to there; where none are, nothing."""
    for model, turns in {"a": ("x", "y"), "b": ("x", "z"), "c": ("x", "y"), "d": ("v", "y"), "e": ("x",)}.items():
        voted.answer("small", "1", model, *turns)
    answers(voted, "2", "a")
    voted.answer("small", "2", "b", "another")
    one, two = made(voted)[0]["vote:small"]["questions"]
    assert one["said"] == [[0, 0], [0, 1], [0, 0], [3, 3], [0]]
    assert one["turns"] == [2, 2, 2, 2, 1]
    assert "said" not in two


@pytest.mark.parametrize("other", [("same", "same"), ("same",)])
def test_a_question_that_all_answered_alike_is_nothing_to_vote_on(voted: Any, other: tuple[str, ...]) -> None:
    """Neither where one of them stopped earlier; a site of nothing else has no page to vote on."""
    voted.answer("small", "1", "alpha", "same", "same")
    voted.answer("small", "1", "beta", *other)
    assert not vote.possible(source.read(voted.workspace))
    assert made(voted) == ({}, [])
    voted.answer("small", "2", "alpha", "2")
    voted.answer("small", "2", "beta", "two")
    assert [one["id"] for one in made(voted)[0]["vote:small"]["questions"]] == ["2"]


def test_a_questions_piece_has_its_turns_and_references(voted: Any) -> None:
    """As safe HTML; the answers, with their ids, stand in the pieces that the question's page loads."""
    answers(voted, "1", "alpha", "zeta")
    pieces, _ = made(voted)
    piece = pieces["vote:small--1"]
    assert [one["html"] for one in piece["prompts"]] == ["Write a poem.", "Now in prose."]
    assert [one and one["html"] for one in piece["references"]] == ["<p>A poem.</p>\n", None]
    assert not any(model in json.dumps(piece) for model in ("alpha", "zeta"))
    listed, *_ = pieces["vote:small"]["questions"]
    of_page = {one.key: one.data for one in writer.shown_of(source.read(voted.workspace)) if isinstance(one, Piece)}
    for model, file in zip(pieces["vote:small"]["models"], pieces["vote:small"]["files"], strict=True):
        answer = of_page[f"{listed['folder']}/{file}"]
        assert answer["id"] in {row.id for row in voted.workspace.all_answers() if row.model == model}
        assert answer["turns"][0]["body"]["html"] == f"<p><strong>1</strong> by {model[0]}</p>\n"


@pytest.mark.parametrize(
    "fields",
    [
        {"choice": 1},
        {"error": Failure("unanswered", "no reply")},
        {"question_digest": "of an older wording"},
    ],
)
def test_only_first_choices_of_today_count(voted: Any, fields: dict[str, Any]) -> None:
    """A second sample, an answer with an error and one to an older wording are nothing to vote on."""
    answers(voted, "2", "alpha")
    if "question_digest" in fields:
        voted.questions["2"] = Question(id="2", category="maths", turns=("another wording",))
        fields = {}
    answers(voted, "2", "beta", **fields)
    assert not vote.possible(source.read(voted.workspace))
    assert made(voted) == ({}, [])


def test_a_shorter_conversation_is_compared_as_far_as_it_goes(voted: Any) -> None:
    """Who answered one turn of two is listed with one."""
    answers(voted, "1", "alpha")
    voted.answer("small", "1", "beta", "only one")
    pieces, _ = made(voted)
    assert pieces["vote:small"]["questions"][0]["turns"] == [2, 1]


def test_votes_that_the_workspace_holds_are_counted_by_pair(voted: Any) -> None:
    """So that pairs with few votes come first; verdicts of judges don't count."""
    answers(voted, "2", "alpha", "beta", "gamma")
    voted.review("small", "2", ["alpha", "beta"], verdict=Verdict(winner="A"), kind="choice")
    for repeat, models in enumerate([["gamma", "beta"], ["beta", "gamma"]]):
        about = {"kind": "choice", "verdict_source": "voted", "judge": "people", "repeat": repeat}
        voted.review("small", "2", models, verdict=Verdict(winner="A"), **about)
    pieces, _ = made(voted)
    assert pieces["vote:small"]["votes"] == [[1, 2, 2]]


def test_a_sites_votes_have_the_same_place_in_every_build(voted: Any) -> None:
    """More answers don't change it."""
    answers(voted, "2", "alpha", "beta")
    before = vote.site_id(source.read(voted.workspace))
    answers(voted, "2", "gamma")
    assert vote.site_id(source.read(voted.workspace)) == before
