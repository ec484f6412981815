"""The page on which people vote without seeing whose answers they compare: which matches there are, and their texts.

The page itself names no model. Names stand in a set's own piece. What a match shows is loaded when it is drawn: a small
piece with the question, and for each of the two models the piece that the question's page loads as well.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

from judgebench.question_sets import QuestionSet
from judgebench.site import slugs
from judgebench.site.parts import pieces
from judgebench.site.source import Source
from judgebench.site.text import markdown
from judgebench.site.views import Page, Piece
from judgebench.tables.records import Answer, Question, content_id

ADDRESS = "vote/index.html"
Answered: TypeAlias = tuple[Question, Mapping[str, Answer]]  # a question, and the answers to it by model


@dataclass(frozen=True, slots=True)
class Ballot:
    """A question set that can be voted on: its name, and the key and address of its piece."""

    name: str
    key: str
    address: str


def possible(source: Source) -> bool:
    """Whether there is anything to vote on: a question that two models answered differently."""
    return any(_answered(source, found) for found in source.question_sets)


def pages(source: Source) -> Iterator[Page | Piece]:
    """The page, and its pieces; nothing where there is nothing to vote on."""
    ballots = []
    for found in source.question_sets:
        answered = _answered(source, found)
        if answered:
            name = slugs.slug(found.name)
            ballots.append(Ballot(found.name, f"vote:{name}", f"pieces/vote/{name}.js"))
            yield Piece(ballots[-1].address, ballots[-1].key, _ballot(source, found, answered))
            yield from (_question(found, question) for question, _ in answered)
    if ballots:
        yield Page(ADDRESS, "vote.html", {"ballots": ballots, "site": site_id(source)})


def site_id(source: Source) -> str:
    """What keeps the votes of two sites apart in one browser: the same in every build of a workspace."""
    return content_id("site", source.place)[:10]


def _answered(source: Source, found: QuestionSet) -> list[Answered]:
    """The questions that two models answered differently, as they are worded now: first choices, without an error."""
    every = ((question, _current(source, found, question)) for question in found.questions)
    return [(question, answers) for question, answers in every if _differ(_said(question, answers))]


def _current(source: Source, found: QuestionSet, question: Question) -> Mapping[str, Answer]:
    given = source.answers_at.get((found.name, question.id), ())
    usable = (one for one in given if one.choice == 0 and one.error is None and one.turns)
    by_model = {one.model: one for one in usable if one.question_digest == question.digest}
    return dict(sorted(by_model.items()))


def _said(question: Question, answers: Mapping[str, Answer]) -> list[list[int]]:
    """For each answer and each of its turns, the number of the first answer that is the same text up to there.

    So two answers are equal up to a turn, and no match as far as that, where these numbers are equal.
    """
    first: dict[tuple[str, ...], int] = {}
    told = [answer.turns[: len(question.turns)] for answer in answers.values()]
    return [
        [first.setdefault(turns[:turn], place) for turn in range(1, len(turns) + 1)] for place, turns in enumerate(told)
    ]


def _differ(said: Sequence[Sequence[int]]) -> bool:
    """Whether any two answers differ as far as both go."""
    return any(one[: len(other)] != other[: len(one)] for one, other in combinations(said, 2))


def _ballot(source: Source, found: QuestionSet, answered: Sequence[Answered]) -> Mapping[str, Any]:
    """A set's piece: its models, the votes that each pair has had, and its questions with who answered how many turns.

    Models are numbered by name, and `files` are the names of their pieces; `votes` holds [model, model, votes] of the
    reviews that were voted. Equal answers are told here, so that the page loads no texts to find them: `said` of a
    question is there where any two answers begin alike.
    """
    models = sorted({model for _, answers in answered for model in answers})
    number = {model: place for place, model in enumerate(models)}
    voted = Counter(
        tuple(sorted(number[model] for model in review.models))
        for review in source.reviews_on(found.name)
        if review.verdict_source == "voted" and set(review.models) <= number.keys()
    )
    questions = [_listed(found, question, answers, number) for question, answers in answered]
    return {
        "models": models,
        "files": [slugs.slug(model) for model in models],
        "votes": [[*pair, votes] for pair, votes in sorted(voted.items())],
        "questions": questions,
    }


def _listed(
    found: QuestionSet, question: Question, answers: Mapping[str, Answer], number: Mapping[str, int]
) -> Mapping[str, Any]:
    said = _said(question, answers)
    alike = any(turns[0] != place for place, turns in enumerate(said))
    return {
        "id": question.id,
        "category": question.category,
        "key": _key(found, question),
        "address": _address(found, question),
        "folder": slugs.question_pieces(found.name, question.id),
        "models": [number[model] for model in answers],
        "turns": [len(turns) for turns in said],
        **({"said": said} if alike else {}),
    }


def _question(found: QuestionSet, question: Question) -> Piece:
    """A question's piece: its turns and their references. The answers stand in the pieces of the question's page."""
    references = [question.reference(turn) for turn, _ in enumerate(question.turns, start=1)]
    data = {
        "prompts": [pieces.data(markdown.plain(turn)) for turn in question.turns],
        "references": [text and pieces.data(markdown.render(text)) for text in references],
    }
    return Piece(_address(found, question), _key(found, question), data)


def _key(found: QuestionSet, question: Question) -> str:
    return f"vote:{slugs.slug(found.name, question.id)}"


def _address(found: QuestionSet, question: Question) -> str:
    return f"pieces/vote/{slugs.slug(found.name, question.id)}.js"
