"""HealthBench's questions: a conversation, and criteria with points and tags."""

from pathlib import Path

from judgebench.interchange import columns
from judgebench.interchange.bundle import Bundle, keep
from judgebench.interchange.imported import Imported
from judgebench.interchange.keeping import set_name
from judgebench.interchange.lines import Line, Log, Row, Unusable, convert, optional_text
from judgebench.interchange.rubric_rows import texts, turn_of, usable
from judgebench.question_sets.reading import Unusable as Unreadable
from judgebench.question_sets.reading import rubric_of
from judgebench.tables.records import Question, Rubric
from judgebench.workspace import Workspace

_THEME = "theme:"


def is_row(row: Row) -> bool:
    """Whether a row is of this data."""
    return isinstance(row.get("rubrics"), list) and isinstance(row.get("prompt"), list)


def import_healthbench(path: Path, workspace: Workspace, questions: str | None) -> Imported:
    """Add its questions by theme, each with its rubric; a criterion keeps its tags, a question in `extra`."""
    log, bundle = Log(), Bundle(questions or set_name(path), "HealthBench's questions, with their rubrics.")

    def make(line: Line) -> list[Question]:
        row, before = line.row, len(bundle.questions)
        tags = texts(row, "example_tags")
        themes = [tag.removeprefix(_THEME) for tag in tags if tag.startswith(_THEME)]
        made = bundle.ask(
            [turn_of(row, "prompt")],
            next(iter(themes), "general"),
            optional_text(row, "prompt_id"),
            rubric=usable(_rubric(row)),
            extra={"example_tags": list(tags)} if tags else {},
        )
        return [made] if len(bundle.questions) > before else []

    convert([path], make, log, columns.rows)
    return keep(bundle, path, workspace, log)


def _rubric(row: Row) -> Rubric:
    try:
        return rubric_of(row["rubrics"]) or ()
    except Unreadable as error:
        raise Unusable(str(error)) from error
