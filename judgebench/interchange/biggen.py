"""BiGGen Bench's questions: an input, a reference, and one criterion with what each grade from 1 to 5 means."""

from pathlib import Path

from judgebench.interchange import columns
from judgebench.interchange.bundle import Bundle, keep
from judgebench.interchange.imported import Imported
from judgebench.interchange.keeping import set_name
from judgebench.interchange.lines import Line, Log, Row, Unusable, convert, optional_text, text
from judgebench.interchange.rubric_rows import usable
from judgebench.tables.records import Criterion, Question
from judgebench.workspace import Workspace

_GRADES = range(1, 6)


def is_row(row: Row) -> bool:
    """Whether a row is of this data."""
    return isinstance(row.get("score_rubric"), dict) and "input" in row


def import_biggen(path: Path, workspace: Workspace, questions: str | None) -> Imported:
    """Add its questions by capability, with reference and criterion; the criterion's tag is the task."""
    log, bundle = Log(), Bundle(questions or set_name(path), "BiGGen Bench's questions, with their criteria.")

    def make(line: Line) -> list[Question]:
        row, before = line.row, len(bundle.questions)
        system = optional_text(row, "system_prompt")
        made = bundle.ask(
            [text(row, "input")],
            optional_text(row, "capability") or "general",
            optional_text(row, "id"),
            optional_text(row, "reference_answer") or None,
            rubric=usable((_criterion(row),)),
            extra={"system_prompt": system} if system else {},
        )
        return [made] if len(bundle.questions) > before else []

    convert([path], make, log, columns.rows)
    return keep(bundle, path, workspace, log)


def _criterion(row: Row) -> Criterion:
    rubric, task = row["score_rubric"], optional_text(row, "task")
    if not isinstance(rubric, dict):
        raise Unusable("has a score_rubric that is no object")
    grades = [f"{grade}: {text(rubric, f'score{grade}_description')}" for grade in _GRADES]
    said = "\n".join([text(rubric, "criteria"), *grades])
    return Criterion(said, 1.0, (task,) if task else (), (_GRADES[0], _GRADES[-1]))
