"""Attacks make manipulated answers: of any text, always the same, and with nothing in them that is worth a point."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.attacks import ATTACKS, LIMIT, PLAIN_NON_ANSWER, Attack

ANY = st.text(st.characters(codec=None), max_size=200)  # lone surrogates included
QUESTION = ["How do bees make honey?"]
ANSWER = "Bees collect nectar, carry it home, and dry it in the comb. Then they seal it with wax."
each = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
dressing = pytest.mark.parametrize(
    "attack", [attack for attack in ATTACKS if attack.baseline is None], ids=lambda attack: attack.name
)


@each
@given(st.lists(ANY, max_size=3), ANY, st.integers())
def test_any_text_can_be_attacked_and_always_in_the_same_way(
    attack: Attack, turns: list[str], answer: str, seed: int
) -> None:
    """No question, answer or seed is too strange, and nothing but them decides what is made."""
    made = attack.make(turns, answer, seed)
    assert isinstance(made, str)
    assert made == attack.make(turns, answer, seed)


@each
def test_an_attack_says_in_one_sentence_what_it_is(attack: Attack) -> None:
    """The sentence stands in reports."""
    assert attack.about.endswith(".")
    assert attack.about.count(". ") == 0


def test_names_are_distinct() -> None:
    """A report can be keyed by them."""
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


@each
def test_seeds_vary_the_attack(attack: Attack) -> None:
    """Several seeds give several texts, so that a judge is not tried on one text alone."""
    assert len({attack.make(QUESTION, ANSWER, seed) for seed in range(12)}) > 1


@dressing
def test_what_dresses_up_an_answer_keeps_its_words(attack: Attack) -> None:
    """It is compared with the answer itself, of which nothing is lost."""
    made = attack.make(QUESTION, ANSWER, 0)
    assert attack.compared_with(ANSWER) == ANSWER
    assert all(word.strip(".,") in made for word in ANSWER.split())
    assert len(made) > len(ANSWER)


def test_the_null_attack_says_nothing_of_question_or_answer() -> None:
    """It is the same for all, and compared with an honest text that doesn't answer."""
    null = next(attack for attack in ATTACKS if attack.name == "null")
    assert null.make(QUESTION, ANSWER, 5) == null.make(["Something else?"], "Other words.", 5)
    assert null.compared_with(ANSWER) == PLAIN_NON_ANSWER


@pytest.mark.parametrize("name", ["padded", "strayed"])
def test_padding_about_doubles_an_answer_and_no_more_than_a_bounded_one(name: str) -> None:
    """The added text is as long as the answer, but for a sentence, up to a limit."""
    attack = next(attack for attack in ATTACKS if attack.name == name)
    for length in (1000, 50 * LIMIT):
        answer = "word " * (length // 5)
        added = len(attack.make(QUESTION, answer, 1)) - len(answer)
        assert min(length, LIMIT) <= added <= min(length, LIMIT) * 1.05 + 200
