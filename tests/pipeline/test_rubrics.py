"""A set with rubrics from question to site: what the judge says is planted, and found again in every table."""

import csv
import io
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from servers.rubric_replies import answer, replies
from servers.running import ROOT, ChatServer, chat_server, judgebench, make_workspace

from judgebench.question_sets import load
from judgebench.tables.records import Criterion, Question, Review
from judgebench.workspace import Workspace

DEEP, TRENCH = Criterion("It says that the sea is deep.", 5, ("fact",)), Criterion("It names a trench.", 3, ("detail",))
RUBRIC = (DEEP, TRENCH, Criterion("It is rude.", -4, ("tone",)))
QUESTIONS = [Question(id=f"q{n}", category="c", turns=(f"Of the sea, {n}?",), rubric=RUBRIC) for n in range(12)]
MET = {"base": [(1, 2)] * 12, "new": [(1, 3)] * 3 + [(1,)] * 9}
REVIEW = ("review", "--questions", "small", "--judge", "openai:gpt-4")
NEW = 9 * 5 / 8 / 12 + 3 * (5 - 4) / 8 / 12  # the mean score of `new`


def said(model: str) -> list[str]:
    """A model's answers, each of which holds the criteria that it meets."""
    return [answer(*met, words=f"The sea is deep, says {model} {n}.") for n, met in enumerate(MET[model])]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, ChatServer]]:
    """The workspace, graded, and the judge's server."""
    root = tmp_path_factory.mktemp("rubrics")
    workspace = make_workspace(root / "w", QUESTIONS, {model: [[text] for text in said(model)] for model in MET})
    with chat_server(root / "server", replies=replies(RUBRIC, said("base") + said("new"))) as server:
        done = judgebench(workspace, *REVIEW, "--verdict-by", "schema", url=server.url)
        assert done.returncode == 0, done.stderr
        yield workspace, server


def reported(workspace: Workspace, form: str) -> str:
    """The report in a format."""
    done = judgebench(workspace, "report", "--format", form)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_answer_is_graded_once_by_itself(run: tuple[Workspace, ChatServer]) -> None:
    """Asked for pairs as for single scores: one call an answer, held to a schema with every criterion by its number."""
    workspace, server = run
    rows: list[Review] = workspace.reviews("small", "openai:gpt-4").read()
    assert len(server.calls()) == len(rows) == 24
    assert {(row.mode, row.kind, row.scale, row.verdict_source) for row in rows} == {
        ("single", "rubric", (-0.5, 1.0), "schema")
    }
    assert all(row.verdict and [one.met for one in row.verdict.criteria] for row in rows)
    again = judgebench(workspace, *REVIEW, "--verdict-by", "schema", "--mode", "single", url=server.url)
    assert (again.returncode, len(server.calls())) == (0, 24)


def test_the_first_table_says_what_was_lost(run: tuple[Workspace, ChatServer]) -> None:
    """With both models' rates, the difference, and whether it is beyond chance."""
    first, _, _, _, lost, *_ = reported(run[0], "markdown").splitlines()
    assert first.startswith("### Criteria that new lost against base")
    assert lost.startswith("| It names a trench. | 3 | detail | 100 % | 0 % |")
    assert lost.endswith("| 12 | 0 | yes |")
    assert reported(run[0], "table").startswith("Criteria that new lost against base")


def test_every_table_has_what_was_planted(run: tuple[Workspace, ChatServer]) -> None:
    """The JSON and the CSV report: scores, tags, criteria, and the paired difference of scores as they are."""
    report = json.loads(reported(run[0], "json"))
    scores = {(one["model"], one["tag"]): one["mean"] for one in report["rubric_scores"]}
    assert (scores["base", None], scores["new", None]) == (1.0, pytest.approx(NEW))
    assert (scores["new", "fact"], scores["new", "detail"], scores["new", "tone"]) == (1.0, 0.0, None)
    rates = {one["criterion"]: one["rates"] for one in report["rubric_criteria"]}
    assert rates == {"It says that the sea is deep.": [1, 1], "It names a trench.": [1, 0], "It is rude.": [0, 0.25]}
    whole = report["rubric_differences"][0]
    assert (whole["difference"], whole["changed"]) == (pytest.approx(NEW - 1), True)
    parts = reported(run[0], "csv").split("\n\n")
    rows = list(csv.DictReader(io.StringIO(parts[0])))
    assert {row["criterion"]: float(row["rates_b"]) for row in rows} == {name: ends[1] for name, ends in rates.items()}


