"""Conversations that fail on their way are gone on with, and nobody pays for a turn twice."""

from pathlib import Path
from typing import Any

import pytest
from servers.endpoints import changed
from servers.running import ChatServer, chat_server, judgebench, make_workspace

from judgebench.tables.records import Question, Usage
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

NUMBER = 4
ASKED = ("get-answers", "--questions", "small", "--model", "me=openai:scripted", "--tries", "1", "--parallel", "1")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Four questions of three turns each."""
    turns = [(f"First {number}?", f"Second {number}?", f"Third {number}?") for number in range(NUMBER)]
    questions = [Question(id=str(number), category="small", turns=each) for number, each in enumerate(turns)]
    return make_workspace(tmp_path / "workspace", questions)


def answered(workspace: Workspace, server: ChatServer) -> Any:
    """The end of a command that asks for all."""
    return judgebench(workspace, *ASKED, url=server.url)


@pytest.mark.parametrize(
    ("name", "status", "kind"), [("one request breaks it", 0, "http_500"), ("401 for all", 1, "stopped")]
)
def test_a_turn_that_was_answered_is_asked_for_once(
    tmp_path: Path, workspace: Workspace, name: str, status: int, kind: str
) -> None:
    """Where the next one fails, or the key has expired: the row keeps it, and the rerun goes on behind it."""
    table = workspace.answers("small", "me")
    with chat_server(tmp_path / "server", **changed(name, match="Third 2?")) as server:
        done = answered(workspace, server)
        assert done.returncode == status
        asked, billed = len(server.calls()), server.usage()
    (failed,) = [row for row in table.read() if row.error]
    assert failed.error
    assert (failed.error.kind, failed.turns, failed.question_id) == (kind, ("Yes.", "Yes."), "2")
    assert f"{billed[0]:,}" in done.stderr.replace("tokens", "")
    with chat_server(tmp_path / "other", default="No.") as server:
        quoted = judgebench(workspace, *ASKED, "--dry-run", url=server.url)
        assert f"\ncalls     {NUMBER * 3 + 1 - asked}\n" in quoted.stdout  # two turns of the broken one are there
        assert answered(workspace, server).returncode == 0
        assert asked + len(server.calls()) == NUMBER * 3 + 1
        assert max(server.calls(), key=lambda call: len(call["roles"]))["roles"] == ["user", "assistant"] * 2 + ["user"]
    rows = in_force(table.read())
    (whole,) = [row for row in rows.values() if row.question_id == "2"]
    assert (whole.error, whole.turns, whole.finish_reasons) == (None, ("Yes.", "Yes.", "No."), ("stop",) * 3)
    assert whole.usage == Usage(2 + 5 + 8, 3)
    assert len(rows) == NUMBER
