"""Several samples of each answer, asked for by the real command: judged each, averaged and clustered in reports."""

import json
from pathlib import Path
from typing import Any

import pytest
from servers.running import chat_server, judgebench, make_workspace

from judgebench.models import Request
from judgebench.models.http.dialect import Dialect
from judgebench.tables.records import Question, Sampling
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

QUESTIONS = [Question(id=str(n), category="small", turns=(f"Question {n}?",)) for n in range(1, 7)]
REPLIES = [(f"Question {n}?", f"It is {n}, since there are {'very ' * n}many of them.") for n in range(1, 7)]
ASK = ("get-answers", "--questions", "small", "--temperature", "1")


def reported(workspace: Workspace) -> dict[str, Any]:
    """The report on all reviews by the embedded judge, which are made first."""
    made = judgebench(
        workspace, "review", "--questions", "small", "--judge", "embedded", "--mode", "single", "--mode", "pairwise"
    )
    assert made.returncode == 0, made.stderr
    return dict(json.loads(judgebench(workspace, "report", "--format", "json").stdout))


@pytest.fixture
def asked(tmp_path: Path) -> Workspace:
    """Two models, each with an answer to each question."""
    workspace = make_workspace(tmp_path / "workspace", QUESTIONS)
    with chat_server(tmp_path / "short", replies=[(q, a[:12]) for q, a in REPLIES]) as server:
        judgebench(workspace, *ASK, "--model", "short=openai:m", url=server.url)
    with chat_server(tmp_path / "long", replies=REPLIES) as server:
        judgebench(workspace, *ASK, "--model", "long=openai:m", url=server.url)
    return workspace


def test_more_samples_ask_for_what_is_not_there(asked: Workspace, tmp_path: Path) -> None:
    """Three of each are two more calls of each; a second run makes none."""
    with chat_server(tmp_path / "server", replies=REPLIES) as server:
        more = (*ASK, "--num-choices", "3", "--model", "long=openai:m")
        assert judgebench(asked, *more, url=server.url).returncode == 0
        assert len(server.calls()) == 12
        assert judgebench(asked, *more, url=server.url).returncode == 0
        assert len(server.calls()) == 12
    rows = in_force(asked.answers("small", "long").read()).values()
    assert sorted((row.question_id, row.choice) for row in rows) == [(str(n), c) for n in range(1, 7) for c in range(3)]


def test_the_same_said_three_times_is_no_more_evidence(asked: Workspace, tmp_path: Path) -> None:
    """Every figure and every interval is that of one sample; only the counts of matches and reviews grow."""
    once = reported(asked)
    with chat_server(tmp_path / "server", replies=REPLIES) as server:
        judgebench(asked, *ASK, "--num-choices", "3", "--model", "long=openai:m", url=server.url)
    thrice = reported(asked)
    assert [entry["matches"] for entry in (*once["pairs"], *thrice["pairs"])] == [6, 18]
    same = ("totals", "ratio", "ratio_interval", "win_rate", "win_rate_interval", "questions")
    for name in same:
        assert thrice["pairs"][0][name] == pytest.approx(once["pairs"][0][name]), name
    for before, after in zip(once["scores"], thrice["scores"], strict=True):
        assert after["mean"] == pytest.approx(before["mean"])
        assert after["interval"] == pytest.approx(before["interval"])


def test_what_was_asked_for_is_sent_and_kept(asked: Workspace, tmp_path: Path) -> None:
    """A system prompt from a file, a stop string, a seed: in the row, and part of what it depends on."""
    (tmp_path / "system.txt").write_text("Be brief.\n", encoding="utf-8")
    given = ("--system", f"@{tmp_path / 'system.txt'}", "--stop", "END", "--seed", "7", "--max-new-tokens", "9")
    with chat_server(tmp_path / "server", replies=REPLIES) as server:
        assert judgebench(asked, *ASK, *given, "--model", "long=openai:m", url=server.url).returncode == 0
        assert {tuple(call["roles"]) for call in server.calls()} == {("system", "user")}
    rows = in_force(asked.answers("small", "long").read()).values()
    assert {row.sampling for row in rows} == {Sampling(1.0, 9, ("END",), "Be brief.", 7)}


