"""How long a judge's reply may be, and a judge whose thinking takes all of it; through the real command."""

from pathlib import Path

import pytest
from servers.endpoints import ENDPOINTS
from servers.running import chat_server, judgebench, make_workspace

from judgebench.tables.records import Question
from judgebench.workspace import Workspace

REVIEW = ("review", "--questions", "small", "--judge", "openai:m", "--mode", "single")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Three questions, answered by a model."""
    questions = [Question(id=str(number), category="c", turns=(f"What is {number}?",)) for number in range(3)]
    return make_workspace(tmp_path / "workspace", questions, {"a": [[f"a {number}"] for number in range(3)]})


def test_a_judge_that_only_thinks_costs_one_call_a_row(tmp_path: Path, workspace: Workspace) -> None:
    """No repair could help; the error says what to raise, and what was thought is kept."""
    with chat_server(tmp_path / "server", **ENDPOINTS["thinks until its limit"]) as server:
        for runs in (1, 2):
            done = judgebench(workspace, *REVIEW, url=server.url)
            assert done.returncode == 1
            assert "--judge-max-tokens" in done.stderr.splitlines()[-1]
            assert len(server.calls()) == 3 * runs
    rows = workspace.reviews("small", "openai:m").read()
    assert [row.error.kind if row.error else None for row in rows] == ["cut"] * 6
    assert all(row.extra["reasoning"].startswith("Let me think") for row in rows)


def test_the_limit_is_part_of_what_a_review_is_where_it_is_another(tmp_path: Path, workspace: Workspace) -> None:
    """What was judged by the usual limit stays; a longer one is sent, and is other work."""
    with chat_server(tmp_path / "server", default="Rating: [[7]]") as server:
        for arguments, calls in (
            ((), 3),
            (("--judge-max-tokens", "2048"), 3),
            (("--judge-max-tokens", "9000"), 6),
            ((), 6),
        ):
            assert judgebench(workspace, *REVIEW, *arguments, url=server.url).returncode == 0
            assert len(server.calls()) == calls
        limits = [call["parameters"]["max_tokens"] for call in server.calls()]
        assert limits == [2048] * 3 + [9000] * 3
        asked = ("--baseline", "a", "--candidate", "a=openai:a", "--no-canaries", "--judge-max-tokens", "0")
        refused = judgebench(
            workspace, "compare", "--questions", "small", *asked, "--judge", "openai:m", url=server.url
        )
        assert refused.returncode == 2
    sampled = [row.sampling.max_tokens for row in workspace.reviews("small", "openai:m").read() if row.sampling]
    assert sampled == [2048] * 3 + [9000] * 3 + [2048] * 3


def test_the_limit_reaches_canaries_and_attacks(tmp_path: Path, workspace: Workspace) -> None:
    """Of `compare` and `audit`."""
    with chat_server(tmp_path / "server", default="[[C]]") as server:
        long = ("--judge", "openai:m", "--judge-max-tokens", "9000", "--questions", "small")
        compared = judgebench(
            workspace, "compare", *long, "--baseline", "a", "--candidate", "b=openai:b", url=server.url
        )
        assert compared.returncode == 5
        assert (
            judgebench(workspace, "audit", *long, "--sample", "1", "--mode", "pairwise", url=server.url).returncode == 0
        )
        assert {call["parameters"]["max_tokens"] for call in server.calls()} == {9000}
