"""References and rubrics written by a judge model, which a person looks at, and accepts what is right.

For references it answers the questions itself; for rubrics it says what an answer should do.
"""

import codecs
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from judgebench.answers import Drawing, get_answers
from judgebench.errors import UsageError
from judgebench.models import Model, Spec
from judgebench.question_sets import QuestionSet
from judgebench.question_sets import prompts as asking
from judgebench.question_sets.sets import JUDGE
from judgebench.tables.records import Answer, Question
from judgebench.tables.store import Stage, Table, file_name, in_force, replace_file
from judgebench.workspace import Workspace

_LONGEST = 2048  # tokens of a rubric


@dataclass(frozen=True, slots=True)
class Drafting:
    """What is drafted for questions: as what each is `asked`, whether it `lacks` it, and how a draft is filled in.

    `filled` gives the question with what the draft of a judge says, None where that holds nothing of use.
    """

    name: str
    asked: Callable[[Question], Question]
    lacks: Callable[[Question], bool]
    filled: Callable[[Question, Answer, str], Question | None]


def drafts(folder: Path, judge: str, what: Drafting | None = None) -> Table[Answer]:
    """A judge's answers that may become the references (or something else) of a question set."""
    return Table(folder / f"drafts-{(what or REFERENCES).name}-{file_name(judge)}.jsonl", Answer)


def lacking(question_set: QuestionSet, categories: Sequence[str] = (), limit: int | None = None) -> list[Question]:
    """The questions of which a turn has no reference: of the categories named, or of those that need references."""
    needing = [name for name, category in question_set.head.categories.items() if category.needs_reference]
    wanted = categories or needing
    if not wanted:
        raise UsageError(f"no category of {question_set.name} needs references: name one with --category")
    return [question for question in question_set.select(wanted, limit) if _open_turns(question)]


def without_rubric(
    question_set: QuestionSet, categories: Sequence[str] = (), limit: int | None = None
) -> list[Question]:
    """The questions for which there is no rubric; UsageError where each has one, or where a checker is asked."""
    found = [question for question in question_set.select(categories, limit) if not question_set.rubric(question)]
    wanted = [question for question in found if question_set.category(question).scorer == JUDGE]
    if not wanted:
        raise UsageError(f"no question of {question_set.name} that a judge grades lacks a rubric")
    return wanted


def generate(
    workspace: Workspace,
    question_set: QuestionSet,
    questions: Sequence[Question],
    spec: Spec,
    model: Model,
    what: Drafting | None = None,
) -> Stage[Answer]:
    """The drafts that are not there yet; iterate to make them.

    The model holds the whole conversation, turn after turn, greedily, as MT-bench's judge does.
    """
    drafting = what or REFERENCES
    table = drafts(workspace.question_set_folder(question_set.name), spec.name, drafting)
    asked = [drafting.asked(question) for question in questions]
    return get_answers(question_set, asked, spec, model, table, Drawing({"temperature": 0.0, **_changes(drafting)}))


def _changes(drafting: Drafting) -> dict[str, Any]:
    """How it is drawn where the question is another one than the set's: without the set's system prompt and limits."""
    return {} if drafting.name == REFERENCES.name else {"max_tokens": _LONGEST, "system": None, "stop": ()}


def proposals(
    workspace: Workspace, question_set: QuestionSet, judge: str, what: Drafting | None = None
) -> Iterator[tuple[Question, Answer]]:
    """The questions that lack references, each with the judge's finished draft to the wording that it has now."""
    drafting = what or REFERENCES
    rows = in_force(drafts(workspace.question_set_folder(question_set.name), judge, drafting).read()).values()
    found = {row.question_id: row for row in rows if row.error is None and all(map(str.strip, row.turns))}
    for question in question_set.questions:
        draft = found.get(question.id)
        asked = drafting.asked(question).digest if draft else ""
        usable = draft and draft.question_digest == asked and drafting.lacks(question)
        if draft and usable and drafting.filled(question, draft, judge):
            yield question, draft


def accept(
    workspace: Workspace, name: str, judge: str, ids: Collection[str] = (), what: Drafting | None = None
) -> list[Question]:
    """Make a judge's drafts references of their questions (empty: of all), where a turn has none; those questions.

    A reference that is there stays, and so does a rubric. `extra` names the judge, as `references_by` or `rubric_by`.
    The file is replaced as a whole, and the lines of other questions stay as they are.
    """
    table = Table(workspace.question_set_folder(name) / "questions.jsonl", Question)
    with table.claim():
        proposed = proposals(workspace, workspace.question_set(name), judge, what)
        found = {question.id: draft for question, draft in proposed}
        strangers = [wanted for wanted in ids if wanted not in found]
        if strangers or not found:
            whose = f" for {', '.join(strangers)}" if strangers else ""
            raise UsageError(f"no draft of {judge}{whose} that a question of {name} lacks: see `references show`")
        chosen = {wanted: found[wanted] for wanted in ids or found}
        filled, lines = _fill(table.path, chosen, judge, what or REFERENCES)
        replace_file(table.path, b"".join(lines))
    return filled


def _fill(
    path: Path, chosen: Mapping[str, Answer], judge: str, drafting: Drafting
) -> tuple[list[Question], list[bytes]]:
    """The questions that get what was drafted, and all lines of the file then."""
    filled, lines = [], []
    for line in path.read_bytes().splitlines(keepends=True):
        question = _question(line)
        made = drafting.filled(question, chosen[question.id], judge) if question and question.id in chosen else None
        if made:
            filled.append(made)
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


def _about_rubric(question: Question) -> Question:
    """The question as a model is asked for its rubric."""
    given = {"turns": question.turns, "references": [one for one in question.references if one]}
    return replace(question, turns=(asking.render(asking.load(asking.RUBRIC), given),))


def _with_rubric(question: Question, draft: Answer, judge: str) -> Question | None:
    rubric = asking.rubric_in(draft.turns[0])
    return replace(question, rubric=rubric, extra={**question.extra, "rubric_by": judge}) if rubric else None


REFERENCES = Drafting("references", lambda question: question, lambda question: bool(_open_turns(question)), _filled)
RUBRICS = Drafting("rubrics", _about_rubric, lambda question: not question.rubric, _with_rubric)
