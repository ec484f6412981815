"""Ctrl-C in a real process: what is in flight is finished and stored, and the next run does the rest."""

import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from servers.running import ChatServer, chat_server, judgebench, make_workspace, started
from servers.waiting import wait_for

from judgebench.tables.records import Question
from judgebench.workspace import Workspace

QUESTIONS = [Question(id=str(number), category="small", turns=(f"Question {number}?",)) for number in range(1, 41)]
COMMAND = ("get-answers", "--questions", "small", "--model", "me=openai:m", "--parallel", "4")
FOREVER = 10**6  # calls


@dataclass
class Terminal:
    """A command before a terminal, to which it says that it was told to stop."""

    process: "subprocess.Popen[str]"
    screen: int
    _seen: bytes = b""

    def said(self) -> str:
        """All that it wrote so far."""
        with suppress(OSError):  # nothing new, or nobody there who could write more
            while new := os.read(self.screen, 1 << 16):
                self._seen += new
        return self._seen.decode(errors="replace")

    def press(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def stop(self) -> None:
        """Ctrl-C, and wait until it was heard: a second one before that would be one with the first."""
        self.press()
        wait_for(
            "the word that it stops", self.said, lambda said: "4 calls in flight are finished" in said, self.process
        )

    def end(self) -> str:
        """Wait for it; the last line, after exit status 1."""
        status, said = wait_for("its end", lambda: (self.process.poll(), self.said()), lambda seen: seen[0] is not None)
        assert status == 1
        return said.splitlines()[-1]


@contextmanager
def at_a_terminal(workspace: Workspace, server: ChatServer) -> Iterator[Terminal]:
    """The command, once it has four calls in flight."""
    screen, its = pty.openpty()
    os.set_blocking(screen, False)
    try:
        with started(workspace, *COMMAND, url=server.url, stderr=its) as process:
            os.close(its)
            server.wait_for_calls(4, process)
            yield Terminal(process, screen)
    finally:
        os.close(screen)


def test_the_first_finishes_what_is_in_flight(tmp_path: Path) -> None:
    """Every call that was made is a row; exit status 1 and how to go on; another run makes only the other calls."""
    workspace = make_workspace(tmp_path / "workspace", QUESTIONS)
    table = workspace.answers("small", "me")
    with chat_server(tmp_path / "server", held=FOREVER) as server:
        with at_a_terminal(workspace, server) as running:
            running.stop()
            server.release()
            assert running.end().endswith("run the same command to go on")
        assert len(table.read()) == len(server.calls()) == 4
        assert all(row.error is None for row in table.read())
        assert judgebench(workspace, *COMMAND[:-1], "40", url=server.url).returncode == 0
        assert len(server.calls()) == len(table.read()) == 40


def test_calls_that_only_wait_are_not_waited_for(tmp_path: Path) -> None:
    """Between tries there is nothing in flight: no row, no further call, long before the next try would be due."""
    workspace = make_workspace(tmp_path / "workspace", QUESTIONS)
    fault = {"do": "status", "status": 429, "retry_after": 800}
    with chat_server(tmp_path / "server", faults=[fault]) as server:
        with at_a_terminal(workspace, server) as running:
            running.press()
            running.end()
        assert len(server.calls()) == 4
    assert workspace.answers("small", "me").read() == []


def test_the_second_stops_at_once(tmp_path: Path) -> None:
    """Calls that take long are not waited for any more."""
    workspace = make_workspace(tmp_path / "workspace", QUESTIONS)
    with chat_server(tmp_path / "server", held=FOREVER) as server, at_a_terminal(workspace, server) as running:
        running.stop()
        running.press()
        assert running.end().endswith("run the same command to go on")
    assert workspace.answers("small", "me").read() == []


def test_a_conversation_that_has_begun_is_finished(tmp_path: Path) -> None:
    """The second turn is asked after Ctrl-C as well, since the first is paid for."""
    questions = [Question(id=str(number), category="small", turns=("One.", "Two.")) for number in range(1, 9)]
    workspace = make_workspace(tmp_path / "workspace", questions)
    with chat_server(tmp_path / "server", held=FOREVER) as server:
        with at_a_terminal(workspace, server) as running:
            running.stop()
            server.release()
            running.end()
        assert len(server.calls()) == 8
    assert [len(row.turns) for row in workspace.answers("small", "me").read()] == [2] * 4
