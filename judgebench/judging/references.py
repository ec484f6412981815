"""References written by a judge model: it answers the questions itself first, and a person accepts what is right."""

import codecs
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from judgebench.answers import Drawing, get_answers
from judgebench.errors import UsageError
from judgebench.models import Model, Spec
from judgebench.question_sets import QuestionSet
from judgebench.tables.records import Answer, Question
from judgebench.tables.store import Stage, Table, file_name, in_force, replace_file
from judgebench.workspace import Workspace


def drafts(folder: Path, judge: str) -> Table[Answer]:
    """A judge's answers that may become the references of a question set."""
    return Table(folder / f"drafts-references-{file_name(judge)}.jsonl", Answer)


def lacking(question_set: QuestionSet, categories: Sequence[str] = (), limit: int | None = None) -> list[Question]:
    """The questions of which a turn has no reference: of the categories named, or of those that need references."""
    needing = [name for name, category in question_set.head.categories.items() if category.needs_reference]
    wanted = categories or needing
    if not wanted:
        raise UsageError(f"no category of {question_set.name} needs references: name one with --category")
    return [question for question in question_set.select(wanted, limit) if _open_turns(question)]


def generate(
    workspace: Workspace, question_set: QuestionSet, questions: Sequence[Question], spec: Spec, model: Model
) -> Stage[Answer]:
    """The drafts that are not there yet; iterate to make them.

    The model holds the whole conversation, turn after turn, greedily, as MT-bench's judge does.
    """
    table = drafts(workspace.question_set_folder(question_set.name), spec.name)
    return get_answers(question_set, questions, spec, model, table, Drawing({"temperature": 0.0}))


def proposals(workspace: Workspace, question_set: QuestionSet, judge: str) -> Iterator[tuple[Question, Answer]]:
    """The questions that lack references, each with the judge's finished draft to the wording that it has now."""
    rows = in_force(drafts(workspace.question_set_folder(question_set.name), judge).read()).values()
    found = {row.question_id: row for row in rows if row.error is None and all(map(str.strip, row.turns))}
    for question in question_set.questions:
        draft = found.get(question.id)
        if draft and draft.question_digest == question.digest and _open_turns(question):
            yield question, draft


def accept(workspace: Workspace, name: str, judge: str, ids: Collection[str] = ()) -> list[Question]:
    """Make a judge's drafts references of their questions (empty: of all), where a turn has none; those questions.

    A reference that is there stays. `extra["references_by"]` names the judge. The file is replaced as a whole, and
    the lines of other questions stay as they are.
    """
    table = Table(workspace.question_set_folder(name) / "questions.jsonl", Question)
    with table.claim():
        found = {question.id: draft for question, draft in proposals(workspace, workspace.question_set(name), judge)}
        strangers = [wanted for wanted in ids if wanted not in found]
        if strangers or not found:
            what = f" for {', '.join(strangers)}" if strangers else ""
            raise UsageError(f"no draft of {judge}{what} that a question of {name} lacks: see `references show`")
        filled, lines = _fill(table.path, {wanted: found[wanted] for wanted in ids or found}, judge)
        replace_file(table.path, b"".join(lines))
    return filled


def _fill(path: Path, chosen: Mapping[str, Answer], judge: str) -> tuple[list[Question], list[bytes]]:
    """The questions that get references, and all lines of the file then."""
    filled, lines = [], []
    for line in path.read_bytes().splitlines(keepends=True):
        question = _question(line)
        if question and question.id in chosen:
            filled.append(_filled(question, chosen[question.id], judge))
            lines.append(msgspec.json.encode(filled[-1]) + b"\n")
        else:
            lines.append(line)
    return filled, lines


def _question(line: bytes) -> Question | None:
    text = line.removeprefix(codecs.BOM_UTF8)
    return msgspec.json.decode(text, type=Question) if text.strip() else None


def _open_turns(question: Question) -> list[int]:
    return [turn for turn in range(1, len(question.turns) + 1) if question.reference(turn) is None]


def _filled(question: Question, draft: Answer, judge: str) -> Question:
    held = [question.reference(turn) for turn in range(1, len(question.turns) + 1)]
    texts = tuple(said if kept is None else kept for kept, said in zip(held, draft.turns, strict=True))
    return replace(question, references=texts, extra={**question.extra, "references_by": judge})
