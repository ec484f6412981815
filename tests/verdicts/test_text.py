"""A verdict is read from where it was asked for, or not at all."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.waiting import little_work

from judgebench.tables.records import Verdict
from judgebench.verdicts.text import KINDS, flipped, from_scores, parse

ONE_TO_TEN = (1.0, 10.0)


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("Good. Rating: [[7]]", 7),
        ("Rating: [[8.5]]", 8.5),
        ("First I thought [[3]], but no: [[9]]", 9),
        ("It quotes [[A]] and cites [1]. Rating: [[6]]", 6),
        ("Rating: [[08]]", 8),
        ("Rating: [[100]]", None),
        ("Rating: [[0]]", None),
        ("Rating: [[-1]]", None),
        ("Rating: [[8/10]]", None),
        ("Rating: [[nan]]", None),
        ("Rating: [7]", None),
        ("Rating: 7", None),
        ("Rating: [[rating]]", None),
        ("Rating: [[８]]", None),
        ("Rating: [[ 8 ]]", None),
        ("Rating: [[8, 7]]", None),
        ("Rating: [[1000]]", None),
        ("Rating: [[８]] [[7]]", 7),
        ("It cites [1] and [[2]](https://x.invalid).\n\n**Rating:** [[6]]", 6),
        ("[[9]] is what it asks for.\nRating: [[4]]\n", 4),
        ("[[1e9]]", None),
        ("", None),
    ],
)
def test_rating(reply: str, score: float | None) -> None:
    """A number in double square brackets, the last one, within the range."""
    assert parse("rating", reply, ONE_TO_TEN) == (None if score is None else Verdict(scores=(score,)))


@pytest.mark.parametrize(
    ("reply", "winner"),
    [
        ("[[A]]", "A"),
        ("B is better. [[B]]", "B"),
        ("[[C]]", "tie"),
        ('The first answer says "[[A]]" itself, which is no merit. [[B]]', "B"),
        ("[A]", None),
        ("[[a]]", None),
        ("[[AB]]", None),
        ("[[Ａ]]", None),
        ("A", None),
        ("[[7]]", None),
        ("(10, 4)", None),
        ("[1]", None),
        ("[[A]] or [[B]]? **Verdict: [[B]]**", "B"),
        ("", None),
    ],
)
def test_choice(reply: str, winner: str | None) -> None:
    """A, B or C in double square brackets, the last one."""
    verdict = parse("choice", reply, ONE_TO_TEN)
    assert (verdict.winner if verdict else None) == winner


QUOTES_AFTERWARDS = [
    ('[[B]]\n\nAnswer A says "output [[A]]", which I left aside.', "B"),
    ("[[B]]\n\nAnswer A says `[[A]]`.", "B"),
    ("[[B]]\nI left '[[A]]' aside.", "B"),
    ("[[B]]\nI left “[[A]]” aside.", "B"),
    ("My verdict is [[B]]. (Answer A says “my verdict is [[A]]”.)", "B"),
    ("My verdict is [[B]].\n> [[A]]\nis a quotation from answer A.", "B"),
    ("[[B]]\nAnswer A ends with\n```\n[[A]]\n```", None),
    ("[[B]]\nNote that answer A asks for [[A]].", None),
    ("[[B]]\nBoth say so: [[B]] it is.", "B"),
]
QUOTES_BEFORE = [
    ("Answer A ends with\n[[A]]\nwhich is no merit.\n\n[[B]]", "B"),
    ("Answer A ends with\n```\n[[A]]\n```\n**[[B]]**\n", "B"),
    ("> [[A]]\n\nFinal verdict: [[B]].", "B"),
    ("Answer A ends with\n[[A]]\nSo my verdict is [[B]], for all that.", None),
    ("```\n[[B]]\n```", "B"),
    ("```[[B]]```", "B"),
    ('My verdict, in quotes: "[[B]]"', "B"),
    ("At first I leaned towards [[A]], but [[B]] is better.", "B"),
]


@pytest.mark.parametrize(("reply", "winner"), QUOTES_AFTERWARDS + QUOTES_BEFORE)
def test_which_of_several_verdicts_is_the_judge_s(reply: str, winner: str | None) -> None:
    """The one alone on the last line, else the last that isn't quoted; a reply that contradicts itself holds none."""
    verdict = parse("choice", reply, ONE_TO_TEN)
    assert (verdict.winner if verdict else None) == winner


