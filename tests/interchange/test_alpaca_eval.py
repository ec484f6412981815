"""AlpacaEval's files: answers, preferences, and the win rates that were published for them."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from judgebench import report
from judgebench.errors import DataError
from judgebench.interchange.formats import import_path
from judgebench.report import Options
from judgebench.tables.records import Verdict
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

MODELS = ("FuseChat-Gemma-2-9B-Instruct", "claude-2.1", "gpt-3.5-turbo-1106_concise")


def annotation(**fields: Any) -> dict[str, Any]:
    """A row of annotations.json."""
    row = {"instruction": "Write.", "output_1": "One.", "generator_1": "base", "output_2": "Two.", "generator_2": "new"}
    return row | {"dataset": "helpful_base", "annotator": "judge", "preference": 1.75} | fields


def take(workspace: Workspace, path: Path, *rows: object) -> Any:
    """What the import of these rows comes to."""
    path.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return import_path(path, workspace)


def test_the_published_win_rates(workspace: Workspace, shared_data: Path) -> None:
    """Of three models, discrete and weighted, to the last digit; and the weighted one's standard error, nearly."""
    results = shared_data / "alpaca-eval" / "results"
    imported = import_path(results, workspace)
    assert imported.counts == {"questions": 805, "answers": 4 * 805, "reviews": 3 * 805}
    assert (imported.new, imported.refused) == (imported.counts, ())
    assert import_path(results, workspace).new == {"questions": 0, "answers": 0, "reviews": 0}
    pairs = {pair["models"][1]: pair for pair in report.build(workspace, Options("alpaca-eval"))["pairs"]}
    with (shared_data / "alpaca-eval" / "published.csv").open(encoding="utf-8") as file:
        published = {row[""]: row for row in csv.DictReader(file)}
    for model in MODELS:
        pair, said = pairs[model], published[model]
        assert pair["wins"] + [pair["ties"]] == [int(said[name]) for name in ("n_wins_base", "n_wins", "n_draws")]
        assert 100 * pair["win_rate"] == pytest.approx(float(said["discrete_win_rate"]), rel=1e-14)
        assert 100 * pair["expected_win_rate"] == pytest.approx(float(said["win_rate"]), rel=1e-14)
        low, high = pair["expected_win_rate_interval"]
        assert 100 * (high - low) / 2 / 1.96 == pytest.approx(float(said["standard_error"]), rel=0.02)


def test_a_second_import_is_of_the_answers_that_it_was_made_with(workspace: Workspace, tmp_path: Path) -> None:
    """After an answer changed, though the judge said the same; a third one is nothing new, an older one goes back."""
    file, first, second = tmp_path / "annotations.json", annotation(), annotation(output_2="Deux.")
    found = []
    for row in (first, second, second, first):
        imported = take(workspace, file, row)
        (answer,) = in_force(workspace.answers(imported.question_set, "new").read()).values()
        (review,) = in_force(workspace.all_reviews()).values()
        assert review.answer_ids[1] == answer.id
        found.append((review.id, imported.new["reviews"]))
    ids, new = zip(*found, strict=True)
    assert new == (1, 1, 0, 1)
    assert ids == (ids[0], ids[1], ids[1], ids[0])
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    ("preference", "winner", "expected"),
    [(1, "A", 0.0), (2, "B", 1.0), (1.5, "tie", 0.5), (0, "tie", 0.5), (1.25, "A", 0.25)],
)
def test_preferences(workspace: Workspace, tmp_path: Path, preference: float, winner: str, expected: float) -> None:
    """A choice and its probability."""
    take(workspace, tmp_path / "annotations.json", annotation(preference=preference))
    (row,) = workspace.all_reviews()
    assert (row.models, row.verdict and row.verdict.winner) == (("base", "new"), winner)
    assert [pair["expected_win_rate"] for pair in report.build(workspace)["pairs"]] == [expected]


def test_no_preference_is_an_error(workspace: Workspace, tmp_path: Path) -> None:
    """And neither a tie nor a loss."""
    take(workspace, tmp_path / "a.json", annotation(preference=None), annotation(instruction="Sing."))
    assert [row.error and row.error.kind for row in workspace.all_reviews()] == ["unparsed", None]


def test_outputs(workspace: Workspace, tmp_path: Path) -> None:
    """Answers alone; the same text met again is the same answer."""
    row = {"instruction": "Write.", "output": "Two.", "generator": "new", "dataset": "koala", "datasplit": "eval"}
    imported = take(workspace, tmp_path / "model_outputs.json", row)
    assert imported.counts == {"questions": 1, "answers": 1}
    take(workspace, tmp_path / "annotations.json", annotation(dataset="koala"))
    (answer,) = workspace.answers("alpaca-eval", "new").read()
    assert (answer.turns, answer.extra) == (("Two.",), {"datasplit": "eval", "imported_from": "model_outputs.json"})
    (review,) = workspace.all_reviews()
    assert (review.answer_ids[1], review.verdict) == (answer.id, Verdict(winner="B"))


ODD: list[Any] = [None, True, 3, -1, 1e308, 10**30, float("nan"), "", [], {}, ["x"], "x"]


def test_odd_values_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    """With file and line; what can be used is taken."""
    rows = [annotation(**{name: odd}) for name in annotation() for odd in ODD]
    imported = take(workspace, tmp_path / "a.json", annotation(), *rows)
    assert all(one.line > 1 and one.reason for one in imported.refused)
    assert len(imported.refused) > len(rows) / 2
    with pytest.raises(DataError, match=r"b\.json: nothing was taken: .*b\.json:2 has a instruction that is not text"):
        take(workspace, tmp_path / "b.json", annotation(instruction=1))


@pytest.mark.parametrize("text", ["[" * 100_000, '[{"instruction": "a", "output_1"', "[1]", "[{}]"])
def test_hostile_files(workspace: Workspace, tmp_path: Path, text: str) -> None:
    """They are an error that names the file."""
    from judgebench.interchange.alpaca_eval import import_alpaca_eval

    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.json"):
        import_alpaca_eval(tmp_path / "a.json", workspace)
