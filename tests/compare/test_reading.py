"""What points say of the candidate, in which order questions come, and what a person is told; pure parts of compare."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from judgebench.compare import order, reading
from judgebench.compare.judging import reach_by_question
from judgebench.compare.options import Options
from judgebench.compare.reading import Reading
from judgebench.compare.reasons import reason
from judgebench.compare.results import Canary, CategoryRate
from judgebench.compare.telling import telling
from judgebench.errors import UsageError
from judgebench.statistics.clusters import mean_by_question
from judgebench.statistics.frames import matches_frame, reviews_frame
from judgebench.statistics.repeats import matches_over_repeats
from judgebench.tables.records import Failure, Question, Review, Verdict

ASKED = Options(baseline="old", candidate="new", questions="s", judge="embedded")
QUESTIONS = [Question(id=f"q{n:03}", category="abcd"[n % 4], turns=(f"Question {n}?",)) for n in range(80)]
DRAWN = order.at_random(QUESTIONS, seed=0)
CATEGORIES = {question.id: question.category for question in QUESTIONS}


def asked(**changes: Any) -> Options:
    """The usual options, changed."""
    return replace(ASKED, **changes)


def rates(points: np.ndarray) -> tuple[CategoryRate, ...]:
    """Those of all categories."""
    return reading.category_rates(points, np.nan_to_num(points, nan=1.0), DRAWN, CATEGORIES, ASKED)


def points_where(**means: float) -> np.ndarray:
    """Points in the order drawn that alternate so that each category has the given mean."""
    seen = dict.fromkeys("abcd", 0.0)
    points = []
    for name in DRAWN.ids:
        category = CATEGORIES[name]
        seen[category] += means[category]
        points.append(float(seen[category] >= 1))
        seen[category] -= points[-1]
    return np.array(points)


def test_the_order_depends_on_seed_and_ids_alone() -> None:
    """Neither on how the set lists its questions nor on which others it has."""
    assert order.at_random(QUESTIONS[::-1], seed=0) == DRAWN
    part = order.at_random(QUESTIONS[:10], seed=0).ids
    assert [name for name in DRAWN.ids if name in part] == list(part)
    assert order.at_random(QUESTIONS, seed=1).ids != DRAWN.ids
    assert sorted(DRAWN.ids) == [question.id for question in QUESTIONS]


def test_the_first_so_many_are_those_of_the_order() -> None:
    """As they stand in the set; fewer are a part of more, so that what was judged stays."""
    some, more = (order.first(QUESTIONS, seed=0, number=number) for number in (10, 30))
    assert {question.id for question in some} == set(DRAWN.ids[:10])
    assert some == [question for question in QUESTIONS if question in some]
    assert all(question in more for question in some)
    assert order.first(QUESTIONS, seed=0, number=None) == QUESTIONS


def test_every_question_may_come_first() -> None:
    """About as often as any other: 2,000 seeds, eighty questions."""
    first = [order.at_random(QUESTIONS, seed).ids[0] for seed in range(2000)]
    assert len(set(first)) == 80
    assert max(map(first.count, set(first))) < 50


def test_questions_that_were_added_follow_those_that_were_judged() -> None:
    """These stay where they were; the others come in a random order of their own, and each knows its set's size."""
    first = order.at_random(QUESTIONS[:40], seed=0)
    both = order.added(first, 25, DRAWN.ids, seed=0)
    assert both.ids[:25] == first.ids[:25]
    assert sorted(both.ids) == sorted(DRAWN.ids)
    assert both.ids[25:] != tuple(name for name in DRAWN.ids if name not in both.ids[:25])
    assert both.sizes(30).tolist() == [40] * 25 + [80] * 5
    assert order.added(both, 60, DRAWN.ids, seed=0).sizes(80).tolist() == [40] * 25 + [80] * 55


def test_a_verdict_doesnt_change_what_was_known_before_questions_were_added() -> None:
    """The same points of the questions judged so far say the same, whether the set has grown since or not."""
    first = order.at_random(QUESTIONS[:40], seed=0)
    grown = order.added(first, 25, DRAWN.ids, seed=0)
    points = np.random.default_rng(0).choice([0.0, 0.5, 1.0], size=25)
    assert reading.read(points, grown, ASKED) == reading.read(points, first, ASKED)
    assert reading.read(points, DRAWN, ASKED) != reading.read(points, first, ASKED)


