"""Workspaces with several sets for tests of the gate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from servers.running import make_workspace

from judgebench import question_sets
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.tables.records import Answer, Failure, Question, content_id
from judgebench.workspace import Workspace

GOOD, PLAIN, EVEN = "A GOOD answer, of some length.", "An answer, of some length too.", "Another answer of that length."


@dataclass(frozen=True)
class Texts:
    """What a model says to the n-th question of a set, and how its answers ended."""

    text: Callable[[int], str] = lambda n: EVEN
    finish: Callable[[int], str] = lambda n: "stop"
    failed: Callable[[int], str | None] = lambda n: None


def add_set(
    workspace: Workspace, name: str, number: int, old: Texts, new: Texts, scorer: str = "judge", categories: str = "ab"
) -> None:
    """A set of so many questions, and what the models `old` and `new` answered."""
    questions = tuple(
        Question(id=f"{name}-{n}", category=categories[n % len(categories)], turns=(f"Question {n} of {name}?",),
                 references=("42",) if scorer != "judge" else ())
        for n in range(number)
    )  # fmt: skip
    head = SetHead(name, categories={one: Category(scorer=scorer) for one in categories})
    question_sets.save(QuestionSet(head, questions), workspace.question_set_folder(name))
    for model, texts in (("old", old), ("new", new)):
        answers(workspace, name, model, questions, texts)


def answers(workspace: Workspace, name: str, model: str, questions: Sequence[Question], texts: Texts) -> None:
    """Put a model's answers into its table."""
    rows = []
    for n, question in enumerate(questions):
        kind = texts.failed(n)
        draft = Answer(
            id="",
            question_set=name,
            question_id=question.id,
            question_digest=question.digest,
            model=model,
            turns=() if kind else (texts.text(n),),
            error=Failure(kind, "made for a test") if kind else None,
            finish_reasons=() if kind else (texts.finish(n),),
        )
        rows.append(replace(draft, id=content_id(draft.slot, draft.turns, kind, texts.finish(n))))
    workspace.answers(name, model).append(rows)


def empty(root: Path) -> Workspace:
    """A workspace without sets."""
    return make_workspace(root, [Question(id="q", category="a", turns=("Nothing?",))], {})
