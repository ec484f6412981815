"""Reviews by a judge behind a real server, through the real command, with faults among the replies."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from servers.running import KEY, ChatServer, chat_server, files_that_hold, judgebench, make_workspace

from judgebench import report
from judgebench.judging.asking import is_followed
from judgebench.report.tables import notes
from judgebench.tables.records import Question, Review, Verdict
from judgebench.tables.store import in_force
from judgebench.verdicts.text import from_scores
from judgebench.workspace import Workspace

WITHOUT_SCORE_LINE = {"68", "69", "70"}
OTHERS = ["alpaca-13b", "bard", "gpt35", "llama-13b"]
REVIEW = ("review", "--questions", "small", "--judge", "openai:gpt-4")


def lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def by_question(path: Path) -> dict[str, dict[str, Any]]:
    """The rows by question id, which each file holds once."""
    return {str(row["question_id"]): row for row in lines(path)}


class Recorded:
    """The GPT-4 reviews of one pair of models, a workspace with what they are about, and the server's replies."""

    def __init__(self, other: str, root: Path, data: Path) -> None:
        texts = {row["question_id"]: row for row in lines(data / "question.jsonl")}
        self.questions = [
            Question(id=str(number), category=row["category"], turns=(row["text"],)) for number, row in texts.items()
        ]
        self.models = (other, "vicuna-13b")
        said = {model: by_question(data / "answer" / f"answer_{model}.jsonl") for model in self.models}
        answers = {model: [[rows[question.id]["text"]] for question in self.questions] for model, rows in said.items()}
        self.workspace = make_workspace(root, self.questions, answers)
        self.reviews = by_question(data / "review" / f"review_{other}_vicuna-13b.jsonl")
        self.arguments = (
            *REVIEW, "--prompt", "score-pair", "--orders", "named", "--model", other, "--model", "vicuna-13b",
        )  # fmt: skip

    def replies(self) -> list[tuple[str, str]]:
        """What the server says to the prompt that holds a question as its first turn."""
        return [(marked(question), self.reviews[question.id]["text"]) for question in self.questions]

    def marks(self, *ids: str) -> list[str]:
        """What tells the prompts of some questions from all others."""
        return [marked(question) for question in self.questions if question.id in ids]

    def verdict(self, question_id: str) -> Verdict | None:
        """The recorded scores, where the text has them and they are in the prompt's range."""
        first, second = self.reviews[question_id]["score"]
        told = question_id not in WITHOUT_SCORE_LINE and min(first, second) >= 1
        return from_scores(first, second) if told else None


def marked(question: Question) -> str:
    """A piece of a judge prompt that only the prompts about this question hold."""
    return f"\n{question.turns[0]}\n</user turn 1 "


def stored(workspace: Workspace) -> list[Review]:
    """Every row of the judge's table, but for those that waited for their repair."""
    return [row for row in workspace.reviews("small", "openai:gpt-4").read() if not is_followed(row)]


def current(workspace: Workspace) -> list[Review]:
    """The rows that count, one per slot."""
    return list(in_force(stored(workspace)).values())


def error_kinds(rows: list[Review]) -> Counter[str]:
    """How many rows failed in each way."""
    return Counter(row.error.kind for row in rows if row.error)


def tokens(rows: list[Review]) -> tuple[int, int]:
    """The tokens that the rows say were used."""
    used = [row.usage for row in rows if row.usage]
    return sum(usage.prompt_tokens for usage in used), sum(usage.completion_tokens for usage in used)


def run(workspace: Workspace, server: ChatServer, *arguments: str) -> str:
    """Run the command well and return what it printed, in which the key is not."""
    finished = judgebench(workspace, *arguments, url=server.url)
    assert finished.returncode == 0, finished.stderr
    assert KEY not in finished.stdout + finished.stderr
    return finished.stderr


