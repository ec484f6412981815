"""Which matches a review consists of: orders, repeats, and what an adaptive design shows twice."""

from collections import Counter
from dataclasses import replace

import pytest

from judgebench.judging.matches import (
    Design,
    Match,
    pairs_of,
    pairwise,
    place_in_category,
    samples,
    second_orders,
    single,
)
from judgebench.tables.records import Answer, Question, Verdict

QUESTIONS = [Question(id=f"q{n}", category="ab"[n % 2], turns=("?", "??")) for n in range(40)]
TIE, WON = Verdict(winner="tie"), Verdict(winner="A")


def planned(design: Design, questions: list[Question] = QUESTIONS, pair: tuple[str, str] = ("m", "n")) -> list[Match]:
    """The matches of a pair over questions of one set; no answers are needed to plan."""
    return list(pairwise(questions, {}, [pair], design, place_in_category(QUESTIONS)))


def shown(matches: list[Match]) -> dict[tuple[str, int], tuple[str, ...]]:
    """The order in which each question's turn is shown."""
    return {(match.question.id, match.turn): match.models for match in matches}


def test_both_orders_are_the_default_and_the_second_is_marked() -> None:
    """Every turn twice: as named, and swapped."""
    matches = planned(Design())
    assert len(matches) == 2 * 2 * len(QUESTIONS)
    assert {(match.models, match.swapped) for match in matches} == {(("m", "n"), False), (("n", "m"), True)}


def test_named_shows_each_pair_as_it_was_named() -> None:
    """Half the calls, and no word on what flips."""
    assert {match.models for match in planned(Design("named"))} == {("m", "n")}


def test_random_shows_each_match_once_and_each_model_first_equally_often() -> None:
    """Balanced over the whole, in every category and at every turn."""
    matches = planned(Design("random"))
    assert len(matches) == 2 * len(QUESTIONS)
    counts = Counter((match.question.category, match.turn, match.models) for match in matches)
    assert set(counts.values()) == {10}
    assert len(counts) == 8


def test_random_orders_are_the_same_for_a_seed_and_others_for_another() -> None:
    """Nothing but the seed, the pair and the question's place decides."""
    assert shown(planned(Design("random"))) == shown(planned(Design("random")))
    assert shown(planned(Design("random"))) != shown(planned(Design("random", seed=1)))


def test_random_orders_stay_when_less_is_asked_for_or_the_pair_is_named_the_other_way_round() -> None:
    """A limit, or another baseline, pays for nothing twice; `swapped` still says how the pair was named."""
    everything = shown(planned(Design("random")))
    assert shown(planned(Design("random"), QUESTIONS[10:20])).items() <= everything.items()
    turned = planned(Design("random"), pair=("n", "m"))
    assert shown(turned) == everything
    assert all(match.swapped == (match.models == ("m", "n")) for match in turned)


def test_random_orders_of_different_pairs_have_nothing_to_do_with_each_other() -> None:
    """One bad draw doesn't hit every model."""
    assert [m.swapped for m in planned(Design("random"), pair=("m", "o"))] != [
        m.swapped for m in planned(Design("random"))
    ]


@pytest.mark.parametrize("orders", ["both", "named", "random"])
def test_repeats_judge_the_same_matches_in_the_same_orders(orders: str) -> None:
    """Rows 0 to N-1, the whole of the first repeat before the next: what differs between them is the judge."""
    matches = planned(Design(orders, repeats=3))  # type: ignore[arg-type]
    parts = [[replace(match, repeat=0) for match in matches if match.repeat == repeat] for repeat in range(3)]
    assert parts[0] == parts[1] == parts[2] == planned(Design(orders))  # type: ignore[arg-type]
    assert [match.repeat for match in matches] == sorted(match.repeat for match in matches)
    assert [match.repeat for match in single(QUESTIONS[:1], {}, ["m"], repeats=2)] == [0, 0, 1, 1]


def test_close_matches_are_shown_again_and_a_share_of_the_others() -> None:
    """Each with its chance: a tie is certain to be chosen, the others are drawn."""
    first = planned(Design("adaptive"))
    verdicts = [TIE if match.turn == 2 else WON for match in first]
    chosen = list(second_orders(first, verdicts, Design("adaptive", share=0.25)))
    assert [match.question.id for match, chance in chosen if chance == 1.0] == [q.id for q in QUESTIONS]
    drawn = [match for match, chance in chosen if chance == 0.25]
    assert 4 <= len(drawn) <= 18
    before = shown(first)
    assert all(match.models == before[match.question.id, match.turn][::-1] for match, _ in chosen)
    assert {match.models == ("n", "m") for match, _ in chosen if match.swapped} == {True}


