"""Fill a workspace from a FastChat evaluation folder, of the 2023 `table` format or the `llm_judge` format."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from judgebench.errors import UsageError
from judgebench.interchange.fastchat.lines import Log, lines
from judgebench.interchange.fastchat.llm_judge import LlmJudgeFolder
from judgebench.interchange.fastchat.notes import row_notes, verdict_notes
from judgebench.interchange.fastchat.rows import Folder, Target
from judgebench.interchange.fastchat.sets import keep_questions
from judgebench.interchange.fastchat.table import TableFolder
from judgebench.interchange.imported import Imported, Refused
from judgebench.interchange.merge import Merged, merge, with_own_ids
from judgebench.question_sets import SetHead
from judgebench.tables.records import Answer, Review
from judgebench.tables.store import Table, in_force
from judgebench.workspace import Workspace

__all__ = ["Imported", "Refused", "import_fastchat"]

RowT = TypeVar("RowT", Answer, Review)
_TABLE = ("answer", "review", "prompt.jsonl", "reviewer.jsonl", "model.jsonl")
_LLM_JUDGE = ("model_answer", "model_judgment", "reference_answer", "judge_prompts.jsonl")


def import_fastchat(
    folder: Path,
    workspace: Workspace,
    question_set: str | None = None,
    reparse: bool = False,
    about: SetHead | None = None,
) -> Imported:
    """Read a FastChat folder and add what the workspace doesn't hold yet; a second import adds nothing.

    `question_set` names the set (default: the folder's name), or `about` names and describes it. With `reparse`,
    verdicts are read from the judges' texts, and those that FastChat stored beside them are left aside. Raises
    UsageError for a folder that is none of FastChat's, and DataError where the workspace holds other questions
    under this name.
    """
    log = Log()
    workspace.check()
    source = _open(folder, log)
    about = about or SetHead(question_set or _slug(folder), description="Imported from a FastChat evaluation folder.")
    name = about.name
    prompts = source.prompts()
    kept = keep_questions(source, prompts, workspace, about, log)
    target = Target(name, {question.id: question for question in kept.questions}, reparse)
    held = {answer.id: answer for answer in workspace.all_answers(name)}
    answers = with_own_ids(source.answers(target), held)
    reviews = source.reviews(target, [*in_force(held.values()).values(), *answers], prompts)
    new = {
        **kept.new,
        "answers": _append("answers", answers, lambda row: workspace.answers(name, row.model), log),
        "reviews": _append("reviews", reviews, lambda row: workspace.reviews(name, row.judge), log),
    }
    for note in verdict_notes(reviews):
        log.note(note)
    counts = {**kept.counts, "answers": len(answers), "reviews": len(reviews)}
    return Imported(name, counts, new, tuple(log.refused), tuple(log.notes))


def _open(folder: Path, log: Log) -> Folder:
    """The folder by its format, told by its parts, or by its first question where there is nothing else."""
    if not folder.is_dir():
        raise UsageError(f"no folder at {folder}")
    table, llm_judge = (any((folder / part).exists() for part in parts) for parts in (_TABLE, _LLM_JUDGE))
    both = table and llm_judge
    if table == llm_judge:
        first = next(lines(folder / "question.jsonl", Log()), None) if (folder / "question.jsonl").is_file() else None
        llm_judge = first is not None and "turns" in first.row
        table = first is not None and "text" in first.row and not llm_judge
    if not table and not llm_judge:
        wanted = ", ".join(("question.jsonl", *_LLM_JUDGE, *_TABLE))
        raise UsageError(f"{folder} is no FastChat folder: of {wanted} it holds nothing that tells its format")
    if both:
        log.note("The folder holds parts of both formats: only those of the format of its questions were read.")
    return LlmJudgeFolder(folder, log) if llm_judge else TableFolder(folder, log)


def _slug(folder: Path) -> str:
    return re.sub(r"[^\w.]+|_+", "-", folder.resolve().name.lower()).strip("-.") or "fastchat"


def _append(what: str, rows: Sequence[RowT], table_of: Callable[[RowT], Table[RowT]], log: Log) -> int:
    """Add to each table what it lacks, in one write; how many rows that were."""
    by_table: dict[Path, tuple[Table[RowT], list[RowT]]] = {}
    for row in rows:
        table = table_of(row)
        by_table.setdefault(table.path, (table, []))[1].append(row)
    merged: list[Merged[RowT]] = []
    for table, ours in by_table.values():
        merged.append(merge(ours, table.read()))
        table.append(merged[-1].rows)
    for note in row_notes(what, merged):
        log.note(note)
    return sum(len(one.rows) for one in merged)
