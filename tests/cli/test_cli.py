"""The command line: exit statuses, clear errors, and help that is quick."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from judgebench._version import __version__
from judgebench.cli import main
from judgebench.cli.report import FORMATS
from judgebench.tables.records import Answer, Question
from judgebench.tables.store import Table
from judgebench.workspace import Workspace

COMMANDS = ["init", "get-answers", "review", "report", "build-site", "serve", "import", "import fastchat"]


def run(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A fresh workspace."""
    assert run("init", tmp_path / "w").exit_code == 0
    return tmp_path / "w"


def answered(workspace: Path, *models: str) -> None:
    """Let models answer the first question of core-80."""
    question = Workspace(workspace).question_set("core-80").questions[0]
    for model in models:
        row = Answer(
            id=f"{model}-1",
            question_set="core-80",
            question_id=question.id,
            question_digest=question.digest,
            model=model,
            turns=(f"I am {model}, and this is what I have to say.",),
        )
        Workspace(workspace).answers("core-80", model).append([row])


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command: str) -> None:
    """--help works everywhere and says something."""
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 4


def test_version() -> None:
    """--version names the tool and its version."""
    assert __version__ in run("--version").output


def test_the_workspace_may_be_named_before_or_after_the_command(workspace: Path) -> None:
    """`judgebench -C DIR report` and `judgebench report -C DIR` are the same."""
    before, after = run("-C", workspace, "report"), run("report", "-C", workspace)
    assert before.exit_code == after.exit_code == 2
    assert before.stderr == after.stderr
    assert "no reviews" in after.stderr


def test_formats_are_those_of_the_report() -> None:
    """The list in the help, kept apart so that help needs no pandas, is the report's own."""
    from judgebench import report

    assert report.FORMATS == FORMATS


def test_init_makes_a_workspace_and_leaves_one_as_it_is(workspace: Path) -> None:
    """Run twice, it changes nothing: a question set that was edited stays edited."""
    assert (workspace / "answers").is_dir()
    head = workspace / "question_sets" / "core-80" / "set.toml"
    head.write_text(head.read_text() + "# mine\n")
    again = run("init", workspace)
    assert again.exit_code == 0
    assert "already" in again.output
    assert head.read_text().endswith("# mine\n")


def test_the_steps_one_after_the_other(workspace: Path) -> None:
    """Review, report and site of a workspace with answers, and a second review that has nothing to do."""
    answered(workspace, "m1", "m2")
    asked = ("-C", workspace, "review", "--questions", "core-80", "--judge", "embedded", "--limit", "1")
    first = run(*asked, "--category", "writing", "--mode", "single", "--mode", "pairwise")
    assert first.exit_code == 0, first.output
    again = run(*asked, "--category", "writing", "--mode", "single", "--mode", "pairwise")
    assert "all 2 are there already" in again.stderr
    built = json.loads(run("-C", workspace, "report", "--format", "json").output)
    assert built["pairs"][0]["reviews"] == 2
    assert {entry["model"] for entry in built["scores"]} == {"m1", "m2"}
    site = run("-C", workspace, "build-site")
    assert site.exit_code == 0, site.output
    assert (workspace / "webpage" / "index.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("report",), "not a workspace"),
        (("get-answers", "--questions", "core-80", "--model", "openai:x"), "judgebench init"),
    ],
)
def test_outside_a_workspace(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    """Wrong usage: status 2 and a line that says how to make one."""
    result = run("-C", tmp_path, *arguments)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert says in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("report",), "no reviews"),
        (("review", "--questions", "core-81", "--judge", "embedded"), "did you mean 'core-80'?"),
        (("review", "--questions", "core-80", "--judge", "embedded"), "no answers of any model"),
        (("review", "--questions", "core-80", "--judge", "gpt-4"), "KIND:NAME"),
        (("review", "--questions", "core-80", "--judge", "embedded", "--prompt", "choice"), "reads no prompt"),
        (("get-answers", "--questions", "core-80", "--model", "gpt:4"), "unknown kind"),
        (("get-answers", "--questions", "core-80", "--model", "hf:./nowhere"), "no checkpoint at ./nowhere"),
        (("get-answers", "--questions", "core-80", "--model", "hf:x", "--category", "wit"), "no category wit"),
    ],
)
def test_wrong_usage_is_status_2_and_one_line(workspace: Path, arguments: tuple[str, ...], says: str) -> None:
    """The line says what is wrong and what there is instead."""
    result = run("-C", workspace, *arguments)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), result.output
    assert says in result.stderr


