"""How commands end that ask models: nothing came of it, a part failed, one of several is out of reach."""

from pathlib import Path

import pytest
from servers.endpoints import ENDPOINTS
from servers.running import chat_server, judgebench, make_workspace

from judgebench.tables.records import Answer, Failure, Question, Review
from judgebench.tables.tally import Tally
from judgebench.workspace import Workspace

REFUSED = {"do": "status", "status": 400, "error": {"message": "I am no judge"}}
ONE_REFUSED = REFUSED | {"match": "What is 3?"}
FAST = ("--tries", "1", "--give-up", "0")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Five questions, answered by two models."""
    questions = [Question(id=str(number), category="c", turns=(f"What is {number}?",)) for number in range(5)]
    answers = {name: [[f"{name} {number}"] for number in range(5)] for name in ("a", "b")}
    return make_workspace(tmp_path / "workspace", questions, answers)


def test_nothing_came_of_any_call(tmp_path: Path, workspace: Workspace) -> None:
    """Exit 1, whatever the command, with the most frequent reason in the last line; every failure is a row."""
    with chat_server(tmp_path / "server", faults=[REFUSED]) as server:
        for asked in (
            ("review", "--questions", "small", "--judge", "j=openai:m", "--mode", "single"),
            ("get-answers", "--questions", "small", "--model", "c=openai:m"),
            ("references", "generate", "--questions", "small", "--judge", "openai:m", "--category", "c"),
            ("questions", "generate", "small", "c", "--model", "openai:m", "--max-calls", "2"),
        ):
            done = judgebench(workspace, *asked, url=server.url)
            assert done.returncode == 1, asked
            last = done.stderr.splitlines()[-1]
            assert last.startswith("judgebench: nothing came of any call: "), done.stderr
            assert "failed, most often refused: " in last
            assert "I am no judge" in last
    assert len([row for row in workspace.reviews("small", "j").read() if row.error]) == 10


def test_a_part_that_failed_is_counted_with_its_reason(tmp_path: Path, workspace: Workspace) -> None:
    """Exit 0, and 1 with --strict; a second run asks for that part alone."""
    with chat_server(tmp_path / "server", default="[[A]]", faults=[ONE_REFUSED]) as server:
        asked = ("review", "--questions", "small", "--judge", "openai:m")
        done = judgebench(workspace, *asked, url=server.url)
        assert done.returncode == 0
        said = done.stderr.splitlines()
        assert "pairwise reviews by openai:m: 8 done, 2 failed (refused 2); 0 were there already" in said
        assert any(line.startswith("pairwise reviews by openai:m: 2 refused: ") and "no judge" in line for line in said)
        strict = judgebench(workspace, *asked, "--strict", "--model", "a", "--model", "b", url=server.url)
        assert strict.returncode == 1
        assert strict.stderr.splitlines()[-1].startswith("judgebench: nothing came of any call: 2 failed")
        assert len(server.calls()) == 12
        answers = judgebench(
            workspace, "get-answers", "--questions", "small", "--model", "c=openai:m", "--strict", url=server.url
        )
        assert answers.returncode == 1
        assert answers.stderr.splitlines()[-1] == "judgebench: --strict: 4 done, 1 failed (refused 1)"


def test_a_judge_that_lets_nobody_in_stops_no_other(tmp_path: Path, workspace: Workspace) -> None:
    """Whichever comes first: the others' verdicts are there, the screen says who is missing, and the status is 1."""
    locked = {"do": "status", "status": 401, "has": '"model": "locked"'}
    with chat_server(tmp_path / "server", default="Fine.\n[[A]]", faults=[locked]) as server:
        panel = ("--judge", "out=openai:locked", "--judge", "openai:m", "--judge", "embedded")
        for _ in range(2):
            done = judgebench(workspace, "review", "--questions", "small", *panel, url=server.url)
            assert done.returncode == 1
            assert "pairwise reviews by out: stopped: the endpoint refuses the key" in done.stderr
            assert done.stderr.splitlines()[-1].startswith("judgebench: out: the endpoint refuses the key")
            assert server.did().count("reply") == 10
        for name in ("openai:m", "embedded"):
            assert len([row for row in workspace.reviews("small", name).read() if row.verdict]) == 10
        models = ("--model", "out=openai:locked", "--model", "c=openai:m")
        asked = judgebench(workspace, "get-answers", "--questions", "small", *models, url=server.url)
        assert asked.returncode == 1
        assert "answers of out: stopped: " in asked.stderr
    assert len(workspace.answers("small", "c").read()) == 5


