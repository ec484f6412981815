"""Who is best: mean scores and ratings, each with its interval."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from judgebench.report import captions
from judgebench.site import entries
from judgebench.site.boards import Board
from judgebench.site.entries import Entry, spoken
from judgebench.site.parts import standing
from judgebench.site.parts.standing import Place
from judgebench.site.views import UNKNOWN, Cell, Chart, Room, Table, head, named, number, short, text

_NAME = 32  # characters of a name in a row
_FIXED = ("Model", "Rank")  # columns that are there whatever stands in them
_MIGHT_BE = "Might be"
_INTERVAL = "95\N{NO-BREAK SPACE}% interval"
_RANKS = (
    "A model might have any of the ranks beside its own; a line on their left joins models that can't be told apart"
    " from the first of them."
)
_ROOM: Mapping[str, Room] = {  # of columns that a narrow screen doesn't show at once
    _MIGHT_BE: "wide",
    _INTERVAL: "wide",
    "Matches": "wide",
    **dict.fromkeys(("Scores", "Missing", "Whatever these are", "Note"), "widest"),
}
_METHODS = {"bradley-terry": "Bradley-Terry", "elo": "Elo"}


def leaderboard(board: Board) -> Iterator[Chart]:
    """Models by mean score, best first."""
    if not board.scores:
        return
    turns = sorted({one["turn"] for one in board.scores if one["turn"]})
    columns = turns if len(turns) > 1 else []
    by_turn = {(one["model"], one["turn"]): one["mean"] for one in board.scores if one["category"] is None}
    places = standing.by_score(board)
    ranks = dict(zip((place.model for place in places), _ranks(places), strict=True))
    rows = [
        (
            named(one["model"], _NAME),
            *ranks.get(one["model"], (Cell(UNKNOWN), Cell(UNKNOWN))),
            entries.drawn(one["mean"], one["interval"], board.scale),
            entries.reach(one["interval"]),
            *(number(by_turn.get((one["model"], turn)), 2) for turn in columns),
            number(one["n"]),
            number(one["missing"] or None),
            _with_missing(one),
            *_people(board.people, one["model"]),
        )
        for one in board.ranked
    ]
    names = ("Mean score", _INTERVAL, *(f"Turn {turn}" for turn in columns), "Scores", "Missing", "Whatever these are")
    low, high = map(short, board.scale)
    sentence = (
        f"Models by the mean of their scores, the best first, each with its interval on a bar from {low} to {high}."
    )
    table = _table("Mean scores of single reviews, best first", (*names, *_people_names(board.people)), rows)
    yield Chart(f"{board.id}--leaderboard", "Leaderboard", f"{sentence} {_RANKS}", None, table, wide=True)


def ratings(board: Board) -> Iterator[Chart]:
    """Models by their rating, for each kind of verdict; two models say no more than their win rate."""
    for kind in board.kinds:
        rated = [entry for entry in board.ratings if entry["kind"] == kind]
        if len(rated) > 2:
            yield _ratings(board, kind, rated)


def _ratings(board: Board, kind: str, rated: Sequence[Entry]) -> Chart:
    method = _METHODS[rated[0]["method"]]
    known = [entry for entry in rated if entry["rating"] is not None]
    ends = [end for entry in known for end in entry["interval"] or (entry["rating"],)]
    scale = (min(ends, default=0.0), max(ends, default=1.0))
    rows = [
        (
            named(entry["model"], _NAME),
            *rank,
            entries.drawn(entry["rating"], entry["interval"], scale, 0),
            entries.reach(entry["interval"], digits=0),
            number(entry["matches"]),
            *_people(board.people, entry["model"]),
            text(entry["note"] or UNKNOWN),
        )
        for entry, rank in zip(rated, _ranks(standing.by_rating(board, kind)), strict=True)
    ]
    names = ("Rating", _INTERVAL, "Matches", *_people_names(board.people))
    table = _table(f"Ratings by {method}, best first", names, rows, "Note")
    about = f"400 points are odds of 10 to 1; the mean is 1000. {_RANKS}"
    sentence = f"{' '.join(captions.of_ratings(spoken(rated)))} {about}"
    title = f"Ratings ({method})" if len(board.kinds) == 1 else f"Ratings ({method}, {kind})"
    return Chart(f"{board.id}--ratings-{kind}", title, sentence, None, table, wide=True)


def _table(caption: str, figures: Sequence[str], rows: Sequence[Sequence[Cell]], *words: str) -> Table:
    """Without the columns in which nothing stands."""
    heads = (*head("Model", "Rank", _MIGHT_BE, *figures, numbers=len(figures)), *head(*words))
    held = [at for at, one in enumerate(heads) if one.text in _FIXED or any(row[at].text != UNKNOWN for row in rows)]
    room = [_room(heads[at].text) for at in held]
    shown = (
        tuple(replace(row[at], room=needed) for at, needed in zip(held, room, strict=True)) for row in (heads, *rows)
    )
    names, *cells = shown
    return Table(caption, names, tuple(cells), ranked=True)


def _room(name: str) -> Room:
    return "widest" if name.startswith("Turn ") else _ROOM.get(name, "")


def _ranks(places: Sequence[Place]) -> list[tuple[Cell, Cell]]:
    """The rank of each, in its bracket, and those that it might have."""
    return [
        (Cell(UNKNOWN if place.rank is None else str(place.rank), bracket=bracket), _might_be(place))
        for place, bracket in zip(places, standing.brackets(places), strict=True)
    ]


def _might_be(place: Place) -> Cell:
    ends = place.might_be
    low, high = map(str, ends or (0, 0))
    return Cell(f"{low} to {high}", ends=(low, high)) if ends else Cell(UNKNOWN)


def _with_missing(one: Entry) -> Cell:
    """What the missing scores could make of a mean."""
    return entries.reach(one["bounds"] if one["missing"] else None)


def _people_names(people: Mapping[str, Any]) -> tuple[str, ...]:
    return ("People's rating", "its 95\N{NO-BREAK SPACE}% interval") if people else ()


def _people(people: Mapping[str, Entry], model: str) -> tuple[Cell, ...]:
    """The rating by people's votes, beside the judge's figure."""
    if not people:
        return ()
    entry = people.get(model)
    return (number(entry["rating"] if entry else None), entries.reach(entry["interval"] if entry else None, digits=0))
