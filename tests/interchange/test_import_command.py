"""`judgebench import`: which format a path is of, what is said of it, and how it ends."""

import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click.testing
import pytest

from judgebench import load_reviews, report
from judgebench.cli import main
from judgebench.interchange.fastchat import import_fastchat
from judgebench.tables.records import Verdict
from judgebench.workspace import Workspace

Write = Callable[..., Path]
TABLE_QUESTION = {"question_id": 1, "text": "Why?", "category": "generic"}
QUESTION = {"question_id": 81, "category": "writing", "turns": ["Write a line.", "Now another."]}


def run(workspace: Workspace, *arguments: object) -> click.testing.Result:
    """What a command on the workspace does."""
    return click.testing.CliRunner().invoke(main, ["-C", str(workspace.root), *map(str, arguments)])


def single(**fields: Any) -> dict[str, Any]:
    """A single judgment that gives 7."""
    row = {"question_id": 81, "model": "m", "judge": ["gpt-4", "single-v1"], "judgment": "[[7]]", "score": 7, "turn": 1}
    return row | fields


def review(**fields: Any) -> dict[str, Any]:
    """A review of the 2023 format that gives 8 and 9."""
    row = {"question_id": 1, "answer1_id": "x", "answer2_id": "y", "reviewer_id": "judge-1", "score": [8, 9]}
    return row | {"text": "8 9", "review_id": "r"} | fields


class TestSmallCases:
    """Small folders that people have."""

    def test_reviewers_by_number(self, workspace: Workspace, shared_cases: Path) -> None:
        """They are looked up by their prompts: one judge with three prompts."""
        done = run(workspace, "import", shared_cases / "files" / "integer-reviewer")
        assert done.exit_code == 0, done.output
        rows = list(workspace.all_reviews())
        assert {row.judge for row in rows} == {"gpt-4-x"}
        assert [row.prompt for row in rows] == [f"fastchat-2023-{kind}" for kind in ("default", "coding", "math")]
        assert [row.verdict and row.verdict.winner for row in rows] == ["A", "B", "tie"]

    def test_judgments_in_subfolders(self, workspace: Workspace, shared_cases: Path) -> None:
        """Wherever they are below `model_judgment`, they are read."""
        assert run(workspace, "import", shared_cases / "files" / "judgments-in-subfolders").exit_code == 0
        assert sorted((row.models, row.verdict) for row in workspace.all_reviews()) == [
            (("m1",), Verdict((7.0,))),
            (("m2",), Verdict((5.0,))),
        ]

    def test_scores_outside_the_scale(self, workspace: Workspace, shared_cases: Path) -> None:
        """They are errors that say so, until the scale is said."""
        folder = shared_cases / "files" / "scores-to-100"
        done = run(workspace, "import", folder)
        assert (done.exit_code, "none of the 1 reviews holds a verdict" in done.stderr) == (1, True)
        (row,) = workspace.all_reviews()
        assert (row.verdict, row.error and row.error.kind) == (None, "off_scale")
        assert run(workspace, "import", folder, "--scale", "0-100").exit_code == 0
        frame = load_reviews(workspace)
        assert frame[["score_a", "low", "high"]].to_numpy().tolist() == [[71.0, 0.0, 100.0]]

    def test_votes_on_nothing(self, workspace: Workspace, shared_cases: Path) -> None:
        """No set, question or model is invented."""
        file = shared_cases / "files" / "votes-on-nothing" / "votes.jsonl"
        assert run(workspace, "import", file).exit_code == 2
        assert run(workspace, "import", "votes", file, "--questions", "core-80").exit_code == 2
        assert list(workspace.all_reviews()) == []


