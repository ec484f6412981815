"""The embedded judge grades like a reader: it likes substance, and punishes loops, word salad and evasion."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgebench import embedded
from judgebench.embedded import features, grading, trees

QUESTION = "How do bees make honey, and why do they store it? Explain the main steps."
GOOD = """Bees make honey in several steps, and each of them removes a little more water.

1. **Foraging:** A forager drinks nectar from flowers and carries it home in a second stomach, where enzymes begin to
   split the sucrose into simpler sugars.
2. **Passing on:** In the hive she hands the nectar to younger workers, who pass it from mouth to mouth and add enzymes.
3. **Drying:** They spread the thin liquid over the comb and fan it with their wings until less than a fifth is water.
4. **Sealing:** A full cell is closed with wax, which keeps the honey dry and lets it last for years.

They store honey because nothing blooms in winter. The colony does not sleep: it clusters around the queen, shivers to
keep warm, and burns the stored sugar until spring returns. A strong hive needs about twenty kilograms."""
SENTENCE = "The bees make the honey in the hive and the honey is good for the bees. "


def score(answer: str, question: str = QUESTION, reference: str | None = None) -> float:
    """The score of an answer to one question."""
    return embedded.grade([question], [answer], reference).score


def test_a_grade_is_made_of_a_score_its_parts_and_sentences() -> None:
    """The score is in range with 2 decimals, the parts, sorted by size, add up to it, the text names it."""
    found = embedded.grade([QUESTION], [GOOD])
    assert 1 <= found.score <= 10
    assert found.score == round(found.score, 2)
    sizes = [abs(points) for _, points in found.contributions]
    assert sizes == sorted(sizes, reverse=True)
    total = grading._FOREST.base + sum(points for _, points in found.contributions)
    assert min(10, max(1, total)) == pytest.approx(found.score, abs=0.02)
    assert f"{found.score:.1f}" in found.explanation


def test_the_same_answer_gets_the_same_grade() -> None:
    """There is no randomness and no memory."""
    assert embedded.grade([QUESTION], [GOOD]) == embedded.grade([QUESTION], [GOOD])


@pytest.mark.parametrize("nothing", ["", " \n\t", "...", "\u200b", "\U0001f642"])
def test_an_answer_without_words_gets_the_lowest_grade(nothing: str) -> None:
    """An answer that says nothing is a 1, and says why."""
    found = embedded.grade([QUESTION], [nothing])
    assert found.score == 1.0
    assert "no words" in found.explanation


LOOPS = {
    "a word": GOOD[:300] + " honey" * 300,
    "a phrase": GOOD[:300] + " and then the bees" * 100,
    "a sentence": GOOD[:300] + "\n" + SENTENCE * 30,
    "lines": GOOD[:300] + "\n1. Make honey." * 60,
}


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_a_loop_grades_below_the_same_text_without_it(loop: str) -> None:
    """A model that gets stuck loses against its own beginning, and by far against a whole answer."""
    assert score(loop) < score(GOOD[:300])
    assert score(loop) < score(GOOD) - 3


def test_word_salad_grades_far_below_the_text_it_was_made_of() -> None:
    """The same words in no order are no answer."""
    words = GOOD.split()
    salad = " ".join(random.Random(1).sample(words, len(words)))
    assert score(salad) < score(GOOD) - 3


POOR = {
    "echoes the question": QUESTION,
    "one word": "Flowers.",
    "no blanks": GOOD.replace(" ", ""),
    "letters in any order": "".join(random.Random(1).sample(GOOD, len(GOOD))),
    "refusal": "I'm sorry, but as an AI language model I cannot answer that.",
    "first sentence only": GOOD.split("\n")[0],
}


@pytest.mark.parametrize("answer", POOR.values(), ids=POOR)
def test_a_poor_answer_grades_well_below_a_good_one(answer: str) -> None:
    """Each of the ways in which small models fail costs points."""
    assert score(answer) < score(GOOD) - 2


def test_padding_with_another_topic_does_not_pay() -> None:
    """Text that has nothing to do with the question gains nothing on an answer that is complete."""
    padding = "The national budget was passed by parliament in March after long debates about taxes and pensions. "
    assert score(f"{GOOD}\n\n{padding * 3}") <= score(GOOD)


def test_agreement_with_the_reference_raises_the_grade() -> None:
    """Of two answers that differ in the result only, the one with the reference's result is ahead."""
    question, reference = (
        "A pen costs $3 and a book four times as much. What do both cost?",
        "The book is $12. Total: $15.",
    )
    right, wrong = (
        f"The book costs four times $3, so both together cost ${n}." for n in ("12 + $3 = $15", "7 + $3 = $10")
    )
    assert score(right, question, reference) > score(wrong, question, reference)


