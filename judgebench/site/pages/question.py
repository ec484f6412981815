"""The pages of questions, their list, and the pieces that these load: answers, prompts, marks and an index."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from judgebench.question_sets import QuestionSet
from judgebench.site import slugs
from judgebench.site.parts import marks, pieces
from judgebench.site.parts.marks import Marks
from judgebench.site.parts.pieces import About, AnswerView, ComparisonView
from judgebench.site.parts.prompt import Prompts
from judgebench.site.parts.search import Index
from judgebench.site.source import Source
from judgebench.site.text import languages, markdown
from judgebench.site.text.markdown import Rendered
from judgebench.site.views import UNKNOWN, Page, Piece, excerpt
from judgebench.tables.records import Question


@dataclass(frozen=True, slots=True)
class TurnView:
    """One turn of the conversation, with the answers that the page opens with and what judges said of the two."""

    number: int
    prompt: Rendered
    reference: Rendered | None
    answers: tuple[AnswerView, ...]
    comparison: ComparisonView


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The question before or after; `near`: in the same set, so that the page's script can show it in place."""

    text: str
    href: str
    near: bool


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model that can be chosen, and the name of its piece."""

    name: str
    piece: str


@dataclass(frozen=True, slots=True)
class QuestionView:
    """The page of a question; `page` is its name, and that of its pieces, `shown` the models that it opens with."""

    address: str
    question_set: str
    id: str
    category: str
    title: str
    models: tuple[ModelView, ...]
    shown: tuple[str, ...]
    turns: tuple[TurnView, ...]
    previous: Neighbour | None
    next: Neighbour | None
    place: str
    page: str


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question in the list of all; `number` is its place in its set."""

    question_set: str
    id: str
    number: int
    href: str
    category: str
    excerpt: str
    lang: str
    noticed: str
    characters: str
    seconds: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A question of the list, the models of its set, and its neighbours' links."""

    question_set: QuestionSet
    question: Question
    models: tuple[str, ...]
    number: int
    before: Neighbour | None
    after: Neighbour | None
    place: str


def pages(source: Source) -> Iterator[Page | Piece]:
    """The page of each question, the list of all, and what its filters and its search load."""
    listed = asked(source)
    models = _models(source)
    width = _width(models)
    index, rows = Index(), []
    marked = {name: Marks(held) for name, held in models.items()}
    for position, one in enumerate(listed):
        name = one.question_set.name
        about = _about(source, one)
        view = _view(source, one, about)
        yield Page(view.address, "question.html", {"question": view})
        yield Piece(f"pieces/pages/{view.page}.js", f"pieces/pages/{view.page}", _frame(view))
        _index(index, position * width, about)
        rows.append(_row(one, about, marked[name].add(about)))
    yield Page("questions/index.html", "questions.html", _list(models, rows, index))
    for name, held in marked.items():
        yield Piece(f"pieces/marks/{slugs.slug(name)}.js", f"marks/{slugs.slug(name)}", held.data())
    yield from index.written()


def questions(source: Source) -> Iterator[QuestionView]:
    """What the page of every question shows that has an answer or a review."""
    for listed in asked(source):
        yield _view(source, listed, _about(source, listed))


def asked(source: Source) -> list[Listed]:
    """The questions that have an answer or a review, each with its neighbours."""
    return list(_listed(source))


def pieces_of(source: Source, listed: Listed) -> Iterator[Piece]:
    """All that the page of a question loads: a piece per model, and one with what judges were shown, if there is any.

    They depend on no other question, and are most of a site's work.
    """
    about = _about(source, listed)
    _view(source, listed, about)  # so that the prompts are counted as on the page
    folder = slugs.question_pieces(listed.question_set.name, listed.question.id)
    for model in about.models:
        key = f"{folder}/{slugs.slug(model)}"
        yield Piece(f"{key}.js", key, pieces.piece(about, model))
    if about.prompts.frames:
        yield Piece(f"{folder}.js", folder, about.prompts.piece(about.question, about.first))


def _listed(source: Source) -> Iterator[Listed]:
    all_ = list(source.questions())
    models = _models(source)
    counts: dict[str, int] = {}
    for number, (found, question) in enumerate(all_):
        counts[found.name] = counts.get(found.name, -1) + 1
        yield Listed(
            question_set=found,
            question=question,
            models=models[found.name],
            number=counts[found.name],
            before=_neighbour(found, *all_[number - 1]) if number else None,
            after=_neighbour(found, *all_[number + 1]) if number + 1 < len(all_) else None,
            place=f"{number + 1} of {len(all_)}",
        )


def _neighbour(here: QuestionSet, found: QuestionSet, question: Question) -> Neighbour:
    return Neighbour(question.id, slugs.question_page(found.name, question.id), here.name == found.name)


