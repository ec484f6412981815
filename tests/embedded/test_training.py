"""Training: what is held out stays out, copies are made by rule, and what comes out is a judge with its figures."""

import random

import pytest

from judgebench import attacks, embedded
from judgebench.attacks import ATTACKS

pytest.importorskip("sklearn", reason="training needs the extra `train`")

import numpy as np

from judgebench.embedded import features
from judgebench.embedded.grading import read_grader
from judgebench.embedded.training import distilling, evaluation, figures, fitting
from judgebench.embedded.training.adversaries import COSTS, DRESSINGS, KINDS, Make, copies
from judgebench.embedded.training.data import Graded
from judgebench.embedded.training.evaluation import Sample

WORDS = "river stone garden window music letter harbour winter candle engine forest market silver bridge copper".split()  # noqa: SIM905
SAID = dict.fromkeys(("judge", "date", "command", "source", "families", "choice"), "x")


def graded(models: int = 4, questions: int = 25, per_model: int = 1) -> list[Graded]:
    """Answers that are the better the more they say, with a little noise in their scores."""
    rng, rows = random.Random(0), []
    for m in range(models):
        for q in range(questions):
            for _ in range(per_model):
                said = " ".join(rng.choice(WORDS) for _ in range(5 + 20 * m + rng.randrange(20)))
                score = min(10.0, 2 + 2 * m + rng.random())
                question = f"What is {WORDS[q % len(WORDS)]} number {q}?"
                rows.append(Graded(f"f{m}", f"m{m}", f"q{q}", "c", (question,), (said.capitalize() + ".",), "", score))
    return rows


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few trees, few folds."""
    monkeypatch.setitem(fitting.SETTINGS, "max_iter", 12)
    monkeypatch.setitem(fitting.SETTINGS, "learning_rate", 0.3)
    monkeypatch.setitem(fitting.SETTINGS, "min_samples_leaf", 10)
    monkeypatch.setattr(evaluation, "FAMILY_FOLDS", 2)
    monkeypatch.setattr(evaluation, "QUESTION_FOLDS", 2)
    monkeypatch.setattr(evaluation, "ATTACKED", 5)


def test_no_row_is_graded_by_a_fit_that_saw_its_family_or_its_question() -> None:
    """Over the whole grid, and every row is graded once."""
    sample = Sample(graded(), 100)
    tested = np.zeros(100, int)
    for train, test in evaluation.splits(*sample.folds):
        seen = [sample.rows[i] for i in np.flatnonzero(train)]
        for i in np.flatnonzero(test):
            assert sample.rows[i].family not in {row.family for row in seen}
            assert sample.rows[i].question not in {row.question for row in seen}
        tested += test
    assert set(tested.tolist()) == {1}


def test_copies_are_seeded_bounded_and_of_every_kind() -> None:
    """The same rows give the same copies; a copy has a score in range, and weighs no more than a grading."""
    rows = graded(questions=80)
    made = copies(rows)
    assert made == copies(rows) != copies(rows, draw=1)
    assert all(1 <= copy.score <= 10 and copy.weight <= 1 and copy.draw == 0 for copy in made)
    assert len(KINDS) * 3 < len(made) < 3 * len(rows)


@pytest.mark.parametrize("dress", sorted(set(DRESSINGS), key=str), ids=lambda dress: dress.__name__)
def test_a_dressed_copy_costs_points_and_has_no_text_of_the_examination(dress: Make) -> None:
    """What is added is worth less than nothing, and the judge hasn't seen what it is examined by."""
    rows, rng = graded(questions=80), random.Random(0)
    examined = {line.split("{topic}")[0] for line in (*attacks._FILLER, *attacks._STRANGE, *attacks._NULLS)}
    for row in rows:
        text, score = dress(row, rows[0], rng)
        assert score == max(1.0, row.score - COSTS[getattr(dress, "__name__", "")])
        assert all(word in text for word in row.answers[-1].split())
        assert not any(line[:40] in text for line in examined if len(line) > 20)


def test_an_answer_without_its_code_is_worth_far_less() -> None:
    """Every answer with code gets such a copy."""
    rows = [row.answered(f"Like this:\n```python\nprint({i})\n```\nDone.", 9.0) for i, row in enumerate(graded()[:9])]
    without = [copy for copy in copies(rows) if copy.answers[-1] == "Like this:\n\nDone."]
    assert [copy.score for copy in without] == [5.0] * 9


def test_families_count_alike() -> None:
    """A family of four times as many answers counts no more than another."""
    rows = graded(1) * 4 + graded(2)[25:]
    weights = fitting.weigh(rows)
    assert weights[:100].sum() == pytest.approx(weights[100:].sum())
    assert weights.mean() == pytest.approx(1)


