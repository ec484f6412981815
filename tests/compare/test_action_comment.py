"""The GitHub Action's comment in a pull request: one for each use, edited in place, and never a reason to fail."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import comment
import pytest
from compare.actions import run_action
from compare.comparisons import saying
from compare.test_action import Runner
from servers.github_api import NUMBER, TOKEN, GitHub, github

from judgebench.compare.outputs import as_markdown

MODELS = {"baseline": "base", "candidate": "new=hf:./checkpoint"}
SHA = "0123456789abcdef" * 2 + "01234567"


@pytest.fixture
def hub() -> Iterator[GitHub]:
    """GitHub, with a comment of somebody else's."""
    with github() as server:
        server.put("Looks fine.", "User", "MEMBER")
        yield server


def event(folder: Path, **more: Any) -> str:
    """The runner's file about a pull request."""
    path = folder / "event.json"
    path.write_text(json.dumps({"pull_request": {"number": NUMBER, "head": {"sha": SHA}}} | more), encoding="utf-8")
    return str(path)


class Checkout(Runner):
    """A runner in whose pull request there are comments."""

    def say(self, hub: GitHub, inputs: dict[str, str] | None = None, **environ: str) -> tuple[str, str]:
        """Run the action; what its step for the comment printed, and the job's summary."""
        path = event(self.checkout.parent)
        given = {"GITHUB_EVENT_PATH": path, "GITHUB_RUN_ID": "42", "GITHUB_SERVER_URL": "https://github.com"}
        done = self.run({"site": "false", **MODELS, **(inputs or {})}, **{**hub.environ(), **given, **environ})
        assert done.status == int(environ.get("STUB_STATUS", "0")), done.log
        assert TOKEN not in done.log + done.comment + done.end + done.summary
        assert all(TOKEN not in path for _, path in hub.calls)
        return done.comment, done.summary


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """One of its own."""
    return Checkout(tmp_path)


def ours(hub: GitHub) -> list[str]:
    """The comments that hold a marker."""
    return [one["body"] for one in hub.comments if one["body"].startswith("<!-- judgebench ")]


def test_the_second_run_edits_the_comment_of_the_first(hub: GitHub, checkout: Checkout) -> None:
    """With what the command wrote, and which run on which commit it was; others' comments are left alone."""
    assert checkout.say(hub)[0] == "the pull request has a comment now\n"
    assert "--markdown" in ours(hub)[0]
    assert "[This run](https://github.com/team/project/actions/runs/42) on 012345678" in ours(hub)[0]
    said, _ = checkout.say(hub, STUB_STATUS="3", GITHUB_RUN_ID="43")
    assert said == "the comment of the pull request is edited\n"
    assert len(ours(hub)) == 1
    assert "runs/43" in ours(hub)[0]
    assert hub.comments[0]["body"] == "Looks fine."


@pytest.mark.parametrize(
    "other",
    [
        *({"candidate": "newer=hf:./checkpoint"}, {"baseline": "older"}, {"command": "gate"}, {"questions": "q"}),
        *({"judge": "embedded"}, {"workspace": "w"}, {"artifact": "second"}),
    ],
)
def test_two_uses_keep_two_comments(hub: GitHub, checkout: Checkout, other: dict[str, str]) -> None:
    """Told apart by command, models, questions, judge, workspace and artifact."""
    for inputs in ({}, other, {}, other):
        checkout.say(hub, inputs)
    assert len(ours(hub)) == 2


def test_a_named_candidate_keeps_its_comment(hub: GitHub, checkout: Checkout) -> None:
    """Though its folder is another one at each push."""
    for number in (1, 2):
        checkout.say(hub, {"candidate": f"new=hf:./checkpoint-{number}"})
    assert len(ours(hub)) == 1


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_it_is_found_among_many(checkout: Checkout, links: bool) -> None:
    """On a later page, by GitHub's links or, where there are none, by counting."""
    with github(links=links, page=7 if links else 100) as hub:
        for number in range(16 if links else 230):
            hub.put(f"Comment {number}.", "User")
        checkout.say(hub)
        checkout.say(hub)
        assert len(ours(hub)) == 1
        assert [method for method, _ in hub.calls].count("GET") == 6


