"""The 2023 format, on folders of a few lines."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgebench.interchange.fastchat import import_fastchat
from judgebench.tables.records import Verdict
from judgebench.workspace import Workspace

Write = Callable[..., Path]
TABLE_QUESTION = {"question_id": 1, "text": "Why?", "category": "generic"}


class TestTable:
    """The 2023 format."""

    def folder(self, write: Write, *reviews: dict[str, Any], **files: list[dict[str, Any]]) -> Path:
        """Two models that answered one question."""
        write("question.jsonl", TABLE_QUESTION)
        for name in "ab":
            row = {"answer_id": f"id-{name}", "question_id": 1, "model_id": f"{name}:v1", "text": name}
            write(f"answer/answer_{name}.jsonl", row)
        for file, rows in files.items():
            write(f"{file}.jsonl", *rows)
        return write("review/review_a_b.jsonl", *reviews)

    def review(self, **fields: Any) -> dict[str, Any]:
        """A review that gives 8 and 9."""
        said = {"text": "8 9\nBoth good.", "score": [8.0, 9.0], "reviewer_id": "judge-1-generic", "review_id": "r"}
        return {"question_id": 1, "answer1_id": "id-a", "answer2_id": "id-b"} | said | fields

    def test_a_review(self, workspace: Workspace, write: Write) -> None:
        """The judge's name is the reviewer's without the kind of question; the ids are kept."""
        import_fastchat(self.folder(write, self.review()), workspace)
        (row,) = workspace.reviews("my-eval", "judge-1").read()
        assert (row.models, row.answer_ids) == (("a:v1", "b:v1"), ("id-a", "id-b"))
        assert row.verdict == Verdict((8.0, 9.0), "B")
        assert row.extra == {"reviewer_id": "judge-1-generic", "review_id": "r", "imported_from": "my-eval"}

    def test_model_names(self, workspace: Workspace, write: Write) -> None:
        """The name of model.jsonl is used where it is one model's only."""
        models = [{"model_id": f"{name}:v1", "model_name": name} for name in "ab"]
        import_fastchat(self.folder(write, self.review(), model=models), workspace, "named")
        assert [row.models for row in workspace.all_reviews("named")] == [("a", "b")]
        models = [{"model_id": f"{name}:v1", "model_name": "ab"} for name in "ab"]
        import_fastchat(self.folder(write, self.review(), model=models), workspace, "shared")
        assert [row.models for row in workspace.all_reviews("shared")] == [("a:v1", "b:v1")]

    def test_a_judge_whose_name_ends_in_no_category(self, workspace: Workspace, write: Write) -> None:
        """It keeps its whole name."""
        import_fastchat(self.folder(write, self.review(reviewer_id="gpt-4-0314")), workspace)
        assert [row.judge for row in workspace.all_reviews()] == ["gpt-4-0314"]

    def test_minus_one_is_no_verdict(self, workspace: Workspace, write: Write) -> None:
        """And not a tie of -1 and -1."""
        import_fastchat(self.folder(write, self.review(score=[-1, -1], text="I can't say.")), workspace)
        (row,) = workspace.all_reviews()
        assert row.verdict is None
        assert row.error is not None
        assert row.error.kind == "unparsed"

    def test_without_a_stored_score_the_text_is_read(self, workspace: Workspace, write: Write) -> None:
        """Its first line is where the scores stand."""
        row = self.review(text="3, 0\nPoor.")
        del row["score"]
        import_fastchat(self.folder(write, row), workspace)
        (review,) = workspace.all_reviews()
        assert (review.verdict, review.verdict_source) == (Verdict((3.0, 0.0), "A"), "text")

    def test_reviews_without_answers(self, workspace: Workspace, write: Write) -> None:
        """The file's name says who was compared."""
        write("question.jsonl", TABLE_QUESTION)
        import_fastchat(write("review/review_a_b.jsonl", self.review()), workspace)
        assert [(row.models, row.answer_ids) for row in workspace.all_reviews()] == [(("a", "b"), ("", ""))]

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"answer1_id": "id-c"}, "names answer id-c, which no answer file holds"),
            ({"score": 5}, "has a score that is not two numbers"),
            ({"reviewer_id": None}, "has no reviewer_id"),
            ({"question_id": 2}, "is about question '2', which my-eval does not hold"),
        ],
    )
    def test_refused(self, workspace: Workspace, write: Write, fields: dict[str, Any], reason: str) -> None:
        """The reason names the field."""
        imported = import_fastchat(self.folder(write, self.review(**fields)), workspace)
        assert [line.reason for line in imported.refused] == [reason]