@pytest.mark.parametrize(
    ("verdict", "close"),
    [
        (Verdict((8.0, 7.0), "A"), True),
        (Verdict((8.0, 6.9), "A"), False),
        (Verdict((8.0, 8.0), "tie"), True),
        (TIE, True),
        (WON, False),
        (None, False),
    ],
)
def test_what_is_close(verdict: Verdict | None, close: bool) -> None:
    """A tie, or scores at most `close` points apart; what has no verdict yet waits."""
    chosen = list(second_orders(planned(Design("adaptive"))[:1], [verdict], Design("adaptive", share=0, close=1)))
    assert bool(chosen) == close


def test_all_repeats_are_shown_again_when_one_is_close() -> None:
    """So that they stay repeats of one thing."""
    design = Design("adaptive", repeats=2, share=0)
    first = [match for match in planned(design) if match.question.id == "q0" and match.turn == 1]
    assert [match.repeat for match, _ in second_orders(first, [WON, TIE], design)] == [0, 1]


def test_a_larger_share_holds_the_smaller_one() -> None:
    """Asking for more swaps pays for what is missing only."""
    first = planned(Design("adaptive"))
    small, large = (
        {(match.question.id, match.turn) for match, _ in second_orders(first, [WON] * len(first), design)}
        for design in (Design(share=0.2), Design(share=0.6))
    )
    assert small < large


def test_pairs_with_a_baseline_and_without() -> None:
    """The baseline stands first; without one every pair is compared."""
    assert pairs_of(["a", "b", "c"], "b") == [("b", "a"), ("b", "c")]
    assert pairs_of(["a", "b", "c"]) == [("a", "b"), ("a", "c"), ("b", "c")]


def test_every_turn_is_judged_with_the_whole_conversation_before_it() -> None:
    """Any number of turns; of an answer only what was said so far."""
    question = Question(id="q", category="a", turns=("1?", "2?", "3?"), references=("r1",))
    said = Answer(
        id="i", question_set="s", question_id="q", question_digest=question.digest, model="m", turns=("1", "2", "3")
    )
    third = list(single([question], {("m", "q"): [said]}, ["m"]))[2]
    assert third.conversation() == [
        {"question": "1?", "reference": "r1", "answer": "1"},
        {"question": "2?", "reference": None, "answer": "2"},
        {"question": "3?", "reference": None, "answer": "3"},
    ]


def drawn(model: str, choice: int, **about: object) -> Answer:
    """A sample of a model's answer to the first question."""
    question = QUESTIONS[0]
    made = Answer(
        id=f"{model}{choice}", question_set="s", question_id=question.id, question_digest=question.digest,
        model=model, turns=("1", "2"), choice=choice,
    )  # fmt: skip
    return replace(made, **about)


def test_each_sample_is_judged() -> None:
    """Two models with three samples each: three matches in two orders, of every turn; singly three each."""
    answers = samples([drawn(model, choice) for model in "mn" for choice in (2, 0, 1)])
    pairs = list(pairwise(QUESTIONS[:1], answers, [("m", "n")]))
    assert Counter((match.turn, match.choice) for match in pairs) == {(t, c): 2 for t in (1, 2) for c in range(3)}
    assert all(answer and answer.choice == match.choice for match in pairs for answer in match.answers)
    assert [match.choice for match in single(QUESTIONS[:1], answers, ["m"]) if match.turn == 1] == [0, 1, 2]


def test_a_model_with_fewer_samples_begins_again() -> None:
    """A greedy baseline's one answer is shown beside each sample of the candidate."""
    answers = samples([drawn("m", 0), *(drawn("n", choice) for choice in range(3))])
    matches = [match for match in pairwise(QUESTIONS[:1], answers, [("m", "n")], Design("named")) if match.turn == 1]
    assert [[answer.id for answer in match.answers if answer] for match in matches] == [
        ["m0", f"n{c}"] for c in range(3)
    ]


def test_samples_of_an_earlier_checkpoint_or_question_are_left_out() -> None:
    """Only those made like the first one belong to it; which snapshot of a service served them doesn't matter."""
    first = drawn("m", 0, provenance={"weights": "new", "served_by": "a"})
    same = drawn("m", 1, provenance={"weights": "new", "served_by": "b"})
    others = [drawn("m", 2, provenance={"weights": "old"}), drawn("m", 3, question_digest="old")]
    assert samples([*others, same, first]) == {("m", QUESTIONS[0].id): [first, same]}
    assert samples(others) == {}


def test_an_adaptive_second_order_is_of_its_sample() -> None:
    """A tie of one sample is close; the other sample, which was won, is not."""
    answers = samples([drawn(model, choice) for model in "mn" for choice in (0, 1)])
    design = Design("adaptive", share=0.0)
    first = [match for match in pairwise(QUESTIONS[:1], answers, [("m", "n")], design) if match.turn == 1]
    again = second_orders(first, [TIE if match.choice else WON for match in first], design)
    assert [match.choice for match, _ in again] == [1]
