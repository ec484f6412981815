"""`kill -9` at any moment, torn lines and two writers: what was on disk stays, and the next run does the rest."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from models import tiny
from servers import forked
from servers.judge_server import judge_server
from servers.running import ChatServer, chat_server, environment, judgebench, make_workspace, started
from servers.waiting import first_line, wait_for, wait_for_end, wait_for_rows

from judgebench.tables.records import Answer, Failure, Question, Usage
from judgebench.tables.store import Table, TornLineWarning
from judgebench.workspace import Workspace

PARALLEL = 4
QUESTIONS = [
    Question(id=str(number), category="small", turns=(f"What is {number} squared?",)) for number in range(1, 41)
]
GET_ANSWERS = ("get-answers", "--questions", "small", "--model", "me=openai:m", "--parallel", str(PARALLEL))
REVIEW_OVER_HTTP = ("review", "--questions", "small", "--judge", "openai:m", "--parallel", str(PARALLEL))
REVIEW_EMBEDDED = ("review", "--questions", "small", "--judge", "embedded")


def prepared(url: str | None, pace: float) -> None:
    """In the process of the command: the only server there is, and how long a row takes more."""
    forked.talk_to(url)
    append = Table.append

    def slowly(*arguments: Any, **options: Any) -> None:
        append(*arguments, **options)
        time.sleep(pace)

    if pace:
        mock.patch.object(Table, "append", slowly).start()


@dataclass
class Run:
    """A command that is killed again and again, and the table that it writes."""

    workspace: Workspace
    arguments: Sequence[str]
    path: Path
    url: str | None = None
    kills: int = 0
    ends: int = 0  # the exit status of a run that nobody kills
    server: ChatServer | None = None  # whose calls in flight are counted at each kill
    pace: float = 0.0  # seconds that a row takes more, where the whole is else over in moments
    in_flight: list[int] = field(default_factory=list)

    def complete(self) -> bytes:
        """The complete lines that are on disk."""
        data = self.path.read_bytes() if self.path.exists() else b""
        return data[: data.rfind(b"\n") + 1]

    def start(self) -> forked.Forked:
        """The command, under way; forked, since what it imports takes longer than what is to be killed."""
        return forked.start(self.workspace, *self.arguments, prepare=partial(prepared, self.url, self.pace))

    def kill_after(self, pause: float, early: float | None = None) -> bool:
        """Start the command and kill it; False where it had ended before.

        The kill comes `pause` seconds after the table has grown, or `early` seconds after the start.
        """
        before = len(self.complete())
        with self.start() as process:
            if early is None:
                wait_for("a row more", lambda: self._size() > before or process.poll() is not None)
            time.sleep(pause if early is None else early)  # any moment will do
            flying = self._in_flight(process)
            process.kill()
            said = wait_for_end(process)
            killed = process.returncode == -signal.SIGKILL
            assert killed or process.returncode == self.ends, said
        self.in_flight += flying if killed else []
        self.kills += killed
        return killed

    def _in_flight(self, process: forked.Forked) -> list[int]:
        """How many calls the server works on, once there are some, the command being stopped: so many are cut off."""
        server = self.server
        if server is None:
            return []
        wait_for("a call in flight", lambda: server.in_flight() or process.poll() is not None)
        if process.poll() is not None:
            return []
        os.kill(process.pid, signal.SIGSTOP)
        try:
            return [server.in_flight()]
        finally:
            process.kill()

    def _size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def kill_often(self, pauses: Sequence[float], starting: Sequence[float] = (0.15,), torn: bool = False) -> int:
        """Kill while the command starts and then at these points; returns how many kills hit it at work.

        After each kill, every complete row that was on disk before it is still there. With `torn` each also leaves a
        row that was cut short, as a machine does that loses power.
        """
        for pause, early in [*((0.0, early) for early in starting), *((pause, None) for pause in pauses)]:
            before = self.complete()
            killed = self.kill_after(pause, early)
            assert self.complete().startswith(before)
            if not killed:
                break
            if torn and before:
                with self.path.open("ab") as file:
                    file.write(before.splitlines()[-1][: 20 * self.kills])
        return max(self.kills - len(starting), 0)

    def finish(self) -> bytes:
        """Run the command undisturbed; every row that was on disk before is there byte for byte."""
        before = self.complete()
        with self.start() as process:
            said = wait_for_end(process)
            assert process.returncode == self.ends, said
        assert self.complete() == self.path.read_bytes()
        assert self.complete().startswith(before)
        return self.complete()


def pauses(seed: int | str, number: int, longest: float) -> list[float]:
    """Random moments, the same in every run of the tests."""
    return [random.Random(f"{seed} {place}").uniform(0.0, longest) for place in range(number)]


def kill(least: int, attempt: Callable[[int], int]) -> None:
    """Have a run of its own be killed at work (how often, it returns), and others after it until that is enough.

    One is enough, but on a machine so busy that a command ends before the moment to kill it is noticed.
    """
    kills = itertools.accumulate(attempt(number) for number in range(max(least, 20)))
    assert any(so_far >= least for so_far in kills), "the command ends before it can be killed"


def calls_are_bounded(server: ChatServer, rows: int, kills: int) -> None:
    """No call beyond one per row and those that were in flight at the kills."""
    assert rows <= len(server.calls()) <= rows + PARALLEL * kills


def test_get_answers_survives_kills(tmp_path: Path) -> None:
    """Killed up to ten times and run once more, every question has one good answer; no call was made in vain."""

    def attempt(number: int) -> int:
        workspace = make_workspace(tmp_path / f"workspace {number}", QUESTIONS)
        table = workspace.answers("small", "me")
        with chat_server(tmp_path / "server", latency=0.02) as server:
            run = Run(workspace, GET_ANSWERS, table.path, server.url)
            kills = run.kill_often(pauses(f"answers {number}", 9, 0.04))
            run.finish()
            calls_are_bounded(server, 40, run.kills)
        rows = table.read()
        assert Counter(row.question_id for row in rows) == Counter(question.id for question in QUESTIONS)
        assert all(row.error is None and row.turns == ("Yes.",) for row in rows)
        return kills

    kill(4, attempt)


def two_models(root: Path) -> Workspace:
    """A workspace in which two models answered every question."""
    first = [[f"It is {number * number}."] for number in range(1, 41)]
    second = [["I don't know."] for _ in range(40)]
    return make_workspace(root, QUESTIONS, {"first": first, "second": second})


def test_reviews_over_http_survive_kills(tmp_path: Path) -> None:
    """Killed up to nine times and run once more, each pair has one good review per order."""

    def attempt(number: int) -> int:
        workspace = two_models(tmp_path / f"workspace {number}")
        table = workspace.reviews("small", "openai:m")
        with chat_server(tmp_path / "server", latency=0.02, default="Even.\n[[C]]") as server:
            run = Run(workspace, REVIEW_OVER_HTTP, table.path, server.url)
            kills = run.kill_often(pauses(f"reviews {number}", 8, 0.08))
            run.finish()
            calls_are_bounded(server, 80, run.kills)
        rows = table.read()
        assert all(row.verdict and row.verdict.winner == "tie" for row in rows)
        assert len({row.slot for row in rows}) == len({row.id for row in rows}) == len(rows) == 80
        return kills

    kill(4, attempt)


def test_embedded_reviews_survive_kills(tmp_path: Path) -> None:
    """Killed up to eleven times, the reviews in the end are those of a run that nobody killed, in the same order."""
    calm = two_models(tmp_path / "calm")
    assert judgebench(calm, *REVIEW_EMBEDDED).returncode == 0
    expected = calm.reviews("small", "embedded").read()
    assert len(expected) == 80

    def attempt(number: int) -> int:
        workspace = two_models(tmp_path / f"workspace {number}")
        table = workspace.reviews("small", "embedded")
        run = Run(workspace, REVIEW_EMBEDDED, table.path, pace=0.02)
        kills = run.kill_often(pauses(f"embedded {number}", 10, 0.01))
        run.finish()
        assert [replace(row, created=None) for row in table.read()] == [replace(row, created=None) for row in expected]
        return kills

    kill(4, attempt)


@dataclass(frozen=True)
class Answering:
    """Answers of a tiny checkpoint to 36 questions of two turns, a few at a time, and what they are in the end."""

    folder: Path
    checkpoint: Path
    expected: dict[str, tuple[str, ...]]

    @classmethod
    def calmly(cls, folder: Path) -> "Answering":
        """What nobody disturbs."""
        unknown = cls(folder, tiny.talkative(folder / "checkpoint"), {})
        table = unknown.run("calm")
        table.finish()
        return replace(unknown, expected=unknown.said(table))

    def run(self, name: str) -> Run:
        """The command in a workspace of its own."""
        workspace = make_workspace(self.folder / name, tiny.QUESTIONS)
        settings = ("--model", f"me=hf:{self.checkpoint}", "--batch-size", "3", "--max-tokens", "20")
        path = workspace.answers("small", "me").path
        return Run(workspace, ("get-answers", "--questions", "small", *settings), path)

    @staticmethod
    def said(run: Run) -> dict[str, tuple[str, ...]]:
        """The turns of each question, of which none is lost, none twice and none a failure."""
        rows = run.workspace.answers("small", "me").read()
        assert Counter(row.question_id for row in rows) == Counter(question.id for question in tiny.QUESTIONS)
        assert not any(row.error for row in rows)
        return {row.question_id: row.turns for row in rows}

    def kill(self, seed: int, often: int) -> int:
        """Kill a run at random moments, in the beginning and later, finish it and hold it against the calm one."""
        run, early = self.run(f"run {seed}"), pauses(f"{seed} early", often // 3, 0.6)
        run.kill_often(pauses(seed, often - len(early), 0.08), early, torn=True)
        run.finish()
        assert self.said(run) == self.expected
        return run.kills


def test_answers_of_a_checkpoint_survive_kills(tmp_path: Path) -> None:
    """Killed while it loads, while it answers and between two turns, with torn rows: each answer is there, once."""
    pytest.importorskip("torch", reason="hf: models need the extra `local`")
    answering = Answering.calmly(tmp_path)
    kill(4, lambda number: answering.kill(number, often=6))


@pytest.mark.slow
def test_a_hundred_kills_lose_no_answer(tmp_path: Path) -> None:
    """The same in as many runs as it takes to be killed a hundred times."""
    pytest.importorskip("torch", reason="hf: models need the extra `local`")
    answering = Answering.calmly(tmp_path)
    kill(100, lambda number: answering.kill(number, often=10))


COMPARE = (
    *("compare", "--questions", "small", "--baseline", "first", "--candidate", "second", "--judge", "openai:m"),
    *("--parallel", str(PARALLEL), "--no-canaries", "--futility", "0"),
)
GATE = (
    *("gate", "--set", "small", "--guard", "refused=2", "--baseline", "first", "--candidate", "second"),
    *("--judge", "openai:m", "--parallel", str(PARALLEL), "--no-canaries", "--futility", "0"),
)
BEST_OF = (*COMPARE, "--candidate", "third")
INCONCLUSIVE = 4
_OF_A_RUN = ("seconds", "made", "cost", "reused")


def lasting(found: Any) -> Any:
    """What JSON holds, without what is of a single run."""
    if isinstance(found, dict):
        return {name: lasting(value) for name, value in found.items() if name not in _OF_A_RUN}
    return list(map(lasting, found)) if isinstance(found, list) else found


@dataclass(frozen=True)
class Comparing:
    """A comparison that takes all questions, since either model is the better one on half of them."""

    folder: Path
    expected: dict[str, Any]
    command: Sequence[str] = COMPARE

    @property
    def rows(self) -> int:
        """Of two orders of each question and candidate."""
        return 80 * self.command.count("--candidate")

    @classmethod
    def calmly(cls, folder: Path, command: Sequence[str] = COMPARE) -> "Comparing":
        """What nobody disturbs."""
        unknown = cls(folder, {}, command)
        with judge_server(folder / "calm server") as server:
            run = unknown.run("calm", server)
            run.finish()
            return cls(folder, unknown.said(run), command)

    def run(self, name: str, server: ChatServer) -> Run:
        """The command in a workspace of its own."""
        good = [[["GOOD"] if number % 2 == odd else ["Bad."] for number in range(40)] for odd in (0, 1)]
        other = [["GOOD!"] if number % 4 < 2 else ["Bad!"] for number in range(40)]
        answers = dict(zip(("first", "second", "third"), (*good, other), strict=True))
        workspace = make_workspace(self.folder / name, QUESTIONS, answers)
        arguments = (*self.command, "--json", str(workspace.root / "found.json"))
        path = workspace.reviews("small", "openai:m").path
        return Run(workspace, arguments, path, server.url, ends=INCONCLUSIVE, server=server)

    def said(self, run: Run) -> dict[str, Any]:
        """The verdict and all that it rests on, and of each match what was said; none is lost, none is there twice."""
        rows = run.workspace.reviews("small", "openai:m").read()
        assert len({row.slot for row in rows}) == len({row.id for row in rows}) == len(rows) == self.rows
        every = run.workspace.draws("small").read()
        for comparison in {row.comparison for row in every}:
            draws = [row for row in every if row.comparison == comparison]
            assert [row.questions is None for row in draws] == [False] + [True] * (len(draws) - 1)
            assert [row.drawn for row in draws] == sorted({row.drawn for row in draws})
        found = json.loads((run.workspace.root / "found.json").read_text(encoding="utf-8"))
        matches = {str(row.slot): row.verdict.winner if row.verdict else None for row in rows}
        return {**lasting(found), "matches": matches}

    def kill(self, seed: int, often: int) -> Run:
        """Kill a run at random moments of its judging, finish it and hold it against the calm one."""
        with judge_server(self.folder / f"server {seed}", latency=0.2) as server:
            run = self.run(f"run {seed}", server)
            run.kill_often(pauses(seed, often, 0.4), starting=())
            run.finish()
            calls_are_bounded(server, self.rows, run.kills)
        assert self.said(run) == self.expected
        return run


@pytest.mark.slow
@pytest.mark.parametrize("command", [COMPARE, GATE, BEST_OF], ids=["compare", "gate", "best of"])
def test_a_verdict_survives_kills_in_the_middle_of_its_judging(tmp_path: Path, command: tuple[str, ...]) -> None:
    """While calls are in flight: no verdict on a match is lost or there twice, and that on the pair is the same."""
    run = Comparing.calmly(tmp_path, command).kill(seed=1, often=6)
    assert sum(number > 0 for number in run.in_flight) >= 4


@dataclass(frozen=True)
class Watched:
    """Two checkpoints of a training, against a third one, before a judge that prefers what is longer."""

    folder: Path

    def run(self, name: str, server: ChatServer) -> Run:
        """The command in a workspace of its own."""
        workspace = make_workspace(self.folder / name, tiny.QUESTIONS)
        base = tiny.checkpoint(self.folder / "base", heat=5.0, seed=3)
        for step in (5, 10):
            saved = tiny.checkpoint(self.folder / "training" / f"checkpoint-{step}", heat=5.0, seed=step)
            (saved / "trainer_state.json").write_text("{}")
        about = ("--baseline", f"base=hf:{base}", "--judge", "openai:m", "--questions", "small", "--no-canaries")
        how = ("--once", "--max-tokens", "12", "--parallel", str(PARALLEL))
        path = workspace.reviews("small", "openai:m").path
        return Run(workspace, ("watch", str(self.folder / "training"), *about, *how), path, server.url, server=server)

    @staticmethod
    def said(run: Run) -> list[Any]:
        """What is known of each step in the end, of which no review is lost and none there twice."""
        rows = run.workspace.reviews("small", "openai:m").read()
        assert len({row.slot for row in rows}) == len({row.id for row in rows}) == len(rows)
        kept = run.workspace.watched().read()
        assert [row.step for row in kept if row.verdict] == [5, 10]
        assert [row.place for row in kept if not row.verdict] == [1, 2]
        return [(row.step, row.place, row.verdict, row.band, row.interval, row.points) for row in kept if row.verdict]


@pytest.mark.slow
def test_a_watch_survives_kills(tmp_path: Path) -> None:
    """While calls are in flight: each step is judged as by one that nobody kills, in its place, and nothing twice."""
    pytest.importorskip("torch", reason="hf: models need the extra `local`")
    watched = Watched(tmp_path)
    with judge_server(tmp_path / "calm server", "longer") as server:
        calm = watched.run("calm", server)
        calm.finish()
        expected, needed = watched.said(calm), len(server.calls())
    with judge_server(tmp_path / "server", "longer", latency=0.1) as server:
        run = watched.run("run", server)
        run.kill_often(pauses("watch", 6, 0.4), starting=(0.5, 1.5))
        run.finish()
        assert needed <= len(server.calls()) <= needed + PARALLEL * run.kills
    assert watched.said(run) == expected
    assert sum(number > 0 for number in run.in_flight) >= 3


HOLDER = """
import signal, sys
import portalocker
with open(sys.argv[1], "ab") as file:
    portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE)
    print("locked", flush=True)
    signal.pause()