class TestScores:
    """Scores and their scale."""

    @pytest.mark.parametrize(("scale", "score"), [("0-10", 11), ("0-100", 101), ("1-5", 0.5), ("-1-1", 2)])
    def test_outside(self, workspace: Workspace, write: Write, scale: str, score: float) -> None:
        """Whatever the scale is: an error, and no verdict."""
        write("question.jsonl", QUESTION)
        folder = write("model_judgment/j.jsonl", single(score=score), single(model="n", score=1))
        assert run(workspace, "import", folder, "--scale", scale).exit_code == 0
        assert [row.error and row.error.kind for row in workspace.all_reviews()] == ["off_scale", None]

    def test_minus_one_on_a_scale_that_has_it(self, workspace: Workspace, write: Write) -> None:
        """It is FastChat's word for no score, unless the scale holds it."""
        write("question.jsonl", QUESTION)
        folder = write("model_judgment/j.jsonl", single(score=-1))
        assert run(workspace, "import", folder, "--scale", "-1-1").exit_code == 0
        assert [row.verdict for row in workspace.all_reviews()] == [Verdict((-1.0,))]

    def test_pairs_of_scores(self, workspace: Workspace, write: Write) -> None:
        """One of two outside is no verdict."""
        write("question.jsonl", TABLE_QUESTION)
        folder = write("review/review_a_b.jsonl", review(score=[80, 9]), review(score=[8, 9], review_id="s"))
        run(workspace, "import", folder)
        assert sorted(row.error.kind if row.error else "" for row in workspace.all_reviews()) == ["", "off_scale"]

    @pytest.mark.parametrize("scale", ["10", "10-0", "a-b", "5-5"])
    def test_no_scale(self, workspace: Workspace, write: Write, scale: str) -> None:
        """The error says the form."""
        done = run(workspace, "import", write("question.jsonl", QUESTION), "--scale", scale)
        assert (done.exit_code, "--scale takes LOW-HIGH" in done.stderr) == (2, True)


class TestPairs:
    """Whose answers a review of the 2023 format compares."""

    def test_a_name_that_says_nothing(self, workspace: Workspace, write: Write) -> None:
        """The message says which name would do, and which option; with that option the pair is known."""
        write("question.jsonl", TABLE_QUESTION)
        folder = write("review/my-review.jsonl", review())
        done = run(workspace, "import", folder)
        assert done.exit_code == 1
        assert "call the file review_A_B.jsonl after its models, or name them: --pair A B" in done.stderr
        assert run(workspace, "import", folder, "--pair", "a", "b").exit_code == 0
        assert [row.models for row in workspace.all_reviews()] == [("a", "b")]

    def test_ids_win_over_the_name(self, workspace: Workspace, write: Write) -> None:
        """A file that is named the other way round is read by the answers' ids, and a note says so."""
        write("question.jsonl", TABLE_QUESTION)
        for name, own in (("a", "x"), ("b", "y")):
            write(f"answer/{name}.jsonl", {"answer_id": own, "question_id": 1, "model_id": name, "text": "t"})
        imported = import_fastchat(write("review/review_b_a.jsonl", review()), workspace)
        assert [row.models for row in workspace.all_reviews()] == [("a", "b")]
        assert any(note.startswith("review_b_a.jsonl names its models in the other order") for note in imported.notes)

    def test_a_number_that_nothing_explains(self, workspace: Workspace, write: Write) -> None:
        """Three numbers are three prompts of one judge, whose name may be said."""
        write("question.jsonl", TABLE_QUESTION)
        folder = write("review/review_a_b.jsonl", *(review(reviewer_id=n, review_id=str(n)) for n in (1, 2, 3)))
        run(workspace, "import", folder)
        assert {row.judge for row in workspace.all_reviews()} == {"reviewer"}
        run(workspace, "import", folder, "--questions", "other", "--judge", "gpt-4")
        assert {row.judge for row in workspace.all_reviews("other")} == {"gpt-4"}


