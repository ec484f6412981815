"""Which folders are read, and what becomes of their questions and answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgebench.errors import DataError, UsageError
from judgebench.interchange.fastchat import import_fastchat
from judgebench.tables.records import Answer
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

Write = Callable[..., Path]
QUESTION = {"question_id": 81, "category": "writing", "turns": ["Write a line.", "Now another."]}
TABLE_QUESTION = {"question_id": 1, "text": "Why?", "category": "generic"}
JUDGMENT = {"question_id": 81, "model": "m", "judge": ["gpt-4", "p"], "judgment": "[[7]]", "score": 7, "turn": 1}


def answer(*turns: str, **fields: Any) -> dict[str, Any]:
    """A line of model_answer/."""
    return {"question_id": 81, "answer_id": "a1", "choices": [{"index": 0, "turns": list(turns)}]} | fields


class TestFormats:
    """Which folders are read at all."""

    def test_a_folder_of_neither_format(self, workspace: Workspace, tmp_path: Path) -> None:
        """The error says what was looked for."""
        with pytest.raises(UsageError, match=r"question\.jsonl, model_answer, .* review"):
            import_fastchat(tmp_path, workspace)

    def test_no_folder(self, workspace: Workspace, tmp_path: Path) -> None:
        """A wrong path is a wrong request."""
        with pytest.raises(UsageError, match="no folder at"):
            import_fastchat(tmp_path / "nothing", workspace)

    @pytest.mark.parametrize("question", [QUESTION, TABLE_QUESTION])
    def test_questions_alone_tell_their_format(
        self, workspace: Workspace, write: Write, question: dict[str, Any]
    ) -> None:
        """By `turns` or `text`; the set is named after the folder."""
        imported = import_fastchat(write("question.jsonl", question), workspace)
        (stored,) = workspace.question_set("my-eval").questions
        assert imported.question_set == "my-eval"
        assert stored.id == str(question["question_id"])

    def test_judgments_alone_need_a_question_set(self, workspace: Workspace, write: Write) -> None:
        """They are added to the set that `--questions` names, and refused without one."""
        folder = write("model_judgment/gpt-4_single.jsonl", JUDGMENT)
        with pytest.raises(UsageError, match="--questions"):
            import_fastchat(folder, workspace)
        import_fastchat(write("question.jsonl", QUESTION), workspace, "lines")
        (folder / "question.jsonl").unlink()
        (workspace.root / "reviews/lines/gpt-4.jsonl").unlink()
        imported = import_fastchat(folder, workspace, "lines")
        assert (imported.counts["questions"], imported.new["reviews"]) == (0, 1)


class TestQuestions:
    """Questions and what else a question set holds."""

    def test_other_questions_under_the_same_name(self, workspace: Workspace, write: Write) -> None:
        """Nothing is overwritten; the error says what to do."""
        import_fastchat(write("question.jsonl", QUESTION), workspace)
        folder = write("question.jsonl", QUESTION | {"turns": ["Write a word.", "Now another."]})
        with pytest.raises(DataError, match="--questions NAME"):
            import_fastchat(folder, workspace)
        assert import_fastchat(folder, workspace, "words").new["questions"] == 1

    def test_a_second_question_of_the_same_id_is_refused(self, workspace: Workspace, write: Write) -> None:
        """81 and "81" are one id."""
        imported = import_fastchat(write("question.jsonl", QUESTION, QUESTION | {"question_id": "81"}), workspace)
        assert [(line.line, line.reason[:13]) for line in imported.refused] == [(2, "is the second")]

    def test_no_usable_question(self, workspace: Workspace, write: Write) -> None:
        """The first reason is told, and no question set is made."""
        with pytest.raises(DataError, match=r"question\.jsonl:1 has no category"):
            import_fastchat(write("question.jsonl", {"question_id": 1, "turns": ["a"]}), workspace)
        assert workspace.question_sets() == []

    def test_unknown_fields_are_kept(self, workspace: Workspace, write: Write) -> None:
        """In `extra`."""
        import_fastchat(write("question.jsonl", QUESTION | {"source": "us"}), workspace)
        assert workspace.question_set("my-eval").questions[0].extra == {"source": "us"}

    def test_an_edited_prompt_is_left_alone(self, workspace: Workspace, write: Write) -> None:
        """A note says that it differs."""
        prompt = {"name": "p", "type": "single", "output_format": "[[rating]]", "prompt_template": "{question}{answer}"}
        write("question.jsonl", QUESTION)
        folder = write("judge_prompts.jsonl", prompt)
        assert import_fastchat(folder, workspace).new["prompts"] == 1
        path = workspace.question_set_folder("my-eval") / "prompts" / "p.j2"
        path.write_text("+++\nkind = 'rating'\n+++\nmine\n")
        imported = import_fastchat(folder, workspace)
        assert imported.new["prompts"] == 0
        assert "p.j2 differs from FastChat's prompt of that name and was left as it is." in imported.notes
        assert path.read_text().endswith("mine\n")


class TestAnswers:
    """Answers of the llm_judge format."""

    def answers(self, workspace: Workspace, write: Write, *rows: dict[str, Any]) -> list[Answer]:
        """What becomes of these lines of `model_answer/m.jsonl`."""
        write("question.jsonl", QUESTION)
        import_fastchat(write("model_answer/m.jsonl", *rows), workspace)
        return workspace.answers("my-eval", "m").read()

    def test_choices(self, workspace: Workspace, write: Write) -> None:
        """Each choice is an answer with an id of its own; the first keeps FastChat's."""
        choices = [{"index": index, "turns": [f"{index}", ""]} for index in (0, 1)]
        first, second = self.answers(workspace, write, answer(choices=choices))
        assert (first.id, first.choice, first.turns) == ("a1", 0, ("0", ""))
        assert (second.id, second.choice, second.turns) == ("a1-1", 1, ("1", ""))

    def test_an_error_is_never_text(self, workspace: Workspace, write: Write) -> None:
        """The turns before it are kept."""
        (row,) = self.answers(workspace, write, answer("A line.", "$ERROR$"))
        assert row.turns == ("A line.",)
        assert row.error is not None
        assert row.error.kind == "fastchat_error"

    def test_missing_turns_are_an_error(self, workspace: Workspace, write: Write) -> None:
        """One of two turns is no finished answer."""
        (row,) = self.answers(workspace, write, answer("A line."))
        assert row.error is not None
        assert row.error.kind == "incomplete"

    def test_a_failed_duplicate_does_not_count(self, workspace: Workspace, write: Write) -> None:
        """Both are on disk, the success is in force, and each has its own id."""
        rows = self.answers(workspace, write, answer("A line.", "Another."), answer("$ERROR$", "$ERROR$"))
        assert len({row.id for row in rows}) == 2
        assert [row.turns for row in in_force(rows).values()] == [("A line.", "Another.")]

    def test_an_edited_answer_takes_the_old_ones_place(self, workspace: Workspace, write: Write) -> None:
        """Although it has the same answer_id; importing it again adds nothing."""
        self.answers(workspace, write, answer("A line.", "Another."))
        rows = self.answers(workspace, write, answer("A line.", "A better one."))
        assert [row.turns[1] for row in in_force(rows).values()] == ["A better one."]
        assert self.answers(workspace, write, answer("A line.", "A better one.")) == rows