"""


def test_a_killed_run_leaves_no_lock(tmp_path: Path) -> None:
    """A process that was killed while it held the table's lock blocks nobody."""
    table = answers_table(tmp_path)
    table.append(answers(1))
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(table.path)], stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert first_line(holder) == "locked"
        finally:
            holder.kill()
    table.append(answers(1))
    assert len(table.read()) == 2


def test_an_interrupted_run_says_so_in_one_line(tmp_path: Path) -> None:
    """Control-C keeps what is done, prints one line without a traceback, and exits with status 1."""
    workspace = make_workspace(tmp_path / "workspace", QUESTIONS)
    table = workspace.answers("small", "me")
    with chat_server(tmp_path / "server", latency=0.2) as server:
        with started(workspace, *GET_ANSWERS, url=server.url) as process:
            wait_for_rows(table.path, 1, process)
            process.send_signal(signal.SIGINT)
            said = wait_for_end(process)
        assert process.returncode == 1
        assert said.splitlines()[-1].startswith("judgebench: stopped;")
        assert "Traceback" not in said
        calls_are_bounded(server, len(table.read()), kills=1)


def answers_table(folder: Path) -> Table[Answer]:
    """An empty table."""
    return Table(folder / "table.jsonl", Answer)


def answers(number: int, text: str = 'h\u00e9llo \U0001f40d, "quoted"\n', author: str = "m") -> list[Answer]:
    """Rows with text that takes more than one byte a letter, escapes, and nested values."""
    row = Answer(
        id="", question_set="s", question_id="q", question_digest="d", model=author, turns=(text, ""),
        error=Failure("connection", "broke"), usage=Usage(1, 2), extra={"a": {"b": [1, None]}},
    )  # fmt: skip
    return [replace(row, id=str(place)) for place in range(number)]


