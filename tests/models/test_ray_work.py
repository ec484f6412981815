"""How many replicas a cluster gets, and who answers what: without Ray."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from models import tiny
from servers.running import environment, make_workspace

from judgebench.errors import UsageError
from judgebench.models import Options, Request
from judgebench.models.hf import HFModel
from judgebench.models.ray_engine import RayModel
from judgebench.models.ray_engine.replica import Inbox
from judgebench.models.ray_engine.shapes import Node, Shape, shape
from judgebench.models.ray_engine.work import Work
from judgebench.tables.records import Question, Sampling


def request(text: str = "Hi") -> Request:
    """A request of one turn."""
    return Request((text,), Sampling())


def node(cpus: int, gpus: int = 0) -> Node:
    """A machine."""
    return Node("id", "name", cpus, gpus)


def indexes(taken: list[tuple[int, Request]]) -> list[int]:
    """Which requests were handed out."""
    return [index for index, _ in taken]


@pytest.mark.parametrize(
    ("nodes", "replicas", "device", "expected"),
    [
        ([node(16, 4), node(16, 4)], None, "auto", Shape(8, 0, 1)),
        ([node(16, 4), node(16, 4)], 3, "cuda", Shape(3, 0, 1)),
        ([node(16, 4), node(8)], None, "auto", Shape(4, 0, 1)),
        ([node(16, 4), node(16, 4)], None, "spread", Shape(2, 0, 4)),
        ([node(16, 4), node(16, 4)], 4, "spread", Shape(4, 0, 2)),
        ([node(16, 4), node(16, 4)], 1, "spread", Shape(1, 0, 4)),
        ([node(16, 4), node(8, 4)], None, "cpu", Shape(2, 8, 0)),
        ([node(8), node(16), node(0)], None, "auto", Shape(2, 8, 0)),
        ([node(2)], 2, "auto", Shape(2, 1, 0)),
        ([node(8), node(8)], 3, "auto", Shape(3, 4, 0)),
        ([node(1)], 4, "auto", Shape(4, 1, 0)),
    ],
)
def test_a_replica_has_a_gpu_or_its_share_of_cores(
    nodes: list[Node], replicas: int | None, device: str, expected: Shape
) -> None:
    """One per GPU, or over as many as `spread` has for each; without GPUs one per node, with all of its cores."""
    assert shape(nodes, replicas, device) == expected


def test_a_holder_gets_its_share_and_no_more_than_it_can_hold() -> None:
    """Much left: as many as it may hold; little left: a share, so that the others have something too."""
    work = Work([request() for _ in range(20)])
    assert len(work.take("a", 8, 2)) == 8
    assert work.take("a", 8, 2) == []
    assert len(work.take("b", 8, 2)) == 6
    assert len(work.take("b", 8, 2)) == 2
    assert len(work.take("c", 8, 1)) == 4


def test_the_longest_prompts_go_first() -> None:
    """What comes last is soon done."""
    work = Work([request("a"), request("aaa"), request("aa")])
    assert indexes(work.take("a", 3, 1)) == [1, 2, 0]


def test_there_is_work_until_the_last_is_answered() -> None:
    """What is held counts as well as what waits."""
    work = Work([request(), request()])
    work.take("a", 2, 1)
    work.done("a", 0)
    assert work
    work.done("a", 1)
    assert not work


def test_what_a_dead_holder_held_is_handed_out_again() -> None:
    """All but what it had answered."""
    work = Work([request() for _ in range(4)])
    work.take("a", 3, 1)
    work.done("a", 0)
    assert work.lost("a") == []
    assert sorted(indexes(work.take("b", 9, 1))) == [1, 2, 3]


def test_a_request_that_kills_takes_no_other_with_it() -> None:
    """After two deaths a request is tried once more, alone; the third gives it up, and the others are answered."""
    work, answered, given_up = Work([request() for _ in range(4)]), set[int](), list[int]()
    for holder in range(100):
        if not work:
            break
        while taken := indexes(work.take(holder, 9, 1)):
            if 2 in taken:
                given_up += work.lost(holder)
                break
            for index in taken:
                work.done(holder, index)
                answered.add(index)
    assert given_up == [2]
    assert answered == {0, 1, 3}


def test_who_tries_a_request_for_the_last_time_gets_no_other() -> None:
    """Neither with it nor after it."""
    work = Work([request(), request()])
    for holder in ("a", "b"):
        work.take(holder, 1, 2)
        work.lost(holder)
    assert indexes(work.take("c", 9, 1)) == [1]
    work.done("c", 1)
    assert indexes(work.take("c", 9, 1)) == [0]
    assert work.take("c", 9, 1) == []


def test_an_inbox_goes_on_after_it_was_empty() -> None:
    """An engine that asks for more, again and again, gets what has come since."""
    inbox = Inbox()
    inbox.put([(0, request()), (1, request())])
    inbox.wait()
    assert indexes(list(inbox)) == [0, 1]
    assert list(inbox) == []
    inbox.put([(2, request())])
    assert indexes(list(inbox)) == [2]


def test_address_and_replicas_are_for_ray() -> None:
    """Given without it, they would be ignored in silence."""
    with pytest.raises(UsageError, match="--engine ray"):
        Options(address="10.0.0.1:6379")
    with pytest.raises(UsageError, match="--engine ray"):
        Options(replicas=2)


def test_a_replica_has_no_choice_of_gpus() -> None:
    """Ray gives each its own."""
    with pytest.raises(UsageError, match="write --device cuda"):
        RayModel("./c", Options(engine="ray", device="cuda:1"))


WITHOUT_RAY = "import sys; sys.modules['ray'] = None; from judgebench.cli import main; main()"
ASKING = ("get-answers", "--questions", "small", "--model", "me=hf:{}", "--engine", "ray")


@pytest.fixture
def asking(tmp_path: Path) -> list[str]:
    """A command without its beginning: one question, and files that pass for a checkpoint until they are loaded."""
    workspace = make_workspace(tmp_path / "workspace", [Question(id="1", category="small", turns=("Hi",))])
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    return ["-C", str(workspace.root), *(word.format(folder) for word in ASKING)]


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run Python to its end."""
    return subprocess.run([sys.executable, *words], env=environment(), capture_output=True, text=True, check=False)


