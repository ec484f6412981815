"""Rows of verdicts to lines over time: what may be joined, and which questions flipped in between; pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from judgebench.tables.records import Decided, DecidedSet


@dataclass(frozen=True, slots=True)
class Flips:
    """Questions whose outcome for the candidate changed since the verdict before: lost and won since, by id."""

    lost: tuple[str, ...] = ()
    won: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """One set of one verdict. `since`: what flipped since the point before on its line; None where it begins one.

    `why`: what else is new, so that a line begins here though there was one of these before; empty where it goes on.
    """

    verdict: Decided
    of: DecidedSet
    since: Flips | None
    why: str = ""


def points(rows: Iterable[Decided], question_set: str | None = None, candidate: str | None = None) -> list[Point]:
    """A point for each set of each verdict, oldest first.

    A line is a baseline, a set and a judge. Another version of the set begins a new one, and so does another snapshot
    of the judge, unless a bridge leads to it.
    """
    last: dict[tuple[str, str, str], Point] = {}
    found = []
    for row, of in _sets(rows):
        line = row.baseline, of.question_set, row.judge
        if question_set in (None, of.question_set) and candidate in (None, row.candidate):
            last[line] = _point(row, of, last.get(line))
            found.append(last[line])
    return found


def _sets(rows: Iterable[Decided]) -> Iterator[tuple[Decided, DecidedSet]]:
    return ((row, of) for row in rows for of in row.sets)


def _point(row: Decided, of: DecidedSet, before: Point | None) -> Point:
    if before is None:
        return Point(row, of, None)
    if of.digest != before.of.digest:
        return Point(row, of, None, "another version of the set")
    if set(row.snapshots) - set(before.verdict.snapshots) and before.verdict.snapshots and not row.bridged:
        return Point(row, of, None, "another snapshot of the judge")
    return Point(row, of, flips(before.of.points, of.points))


def flips(before: Mapping[str, float], after: Mapping[str, float]) -> Flips:
    """Of the questions that both judged, those that changed sides for the worse, and for the better; widest first."""
    both = [(after[name] - before[name], name) for name in after if name in before and after[name] != before[name]]
    lost = tuple(name for change, name in sorted(both) if change < 0 and _side(before[name]) > _side(after[name]))
    won = tuple(name for change, name in sorted(both, key=lambda one: (-one[0], one[1])) if change > 0
                and _side(before[name]) < _side(after[name]))  # fmt: skip
    return Flips(lost, won)


def _side(points: float) -> int:
    return (points > 0.5) - (points < 0.5)
