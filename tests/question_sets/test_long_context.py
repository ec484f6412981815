"""Long texts are as long as asked for, and what is asked about stands where it should."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from servers.waiting import little_work

from judgebench.errors import UsageError
from judgebench.question_sets import load, save
from judgebench.question_sets.long_context import line_retrieval, long_context_set, topic_retrieval
from judgebench.tables.records import Question, content_id
from judgebench.verdicts.checkers import check, problem

KINDS = (line_retrieval, topic_retrieval)
LENGTHS = (300, 301, 400, 777, 1_000, 2_000, 3_000, 10_000, 50_000)
ORDINALS = [
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    *("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
    "twentieth",
]
Kind = Callable[[int, int, int], list[Question]]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("words", LENGTHS)
def test_a_text_is_as_long_as_asked_for(kind: Kind, words: int) -> None:
    """Within a tenth, the question itself included."""
    for question in kind(words, 5, 1):
        assert abs(len(question.turns[0].split()) - words) <= words / 10


@pytest.mark.parametrize("words", LENGTHS)
def test_the_reference_is_the_number_on_the_line_asked_for(words: int) -> None:
    """Read from the text alone: one line has that name, and no other line has its number."""
    for question in line_retrieval(words, 5, 2):
        text, reference = question.turns[0], question.references[0]
        lines = re.findall(r"^The seal on the (\S+) crate bears the number (\d+)\.$", text, re.MULTILINE)
        (asked,) = re.findall(r"Which number does the seal on the (\S+) crate bear\?", text)
        assert [number for name, number in lines if name == asked] == [reference]
        assert len({name for name, _ in lines}) == len({number for _, number in lines}) == len(lines)
        assert lines[question.extra["place"] - 1] == (asked, reference)
        assert question.extra["places"] == len(lines)


@pytest.mark.parametrize("words", LENGTHS)
def test_the_reference_is_the_topic_at_the_place_asked_for(words: int) -> None:
    """Read from the text alone: the announcements in order, none twice, none part of another."""
    for question in topic_retrieval(words, 5, 2):
        text, reference = question.turns[0], question.references[0]
        topics = re.findall(r"^USER: Here is a new topic: ([a-z ]+)\.", text, re.MULTILINE)
        (ordinal,) = re.findall(r"Which topic did the user bring up (\w+)\?", text)
        assert topics[ORDINALS.index(ordinal)] == reference
        assert (question.extra["place"], question.extra["places"]) == (ORDINALS.index(ordinal) + 1, len(topics))
        assert not any(a in b for a in topics for b in topics if a is not b)
        parts = re.split("Here is a new topic: ", text)[1:]
        talk = [[topic for topic in topics if topic in part] for part in parts]
        assert talk == [[topic] for topic in topics]


def test_an_exchange_comes_twice_only_when_every_one_was_had() -> None:
    """Long records are filled with different questions as long as there are any."""
    (question,) = topic_retrieval(20_000, 1, 1)
    for part in question.turns[0].split("Here is a new topic: ")[1:]:
        asked = re.findall("^USER: (.*)$", part, re.MULTILINE)
        assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("kind", KINDS)
def test_places_are_spread_over_the_text(kind: Kind) -> None:
    """Ten questions reach every fifth of it."""
    shares = [(question.extra["place"] - 1) / question.extra["places"] for question in kind(3_000, 10, 5)]
    assert {int(share * 5) for share in shares} == set(range(5))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_questions_and_another_others(kind: Kind) -> None:
    """Ids say which seed; fewer questions are the first of more."""
    assert kind(1_000, 3, 7) == kind(1_000, 5, 7)[:3]
    ours, others = kind(1_000, 5, 7), kind(1_000, 5, 8)
    texts = {question.turns for question in (*ours, *others)}
    assert len(texts) == len({question.id for question in (*ours, *others)}) == 10


def test_the_questions_of_a_version_never_change() -> None:
    """On no version of Python: scores on a set of the same name, version and seed can be compared."""
    questions = [*line_retrieval(500, 2, 1), *topic_retrieval(500, 2, 1)]
    content = [(question.id, question.turns, question.references) for question in questions]
    assert content_id(content) == "55a064bf3b8447cc367e"


def test_a_set_has_a_category_per_kind_and_length_and_is_read_back_as_it_was(tmp_path: Path) -> None:
    """With scorers that can read the references, greedy decoding and room for a short answer."""
    made = long_context_set("long", (2_000, 500, 500), count=3, seed=1)
    assert list(made.head.categories) == ["lines-500", "topics-500", "lines-2000", "topics-2000"]
    assert [category.scorer for category in made.head.categories.values()] == ["numeric", "exact"] * 2
    assert {(category.temperature, category.max_tokens) for category in made.head.categories.values()} == {(0.0, 64)}
    assert len(made.questions) == len({question.id for question in made.questions}) == 12
    assert not any(problem(made.category(q).scorer, q.references[0]) for q in made.questions)
    save(made, tmp_path / "long")
    assert load(tmp_path / "long") == made


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("lines", "{}"),
        ("lines", "The number is {}."),
        ("topics", "{}"),
        ("topics", "**{}**."),
        ("topics", "Answer: {}"),
    ],
)
def test_an_answer_in_the_form_asked_for_is_right_and_one_that_copies_the_text_is_not(kind: str, form: str) -> None:
    """The scorers read what the questions ask for."""
    made = long_context_set("long", [500], count=5, seed=3)
    for question in made.select([f"{kind}-500"]):
        scorer, reference = made.category(question).scorer, question.references[0] or ""
        assert check(scorer, reference, form.format(reference.title())).right
        if question.extra["place"] < question.extra["places"]:
            assert not check(scorer, reference, question.turns[0]).right


@pytest.mark.parametrize("kind", KINDS)
def test_a_million_words_are_little_work(kind: Kind) -> None:
    """The longest text takes a moment, not minutes."""
    with little_work():
        kind(1_000_000, 1, 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("words", "count"), [(299, 1), (1_000_001, 1), (0, 1), (-5, 1), (1_000, 0)])
def test_lengths_and_counts_that_make_no_sense_are_refused(kind: Kind, words: int, count: int) -> None:
    """With the lengths that are possible."""
    with pytest.raises(UsageError, match="give"):
        kind(words, count, 1)


def test_a_set_without_a_length_is_refused() -> None:
    """It would have no question."""
    with pytest.raises(UsageError, match="length"):
        long_context_set("long", [], 1, 1)
