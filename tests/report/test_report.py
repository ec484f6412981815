"""The report adds up what the reviews say, and says what is missing."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from judgebench import question_sets, report
from judgebench.errors import UsageError
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.tables.records import Failure, Question, Review, Verdict, content_id
from judgebench.verdicts.text import flipped, from_scores
from judgebench.workspace import Workspace


def pairwise(question: str, verdict: Verdict | None, swapped: bool = False, turn: int = 1) -> Review:
    """A pairwise review of base and new; `verdict` is by position as shown."""
    models = ("new", "base") if swapped else ("base", "new")
    return Review(
        id=content_id(question, swapped, turn),
        mode="pairwise",
        kind="score_pair" if verdict and verdict.scores else "choice",
        question_set="s",
        question_id=question,
        turn=turn,
        models=models,
        answer_ids=("", ""),
        judge="j",
        prompt="p",
        verdict=verdict,
        error=None if verdict else Failure("unparsed", "no verdict"),
        swapped=swapped,
    )


def both(question: str, verdict: Verdict, turn: int = 1) -> list[Review]:
    """Both orders of a match, judged consistently; `verdict` is as shown with base first."""
    return [pairwise(question, verdict, False, turn), pairwise(question, flipped(verdict), True, turn)]


def single(question: str, model: str, score: float | None, turn: int = 1) -> Review:
    """A single review."""
    verdict = None if score is None else Verdict(scores=(score,))
    about = {"mode": "single", "kind": "rating", "models": (model,), "answer_ids": ("",), "verdict": verdict}
    error = Failure("timeout", "too slow") if score is None else None
    plain = pairwise(question, Verdict(winner="tie"), turn=turn)
    return replace(plain, id=content_id(question, model, turn), error=error, **about)


def reported(tmp_path: Path, rows: Iterable[Review]) -> report.Report:
    """The report of a workspace with these reviews and with questions q1 (a), q2 (a) and q3 (b)."""
    workspace = Workspace(tmp_path)
    questions = [Question(id=f"q{n}", category="aab"[n - 1], turns=("?", "??")) for n in (1, 2, 3)]
    head = SetHead("s", categories={"a": Category(), "b": Category()})
    question_sets.save(QuestionSet(head, tuple(questions)), workspace.question_set_folder("s"))
    workspace.reviews("s", "j").append(rows)
    return report.build(workspace)


A, B, TIE = Verdict(winner="A"), Verdict(winner="B"), Verdict(winner="tie")


def test_totals_ratio_and_outcomes_of_score_pairs(tmp_path: Path) -> None:
    """The Vicuna evaluation's figures, from one order: totals, b's share of a's total, wins and ties."""
    rows = [pairwise("q1", from_scores(8, 9)), pairwise("q2", from_scores(6, 6)), pairwise("q3", from_scores(6, 5.5))]
    (pair,) = reported(tmp_path, rows)["pairs"]
    assert (pair["models"], pair["totals"], pair["ratio"]) == (["base", "new"], [20, 20.5], 20.5 / 20)
    assert (pair["wins"], pair["ties"], pair["inconsistent"], pair["reviews"], pair["missing"]) == ([1, 1], 1, 0, 3, 0)


def test_orders_are_averaged_not_added(tmp_path: Path) -> None:
    """Two reviews of one match are one match: its scores are means over the orders."""
    rows = [pairwise("q1", from_scores(8, 9)), pairwise("q1", from_scores(8, 7), swapped=True)]
    (pair,) = reported(tmp_path, rows)["pairs"]
    assert (pair["totals"], pair["matches"], pair["reviews"]) == ([7.5, 8.5], 1, 2)
    assert pair["wins"] == [0, 1]


