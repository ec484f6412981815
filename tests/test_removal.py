"""Rows out of a workspace with what hangs on them, and back as they were."""

import json
from pathlib import Path

import click.testing
import pytest

from judgebench import removal
from judgebench.cli import main
from judgebench.errors import DataError, UsageError
from judgebench.interchange.fastchat import import_fastchat
from judgebench.workspace import Workspace


def folder(path: Path, judge: str, *models: str) -> Path:
    """An evaluation of some models by a judge."""
    for name in ("model_answer", "model_judgment"):
        (path / name).mkdir(parents=True)
    questions = [{"question_id": n, "category": "c", "turns": [f"Write {n}."]} for n in range(3)]
    _write(path / "question.jsonl", questions)
    for model in models:
        rows = [{"question_id": n, "choices": [{"turns": [f"{model} {n}"]}]} for n in range(3)]
        _write(path / "model_answer" / f"{model}.jsonl", rows)
    said = {"judge": [judge, "p"], "judgment": "[[7]]", "score": 7, "turn": 1}
    _write(
        path / "model_judgment" / "j.jsonl", [{"question_id": n, "model": m, **said} for m in models for n in range(3)]
    )
    return path


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def contents(workspace: Workspace) -> dict[str, bytes]:
    """Every table."""
    found = [path for below in ("answers", "reviews") for path in (workspace.root / below).rglob("*.jsonl")]
    return {str(path.relative_to(workspace.root)): path.read_bytes() for path in found}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two judges on the same three models, one of them imported twice."""
    (tmp_path / "w" / "question_sets").mkdir(parents=True)
    workspace = Workspace(tmp_path / "w")
    import_fastchat(folder(tmp_path / "first", "gpt-4", "a", "b"), workspace, "s")
    import_fastchat(folder(tmp_path / "second", "gpt4", "b", "c"), workspace, "s")
    return workspace


def run(workspace: Workspace, *arguments: object) -> click.testing.Result:
    """What the command does."""
    return click.testing.CliRunner().invoke(main, ["-C", str(workspace.root), "remove", *map(str, arguments)])


def test_a_dry_run_lists(workspace: Workspace) -> None:
    """And changes nothing."""
    before = contents(workspace)
    done = run(workspace, "--judge", "gpt4")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == ["reviews/s/gpt4.jsonl: 6 of 6 rows", "Nothing was removed: --yes does it."]
    assert contents(workspace) == before


@pytest.mark.parametrize(
    ("kind", "name", "reviews", "models"),
    [
        ("judge", "gpt4", 6, {"a", "b", "c"}),
        ("model", "b", 6, {"a", "c"}),
        ("import", "second", 6, {"a", "b"}),
        ("import", "first", 3, {"c"}),  # its answers of b were judged by gpt4 too
    ],
)
def test_what_goes(workspace: Workspace, kind: str, name: str, reviews: int, models: set[str]) -> None:
    """The rows, and what hangs on them; the file brings every table back byte for byte, and once."""
    before = contents(workspace)
    done = run(workspace, f"--{kind}", name, "--yes")
    assert done.exit_code == 0, done.output
    assert len(list(workspace.all_reviews())) == reviews
    assert {row.model for row in workspace.all_answers()} == models
    (kept,) = workspace.root.glob("removed-*.jsonl")
    assert run(workspace, "--undo", kept).exit_code == 0
    assert contents(workspace) == before
    assert run(workspace, "--undo", kept).stdout == "0 rows put back\n"
    assert contents(workspace) == before


def test_rows_that_came_meanwhile_stay(workspace: Workspace, tmp_path: Path) -> None:
    """What was removed comes back before them."""
    (part,) = removal.plan(workspace, "judge", "gpt-4")
    kept = removal.remove(workspace, [part])
    import_fastchat(folder(tmp_path / "third", "gpt-4", "d"), workspace, "s")
    removal.put_back(workspace, kept)
    assert [row.models[0] for row in workspace.reviews("s", "gpt-4").read()] == [*"aaabbbddd"]


def test_a_name_that_nothing_has(workspace: Workspace) -> None:
    """Is an error that says what there is."""
    done = run(workspace, "--judge", "gtp4")
    assert (done.exit_code, "did you mean 'gpt4'? There is gpt-4, gpt4" in done.stderr) == (2, True)
    with pytest.raises(UsageError, match="nothing here is of the model 'x'"):
        removal.plan(workspace, "model", "x")


def test_one_thing_at_a_time(workspace: Workspace) -> None:
    """Neither none nor two."""
    assert run(workspace).exit_code == run(workspace, "--judge", "gpt4", "--model", "a").exit_code == 2


@pytest.mark.parametrize("text", ["x\n", "[]\n", '{"table": "../x", "line": 0, "row": ""}\n'])
def test_no_file_of_ours(workspace: Workspace, tmp_path: Path, text: str) -> None:
    """Nothing is put back from anything else, nor outside the workspace."""
    (tmp_path / "f").write_text(text, "utf-8")
    with pytest.raises(DataError, match="nothing was put back"):
        removal.put_back(workspace, tmp_path / "f")
