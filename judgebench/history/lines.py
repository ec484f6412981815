"""Rows of verdicts to lines over time: what may be joined, and which questions flipped in between; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from judgebench.tables.records import Decided, DecidedSet

_BEGIN = {
    "asked": "another prompt, orders or repeats",
    "judged_by": "another version of the judge or of its prompts",
    "held_against": "another version of the baseline",
}  # hashes of a set's verdict that are the same all along a line, and what is new where one isn't


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

    @property
    def line(self) -> tuple[object, ...]:
        """What the points of a line have in common: the baseline, the set or some categories of it, and the judge."""
        return self.verdict.baseline, self.of.question_set, frozenset(self.of.categories), self.verdict.judge

    @property
    def snapshots(self) -> frozenset[str]:
        """Of the judge, on this set."""
        return frozenset(self.verdict.snapshots if self.of.snapshots is None else self.of.snapshots)

    @property
    def bridged(self) -> bool:
        """Whether a bridge joins it to an older snapshot of the judge."""
        return self.verdict.bridged if self.of.bridged is None else self.of.bridged


def points(rows: Iterable[Decided], question_set: str | None = None, candidate: str | None = None) -> list[Point]:
    """A point for each set of each verdict, oldest first.

    A line is a baseline, a set (or some categories of it) and a judge, by name. It begins anew where one of them isn't
    what it was (see `_changed`). Where no question was judged there is nothing to join: it goes on behind it.
    """
    last: dict[tuple[object, ...], Point] = {}
    found = []
    for point in (Point(row, of, None) for row in rows for of in row.sets):
        if question_set in (None, point.of.question_set) and candidate in (None, point.verdict.candidate):
            found.append(_joined(point, last.get(point.line)) if point.of.points else point)
            if point.of.points:
                last[point.line] = point
    return found


def _joined(point: Point, before: Point | None) -> Point:
    if before is None:
        return point
    if why := _changed(before, point):
        return replace(point, why=why)
    return replace(point, since=flips(before.of.points, point.of.points))


def _changed(before: Point, point: Point) -> str | None:
    """Why two points of a line can't be joined: what is new; None where they can, as far as their rows know.

    Another snapshot of the judge is joined where a bridge leads to it. What a row from before doesn't say is no reason.
    """
    if point.of.digest != before.of.digest:
        return "another version of the set"
    if point.snapshots - before.snapshots and before.snapshots and not point.bridged:
        return "another snapshot of the judge"
    known = ((name, getattr(before.of, name), getattr(point.of, name)) for name in _BEGIN)
    return next((_BEGIN[name] for name, was, now in known if None not in (was, now) and was != now), None)


def flips(before: Mapping[str, float], after: Mapping[str, float]) -> Flips:
    """Of the questions that both judged, those that changed sides for the worse, and for the better; widest first."""
    both = [(after[name] - before[name], name) for name in after if name in before and after[name] != before[name]]
    lost = tuple(name for change, name in sorted(both) if change < 0 and _side(before[name]) > _side(after[name]))
    won = tuple(name for change, name in sorted(both, key=lambda one: (-one[0], one[1])) if change > 0
                and _side(before[name]) < _side(after[name]))  # fmt: skip
    return Flips(lost, won)


def _side(points: float) -> int:
    return (points > 0.5) - (points < 0.5)
