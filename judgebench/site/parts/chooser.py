"""Two models chosen freely: which page shows them, for every two that were compared or scored by one judge."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from judgebench.site import slugs
from judgebench.site.boards import Board
from judgebench.site.entries import Entry, address
from judgebench.site.views import Piece


@dataclass(frozen=True, slots=True)
class Chooser:
    """Fields for two models, as named, and the piece that says where their page is. `chosen`: what they show first."""

    id: str
    key: str
    piece: str
    models: tuple[str, ...]
    chosen: tuple[str, str]


def chooser(board: Board, chosen: tuple[str, str] | None = None) -> Chooser | None:
    """The chooser of a board; None where there is nothing to choose."""
    models = models_of(board)
    if len(models) < 2 or board.judges:
        return None
    first = chosen or (models[1], models[0])
    key = f"pairs/{board.id}"
    return Chooser(f"{board.id}--choose", key, f"pieces/pairs/{board.id}.js", tuple(models), first)


def models_of(board: Board) -> list[str]:
    """The best first: by mean score, then by rating, then as they were named."""
    ranked = [entry["model"] for entry in (*board.ranked, *board.ratings)]
    return list(dict.fromkeys([*ranked, *(model for pair in board.pairs for model in pair["models"])]))


def pieces(boards: list[Board]) -> Iterator[Piece]:
    """For each board the addresses of its pairs' pages.

    `models`: their names. `pages`: [a, b, address] with a and b as places in `models`. `scored`: the places of those
    with single scores, any two of which the page `scores` compares.
    """
    for board in boards:
        choose = chooser(board)
        if choose:
            yield Piece(choose.piece, choose.key, addresses(board))


def addresses(board: Board) -> Mapping[str, Any]:
    """The data of a piece."""
    models = models_of(board)
    place = {model: number for number, model in enumerate(models)}
    pages = [[*(place[model] for model in pair["models"]), address(pair)] for pair in _first_kind(board)]
    scored = [place[entry["model"]] for entry in board.ranked]
    return {"models": models, "pages": pages, "scored": scored, "scores": scores_page(board)}


def scores_page(board: Board) -> str | None:
    """The page on which any two models are compared by their single scores."""
    return f"pairs/{slugs.slug(board.question_set, board.judge)}.html" if len(board.ranked) > 1 else None


def _first_kind(board: Board) -> Iterator[Entry]:
    """One page for each pair: of the first kind of verdict that it has; that page leads to the others."""
    seen: set[frozenset[str]] = set()
    for pair in board.pairs:
        if frozenset(pair["models"]) not in seen:
            seen.add(frozenset(pair["models"]))
            yield pair
