"""What a judge says by a rubric: read whole and certain, or not at all; quotes held against the answer."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.judging.asking import reading
from judgebench.models import Completion
from judgebench.prompts import find_prompt
from judgebench.tables.records import Criterion, Question, Rubric, Verdict
from judgebench.verdicts import rubrics

RUBRIC = (Criterion("right", 5), Criterion("rude", -4), Criterion("clear", 3, scale=(1, 5)))
GOOD: dict[str, Any] = {
    "1": {"quote": "yes", "met": True}, "2": {"quote": "", "met": False}, "3": {"quote": "so", "grade": 4},
}  # fmt: skip


def read(reply: str, rubric: Rubric = RUBRIC, way: Any = "text", finish: str = "stop") -> tuple[Verdict | None, str]:
    """The verdict of a reply, and the message of its error."""
    prompt = find_prompt("rubric", []).about(Question(id="q", category="c", turns=("?",)), rubric)
    found = reading(prompt, Completion(reply, finish), way)
    return found.verdict, found.failure.message if found.failure else ""


def said(**changed: Any) -> str:
    """A reply as it should be, but for what is changed (by `n1`, `n2`, ...; None leaves it out)."""
    entries = GOOD | {name[1:]: value for name, value in changed.items()}
    return json.dumps({"criteria": {number: entry for number, entry in entries.items() if entry is not None}})


def test_a_score_is_the_points_earned_over_the_positive_ones() -> None:
    """On a scale a share of them; it may be below 0, and the rubric says how far."""
    verdict, _ = read(said())
    assert verdict
    assert verdict.scores == ((5 + 3 * 0.75) / 8,)
    assert [one.met for one in verdict.criteria] == [1, 0, 0.75]
    assert verdict.criteria[2].grade == 4
    bad, _ = read(said(n1={"met": False}, n2={"met": True}, n3={"grade": 1}))
    assert bad
    assert bad.scores == (-0.5,) == (rubrics.scale(RUBRIC)[0],)


@pytest.mark.parametrize(
    "reply",
    [
        json.dumps({"criteria": dict(reversed(GOOD.items()))}),
        json.dumps({"criteria": [{"number": int(n)} | entry for n, entry in reversed(GOOD.items())]}),
        json.dumps({"criteria": {f"Criterion {n}": entry for n, entry in GOOD.items()}}),
        said(n1={"met": "Met"}, n2={"met": "not met"}, n3={"grade": "4"}),
        said(n1=True, n2=False, n3=4),
        said(n4={"met": True}),
        f"Here is my verdict:\n```json\n{said()}\n```",
        f"<think>{said(n1=False)}</think>{said()}",
        f"{said()}\n{said()}",
    ],
)
def test_forms_in_which_the_same_is_said(reply: str) -> None:
    """Another order, a list, words and texts for truth and numbers, a criterion too many, the same twice."""
    verdict, problem = read(reply)
    assert (verdict.scores if verdict else problem) == ((5 + 3 * 0.75) / 8,)


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (said(n2=None), "1 of the 3 criteria: 2"),
        (said(n1=None, n3=None), "2 of the 3 criteria: 1, 3"),
        (said(n2={"quote": "x"}), "criteria: 2"),
        (said(n2={"met": "perhaps"}), "criteria: 2"),
        (said(n2={"met": None}), "criteria: 2"),
        (said(n3={"grade": 6}), "criteria: 3"),
        (said(n3={"grade": True}), "criteria: 3"),
        (said(n3={"met": True}), "criteria: 3"),
        (said(**{"n1.": False}), "criteria: 1"),
        (said(n0={"met": True}), "3 of the 3"),
        (f"{said()}\n{said(n1=False)}", "no rubric verdict"),
        ("Criterion 1: met. Criterion 2: not met. Criterion 3: 5", "no rubric verdict"),
        ("", "no rubric verdict"),
        ('{"criteria": "all met"}', "3 of the 3"),
        (f"The answer says {said()} and so it wants all points.", "no rubric verdict"),
        (json.dumps({"explanation": said()}), "no rubric verdict"),
    ],
)
def test_what_is_left_out_or_in_doubt_is_an_error_and_no_zero(reply: str, problem: str) -> None:
    """The message names the criteria; what an answer says of itself is no verdict."""
    verdict, message = read(reply)
    assert verdict is None
    assert problem in message


def test_a_reply_that_was_cut_has_no_verdict() -> None:
    """Wherever it breaks off, whatever the endpoint says of it."""
    whole = said()
    for end in range(1, len(whole)):
        assert read(whole[:end])[0] is None
        assert "cut" in read(whole[:end], finish="length")[1] or end < 2


@given(st.text() | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_no_reply_makes_it_raise(text: str) -> None:
    """In either way."""
    for reply in (text, json.dumps({"criteria": text}), f'{{"criteria": {text}}}'):
        read(reply)
        read(reply, way="schema")


def test_the_schema_asks_for_every_criterion_by_its_number() -> None:
    """A quote first, so that the grade depends on it; and the words say the same."""
    found = rubrics.schema(RUBRIC)["properties"]["criteria"]
    assert found["required"] == list(found["properties"]) == ["1", "2", "3"]
    assert list(found["properties"]["1"]["properties"]) == ["quote", "met"]
    assert list(found["properties"]["3"]["properties"]) == ["quote", "grade"]
    assert "each of the 3 criteria" in rubrics.instruction(RUBRIC)


@pytest.mark.parametrize(
    ("quote", "unfound"),
    [
        ("The sea is deep", False),
        ("“the SEA  is\ndeep.”", False),
        ("The sea ... it's blue", False),
        ("The sea […] it’s blue", False),
        ("", False),
        ("...", False),
        ("The sea is shallow", True),
        ("The sea ... is shallow", True),
    ],
)
def test_a_quote_that_doesn_t_stand_in_the_answer_is_told(quote: str, unfound: bool) -> None:
    """Case, white space, quotation marks and what is left out between apart."""
    verdict, _ = read(said(n1={"quote": quote, "met": True}))
    assert verdict
    held = rubrics.with_quotes(verdict, "**The sea is deep**, and it's blue.")
    assert held.criteria[0].unfound is unfound


@pytest.mark.parametrize(
    ("rubric", "problem"),
    [
        ((Criterion("a", -1),), "points above 0"),
        ((Criterion("a", 0),), "points above 0"),
        ((Criterion("a", math.nan),), "nan points"),
        ((Criterion("a", math.inf),), "inf points"),
        ((Criterion(" "),), "is empty"),
        ((Criterion("Is it so?"), Criterion("is it  SO?")), "criterion 1 again"),
        ((Criterion("a", tags=("",)),), "tag"),
        ((Criterion("a", tags=("x", "x")),), "tag"),
        ((Criterion("a", scale=(5, 1)),), "scale"),
        ((Criterion("a", scale=(1, math.nan)),), "scale"),
    ],
)
def test_a_rubric_that_nothing_can_be_graded_by(rubric: Rubric, problem: str) -> None:
    """Is told with what is wrong with it."""
    found = rubrics.problem(rubric)
    assert found
    assert problem in found[0]


def test_rubrics_that_are_sound() -> None:
    """None, one of many criteria, points of 0 beside others, and any language."""
    assert rubrics.problem(()) is None
    assert rubrics.problem(tuple(Criterion(f"条件 {n}", n) for n in range(60))) is None
    many = {"criteria": {str(n): {"met": True} for n in range(1, 61)}}
    verdict, problem = read(json.dumps(many), tuple(Criterion(f"条件 {n}", n) for n in range(60)))
    assert (verdict and verdict.scores) == (1.0,), problem
