"""What templates are given."""

from typing import Any

from judgebench.site import source
from judgebench.site.pages import question
from judgebench.site.views import (
    Table,
    called,
    counted,
    excerpt,
    figure,
    kinds,
    listed,
    outcome_name,
    short,
    told,
)
from judgebench.tables.records import Failure, Question, Verdict
from judgebench.workspace import Workspace


def words(table: Table | None) -> list[list[str]]:
    """The texts of a table's rows."""
    return [[cell.text for cell in row] for row in table.rows] if table else []


def test_figures_as_text() -> None:
    """Unknown values are a dash, never a zero; scores are as short as a judge writes them."""
    assert [figure(None), figure(float("nan")), figure(2.345, 2)] == ["\u2013", "\u2013", "2.35"]
    assert [short(8.0), short(8.5), short(7.25), short(0.0), short(10.0)] == ["8", "8.5", "7.25", "0", "10"]
    assert [counted(1, "match", "matches"), counted(2_000, "match", "matches")] == ["1 match", "2,000 matches"]
    assert [listed(["a"]), listed(["a", "b", "c"])] == ["a", "a, b and c"]
    assert kinds([Failure("x", ""), Failure("y", ""), Failure("y", ""), None]) == "2 y, 1 x, 1 unknown"
    assert excerpt("a\n  b " + "c" * 200, 10) == "a b ccccc…"


def test_a_question_has_both_orders_and_what_they_come_to(workspace: Workspace) -> None:
    """A flip is called inconsistent, a failed review an error and never an answer."""
    pages = {page.id: page for page in question.questions(source.read(workspace))}
    (judge,) = pages["2"].turns[0].comparison.judges
    assert [review.order for review in judge.reviews] == ["alpha shown first", "beta shown first"]
    assert [review.verdict for review in judge.reviews] == ["alpha wins, 9 to 5", "beta wins, 9 to 8"]
    assert judge.told.startswith("inconsistent: the verdict changes with the order (alpha 8.5, beta 7)")
    (failed,) = pages["q/3 ü"].turns[0].comparison.judges
    assert failed.told == "no verdict"
    assert failed.reviews[1].error == "No verdict: unparsed (no verdict in it)"
    assert failed.reviews[1].verdict is None


def test_a_question_knows_its_neighbours_and_its_first_pair(workspace: Workspace) -> None:
    """In the order of the set."""
    first, second, third = question.questions(source.read(workspace))
    assert (first.previous, first.next and first.next.text, third.next) == (None, "2", None)
    assert (first.shown, second.place) == (("alpha", "beta"), "2 of 3")
    assert [turn.reference is not None for turn in first.turns] == [True, False]


def test_a_failed_answer_is_an_error(maker: Any) -> None:
    """An empty one is an answer, and is called empty."""
    maker.question_set("s", [Question(id="1", category="c", turns=("q", "r"))])
    maker.answer("s", "1", "m", "", error=Failure("timeout", "took too long"))
    (page,) = question.questions(source.read(maker.workspace))
    first, second = (turn.answers[0] for turn in page.turns)
    assert (first.notes, first.error) == (("an empty answer",), None)
    assert (second.body, second.error) == (None, "No answer: timeout (took too long)")


def test_what_readers_should_know_of_an_answer(maker: Any) -> None:
    """Its length, that it was stopped, that the question or the answer changed since, other samples."""
    maker.question_set("s", [Question(id="1", category="c", turns=("q",))])
    maker.answer("s", "1", "m", "hello", finish_reasons=("length",))
    maker.answer("s", "1", "m", "hallo", choice=1)
    maker.review("s", "1", ["m"], verdict=Verdict(scores=(5.0,)), repeat=1, verdict_source="stored")
    (page,) = question.questions(source.read(maker.workspace))
    answer = page.turns[0].answers[0]
    assert answer.notes == ("5 characters", "stopped at its token limit")
    assert len(answer.samples) == 1
    assert answer.judges[0].reviews[0].notes == ("repeat 2", "verdict as imported")


def test_a_review_of_an_older_answer_says_so(maker: Any) -> None:
    """The explanation would otherwise stand beside a text that the judge never saw."""
    maker.question_set("s", [Question(id="1", category="c", turns=("q",))])
    maker.answer("s", "1", "m", "hello")
    maker.review("s", "1", ["m"], verdict=Verdict(scores=(5.0,)))
    maker.review("s", "1", ["m"], verdict=Verdict(scores=(5.0,)), repeat=1)
    maker.workspace.answers("s", "m").append(
        [newer(row) for row in maker.workspace.answers("s", "m").read()],
    )
    (page,) = question.questions(source.read(maker.workspace))
    notes = page.turns[0].answers[0].judges[0].reviews[0].notes
    assert notes == ("judged an earlier answer of m than the one shown here",)


def newer(row: Any) -> Any:
    """The same answer given again, with another text."""
    from dataclasses import replace

    return replace(row, id="another", turns=("hello again",))


def test_a_name_cant_turn_the_sentence_around() -> None:
    """Controls of direction are shown as what they are; names from right to left are kept together."""
    assert called("gpt-4") == "gpt-4"
    assert called("a\u202eb\n") == "a\\u202eb\\u000a"
    assert called("\u05d0\u2069\u202e") == "\u2068\u05d0\\u2069\\u202e\u2069"
    assert outcome_name("a", "x\u202e", "y") == "x\\u202e wins"


def test_what_failed_is_told_shortly() -> None:
    """A message can be as long as a reply."""
    assert len(told(Failure("k" * 1_000, "m" * 1_000_000))) < 700
    assert told(None) == "the reason was not stored"
