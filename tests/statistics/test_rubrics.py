"""Scores by rubrics: HealthBench's formula on rows made for it, each criterion's rate, and what changed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.statistics.frames import reviews_frame, scores_frame
from judgebench.statistics.rubrics import Rubrics
from judgebench.tables.records import Criterion, Failure, Graded, Review, Rubric, Verdict, rubric_score
from judgebench.verdicts.rubrics import scale

PLUS, MORE = Criterion("right", 5, ("fact",)), Criterion("whole", 3, ("fact", "form"))
MINUS = Criterion("rude", -6, ("tone",))
RUBRIC = (PLUS, MORE, MINUS)


def review(question: str, model: str, met: Sequence[float] | None, rubric: Rubric = RUBRIC, **about: Any) -> Review:
    """One model's answer to a question, graded so; None: without a verdict."""
    graded = tuple(
        Graded(one.criterion, one.points, share, one.tags) for one, share in zip(rubric, met or (), strict=bool(met))
    )
    verdict = Verdict(scores=(rubric_score(graded) or 0.0,), criteria=graded) if met else None
    about = {"judge": "j", "repeat": 0} | about
    return Review(
        id=f"{question}-{model}-{about}",
        mode="single",
        kind="rubric",
        question_set="s",
        question_id=question,
        turn=1,
        models=(model,),
        answer_ids=(f"{question}-{model}",),
        prompt="rubric",
        verdict=verdict,
        error=None if met else Failure("unparsed", "no"),
        scale=scale(rubric),
        **about,
    )


def graded(model: str, *met: Sequence[float] | None, rubric: Rubric = RUBRIC) -> list[Review]:
    """One model's answers to the questions 0, 1, ..."""
    return [review(str(number), model, one, rubric) for number, one in enumerate(met)]


def rubrics_of(rows: Sequence[Review], categories: dict[tuple[str, str], str] | None = None) -> Rubrics:
    """As a report reads them."""
    return Rubrics.of(reviews_frame(rows, categories or {}))


def published(rows: Sequence[tuple[Rubric, Sequence[bool]]], tag: str | None = None) -> float:
    """HealthBench's mean: of each question the points met over the positive ones, then the mean cut to 0 to 1.

    Of a tag over its own criteria, and the questions in which these have positive points.
    """
    found = []
    for rubric, met in rows:
        chosen = [(one.points, yes) for one, yes in zip(rubric, met, strict=True) if tag is None or tag in one.tags]
        most = sum(points for points, _ in chosen if points > 0)
        if most:
            found.append(sum(points for points, yes in chosen if yes) / most)
    return float(np.clip(np.mean(found), 0, 1))


points = st.integers(-9, 9).filter(bool)
criteria = st.lists(st.tuples(points, st.sets(st.sampled_from("abc")), st.booleans()), min_size=1, max_size=6)


@given(st.lists(criteria.filter(lambda rows: any(points > 0 for points, *_ in rows)), min_size=1, max_size=6))
def test_healthbench_s_formula(answers: list[list[tuple[int, set[str], bool]]]) -> None:
    """Negative points, tags of their own criteria, and the cutting of means, but of no single score."""
    rows = [(_rubric(one), [yes for *_, yes in one]) for one in answers]
    reviews = [review(f"q{n}", "m", [float(yes) for yes in met], rubric) for n, (rubric, met) in enumerate(rows)]
    scores = {entry["tag"]: entry for entry in rubrics_of(reviews).scores()}
    assert scores[None]["mean"] == pytest.approx(published(rows))
    assert scores[None]["uncut"] == pytest.approx(np.mean([row.verdict.scores[0] for row in reviews if row.verdict]))
    for tag in scores.keys() - {None}:
        positive = any(tag in one.tags and one.points > 0 for rubric, _ in rows for one in rubric)
        assert scores[tag]["mean"] == (pytest.approx(published(rows, tag)) if positive else None)


def _rubric(rows: list[tuple[int, set[str], bool]]) -> Rubric:
    return tuple(Criterion(str(n), worth, tuple(sorted(tags))) for n, (worth, tags, _) in enumerate(rows))


