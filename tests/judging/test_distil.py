"""`judgebench embedded train`: a judge of one's own from one's own reviews, and how it is used."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from judgebench import question_sets
from judgebench.cli import main
from judgebench.judging import distil
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.tables.records import Answer, Failure, Question, Review, Verdict
from judgebench.workspace import Workspace

WORDS = ("river", "stone", "garden", "window", "music", "letter", "harbour", "winter", "candle", "engine")
MODELS = ("a", "b", "c", "d")
QUESTIONS = tuple(
    Question(id=f"q{i}", category="c", turns=(f"What is a {WORDS[i % 10]} number {i}?", "And why?")) for i in range(40)
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Four models' answers of two turns to 40 questions, the later models saying more; `paid` graded each turn."""
    made, rng = Workspace(tmp_path), random.Random(0)
    question_sets.save(
        QuestionSet(SetHead("s", categories={"c": Category()}), QUESTIONS), made.question_set_folder("s")
    )
    for m, model in enumerate(MODELS):
        for question in QUESTIONS:
            said = tuple(" ".join(rng.choices(WORDS, k=5 + 15 * m + rng.randrange(9))) + "." for _ in range(2))
            row = Answer(
                id=f"{model}-{question.id}", question_set="s", question_id=question.id,
                question_digest=question.digest, model=model, turns=said,
            )  # fmt: skip
            made.answers("s", model).append([row])
            made.reviews("s", "paid").append(rating(row, turn, 2.0 + 2 * m + rng.random()) for turn in (1, 2))
    return made


def rating(answer: Answer, turn: int, score: float) -> Review:
    """A grade on a scale of 1 to 10."""
    return Review(
        id=f"{answer.id}-{turn}", mode="single", kind="rating", question_set="s", question_id=answer.question_id,
        turn=turn, models=(answer.model,), answer_ids=(answer.id,), judge="paid", prompt="rating",
        verdict=Verdict(scores=(score,)), scale=(1.0, 10.0),
    )  # fmt: skip


def run(workspace: Workspace, *arguments: str | Path) -> Result:
    """Run a command in the workspace."""
    return CliRunner().invoke(main, ["-C", str(workspace.root), *map(str, arguments)])


def table(workspace: Workspace, *rows: Review) -> Path:
    """A table of its own with these rows."""
    made = workspace.reviews("s", "other")
    made.append(rows)
    return made.path


def test_each_graded_turn_is_learnt_from_with_what_was_said_before(workspace: Workspace) -> None:
    """The conversation up to the turn, and a family for each model."""
    found = distil.gradings(workspace, [workspace.reviews("s", "paid").path])
    assert (len(found.rows), list(found.judges), dict(found.left_out)) == (320, ["paid"], {})
    second = next(row for row in found.rows if row.turn == 2)
    assert (len(second.turns), len(second.answers), second.question) == (2, 2, "s/q0")
    assert {row.family for row in found.rows} == set(MODELS)
    assert next(found.lines()) == "320 graded answers of 4 models to 40 questions, graded by paid"


def test_scores_of_pairs_and_repeats_are_averaged_on_one_scale(workspace: Workspace) -> None:
    """A pair scored 0 and 5 out of 5 is a 1 and a 10; with a rating of 4 the second answer's grade is 7."""
    answers = [row for row in workspace.all_answers("s") if row.question_id == "q0"][:2]
    first = rating(answers[1], 1, 4.0)
    pair = replace(
        first, id="p", mode="pairwise", kind="score_pair", models=("a", "b"), verdict=Verdict((0.0, 5.0), "B"),
        answer_ids=tuple(row.id for row in answers), scale=(0.0, 5.0),
    )  # fmt: skip
    found = distil.gradings(workspace, [table(workspace, first, pair)])
    assert {row.model: row.score for row in found.rows} == {"a": 1.0, "b": 7.0}


def test_what_is_not_learnt_from_is_counted(workspace: Workspace) -> None:
    """Failures, choices, verdicts by no judge that is asked, and reviews of answers that are gone."""
    row = rating(next(iter(workspace.all_answers("s"))), 1, 5.0)
    rows = (
        replace(row, id="1", turn=1, verdict=None, error=Failure("timeout", "")),
        replace(row, id="2", repeat=1, verdict=Verdict(winner="A"), scale=None),
        replace(row, id="3", repeat=2, verdict_source="computed"),
        replace(row, id="4", repeat=3, answer_ids=("gone",)),
    )
    found = distil.gradings(workspace, [table(workspace, *rows)])
    assert dict(found.left_out) == {
        "without a verdict": 1,
        "without scores (choices)": 1,
        "by no judge that is asked": 1,
        "without their answer": 1,
    }
    assert list(found.lines())[1].startswith("left out: 1 without a verdict")


def test_too_little_is_refused_in_one_line(workspace: Workspace) -> None:
    """It says what there is, what is needed and what to do."""
    row = rating(next(iter(workspace.all_answers("s"))), 1, 5.0)
    done = run(workspace, "embedded", "train", "--from", table(workspace, row), "--output", workspace.root / "j.json")
    assert done.exit_code == 2
    assert "1 gradings (300 needed), 1 models (3 needed), 1 questions (20 needed); name more tables" in done.output
    assert not (workspace.root / "j.json").exists()


def test_a_judge_of_ones_own_is_trained_and_used(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """It prints its figures, writes its card, and reviews under its name and version; trained again it is another."""
    pytest.importorskip("sklearn", reason="training needs the extra `train`")
    from judgebench.embedded.training import evaluation, fitting

    monkeypatch.setitem(fitting.SETTINGS, "max_iter", 10)
    monkeypatch.setattr(evaluation, "FAMILY_FOLDS", 2)
    monkeypatch.setattr(evaluation, "QUESTION_FOLDS", 2)
    monkeypatch.setattr(evaluation, "ATTACKED", 5)
    file, card = workspace.root / "mine.json", workspace.root / "card.md"
    source = workspace.reviews("s", "paid").path
    done = run(workspace, "embedded", "train", "--from", source, "--output", file, "--card", card)
    assert done.exit_code == 0, done.output
    assert "| longer answer |" in done.output
    assert f"--judge mine=embedded:{file}" in done.output
    assert "judgebench embedded train --from" in card.read_text(encoding="utf-8")
    reviewed = run(workspace, "review", "--questions", "s", "--judge", f"mine=embedded:{file}", "--mode", "single")
    assert reviewed.exit_code == 0, reviewed.output
    rows = workspace.reviews("s", "mine").read()
    assert {(row.judge, row.verdict_source, len(row.served_by or "")) for row in rows} == {("mine", "computed", 23)}
    assert all(row.verdict for row in rows)


@pytest.mark.parametrize(("content", "why"), [("{}", "no coefficients"), (None, "can't be read")])
def test_a_file_that_is_no_judge_is_refused_in_one_line(workspace: Workspace, content: str | None, why: str) -> None:
    """Whatever is in it, or if it isn't there."""
    if content is not None:
        (workspace.root / "j.json").write_text(content, encoding="utf-8")
    done = run(workspace, "review", "--questions", "s", "--judge", f"mine=embedded:{workspace.root / 'j.json'}")
    assert done.exit_code == 2
    assert "is no embedded judge" in done.output
    assert why in done.output


def test_it_reads_no_prompt(workspace: Workspace) -> None:
    """As the one that is installed."""
    asked = ("review", "--questions", "s", "--judge", "mine=embedded:j.json", "--prompt", "choice")
    assert "reads no prompt" in run(workspace, *asked).output