def test_the_last_answer_is_graded_and_the_one_before_is_its_context() -> None:
    """To repeat the first answer when asked for something new is worse than to answer."""
    turns = [QUESTION, "Now explain how people take the honey out of the hive."]
    new = """A beekeeper first blows cool smoke into the hive, which calms the colony. Then the frames are lifted out
and the bees brushed off. With a warm knife the wax caps are cut away, and the frames go into a drum that spins them
until the honey runs down its walls. It is strained through a sieve, left to settle for some days and put into jars.
The empty comb goes back into the hive, and the beekeeper leaves enough honey, or sugar, for the winter."""
    again, fresh = (embedded.grade(turns, [GOOD, last]).score for last in (GOOD, new))
    assert fresh > again


@pytest.mark.parametrize("answers", [[], ["a", "b"]])
def test_the_answers_must_fit_the_turns(answers: list[str]) -> None:
    """Not the text but the caller can be wrong: there is one answer to each turn so far, and at least one."""
    with pytest.raises(ValueError, match="answers to 1 turns"):
        embedded.grade([QUESTION], answers)


def test_a_comparison_names_the_better_answer_and_mirrors_when_swapped() -> None:
    """The explanation speaks of the same features from either side."""
    good, poor = embedded.grade([QUESTION], [GOOD]), embedded.grade([QUESTION], [SENTENCE * 30])
    assert embedded.compare(good, poor).startswith("The first answer is graded")
    assert embedded.compare(poor, good) == embedded.compare(good, poor).replace("first", "second")
    assert "Both answers" in embedded.compare(good, good)


SURROGATES = st.text(st.characters(codec=None), max_size=300)


@settings(max_examples=150, deadline=None)
@given(st.lists(SURROGATES, min_size=1, max_size=3), SURROGATES, st.none() | SURROGATES)
def test_no_text_is_too_strange_to_grade(turns: list[str], answer: str, reference: str | None) -> None:
    """Any string, lone surrogates included, gets a grade in range."""
    found = embedded.grade(turns, [answer] * len(turns), reference)
    assert 1 <= found.score <= 10


BOMBS = [
    "a",
    " ",
    "\n",
    "(",
    "```\n",
    "**",
    "a'",
    "1,",
    "-1.",
    "a b ",
    "if(",
    "x(",
    "# ",
    "User:\n",
    ". ",
    "\ud800",
    "字",
    "|",
    "<a",
]


@pytest.mark.parametrize("unit", BOMBS)
def test_a_megabyte_of_anything_is_graded_at_once(unit: str) -> None:
    """Nothing in the answer, the question or the reference makes a grade take long."""
    bomb = unit * (1_000_000 // len(unit))
    started = time.process_time()
    embedded.grade([bomb, bomb], [bomb, bomb], bomb)
    assert time.process_time() - started < 2


def test_the_coefficients_belong_to_these_features() -> None:
    """The file has a value for every feature in this order, and no tree asks for another."""
    assert grading._FOREST.features == tuple(feature.key for feature in features.FEATURES)
    assert {feature.name for feature in features.FEATURES} <= features.PHRASES.keys()


def test_the_version_changes_with_the_coefficients_and_with_the_features() -> None:
    """A stored grade can be traced to what made it."""
    text = grading.COEFFICIENTS.read_text(encoding="utf-8")
    same = grading.version_of(text, features.DEFINITION_VERSION)
    assert same == embedded.VERSION
    assert len({same, grading.version_of(text + " ", features.DEFINITION_VERSION), grading.version_of(text, "x")}) == 3


def test_a_tree_shares_its_answer_out_to_the_features_it_asks() -> None:
    """Each step down counts for the feature asked about, and the steps add up from the root's mean to the leaf."""
    forest = trees.Forest(("a", "b"), 5.0, ([0, 1.5, 0.0, -1.0, [1, 0.0, 1.0, 0.5, 2.0]],))
    assert forest.contributions([1.5, 9.0]) == {"a": -1.0, "b": 0.0}
    assert forest.contributions([2.0, 9.0]) == {"a": 1.0, "b": 1.0}