def test_telling_questions_come_sooner_by_their_weights() -> None:
    """Where a difference is expected the chance to be first is twice that of where none is."""
    predictions = {one.id: 1.0 if number < 40 else 0.5 for number, one in enumerate(QUESTIONS)}
    firsts = [order.telling_first(QUESTIONS, seed, predictions).ids[0] for seed in range(1000)]
    assert 0.6 < np.mean([predictions[name] == 1.0 for name in firsts]) < 0.73
    drawn = order.telling_first(QUESTIONS, 3, predictions)
    assert drawn.weights is not None
    assert drawn.predictions is not None
    assert [predictions[name] for name in drawn.ids] == drawn.predictions.tolist()
    assert set(drawn.weights) == {0.5, 1.0}


def test_predictions_leave_a_random_order_as_it_is() -> None:
    """About questions like these none may come sooner."""
    drawn = order.at_random(QUESTIONS, 0, dict.fromkeys(DRAWN.ids, 0.7))
    assert (drawn.ids, drawn.weights) == (DRAWN.ids, None)
    assert drawn.predictions is not None


def test_any_judge_predicts() -> None:
    """By the distance of its scores where it has any, by its verdict otherwise; a half where it says nothing."""
    matches = pd.DataFrame(
        {
            "question_id": ["a", "a", "b", "c", "d"],
            "model_a": ["old", "old", "new", "old", "old"],
            "model_b": ["new", "new", "old", "new", "new"],
            "score_a": [3.0, 3.0, 3.0, np.nan, np.nan],
            "score_b": [8.0, 3.0, 8.0, np.nan, np.nan],
            "points": [1.0, 0.5, 0.0, 1.0, np.nan],
        }
    )
    found = order.predicted(matches, "new", ["a", "b", "c", "d", "e"])
    assert found == pytest.approx({"a": 0.75, "b": 0.0, "c": 1.0, "d": 0.5, "e": 0.5}, abs=0.01)


def test_a_verdict_needs_the_whole_interval_on_one_side() -> None:
    """PASS above 0.5 less the margin, REGRESS below; IMPROVED above a half."""
    worse = reading.read(points_where(a=0.1, b=0.1, c=0.2, d=0.2), DRAWN, ASKED)
    better = reading.read(points_where(a=0.9, b=0.9, c=0.8, d=0.8), DRAWN, ASKED)
    equal = reading.read(points_where(a=0.5, b=0.5, c=0.5, d=0.5), DRAWN, ASKED)
    assert (worse.side, better.side, equal.side) == ("below", "above", None)
    assert (worse.improved, better.improved, equal.improved) == (False, True, False)
    for found in (worse, better, equal):
        assert found.interval
        assert found.rate is not None
        assert found.fixed_width is not None
        assert found.interval[0] <= found.rate <= found.interval[1]
        assert found.fixed_width < found.interval[1] - found.interval[0] + 0.05


def test_a_wide_margin_passes_what_a_narrow_one_leaves_open() -> None:
    """Two equal models on eighty questions."""
    points = points_where(a=0.5, b=0.5, c=0.5, d=0.5)
    assert reading.read(points, DRAWN, asked(margin=0.3)).side == "above"
    assert reading.read(points, DRAWN, asked(margin=0.05)).side is None


def test_questions_without_a_verdict_never_help() -> None:
    """Thirty-five missing ones turn a clear PASS, and a clear REGRESS, into nothing."""
    for mean, side in ((0.9, "above"), (0.1, "below")):
        points = points_where(a=mean, b=mean, c=mean, d=mean)[:50]
        assert reading.read(points, DRAWN, ASKED).side == side
        points[:35] = np.nan
        assert reading.read(points, DRAWN, ASKED).side is None


def test_the_whole_set_is_known() -> None:
    """Of just these questions, all judged, the interval is the rate."""
    points = points_where(a=0.5, b=0.5, c=0.3, d=0.4)
    for fixed in (True, False):
        found = reading.read(points, DRAWN, asked(population="set", fixed=fixed))
        assert found.interval == pytest.approx((points.mean(), points.mean()), abs=1e-6)
        assert found.side == ("above" if points.mean() > 0.45 else "below")


def test_categories_are_flagged_with_false_discoveries_controlled() -> None:
    """One that is lost throughout is; four equal ones hardly ever are: 400 runs, at most 5 % with a flag."""
    points = points_where(a=0.0, b=0.6, c=0.6, d=0.6)
    flags = {one.category: one.worse for one in rates(points)}
    assert flags == {"a": True, "b": False, "c": False, "d": False}
    rng = np.random.default_rng(0)
    for options in (ASKED, asked(fixed=True)):
        flagged = 0
        for _ in range(400):
            drawn = rng.choice([0.0, 0.5, 1.0], p=[0.45, 0.2, 0.35], size=80)
            flagged += any(one.worse for one in reading.category_rates(drawn, drawn, DRAWN, CATEGORIES, options))
        assert flagged <= 28


