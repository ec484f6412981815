"""What was said of one question: each model's answers, its grades, and what judges said of each pair. Pure.

A page shows one pair of models and loads the others as they are chosen, so that each model's part is a piece of its
own: its answers with their grades, and the comparisons with the models that come after it in the set's order.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache, cached_property
from typing import Any, TypeAlias

from judgebench.judging.matches import sample, samples
from judgebench.site.parts import rubrics, verdicts
from judgebench.site.parts.prompt import Prompts, Shown
from judgebench.site.parts.verdicts import Match
from judgebench.site.text import markdown
from judgebench.site.text.markdown import Rendered
from judgebench.site.views import called, counted, listed, told
from judgebench.tables.records import Answer, Question, Review

Pair: TypeAlias = tuple[str, str]
_EMPTY = (None, "", (), False)  # 0 among them, as False: a view's numbers begin where there is something to count


@dataclass(frozen=True, slots=True)
class ReviewView:
    """One review: in which order, what came of it, why, and what the judge was shown."""

    order: str
    verdict: str | None
    error: str | None
    explanation: Rendered | None
    notes: tuple[str, ...]
    flags: tuple[str, ...] = ()
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class JudgeView:
    """All that one judge said of an answer or of a pair in a turn: the result first, with its orders and repeats."""

    judge: str
    outcome: str
    told: str
    reviews: tuple[ReviewView, ...]


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What a model said to one turn, and its own grades; `error` says why there is no text."""

    model: str
    body: Rendered | None
    error: str | None
    notes: tuple[str, ...]
    judges: tuple[JudgeView, ...] = ()
    samples: tuple[Rendered, ...] = ()


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """What the judges said of a pair in one turn, and whether they agree, where there are several."""

    judges: tuple[JudgeView, ...] = ()
    panel: str | None = None


@dataclass(frozen=True)
class About:
    """A question with all that is stored on it, in force."""

    question: Question
    models: tuple[str, ...]
    answers: Sequence[Answer]
    reviews: Sequence[Review]
    matches: Sequence[Match]
    prompts: Prompts = field(default_factory=Prompts)

    @cached_property
    def given(self) -> Mapping[str, list[Answer]]:
        """Each model's samples that belong together, the first one first."""
        return {model: held for (model, _), held in samples(self.answers).items()}

    @cached_property
    def first(self) -> Mapping[str, Answer]:
        """The answer of each model that was judged."""
        return {model: answers[0] for model, answers in self.given.items()}

    def judged(self, row: Review) -> Mapping[str, Answer]:
        """The answers as a review's samples have them now."""
        drawn = {model: sample(self.given.get(model, ()), row.choice) for model in row.models}
        return {model: answer for model, answer in drawn.items() if answer}

    @cached_property
    def reviews_of(self) -> Mapping[frozenset[str], list[Review]]:
        """The reviews of each model, and of each pair in either order, in the order of samples, repeats and orders."""
        found = sorted(self.reviews, key=lambda row: (row.turn, row.choice, row.repeat, row.swapped))
        return _by(found, lambda row: frozenset(row.models))

    @cached_property
    def matches_of(self) -> Mapping[frozenset[str], list[Match]]:
        """The matches of each pair."""
        return _by(self.matches, lambda match: frozenset((match["model_a"], match["model_b"])))

    @property
    def turns(self) -> range:
        """The turns of the question, from 1."""
        return range(1, len(self.question.turns) + 1)


def answers(about: About, model: str) -> tuple[AnswerView, ...]:
    """What a model said to each turn."""
    return tuple(_answer(about, model, turn) for turn in about.turns)


def comparisons(about: About, pair: Sequence[str]) -> tuple[ComparisonView, ...]:
    """What the judges said of a pair in each turn."""
    return tuple(_comparison(about, frozenset(pair), turn) for turn in about.turns)


def piece(about: About, model: str) -> dict[str, Any]:
    """A model's part of a question: its answer's `id`, its `turns`, and `pairs` by the models later in the order."""
    later = about.models[about.models.index(model) + 1 :]
    compared = [other for other in later if frozenset((model, other)) in about.reviews_of]
    pairs = {other: data(comparisons(about, (model, other))) for other in compared}
    given = about.first.get(model)
    return {"id": given.id if given else None, "turns": data(answers(about, model)), "pairs": pairs}


