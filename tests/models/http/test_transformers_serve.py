"""`openai:` against a server that isn't ours: `transformers serve` on the small checkpoint, on the loopback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from servers import others
from servers.running import KEY, environment, judgebench, make_workspace
from servers.waiting import WHOLE

from judgebench.models import Options, Request
from judgebench.models.hf import HFModel
from judgebench.models.http.openai_api import OpenAIModel
from judgebench.tables.records import Question, Sampling
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

pytestmark = [
    pytest.mark.slow,
    pytest.mark.checkpoint,
    pytest.mark.skipif(
        not all(find_spec(name) for name in ("transformers", "fastapi", "uvicorn")),
        reason="`transformers serve` isn't here: pip install 'transformers[serving]'",
    ),
]
QUESTIONS = [
    Question(id="capital", category="small", turns=("What is the capital of France?", "And of Italy?")),
    Question(id="hello", category="small", turns=("Say hello.",)),
]
ANSWERS = ("get-answers", "--questions", "small", "--max-tokens", "16", "--model")


@contextmanager
def served(checkpoint: Path, home: Path) -> Iterator[str]:
    """The server on a checkpoint; its URL. It wants a folder for the Hub's cache, if an empty one."""
    (home / "hub").mkdir(parents=True)
    words = ["serve", str(checkpoint), "--host", "127.0.0.1", "--device", "cpu", "--dtype", "float32"]
    settings = environment() | {"HF_HOME": str(home), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    program = Path(sys.executable).with_name("transformers")
    with others.served([str(program), *words], settings, home, "/health") as url:
        yield url


@pytest.fixture(scope="module")
def url(checkpoint_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the small checkpoint is served."""
    with served(checkpoint_folder, tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with two questions, one of them of two turns."""
    return make_workspace(tmp_path / "workspace", QUESTIONS)


def test_answers_are_those_of_the_checkpoint_itself(url: str, checkpoint_folder: Path, workspace: Workspace) -> None:
    """Greedy, in float32, by HTTP and by `hf:`: the same words; and a second run asks nothing."""
    served_by, local = f"served=openai:{checkpoint_folder}", f"local=hf:{checkpoint_folder}"
    done = judgebench(workspace, *ANSWERS, served_by, "--model", local, "--dtype", "float32", url=url)
    assert done.returncode == 0, done.stderr
    rows = {row.question_id: row for row in workspace.answers("small", "served").read()}
    assert {name: row.turns for name, row in rows.items()} == {
        row.question_id: row.turns for row in workspace.answers("small", "local").read()
    }
    assert "Paris" in rows["capital"].turns[0]
    assert all(row.error is None and row.usage and row.usage.completion_tokens for row in rows.values())
    again = judgebench(workspace, *ANSWERS, served_by, url=url)
    assert "all 2 are there already" in again.stderr


def test_it_judges(url: str, checkpoint_folder: Path, tmp_path: Path) -> None:
    """Each match is a row with the judge's words, which end at its limit before any verdict: nothing came of it."""
    said = {"one": [("Hello!",)], "two": [("Goodbye!",)]}
    workspace = make_workspace(tmp_path / "workspace", QUESTIONS[1:], said)
    judge = f"judge=openai:{checkpoint_folder}?max_tokens=4"
    asked = ("review", "--questions", "small", "--judge", judge, "--parallel", "1", "--timeout", str(WHOLE))
    done = judgebench(workspace, *asked, url=url)
    assert done.returncode == 1, done.stderr
    assert "2 cut: the reply was cut at the judge's limit" in done.stderr
    rows = in_force(workspace.reviews("small", "judge").read()).values()
    assert len(rows) == 2  # in both orders
    assert {(row.verdict, row.error and row.error.kind, row.finish_reason) for row in rows} == {(None, "cut", "length")}
    assert all(row.reply for row in rows)


def test_what_it_says_of_itself(url: str, checkpoint_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply names the model that served it, and why it ended."""
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    asked = [Request(("Count to a hundred.",), Sampling(max_tokens=5))]
    (reply,) = OpenAIModel(str(checkpoint_folder)).generate(asked)
    (local,) = HFModel(str(checkpoint_folder), Options(dtype="float32")).generate(asked)
    assert reply.completions[0].served_by
    assert (reply.completions[0].finish_reason, reply.usage) == (local.completions[0].finish_reason, local.usage)
