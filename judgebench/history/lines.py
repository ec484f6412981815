"""Rows of verdicts to lines over time: what may be joined, and which questions flipped in between; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

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
    `before`: the last one on which questions were judged, whether or not it may be joined.
    """

    verdict: Decided
    of: DecidedSet
    since: Flips | None
    why: str = ""
    before: "Point | None" = field(default=None, repr=False, compare=False)

    @property
    def line(self) -> tuple[object, ...]:
        """What the points of a line have in common: the baseline, the set or some categories of it, and the judge."""
        return self.verdict.baseline, self.of.question_set, frozenset(self.of.categories), self.verdict.judge

    @property
    def candidate(self) -> str:
        """Which of several it is about, or the verdict's only one."""
        return self.of.candidate or self.verdict.candidate

    @property
    def goes_on(self) -> bool:
        """Whether a line goes on here: of several candidates it does with the first."""
        return bool(self.of.points) and self.candidate == self.verdict.candidate

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
    Of several candidates the first is on the line.
    """
    last: dict[tuple[object, ...], Point] = {}
    found = []
    for point in (Point(row, of, None) for row in rows for of in row.sets):
        if question_set in (None, point.of.question_set) and candidate in (None, point.candidate):
            found.append(_joined(replace(point, before=last.get(point.line))) if point.goes_on else point)
            if point.goes_on:
                last[point.line] = point
    return found


def _joined(point: Point) -> Point:
    before = point.before
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


@dataclass(frozen=True, slots=True)
class Change:
    """What is new since the verdict before: what it is, what it was, and what it is now."""

    what: str
    was: str
    now: str


def changes(point: Point) -> list[Change]:
    """What differs from the point before but for models and questions: the judge, the set, how it was asked; pure."""
    if point.before is None:
        return []
    was, now = _settings(point.before), _settings(point)
    return [Change(what, was[what], now[what]) for what in now if was.get(what, now[what]) != now[what]]


def _settings(point: Point) -> dict[str, str]:
    snapshots = {"judge's snapshot": ", ".join(sorted(point.snapshots))} if point.snapshots else {}
    return {**snapshots, "set": point.of.digest[:9], **point.of.how, "margin": f"{point.of.margin:g}"}


def flips(before: Mapping[str, float], after: Mapping[str, float]) -> Flips:
    """Of the questions that both judged, those that changed sides for the worse, and for the better; widest first."""
    both = [(after[name] - before[name], name) for name in after if name in before and after[name] != before[name]]
    lost = tuple(name for change, name in sorted(both) if change < 0 and _side(before[name]) > _side(after[name]))
    won = tuple(name for change, name in sorted(both, key=lambda one: (-one[0], one[1])) if change > 0
                and _side(before[name]) < _side(after[name]))  # fmt: skip
    return Flips(lost, won)


def _side(points: float) -> int:
    return (points > 0.5) - (points < 0.5)