def test_the_figures_of_perfect_and_of_reversed_predictions() -> None:
    """All four are at their ends."""
    rows = graded()
    scores = np.array([row.score for row in rows])
    assert figures.figures(rows, scores) == {"answers": 1.0, "within": 1.0, "models": 1.0, "pairs": 1.0}
    assert figures.figures(rows, -scores) == {"answers": -1.0, "within": -1.0, "models": -1.0, "pairs": 0.0}
    assert figures.figures(rows, 0 * scores) == {"answers": 0.0, "within": 0.0, "models": 0.0, "pairs": 0.5}


def test_an_interval_holds_its_figure() -> None:
    """Drawn again by family and question it lies around what was found."""
    rows, rng = graded(6, 40), np.random.default_rng(1)
    predicted = np.array([row.score for row in rows]) + rng.normal(0, 2, len(rows))
    found, around = figures.figures(rows, predicted), figures.intervals(rows, predicted, 100)
    assert all(around[key][0] <= found[key] <= around[key][1] for key in ("answers", "pairs"))


def test_calibration_finds_slope_and_bins() -> None:
    """Scores that are twice as far from 5 as predicted have a slope of 2."""
    predicted = np.linspace(3, 7, 201)
    found = figures.calibration(2 * predicted - 5, predicted)
    assert (found["slope"], found["intercept"]) == (2.0, -5.0)
    assert [row["from"] for row in found["bins"]] == [3, 4, 5, 6, 7]


def test_gains_are_means_of_differences() -> None:
    """Of each attack, over the answers that it was tried on."""
    made, owners = evaluation.attacked(graded(2, 5))
    assert len(made) == len(owners) == 10 * 2 * len(ATTACKS)
    scores = np.tile([3.0, 1.0], len(made) // 2)
    assert evaluation.gains(scores) == {attack.name: 2.0 for attack in ATTACKS}


@pytest.mark.usefixtures("quick")
def test_the_exported_forest_says_what_the_fitted_trees_say() -> None:
    """Whole numbers lose next to nothing, and the rules come on top."""
    sample = Sample(graded(), 100)
    forest = fitting.fit(*sample.lesson())
    again = fitting.predicted(forest, sample.values)
    assert np.corrcoef(again, sample.scores)[0, 1] > 0.9
    assert again.mean() == pytest.approx(sample.scores.mean(), abs=0.3)
    values = sample.values[:1].copy()
    values[0, forest.features.index("addresses")] = 3
    assert forest.points(values.astype(int))[0][forest.features.index("addresses")] <= -35_000


@pytest.mark.usefixtures("quick")
def test_distilling_makes_a_judge_and_its_card() -> None:
    """The file is read by the judge, is small, and says what was measured; the card says it in words."""
    made = distilling.distil(graded(), SAID | {"judge": "somebody"})
    judge = read_grader(made.text)
    assert judge.forest.features == tuple(feature.key for feature in features.FEATURES)
    assert len(made.text) < 300_000
    assert "surrogate for somebody" in judge.note
    long, short = (judge.grade(["What is music?"], [text]).score for text in (" ".join(WORDS * 5), "Music."))
    assert long > short
    for part in ("somebody", "## Manipulation", "### Calibration", "| judge |", "| longer answer |", "| null |"):
        assert part in made.card
    assert "{" not in made.card
    assert all(table in made.card for table in made.tables.split("\n\n")[:2])
    assert made.text == distilling.distil(graded(), SAID | {"judge": "somebody"}).text


def test_too_little_is_named() -> None:
    """It says what there is, and what is needed."""
    assert distilling.too_little(graded(2, 10)) == (
        "too little to learn from: 20 gradings (300 needed), 2 models (3 needed), 10 questions (20 needed)"
    )
    assert distilling.too_little(graded(4, 25, 3)) == ""
    flat = [row.answered(row.answers[-1], 5.0) for row in graded(4, 25, 3)]
    assert distilling.too_little(flat) == "all gradings give the same score"


def test_the_built_in_judge_reaches_what_it_is_held_to() -> None:
    """On models and questions that a fit never saw, against GPT-4 and against each attack; reports quote it."""
    held_out = embedded.built_in().head["held out"]
    assert held_out["judge"]["answers"] >= 0.66
    assert held_out["judge"]["models"] >= 0.9
    assert held_out["judge"]["pairs"] >= 0.71 > held_out["longer answer"]["pairs"]
    assert max(held_out["gains"].values()) < 0.3
