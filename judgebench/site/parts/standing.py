"""Where each of several models stands: its rank, the ranks that it might have, and whom it can't be told apart from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from judgebench.site.boards import Board
from judgebench.site.entries import Ends, Entry
from judgebench.site.views import figure

Bracket: TypeAlias = Literal["", "begins", "holds", "ends"]


@dataclass(frozen=True, slots=True)
class Place:
    """A model's place: its rank, the best and the worst that it might have, and what it is ranked by (`shown`).

    None where too little is known. `what` says what the figure is, to so many `digits`.
    """

    model: str
    rank: int | None
    best: int | None
    worst: int | None
    shown: str
    ends: Ends
    what: str
    digits: int

    @property
    def might_be(self) -> tuple[int, int] | None:
        """The ranks that it might have, where it isn't sure."""
        known = self.best is not None and self.worst is not None and self.best != self.worst
        return (self.best or 0, self.worst or 0) if known else None


def of(board: Board) -> list[Place]:
    """The models of a board, the best first: by mean score where there are more than two of these, else by rating."""
    scored = by_score(board)
    return scored if len(scored) > 2 else by_rating(board, board.kinds[0]) if board.ratings else []


def by_rating(board: Board, kind: str) -> list[Place]:
    """By rating, with the ranks that resamples of the questions gave."""
    return [_rated(entry) for entry in board.ratings if entry["kind"] == kind]


def _rated(entry: Entry) -> Place:
    best, worst = entry["rank_range"] or (entry["rank"], entry["rank"])
    shown = figure(entry["rating"])
    return Place(entry["model"], entry["rank"], best, worst, shown, entry["interval"], "rating", 0)


def by_score(board: Board) -> list[Place]:
    """By mean score: a model might be behind those that are surely ahead of it, and before those surely behind.

    Sure is what the interval of a difference on the same questions says, of each two by themselves.
    """
    scored = [entry for entry in board.ranked if entry["mean"] is not None]
    ahead, behind = _apart(board.score_differences)
    return [
        Place(
            entry["model"],
            rank,
            1 + min(ahead.get(entry["model"], 0), rank - 1),
            max(len(scored) - behind.get(entry["model"], 0), rank),
            figure(entry["mean"], 2),
            entry["interval"],
            "mean score",
            2,
        )
        for rank, entry in enumerate(scored, start=1)
    ]


def _apart(differences: Sequence[Entry]) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Of each model how many are surely ahead of it, and behind it."""
    ahead: dict[str, int] = {}
    behind: dict[str, int] = {}
    for gap in differences:
        low, high = gap["interval"] or (0.0, 0.0)
        if low > 0 or high < 0:
            worse, better = gap["models"] if low > 0 else gap["models"][::-1]
            ahead[worse], behind[better] = ahead.get(worse, 0) + 1, behind.get(better, 0) + 1
    return ahead, behind


def brackets(places: Sequence[Place]) -> list[Bracket]:
    """What holds each model together with those that can't be told apart from the first of its bracket.

    Two models can't be told apart where the ranks that they might have meet.
    """
    found: list[Bracket] = []
    while len(found) < len(places):
        first = places[len(found)]
        size = 1
        for after in places[len(found) + 1 :]:
            if None in (first.worst, after.best) or (after.best or 0) > (first.worst or 0):
                break
            size += 1
        found += ["begins", *["holds"] * (size - 2), "ends"] if size > 1 else [""]  # type: ignore[list-item]
    return found