@pytest.mark.parametrize(
    ("named", "swapped", "outcome"),
    [
        (A, B, {"wins": [1, 0]}),
        (B, A, {"wins": [0, 1]}),
        (TIE, TIE, {"ties": 1}),
        (A, A, {"inconsistent": 1}),
        (B, B, {"inconsistent": 1}),
        (A, TIE, {"inconsistent": 1}),
        (A, None, {"incomplete": 1}),
        (None, None, {"incomplete": 1}),
    ],
)
def test_a_verdict_counts_when_both_orders_agree(
    tmp_path: Path, named: Verdict | None, swapped: Verdict | None, outcome: dict[str, object]
) -> None:
    """One that flips with the order is its own outcome, and one that is missing is no outcome at all."""
    (pair,) = reported(tmp_path, [pairwise("q1", named), pairwise("q1", swapped, swapped=True)])["pairs"]
    nothing = {"wins": [0, 0], "ties": 0, "inconsistent": 0, "incomplete": 0}
    assert {key: pair[key] for key in nothing} == nothing | outcome
    assert pair["missing"] == (named is None) + (swapped is None)
    assert pair["totals"] is None


def test_a_missing_review_is_left_out_of_the_totals_and_counted(tmp_path: Path) -> None:
    """Half a match is none: its other score would bring its position's bias along."""
    rows = [*both("q1", from_scores(8, 9)), *both("q2", from_scores(1, 2))]
    (pair,) = reported(tmp_path, [*rows[:3], replace(rows[3], verdict=None, error=Failure("timeout", "slow"))])["pairs"]
    assert (pair["totals"], pair["reviews"], pair["missing"], pair["incomplete"]) == ([8, 9], 3, 1, 1)


def test_the_pair_stands_as_it_was_named_whichever_row_came_first(tmp_path: Path) -> None:
    """Calls finish in any order; the baseline stays first."""
    (pair,) = reported(tmp_path, both("q1", from_scores(8, 9))[::-1])["pairs"]
    assert (pair["models"], pair["totals"]) == (["base", "new"], [8, 9])


def test_mean_scores_over_all_by_turn_and_by_category(tmp_path: Path) -> None:
    """Each mean with its number of scores and of missing reviews; None stands for "over all of them"."""
    rows = [single("q1", "m", 8), single("q1", "m", 4, turn=2), single("q2", "m", None), single("q3", "m", 3)]
    found = {(e["turn"], e["category"]): (e["mean"], e["n"], e["missing"]) for e in reported(tmp_path, rows)["scores"]}
    assert found == {
        (None, None): (5, 3, 1),
        (1, None): (5.5, 2, 1),
        (2, None): (4, 1, 0),
        (None, "a"): (6, 2, 1),
        (1, "a"): (8, 1, 1),
        (2, "a"): (4, 1, 0),
        (None, "b"): (3, 1, 0),
        (1, "b"): (3, 1, 0),
    }


def test_a_model_without_any_score_has_no_mean(tmp_path: Path) -> None:
    """No zero stands in for what isn't known."""
    entries = reported(tmp_path, [single("q1", "m", None)])["scores"]
    assert {(entry["mean"], entry["n"], entry["missing"]) for entry in entries} == {(None, 0, 1)}


def test_every_format_carries_the_figures(tmp_path: Path) -> None:
    """A table and Markdown for people, CSV and JSON for programs, unrounded."""
    rows = [*both("q1", from_scores(8, 9)), single("q1", "base", 8), single("q1", "new", None)]
    built = reported(tmp_path, rows)
    assert "8.0/9.0" in report.render(built, "table")
    assert "112.50 %" in report.render(built, "markdown")
    assert [row[-2:] for row in report.tables(built)[2].rows] == [(1, 0), (0, 1)]
    assert json.loads(report.render(built, "json")) == built
    pairs, scores, *_ = report.render(built, "csv").split("\n\n")
    assert next(csv.DictReader(io.StringIO(pairs)))["ratio"] == "1.125"
    assert {row["mean"] for row in csv.DictReader(io.StringIO(scores))} == {"8.0", ""}


def test_names_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    """An escape sequence in a model's name is shown, not obeyed."""
    built = reported(tmp_path, [single("q1", "\x1b[2Jm|\u202e", 8)])
    for form in ("table", "markdown"):
        text = report.render(built, form)
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "m&#124;" in report.render(built, "markdown")


def test_a_workspace_without_reviews_says_what_to_do(tmp_path: Path) -> None:
    """There is nothing to report on, and the message names the command that changes it."""
    with pytest.raises(UsageError, match="judgebench review"):
        reported(tmp_path, [])
