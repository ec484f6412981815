"""Start the real server and the real command, and make small workspaces for them."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from servers.waiting import WHOLE, Process, first_line, wait_for

from judgebench import question_sets
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.tables.records import Answer, Question, content_id
from judgebench.workspace import FOLDERS, Workspace

KEY = "sk-not-to-be-seen-0123456789abcdef"
ROOT = Path(__file__).resolve().parents[2]
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class ChatServer:
    """A running server: its URL, and what it logged."""

    url: str
    log: Path

    def calls(self) -> list[dict[str, Any]]:
        """Every call so far, in the order of arrival."""
        if not self.log.exists():
            return []
        complete = self.log.read_bytes().rpartition(b"\n")[0]
        return [json.loads(line) for line in complete.splitlines()]

    def wait_for_calls(self, number: int, process: Process | None = None) -> None:
        """Until so many have come."""
        wait_for(f"{number} calls", lambda: len(self.calls()), lambda seen: seen >= number, process)

    def release(self) -> None:
        """Have the calls answered that the script's `held` holds."""
        connection = HTTPConnection(urlsplit(self.url).netloc)
        connection.request("GET", "/release")
        assert connection.getresponse().status == 200
        connection.close()

    def did(self) -> list[str]:
        """What was done with each call."""
        return [call["did"] for call in self.calls()]

    def in_flight(self) -> int:
        """How many calls came in and are not answered yet."""
        where = urlsplit(self.url)
        connection = HTTPConnection(where.netloc, timeout=20)
        try:
            connection.request("GET", f"{where.path}/in-flight")
            return int(json.loads(connection.getresponse().read())["calls"])
        finally:
            connection.close()

    def usage(self) -> tuple[int, int]:
        """The tokens of every call that was answered in full."""
        answered = [call["usage"] for call in self.calls() if call["did"] in ("reply", "wrong")]
        return sum(asked for asked, _ in answered), sum(said for _, said in answered)


@contextmanager
def chat_server(folder: Path, **script: Any) -> Iterator[ChatServer]:
    """Run chat_server.py on a script; its files lie in the folder."""
    with server_of(_HERE / "chat_server.py", folder, script) as server:
        yield server


@contextmanager
def server_of(program: Path, folder: Path, script: Mapping[str, Any]) -> Iterator[ChatServer]:
    """Run a server's file on a script, in a process of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    path, log = folder / "script.json", folder / "calls.jsonl"
    path.write_text(json.dumps(script), encoding="utf-8")
    log.unlink(missing_ok=True)
    command = [sys.executable, str(program), str(path), str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            scheme = "https" if script.get("tls") else "http"
            yield ChatServer(f"{scheme}://127.0.0.1:{first_line(process)}/v1", log)
        finally:
            process.kill()


def environment(url: str | None = None, key: str | None = KEY) -> dict[str, str]:
    """The environment of a command that talks to the server and to nothing else."""
    kept = {name: value for name, value in os.environ.items() if not _leads_elsewhere(name)}
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    named = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": key, "PYTHONPATH": paths}
    return kept | {name: value for name, value in named.items() if value is not None}


def _leads_elsewhere(name: str) -> bool:
    return name.startswith("OPENAI_") or name.lower().endswith("_proxy")


def command(workspace: Workspace, *arguments: str) -> list[str]:
    """The command line of judgebench in a workspace."""
    return [sys.executable, "-m", "judgebench", "-C", str(workspace.root), *arguments]


def judgebench(
    workspace: Workspace, *arguments: str, url: str | None = None, key: str | None = KEY
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        command(workspace, *arguments),
        env=environment(url, key),
        capture_output=True,
        text=True,
        timeout=WHOLE,
        check=False,
    )


@contextmanager
def started(
    workspace: Workspace, *arguments: str, url: str | None = None, stderr: int = subprocess.PIPE
) -> "Iterator[subprocess.Popen[str]]":
    """The command, under way; it is killed where a test ends before it does."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background, and then by children
    words, environ = command(workspace, *arguments), environment(url)
    with subprocess.Popen(words, env=environ, stderr=stderr, text=True) as process:
        signal.signal(signal.SIGINT, usual)
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port at which nobody listens but who is told of it: no other program is given it meanwhile."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def make_workspace(
    root: Path, questions: Sequence[Question], answers: Mapping[str, Sequence[Sequence[str]]] | None = None
) -> Workspace:
    """A workspace with one question set, `small`, and each model's turns for every question."""
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    workspace = Workspace(root)
    categories = {question.category: Category() for question in questions}
    question_set = QuestionSet(SetHead("small", categories=categories), tuple(questions))
    question_sets.save(question_set, workspace.question_set_folder("small"))
    for model, turns in (answers or {}).items():
        rows = [_answer(model, question, said) for question, said in zip(questions, turns, strict=True)]
        workspace.answers("small", model).append(rows)
    return workspace


def _answer(model: str, question: Question, turns: Sequence[str]) -> Answer:
    return Answer(
        id=content_id(model, question.id, turns),
        question_set="small",
        question_id=question.id,
        question_digest=question.digest,
        model=model,
        turns=tuple(turns),
    )


def files_that_hold(secret: str, folder: Path) -> list[Path]:
    """Every file below a folder in which the secret stands."""
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