@pytest.mark.parametrize("other", OTHERS)
def test_recorded_reviews_come_back_as_they_were(tmp_path: Path, shared_data: Path, other: str) -> None:
    """80 verdicts equal the recorded score lines; a text without one, or with a score of 0, is an unparsed row."""
    recorded = Recorded(other, tmp_path / "workspace", shared_data / "vicuna-eval")
    with chat_server(tmp_path / "server", replies=recorded.replies()) as server:
        run(recorded.workspace, server, *recorded.arguments)
    rows = stored(recorded.workspace)
    assert sorted(row.question_id for row in rows) == sorted(recorded.reviews)
    for row in rows:
        assert row.verdict == recorded.verdict(row.question_id)
        assert row.reply == recorded.reviews[row.question_id]["text"]
        assert row.models == recorded.models
        assert (row.error.kind if row.error else None) == (None if row.verdict else "unparsed")
    assert len(server.calls()) == 80 + sum(row.error is not None for row in rows)
    assert tokens(rows) == server.usage()
    unparsed = WITHOUT_SCORE_LINE | ({"74"} if other == "llama-13b" else set())
    assert {row.question_id for row in rows if row.error} == unparsed


def mixed_faults(recorded: Recorded) -> list[dict[str, Any]]:
    """Faults that retries get over, three wrong replies, and two questions that fail however often they are tried."""
    broken_for_good = recorded.marks("11", "12")
    wrong = "I can't compare these (10, 4)."
    busy = {"do": "status", "status": 429, "retry_after": 0.02}
    return [
        *({"do": "status", "status": 500, "retry_after": 0.02, "match": mark} for mark in broken_for_good),
        *({"do": "wrong", "text": wrong, "match": mark} for mark in recorded.marks("1", "35", "80")),
        *({"do": "slow", "seconds": 60, "match": mark, "each": 1} for mark in recorded.marks("2", "40")),
        *({**busy, "match": mark, "each": 3} for mark in recorded.marks("3", "50")),
        {"do": "cut", "rate": 0.08, "each": 1},
        {"do": "reset", "rate": 0.08, "each": 1},
        {"do": "not_json", "text": "<html>Bad gateway", "rate": 0.08, "each": 1},
        {"do": "no_choices", "rate": 0.08, "each": 1},
        {**busy, "rate": 0.2, "each": 1},
    ]


def test_recorded_reviews_survive_slow_wrong_and_broken_replies(tmp_path: Path, shared_data: Path) -> None:
    """Faults cost retries or rows with an error, never a verdict; a second run asks only for those rows."""
    recorded = Recorded("bard", tmp_path / "workspace", shared_data / "vicuna-eval")
    arguments = (*recorded.arguments, "--timeout", "10", "--tries", "6", "--parallel", "16")
    script = {"replies": recorded.replies(), "seed": 20}
    with chat_server(tmp_path / "server", **script, faults=mixed_faults(recorded)) as server:
        said = run(recorded.workspace, server, *arguments)
    first = stored(recorded.workspace)
    check_first_run(recorded, first, said)
    check_calls(server, first)

    with chat_server(tmp_path / "server", **script) as server:
        run(recorded.workspace, server, *arguments)
    rows = stored(recorded.workspace)
    assert rows[:80] == first
    assert len(rows) - 80 == 8
    assert len(server.calls()) == 8 + len(WITHOUT_SCORE_LINE)
    assert tokens(rows[80:]) == server.usage()
    now = current(recorded.workspace)
    assert {row.question_id: row.verdict for row in now} == {key: recorded.verdict(key) for key in recorded.reviews}
    assert {row.question_id for row in now if row.error} == WITHOUT_SCORE_LINE
    assert not files_that_hold(KEY, tmp_path)


def check_first_run(recorded: Recorded, rows: list[Review], said: str) -> None:
    """Every question has one row: its recorded verdict, or the error that was injected."""
    assert sorted(row.question_id for row in rows) == sorted(recorded.reviews)
    failures = {row.question_id: row.error.kind for row in rows if row.error}
    unparsed = dict.fromkeys({"1", "35", "80"} | WITHOUT_SCORE_LINE, "unparsed")
    assert failures == unparsed | dict.fromkeys(("11", "12"), "http_500")
    assert "72 done, 8 failed (http_500 2, unparsed 6)" in said
    for row in rows:
        assert row.verdict == (None if row.error else recorded.verdict(row.question_id))
    kept = {row.question_id: row.reply for row in rows}
    assert [kept[key] for key in ("1", "11", "12", "68")] == [
        "I can't compare these (10, 4).", None, None, recorded.reviews["68"]["text"],
    ]  # fmt: skip


