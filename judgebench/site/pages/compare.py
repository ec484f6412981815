"""Two models freely chosen, by their single scores: one page for all pairs, which loads what it shows."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from judgebench.report import captions
from judgebench.site import entries, slugs
from judgebench.site.boards import Board, boards
from judgebench.site.entries import spoken
from judgebench.site.parts import chooser
from judgebench.site.parts.chooser import Chooser
from judgebench.site.source import Source
from judgebench.site.views import NO_CATEGORY, Cell, Chart, Page, Piece, Table, excerpt, head, text

Scores = Mapping[tuple[str, str, str], Mapping[tuple[str, int], list[float]]]
_EXCERPT = 90


@dataclass(frozen=True, slots=True)
class Comparison:
    """The page of a board's single scores. `key`: what its piece is called; `folder`: where those of the models are."""

    address: str
    question_set: str
    judge: str
    lead: str
    key: str
    piece: str
    chooser: Chooser | None
    differences: Chart


def pages(source: Source) -> Iterator[Page | Piece]:
    """A page for each board with single scores of two models, and the pieces that it loads."""
    scores = _scores(source)
    for board in boards(source):
        address = chooser.scores_page(board) if board.judges is None else None
        if address:
            yield Page(address, "compare.html", {"comparison": _comparison(board, address)})
            yield from _pieces(source, board, scores)


def _comparison(board: Board, address: str) -> Comparison:
    lead = " ".join(captions.of_leaderboard(spoken(board.ranked), spoken(board.score_differences)))
    key, choose = _key(board), chooser.chooser(board)
    return Comparison(
        address, board.question_set, board.judge, lead, key, f"pieces/{key}.js", choose, _differences(board)
    )


def _differences(board: Board) -> Chart:
    """Each other model against the best: what is known without a script."""
    best = board.ranked[0]["model"]
    found = {}
    for one in board.score_differences:
        if best in one["models"] and one["difference"] is not None:
            turn = one["models"][1] == best  # the difference is the second's mean less the first's
            ends = one["interval"] and ([-end for end in reversed(one["interval"])] if turn else one["interval"])
            found[one["models"][not turn]] = (-one["difference"] if turn else one["difference"], ends)
    rows = tuple(
        (text(entry["model"]), _signed(found[entry["model"]][0]), entries.reach(found[entry["model"]][1]))
        for entry in board.ranked
        if entry["model"] in found
    )
    title = "Each model against the best"
    sentence = "The difference of the mean scores on the same questions, below 0 where a model is behind."
    table = Table(title, head("Model", "Difference", "95\N{NO-BREAK SPACE}% interval", numbers=2), rows)
    return Chart("differences", title, sentence, None, table)


def _signed(value: float) -> Cell:
    return Cell(f"{value:+.2f}".replace("-", "\N{MINUS SIGN}"), number=True)


def _pieces(source: Source, board: Board, scores: Scores) -> Iterator[Piece]:
    """What all its pairs share, and the scores of each model as [question, turn, score], question by its place.

    `models`: names, with the piece of each. `questions`: [id, category, excerpt, address or null, number of turns].
    `differences`: [a, b, difference, low, high], with models by place, and b's mean less a's.
    """
    places = _questions(source, board)
    models = [entry["model"] for entry in board.ranked]
    number = {model: place for place, model in enumerate(models)}
    keys = [f"scores/{slugs.slug(board.question_set, board.judge, model)}" for model in models]
    gaps = [
        [*(number[model] for model in one["models"]), *(round(value, 4) for value in (one["difference"], *ends))]
        for one in board.score_differences
        if one["difference"] is not None and all(model in number for model in one["models"])
        for ends in [one["interval"] or ()]
    ]
    turns = {question.id: question.turns for found, question in source.questions() if found.name == board.question_set}
    questions = [_question(source, board, place, turns.get(place, ())) for place in places]
    shared = {"models": models, "keys": keys, "questions": questions, "differences": gaps}
    key = _key(board)
    yield Piece(f"pieces/{key}.js", key, shared)
    at = {question: place for place, question in enumerate(places)}
    for model, one in zip(models, keys, strict=True):
        its = scores.get((board.question_set, board.judge, model), {})
        rows = [[at[question], turn, round(sum(all_) / len(all_), 4)] for (question, turn), all_ in its.items()]
        yield Piece(f"pieces/{one}.js", one, rows)


def _key(board: Board) -> str:
    return f"scores/{board.id}"


def _questions(source: Source, board: Board) -> list[str]:
    """The questions of a board: those of the set in its order, then what it doesn't hold any more."""
    asked = board.tally.questions if board.tally else set()
    known = [question.id for found, question in source.questions() if found.name == board.question_set]
    kept = [one for one in known if one in asked]
    return [*kept, *sorted(asked.difference(kept))]


def _question(source: Source, board: Board, question: str, turns: tuple[str, ...]) -> list[Any]:
    place = (board.question_set, question)
    page = slugs.question_page(*place) if source.has_page(*place) else None
    beginning = excerpt(turns[0], _EXCERPT) if turns else ""
    return [question, source.categories.get(place, NO_CATEGORY), beginning, page, len(turns)]


def _scores(source: Source) -> Scores:
    found: dict[Any, dict[Any, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in source.reviews:
        if row.mode == "single" and row.verdict and row.verdict.scores:
            found[row.question_set, row.judge, row.models[0]][row.question_id, row.turn].append(row.verdict.scores[0])
    return found
