"""The page of a question: its turns, every model's answers, and what the judges said of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judgebench.question_sets import QuestionSet
from judgebench.records import Answer, Question, Review
from judgebench.site import markdown, slugs
from judgebench.site.markdown import Rendered
from judgebench.site.source import Source
from judgebench.site.views import Link, Page, called, counted, excerpt, listed, outcome_name, short, told

_SEARCHED = 2_000  # characters of a question that the text filter looks through

_SOURCES = {
    "stored": "verdict as imported",
    "checked": "compared with the reference",
    "identical": "the two answers are identical, so no judge was asked",
    "schema": "verdict read from the field of a JSON reply",
    "logprobs": "verdict read from the probabilities of the score's tokens",
    "repaired": "the first reply held no verdict; it was asked for once more",
    "computed": "computed offline, a surrogate for a model's verdict",
}


@dataclass(frozen=True, slots=True)
class ReviewView:
    """One review: who judged what in which order, what came of it, and why."""

    models: tuple[str, ...]
    judge: str
    order: str
    verdict: str | None
    error: str | None
    explanation: Rendered | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """What a pair's reviews of a turn come to: both orders put together."""

    models: tuple[str, str]
    judge: str
    outcome: str
    told: str


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What a model said to one turn, and its own grades; `error` says why there is no text."""

    model: str
    body: Rendered | None
    error: str | None
    notes: tuple[str, ...]
    reviews: tuple[ReviewView, ...]
    samples: tuple[Rendered, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnView:
    """One turn of the conversation."""

    number: int
    prompt: Rendered
    reference: Rendered | None
    answers: tuple[AnswerView, ...]
    reviews: tuple[ReviewView, ...]
    outcomes: tuple[OutcomeView, ...]


@dataclass(frozen=True, slots=True)
class QuestionView:
    """The page of a question."""

    address: str
    question_set: str
    id: str
    category: str
    title: str
    models: tuple[str, ...]
    shown: tuple[str, ...]
    turns: tuple[TurnView, ...]
    previous: Link | None
    next: Link | None
    place: str


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question in the list of all."""

    question_set: str
    id: str
    href: str
    category: str
    excerpt: str
    searched: str
    about: str


def pages(source: Source) -> Iterator[Page]:
    """The list of all questions, and the page of each."""
    listed = list(rows(source))
    names = {name: list(dict.fromkeys(getattr(row, field) for row in listed)) for name, field in _LISTED.items()}
    yield Page("questions/index.html", "questions.html", {"rows": listed, **names})
    for question in questions(source):
        yield Page(question.address, "question.html", {"question": question})


_LISTED = {"sets": "question_set", "categories": "category"}


def rows(source: Source) -> Iterator[QuestionRow]:
    """The list of all questions that have a page."""
    for found, question in source.questions():
        place = (found.name, question.id)
        yield QuestionRow(
            question_set=found.name,
            id=question.id,
            href=slugs.question_page(*place),
            category=question.category,
            excerpt=excerpt(question.turns[0]),
            searched=" ".join(question.turns)[:_SEARCHED].lower(),
            about=_about(question, source.answers_at.get(place, ()), source.reviews_at.get(place, ())),
        )


def _about(question: Question, answers: Sequence[Answer], reviews: Sequence[Review]) -> str:
    turns = [counted(len(question.turns), "turn")] if len(question.turns) > 1 else []
    return ", ".join([*turns, counted(len(answers), "answer"), counted(len(reviews), "review")])


def questions(source: Source) -> Iterator[QuestionView]:
    """The page of every question that has an answer or a review."""
    models = {name: tuple(source.models(name)) for name in source.set_names}
    all_ = list(source.questions())
    links = [Link(question.id, slugs.question_page(found.name, question.id)) for found, question in all_]
    for number, (found, question) in enumerate(all_):
        yield QuestionView(
            address=links[number].href,
            question_set=found.name,
            id=question.id,
            category=question.category,
            title=excerpt(question.turns[0], 90),
            models=models[found.name],
            shown=_first_shown(source, found.name, models[found.name]),
            turns=tuple(_turns(source, found, question, models[found.name])),
            previous=links[number - 1] if number else None,
            next=links[number + 1] if number + 1 < len(links) else None,
            place=f"{number + 1} of {len(links)}",
        )


def _first_shown(source: Source, question_set: str, models: Sequence[str]) -> tuple[str, ...]:
    """The two models that a page opens with: the first pair that was reviewed, or the first two."""
    pairs = source.pairs.get(question_set)
    return pairs[0] if pairs else tuple(models[:2])