def check_calls(server: ChatServer, rows: list[Review]) -> None:
    """Each conversation was answered once, but for the two that never were; the tokens agree."""
    answered = Counter(call["messages"] for call in server.calls() if call["did"] in ("reply", "wrong"))
    assert len(answered) == 78 + 6  # a repair asked for is a conversation of its own
    assert set(answered.values()) == {1}
    done = Counter(server.did())
    assert (done["status 500"], done["slow"], done["wrong"]) == (12, 2, 3)
    assert all(done[fault] for fault in ("cut", "reset", "not_json", "no_choices", "status 429"))
    assert tokens(rows) == server.usage()
    assert all(call["authorized"] for call in server.calls())


SMALL = [
    Question(id="sum", category="math", turns=("What is 2 + 2?", "And 3 + 3?"), references=("4", "6")),
    Question(id="sea", category="prose", turns=("Describe the sea.", "Shorter, please.")),
    Question(id="odd", category="prose", turns=("Say [[A]].", "Now say [[10]].")),
]
GOOD = [["4", "6"], ["The sea is wide and grey.", "Wide, grey."], ["[[A]]", "[[10]]"]]
POOR = [["5", "7"], ["Water.", "Wet."], ["[[B]]", "Rating: [[1]]"]]
ANSWERS: Mapping[str, list[list[str]]] = {"good": GOOD, "poor": POOR}


def winner_is(place: str) -> str:
    """A reply that quotes other verdicts before it gives its own."""
    return f'One says "[[A]]", one "[[B]]", and [[C]](https://x.invalid) is a link ... [1] (10, 4).\n[[{place}]]'


@pytest.fixture
def small(tmp_path: Path) -> Workspace:
    """Three questions of two turns each, answered by two models."""
    return make_workspace(tmp_path / "workspace", SMALL, ANSWERS)


BOTH_MODES = (*REVIEW, "--mode", "single", "--mode", "pairwise", "--model", "good", "--model", "poor")


def script(**more: Any) -> dict[str, Any]:
    """A judge that knows the answers: A where a good one is shown first, else B; 9.5 for a good one, 2 for a poor."""
    chosen = [(f"\n{turns[0]}\n</assistant A 1 ", winner_is("A")) for turns in GOOD]
    good = [(f"\n{turns[0]}\n</assistant 1 ", "All that was asked for.\nRating: [[9.5]]") for turns in GOOD]
    poor = [(f"\n{turns[0]}\n</assistant 1 ", "Wrong.\nRating: [[2]]") for turns in POOR]
    repair = [("Give only the verdict", "No.")]
    return {"replies": repair + chosen + good + poor, "default": winner_is("B"), **more}


def test_ratings_and_choices_in_both_orders(tmp_path: Path, small: Workspace) -> None:
    """Every turn has a rating per answer and a choice per order; the good answer wins in either place."""
    with chat_server(tmp_path / "server", **script()) as server:
        run(small, server, *BOTH_MODES)
        rows = stored(small)
        assert len(server.calls()) == len(rows) == 12 + 12
        assert "all 12 are there already" in run(small, server, *BOTH_MODES)
        assert len(server.calls()) == 24
    assert error_kinds(rows) == {}
    assert len({row.id for row in rows}) == len({row.slot for row in rows}) == 24
    assert tokens(rows) == server.usage()
    for row in rows:
        if row.mode == "single":
            assert row.verdict == Verdict(scores=(9.5,) if row.models == ("good",) else (2.0,))
        else:
            assert row.verdict == Verdict(winner="A" if row.models == ("good", "poor") else "B")
            assert row.swapped == (row.models == ("poor", "good"))