def test_a_row_torn_at_any_byte_costs_only_itself(tmp_path: Path) -> None:
    """The rows before stay as they are, the torn tail moves to FILE.torn, and the next row follows on a clean line."""
    table = answers_table(tmp_path)
    table.append(answers(3))
    whole = table.path.read_bytes()
    start = whole.rstrip(b"\n").rindex(b"\n") + 1
    two, last = answers(2), answers(3)[2]
    aside = table.path.with_name("table.jsonl.torn")
    for end in range(start + 1, len(whole) - 1):
        table.path.write_bytes(whole[:end])
        aside.unlink(missing_ok=True)
        with pytest.warns(TornLineWarning, match="table.jsonl:3"):
            assert table.read() == two
        with pytest.warns(TornLineWarning, match="torn"):
            table.append([last])
        assert table.path.read_bytes() == whole
        assert aside.read_bytes() == whole[start:end] + b"\n"


@pytest.mark.parametrize("missing", [0, 1])
def test_a_row_that_is_whole_loses_nothing(tmp_path: Path, missing: int) -> None:
    """Cut before its line end, a row still counts, nothing is warned of, and the next row gets a line of its own."""
    table = answers_table(tmp_path)
    table.append(answers(2))
    table.path.write_bytes(table.path.read_bytes()[: -missing or None])
    assert table.read() == answers(2)
    table.append(answers(1))
    assert table.read() == answers(2) + answers(1)
    assert [path.name for path in tmp_path.iterdir()] == ["table.jsonl"]