def test_nobody_else_s_comment_is_edited(hub: GitHub, checkout: Checkout) -> None:
    """A stranger who wrote the marker down, and one who quotes it."""
    checkout.say(hub)
    mark = ours(hub)[0].partition("\n")[0]
    hub.comments.clear()
    hub.put(mark + "\nmine", "User", "CONTRIBUTOR")
    hub.put("> " + mark + "\n> quoted", "User", "MEMBER")
    before = [one["body"] for one in hub.comments]
    checkout.say(hub)
    assert [one["body"] for one in hub.comments[:2]] == before
    assert len(hub.comments) == 3


def test_a_token_that_may_only_read_is_said(hub: GitHub, checkout: Checkout) -> None:
    """That of a fork: in the log and in the summary, with what to do; the verdict stands."""
    hub.read_only = True
    said, summary = checkout.say(hub)
    assert "GitHub answered 403 (Resource not accessible by integration): the token may not write here" in said
    assert "permissions: pull-requests: write" in summary
    assert "The verdict stands." in summary
    assert len(hub.calls) == 2


@pytest.mark.parametrize("status", [301, 401, 403, 404, 410, 422])
def test_a_refusal_is_final(hub: GitHub, checkout: Checkout, status: int) -> None:
    """One call, and what GitHub said as text, which is neither Markdown nor a command to the runner."""
    hub.faults.append({"status": status, "message": "![x](y)\n::error::@team <b>", "headers": {"Location": "/x"}})
    said, summary = checkout.say(hub)
    assert len(hub.calls) == 1
    assert f"GitHub answered {status}" in said
    assert "\n::error" not in said
    assert not {"![x]", "<b>", "@team"} & set(summary.split())
    assert "&#91;x&#93;" in summary


class Clock(list[float]):
    """Waits that are noted and not waited."""

    def __call__(self, seconds: float) -> None:
        """Noted."""
        self.append(seconds)


def said_by(hub: GitHub, folder: Path, clock: Clock, timeout: float = 60.0) -> str:
    """Run the comment's own step, here and with a clock of the test's own; what is in the summary."""
    (folder / "compare.md").write_text("PASS", encoding="utf-8")
    summary = folder / "summary"
    environ = {**hub.environ(), "FILES": str(folder), "GITHUB_EVENT_PATH": event(folder)}
    comment.main({**environ, "GITHUB_STEP_SUMMARY": str(summary)}, timeout, clock)
    return summary.read_text(encoding="utf-8") if summary.exists() else ""


@pytest.mark.parametrize(
    ("faults", "waited"),
    [
        ([{"status": 500}, {"status": 503}], [2.0, 2.0]),
        ([{"status": 429, "headers": {"Retry-After": "7"}}], [7.0]),
        ([{"status": 403, "headers": {"Retry-After": "9"}}], [9.0]),
        ([{"status": 403, "headers": {"X-RateLimit-Remaining": "0"}}], [5.0]),
        ([{"status": 403, "message": "You have exceeded a secondary rate limit."}], [5.0]),
    ],
)
def test_what_may_pass_is_tried_again(hub: GitHub, tmp_path: Path, faults: list[Any], waited: list[float]) -> None:
    """As late as the API asks for."""
    hub.faults += faults
    clock = Clock()
    assert said_by(hub, tmp_path, clock) == ""
    assert (len(ours(hub)), clock) == (1, waited)


def test_it_ends_where_nothing_helps(hub: GitHub, tmp_path: Path) -> None:
    """After the fourth try; and at once where the API asks for longer than anybody waits."""
    hub.faults += [{"status": 502}] * 4
    clock = Clock()
    assert "GitHub answered 502" in said_by(hub, tmp_path, clock)
    assert (len(hub.calls), clock) == (4, [2.0] * 3)
    hub.faults.append({"status": 429, "headers": {"Retry-After": "3600"}})
    assert "limit of calls" in said_by(hub, tmp_path, clock)
    assert len(hub.calls) == 5


