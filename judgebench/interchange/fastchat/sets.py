"""Keeping FastChat's questions and judge prompts as a question set of the workspace."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from judgebench import question_sets
from judgebench.errors import DataError, UsageError
from judgebench.interchange.fastchat.prompts import JudgePrompt, choose, prompt_text
from judgebench.interchange.fastchat.rows import Folder
from judgebench.interchange.lines import Log
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.tables.records import Question
from judgebench.workspace import Workspace

OTHER_TEMPERATURE = 0.7  # what FastChat draws answers at in a category that it doesn't name


@dataclass(frozen=True, slots=True)
class Kept:
    """The questions that rows may be about, and how many rows were read and are new."""

    questions: tuple[Question, ...]
    counts: Mapping[str, int]
    new: Mapping[str, int]


def keep_questions(
    source: Folder, prompts: Sequence[JudgePrompt], workspace: Workspace, about: SetHead, log: Log
) -> Kept:
    """Make the question set, or see that the workspace's own is the same; add the prompts that it lacks.

    `about` names and describes a new set; its categories are made from the questions and prompts. Raises
    UsageError where neither has questions, and DataError where they have different ones.
    """
    found, folder = source.questions(), workspace.question_set_folder(about.name)
    if found is not None and not found:
        raise DataError("question.jsonl holds no question that can be used: " + _first_reason(log))
    if found is None and not folder.is_dir():
        raise UsageError(
            f"there is no question.jsonl, and no question set {about.name!r}: give one with --questions NAME"
        )
    held = workspace.question_set(about.name) if folder.is_dir() else None
    if held is None:
        made = QuestionSet(_head(about, found or [], prompts, source.temperatures), tuple(found or []))
        _save(made, folder, prompts)
        written = len(prompts)
    else:
        _compare(held, found or held.questions)
        written = _add_prompts(folder / "prompts", prompts, log)
    read = _counts(found or [], len(prompts))
    new = _counts([], written) if held else read
    return Kept(tuple(held.questions if held else found or []), read, new)


def _counts(questions: Sequence[Question], prompts: int) -> dict[str, int]:
    references = sum(bool(question.references) for question in questions)
    return {"questions": len(questions), "references": references, "prompts": prompts}


def _first_reason(log: Log) -> str:
    first = log.refused[0] if log.refused else None
    return f"{first.path}:{first.line} {first.reason}" if first else "it is empty"


def _compare(held: QuestionSet, found: Sequence[Question]) -> None:
    """A folder without references may belong to a set with some; everything else must agree."""
    referenced = any(question.references for question in found)

    def asked(questions: Sequence[Question]) -> list[tuple[object, ...]]:
        return [(q.id, q.category, q.turns, q.references if referenced else ()) for q in questions]

    if asked(held.questions) != asked(found):
        raise DataError(
            f"the workspace holds other questions as {held.name!r}: give another name with --questions NAME"
        )


def _head(
    about: SetHead,
    questions: Sequence[Question],
    prompts: Sequence[JudgePrompt],
    temperatures: Mapping[str, float],
) -> SetHead:
    categories = {
        category: _category(category, [q for q in questions if q.category == category], prompts, temperatures)
        for category in dict.fromkeys(question.category for question in questions)
    }
    return replace(about, categories=categories)


def _category(
    name: str,
    questions: Sequence[Question],
    prompts: Sequence[JudgePrompt],
    temperatures: Mapping[str, float],
) -> Category:
    """How FastChat answers and judges a category; the reference counts only where every question has one."""
    referenced = all(len(question.references) == len(question.turns) for question in questions)
    single = choose(prompts, "single", name, referenced)
    pairwise = choose(prompts, "pairwise", name, referenced)
    default = Category()
    return Category(
        title=name,
        temperature=temperatures.get(name, OTHER_TEMPERATURE),
        single=tuple(prompt.prompt.name for prompt in single) or default.single,
        pairwise=tuple(prompt.prompt.name for prompt in pairwise) or default.pairwise,
        needs_reference=any(prompt.referenced for prompt in (*single, *pairwise)),
    )


def _save(made: QuestionSet, folder: Path, prompts: Sequence[JudgePrompt]) -> None:
    """Under another name first, so that whoever stops us leaves no half of a question set."""
    with tempfile.TemporaryDirectory(prefix=".import-", dir=folder.parents[1]) as beside:
        draft = Path(beside) / "set"
        question_sets.save(made, draft)
        _add_prompts(draft / "prompts", prompts, Log())
        draft.rename(folder)


def _add_prompts(folder: Path, prompts: Sequence[JudgePrompt], log: Log) -> int:
    """Write the prompts that the folder lacks; how many that were."""
    written = 0
    for prompt in prompts:
        path, body = folder / f"{prompt.prompt.name}.j2", prompt_text(prompt.prompt)
        if not path.exists():
            _write(path, body)
            written += 1
        elif path.read_text(encoding="utf-8") != body:
            log.note(f"{path.name} differs from FastChat's prompt of that name and was left as it is.")
    return written


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_text(text, encoding="utf-8", newline="\n")
    beside.replace(path)