def test_a_long_torn_row_is_moved_whole(tmp_path: Path) -> None:
    """A tail of many blocks is found from its beginning, whether other rows stand before it or not."""
    long = answers(1, text="\u00e9" * 200_000)
    for before in ([], answers(2)):
        table = answers_table(tmp_path / str(len(before)))
        table.append([*before, *long])
        table.path.write_bytes(table.path.read_bytes()[:-10])
        with pytest.warns(TornLineWarning):
            table.append(answers(1))
        assert table.read() == before + answers(1)
        torn = table.path.with_name("table.jsonl.torn").read_bytes()
        assert len(torn) > 400_000


WRITER = """
import sys
from pathlib import Path
from judgebench.tables.records import Answer
from judgebench.tables.store import Table
table, name = Table(Path(sys.argv[1]), Answer), sys.argv[2]
for number in range(300):
    if number == 10:
        print("begun", flush=True)
        sys.stdin.readline()
    text = name * (1 + 997 * number % 9000)
    about = {"question_set": "s", "question_id": "q", "question_digest": "d", "model": name}
    table.append([Answer(id=str(number), turns=(text,), **about)])
"""


@contextmanager
def writers(table: Table[Answer], names: str) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that write ten rows each, say so, and write 290 more as soon as a line is sent to them."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    made = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(table.path), name], env=environment(), text=True, **pipes)
        for name in names
    ]
    try:
        yield made
    finally:
        for process in made:
            wait_for_end(process)