def test_the_prompt_carries_what_was_asked_and_answered(tmp_path: Path, small: Workspace) -> None:
    """Each call is a system and a user message, with the sampling that the row says; the served model is noted."""
    with chat_server(tmp_path / "server", **script()) as server:
        run(small, server, *BOTH_MODES)
    assert {tuple(call["roles"]) for call in server.calls()} == {("system", "user")}
    for row in stored(small):
        assert row.sampling is not None
        assert row.served_by == "gpt-4-0613"
    assert {call["parameters"]["temperature"] for call in server.calls()} == {0.0}
    assert len({call["messages"] for call in server.calls()}) == 24


def test_small_reviews_survive_faults(tmp_path: Path, small: Workspace) -> None:
    """With half of the replies broken once, wrong or refused, the rows in the end are those of a run without faults."""
    with chat_server(tmp_path / "calm", **script()) as server:
        run(small, server, *BOTH_MODES)
    expected = {row.slot: (row.verdict, row.reply, row.id) for row in stored(small)}
    stormy = make_workspace(tmp_path / "stormy", SMALL, ANSWERS)
    faults = [
        {"do": "content_filter", "match": "Describe the sea.", "each": 1, "rate": 0.5},
        {"do": "wrong", "text": "[[D]] [[11]]", "match": "Say [[A]].", "each": 1, "rate": 0.5},
        {"do": "cut", "rate": 0.1, "each": 1},
        {"do": "status", "status": 503, "retry_after": 0.01, "rate": 0.5, "each": 2},
        {"do": "unsupported", "parameter": "temperature"},
    ]
    with chat_server(tmp_path / "server", **script(faults=faults)) as server:
        run(stormy, server, *BOTH_MODES)
        first = stored(stormy)
        assert set(error_kinds(first)) == {"refused", "unparsed"}
        calls = len(server.calls())
        run(stormy, server, *BOTH_MODES, "--tries", "9")
        again = [call["did"] for call in server.calls()[calls:]]
        assert again.count("reply") == error_kinds(first).total()
        calls = len(server.calls())
        run(stormy, server, *BOTH_MODES)
        assert len(server.calls()) == calls
    assert {row.slot: (row.verdict, row.reply, row.id) for row in current(stormy)} == expected
    assert Counter(row.id for row in stored(stormy) if not row.error).most_common(1)[0][1] == 1
    assert not files_that_hold(KEY, tmp_path)


def ended(word: str, **choice: Any) -> dict[str, Any]:
    """A fault: a reply that seems to hold a verdict, and that did not end by itself."""
    message = {"content": "My first impression is [[A]], or rather [[9]]: but on a closer look it"}
    return {"do": "changed", "body": {"choices": [{"finish_reason": word, "message": message, **choice}]}}


def test_cut_and_failed_replies_are_rows_of_their_own(tmp_path: Path, small: Workspace) -> None:
    """Neither is scored, repaired or tried again; text, end and tokens are in the row, and the next run asks anew."""
    faults = [
        {**ended("length"), "match": "Describe the sea."},
        {**ended("error", error={"code": 502, "message": "upstream is gone"}), "match": "Say [[A]]."},
    ]
    with chat_server(tmp_path / "server", **script(faults=faults)) as server:
        said = run(small, server, *BOTH_MODES)
        rows = stored(small)
        assert len(server.calls()) == len(rows) == 24
    assert error_kinds(rows) == {"cut": 8, "failed": 8}
    assert "cut 4, failed 4" in said
    for row in (row for row in rows if row.error):
        assert (row.verdict, row.reply) == (None, ended("")["body"]["choices"][0]["message"]["content"])
        assert row.finish_reason == {"cut": "length", "failed": "error"}[row.error.kind if row.error else ""]
    assert all(row.usage for row in rows)
    assert all("upstream is gone" in row.error.message for row in rows if row.error and row.error.kind == "failed")
    with chat_server(tmp_path / "calm", **script()) as server:
        run(small, server, *BOTH_MODES)
        assert len(server.calls()) == 16
    assert error_kinds(current(small)) == {}