def test_an_order_by_weights_flags_nothing() -> None:
    """There the questions of a category are no random ones of it."""
    weighted = replace(DRAWN, predictions=np.full(80, 0.5), weights=np.ones(80))
    points = points_where(a=0.0, b=0.6, c=0.6, d=0.6)
    assert not any(one.worse for one in reading.category_rates(points, points, weighted, CATEGORIES, ASKED))


def test_a_category_without_a_verdict_is_worse_in_nothing() -> None:
    """And has no rate."""
    points = points_where(a=0.5, b=0.5, c=0.5, d=0.5)
    points[[CATEGORIES[name] == "a" for name in DRAWN.ids]] = np.nan
    found = {one.category: one for one in rates(points)}
    assert (found["a"].rate, found["a"].interval, found["a"].questions, found["a"].worse) == (None, None, 0, False)


def test_how_many_questions_it_would_take() -> None:
    """More of a sequential test than of a fixed one, fewer for a wider margin; of a set it is no question."""
    points = points_where(a=0.5, b=0.5, c=0.5, d=0.5)
    fixed, sequential = (reading.read(points[:24], DRAWN, options).needed for options in (asked(fixed=True), ASKED))
    assert fixed
    assert sequential
    assert fixed < sequential < 2 * fixed
    assert (reading.read(points[:24], DRAWN, asked(margin=0.2)).needed or 0) < sequential / 8
    assert reading.read(points, DRAWN, asked(population="set")).needed is None
    assert reading.read(np.full(9, 0.5), DRAWN, ASKED).needed is None


def test_what_was_tried_in_vain_takes_more_questions() -> None:
    """What the questions so far took of the capital has to be won again."""
    lost, even = np.tile([0.0, 0.0, 1.0], 10), np.tile([0.0, 1.0], 15)
    assert (reading.read(lost, DRAWN, ASKED).needed or 0) > 1.3 * (reading.read(even, DRAWN, ASKED).needed or 0)


def test_few_decided_questions_are_no_proof_at_a_fixed_number() -> None:
    """Twenty ties don't say that fewer than one in ten is lost; forty do, and what is decided goes by its variance."""
    fixed = asked(fixed=True)
    assert [reading.read(np.full(n, 0.5), DRAWN, fixed).side for n in (20, 40)] == [None, "above"]
    few = reading.read(np.array([1.0, 1.0, *[0.5] * 18]), DRAWN, fixed)
    assert (few.side, few.interval and few.interval[0] < 0.45) == (None, True)
    decided = points_where(a=0.5, b=0.6, c=0.6, d=0.5)
    wilson = mean_by_question(np.arange(80), decided, 80)
    assert wilson
    assert reading.read(decided, DRAWN, fixed).interval == wilson.share_interval()
    mostly_tied = np.concatenate([np.full(200, 0.5), np.tile([0.0, 1.0, 1.0], 20)])
    by_variance = mean_by_question(np.arange(260), mostly_tied, 260)
    assert by_variance
    ends = by_variance.share_interval()
    found = reading.read(mostly_tied, DRAWN, fixed).interval
    assert ends
    assert found
    assert found[0] < ends[0]


def test_the_reason_says_what_an_engineer_asks() -> None:
    """The estimate, the limit, and why it stopped."""
    open_ = Reading(None, False, 0.5, (0.36, 0.64), 0.3, 290)
    vain = reason("INCONCLUSIVE", open_, 40, 80, ASKED, (), 0.012)
    assert "the 40 questions left had a chance of 1.2 % to decide it" in vain
    assert "about 290 questions" in vain
    lost = reason("REGRESS", Reading("below", False, 0.2, (0.1, 0.3), 0.2), 40, 80, ASKED, (), None)
    assert lost == (
        "the candidate's win rate is 20.0 % (10.0 to 30.0 %), below the 45.0 % that a margin of 5.0 % allows"
    )
    won = reason("PASS", Reading("above", True, 0.9, (0.8, 0.95), 0.2), 40, 80, ASKED, (), None)
    assert won.endswith("and above a half: it is better")
    nothing = Reading(None, False, None, None, None)
    held = Canary(name="empty", wants="an empty answer loses", tries=2, held=0, needed=1)
    assert "empty (an empty answer loses: 0 of 2)" in reason("INVALID", nothing, 0, 80, ASKED, (held,), None)
    silent = reason("INVALID", nothing, 0, 80, ASKED, (replace(held, missing=2),), None)
    assert silent == "the judge is not in order: it gave no verdict on any canary"


