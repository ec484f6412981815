"""What a terminal gets: progress of long work (elsewhere plain lines), and hostile text made harmless."""

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import click

from judgebench.records import Answer, Review
from judgebench.store import Stage

RowT = TypeVar("RowT", Answer, Review)
SECONDS_BETWEEN_LINES = 10.0


def follow(stage: Stage[RowT], label: str) -> Counter[str]:
    """Work through a stage, showing progress on stderr; counts the rows that are `done` and each kind of failure."""
    counts: Counter[str] = Counter()
    if not len(stage):
        click.echo(f"{label}: all {stage.total} are there already", err=True)
        return counts
    with (_bar if sys.stderr.isatty() else _lines)(stage, label) as rows:
        for row in rows:
            counts[row.error.kind if row.error else "done"] += 1
    click.echo(f"{label}: {summary(counts)}; {stage.total - len(stage)} were there already", err=True)
    return counts


def summary(counts: Counter[str]) -> str:
    """Counts in words: `78 done, 2 failed (timeout 2)`."""
    failed = {kind: number for kind, number in counts.items() if kind != "done"}
    if not failed:
        return f"{counts['done']} done"
    reasons = ", ".join(f"{kind} {number}" for kind, number in sorted(failed.items()))
    return f"{counts['done']} done, {sum(failed.values())} failed ({reasons})"


@contextmanager
def _bar(stage: Stage[RowT], label: str) -> Iterator[Iterator[RowT]]:
    with click.progressbar(stage, len(stage), label=label, show_pos=True, file=sys.stderr) as rows:
        yield iter(rows)


@contextmanager
def _lines(stage: Stage[RowT], label: str) -> Iterator[Iterator[RowT]]:
    """A line every few seconds from a thread of its own, since rows may come in bursts or not for long."""
    done, started, finished = Counter[str](), time.monotonic(), threading.Event()

    def tell() -> None:
        while not finished.wait(SECONDS_BETWEEN_LINES):
            left = (time.monotonic() - started) / max(done["rows"], 1) * (len(stage) - done["rows"])
            estimate = f", about {left:.0f} s left" if done["rows"] else ""
            click.echo(f"{label}: {done['rows']} of {len(stage)}{estimate}", err=True)

    def counted() -> Iterator[RowT]:
        for row in stage:
            done["rows"] += 1
            yield row

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield counted()
    finally:
        finished.set()
        thread.join()


def printable(value: object, allowed: str = "") -> str:
    """Text for a terminal: control characters, which may be escape sequences, become visible but for the allowed."""
    return "".join(c if c.isprintable() or c in allowed else f"\\x{ord(c):02x}" for c in str(value))
