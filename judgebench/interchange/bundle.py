"""What another tool's files hold, as rows of ours, and how it becomes part of the workspace."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from judgebench import question_sets
from judgebench.errors import DataError
from judgebench.interchange.imported import Imported
from judgebench.interchange.keeping import append_new
from judgebench.interchange.lines import Log, Unusable
from judgebench.question_sets import Category, QuestionSet, SetHead
from judgebench.question_sets.extend import add_category, add_questions
from judgebench.tables.records import Answer, Question, Review, content_id
from judgebench.workspace import Workspace


@dataclass(slots=True)
class Bundle:
    """Questions by id, answers and reviews of one question set, as an import comes upon them."""

    question_set: str
    description: str = ""
    questions: dict[str, Question] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    reviews: list[Review] = field(default_factory=list)
    votes: Counter[tuple[str, int, frozenset[str]]] = field(default_factory=Counter)  # how many each match has had

    def ask(
        self,
        turns: Sequence[str],
        category: str,
        name: str | None = None,
        reference: str | None = None,
        **about: Any,
    ) -> Question:
        """The question of these turns, made where it is new; without a name of its own it is called by its content.

        `about`: other fields of it.

        Raises Unusable where another one has its name.
        """
        name = name or content_id("imported question", list(turns))[:12]
        references = (reference,) if reference is not None else ()
        made = Question(id=name, category=category, turns=tuple(turns), references=references, **about)
        held = self.questions.setdefault(name, made)
        if held.turns != made.turns:
            raise Unusable(f"is the second called {name!r}; the first is used")
        return held

    def answer(self, question: Question, model: str, turns: Sequence[str], **about: object) -> Answer:
        """An answer of a model, which is the same one however often it is met."""
        row = Answer(
            id=content_id(
                "imported answer", self.question_set, question.id, question.digest, model, list(turns), *_told(about)
            ),
            question_set=self.question_set,
            question_id=question.id,
            question_digest=question.digest,
            model=model,
            turns=tuple(turns),
            **about,  # type: ignore[arg-type]
        )
        return self.answers.setdefault(row.id, row)

    def review(self, question: Question, judge: str, **about: object) -> Review:
        """A review by a judge, identified by all that is said of it."""
        row = Review(
            id="",
            question_set=self.question_set,
            question_id=question.id,
            judge=judge,
            **about,  # type: ignore[arg-type]
        )
        verdict = (row.verdict.scores, row.verdict.winner) if row.verdict else None
        told = (row.reply, row.created, verdict, row.error.kind if row.error else None, row.extra)
        row = replace(row, id=content_id("imported review", row.slot, row.prompt, row.swapped, told))
        self.reviews.append(row)
        return row


def _told(about: Mapping[str, object]) -> list[object]:
    """What tells two answers of the same text apart: which sample it is, and that it failed."""
    return [about["choice"]] if about.get("choice") else []


def keep(bundle: Bundle, origin: Path, workspace: Workspace, log: Log) -> Imported:
    """Add what the workspace doesn't hold yet; a second import adds nothing.

    Raises DataError where the set holds other questions of the same ids, or where there is nothing to keep.
    """
    name = bundle.question_set
    if not (bundle.questions or bundle.answers or bundle.reviews):
        first = next((f": {one.path}:{one.line} {one.reason}" for one in log.refused), "")
        raise DataError(f"{origin}: nothing was taken{first}")
    with workspace.importing():
        new = {"questions": _keep_questions(bundle, workspace)}
        new["answers"] = append_new(
            "answers", list(bundle.answers.values()), lambda row: workspace.answers(name, row.model), origin, log
        )
        new["reviews"] = append_new(
            "reviews", bundle.reviews, lambda row: workspace.reviews(name, row.judge), origin, log
        )
    if bundle.reviews and not any(review.verdict for review in bundle.reviews):
        log.vain.append(f"none of the {len(bundle.reviews)} reviews holds a verdict")
    counts = {"questions": len(bundle.questions), "answers": len(bundle.answers), "reviews": len(bundle.reviews)}
    there = {what: number for what, number in counts.items() if number}
    return log.imported(name, there, {what: new[what] for what in there})


def _keep_questions(bundle: Bundle, workspace: Workspace) -> int:
    """Make the set, or add to it what it lacks; how many questions that were."""
    folder = workspace.question_set_folder(bundle.question_set)
    if not bundle.questions:
        return 0
    if not folder.is_dir():
        head = SetHead(
            bundle.question_set, description=bundle.description, categories=_categories(bundle.questions.values())
        )
        question_sets.save(QuestionSet(head, tuple(bundle.questions.values())), folder)
        return len(bundle.questions)
    held = workspace.question_set(bundle.question_set)
    known = {question.id: question.turns for question in held.questions}
    others = [name for name, question in bundle.questions.items() if known.get(name, question.turns) != question.turns]
    if others:
        raise DataError(
            f"the workspace holds another question {others[0]!r} in {held.name!r}: name another set by --questions NAME"
        )
    missing = [question for name, question in bundle.questions.items() if name not in known]
    for category, settings in _categories(missing).items():
        ours = [question for question in missing if question.category == category]
        if category in held.head.categories:
            add_questions(folder, ours)
        else:
            add_category(folder, category, settings, ours)
    return len(missing)


def _categories(questions: Iterable[Question]) -> Mapping[str, Category]:
    return {name: Category(title=name) for name in dict.fromkeys(question.category for question in questions)}
