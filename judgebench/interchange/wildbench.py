"""WildBench's questions: a conversation, and a checklist of questions to ask of a reply."""

from pathlib import Path

from judgebench.interchange import columns
from judgebench.interchange.bundle import Bundle, keep
from judgebench.interchange.imported import Imported
from judgebench.interchange.keeping import set_name
from judgebench.interchange.lines import Line, Log, Row, convert, optional_text
from judgebench.interchange.rubric_rows import texts, turn_of, usable
from judgebench.tables.records import Criterion, Question
from judgebench.workspace import Workspace

_KEPT = ("intent", "secondary_tags")


def is_row(row: Row) -> bool:
    """Whether a row is of this data."""
    return {"conversation_input", "checklist"} <= row.keys()


def import_wildbench(path: Path, workspace: Workspace, questions: str | None) -> Imported:
    """Add its questions by primary tag; each item of the checklist is a criterion worth a point."""
    log, bundle = Log(), Bundle(questions or set_name(path), "WildBench's questions, with their checklists.")

    def make(line: Line) -> list[Question]:
        row, before = line.row, len(bundle.questions)
        items = dict.fromkeys(item.strip() for item in texts(row, "checklist") if item.strip())
        made = bundle.ask(
            [turn_of(row, "conversation_input")],
            optional_text(row, "primary_tag") or "general",
            optional_text(row, "session_id") or optional_text(row, "id"),
            rubric=usable(tuple(map(Criterion, items))),
            extra={name: row[name] for name in _KEPT if row.get(name)},
        )
        return [made] if len(bundle.questions) > before else []

    convert([path], make, log, columns.rows)
    return keep(bundle, path, workspace, log)
