"""A prompt may ask for its verdict in any form that a pattern describes, and it is read like the usual ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.waiting import little_work

from judgebench.prompts import find_prompt
from judgebench.tables.records import Verdict
from judgebench.verdicts.forms import FORMS, KINDS, Form, problem
from judgebench.verdicts.text import flipped, parse, read

ONE_TO_TEN = (1.0, 10.0)
FIVE_WAY = find_prompt("five-way", []).form
RESULT = find_prompt("one-to-five", []).form
WORDS = {"1": Verdict(winner="A"), "2": Verdict(winner="B"), "Tie": Verdict(winner="tie")}
STRONG = Verdict(winner="A", strength=2)


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("My own solution: 4.\n\n[[A>>B]]", STRONG),
        ("[[A>B]]", Verdict(winner="A", strength=1)),
        ("My final verdict is tie: [[A=B]].", Verdict(winner="tie")),
        ("**[[B>A]]**", Verdict(winner="B", strength=1)),
        ("[[B>>A]]", Verdict(winner="B", strength=2)),
        ('It says "[[B>>A]]". [[A>>B]]', STRONG),
        ("Answer A:\n```\nx\n```\n[[B>>A]]\n```\nThus [[A>>B]].", STRONG),
        ("<think>[[B>A]]</think>[[A>>B]]", STRONG),
        ("[[A>>B]] and [[A>B]]", None),
        ("[[A>B]] if A is better, [[B>A]] if B is.", None),
        ("[[A]]", None),
        ("[[A<B]]", None),
        ("[A>>B]", None),
        ("[[a>>b]]", None),
        ("A>>B", None),
    ],
)
def test_a_five_way_verdict(reply: str, verdict: Verdict | None) -> None:
    """A winner, and how clearly it won; two that differ in that alone are two."""
    assert read(FIVE_WAY, reply, ONE_TO_TEN) == verdict


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("Feedback: good. [RESULT] 4", 4),
        ("Good.\n[RESULT] 4\n", 4),
        ("Good.\n[RESULT]\n4", 4),
        ("**[RESULT]** **4**", 4),
        ("[Result] 4.", 4),
        ("[RESULT]4", 4),
        ("[RESULT] 4.5", 4.5),
        ("[RESULT] 4/5", 4),
        ("[RESULT] 4 out of 5", 4),
        ("[RESULT] 4/10", None),
        ("[RESULT] 4-5", None),
        ("[RESULT] 4 or 5", None),
        ("[RESULT] 45", None),
        ("[RESULT] 0", None),
        ("[RESULT] -4", None),
        ("[RESULT] four", None),
        ("[RESULT] 4\n[RESULT] 5", None),
        ("[RESULT] 4\n[RESULT] 4", 4),
        ('It ends with "[RESULT] 5". [RESULT] 1', 1),
        ("Like this:\n[RESULT] 3", None),
        ("RESULT 4", None),
        ("[[4]]", None),
    ],
)
def test_a_result_in_square_brackets(reply: str, score: float | None) -> None:
    """A number behind the word, on a scale from 1 to 5; emphasis, line ends and case are no obstacle."""
    verdict = read(RESULT, reply, (1, 5))
    assert (verdict.scores[0] if verdict else None) == score


@pytest.mark.parametrize(
    ("form", "reply", "verdict"),
    [
        (Form("choice", ("{verdict}",), "first line", WORDS), "1\n\nIt is right.", Verdict(winner="A")),
        (Form("choice", ("{verdict}",), "first line", WORDS), "**Tie**\n", Verdict(winner="tie")),
        (Form("choice", ("{verdict}",), "first line", WORDS), "1 is right.\n2", None),
        (Form("choice", ("{verdict}",), "last line", WORDS), "1 is right, and 2 is wrong.\n\n1\n", Verdict(winner="A")),
        (Form("choice", ("{verdict}",), "last line", WORDS), "> 2\n\n1", Verdict(winner="A")),
        (Form("choice", ("{verdict}",), "last line", WORDS), "1\n\nor so", None),
        (Form("choice", ("Output ({verdict})",), "anywhere", WORDS), "I choose Output (2).", Verdict(winner="B")),
        (Form("rating", ("<score>{rating}</score>",)), "So <score>7</score>.", Verdict((7,))),
        (Form("rating", ("\\boxed{{rating}}",)), "$\\boxed{7}$", Verdict((7,))),
        (Form("rating", ("Score: {rating}/10",)), "Score: 7/10", Verdict((7,))),
        (Form("rating", ("Score: {rating}/10",)), "Score: 7", None),
        (Form("rating", ("{rating}",), "first line"), "7\nGood.", Verdict((7,))),
        (Form("rating", ("{rating}",), "first line"), "7/10\nGood.", None),
        (Form("score_pair", ("A: {score_a}, B: {score_b}",)), "So A: 8, B: 6.", Verdict((8, 6), "A")),
        (Form("score_pair", ("{score_b} {score_a}",), "last line"), "Well.\n6 8", Verdict((8, 6), "A")),
    ],
)
def test_any_form(form: Form, reply: str, verdict: Verdict | None) -> None:
    """With text around it, or alone on the first or the last line."""
    assert problem(form) is None
    assert read(form, reply, ONE_TO_TEN) == verdict


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (Form("rating", ("[RESULT]",)), "lacks {rating}"),
        (Form("rating", ("[RESULT] {score}",)), "lacks {rating}"),
        (Form("rating", (r"\[RESULT\] (?P<rating>\d+)",)), "such as [[{rating}]]"),
        (Form("rating", ("(a+)+{rating} {rating}",)), "repeats {rating}"),
        (Form("rating", ("{rating} {verdict}",)), "has {verdict}, but a rating is {rating}"),
        (Form("rating", ("{rating}",)), "no text to know it by"),
        (Form("rating", (" {rating}. ",)), "no text to know it by"),
        (Form("rating", ("[RESULT]\n{rating}",)), "one line"),
        (Form("rating", ("x" * 300 + "{rating}",)), "200 characters"),
        (Form("rating", ("[[{rating}]]", "[RESULT]")), "lacks {rating}"),
        (Form("rating", ("x{rating}",) * 21), "20 patterns"),
        (Form("rating", ("x{rating}",), "anywhere", WORDS), "outcomes are for prompts whose kind is choice"),
        (Form("choice", ("[[{rating}]]",)), "lacks {verdict}"),
        (Form("choice", ("x{verdict}",), "anywhere", {"A": Verdict(winner="A")}), "says that B is better"),
        (Form("choice", ("x{verdict}",), "anywhere", {**WORDS, " ": Verdict(winner="A")}), "no word"),
        (Form("score_pair", ("{score_a}",)), "lacks {score_b}"),
        (Form("score_pair", ("x{score_a}{score_b}",)), "nothing between"),
    ],
)
def test_a_faulty_form_is_told_in_a_line(form: Form, words: str) -> None:
    """What is wrong, and how it is meant."""
    told = problem(form)
    assert told
    assert words in told
    assert "\n" not in told


def test_what_is_no_word_of_a_pattern_is_taken_as_it_stands() -> None:
    """A pattern is no regular expression: nothing in it is special, and no reply can keep it busy."""
    form = Form("rating", ("(a+)+$ {rating}",))
    assert problem(form) is None
    assert read(form, "(a+)+$ 7", ONE_TO_TEN) == Verdict((7,))
    assert read(form, "aaa 7", ONE_TO_TEN) is None


@given(st.text(max_size=30), st.text(max_size=30), st.text(" *_\n[]aA7{", max_size=500))
def test_no_pattern_is_slow_and_none_raises(before: str, after: str, reply: str) -> None:
    """Whatever stands around the number."""
    form = Form("rating", (f"{before}{{rating}}{after}",))
    if problem(form) is None:
        with little_work():
            read(form, (before + reply) * 40, ONE_TO_TEN)


@pytest.mark.parametrize("form", [FIVE_WAY, RESULT, Form("choice", ("{verdict}",), "last line", WORDS)])
@pytest.mark.parametrize(
    "unit", ["[RESULT] ", "[[A>", "[[A>>B]] ", "[RESULT]" + " " * 30, "*_", "[", "\n1", "[RESULT] 4 "]
)
def test_reading_a_long_reply_takes_no_time(form: Form, unit: str) -> None:
    """Nor does any reply."""
    with little_work():
        read(form, unit * 10_000 + "x", (1, 5))


@given(st.sampled_from(KINDS), st.text("[]ABC0123456789. \n`>\"'"))
def test_the_usual_form_is_one_of_them(kind: str, reply: str) -> None:
    """The kinds differ in their form alone."""
    assert parse(kind, reply, ONE_TO_TEN) == read(FORMS[kind], reply, ONE_TO_TEN)
    assert FORMS[kind].known
    assert problem(FORMS[kind]) is None


def test_how_clearly_one_won_stays_when_the_order_turns() -> None:
    """The winner is the other one then."""
    assert flipped(STRONG) == Verdict(winner="B", strength=2)