def test_a_slow_answer_is_not_waited_for(hub: GitHub, tmp_path: Path) -> None:
    """It is said, whatever the machine is busy with."""
    hub.faults += [{"slow": True}] * 4
    assert "the API didn't answer within 0.2 seconds" in said_by(hub, tmp_path, Clock(), timeout=0.2)
    assert len(hub.calls) == 4


def test_what_an_unanswered_call_has_added_is_edited(hub: GitHub, tmp_path: Path) -> None:
    """And not added a second time."""
    hub.faults += [{}, {"lost": True}]
    assert said_by(hub, tmp_path, Clock()) == ""
    assert len(ours(hub)) == 1
    assert [method for method, _ in hub.calls] == ["GET", "POST", "GET", "PATCH"]


def test_nobody_listens(tmp_path: Path, nobody: str) -> None:
    """In a line."""
    hub = GitHub(url=f"http://{nobody}")
    assert "the API can't be reached" in said_by(hub, tmp_path, Clock())


def test_elsewhere_than_in_a_pull_request_nothing_is_said(hub: GitHub, checkout: Checkout, tmp_path: Path) -> None:
    """A push, a schedule, and where none is wanted."""
    other = tmp_path / "push.json"
    other.write_text("{}", encoding="utf-8")
    assert checkout.say(hub, GITHUB_EVENT_PATH=str(other))[0] == ""
    assert checkout.say(hub, {"comment": "false"})[0] == ""
    assert hub.calls == []


def test_a_failure_takes_the_place_of_an_older_verdict(hub: GitHub, checkout: Checkout) -> None:
    """So that no PASS stands there that isn't one."""
    checkout.say(hub)
    checkout.say(hub, STUB_STATUS="1")
    assert len(ours(hub)) == 1
    assert "judgebench compare ended with exit status 1" in ours(hub)[0]


def test_a_long_text_is_cut_at_a_line() -> None:
    """Within what GitHub takes, and what is folded ends there."""
    text = comment.body("<!-- m -->", "<details>\n" + "- `line`\n" * 20_000 + "</details>\n", "This run")
    assert len(text) < 65_536
    assert text.count("<details>") == text.count("</details>") == 1
    assert set(text.splitlines()[2:-8]) == {"- `line`"}


@pytest.mark.parametrize("text", ["@team/all", "![x](https://e.vil/p.png)", "<img src=x>", "<!-- judgebench 0 -->"])
def test_hostile_text_stays_text(text: str) -> None:
    """A name of a model, or what a judge says, is in the comment what it is in the summary, see test_outputs."""
    shown = comment.body("<!-- m -->", as_markdown(saying(text)), "This run").replace("<!-- m -->", "")
    outside = "".join(shown.split("`")[::2])
    assert text not in outside
    assert "<!--" not in outside


def test_a_real_failure_is_told_everywhere(hub: GitHub, tmp_path: Path) -> None:
    """A typo: as an annotation of the step that fails, in the summary and in the comment; never with a key."""
    checkout = tmp_path / "checkout"
    (checkout / "question_sets").mkdir(parents=True)
    key = "sk-0123456789abcdefghijklmnop"
    more = {"GITHUB_EVENT_PATH": event(tmp_path), "OPENAI_API_KEY": key}
    inputs = {**MODELS, "questions": "core-8", "judge": "embedded"}
    done = run_action(checkout, Path(sys.executable).parent, inputs, **hub.environ(), **more)
    assert done.status == 2
    assert done.end.startswith("::error title=judgebench%3A compare failed::no question set 'core-8'")
    for told in (done.summary, ours(hub)[0]):
        assert "`judgebench compare`: failed" in told
        assert "no question set 'core-8'" in told
    assert key not in done.log + done.end + done.comment + done.summary + ours(hub)[0]