def test_one_of_several_in_vain_is_named(tmp_path: Path, workspace: Workspace) -> None:
    """It was reached, and gave nothing: exit 1 though the other did all."""
    with chat_server(tmp_path / "server", default="[[A]]", faults=[REFUSED | {"has": '"model": "bad"'}]) as server:
        panel = ("--judge", "openai:bad", "--judge", "openai:m")
        done = judgebench(workspace, "review", "--questions", "small", *panel, url=server.url)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("judgebench: openai:bad: nothing came of any call: 10 failed")


@pytest.mark.parametrize("fault", [REFUSED, {"do": "status", "status": 503}, *ENDPOINTS["half a reply"]["faults"]])
def test_a_judge_that_never_answers_is_an_outage(
    tmp_path: Path, workspace: Workspace, fault: dict[str, object]
) -> None:
    """`compare` ends with 1 and the reason, neither with INVALID nor with a verdict, canaries or not."""
    asked = ("compare", "--questions", "small", "--baseline", "a", "--candidate", "b", "--judge", "openai:m")
    with chat_server(tmp_path / "server", faults=[fault]) as server:
        for canaries in ("--canaries", "--no-canaries"):
            done = judgebench(workspace, *asked, canaries, *FAST, url=server.url)
            assert done.returncode == 1, done.stdout
            assert done.stdout == ""
            assert done.stderr.splitlines()[-1].startswith("judgebench: ")


def test_compare_counts_what_has_no_verdict(tmp_path: Path, workspace: Workspace) -> None:
    """With its reasons, and with --strict as status 1."""
    asked = ("compare", "--questions", "small", "--baseline", "a", "--candidate", "b", "--judge", "openai:m")
    with chat_server(tmp_path / "server", default="[[C]]", faults=[ONE_REFUSED]) as server:
        done = judgebench(workspace, *asked, "--no-canaries", "--strict", url=server.url)
    assert done.returncode == 1
    assert "pairwise reviews by openai:m: 8 done, 2 failed (refused 2)" in done.stderr.splitlines()
    assert done.stderr.splitlines()[-1] == "judgebench: --strict: 1 of 5 questions have no verdict"


def row(source: str = "text", error: Failure | None = None) -> Review:
    """A review."""
    return Review(
        id="", mode="single", kind="rating", question_set="s", question_id="q", turn=1, models=("m",),
        answer_ids=("a",), judge="j", prompt="rating", verdict_source=source, error=error,  # type: ignore[arg-type]
    )  # fmt: skip


def tallied(*rows: Review | Answer) -> Tally:
    """What came of rows."""
    tally = Tally()
    for one in rows:
        tally.took(one)
    return tally


def test_what_needed_no_call_is_no_success_of_calls() -> None:
    """Ties of equal answers don't hide that every call failed; what is computed succeeds by itself."""
    late, none = Failure("timeout", "late"), Failure("unanswered", "no answer")
    assert tallied(row("identical"), row(error=late)).in_vain
    assert not tallied(row(), row(error=late)).in_vain
    assert not tallied(row("computed"), row(error=none)).in_vain
    assert tallied(row(error=none)).in_vain
    assert not tallied().in_vain


def test_the_most_frequent_reasons_come_first() -> None:
    """Three of them, and how many more there are."""
    late = [Failure("timeout", "late")] * 3
    others = [Failure("refused", str(number)) for number in range(4)]
    tally = tallied(row(), *(row(error=failure) for failure in (*others, *late)))
    assert tally.summary() == "1 done, 7 failed (refused 4, timeout 3)"
    assert list(tally.reasons()) == ["3 timeout: late", "1 refused: 0", "1 refused: 1", "2 for other reasons"]