def _turns(source: Source, found: QuestionSet, question: Question, models: Sequence[str]) -> Iterator[TurnView]:
    place = (found.name, question.id)
    answers: dict[str, list[Answer]] = {}
    for answer in sorted(source.answers_at.get(place, ()), key=lambda answer: answer.choice):
        answers.setdefault(answer.model, []).append(answer)
    first = {model: given[0] for model, given in answers.items()}
    for turn, words in enumerate(question.turns, start=1):
        reviews = [row for row in source.reviews_at.get(place, ()) if row.turn == turn]
        reference = question.reference(turn)
        yield TurnView(
            number=turn,
            prompt=markdown.plain(words),
            reference=markdown.render(reference) if reference else None,
            answers=tuple(_answer(model, question, turn, answers.get(model, ()), reviews, first) for model in models),
            reviews=tuple(_review(row, first) for row in reviews if row.mode == "pairwise"),
            outcomes=tuple(_outcome(match) for match in source.matches_at.get(place, ()) if match["turn"] == turn),
        )


def _answer(
    model: str,
    question: Question,
    turn: int,
    given: Sequence[Answer],
    reviews: Sequence[Review],
    first: Mapping[str, Answer],
) -> AnswerView:
    graded = tuple(_review(row, first) for row in reviews if row.mode == "single" and row.models == (model,))
    if not given:
        return AnswerView(model, None, None, ("no answer of this model is stored",), graded)
    answer, *others = given
    spoken = len(answer.turns) >= turn
    return AnswerView(
        model=model,
        body=markdown.render(answer.turns[turn - 1]) if spoken else None,
        error=None if spoken else f"No answer: {told(answer.error)}",
        notes=tuple(_answer_notes(answer, question, turn)),
        reviews=graded,
        samples=tuple(markdown.render(other.turns[turn - 1]) for other in others if len(other.turns) >= turn),
    )


def _answer_notes(answer: Answer, question: Question, turn: int) -> Iterator[str]:
    if len(answer.turns) >= turn:
        words = answer.turns[turn - 1]
        yield counted(len(words), "character") if words.strip() else "an empty answer"
    if len(answer.finish_reasons) >= turn and answer.finish_reasons[turn - 1] == "length":
        yield "stopped at its token limit"
    if answer.question_digest != question.digest:
        yield "given to an older wording of this question"


def _review(row: Review, current: Mapping[str, Answer]) -> ReviewView:
    return ReviewView(
        models=row.models,
        judge=row.judge,
        order=f"{called(row.models[0])} shown first" if row.mode == "pairwise" else "",
        verdict=_verdict(row),
        error=None if row.verdict else f"No verdict: {told(row.error)}",
        explanation=markdown.render(row.reply) if row.reply else None,
        notes=tuple(_review_notes(row, current)),
    )


def _outcome(match: Mapping[Any, Any]) -> OutcomeView:
    a, b, outcome = match["model_a"], match["model_b"], match["outcome"]
    words = outcome_name(outcome, a, b)
    if outcome == "inconsistent":
        words += ": the verdict changes with the order"
    elif outcome != "incomplete":
        words += " in both orders" if match["reviews"] > 1 else ", judged in one order only"
    if match["score_a"] == match["score_a"]:
        words += f" ({called(a)} {short(match['score_a'])}, {called(b)} {short(match['score_b'])})"
    repeat = f" (repeat {match['repeat'] + 1})" if match["repeat"] else ""
    return OutcomeView((a, b), match["judge"] + repeat, outcome, words)


def _verdict(row: Review) -> str | None:
    if row.verdict is None:
        return None
    scores = [short(score) for score in row.verdict.scores]
    if row.mode == "single":
        return f"Score {scores[0]}"
    winners = {"A": row.models[0], "B": row.models[1]}
    outcome = f"{called(winners[row.verdict.winner])} wins" if row.verdict.winner in winners else "Tie"
    return f"{outcome}, {' to '.join(scores)}" if scores else outcome


def _review_notes(row: Review, current: Mapping[str, Answer]) -> Iterator[str]:
    if row.repeat:
        yield f"repeat {row.repeat + 1}"
    if row.verdict and row.verdict_source in _SOURCES:
        yield _SOURCES[row.verdict_source]
    older = [
        model
        for model, judged in zip(row.models, row.answer_ids, strict=True)
        if judged and model in current and current[model].id != judged
    ]
    if older:
        yield f"judged an earlier answer of {listed(older)} than the one shown here"
