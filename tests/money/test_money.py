"""Money, through the real command: the quote before, the limit meanwhile, the bill after."""

from dataclasses import replace
from pathlib import Path

import pytest
from servers.running import chat_server, judgebench, make_workspace

from judgebench.tables.records import Question
from judgebench.workspace import Workspace

JUDGED = ("review", "--questions", "small", "--judge", "openai:gpt-4")
PRICE = ("--price", "2/8")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Forty questions, answered by two models."""
    questions = [Question(id=str(number), category="c", turns=(f"What is {number}?",)) for number in range(40)]
    answers = {name: [[f"{name} {number}"] for number in range(40)] for name in ("a", "b")}
    return make_workspace(tmp_path / "workspace", questions, answers)


def test_a_dry_run_asks_nothing_and_writes_nothing(tmp_path: Path, workspace: Workspace) -> None:
    """It prints matches, calls, tokens and cost; an unknown price is said; the embedded judge is free."""
    with chat_server(tmp_path / "server") as server:
        unknown = judgebench(workspace, *JUDGED, "--dry-run", url=server.url)
        assert (unknown.returncode, unknown.stderr) == (0, "")
        assert unknown.stdout.startswith("matches   80, of which 0 need no call\ncalls     80\ntokens    about ")
        assert "cost      unknown: give --price" in unknown.stdout
        known = judgebench(workspace, *JUDGED, *PRICE, "--dry-run", url=server.url)
        assert "cost      about $0." in known.stdout
        ours = judgebench(workspace, *JUDGED[:-1], "embedded", "--dry-run", url=server.url)
        assert ours.stdout == "matches   80, of which 80 need no call\ncalls     0\ncost      $0\n"
        asked = ("get-answers", "--questions", "small", "--model", "c=openai:x", "--dry-run", *PRICE)
        assert judgebench(workspace, *asked, url=server.url).stdout.startswith("answers   40, of which 0 need no call")
        assert server.calls() == []
    assert not list(workspace.root.glob("reviews/*/*.jsonl"))
    assert len(list(workspace.root.glob("answers/*/*.jsonl"))) == 2


def test_a_dry_run_leaves_a_table_as_it_is(workspace: Workspace) -> None:
    """Also where answers were made again with the same text: only a real run writes their reviews anew, for nothing."""
    judged = ("review", "--questions", "small", "--judge", "embedded")
    assert judgebench(workspace, *judged).returncode == 0
    for model in ("a", "b"):
        table = workspace.answers("small", model)
        table.append([replace(row, id=f"{row.id}-again") for row in table.read()])
    path = workspace.reviews("small", "embedded").path
    before = path.read_bytes()
    assert judgebench(workspace, *judged, "--dry-run").returncode == 0
    assert path.read_bytes() == before
    assert judgebench(workspace, *judged).returncode == 0
    assert {answer for row in workspace.reviews("small", "embedded").read()[80:] for answer in row.answer_ids} == {
        row.id for model in ("a", "b") for row in workspace.answers("small", model).read()[40:]
    }


def test_a_run_stops_before_its_limit_and_goes_on(tmp_path: Path, workspace: Workspace) -> None:
    """With status 1, a line that says so, and a bill; the rows that were paid for are there."""
    with chat_server(tmp_path / "server", default="Fine.\n[[A]]") as server:
        refused = judgebench(workspace, *JUDGED, "--max-cost", "1", url=server.url)
        assert (refused.returncode, server.calls()) == (2, [])
        assert "--max-cost needs the price: give --price" in refused.stderr
        stopped = judgebench(workspace, *JUDGED, *PRICE, "--max-cost", "0.03", url=server.url)
        made = len(server.calls())
        assert stopped.returncode == 1
        assert 0 < made < 80
        assert f"spent, {80 - made} of 80 left; run again with more" in stopped.stderr
        assert f": {made} calls, " in stopped.stderr
        assert len(workspace.reviews("small", "openai:gpt-4").read()) == made
        rest = judgebench(workspace, *JUDGED, *PRICE, url=server.url)
        assert rest.returncode == 0
        assert f"matches   80, of which {made} need no call" in rest.stderr
        assert len(server.calls()) == 80
