"""Money, through the real command: the quote before, the limit meanwhile, the bill after."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from servers.endpoints import ENDPOINTS, changed
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


def test_a_quote_has_what_an_earlier_run_left_to_ask(tmp_path: Path, workspace: Workspace) -> None:
    """Of replies without a verdict, whose repair failed: the repairs, which send the replies along."""
    asked = (*JUDGED, *PRICE, "--limit", "2", "--tries", "1")
    fault = changed("one request breaks it", match="No verdict could be read")
    with chat_server(tmp_path / "server", default="So it is. " * 200, **fault) as server:
        before = judgebench(workspace, *asked, "--dry-run", url=server.url).stdout
        assert judgebench(workspace, *asked, url=server.url).returncode == 1
        assert len(server.calls()) == 4 + 4
        after = judgebench(workspace, *asked, "--dry-run", url=server.url).stdout
    counted = [re.search(r"calls     4\ntokens    about ([\d,]+) in", quote) for quote in (before, after)]
    first, second = (int(found[1].replace(",", "")) for found in counted if found)
    assert second > first + 4 * 450


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


@pytest.mark.parametrize("parallel", [1, 3])
def test_an_endpoint_that_keeps_to_no_limit_gets_no_further_call(
    tmp_path: Path, workspace: Workspace, parallel: int
) -> None:
    """Once the limit is passed, only what was on its way is finished: its rows are there, and its bill."""
    with chat_server(tmp_path / "server", default="Fine.\n[[A]]", **ENDPOINTS["more tokens than allowed"]) as server:
        asked = (*JUDGED, "--price", "10/100", "--max-cost", "20", "--parallel", str(parallel))
        done = judgebench(workspace, *asked, url=server.url)
        assert done.returncode == 1
        assert 4 <= len(server.calls()) <= 3 + parallel
        assert f"stopped when --max-cost $20 was passed: ${len(server.calls()) * 5}" in done.stderr
        assert "calls without usage" not in done.stderr
    (table,) = workspace.root.glob("reviews/*/*.jsonl")
    assert table.read_bytes().count(b"\n") == len(server.calls())


@pytest.mark.parametrize("query", ["n=50", "max_tokens=-1", "max_tokens=null", "model=gpt-5-pro", "best_of=20", "x=1"])
def test_a_spec_that_could_break_the_limit_is_refused(tmp_path: Path, workspace: Workspace, query: str) -> None:
    """Before any call, with what to leave out."""
    with chat_server(tmp_path / "server", default="Fine.\n[[A]]") as server:
        judged = ("review", "--questions", "small", "--judge", f"openai:gpt-4?{query}", *PRICE, "--max-cost", "1")
        refused = judgebench(workspace, *judged, url=server.url)
        assert refused.returncode == 2
        assert query.partition("=")[0] in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
        assert server.calls() == []


def test_a_quote_knows_what_stands_in_the_spec(tmp_path: Path, workspace: Workspace) -> None:
    """A longer limit of replies is in it; where a parameter may cost anything, no bound is claimed."""

    def cost(query: str) -> str:
        judged = ("review", "--questions", "small", "--judge", f"openai:gpt-4{query}", *PRICE, "--dry-run")
        return judgebench(workspace, *judged, url="http://127.0.0.1:9/v1").stdout.splitlines()[-1]

    assert re.search(r"at most \$64\.\d\d \(without retries\)", cost("?max_tokens=100000"))
    assert re.search(r"at most \$64\.\d\d \(without retries\)", cost("?max_completion_tokens=100000"))
    assert cost("?max_tokens=10").startswith("cost      about $0.0")
    assert cost("?best_of=20").endswith("nobody knows how much at most: a parameter of a spec may make calls dearer")


def test_a_limit_in_the_spec_is_the_one_that_counts(tmp_path: Path, workspace: Workspace) -> None:
    """A run with long replies allowed sets more aside for each, so that it stops sooner, and never too late."""
    with chat_server(tmp_path / "server", default="word " * 3000 + "\n[[A]]") as server:
        judged = ("review", "--questions", "small", "--judge", "openai:gpt-4?max_tokens=4000", *PRICE)
        stopped = judgebench(workspace, *judged, "--max-cost", "0.1", url=server.url)
        assert stopped.returncode == 1
        asked, said = server.usage()
        assert 0 < 2 * asked + 8 * said <= 100_000
        assert {call["parameters"].get("max_tokens") for call in server.calls()} == {4000}


@pytest.mark.parametrize("name", ["negative usage", "brackets without end"])
def test_what_cannot_be_billed_or_read_is_a_rows_error(tmp_path: Path, workspace: Workspace, name: str) -> None:
    """What was said is kept; no bill is negative, and the limit takes each such call for the most."""
    asked = (*JUDGED, *PRICE, "--tries", "1", "--give-up", "5", "--max-cost", "1", "--limit", "5")
    fault = changed(name, match="What is 3?")
    with chat_server(tmp_path / "server", default="Fine.\n[[A]]", **fault) as server:
        done = judgebench(workspace, *asked, url=server.url)
        assert done.returncode == 0, done.stderr
        assert "$-" not in done.stderr
        assert "-$" not in done.stderr
        assert "not in the bill: 2 that the endpoint gave no usage for" in done.stderr
        assert len(server.calls()) >= 10
    rows = workspace.reviews("small", "openai:gpt-4").read()
    odd = [row for row in rows if row.question_id == "3"]
    assert (len(rows), len(odd)) == (10, 2)
    assert all(row.error and row.usage is None for row in odd)
    assert all(row.reply == "Fine.\n[[A]]" for row in odd) or name != "negative usage"
    assert all(row.verdict and row.usage for row in rows if row not in odd)
