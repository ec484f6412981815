"""What points say of the candidate, in which order questions come, and what a person is told; pure parts of compare."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from judgebench.compare import order, reading
from judgebench.compare.options import Options
from judgebench.compare.reading import Reading
from judgebench.compare.reasons import reason
from judgebench.compare.telling import telling
from judgebench.errors import UsageError
from judgebench.statistics.frames import matches_frame, reviews_frame
from judgebench.statistics.repeats import matches_over_repeats
from judgebench.tables.records import Answer, Question

ASKED = Options(baseline="old", candidate="new", questions="s", judge="embedded")
QUESTIONS = [Question(id=f"q{n:03}", category="abcd"[n % 4], turns=(f"Question {n}?",)) for n in range(80)]
DRAWN = order.at_random(QUESTIONS, seed=0)
CATEGORIES = {question.id: question.category for question in QUESTIONS}


def asked(**changes: Any) -> Options:
    """The usual options, changed."""
    return replace(ASKED, **changes)


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


def test_every_question_may_come_first() -> None:
    """About as often as any other: 2,000 seeds, eighty questions."""
    first = [order.at_random(QUESTIONS, seed).ids[0] for seed in range(2000)]
    assert len(set(first)) == 80
    assert max(map(first.count, set(first))) < 50


def test_telling_questions_come_sooner_by_their_weights() -> None:
    """Where a difference is expected the chance to be first is twice that of where none is."""
    predictions = {one.id: 1.0 if number < 40 else 0.5 for number, one in enumerate(QUESTIONS)}
    firsts = [order.telling_first(QUESTIONS, predictions, seed).ids[0] for seed in range(1000)]
    assert 0.6 < np.mean([predictions[name] == 1.0 for name in firsts]) < 0.73
    drawn = order.telling_first(QUESTIONS, predictions, seed=3)
    assert drawn.weights is not None
    assert drawn.predictions is not None
    assert [predictions[name] for name in drawn.ids] == drawn.predictions.tolist()
    assert set(drawn.weights) == {0.5, 1.0}


def test_the_embedded_judge_predicts() -> None:
    """More than a half where the candidate's answer is better, a half where one has none."""
    question = Question(id="q", category="c", turns=("Name three colours of the rainbow and say where each stands.",))
    text = "Red stands at the outer edge, green in the middle, and violet at the inner edge of the rainbow."
    row = Answer(id="1", question_set="s", question_id="q", question_digest="d", model="m", turns=(text,))
    bad = replace(row, turns=("I I I I I I I I I I I I I I",))
    assert order.predicted([question], {"q": bad}, {"q": row})["q"] > 0.6
    assert order.predicted([question], {"q": row}, {"q": bad})["q"] < 0.4
    assert order.predicted([question], {"q": row}, {})["q"] == 0.5


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
    """Thirty missing ones turn a clear PASS, and a clear REGRESS, into nothing; fixed, they are left out."""
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
    flags = {one.category: one.worse for one in reading.category_rates(points, DRAWN, CATEGORIES, ASKED)}
    assert flags == {"a": True, "b": False, "c": False, "d": False}
    rng = np.random.default_rng(0)
    for options in (ASKED, asked(fixed=True)):
        flagged = 0
        for _ in range(400):
            drawn = rng.choice([0.0, 0.5, 1.0], p=[0.45, 0.2, 0.35], size=80)
            flagged += any(one.worse for one in reading.category_rates(drawn, DRAWN, CATEGORIES, options))
        assert flagged <= 28


def test_an_order_by_weights_flags_nothing() -> None:
    """There the questions of a category are no random ones of it."""
    weighted = replace(DRAWN, predictions=np.full(80, 0.5), weights=np.ones(80))
    points = points_where(a=0.0, b=0.6, c=0.6, d=0.6)
    assert not any(one.worse for one in reading.category_rates(points, weighted, CATEGORIES, ASKED))


def test_a_category_without_a_verdict_is_worse_in_nothing() -> None:
    """And has no rate."""
    points = points_where(a=0.5, b=0.5, c=0.5, d=0.5)
    points[[CATEGORIES[name] == "a" for name in DRAWN.ids]] = np.nan
    found = {one.category: one for one in reading.category_rates(points, DRAWN, CATEGORIES, ASKED)}
    assert (found["a"].rate, found["a"].interval, found["a"].questions, found["a"].worse) == (None, None, 0, False)


def test_how_many_questions_it_would_take() -> None:
    """More of a sequential test than of a fixed one, fewer for a wider margin; of a set it is no question."""
    points = points_where(a=0.5, b=0.5, c=0.5, d=0.5)
    fixed, sequential = reading.needed(points, asked(fixed=True)), reading.needed(points, ASKED)
    assert fixed
    assert sequential
    assert fixed < sequential < 2 * fixed
    assert (reading.needed(points, asked(margin=0.2)) or 0) < sequential / 10
    assert reading.needed(points, asked(population="set")) is None
    assert reading.needed(np.full(9, 0.5), ASKED) is None


def test_the_reason_says_what_an_engineer_asks() -> None:
    """The estimate, the limit, and why it stopped."""
    points = points_where(a=0.5, b=0.5, c=0.5, d=0.5)[:40]
    open_ = Reading(None, False, 0.5, (0.36, 0.64), 0.3)
    vain = reason("INCONCLUSIVE", open_, points, 80, ASKED, (), 0.012)
    assert "the 40 questions left had a chance of 1.2 % to decide it" in vain
    assert "about " in vain
    lost = reason("REGRESS", Reading("below", False, 0.2, (0.1, 0.3), 0.2), points, 80, ASKED, (), None)
    assert lost == (
        "the candidate's win rate is 20.0 % (10.0 to 30.0 %), below the 45.0 % that a margin of 5.0 % allows"
    )
    won = reason("PASS", Reading("above", True, 0.9, (0.8, 0.95), 0.2), points, 80, ASKED, (), None)
    assert won.endswith("and above a half: it is better")


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
     {"predictions": "embedded", "population": "set", "fixed": True}],
)  # fmt: skip
def test_options_that_make_no_sense(wrong: dict[str, Any]) -> None:
    """Each is refused with the option's name."""
    with pytest.raises(UsageError, match="--"):
        asked(**wrong)


def test_looks() -> None:
    """Every eight questions, or as many as make fifty looks; a fixed test looks once."""
    assert ASKED.step(80) == 8
    assert ASKED.step(5000) == 100
    assert asked(look=3).step(5000) == 3
    assert asked(fixed=True, look=3).step(80) == 80
