"""`openai:` against a proxy that isn't ours: LiteLLM's, in front of the tests' own judge, on the loopback."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from servers.endpoints import ENDPOINTS
from servers.judge_server import judge_server
from servers.others import served
from servers.running import ChatServer, environment, judgebench, make_workspace

from judgebench.tables.records import Question
from judgebench.workspace import Workspace

PROGRAM = shutil.which("litellm", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
KEY = "sk-lite-0123456789abcdef"
QUESTIONS = [Question(id=str(number), category="small", turns=(f"Question {number}?",)) for number in range(1, 5)]
SAID = {"one": [("GOOD",)] * 4, "two": [("bad",)] * 4}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PROGRAM, reason="LiteLLM's proxy isn't here: pip install 'litellm[proxy]' somewhere on the PATH"
    ),
]


@contextmanager
def proxy(behind: ChatServer, home: Path) -> Iterator[str]:
    """The proxy in front of a server, which it knows as `small`; its URL."""
    home.mkdir()
    small = {"model": "openai/small", "api_base": behind.url, "api_key": "sk-upstream"}
    config = {
        "model_list": [{"model_name": "small", "litellm_params": small}],
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {"master_key": KEY},
    }
    (home / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
    words = [str(PROGRAM), "--config", "config.yaml", "--host", "127.0.0.1"]
    settings = {name: value for name, value in environment().items() if name != "PYTHONPATH"}
    with served(words, settings, home, "/health/liveliness") as url:
        yield url


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The proxy in front of a good judge."""
    folder = tmp_path_factory.mktemp("proxy")
    with judge_server(folder / "judge") as server, proxy(server, folder / "home") as found:
        yield found


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Four questions and the answers of two models."""
    return make_workspace(tmp_path / "workspace", QUESTIONS, SAID)


def test_it_answers(url: str, workspace: Workspace) -> None:
    """With the tokens that the server counted."""
    asked = ("get-answers", "--questions", "small", "--model", "me=openai:small")
    done = judgebench(workspace, *asked, url=url, key=KEY)
    assert done.returncode == 0, done.stderr
    rows = workspace.answers("small", "me").read()
    assert len(rows) == 4
    assert all(row.error is None and row.turns == ("Yes.",) and row.usage for row in rows)


@pytest.mark.parametrize("by", ["text", "schema", "logprobs"])
@pytest.mark.parametrize("mode", ["pairwise", "single"])
def test_it_judges(url: str, workspace: Workspace, mode: str, by: str) -> None:
    """Every match has its verdict, in whatever way it is asked for."""
    asked = ("review", "--questions", "small", "--mode", mode, "--verdict-by", by, "--judge", "judge=openai:small")
    done = judgebench(workspace, *asked, url=url, key=KEY)
    assert done.returncode == 0, done.stderr
    rows = workspace.reviews("small", "judge").read()
    assert len(rows) == 8
    assert all(row.verdict and row.error is None for row in rows)


def test_it_compares(url: str, workspace: Workspace) -> None:
    """The better answers win, though four questions decide nothing."""
    asked = ("compare", "--questions", "small", "--baseline", "two", "--candidate", "one", "--judge", "j=openai:small")
    done = judgebench(workspace, *asked, url=url, key=KEY)
    assert "4 of 4 questions of small: 4 wins, 0 ties, 0 losses" in done.stdout, done.stderr


def test_an_unknown_model(url: str, workspace: Workspace) -> None:
    """Is a 400 there, and ends the run with its name."""
    asked = ("get-answers", "--questions", "small", "--model", "me=openai:nobody")
    done = judgebench(workspace, *asked, url=url, key=KEY)
    assert done.returncode == 1
    assert "the endpoint knows no model 'nobody' (status 400: " in done.stderr


@pytest.mark.parametrize(("name", "kind"), [("failed in the middle", "failed"), ("cut at its limit", "cut")])
def test_a_reply_that_failed_behind_it(tmp_path: Path, workspace: Workspace, name: str, kind: str) -> None:
    """Is no verdict, though the proxy calls every ending that it doesn't know a natural one."""
    folder = tmp_path / "server"
    with judge_server(folder / "judge", **ENDPOINTS[name]) as server, proxy(server, folder / "home") as found:
        asked = ("review", "--questions", "small", "--judge", "judge=openai:small")
        done = judgebench(workspace, *asked, url=found, key=KEY)
    assert done.returncode == 1, done.stderr
    assert {row.error and row.error.kind for row in workspace.reviews("small", "judge").read()} == {kind}