FIVE_WAY = (*REVIEW, "--prompt", "five-way", "--model", "good", "--model", "poor")


def test_a_five_way_verdict_has_a_winner_and_a_strength(tmp_path: Path, small: Workspace) -> None:
    """And a report counts the winner, as of any other review; a faulty head stops the command before a call."""
    chosen = [(f"\n{turns[0]}\n</assistant A 1 ", "Mine: 4.\n\n[[A>>B]]") for turns in GOOD]
    with chat_server(tmp_path / "server", replies=chosen, default="Mine: 4.\n\n[[B>A]]") as server:
        run(small, server, *FIVE_WAY)
        assert len(server.calls()) == 12
        mine = tmp_path / "mine.j2"
        mine.write_text('+++\nkind = "choice"\npattern = "[RESULT]"\n+++\nx', encoding="utf-8")
        refused = judgebench(small, *REVIEW, "--prompt", str(mine), url=server.url)
        assert (refused.returncode, len(server.calls())) == (1, 12)
        assert "lacks {verdict}" in refused.stderr
    assert {row.verdict for row in stored(small)} == {Verdict(winner="A", strength=2), Verdict(winner="B", strength=1)}
    (pair,) = report.build(small)["pairs"]
    assert sorted(pair["wins"]) == [0, 6]


def test_a_key_that_the_endpoint_echoes_reaches_no_file(tmp_path: Path, small: Workspace) -> None:
    """The endpoint's own words stand in the row's error and in the output without the key."""
    fault = {"do": "status", "status": 400, "error": {"message": "account {key} is not allowed this"}}
    with chat_server(tmp_path / "server", faults=[fault]) as server:
        finished = judgebench(small, *BOTH_MODES, url=server.url)
    assert finished.returncode == 1  # nothing came of any call
    assert KEY not in finished.stdout + finished.stderr
    assert error_kinds(stored(small)) == {"refused": 24}
    assert all(row.error and "account [key] is" in row.error.message for row in stored(small))
    assert not files_that_hold(KEY, tmp_path)


def test_what_was_not_answered_is_not_asked_about(tmp_path: Path) -> None:
    """A missing answer makes rows with the error `unanswered`, without a call, and again when run again."""
    workspace = make_workspace(tmp_path / "workspace", SMALL, {"good": GOOD})
    told = workspace.answers("small", "good").read()[0]
    workspace.answers("small", "short").append(
        [replace(told, id="s", model="short", turns=tuple(f"{turn} In short." for turn in told.turns))]
    )
    arguments = (*REVIEW, "--model", "good", "--model", "short")
    with chat_server(tmp_path / "server", **script()) as server:
        run(workspace, server, *arguments)
        assert len(server.calls()) == 4
        assert "all 12 are there already" in run(workspace, server, *arguments)
        assert len(server.calls()) == 4
    assert error_kinds(stored(workspace)) == {"unanswered": 8}
    built = report.build(workspace)
    assert built["judges"][0]["pairwise"]["missing"]["value"] == 0
    assert "short on small: no answer to 2 questions that another model answered." in notes(built)


def test_what_nobody_answered_is_no_match(tmp_path: Path) -> None:
    """Where the models answered a part of the set, that part is reviewed; the rest is no failure of anybody's."""
    workspace = make_workspace(tmp_path / "workspace", SMALL)
    whole = make_workspace(
        tmp_path / "whole", SMALL, {"good": GOOD, "other": [[f"{turn}!" for turn in turns] for turns in GOOD]}
    )
    for name in ("good", "other"):
        workspace.answers("small", name).append(whole.answers("small", name).read()[:1])
    with chat_server(tmp_path / "server", **script()) as server:
        run(workspace, server, *REVIEW, "--mode", "single", "--mode", "pairwise")
    assert {row.question_id for row in stored(workspace)} == {SMALL[0].id}
    assert "unanswered" not in error_kinds(stored(workspace))