class TestFiles:
    """One file of a FastChat folder, for a set that is there."""

    def test_each_part(self, workspace: Workspace, write: Write) -> None:
        """It is told by its rows, and needs the name of the set."""
        run(workspace, "import", write("question.jsonl", QUESTION))
        answer = {"question_id": 81, "answer_id": "a", "choices": [{"turns": ["A line.", "Another."]}]}
        folder = write("other/m.jsonl", answer)
        write("other/j.jsonl", single())
        for name in ("m.jsonl", "j.jsonl"):
            assert run(workspace, "import", folder / "other" / name).exit_code == 2
            assert run(workspace, "import", folder / "other" / name, "--questions", "my-eval").exit_code == 0
        assert [row.answer_ids for row in workspace.all_reviews()] == [("a",)]

    def test_the_2023_format(self, workspace: Workspace, write: Write) -> None:
        """Its reviews find the answers by their ids."""
        write("question.jsonl", TABLE_QUESTION)
        for name, own in (("a", "x"), ("b", "y")):
            write(f"answer/{name}.jsonl", {"answer_id": own, "question_id": 1, "model_id": name, "text": "t"})
        folder = write("reviewer.jsonl")
        run(workspace, "import", folder)
        file = write("said/mine.jsonl", review()) / "said" / "mine.jsonl"
        assert run(workspace, "import", file, "--questions", "my-eval").exit_code == 0
        assert [row.models for row in workspace.all_reviews()] == [("a", "b")]


class TestRefused:
    """What was not taken is said, is on record, and is no success."""

    def test_a_line_for_each_reason(self, workspace: Workspace, write: Write) -> None:
        """With the count and the first of them; the report says how many rows are missing, until none is."""
        write("question.jsonl", QUESTION)
        rows = [single(question_id=n) for n in range(500)] + [single(judge="gpt-4")] * 3
        folder = write("model_judgment/j.jsonl", single(), *rows)
        done = run(workspace, "import", folder)
        assert done.exit_code == 0
        assert [line.rpartition("(")[2] for line in done.stderr.splitlines() if "not taken" in line] == [
            "499 lines for such a reason)",
            "3 lines for such a reason)",
        ]
        assert "The import of my-eval into my-eval lacks 502 rows (499: is about" in run(workspace, "report").stdout
        assert run(workspace, "build-site").exit_code == 0
        assert "lacks 502 rows." in (workspace.webpage / "index.html").read_text("utf-8")
        write("model_judgment/j.jsonl", single())
        run(workspace, "import", folder)
        assert report.build(workspace)["imports"] == []

    def test_nothing_taken(self, workspace: Workspace, write: Write) -> None:
        """A folder of whose judgments none can be used is a failure, whatever became of its questions."""
        write("question.jsonl", QUESTION)
        done = run(workspace, "import", write("model_judgment/j.jsonl", *[single(turn=9)] * 5))
        assert (done.exit_code, done.stderr.splitlines()[-1]) == (1, "judgebench: nothing was taken of j.jsonl")

    def test_what_is_no_format(self, workspace: Workspace, tmp_path: Path) -> None:
        """The error names those that are read; so does that for a name that is none."""
        (tmp_path / "x.json").write_text("{}", "utf-8")
        for arguments in ((tmp_path,), (tmp_path / "x.json",), ("fastchad", tmp_path)):
            done = run(workspace, "import", *arguments)
            assert (done.exit_code, "fastchat" in done.stderr, "votes" in done.stderr) == (2, True, True)

    def test_an_option_that_says_nothing(self, workspace: Workspace, write: Write) -> None:
        """It is refused, and not passed over."""
        done = run(workspace, "import", write("question.jsonl", QUESTION), "--all")
        assert (done.exit_code, "--all says nothing about fastchat" in done.stderr) == (2, True)


class TestIncomplete:
    """An answer with one of two turns."""

    @pytest.mark.parametrize(("turn", "failed"), [(1, 0), (2, 1)])
    def test_used(self, workspace: Workspace, write: Write, turn: int, failed: int) -> None:
        """It has not failed where the turn that it has is graded."""
        write("question.jsonl", QUESTION)
        write("model_answer/m.jsonl", {"question_id": 81, "choices": [{"turns": ["A line."]}]})
        run(workspace, "import", write("model_judgment/j.jsonl", single(turn=turn)))
        assert [entry["failed"] for entry in report.build(workspace)["answers"]] == [failed]


def _import(root: Path, folder: Path) -> None:
    import_fastchat(folder, Workspace(root))


