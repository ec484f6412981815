"""Who is best: mean scores and ratings, each with its interval."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from judgebench.report import captions
from judgebench.site import entries
from judgebench.site.boards import Board
from judgebench.site.entries import Entry, spoken
from judgebench.site.views import Cell, Chart, Table, head, number, short, text

_METHODS = {"bradley-terry": "Bradley-Terry", "elo": "Elo"}


def leaderboard(board: Board) -> Iterator[Chart]:
    """Models by mean score, best first."""
    if not board.scores:
        return
    turns = sorted({one["turn"] for one in board.scores if one["turn"]})
    columns = turns if len(turns) > 1 else []
    by_turn = {(one["model"], one["turn"]): one["mean"] for one in board.scores if one["category"] is None}
    rows = tuple(
        (
            text(one["model"], note=_unsure(one)),
            entries.drawn(one["mean"], one["interval"], board.scale),
            entries.reach(one["interval"]),
            *(number(by_turn.get((one["model"], turn)), 2) for turn in columns),
            number(one["n"]),
            number(one["missing"]),
            *_people(board.people, one["model"]),
        )
        for one in board.ranked
    )
    names = ("Mean score", "95\N{NO-BREAK SPACE}% interval", *(f"Turn {turn}" for turn in columns), "Scores", "Missing")
    names = (*names, *_people_names(board.people))
    low, high = map(short, board.scale)
    sentence = (
        f"Models by the mean of their scores, the best first, each with its interval on a bar from {low} to {high}."
    )
    table = Table("Mean scores of single reviews, best first", head("Model", *names, numbers=len(names)), rows)
    yield Chart(f"{board.id}--leaderboard", "Leaderboard", sentence, None, table, wide=True)


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
    rows = tuple(
        (
            text(entry["model"], note=entry["note"]),
            text(_rank(entry)),
            entries.drawn(entry["rating"], entry["interval"], scale, 0),
            entries.reach(entry["interval"], digits=0),
            number(entry["matches"]),
            *_people(board.people, entry["model"]),
        )
        for entry in rated
    )
    names = ("Rating", "95\N{NO-BREAK SPACE}% interval", "Matches", *_people_names(board.people))
    table = Table(f"Ratings by {method}, best first", head("Model", "Rank", *names, numbers=len(names)), rows)
    about = "400 points are odds of 10 to 1; the mean is 1000. In brackets, the ranks that a model might have."
    sentence = f"{' '.join(captions.of_ratings(spoken(rated)))} {about}"
    title = f"Ratings ({method})" if len(board.kinds) == 1 else f"Ratings ({method}, {kind})"
    return Chart(f"{board.id}--ratings-{kind}", title, sentence, None, table, wide=True)


def _rank(entry: Entry) -> str:
    if entry["rank"] is None:
        return "\N{EN DASH}"
    low, high = entry["rank_range"] or (entry["rank"], entry["rank"])
    return f"{entry['rank']}" if low == high else f"{entry['rank']} ({low} to {high})"


def _unsure(one: Entry) -> str | None:
    """What the missing scores could make of a mean."""
    if not one["missing"]:
        return None
    if one["bounds"] is None:
        return f"{one['missing']} missing"
    return f"{captions.between(one['bounds'])}, whatever the {one['missing']} missing would be"


def _people_names(people: Mapping[str, Any]) -> tuple[str, ...]:
    return ("People's rating", "its 95\N{NO-BREAK SPACE}% interval") if people else ()


def _people(people: Mapping[str, Entry], model: str) -> tuple[Cell, ...]:
    """The rating by people's votes, beside the judge's figure."""
    if not people:
        return ()
    entry = people.get(model)
    return (number(entry["rating"] if entry else None), entries.reach(entry["interval"] if entry else None, digits=0))
