"""Answers of any model made anywhere, a row each: `{question_id, answer}`."""

from pathlib import Path

from judgebench.errors import UsageError
from judgebench.interchange.bundle import Bundle, keep
from judgebench.interchange.imported import Imported
from judgebench.interchange.lines import Line, Log, Row, Unusable, convert, identifier, objects, rest, text, texts
from judgebench.tables.records import Answer
from judgebench.workspace import Workspace

NAME = "answers"


def is_row(row: Row) -> bool:
    """Whether a row is an answer of this form."""
    return {"question_id", "answer"} <= row.keys()


def import_plain(path: Path, workspace: Workspace, questions: str | None, model: str | None) -> Imported:
    """Add answers to a set of the workspace; the model is what a row or `model` says, or called after the file.

    `answer` is a text, or a list with one for each turn. Raises UsageError where there is no such set.
    """
    if questions is None:
        there = ", ".join(one.name for one in workspace.question_sets()) or "none"
        raise UsageError(f"{path}: say which questions these answer by --questions NAME; there is {there}")
    held = {one.id: one for one in workspace.question_set(questions).questions}
    log, bundle = Log(), Bundle(questions)

    def make(line: Line) -> list[Answer]:
        row = line.row
        question = held.get(identifier(row, "question_id"))
        if question is None:
            raise Unusable(f"is about question {row['question_id']!r}, which {questions} does not hold")
        said = texts(row, "answer") if isinstance(row.get("answer"), list) else (text(row, "answer"),)
        if len(said) != len(question.turns):
            raise Unusable(f"has {len(said)} texts for the {len(question.turns)} turns of {question.id!r}")
        name = identifier(row, "model") if row.get("model") is not None else model or path.stem
        return [bundle.answer(question, name, said, extra=rest(row, "question_id", "answer", "model"))]

    convert([path], make, log, objects)
    return keep(bundle, path, workspace, log)