def test_two_writers_do_not_interleave(tmp_path: Path) -> None:
    """Two processes append 300 rows each at the same time: all 600 are whole, each writer's in its order."""
    table = answers_table(tmp_path)
    with writers(table, "ab") as both:
        assert [first_line(process) for process in both] == ["begun", "begun"]
        for process in both:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
    assert [process.returncode for process in both] == [0, 0]
    rows = table.read()
    for name in "ab":
        assert [row.id for row in rows if row.model == name] == [str(number) for number in range(300)]
    assert all(set(row.turns[0]) == {row.model} for row in rows)
    assert sum(1 for _ in itertools.groupby(rows, key=lambda row: row.model)) > 2  # the first ten of each come first


def test_two_runs_at_the_same_time_leave_a_table_in_order(tmp_path: Path) -> None:
    """The same command started twice at once may ask twice, but no row is torn, and a third run has nothing to do."""
    workspace = make_workspace(tmp_path / "workspace", QUESTIONS)
    with chat_server(tmp_path / "server", latency=0.02) as server:
        arguments = (workspace, *GET_ANSWERS)
        with started(*arguments, url=server.url) as one, started(*arguments, url=server.url) as other:
            said = [wait_for_end(process) for process in (one, other)]
            assert [process.returncode for process in (one, other)] == [0, 0], said
        calls = len(server.calls())
        assert "all 40 are there already" in judgebench(workspace, *GET_ANSWERS, url=server.url).stderr
        assert len(server.calls()) == calls
    rows = workspace.answers("small", "me").read()
    assert len(rows) == calls
    assert {row.question_id for row in rows} == {question.id for question in QUESTIONS}
