"""Every file of docs/extending.md works as it stands there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from servers.running import ChatServer, chat_server, environment, judgebench, make_workspace

from judgebench.tables.records import Question
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

DOCUMENT = Path(__file__).parents[1] / "docs" / "extending.md"
PYTHON = ("my_checker.py", "my_model.py", "my_importer.py", "my_tracker.py")
# A name in code, alone on its line, and the indented lines below it.
FILE = re.compile(r"^`(?P<name>[\w.-]+)`:\n\n(?P<text>(?:    .*\n|\n(?=\n*    ))+)", re.MULTILINE)
QUESTIONS = tuple(
    Question(id=f"q{number}", category="general", turns=(f"What is {number} + 1?",)) for number in range(3)
)


def files() -> dict[str, str]:
    """The document's files by name; the command below a file is no part of it."""
    return {found["name"]: _without_command(found["text"]) for found in FILE.finditer(DOCUMENT.read_text("utf-8"))}


def _without_command(text: str) -> str:
    lines = [line.removeprefix("    ") for line in text.splitlines()]
    while lines[-1].startswith("judgebench ") or not lines[-1]:
        lines.pop()
    return "\n".join(lines) + "\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Python files and what their package declares, as an installer leaves them, on the path of commands."""
    folder = tmp_path / "installed"
    declared = folder / "my_judgebench-1.dist-info"
    declared.mkdir(parents=True)
    written = files()
    for name in PYTHON:
        (folder / name).write_text(written[name], encoding="utf-8")
    points = re.findall(r'entry-points\."([\w.]+)"\]\n(.*)\n', written["pyproject.toml"])
    lines = [f"[{group}]\n{line.replace(chr(34), '')}\n" for group, line in points]
    (declared / "entry_points.txt").write_text("".join(lines), encoding="utf-8")
    (declared / "METADATA").write_text("Metadata-Version: 2.1\nName: my-judgebench\nVersion: 1\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")])))
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Three questions and two models' answers."""
    return make_workspace(tmp_path / "w", QUESTIONS, {"a": [["1"], ["2"], ["3"]], "b": [["x"], ["y"], ["z"]]})


def run(workspace: Workspace, *arguments: str, server: ChatServer | None = None) -> str:
    """What a command that has to succeed prints."""
    done = judgebench(workspace, *arguments, url=server.url if server else None)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_document_has_six_files_of_at_most_fifteen_lines() -> None:
    """One for each kind of extension, and what declares four of them."""
    found = files()
    declared = found.pop("pyproject.toml")
    assert set(found) == {"plain-words.j2", "translation.csv", *PYTHON}
    assert {name: len(text.splitlines()) for name, text in found.items() if len(text.splitlines()) > 15} == {}
    assert declared.count("entry-points") == 4


def test_the_judge_prompt_is_used(workspace: Workspace, tmp_path: Path) -> None:
    """The judge is asked with it, and its verdicts are read."""
    (tmp_path / "plain-words.j2").write_text(files()["plain-words.j2"], encoding="utf-8")
    with chat_server(tmp_path / "server", default="The first is plainer.\n[[A]]") as server:
        prompt = f"--prompt={tmp_path / 'plain-words.j2'}"
        run(workspace, "review", "--questions=small", "--judge=j=openai:j", prompt, server=server)
    rows = list(workspace.reviews("small", "j").read())
    assert [row.verdict and row.verdict.winner for row in rows] == ["A"] * 6


def test_the_category_is_added(workspace: Workspace, tmp_path: Path) -> None:
    """Its questions are part of the set."""
    (tmp_path / "translation.csv").write_text(files()["translation.csv"], encoding="utf-8")
    run(workspace, "questions", "add-category", "small", "translation", f"--from={tmp_path / 'translation.csv'}")
    assert [one.references for one in workspace.question_set("small").questions[3:]] == [
        ("Le chat dort.",),
        ("Die Tür ist offen.",),
    ]