def test_an_endpoint_gets_stop_strings_and_a_seed_of_each_sample() -> None:
    """Only where they were asked for: a plain request is what it was."""
    sampling = Sampling(1.0, 9, ("END",), None, 7)
    body = Dialect().body("m", Request(("?",), sampling, choice=2), (), {})
    assert (body["stop"], body["seed"], body["max_tokens"]) == (["END"], 9, 9)
    assert not {"stop", "seed"} & set(Dialect().body("m", Request(("?",), Sampling()), (), {}))


def test_rows_without_such_wishes_keep_their_ids() -> None:
    """What is not asked for is not part of an id: answers of before stay hits."""
    assert Sampling(0.7, 5).content == {"temperature": 0.7, "max_tokens": 5}
    assert Sampling(0.7, 5, ("a",), "s", 0).content == {
        "temperature": 0.7, "max_tokens": 5, "stop": ["a"], "system": "s", "seed": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--stop", ""), "an empty text stops everything"),
        (("--system", "@nowhere.txt"), "'nowhere.txt' can't be read"),
        (("--num-choices", "0"), "0 is not in the range"),
    ],
)
def test_wishes_that_make_no_sense(asked: Workspace, arguments: tuple[str, ...], says: str) -> None:
    """One line, before any call."""
    done = judgebench(asked, *ASK, *arguments, "--model", "long=openai:m")
    assert done.returncode == 2
    assert says in done.stderr


def test_reasoning_is_no_part_of_the_answer(tmp_path: Path) -> None:
    """It is kept in the row, never judged, and not in the conversation of the next turn."""
    questions = [Question(id="1", category="small", turns=("2 and 2?", "Sure?"))]
    workspace = make_workspace(tmp_path / "workspace", questions)
    replies = [("2 and 2?", "<think>Adding up.</think>\n\n4"), ("Sure?", "Yes.")]
    with chat_server(tmp_path / "server", replies=replies) as server:
        judgebench(workspace, *ASK[:3], "--model", "m=openai:m", url=server.url)
        assert [call["usage"][0] for call in server.calls()][1] < 20  # prompt tokens, the reasoning not among them
    (row,) = workspace.answers("small", "m").read()
    assert (row.turns, row.reasoning) == (("4", "Yes."), ("Adding up.", None))
    report = reported_singly(workspace)
    assert report["answers"][0]["reasoning"] == 1


def reported_singly(workspace: Workspace) -> dict[str, Any]:
    """The report on single reviews by the embedded judge."""
    judgebench(workspace, "review", "--questions", "small", "--judge", "embedded", "--mode", "single")
    return dict(json.loads(judgebench(workspace, "report", "--format", "json").stdout))


def test_answers_that_were_cut_are_counted(tmp_path: Path) -> None:
    """In the report's data, and in a sentence under its tables."""
    workspace = make_workspace(tmp_path / "workspace", QUESTIONS[:2])
    rows = [*make_answers(QUESTIONS[0], "stop"), *make_answers(QUESTIONS[1], "length")]
    workspace.answers("small", "m").append(rows)
    entry = reported_singly(workspace)["answers"][0]
    assert (entry["answers"], entry["turns"], entry["cut"], entry["failed"], entry["empty"]) == (2, 2, 1, 0, 0)
    shown = judgebench(workspace, "report").stdout
    assert "m on small: 1 of 2 texts stopped at the token limit, and were judged as they are." in shown


def make_answers(question: Question, reason: str) -> list[Any]:
    """An answer that ended so."""
    from judgebench.tables.records import Answer

    return [
        Answer(
            id=question.id, question_set="small", question_id=question.id, question_digest=question.digest,
            model="m", turns=("An answer",), finish_reasons=(reason,),
        )
    ]  # fmt: skip
