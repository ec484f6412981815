"""Which questions choose: half of each category, whoever draws them."""

import random

from hypothesis import given
from hypothesis import strategies as st

from judgebench.choosing.halves import choosing_half

QUESTIONS = st.dictionaries(st.text(max_size=8), st.none() | st.sampled_from(["a", "b", "c"]), max_size=60)


@given(QUESTIONS, st.randoms(use_true_random=False))
def test_the_order_of_questions_changes_nothing(questions: dict[str, str | None], draw: random.Random) -> None:
    """The same questions give the same halves."""
    ids = list(questions)
    draw.shuffle(ids)
    assert choosing_half({one: questions[one] for one in ids}) == choosing_half(questions)


@given(QUESTIONS)
def test_each_question_chooses_or_confirms_and_categories_are_halved(questions: dict[str, str | None]) -> None:
    """To within one question, of a category and in all."""
    first = choosing_half(questions)
    assert first <= set(questions)
    assert 0 <= 2 * len(first) - len(questions) <= 1
    for category in set(questions.values()):
        held = {one for one, name in questions.items() if name == category}
        assert abs(2 * len(first & held) - len(held)) <= 1
