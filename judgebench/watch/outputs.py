"""What a watch found, for people and for programs: a line for each checkpoint, a table, and data."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from judgebench.report.captions import between, percent, with_interval
from judgebench.report.table import Table
from judgebench.tables.records import Watched
from judgebench.terminal import line

_HEAD = ("step", "verdict", "win rate", "all steps together", "judged", "dollars")


def told(row: Watched) -> str:
    """A line about one checkpoint."""
    name = line(row.model)
    if row.error:
        return f"{name}: {row.error.kind}: {line(row.error.message)}"
    if row.rate is None:
        return f"{name}: {row.verdict}: {line(row.reason or 'under way')}"
    rate = f"win rate {percent(row.rate)} ({_ends(row.interval)}; all steps together {_ends(row.band)})"
    paid = "" if row.dollars is None else f", ${float(row.dollars):,.2f}"
    return f"{name}: {_verdict(row)}: {rate}, {row.judged} of {row.questions} questions{paid}"


def table(rows: Iterable[Watched]) -> Table:
    """A row for each step, and what the band means."""
    known = sorted(rows, key=lambda row: row.step)
    alpha = max((row.alpha for row in known), default=0.0)
    says = f"All steps together hold at once, at every look and for however many come, with {100 * (1 - alpha):g} %."
    head = f"{known[0].run} against {known[0].baseline}" if known else "Nothing yet"
    return Table(head, _HEAD, [_row(row) for row in known], [says])


def _row(row: Watched) -> tuple[str, ...]:
    together = f"{between(row.band, 100, 1)} %" if row.band else "-"
    rate = with_interval(percent(row.rate), row.interval, 100, 1)
    return str(row.step), _verdict(row), rate, together, f"{row.judged} of {row.questions}", row.dollars or "-"


def _verdict(row: Watched) -> str:
    if row.error:
        return f"error: {row.error.kind}"
    return f"{row.verdict or 'under way'}{' (IMPROVED)' if row.improved else ''}"


def _ends(interval: tuple[float, float] | None) -> str:
    return f"{between(interval, 100, 1)} %" if interval else "unknown"


def as_json(rows: Iterable[Watched]) -> Mapping[str, Any]:
    """What JSON takes: the last row of each step, by step."""
    known = sorted(rows, key=lambda row: row.step)
    return {"schema": 1, "steps": [msgspec.to_builtins(row) for row in known]}
