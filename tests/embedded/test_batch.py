"""Many texts at once, as arrays: what is found in each is what a look at it alone finds."""

import random
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench import embedded
from judgebench.embedded import batch, features, vocabulary
from judgebench.embedded.cases import make_case
from judgebench.embedded.characters import Characters
from judgebench.embedded.text import LIMIT, Text, stem
from judgebench.embedded.vocabulary import Vocabulary
from judgebench.embedded.words import Words

# Words of every length around the 8 and 16 bytes that are looked up at once, other scripts, marks of all kinds.
_PIECES = st.sampled_from(
    ["a", "it's", "The", "bees", "bee", "seven77", "eight888", "nine99999", "sixteen-letters!", "sixteenletters16",
     "seventeenletter17", "x" * 40, "\u00fcber", "\u5b57\u5b57", "\u2019", "\ud800", ".", "\n", "\n\n", "```", "**",
     "# x", "1,234.50", "\u0130"]
)  # fmt: skip
TEXTS = st.lists(st.lists(_PIECES, max_size=30).map(" ".join) | st.text(max_size=60), min_size=1, max_size=6)


def fresh(texts: Sequence[str]) -> tuple[list[Text], Words, dict[str, int]]:
    """The texts, their words in a new vocabulary, and which number each word has there."""
    found = [Text(text) for text in texts]
    together = Words(found, Vocabulary())
    spelled = (word for text in found for word in text.words)
    return found, together, dict(zip(spelled, together.numbers.tolist(), strict=True))


@given(TEXTS)
def test_a_word_has_one_number_and_a_number_one_word(texts: list[str]) -> None:
    """However long a word is, and wherever it stands."""
    found, together, numbers = fresh(texts)
    assert together.sizes.tolist() == [len(text.words) for text in found]
    assert len(set(numbers.values())) == len(numbers)
    assert together.numbers.tolist() == [numbers[word] for text in found for word in text.words]


@given(TEXTS)
def test_distinct_words_and_where_they_stand(texts: list[str]) -> None:
    """Each once for each text, with its first place."""
    found, together, numbers = fresh(texts)
    spelled = {number: word for word, number in numbers.items()}
    for i, text in enumerate(found):
        at = slice(*together.distinct.bounds[i : i + 2])
        seen = [spelled[number] for number in together.distinct.keys[at].tolist()]
        assert sorted(seen) == sorted(set(text.words))
        assert together.first[at].tolist() == [text.words.index(word) for word in seen]
    assert together.stems.sizes.tolist() == [len({stem(word) for word in text.words} - {""}) for text in found]


@pytest.mark.parametrize("length", [2, 4])
@given(TEXTS)
def test_runs_lie_within_a_text_and_are_shared_where_their_words_are(length: int, texts: list[str]) -> None:
    """As sets of tuples have it."""
    found, together, _ = fresh(texts)
    runs = together.runs(length)
    expected = [{tuple(text.words[i : i + length]) for i in range(len(text.words) - length + 1)} for text in found]
    assert runs.sizes.tolist() == [len(tuples) for tuples in expected]
    first, each = runs.of(0), [runs.of(i) for i in range(len(found))]
    assert runs.overlaps([first] * len(found)).tolist() == [len(tuples & expected[0]) for tuples in expected]
    assert runs.overlaps(each[::-1]).tolist() == [len(a & b) for a, b in zip(expected, expected[::-1], strict=True)]


@given(TEXTS)
def test_marks_are_counted_text_by_text(texts: list[str]) -> None:
    """Nothing is counted across two texts, and nothing twice."""
    found = [Text(text) for text in texts]
    together = Characters(found)
    for i, text in enumerate(found):
        alone = Characters([text])
        assert together.controls()[i] == sum(char < " " and char not in "\n\r\t" for char in text.head)
        assert together.paragraphs()[i] == alone.paragraphs()[0]
        assert together.sentences()[i] == alone.sentences()[0]
        assert [part[i] for part in together.starts()] == [part[0] for part in alone.starts()]


def test_layout_as_it_is_counted() -> None:
    """Paragraphs by blank lines, sentences by their ends, starts by their case."""
    one = Characters([Text("# No\n\nOne. two! Three\n\n\n## Yes\n**bold** *not* ***both***\nlast")])
    assert one.paragraphs() == [2]
    assert one.sentences() == [7]
    assert [int(part[0]) for part in one.starts()] == [1, 2]


def test_what_repeats_in_code_is_no_repetition() -> None:
    """Words outside fences only count: the features of repetition and wording are those of the same text without it."""
    prose, code = "Here is how it is done, with a loop that adds the numbers.", "\n```\n" + "x = x + 1\n" * 30 + "```"
    (some,) = batch.batches([make_case(["Add."], [text], None) for text in (prose, prose + code)])
    values = dict(zip([feature.key for feature in features.FEATURES], features.measure(some).T.tolist(), strict=True))
    for key in ("repeat", "phrases", "distinct", "function", "wordlen", "starts"):
        assert values[key][0] == values[key][1]
    assert values["code"] == [0, 31]


def test_a_vocabulary_that_is_full_is_replaced_and_nothing_is_found_otherwise() -> None:
    """More words than there are numbers for, of which each text has a few thousand."""
    drawn = random.Random(0)
    items = [
        (["Say words."], [" ".join(f"w{drawn.randrange(10**9)}" for _ in range(900))], None)
        for _ in range(vocabulary.MOST // 900 + 10)
    ]
    before = batch._vocabulary
    scores = list(embedded.built_in().scores(items))
    assert batch._vocabulary is not before
    assert scores == [embedded.grade(*item).score for item in items]


def test_one_case_never_has_more_words_than_there_are_numbers_for() -> None:
    """Texts of nothing but different words of one character each, as long as they are read."""
    drawn = random.Random(1)
    chars = [chr(code) for code in range(0x3400, 0x9FFF)] + [chr(code) for code in range(0xAC00, 0xD7A4)]
    texts = ["".join(drawn.choices(chars, k=2 * LIMIT)) for _ in range(5)]
    assert 1 <= embedded.grade(texts[:2], texts[2:4], texts[4]).score <= 10
    assert batch.WORDS < vocabulary.MOST


ITEMS = st.tuples(TEXTS, TEXTS, st.none() | st.text(max_size=60)).map(
    lambda drawn: (drawn[0][: len(drawn[1])], drawn[1][: len(drawn[0])], drawn[2])
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ITEMS, max_size=8))
def test_a_grade_does_not_depend_on_what_is_graded_beside_it(
    items: list[tuple[list[str], list[str], str | None]],
) -> None:
    """Alone, in company, and in any order: the same features."""
    together = [row for some in batch.batches(make_case(*item) for item in items) for row in features.measure(some)]
    for item, row in zip(items, together, strict=True):
        (alone,) = batch.batches([make_case(*item)])
        assert features.measure(alone).tolist() == [row.tolist()]


def test_batches_hold_all_cases_in_order_and_no_more_companions_than_have_room() -> None:
    """With a question of its own for each answer a batch has fewer cases."""
    cases = [make_case([f"Question {i}?", "And?"], [f"Answer {i}.", "More."], f"It is {i}.") for i in range(150)]
    made = list(batch.batches(cases))
    assert [case for some in made for case in some.cases] == cases
    assert Counter(len(some.places) <= batch.COMPANIONS for some in made) == {True: len(made)}
    assert max(len(some.cases) for some in made) <= batch.CASES