def data(value: Any) -> Any:
    """A view as JSON can hold it; what is empty is left out."""
    if isinstance(value, str):
        return str(value)  # a Markup, too
    if isinstance(value, tuple | list):
        return [data(one) for one in value]
    if not is_dataclass(value):
        return value
    held = ((name, getattr(value, name)) for name in _names(value.__class__))
    return {name: data(found) for name, found in held if found not in _EMPTY}


@cache
def _names(view: type) -> tuple[str, ...]:
    return tuple(one.name for one in fields(view))


def _answer(about: About, model: str, turn: int) -> AnswerView:
    graded = tuple(_grades(about, model, turn))
    given = about.given.get(model, ())
    if not given:
        return AnswerView(model, None, None, ("no answer of this model is stored",), graded)
    answer, *others = given
    spoken = len(answer.turns) >= turn
    return AnswerView(
        model=model,
        body=markdown.render(answer.turns[turn - 1]) if spoken else None,
        error=None if spoken else f"No answer: {told(answer.error)}",
        notes=tuple(_answer_notes(answer, about.question, turn)),
        judges=graded,
        samples=tuple(markdown.render(other.turns[turn - 1]) for other in others if len(other.turns) >= turn),
    )


def _answer_notes(answer: Answer, question: Question, turn: int) -> Iterator[str]:
    if len(answer.turns) >= turn:
        words = answer.turns[turn - 1]
        yield counted(len(words), "character") if words.strip() else "an empty answer"
    if answer.is_cut(turn):
        yield "stopped at its token limit"
    thought = answer.reasoning[turn - 1] if len(answer.reasoning) >= turn else None
    if thought:
        yield f"after {counted(len(thought), 'character')} of reasoning, which no judge is shown"
    if answer.question_digest != question.digest:
        yield "given to an older wording of this question"


def _grades(about: About, model: str, turn: int) -> Iterator[JudgeView]:
    found = [row for row in about.reviews_of.get(frozenset([model]), ()) if row.turn == turn]
    for (judge, _), rows in _by(found, lambda row: (row.judge, row.kind)).items():
        yield JudgeView(judge, "", verdicts.graded(rows), tuple(_review(about, row) for row in rows))


def _comparison(about: About, pair: frozenset[str], turn: int) -> ComparisonView:
    rows = _by((row for row in about.reviews_of.get(pair, ()) if row.turn == turn), lambda row: (row.judge, row.kind))
    found = [match for match in about.matches_of.get(pair, ()) if match["turn"] == turn]
    matches = _by(found, lambda match: (match["judge"], match["kind"]))
    judges = tuple(
        JudgeView(judge, *verdicts.outcome(held), tuple(_review(about, row) for row in rows.get((judge, kind), ())))
        for (judge, kind), held in matches.items()
    )
    return ComparisonView(judges, verdicts.panel([held for held in matches.values()]))


def _review(about: About, row: Review) -> ReviewView:
    return ReviewView(
        order=", ".join(_order(row)),
        verdict=verdicts.verdict(row),
        error=None if row.verdict else f"No verdict: {told(row.error)}",
        explanation=_explanation(row),
        notes=tuple(_review_notes(row, about)),
        flags=tuple(called(flag) for flag in row.flags),
        shown=None if row.choice else about.prompts.shown(row, about.question, about.first),
    )


def _explanation(row: Review) -> Rendered | None:
    if row.verdict and row.verdict.criteria:
        return rubrics.listed(row.verdict)
    return markdown.render(row.reply) if row.reply else None


def _order(row: Review) -> Iterator[str]:
    if row.choice:
        yield f"sample {row.choice + 1}"
    if row.mode == "pairwise":
        yield f"{called(row.models[0])} shown first"


def _review_notes(row: Review, about: About) -> Iterator[str]:
    if row.repeat:
        yield f"repeat {row.repeat + 1}"
    if row.verdict and row.verdict_source in verdicts.SOURCES:
        yield verdicts.SOURCES[row.verdict_source]
    older = verdicts.older(row, about.judged(row))
    if older:
        yield f"judged an earlier answer of {listed(older)} than the one shown here"


def _by(rows: Iterable[Any], key: Any) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found
