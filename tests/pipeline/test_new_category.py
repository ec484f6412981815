"""A new category is data: one command adds it, and every later step has it, without an edit of code."""

import csv
import json
from pathlib import Path

import pytest
from servers.running import ChatServer, chat_server, judgebench

from judgebench.workspace import Workspace, init

QUESTIONS = {
    "translation": [
        ("Translate into French: the cat sleeps.", "Le chat dort."),
        ("Translate into German: the door is open.", "Die Tür ist offen."),
    ],
    "中文写作": [
        ("请用三句话描述一个下雨的早晨，不要使用“雨”字。", ""),
        ("把“守株待兔”的故事改写成一则天气预报。", ""),
    ],
    "sums": [("What is 17 times 23? Give the number alone.", "391"), ("What is 12 squared?", "144")],
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A fresh workspace with our sets."""
    list(init(tmp_path / "w"))
    return Workspace(tmp_path / "w")


def written(folder: Path, category: str) -> Path:
    """A CSV file with a category's questions, as a spreadsheet saves it."""
    path = folder / "questions.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([("question", "reference"), *QUESTIONS[category]])
    return path


def done(workspace: Workspace, *arguments: str, server: ChatServer | None = None) -> str:
    """What a command prints; it has to succeed."""
    result = judgebench(workspace, *arguments, url=server.url if server else None)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("category", QUESTIONS)
def test_one_command_adds_a_category_and_every_step_has_it(workspace: Workspace, tmp_path: Path, category: str) -> None:
    """Added to core-80, it is answered, judged, reported and shown; the set's other categories stay as they were."""
    scorer = ["--scorer=numeric"] if category == "sums" else []
    before = workspace.question_set("core-80")
    done(workspace, "questions", "add-category", "core-80", category, f"--from={written(tmp_path, category)}", *scorer)
    after = workspace.question_set("core-80")
    assert after.questions[: len(before.questions)] == before.questions
    assert "no problem" in done(workspace, "questions", "validate", "core-80")

    chosen = ("--questions=core-80", f"--category={category}")
    with chat_server(tmp_path / "good", default="The answer is 391. Le chat dort, 早晨很安静。") as good:
        done(workspace, "get-answers", *chosen, "--model=good=openai:good", server=good)
    with chat_server(tmp_path / "poor", default="no no no no") as poor:
        done(workspace, "get-answers", *chosen, "--model=poor=openai:poor", server=poor)
    modes = ("--mode=single", "--mode=pairwise", "--any-language")
    done(workspace, "review", *chosen, "--judge=embedded", *modes, "--baseline=good")

    report = json.loads(done(workspace, "report", "--format=json"))
    means = {entry["model"]: entry["mean"] for entry in report["scores"] if entry["category"] == category}
    assert set(means) == {"good", "poor"}
    assert means["good"] > means["poor"]
    assert {pair["judge"] for pair in report["pairs"]} == {"checker" if scorer else "embedded"}
    done(workspace, "build-site")
    assert category in (workspace.webpage / "questions" / "index.html").read_text(encoding="utf-8")
    pages = [path.read_text(encoding="utf-8") for path in workspace.webpage.glob("questions/*.html")]
    assert any(QUESTIONS[category][0][0][:20] in page for page in pages)


def test_a_checked_category_costs_nothing_and_says_what_it_found(workspace: Workspace, tmp_path: Path) -> None:
    """Right is 1 and wrong is 0, so that a mean is a share of right answers; each row explains itself."""
    done(
        workspace, "questions", "add-category", "core-80", "sums", f"--from={written(tmp_path, 'sums')}",
        "--scorer=numeric",
    )  # fmt: skip
    with chat_server(tmp_path / "server", default="It is 391.") as server:
        done(workspace, "get-answers", "--questions=core-80", "--category=sums", "--model=m=openai:m", server=server)
        calls = len(server.calls())
        judged = ("--questions=core-80", "--category=sums", "--mode=single", "--judge=openai:judge")
        done(workspace, "review", *judged, server=server)
        assert len(server.calls()) == calls
    rows = list(workspace.all_reviews("core-80"))
    assert sorted(row.verdict.scores for row in rows if row.verdict) == [(0.0,), (1.0,)]
    assert all(row.reply for row in rows)


def test_long_context_questions_run_through_the_same_tables(workspace: Workspace, tmp_path: Path) -> None:
    """A generated set is answered, checked and reported like any other."""
    done(workspace, "questions", "long-context", "long", "--words=400", "--count=3")
    assert "no problem" in done(workspace, "questions", "validate", "long")
    questions = workspace.question_set("long").questions
    replies = [[question.turns[0][-300:], question.references[0]] for question in questions]
    with chat_server(tmp_path / "server", replies=replies, default="I can't tell.") as server:
        done(workspace, "get-answers", "--questions=long", "--model=m=openai:m", server=server)
    done(workspace, "review", "--questions=long", "--judge=embedded", "--mode=single")
    report = json.loads(done(workspace, "report", "--questions=long", "--format=json"))
    overall = next(entry for entry in report["scores"] if entry["category"] is None and entry["turn"] is None)
    assert (overall["judge"], overall["mean"], overall["n"]) == ("checker", 1.0, len(questions))