def test_compare_takes_the_scores_as_points(run: tuple[Workspace, ChatServer]) -> None:
    """A half and half of the difference over the scale, which is from -0.5 to 1; no further call."""
    workspace, server = run
    about = ("--baseline", "base", "--candidate", "new", "--questions", "small", "--judge", "openai:gpt-4")
    more = ("--verdict-by", "schema", "--no-canaries", "--fixed", "--json", str(workspace.root / "c.json"))
    done = judgebench(workspace, "compare", *about, *more, url=server.url)
    assert done.returncode in (0, 1, 3, 4), done.stderr
    assert len(server.calls()) == 24
    found = json.loads((workspace.root / "c.json").read_text("utf-8"))
    assert found["rate"] == pytest.approx(0.5 + (NEW - 1) / (2 * 1.5))
    assert found["points"]["q0"] == pytest.approx(0.5 + (1 / 8 - 1) / 3)
    assert (found["wins"], found["losses"]) == (0, 12)


def test_the_site_has_the_list_with_ticks_and_quotes(run: tuple[Workspace, ChatServer]) -> None:
    """Beside the answer, and the table of criteria on the first page."""
    workspace, _ = run
    assert judgebench(workspace, "build-site").returncode == 0
    page = (workspace.root / "webpage" / "questions" / "small--q0.html").read_text("utf-8")
    for part in ("✓ met", "✗ not met", "It names a trench.", "5 of 5", "0 of 3", "“The sea is deep”"):
        assert part in page
    overview = (workspace.root / "webpage" / "index.html").read_text("utf-8")
    assert "Criteria that new lost against base" in overview
    assert "base&#39;s mean score is higher" in overview


def test_what_files_results_by_model_has_the_scores(run: tuple[Workspace, ChatServer], tmp_path: Path) -> None:
    """A model card and Every Eval Ever's record; a plan, which is of win rates and mean scores, says that it isn't."""
    workspace, _ = run
    card, records = tmp_path / "card.md", tmp_path / "records"
    assert judgebench(workspace, "export", "model-card", str(card), "--model", "new").returncode == 0
    assert '"type": "rubric_score",\n            "name": "mean score by rubrics by openai:gpt-4"' in card.read_text()
    made = judgebench(workspace, "export", "every-eval-ever", str(records), "--organization", "us", "--model", "base")
    assert made.returncode == 0
    (record,) = [json.loads(path.read_text()) for path in records.rglob("*.json")]
    (result,) = record["evaluation_results"]
    assert result["metric_config"]["max_score"] == 1
    assert result["score_details"]["score"] == 1
    planned = judgebench(workspace, "report", "--power")
    assert (planned.returncode, planned.stdout, "by rubrics" in planned.stderr) == (2, "", True)


EXAMPLE = ROOT / "examples" / "rubrics"


def test_the_example_runs(tmp_path: Path) -> None:
    """examples/rubrics: a rubric a question, and criteria on scales for a category, by a judge on the loopback."""
    shutil.copytree(EXAMPLE, tmp_path / "w")
    workspace = Workspace(tmp_path / "w")
    for folder in ("answers", "reviews", "webpage"):
        (tmp_path / "w" / folder).mkdir()
    found = load(workspace.question_set_folder("travel"))
    rubrics = {question.id: found.rubric(question) for question in found.questions}
    grades = [(question.turns[0], _grades(rubrics[question.id])) for question in found.questions]
    script = [*[(f"{turn}\n</user", json.dumps(said)) for turn, said in grades]]
    with chat_server(tmp_path / "server", replies=script, default="Hand something over.") as server:
        answers = ("get-answers", "--questions", "travel", "--model", "base=openai:a", "--model", "new=openai:b")
        for arguments in (answers, ("review", "--questions", "travel", "--judge", "openai:j"), ("report",)):
            done = judgebench(workspace, *arguments, url=server.url)
            assert done.returncode == 0, done.stderr
    assert "Scores by rubrics on travel" in done.stdout
    assert judgebench(workspace, "questions", "validate", "travel").returncode == 0


def _grades(rubric: tuple[Criterion, ...]) -> Mapping[str, Any]:
    """The best grade on each criterion."""
    said = enumerate(rubric, start=1)
    return {"criteria": {str(n): {"grade": 5} if one.scale else {"met": one.points > 0} for n, one in said}}