def test_without_ray_one_line_says_what_to_install(asking: list[str]) -> None:
    """The extra's name."""
    done = run("-c", WITHOUT_RAY, *asking)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "judgebench: --engine ray needs Ray: pip install 'judgebench[ray]'"


def test_an_address_where_nobody_listens_is_told_at_once(asking: list[str], nobody: str) -> None:
    """And one that is none, with status 2."""
    refused = run("-m", "judgebench", *asking, "--address", nobody)
    assert (refused.returncode, f"nobody listens at {nobody}" in refused.stderr) == (1, True)
    for wrong in ("ray://127.0.0.1:10001", "head", "head:port", "head:70000"):
        none = run("-m", "judgebench", *asking, "--address", wrong)
        assert (none.returncode, f"{wrong} is no address" in none.stderr) == (2, True)


def test_a_dry_run_joins_no_cluster(asking: list[str], nobody: str) -> None:
    """What would be asked is known without."""
    done = run("-c", WITHOUT_RAY, *asking, "--address", nobody, "--dry-run")
    assert done.returncode == 0
    assert "calls     1" in done.stdout


class Trickle:
    """Requests with pauses between them."""

    def __init__(self, *steps: tuple[int, Request] | None) -> None:
        self._steps = list(steps)

    def __iter__(self) -> "Trickle":
        return self

    def __next__(self) -> tuple[int, Request]:
        step = self._steps.pop(0) if self._steps else None
        if step is None:
            raise StopIteration
        return step


@pytest.mark.skipif(find_spec("torch") is None, reason="hf: models need the extra `local`")
def test_requests_may_come_while_others_are_answered(tmp_path: Path) -> None:
    """The batch takes them in as it goes, and says of each what it says where all are there from the start."""
    model = HFModel(str(tiny.checkpoint(tmp_path / "tiny")), Options(device="cpu", batch_size=2, keep=True))
    several = [Request((text,), Sampling(1.0, 20)) for text in ("hello world", "what is", "a question ?")]
    first, second, third = enumerate(several)
    trickled = list(model.stream(Trickle(first, None, second, None, None, third)))
    together = list(model.generate(several))
    assert model.batch_size() == 2
    assert {reply.index: reply.completions[0].text for reply in trickled} == {
        reply.index: reply.completions[0].text for reply in together
    }