def test_only_means_are_cut() -> None:
    """A score below 0 counts as it is in a mean, and in a difference."""
    found = rubrics_of([*graded("a", [0, 0, 1], [1, 0, 0]), *graded("b", [0, 0, 1], [0, 0, 1])])
    a, b = (next(e for e in found.scores() if e["model"] == name and e["tag"] is None) for name in "ab")
    assert (a["uncut"], a["mean"]) == (pytest.approx((-6 / 8 + 5 / 8) / 2), 0.0)
    assert (b["uncut"], b["mean"]) == (-0.75, 0.0)
    (whole, *_) = found.differences()
    assert whole["difference"] == pytest.approx(b["uncut"] - a["uncut"])


def test_the_criteria_that_were_lost_come_first() -> None:
    """A criterion with points below 0 is lost where it is met more often."""
    base, new = graded("base", *[[1, 1, 0]] * 12), graded("new", *[[1, 0, 1]] * 3, *[[1, 0, 0]] * 9)
    first, second, third = rubrics_of(base + new).criteria()
    names = ("criterion", "rates", "lost", "changed")
    assert [first[name] for name in names] == ["whole", [1.0, 0.0], 1.0, True]
    assert [second[name] for name in names] == ["rude", [0.0, 0.25], 0.25, False]
    assert (third["criterion"], third["worse"], third["better"], third["p"]) == ("right", 0, 0, 1.0)
    assert first["p"] == pytest.approx(2 * 0.5**12)


def test_no_verdict_is_no_zero() -> None:
    """It is counted, and left out of means and pairs."""
    found = rubrics_of([*graded("a", [1, 1, 0], None), *graded("b", [1, 1, 0], [1, 0, 0])])
    whole = next(entry for entry in found.scores() if entry["tag"] is None)
    assert (whole["mean"], whole["questions"], whole["missing"]) == (1.0, 1, 1)
    assert found.differences()[0]["questions"] == 1


def test_answers_by_different_rubrics_are_no_pair() -> None:
    """An edited rubric by which only one of them was graded says nothing of the difference."""
    edited = (PLUS, MORE)
    rows = [review("1", "a", [1, 1, 0]), review("1", "b", [1, 1], edited)]
    assert rubrics_of(rows).differences()[0]["questions"] == 0
    assert rubrics_of(rows).criteria() == []


def test_repeats_are_one_and_judges_a_panel() -> None:
    """Of repeats the mean share that was met; a panel's scores are means over what all of its judges graded."""
    rows = [review("1", "a", [1, 0, 0]), review("1", "a", [1, 1, 0], repeat=1), review("1", "a", [0, 0, 0], judge="k")]
    rows.append(review("2", "a", [1, 1, 0]))
    whole = {one["judge"]: one for one in rubrics_of(rows).scores() if one["tag"] is None}
    assert whole["j"]["uncut"] == pytest.approx(((5 + 1.5) / 8 + 1) / 2)
    assert (whole["panel"]["judges"], whole["panel"]["questions"]) == (["j", "k"], 1)
    assert whole["panel"]["uncut"] == pytest.approx(5 / 8 * 0.5 + 1.5 / 8 * 0.5)


def test_other_scores_are_left_alone() -> None:
    """A mean of scores of 1 to 10 has none by a rubric in it, and without rubrics there is nothing to tell."""
    frame = reviews_frame([review("1", "a", [1, 1, 0])], {})
    assert scores_frame(frame).empty
    assert Rubrics.of(frame.iloc[:0]).scores() == []


def test_false_discoveries_are_rare() -> None:
    """Of 20 criteria that nothing changed in, few sets tell of any; 200 sets, with the seed fixed."""
    rng, told = np.random.default_rng(7), 0
    rubric = tuple(Criterion(f"c{n}") for n in range(20))
    for _ in range(200):
        met = (rng.random((2, 15, 20)) < rng.random(20)).astype(float).tolist()
        rows = [row for name, side in zip("ab", met, strict=True) for row in graded(name, *side, rubric=rubric)]
        told += any(entry["changed"] for entry in rubrics_of(rows).criteria())
    assert told <= 200 * 0.05 + 3 * (200 * 0.05 * 0.95) ** 0.5


def test_the_frame_has_what_was_said_of_each_criterion() -> None:
    """Where anything was; a frame without rubrics has no such column."""
    assert "criteria" in reviews_frame([review("1", "a", [1, 1, 0])], {})
    assert isinstance(reviews_frame([review("1", "a", None)], {}), pd.DataFrame)
