"""Fill a workspace from a FastChat evaluation folder, of the 2023 `table` format or the `llm_judge` format."""

from dataclasses import replace
from pathlib import Path

from judgebench.errors import UsageError
from judgebench.interchange.fastchat.llm_judge import LlmJudgeFolder
from judgebench.interchange.fastchat.notes import verdict_notes
from judgebench.interchange.fastchat.rows import READ_RANGE, Folder, Target, part_of_file
from judgebench.interchange.fastchat.sets import keep_questions
from judgebench.interchange.fastchat.table import Pair, TableFolder
from judgebench.interchange.imported import Imported, Refused
from judgebench.interchange.keeping import append_new, set_name
from judgebench.interchange.lines import Log, Row, lines
from judgebench.interchange.merge import with_own_ids
from judgebench.question_sets import SetHead
from judgebench.tables.store import in_force
from judgebench.verdicts.closing import Range
from judgebench.workspace import Workspace

__all__ = ["READ_RANGE", "Imported", "Refused", "import_fastchat", "is_fastchat"]

_TABLE = ("answer", "review", "prompt.jsonl", "reviewer.jsonl", "model.jsonl")
_LLM_JUDGE = ("model_answer", "model_judgment", "reference_answer", "judge_prompts.jsonl")


def import_fastchat(
    folder: Path,
    workspace: Workspace,
    question_set: str | None = None,
    reparse: bool = False,
    about: SetHead | None = None,
    scale: Range = READ_RANGE,
    pair: Pair | None = None,
    judge: str | None = None,
) -> Imported:
    """Add what a FastChat folder, or a file of it, holds and the workspace does not; a second import adds nothing.

    `question_set` names the set (default: the folder's name), or `about` names and describes it. With `reparse`,
    verdicts are read from the judges' texts, and those that FastChat stored beside them are left aside. A score outside
    the `scale` is an error. `pair` and `judge` are what the 2023 format may leave unsaid, see TableFolder. Raises
    UsageError for a folder that is none of FastChat's, and DataError where the workspace holds other questions
    under this name.
    """
    log = Log()
    source = _open(folder, log, pair, judge)
    about = about or SetHead(
        question_set or set_name(folder), description="Imported from a FastChat evaluation folder."
    )
    with workspace.importing():
        return _import(folder, source, about, Target(about.name, {}, reparse, scale), workspace, log)


def _import(folder: Path, source: Folder, about: SetHead, target: Target, workspace: Workspace, log: Log) -> Imported:
    name = about.name
    prompts = source.prompts()
    kept = keep_questions(source, prompts, workspace, about, log)
    target = replace(target, questions={question.id: question for question in kept.questions})
    held = {answer.id: answer for answer in workspace.all_answers(name)}
    answers = with_own_ids(source.answers(target), held)
    reviews = source.reviews(target, [*in_force(held.values()).values(), *answers], prompts)
    new = {
        **kept.new,
        "answers": append_new("answers", answers, lambda row: workspace.answers(name, row.model), folder, log),
        "reviews": append_new("reviews", reviews, lambda row: workspace.reviews(name, row.judge), folder, log),
    }
    for note in verdict_notes(reviews):
        log.note(note)
    if reviews and not any(review.verdict for review in reviews):
        log.vain.append(f"none of the {len(reviews)} reviews holds a verdict")
    counts = {**kept.counts, "answers": len(answers), "reviews": len(reviews)}
    return log.imported(name, counts, new)


def is_fastchat(folder: Path) -> bool:
    """Whether a folder holds something that only FastChat's do, or a file is of one."""
    if not folder.is_dir():
        return part_of_file(folder) is not None
    return any((folder / part).exists() for part in (*_TABLE, *_LLM_JUDGE)) or _first(folder) != {}


def _first(folder: Path) -> Row:
    """The first question of a folder."""
    path = folder / "question.jsonl"
    first = next(lines(path, Log()), None) if path.is_file() else None
    return first.row if first else {}


def _open(folder: Path, log: Log, pair: Pair | None, judge: str | None) -> Folder:
    """The folder by its format, told by its parts, or by its first question where there is nothing else."""
    if not folder.exists():
        raise UsageError(f"no folder at {folder}")
    part = part_of_file(folder)
    table, llm_judge = (
        part in parts or any((folder / one).exists() for one in parts) for parts in (_TABLE, _LLM_JUDGE)
    )
    both = table and llm_judge
    if table == llm_judge:
        first = _first(folder)
        llm_judge = "turns" in first
        table = "text" in first and not llm_judge
    if not table and not llm_judge:
        wanted = ", ".join(("question.jsonl", *_LLM_JUDGE, *_TABLE))
        raise UsageError(
            f"{folder} is no FastChat folder (the 2023 `table`, or `llm_judge` data): of {wanted} it holds nothing"
            " that tells its format"
        )
    if both:
        log.note("The folder holds parts of both formats: only those of the format of its questions were read.")
    return LlmJudgeFolder(folder, log) if llm_judge else TableFolder(folder, log, pair, judge)
