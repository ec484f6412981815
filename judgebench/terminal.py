"""What a terminal gets: progress of long work (elsewhere plain lines), and hostile text made harmless."""

import math
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from unicodedata import east_asian_width

import click

from judgebench.tables.records import Answer, Review
from judgebench.tables.store import Stage
from judgebench.tables.tally import Tally, asked_for

RowT = TypeVar("RowT", Answer, Review)
SECONDS_BETWEEN_LINES = 10.0
SECONDS_BETWEEN_UPDATES = 0.5
SECONDS_OF_SILENCE = 600.0


def follow(stage: Stage[RowT], label: str, tally: Tally | None = None) -> Tally:
    """Work through a stage, showing progress on stderr; `tally` counts what came of its rows, and of others before.

    In the end stands how many were made and how many failed, with the most frequent reasons.
    """
    total, mine = tally or Tally(), Tally()
    if not len(stage):
        click.echo(f"{label}: all {stage.total} are there already", err=True)
        return total
    for row in watched(stage, label):
        for one in (total, mine):
            one.took(row)
    click.echo(f"{label}: {mine.summary()}; {stage.total - len(stage)} were there already", err=True)
    for reason in mine.reasons():
        click.echo(printable(f"{label}: {reason}"), err=True)
    return total


def watched(stage: Stage[RowT], label: str) -> Iterator[RowT]:
    """The rows of a stage as they are made, with progress on stderr: on a terminal a line that is gone at the end."""
    with _progress(stage, label) as rows:
        yield from rows


@dataclass
class Pace:
    """How far a stage is, how fast, and how long it will take: from the rows made and the tokens drawn so far.

    `calls`: how many of the rows take one; the others are there in no time, and tell nothing of how long it takes.
    """

    total: int
    rows: int = 0
    finished: int = 0  # tokens of those rows
    drawn: int = 0  # tokens, those of rows under way included; 0 where nobody counts them
    seconds: float = 0.0
    longest: int = 0  # tokens that a row may have, as far as is known
    calls: int = 0
    called: int = 0

    def took(self, row: Answer | Review) -> None:
        """One more row."""
        self.rows += 1
        self.called += asked_for(row)
        self.finished += row.usage.completion_tokens if row.usage else 0
        if isinstance(row, Answer) and row.sampling:
            self.longest = max(self.longest, row.sampling.max_tokens * len(row.turns))

    @property
    def tenths(self) -> int:
        """How many tenths of the rows are made."""
        return self.rows * 10 // self.total

    def told(self) -> str:
        """`12 of 80, 4,321 tokens, 174/s, about 40 s left`; before there is anything, how long it has been."""
        tokens, left = max(self.drawn, self.finished), self._left()
        parts = [f"{self.rows} of {self.total}"]
        if tokens and self.seconds:
            parts.append(f"{tokens:,} tokens, {_short(tokens / self.seconds)}/s")
        if left:
            parts.append(f"about {_spoken(left)} left")
        elif self.seconds and not tokens:
            parts.append(f"{_spoken(self.seconds)} so far")
        return ", ".join(parts)

    def _left(self) -> float | None:
        """Seconds. Where tokens are counted, a row is taken to have as many as there are for each one done.

        Not as many as those done have, which are the short ones while most are under way.
        """
        rows, total = (self.called, self.calls) if self.calls else (self.rows, self.total)
        if not rows or not self.seconds:
            return None
        if not self.finished:
            return self.seconds / rows * max(total - rows, 0)
        tokens = max(self.drawn, self.finished)
        expected = min(tokens / rows, self.longest or math.inf) * total
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
    """A line that is written anew on a terminal; elsewhere one a tenth of the way, or where that takes long.

    From a thread of its own, since rows may come in bursts or not for long.
    """
    pace, began, over = Pace(len(stage), calls=sum(map(asked_for, stage.drafts))), time.monotonic(), threading.Event()
    live = sys.stderr.isatty()

    def told() -> str:
        pace.drawn, pace.seconds = stage.drawn(), time.monotonic() - began
        return printable(f"{label}: {pace.told()}")

    def keep_telling() -> None:
        last, tenth = -math.inf, 0
        while not over.wait(SECONDS_BETWEEN_UPDATES if live else SECONDS_BETWEEN_LINES):
            if live:
                click.echo(f"\r\x1b[K{_with_its_end(told(), columns(20, 200) - 1)}", err=True, nl=False)
            elif pace.tenths > tenth or time.monotonic() - last > SECONDS_OF_SILENCE:
                click.echo(told(), err=True)
                last, tenth = time.monotonic(), pace.tenths

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
            click.echo("\r\x1b[K", err=True, nl=False)


def _with_its_end(text: str, columns: int) -> str:
    """A line of progress that fits: a long name in it is shortened, and how far it is stays."""
    name, colon, rest = text.rpartition(": ")
    return cut(f"{shortened(name, max(columns - width_of(colon + rest), 8))}{colon}{rest}", columns)


def columns(least: int, most: int) -> int:
    """How wide the terminal is, within these bounds; elsewhere than on a terminal as wide as may be."""
    return max(least, min(most, shutil.get_terminal_size((most, 0)).columns))


def printable(value: object, allowed: str = "") -> str:
    """Text for a terminal: control characters, which may be escape sequences, become visible but for the allowed."""
    return "".join(c if c.isprintable() or c in allowed else f"\\x{ord(c):02x}" for c in str(value))


def line(text: str) -> str:
    """Text of whatever kind as one line that a terminal shows as it is."""
    return printable(" ".join(text.split()))


def cut(text: str, columns: int) -> str:
    """The beginning of a printable text that takes no more columns than that."""
    if width_of(text) <= columns:
        return text
    room, kept = columns - 3, 0
    for character in text:
        room -= _width(character)
        if room < 0:
            break
        kept += 1
    return text[:kept] + "..."


def shortened(text: str, columns: int) -> str:
    """A printable text that takes no more columns than that: what is too much is taken out of its middle."""
    if width_of(text) <= columns:
        return text
    head, tail = "", ""
    for first, last in zip(text, reversed(text), strict=True):
        if width_of(head + first + tail) > columns - 3:
            break
        head += first
        if width_of(head + last + tail) > columns - 3:
            break
        tail = last + tail
    return f"{head}...{tail}"


def width_of(text: str) -> int:
    """How many columns of a terminal a printable text takes."""
    return sum(map(_width, text))


def _width(character: str) -> int:
    return 2 if east_asian_width(character) in "WF" else 1
