"""Real clusters of two nodes on loopback: every question is answered once, whoever dies."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
from models import tiny
from servers.running import environment, judgebench, make_workspace, started
from servers.running_ray import RayCluster, ray_cluster
from servers.waiting import PATIENCE, rows_of, wait_for, wait_for_end, wait_for_rows

from judgebench.tables.records import Answer, Question
from judgebench.tables.store import Table
from judgebench.workspace import Workspace

QUESTIONS = [
    Question(
        id=str(number), category="small", turns=(f"hello {'world ' * (number % 7)} {number}", "what is a question")
    )
    for number in range(60)
]
# Drawn at a temperature, so that texts are of many lengths; and few at a time, so that there is a middle to be hit in.
SAMPLED = ("get-answers", "--questions", "small", "--max-tokens", "24", "--temperature", "1", "--batch-size", "2")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="--engine ray needs the extra `ray`"),
]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama with random weights."""
    return tiny.checkpoint(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def local(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """What the local engine answers."""
    workspace = make_workspace(tmp_path_factory.mktemp("local"), QUESTIONS)
    done = judgebench(workspace, *SAMPLED, "--model", f"me=hf:{checkpoint}")
    assert done.returncode == 0, done.stderr
    return {row.question_id: row for row in workspace.answers("small", "me").read()}


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    """A cluster for the tests that leave its nodes alive."""
    with ray_cluster() as running:
        yield running


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Questions and no answers."""
    return make_workspace(tmp_path / "workspace", QUESTIONS)


@dataclass(frozen=True)
class Running:
    """A command under way on a cluster, and the table that it writes."""

    process: "subprocess.Popen[str]"
    table: Table[Answer]

    def grow(self, by: int) -> None:
        """Wait for so many more rows."""
        wait_for_rows(self.table.path, rows_of(self.table.path) + by, self.process)

    def replicas(self, cluster: RayCluster, *nodes: str) -> list[psutil.Process]:
        """The replica of each node, as soon as there is one."""
        found = [
            wait_for(f"a replica on {node}", partial(cluster.replicas, node), process=self.process) for node in nodes
        ]
        return [replica for (replica,) in found]

    def end(self) -> str:
        """Wait for its end; what it said on stderr."""
        said = wait_for_end(self.process)
        assert "Traceback" not in said
        return said


@contextmanager
def running(workspace: Workspace, checkpoint: Path, *more: str) -> Iterator[Running]:
    """Start a command; it is killed where a test fails."""
    words = (*SAMPLED, "--model", f"me=hf:{checkpoint}", "--engine", "ray", *more)
    with started(workspace, *words) as process:
        yield Running(process, workspace.answers("small", "me"))


def have_ended(processes: Sequence[psutil.Process]) -> None:
    """They end by themselves."""
    _, left = psutil.wait_procs(processes, timeout=PATIENCE)
    assert left == []


def each_is_answered_once(run: Running, local: dict[str, Answer]) -> None:
    """All questions are, with the words, identities and ids of the local engine's answers."""
    rows = run.table.read()
    assert Counter(row.question_id for row in rows) == Counter(question.id for question in QUESTIONS)
    assert {row.question_id: (row.id, row.turns, row.error) for row in rows} == {
        name: (row.id, row.turns, None) for name, row in local.items()
    }
    assert all(row.provenance == local[row.question_id].provenance for row in rows)


def test_both_nodes_answer_what_one_would(
    workspace: Workspace, checkpoint: Path, cluster: RayCluster, local: dict[str, Answer]
) -> None:
    """While the replica of either node is stopped, rows come from the other; the texts are the local engine's."""
    with running(workspace, checkpoint, "--address", cluster.address) as run:
        both = run.replicas(cluster, "one", "two")
        run.grow(1)
        for stopped in both:
            stopped.suspend()
            try:
                run.grow(12)  # more than could be on their way from the one that is stopped
            finally:
                stopped.resume()
        run.end()
        assert run.process.returncode == 0
        each_is_answered_once(run, local)
    done = judgebench(workspace, *SAMPLED, "--model", f"me=hf:{checkpoint}")
    assert f"all {len(QUESTIONS)} are there already" in done.stderr


def test_a_replica_that_is_killed_costs_a_retry(
    workspace: Workspace, checkpoint: Path, cluster: RayCluster, local: dict[str, Answer]
) -> None:
    """What it had not answered is asked of the other or of the one in its place; nothing is lost, nothing is twice."""
    with running(workspace, checkpoint, "--address", cluster.address) as run:
        (killed,) = run.replicas(cluster, "two")
        run.grow(5)
        killed.kill()
        said = run.end()
        assert run.process.returncode == 0
        assert "ray" not in said.lower()
        each_is_answered_once(run, local)


def test_a_node_that_is_lost_costs_a_retry(workspace: Workspace, checkpoint: Path, local: dict[str, Answer]) -> None:
    """The other node answers what the lost one had not."""
    with ray_cluster() as own, running(workspace, checkpoint, "--address", own.address) as run:
        run.replicas(own, "two")
        run.grow(5)
        own.lose("two")
        run.end()
        assert run.process.returncode == 0
        each_is_answered_once(run, local)


def test_without_any_node_the_rows_stay(workspace: Workspace, checkpoint: Path, local: dict[str, Answer]) -> None:
    """All nodes lost: one line that says so, status 1; the next run, here, does the rest."""
    with ray_cluster() as own, running(workspace, checkpoint, "--address", own.address) as run:
        run.grow(5)
        for node in own.raylets:
            own.lose(node)
        said = run.end()
        assert run.process.returncode == 1
        last = said.splitlines()[-1]  # which of the two depends on what the cluster has noticed by then
        assert "no node of the Ray cluster has 1 CPU core" in last or "replicas died and nothing was answered" in last
        assert 5 <= rows_of(run.table.path) < len(QUESTIONS)
        assert judgebench(workspace, *SAMPLED, "--model", f"me=hf:{checkpoint}").returncode == 0
        each_is_answered_once(run, local)


def test_ctrl_c_ends_the_replicas(workspace: Workspace, checkpoint: Path, cluster: RayCluster) -> None:
    """One line that says how to go on, the finished rows are kept, and the cluster is as it was before."""
    with running(workspace, checkpoint, "--address", cluster.address) as run:
        run.grow(5)
        replicas = [*cluster.replicas("one"), *cluster.replicas("two")]
        run.process.send_signal(signal.SIGINT)
        said = run.end()
        assert run.process.returncode == 1
        assert said.splitlines()[-1] == "judgebench: stopped; what was done is kept: run the same command to go on"
        assert 5 <= len(run.table.read()) < len(QUESTIONS)
        have_ended(replicas)


def test_a_killed_command_leaves_no_replica(workspace: Workspace, checkpoint: Path, cluster: RayCluster) -> None:
    """The cluster sees that nobody waits for them any more."""
    with running(workspace, checkpoint, "--address", cluster.address) as run:
        run.grow(1)
        replicas = [*cluster.replicas("one"), *cluster.replicas("two")]
        run.process.kill()
        have_ended(replicas)


def test_what_cannot_be_loaded_is_one_line(
    workspace: Workspace, checkpoint: Path, cluster: RayCluster, tmp_path: Path
) -> None:
    """A checkpoint without a template ends the run as it does here, with the node's name."""
    bare = tiny.checkpoint(tmp_path / "bare", template=None)
    with running(workspace, bare, "--address", cluster.address) as run:
        last = run.end().splitlines()[-1]
        assert run.process.returncode == 2
        assert last.startswith(f"judgebench: {bare} has no chat template")
        assert last.endswith((" on node one", " on node two"))


OTHER = """
import sys
from judgebench.errors import JudgebenchError
from judgebench.models import Options, Request
from judgebench.models.ray_engine.fleet import Fleet
from judgebench.tables.records import Sampling
target, address = sys.argv[1:]
fleet = Fleet(target, Options(engine="ray", address=address), {"weights": "another"})
try:
    list(fleet.answer([Request(("Hi",), Sampling())]))
except JudgebenchError as error:
    print(error)
"""


def test_another_checkpoint_on_a_node_is_refused(checkpoint: Path, cluster: RayCluster) -> None:
    """Rows are stored under the identity of the one that the command sees: a stale copy on a node must not answer."""
    words = [sys.executable, "-c", OTHER, str(checkpoint), cluster.address]
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=True)
    assert f"{checkpoint} is another checkpoint than here: copy it anew on node " in done.stdout


def _listening(process: psutil.Process) -> set[str]:
    """The addresses on which a process and all that it started can be reached."""
    everyone = [process, *process.children(recursive=True)]
    open_ones = [connection for each in everyone for connection in each.net_connections("inet")]
    return {connection.laddr.ip for connection in open_ones if connection.status == psutil.CONN_LISTEN}


def test_on_one_machine_ray_is_started_and_ended(
    workspace: Workspace, checkpoint: Path, local: dict[str, Answer]
) -> None:
    """Without an address there is a Ray for this run alone: two replicas, on loopback, and nothing left at the end."""
    with running(workspace, checkpoint, "--replicas", "2") as run:
        run.grow(1)
        command = psutil.Process(run.process.pid)
        processes = command.children(recursive=True)
        names = [" ".join(process.cmdline()) for process in processes if process.is_running()]
        assert sum(name.startswith("ray::Replica") for name in names) == 2
        assert _listening(command) <= {"127.0.0.1", "::ffff:127.0.0.1"}
        run.end()
        assert run.process.returncode == 0
        each_is_answered_once(run, local)
        have_ended(processes)
