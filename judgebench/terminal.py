"""What a terminal gets: progress of long work (elsewhere plain lines), and hostile text made harmless."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import click

from judgebench.tables.records import Answer, Review
from judgebench.tables.store import Stage
from judgebench.tables.tally import Tally

RowT = TypeVar("RowT", Answer, Review)
SECONDS_BETWEEN_LINES = 10.0
SECONDS_BETWEEN_UPDATES = 0.5


def follow(stage: Stage[RowT], label: str, tally: Tally | None = None) -> Tally:
    """Work through a stage, showing progress on stderr; `tally` counts what came of its rows, and of others before.

    In the end stands how many were made and how many failed, with the most frequent reasons.
    """
    total, mine = tally or Tally(), Tally()
    if not len(stage):
        click.echo(f"{label}: all {stage.total} are there already", err=True)
        return total
    with _progress(stage, label) as rows:
        for row in rows:
            for one in (total, mine):
                one.took(row)
    click.echo(f"{label}: {mine.summary()}; {stage.total - len(stage)} were there already", err=True)
    for reason in mine.reasons():
        click.echo(printable(f"{label}: {reason}"), err=True)
    return total


@dataclass
class Pace:
    """How far a stage is, how fast, and how long it will take: from the rows made and the tokens drawn so far."""

    total: int
    rows: int = 0
    finished: int = 0  # tokens of those rows
    drawn: int = 0  # tokens, those of rows under way included; 0 where nobody counts them
    seconds: float = 0.0

    def took(self, row: Answer | Review) -> None:
        """One more row."""
        self.rows += 1
        self.finished += row.usage.completion_tokens if row.usage else 0

    def told(self) -> str:
        """`12 of 80, 174 tokens/s, about 40 s left`."""
        tokens = max(self.drawn, self.finished)
        speed = [f"{_short(tokens / self.seconds)} tokens/s"] if tokens and self.seconds else []
        left = self._left(tokens)
        return ", ".join([f"{self.rows} of {self.total}", *speed, *([f"about {_spoken(left)} left"] if left else [])])

    def _left(self, tokens: int) -> float | None:
        """Seconds. Where tokens are counted, the rows to come are taken to be as long as those that are done."""
        if not self.rows or not self.seconds:
            return None
        if not self.finished:
            return self.seconds / self.rows * (self.total - self.rows)
        expected = self.finished / self.rows * self.total
        return max(expected - tokens, 0.0) / tokens * self.seconds


def _short(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"


def _spoken(seconds: float) -> str:
    """`40 s`, `12 min`, `3.2 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


@contextmanager
def _progress(stage: Stage[RowT], label: str) -> Iterator[Iterator[RowT]]:
    """A line that is written anew on a terminal, and elsewhere a line every few seconds.

    From a thread of its own, since rows may come in bursts or not for long.
    """
    pace, began, over = Pace(len(stage)), time.monotonic(), threading.Event()
    live = sys.stderr.isatty()

    def tell(end: str) -> None:
        pace.drawn, pace.seconds = stage.drawn(), time.monotonic() - began
        start = "\r\x1b[K" if live else ""
        click.echo(f"{start}{label}: {pace.told()}", err=True, nl=False)
        click.echo(end, err=True, nl=False)

    def keep_telling() -> None:
        while not over.wait(SECONDS_BETWEEN_UPDATES if live else SECONDS_BETWEEN_LINES):
            tell("" if live else "\n")

    def counted() -> Iterator[RowT]:
        for row in stage:
            pace.took(row)
            yield row

    thread = threading.Thread(target=keep_telling, daemon=True)
    thread.start()
    try:
        yield counted()
    finally:
        over.set()
        thread.join()
        if live:
            tell("\n")


def printable(value: object, allowed: str = "") -> str:
    """Text for a terminal: control characters, which may be escape sequences, become visible but for the allowed."""
    return "".join(c if c.isprintable() or c in allowed else f"\\x{ord(c):02x}" for c in str(value))
