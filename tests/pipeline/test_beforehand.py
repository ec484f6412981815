"""What is missing is said before anything is computed: all of it at once."""

import subprocess
from pathlib import Path

import pytest
from servers.running import chat_server, judgebench, make_workspace

from judgebench.tables.records import Question
from judgebench.workspace import Workspace

QUESTIONS = [Question(id=str(n), category="small", turns=(f"Question {n}?",)) for n in (1, 2)]
ASK = ("get-answers", "--questions", "small", "--model", "a=openai:m", "--model", "b=azure:m")
NOBODY = "http://127.0.0.1:9/v1"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with two questions, and nothing else."""
    return make_workspace(tmp_path / "workspace", QUESTIONS)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (None, "set OPENAI_API_KEY"),
        (NOBODY, f"can't be reached (Connection refused): check OPENAI_BASE_URL, which is {NOBODY}"),
    ],
    ids=["no key", "nobody listens"],
)
def test_all_that_is_missing_is_one_line(workspace: Workspace, url: str | None, says: str) -> None:
    """Of every model that is to be called; there is no answer then, and no other line but the quote."""
    done = judgebench(workspace, *ASK, url=url, key=None)
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 2
    assert says in last
    assert "azure: models need AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_API_KEY, OPENAI_API_VERSION" in last
    assert not list(workspace.root.glob("answers/**/*.jsonl"))


def test_a_quote_needs_nothing(workspace: Workspace) -> None:
    """What a run would take can be had before there is a key."""
    assert judgebench(workspace, *ASK, "--dry-run", key=None).returncode == 0


def test_what_is_there_is_not_asked_for(workspace: Workspace, tmp_path: Path) -> None:
    """Where all answers of a model are there, nothing of it can be missing."""
    told = ("get-answers", "--questions", "small", "--model", "a=openai:m", "--model", "c=openai:n")
    with chat_server(tmp_path / "server", default="Fine.") as server:
        assert judgebench(workspace, *told, url=server.url).returncode == 0
    assert judgebench(workspace, *told, key=None).returncode == 0


COMPARE = ("compare", "--baseline", "a=openai:m", "--candidate", "b=openai:n", "--questions", "small")
POLICY = """[gate]
baseline = "a=openai:m"
judge = "azure:judge"

[[gate.set]]
questions = "small"
role = "critical"
"""


def test_a_comparison_says_all_that_is_missing_before_a_canary(workspace: Workspace) -> None:
    """Of the models whose answers are to be made, and of the judge that will read them."""
    _says_both(judgebench(workspace, *COMPARE, "--judge", "azure:judge", "--no-canaries", key=None), workspace)


def test_a_gate_says_all_that_is_missing_before_a_canary(workspace: Workspace) -> None:
    """As a comparison does."""
    (workspace.root / "judgebench.toml").write_text(POLICY, encoding="utf-8")
    _says_both(judgebench(workspace, "gate", "--candidate", "b=openai:n", key=None), workspace)


def test_a_comparison_of_what_is_there_misses_nothing(workspace: Workspace, tmp_path: Path) -> None:
    """Where all answers are there, and the judge is free, it takes no key."""
    with chat_server(tmp_path / "server", default="Fine.") as server:
        told = (*ASK[:3], "--model", "a=openai:m", "--model", "b=openai:n")
        assert judgebench(workspace, *told, url=server.url).returncode == 0
    assert judgebench(workspace, *COMPARE, "--judge", "embedded", key=None).returncode in (0, 3, 4)


def _says_both(done: subprocess.CompletedProcess[str], workspace: Workspace) -> None:
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 2, done.stderr
    assert "set OPENAI_API_KEY" in last
    assert "azure: models need AZURE_OPENAI_ENDPOINT" in last
    assert not list(workspace.root.glob("answers/**/*.jsonl"))