@pytest.mark.filterwarnings("ignore::judgebench.tables.store.WaitingWarning")
def test_two_imports_at_once(workspace: Workspace, write: Write) -> None:
    """Each row is there once."""
    rows = [{"question_id": n, "category": "c", "turns": [f"Write {n}."]} for n in range(300)]
    write("question.jsonl", *rows)
    write("model_answer/m.jsonl", *({"question_id": n, "choices": [{"turns": [f"{n}"]}]} for n in range(300)))
    folder = write("model_judgment/j.jsonl", *(single(question_id=n) for n in range(300)))
    spawned = multiprocessing.get_context("spawn")
    both = [spawned.Process(target=_import, args=(workspace.root, folder)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert len(list(workspace.all_reviews())) == len(list(workspace.all_answers())) == 300


ODD: list[Any] = [None, True, -1, 1e308, 10**30, "", " ", "\ud800", [], [[]], {}, {"a": []}, ["x", 1], [None], "x"]
FILES: dict[str, dict[str, Any]] = {
    "question.jsonl": QUESTION | {"reference": ["r"]},
    "model_answer/m.jsonl": {
        "question_id": 81, "answer_id": "a", "model_id": "m", "choices": [{"index": 0, "turns": ["A", "B"]}],
        "tstamp": 1.5,
    },
    "reference_answer/gpt-4.jsonl": {"question_id": 81, "choices": [{"turns": ["A", "B"]}]},
    "judge_prompts.jsonl": {
        "name": "p", "type": "single", "output_format": "[[rating]]", "prompt_template": "{question}{answer}",
        "system_prompt": "s", "category": "c", "description": "d",
    },
    "model_judgment/s.jsonl": single(user_prompt="Write a line.", tstamp=1.5),
    "model_judgment/p.jsonl": {
        "question_id": 81, "model_1": "m", "model_2": "n", "judge": ["gpt-4", "p"], "turn": 1, "tstamp": 1.5,
        "g1_winner": "tie", "g2_winner": "tie", "g1_judgment": "x", "g2_judgment": "y",
        "g1_user_prompt": "Write a line.",
    },
}  # fmt: skip
TABLE_FILES: dict[str, dict[str, Any]] = {
    "question.jsonl": TABLE_QUESTION,
    "answer/a.jsonl": {"answer_id": "x", "question_id": 1, "model_id": "a", "text": "t", "metadata": {}},
    "answer/b.jsonl": {"answer_id": "y", "question_id": 1, "model_id": "b", "text": "t"},
    "model.jsonl": {"model_id": "a", "model_name": "aa", "model_version": "1"},
    "reviewer.jsonl": {"reviewer_id": "judge-1", "prompt_id": 1, "metadata": {}, "category": "general"},
    "prompt.jsonl": {
        "prompt_id": 1, "system_prompt": "s", "prompt_template": "{question}{answer_1}{answer_2}{prompt}",
        "defaults": {"prompt": "p"}, "category": "general",
    },
    "review/review_a_b.jsonl": review(metadata={}),
}  # fmt: skip


@pytest.mark.parametrize("files", [FILES, TABLE_FILES], ids=["llm_judge", "table"])
def test_odd_values_are_no_crash(workspace: Workspace, write: Write, files: dict[str, dict[str, Any]]) -> None:
    """Whatever stands in a field, an import takes the row or says of which file and line, and never fails otherwise."""
    for name, row in files.items():
        for other, whole in files.items():
            write(other, whole)
        odd = [row | {field: value} for field in row for value in ODD]
        done = run(workspace, "import", write(name, row, *odd), "--questions", name)
        assert isinstance(done.exception, SystemExit | None), (name, done.exception)
        assert "unexpected" not in done.output, (name, done.output)
        assert done.exit_code == 0, (name, done.output)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 50_000, '{"question_id": 1e999}', "9" * 5_000, "\x00", "\xff"]
)
def test_hostile_lines(workspace: Workspace, write: Write, text: str) -> None:
    """Deep nesting and huge numbers are refused with file and line."""
    write("question.jsonl", QUESTION)
    folder = write("model_judgment/j.jsonl", json.dumps(single()), text)
    done = run(workspace, "import", folder)
    assert done.exit_code == 0, done.output
    assert "j.jsonl:2: not taken: " in done.stderr