def test_models_that_do_not_fit_the_modes(workspace: Path) -> None:
    """One model makes no pair, an unknown one is named, and a grading prompt can't compare."""
    answered(workspace, "m1")
    asked = ("-C", workspace, "review", "--questions", "core-80", "--judge", "embedded")
    assert "two models" in run(*asked).stderr
    assert "no answers of m9" in run(*asked, "--baseline", "m9").stderr
    answered(workspace, "m2")
    judged = run("-C", workspace, "review", "--questions", "core-80", "--judge", "openai:x", "--prompt", "rating")
    assert "pairwise reviews need choice or score_pair" in judged.stderr


def test_a_missing_key_is_said_before_anything_is_done(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without OPENAI_API_KEY there is no call and no row."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    result = run("-C", workspace, "get-answers", "--questions", "core-80", "--model", "openai:x")
    assert result.exit_code == 2
    assert "OPENAI_API_KEY" in result.stderr
    assert not list((workspace / "answers").rglob("*.jsonl"))


def test_a_failure_is_status_1_and_a_traceback_only_with_debug(workspace: Path) -> None:
    """A broken table is one line with file and line number; --debug shows where it was met."""
    Workspace(workspace).reviews("core-80", "j").append([])
    path = workspace / "reviews" / "core-80" / "j.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("broken\n")
    result = run("-C", workspace, "report")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "j.jsonl:1" in result.stderr
    assert run("-C", workspace, "--debug", "report").exception


def test_what_a_file_says_cannot_write_to_the_terminal(workspace: Path) -> None:
    """A question set whose name and category are escape sequences is listed and quoted; they are shown, not sent."""
    folder = workspace / "question_sets" / "hostile"
    folder.mkdir()
    (folder / "set.toml").write_text('name = "\\u001b[2J"\n[categories."\\u001b[31m"]\n')
    (folder / "questions.jsonl").write_text('{"id": "1", "category": "\\u001b[31m", "turns": ["?"]}\n')
    listed, quoted = run("-C", workspace, "questions", "list"), run("-C", workspace, "questions", "show", "nope")
    assert (listed.exit_code, quoted.exit_code) == (0, 2)
    for shown in (listed.output, quoted.output):
        assert "\\x1b[2J" in shown
        assert "\x1b" not in shown


def test_an_unexpected_error_is_one_line_too(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even our own mistakes don't pour a traceback over a user."""
    monkeypatch.setattr("judgebench.report.build", lambda *_: 1 / 0)
    result = run("-C", workspace, "report")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "--debug" in result.stderr


def test_a_torn_table_is_reported_in_a_line(workspace: Path) -> None:
    """The warning reaches the user without Python's decoration."""
    answered(workspace, "m1", "m2")
    path = Workspace(workspace).answers("core-80", "m2").path
    path.write_bytes(path.read_bytes() + b'{"id":"torn')
    done = subprocess.run(
        [sys.executable, "-m", "judgebench", "-C", str(workspace), "review", "--questions=core-80", "--judge=embedded"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "judgebench: " in done.stderr
    assert "cut short" in done.stderr
    assert "TornLineWarning" not in done.stderr


def test_help_loads_nothing_but_the_command_line() -> None:
    """Help stays quick because it imports click and little else."""
    code = (
        "import sys\nfrom judgebench.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([n for n in ('torch','transformers','pandas','numpy','plotly','openai','jinja2') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_questions_of_the_shipped_set_load(workspace: Path) -> None:
    """Ten questions in each of eight categories, and a limit counts per category."""
    question_set = Workspace(workspace).question_set("core-80")
    assert len(question_set.questions) == 80
    assert len(question_set.select(limit=3)) == 24
    assert len(question_set.select(["math", "coding"])) == 20
    assert Table(workspace / "question_sets" / "core-80" / "questions.jsonl", Question).read()