def _about(source: Source, listed: Listed) -> About:
    name, asked = listed.question_set.name, listed.question
    question = replace(asked, rubric=listed.question_set.rubric(asked))
    place = (name, question.id)
    return About(
        question=question,
        models=listed.models,
        answers=source.answers_at.get(place, ()),
        reviews=source.reviews_at.get(place, ()),
        matches=source.matches_at.get(place, ()),
        prompts=Prompts(source.prompts.get(name)),
    )


def _frame(view: QuestionView) -> dict[str, Any]:
    """What a page's script needs to show a question in the place of its neighbour; the answers are in other pieces."""
    names = ("id", "category", "place", "previous", "next")
    turns = [{"number": turn.number, "prompt": turn.prompt, "reference": turn.reference} for turn in view.turns]
    told = {name: pieces.data(getattr(view, name)) for name in names}
    return {**told, "turns": [{name: pieces.data(value) for name, value in turn.items()} for turn in turns]}


def _view(source: Source, listed: Listed, about: About) -> QuestionView:
    name, question = listed.question_set.name, listed.question
    shown = _first_shown(source, name, about.models)
    return QuestionView(
        address=slugs.question_page(name, question.id),
        question_set=name,
        id=question.id,
        category=question.category,
        title=excerpt(question.turns[0], 90),
        models=tuple(ModelView(model, slugs.slug(model)) for model in about.models),
        shown=shown,
        turns=tuple(_turns(about, shown)),
        previous=listed.before,
        next=listed.after,
        place=listed.place,
        page=slugs.slug(name, question.id),
    )


def _first_shown(source: Source, question_set: str, models: tuple[str, ...]) -> tuple[str, ...]:
    """The two models that a page opens with: the first pair that was reviewed, or the first two."""
    pairs = source.pairs.get(question_set)
    return pairs[0] if pairs else models[:2]


def _turns(about: About, shown: tuple[str, ...]) -> Iterator[TurnView]:
    said = [pieces.answers(about, model) for model in shown]
    compared = pieces.comparisons(about, shown)
    for turn, words in enumerate(about.question.turns, start=1):
        reference = about.question.reference(turn)
        yield TurnView(
            number=turn,
            prompt=markdown.plain(words),
            reference=markdown.render(reference) if reference else None,
            answers=tuple(given[turn - 1] for given in said),
            comparison=compared[turn - 1] if len(shown) == 2 else ComparisonView(),
        )


def _models(source: Source) -> dict[str, tuple[str, ...]]:
    """The models of each set that has a page of a question."""
    used = dict.fromkeys(found.name for found, _ in source.questions())
    return {name: tuple(source.models(name)) for name in used}


def _width(models: Mapping[str, tuple[str, ...]]) -> int:
    """How many documents of the search a question takes: its own, and one for each model."""
    return 1 + max(map(len, models.values()), default=0)


def _index(index: Index, document: int, about: About) -> None:
    question = about.question
    index.add(document, [question.id, question.category, *question.turns])
    for number, model in enumerate(about.models, start=1):
        given = about.given.get(model)
        if given:
            index.add(document + number, [words for answer in given for words in answer.turns])


def _row(listed: Listed, about: About, bits: int) -> QuestionRow:
    name, question = listed.question_set.name, listed.question
    return QuestionRow(
        question_set=name,
        id=question.id,
        number=listed.number,
        href=slugs.question_page(name, question.id),
        category=question.category,
        excerpt=excerpt(question.turns[0]),
        lang=languages.language(question.turns[0]),
        noticed="; ".join(marks.FLAGS[flag] for flag in marks.names(bits)),
        characters=_mean([sum(map(len, one.turns)) for one in about.answers], 0),
        seconds=_mean([one.seconds for one in about.answers if one.seconds is not None], 1),
        flags=tuple(marks.names(bits)),
    )


def _mean(values: Sequence[float], digits: int) -> str:
    return f"{fmean(values):,.{digits}f}" if values else UNKNOWN


def _list(models: Mapping[str, tuple[str, ...]], rows: list[QuestionRow], index: Index) -> dict[str, Any]:
    """The list of all questions; `settings` is what its script has to know."""
    sets = {name: {"models": held, "marks": f"marks/{slugs.slug(name)}"} for name, held in models.items()}
    return {
        "rows": rows,
        "timed": any(row.seconds != UNKNOWN for row in rows),
        "sets": list(models),
        "categories": list(dict.fromkeys(row.category for row in rows)),
        "models": sorted({model for found in models.values() for model in found}),
        "flags": {name: words for name, words in marks.FLAGS.items() if any(name in row.flags for row in rows)},
        "settings": {"sets": sets, "search": index.pieces, "width": _width(models), "bits": marks.BITS},
    }
