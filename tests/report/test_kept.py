"""Kept figures: a report on what is as it was is the one of before, and no other is."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from report.reviewing import choice, grade, workspace_at

from judgebench.cli import main
from judgebench.report import FORMATS, Options, build, copies, kept, render
from judgebench.statistics import summary
from judgebench.workspace import Workspace

ROWS = [grade(n, n % 7 + 1, model) for n in range(1, 9) for model in "ab"] + [
    choice(n, "AB"[n % 2], *pair) for n in range(1, 9) for pair in (("a", "b"), ("b", "a"))
]


@pytest.fixture(autouse=True)
def every_workspace_is_large_and_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its figures are kept."""
    monkeypatch.setattr(copies, "LARGE", 0)
    monkeypatch.setattr(copies, "SETTLED", -(10**12))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with grades and pairs."""
    return workspace_at(tmp_path, ROWS)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that figures are computed."""
    times: list[int] = []
    pairs = summary.pairs
    monkeypatch.setattr(summary, "pairs", lambda *given: times.append(1) or pairs(*given))
    return times


def files(workspace: Workspace) -> list[Path]:
    """What is kept."""
    return list((workspace.root / "reviews" / kept.FOLDER).glob("*.json"))


@pytest.mark.parametrize(
    "options", [Options(), Options(judge="j"), Options(own={"j": {"b", "a"}})], ids=["all", "a judge", "own"]
)
def test_a_report_on_what_is_as_it_was_is_not_computed_again(
    workspace: Workspace, options: Options, computed: list[int]
) -> None:
    """It is the same in every format."""
    first, again = build(workspace, options), build(workspace, options)
    assert (len(computed), first) == (1, again)
    assert [render(first, form) for form in FORMATS] == [render(again, form) for form in FORMATS]


def more_reviews(workspace: Workspace) -> None:
    """A row is appended."""
    workspace.reviews("s", "j").append([grade(9, 3, "a")])


def another_judge(workspace: Workspace) -> None:
    """There is another table."""
    workspace.reviews("s", "k").append([grade(9, 3, "a", judge="k")])


def a_category_renamed(workspace: Workspace) -> None:
    """The questions are others, with the same number of bytes."""
    path = workspace.question_set_folder("s") / "questions.jsonl"
    path.write_text(path.read_text().replace('"category":"a"', '"category":"b"'))


def a_verdict_edited(workspace: Workspace) -> None:
    """In place, with the size and the time of before."""
    path = workspace.reviews("s", "j").path
    before = path.stat()
    with path.open("r+b") as file:
        data = file.read().replace(b'"winner":"A"', b'"winner":"B"')
        file.seek(0)
        file.write(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def the_file_of_figures_edited(workspace: Workspace) -> None:
    """Somebody improved a figure."""
    for path in files(workspace):
        path.write_text(path.read_text().replace("0.5", "0.9"))


def the_file_of_figures_cut(workspace: Workspace) -> None:
    """A disk was full."""
    for path in files(workspace):
        path.write_bytes(path.read_bytes()[:-9])


CHANGES = [
    *(more_reviews, another_judge, a_category_renamed, a_verdict_edited),
    *(the_file_of_figures_edited, the_file_of_figures_cut),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_is_there_now_is_what_counts(
    workspace: Workspace, change: Callable[[Workspace], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was kept before."""
    build(workspace)
    change(workspace)
    found = [build(workspace), build(workspace)]
    monkeypatch.setattr(copies, "LARGE", 1 << 26)
    assert found == [build(workspace)] * 2


def test_what_was_written_just_now_is_computed_again(
    workspace: Workspace, computed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next change could have the same time."""
    monkeypatch.setattr(copies, "SETTLED", 10**12)
    build(workspace)
    build(workspace)
    assert (len(computed), files(workspace)) == (2, [])


def test_a_torn_line_is_said_each_time(workspace: Workspace) -> None:
    """No figures are kept of a table that ends in one."""
    with workspace.reviews("s", "j").path.open("ab") as file:
        file.write(b'{"id": "to')
    told = [CliRunner().invoke(main, ["-C", str(workspace.root), "report"]).stderr for _ in range(2)]
    assert all("cut short" in text for text in told)


def test_small_workspaces_keep_none(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are computed in no time."""
    monkeypatch.setattr(copies, "LARGE", 1 << 26)
    build(workspace)
    assert not (workspace.root / "reviews" / kept.FOLDER).exists()


def test_another_version_computes_by_itself(
    workspace: Workspace, computed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may compute otherwise."""
    build(workspace)
    monkeypatch.setattr(kept, "_code", lambda: "another")
    build(workspace)
    assert len(computed) == 2


def test_few_are_kept(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were asked for last, in a folder that git ignores."""
    monkeypatch.setattr(kept, "MOST", 2)
    for judge in ("j", None, "j"):
        build(workspace, Options(judge=judge))
    build(workspace, Options(ratings="elo"))
    assert len(files(workspace)) == 2
    assert (workspace.root / "reviews" / kept.FOLDER / ".gitignore").read_text() == "*\n"


def test_a_folder_that_nobody_may_write_to_is_no_error(workspace: Workspace) -> None:
    """Figures are computed each time."""
    (workspace.root / "reviews" / kept.FOLDER).write_text("")
    found: list[dict[str, Any]] = [build(workspace), build(workspace)]
    assert json.dumps(found[0]) == json.dumps(found[1])


def test_a_workspace_that_one_stands_in_is_like_any_other(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an import too, whose register lies one folder higher than tables do."""
    register = workspace.imports().path
    register.parent.mkdir(parents=True, exist_ok=True)
    register.touch()
    monkeypatch.chdir(workspace.root)
    assert build(Workspace(Path()))["pairs"] == build(workspace)["pairs"]
