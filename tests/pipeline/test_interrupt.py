"""Ctrl-C in a real process: what is in flight is finished and stored, and the next run does the rest."""

import os
import signal
import subprocess
import time
from pathlib import Path

from servers.running import ChatServer, chat_server, command, environment, judgebench, make_workspace

from judgebench.tables.records import Question

QUESTIONS = [Question(id=str(number), category="small", turns=(f"Question {number}?",)) for number in range(1, 41)]
COMMAND = ("get-answers", "--questions", "small", "--model", "me=openai:m", "--parallel", "4")


def _await_calls(server: ChatServer, number: int) -> None:
    """Until the server has seen so many."""
    deadline = time.monotonic() + 60
    while len(server.calls()) < number:
        assert time.monotonic() < deadline, "the command makes no calls"
        time.sleep(0.02)


def _interrupt(process: "subprocess.Popen[str]", times: int) -> str:
    """Send SIGINT so often; what the process says on stderr."""
    for _ in range(times):
        os.kill(process.pid, signal.SIGINT)
        time.sleep(0.3)
    return process.communicate(timeout=30)[1]


def test_the_first_finishes_what_is_in_flight(tmp_path: Path) -> None:
    """Every call that was made is a row; exit status 1 and how to go on; another run makes only the other calls."""
    workspace = make_workspace(tmp_path / "workspace", QUESTIONS)
    table = workspace.answers("small", "me")
    with chat_server(tmp_path / "server", latency=1.0) as server:
        with subprocess.Popen(
            command(workspace, *COMMAND), env=environment(server.url), stderr=subprocess.PIPE, text=True
        ) as process:
            _await_calls(server, 6)
            said = _interrupt(process, 1)
        made = len(server.calls())
        assert process.returncode == 1
        assert said.splitlines()[-1].endswith("run the same command to go on")
        assert len(table.read()) == made < 20
        assert all(row.error is None for row in table.read())
        assert judgebench(workspace, *COMMAND[:-1], "40", url=server.url).returncode == 0
        assert len(server.calls()) == len(table.read()) == 40


def test_calls_that_only_wait_are_not_waited_for(tmp_path: Path) -> None:
    """Between tries there is nothing in flight: no row, no further call, at once."""
    workspace = make_workspace(tmp_path / "workspace", QUESTIONS)
    fault = {"do": "status", "status": 429, "retry_after": 50}
    with chat_server(tmp_path / "server", faults=[fault]) as server:
        with subprocess.Popen(
            command(workspace, *COMMAND), env=environment(server.url), stderr=subprocess.PIPE, text=True
        ) as process:
            _await_calls(server, 4)
            time.sleep(0.3)
            started = time.monotonic()
            _interrupt(process, 1)
        assert time.monotonic() - started < 5
        assert process.returncode == 1
        assert len(server.calls()) == 4
    assert workspace.answers("small", "me").read() == []


def test_the_second_stops_at_once(tmp_path: Path) -> None:
    """Calls that take long are not waited for any more."""
    workspace = make_workspace(tmp_path / "workspace", QUESTIONS)
    with chat_server(tmp_path / "server", latency=40.0) as server:
        with subprocess.Popen(
            command(workspace, *COMMAND), env=environment(server.url), stderr=subprocess.PIPE, text=True
        ) as process:
            _await_calls(server, 4)
            started = time.monotonic()
            said = _interrupt(process, 2)
        assert time.monotonic() - started < 10
        assert process.returncode == 1
        assert said.splitlines()[-1].endswith("run the same command to go on")
    assert workspace.answers("small", "me").read() == []


def test_a_conversation_that_has_begun_is_finished(tmp_path: Path) -> None:
    """The second turn is asked after Ctrl-C as well, since the first is paid for."""
    questions = [Question(id=str(number), category="small", turns=("One.", "Two.")) for number in range(1, 9)]
    workspace = make_workspace(tmp_path / "workspace", questions)
    with chat_server(tmp_path / "server", latency=1.0) as server:
        with subprocess.Popen(
            command(workspace, *COMMAND), env=environment(server.url), stderr=subprocess.PIPE, text=True
        ) as process:
            _await_calls(server, 4)
            _interrupt(process, 1)
        assert process.returncode == 1
        assert len(server.calls()) == 8
    assert [len(row.turns) for row in workspace.answers("small", "me").read()] == [2] * 4