def test_telling_questions_are_the_worst_losses() -> None:
    """The widest gap first, with what the judge said to the baseline's answer first, without scores, shortened."""
    from report.reviewing import scored

    rows = [
        replace(scored(1, 8, 2), reply="8 2\nThe second answer is wrong."),
        replace(scored(2, 8, 7), reply="8 7\n" + "word " * 300),
        replace(scored(3, 5, 9), reply="5 9\nThe second answer is right."),
        replace(scored(4, 5, 5), reply=None),
        replace(scored(1, 2, 8), models=("new", "base"), swapped=True, reply="2 8\nThe first answer is wrong."),
    ]
    questions = {f"q{n}": Question(id=f"q{n}", category="c", turns=("Why\n is  this?",)) for n in range(1, 5)}
    matches = matches_over_repeats(matches_frame(reviews_frame(rows, {})))
    frame = matches.assign(points=[0.0, 0.0, 1.0, 0.5])
    first, second, third = telling(frame, rows, questions, "base")
    assert [one.question_id for one in (first, second, third)] == ["q1", "q2", "q4"]
    assert (first.said, first.question, first.points) == ("The second answer is wrong.", "Why is this?", 0.0)
    assert len(second.said) <= 400
    assert second.said.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert third.said == ""


@pytest.mark.parametrize(
    "wrong",
    [{"margin": 0.5}, {"margin": -0.1}, {"alpha": 0.0}, {"alpha": 0.5}, {"predictions": "embedded"},
     {"judge": "openai:judge", "predictions": "embedded", "fixed": True}],
)  # fmt: skip
def test_options_that_make_no_sense(wrong: dict[str, Any]) -> None:
    """Each is refused with the option's name."""
    with pytest.raises(UsageError, match="--"):
        asked(**wrong)


def test_looks() -> None:
    """The first after eight questions, then more and more apart: by eight, or a fiftieth of a large set."""
    assert list(ASKED.looks(80)) == [8, 10, 12, 15, 18, 22, 27, 33, 41, 49, 57, 65, 73, 80]
    assert list(ASKED.looks(5000))[-2:] == [4957, 5000]
    assert list(ASKED.looks(5)) == [5]
    assert list(asked(look=3).looks(10)) == [3, 6, 9, 10]
    assert list(asked(fixed=True, look=3).looks(80)) == [80]


def test_missing_verdicts_of_a_fixed_number_count_against_either_claim() -> None:
    """30 won, 15 lost and 35 missing are no PASS: with the 35 lost it is 37.5 %, with the 35 won 81 %."""
    points = np.array([1.0] * 30 + [0.0] * 15 + [np.nan] * 35)
    read = reading.read(points, DRAWN, asked(fixed=True))
    assert (read.side, read.improved, read.rate) == (None, False, pytest.approx(2 / 3))
    assert read.interval
    assert read.interval[0] < 0.375 < 0.8125 < read.interval[1]
    none = reading.read(points[:45], DRAWN, asked(fixed=True))
    assert none.side == "above"


def rows_of(question: str, *orders: tuple[int, str, str | None]) -> list[Review]:
    """Reviews of a question: turn, the model that was shown first, and the winner (None: no verdict)."""
    return [
        Review(
            id=f"{question}{place}", mode="pairwise", kind="choice", question_set="s", question_id=question, turn=turn,
            models=pair, answer_ids=pair, judge="j", prompt="p",
            verdict=Verdict(winner=winner) if winner else None,  # type: ignore[arg-type]
            error=None if winner else Failure("timeout", "slow"), swapped=first == "new",
        )
        for place, (turn, first, winner) in enumerate(orders)
        for pair in [(first, "new" if first == "old" else "old")]
    ]  # fmt: skip


def test_a_missing_turn_or_order_counts_against_either_claim() -> None:
    """Won, but for what has no verdict: a turn is half of a question, an order a quarter where there are two turns."""
    full = [(1, "old", "B"), (1, "new", "A"), (2, "old", "B"), (2, "new", "A")]
    no_turn = [*full[:2], (2, "old", None), (2, "new", None)]
    no_order = [*full[:3], (2, "new", None)]
    rows = [*rows_of("a", *full), *rows_of("b", *no_turn), *rows_of("c", *no_order)]
    lost, won = reach_by_question(rows, ("old", "new"), {}, ["a", "b", "c", "d"])
    assert lost.tolist() == [1.0, 0.5, 0.75, 0.0]
    assert won.tolist() == [1.0, 1.0, 1.0, 1.0]


def test_second_turns_without_a_verdict_are_no_pass() -> None:
    """All first turns won and nothing known of the second ones: at worst every question is half won."""
    points = np.full(80, 1.0)
    reach = (np.full(80, 0.5), np.full(80, 1.0))
    for options in (asked(margin=0.0), asked(margin=0.0, fixed=True), asked(margin=0.0, population="set", fixed=True)):
        read = reading.read(points, DRAWN, options, reach)
        assert read.side is None
        assert read.interval
        assert read.interval[0] <= 0.5
