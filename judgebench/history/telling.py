"""The lines as entries and as a table for people."""

from collections.abc import Sequence
from typing import Any

from judgebench.history.lines import Flips, Point
from judgebench.report.captions import percent, with_interval
from judgebench.report.table import Table
from judgebench.tables.records import DecidedSet

_NAMED = 5  # questions of a kind that are named
_HEAD = ("made", "commit", "candidate", "baseline", "set", "judge", "verdict", "win rate", "judged", "flipped")


def entries(points: Sequence[Point]) -> list[dict[str, Any]]:
    """What JSON and CSV take, a point each."""
    return [_entry(point) for point in points]


def _entry(point: Point) -> dict[str, Any]:
    row, of = point.verdict, point.of
    return {
        **{"made": row.created, "commit": row.commit, "command": row.command, "verdict": row.verdict},
        **{"baseline": row.baseline, "candidate": point.candidate, "judge": row.judge},
        **{"snapshots": sorted(point.snapshots), "question_set": of.question_set, "categories": list(of.categories)},
        **{"digest": of.digest, "outcome": of.outcome, "beside": of.beside, "margin": of.margin},
        **{"rate": of.rate, "rate_interval": list(of.interval) if of.interval else None},
        **{"judged": of.judged, "questions": of.questions, "alpha": row.alpha, "dollars": row.dollars},
        **{"lost_since": list(point.since.lost) if point.since else None},
        **{"won_since": list(point.since.won) if point.since else None, "begins": point.why or None},
    }


def table(points: Sequence[Point]) -> Table:
    """A row each, and under it which questions flipped in the last one of each line."""
    return Table("Verdicts", _HEAD, [_row(point) for point in points], list(_said(points)), keys=6)


def _row(point: Point) -> tuple[str, ...]:
    row, of = point.verdict, point.of
    verdict = row.verdict if row.command == "compare" else f"{row.verdict}: {of.outcome}"
    rate = with_interval(percent(of.rate), of.interval, 100, 1)
    about = (point.candidate, row.baseline, set_name(of), row.judge, verdict, rate, f"{of.judged} of {of.questions}")
    return ((row.created or "-")[:19].replace("T", " "), (row.commit or "-")[:9], *about, _counts(point))


def set_name(of: DecidedSet) -> str:
    """A set, with the categories that a verdict is about."""
    return f"{of.question_set} ({', '.join(of.categories)})" if of.categories else of.question_set


def _counts(point: Point) -> str:
    if point.since is None:
        return point.why or "-"
    return f"{len(point.since.lost)} lost, {len(point.since.won)} won"


def _said(points: Sequence[Point]) -> list[str]:
    last = {point.line: point for point in points}
    return [line for point in last.values() if point.since for line in _named(point, point.since)]


def _named(point: Point, since: Flips) -> list[str]:
    about = f"{point.candidate} on {set_name(point.of)}"
    shown = (("lost", since.lost), ("won", since.won))
    return [f"{about}, {word} since the one before: {_listed(names)}" for word, names in shown if names]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