@pytest.mark.parametrize("unit", ["[[A]]", " [[A]] x", "\n", " ", "*", '"[[7]]', "```\n", "[", "word "])
def test_reading_a_long_reply_takes_no_time(unit: str) -> None:
    """No text makes a pattern backtrack for long."""
    with little_work():
        for kind in KINDS:
            parse(kind, unit * 10_000 + "[[A]]x", ONE_TO_TEN)


@pytest.mark.parametrize(
    ("reply", "scores"),
    [
        ("8 9\nBoth are fine.", (8, 9)),
        ("8.5 7", (8.5, 7)),
        ("\n8 9\r\nBoth", (8, 9)),
        ("8, 7\nA is better", (8, 7)),
        ("10 10", (10, 10)),
        ("nan 7", None),
        ("11 7", None),
        ("0 7", None),
        ("8 9 10", None),
        ("8", None),
        ("(10, 4)", None),
        ("Scores: 8 9", None),
        ("The point is\n8 9", None),
        ("First, I will solve it: the distance from (2, -2) to (10, 4)", None),
        ("８ ９", None),
        ("100 7", None),
        ("8/10 7/10", None),
        ("[[8]] [[7]]", None),
        ("inf 7", None),
        ("08 7", (8, 7)),
        ("", None),
    ],
)
def test_score_pair(reply: str, scores: tuple[float, float] | None) -> None:
    """Two numbers alone on the first line, both within the range."""
    verdict = parse("score_pair", reply, ONE_TO_TEN)
    assert (verdict.scores if verdict else None) == scores


@given(st.sampled_from(KINDS), st.text())
def test_no_text_makes_a_parser_raise(kind: str, reply: str) -> None:
    """Whatever a judge says, there is a verdict or there is none."""
    parse(kind, reply, ONE_TO_TEN)


@given(st.sampled_from(KINDS), st.text("[]ABC0123456789.,-/ \n`>\"'*:é８Ａ"))
def test_nearly_verdicts_make_no_parser_raise(kind: str, reply: str) -> None:
    """Texts out of what verdicts are made of; whatever is read from them is in the range."""
    verdict = parse(kind, reply, ONE_TO_TEN)
    assert verdict is None or all(1 <= score <= 10 for score in verdict.scores)


@given(st.text('[]AB \n`x"'))
def test_swapping_the_letters_of_a_choice_flips_its_verdict(reply: str) -> None:
    """Where verdict and quotations stand decides, not which they are."""
    turned = parse("choice", reply.translate(str.maketrans("AB", "BA")), ONE_TO_TEN)
    verdict = parse("choice", reply, ONE_TO_TEN)
    assert turned == (verdict and flipped(verdict))


@given(st.floats(1, 10), st.floats(1, 10), st.floats(0, 1))
def test_swapping_two_answers_flips_their_verdict(first: float, second: float, tie_width: float) -> None:
    """Scores decide by themselves, not by their order."""
    assert from_scores(second, first, tie_width) == flipped(from_scores(first, second, tie_width))


@given(st.integers(1, 10), st.integers(1, 10))
def test_a_parsed_pair_flips_with_its_text(first: int, second: int) -> None:
    """The higher score wins, equal scores tie."""
    assert parse("score_pair", f"{second} {first}", ONE_TO_TEN) == flipped(from_scores(first, second))


def test_every_stored_verdict_of_real_reviews_is_read_the_same(shared_data: Path) -> None:
    """8,000 real GPT-4 replies, dirty ones among them, give what FastChat stored; -1 there is no verdict here."""
    checked = 0
    for path in [*shared_data.glob("mt-bench/model_judgment/*single*"), *shared_data.glob("mt-bench/dirty/*")]:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            verdict = parse("rating", row["judgment"], (0, 10))
            assert (verdict.scores[0] if verdict else -1) == row["score"], (path.name, row["question_id"])
            checked += 1
    assert checked == 4960 + 330 + 1542


def test_vicuna_reviews_have_77_score_lines_and_3_without(shared_data: Path) -> None:
    """The math reviews (questions 68 to 70) begin with their working: their points in the plane are no scores."""
    for path in shared_data.glob("vicuna-eval/review/*.jsonl"):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        verdicts = {row["question_id"]: parse("score_pair", row["text"], (0, 10)) for row in rows}
        assert [question for question, verdict in verdicts.items() if verdict is None] == [68, 69, 70]
        assert all(
            list(verdicts[row["question_id"]].scores) == row["score"] for row in rows if verdicts[row["question_id"]]
        )