def test_the_checker_checks(package: Path, workspace: Workspace, tmp_path: Path) -> None:
    """A category that names it is checked by it, at its version; an answer that breaks a checker is an error."""
    table = '[categories.data]\nscorer = "json"\n'
    folder = workspace.question_set_folder("small")
    with (folder / "set.toml").open("a", encoding="utf-8") as head:
        head.write(table)
    with (folder / "questions.jsonl").open("a", encoding="utf-8") as lines:
        lines.write(
            '{"id": "d", "category": "data", "turns": ["Give {\\"a\\": 1}."], "references": ["{\\"a\\": 1}"]}\n'
        )
    with chat_server(tmp_path / "server", default='```json\n{"a": 1.0}\n```') as server:
        run(workspace, "get-answers", "--questions=small", "--category=data", "--model=m=openai:m", server=server)
    assert "no problem" in run(workspace, "questions", "validate", "small")
    run(workspace, "review", "--questions=small", "--judge=checker", "--mode=single", "--category=data", "--model=m")
    (row,) = workspace.reviews("small", "checker").read()
    assert (row.verdict and row.verdict.scores, row.served_by) == ((1.0,), "my-judgebench 1")

    (package / "my_checker.py").write_text("def check(reference, answer): return 1 / 0\n", encoding="utf-8")
    (package / "my_judgebench-1.dist-info" / "METADATA").write_text("Name: my-judgebench\nVersion: 2\n", "utf-8")
    broken = judgebench(
        workspace, "review", "--questions=small", "--judge=checker", "--mode=single", "--category=data", "--model=m"
    )
    assert broken.returncode == 1  # it was the only review
    row = list(in_force(workspace.reviews("small", "checker").read()).values())[-1]
    assert (row.verdict, row.error and row.error.kind) == (None, "broken_checker")
    assert row.error
    assert "ZeroDivisionError" in row.error.message


def test_the_model_answers(package: Path, workspace: Workspace) -> None:
    """By its spec, as ours do; a kind that nothing adds is refused with the names of those that there are."""
    run(workspace, "get-answers", "--questions=small", "--model=echo:yes")
    assert [row.turns for row in workspace.answers("small", "echo:yes").read()] == [("yes",)] * 3
    refused = judgebench(workspace, "get-answers", "--questions=small", "--model=ekko:yes")
    assert (refused.returncode, "hf:PATH, echo:..." in refused.stderr) == (2, True)


def test_the_importer_imports(package: Path, workspace: Workspace, tmp_path: Path) -> None:
    """Once, with what it can't use refused by line."""
    path = tmp_path / "mine.tsv"
    path.write_text("q0\tone\nq7\tnothing\n", encoding="utf-8")
    said = run(workspace, "import", "tsv", str(path), "--questions=small")
    assert said == "small: 1 answers (1 new); 1 lines not taken\n"
    assert "0 new" in run(workspace, "import", "tsv", str(path), "--questions=small")
    assert [row.turns for row in workspace.answers("small", "mine").read()] == [("one",)]


def test_the_tracker_logs(package: Path, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for the report, with its figures."""
    monkeypatch.setenv("RUNS", str(tmp_path / "runs.jsonl"))
    run(workspace, "review", "--questions=small", "--judge=embedded", "--mode=single")
    run(workspace, "report", "--log=file")
    (row,) = (tmp_path / "runs.jsonl").read_text("utf-8").splitlines()
    assert json.loads(row)["answers/small/a/answers"] == 3


def test_what_can_not_be_loaded_is_one_line(package: Path, workspace: Workspace) -> None:
    """A package of somebody else's may be broken; its name and the reason are said."""
    (package / "my_model.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    done = judgebench(workspace, "get-answers", "--questions=small", "--model=echo:yes")
    assert done.returncode == 2
    assert done.stderr.startswith("judgebench: echo of my-judgebench 1 can't be loaded: ModuleNotFoundError")


def test_nothing_is_looked_for_while_our_own_names_do(package: Path) -> None:
    """Importing the command line, and loading a model of ours, loads no list of packages."""
    code = (
        "import sys, judgebench.cli; from judgebench.models import *; from judgebench.models import load_model\n"
        "load_model(parse_spec('openai:x'), Options()); from judgebench.extensions import names\n"
        "print(names.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
