"""The verdict explained on one screen, for an engineer who reads the log."""

import re
import textwrap
from collections.abc import Iterator

from judgebench.compare.outputs import sentences
from judgebench.compare.results import Comparison, Interval, Telling
from judgebench.terminal import cut, line

COLUMNS = 100
LABEL, BESIDE_BAR = 12, 46
_NAME = 48  # columns that a name of somebody else's may take in a sentence
_TELLING = 3


def screen(comparison: Comparison, columns: int = COLUMNS) -> str:
    """The verdict and what it rests on, in at most so many columns and of 100 usually in 24 lines."""
    return "\n".join(harmless(shown, columns) for shown in _lines(comparison, columns))


def _lines(comparison: Comparison, columns: int) -> Iterator[str]:
    yield from wrapped(f"{sentences.headline(comparison)}: {line(comparison.reason)}", "", "  ", columns, most=4)
    for label, said in sentences.facts(comparison, quoted):
        yield from entry(label, said, columns)
        if label == "win rate" and comparison.rate is not None and comparison.interval:
            width = columns - BESIDE_BAR
            yield " " * LABEL + bar(comparison.rate, comparison.interval, comparison.threshold, width)
    if not comparison.identical:
        yield from entry("categories", sentences.flagged(comparison, quoted), columns)
        yield from entry("canaries", sentences.canaries(comparison.canaries, quoted), columns)
    for telling in comparison.telling[:_TELLING]:
        yield from told(telling, columns)


def entry(label: str, said: str, columns: int, most: int = 2) -> list[str]:
    """A sentence behind its label, on at most so many lines."""
    return wrapped(said, label.ljust(LABEL), " " * LABEL, columns, most)


def wrapped(text: str, first: str, other: str, columns: int, most: int = 2) -> list[str]:
    """At most so many lines of 100 columns, or as many as they make of fewer; none begins with a percent sign."""
    tied, most = text.replace(" %", "\u00a0%"), -(-most * (COLUMNS - len(other)) // (columns - len(other)))
    lines = textwrap.wrap(
        tied, columns, initial_indent=first, subsequent_indent=other, max_lines=most, placeholder=" ..."
    )
    return [found.replace("\u00a0", " ") for found in lines]


def told(telling: Telling, columns: int) -> Iterator[str]:
    """A telling question, and what the judge said of it."""
    about = f"{quoted(telling.question_id)} ({quoted(telling.category)}) {sentences.outcome(telling.points)}"
    yield f"{'telling'.ljust(LABEL)}{about}: {line(telling.question)}"
    yield f'{" " * LABEL}  judge: "{cut(line(telling.said), columns - LABEL - 11)}"'


def bar(rate: float, interval: Interval, threshold: float, width: int) -> str:
    """The interval on a scale of so many columns: `|` the margin, `:` a tie, `o` the estimate."""
    ends = (*interval, rate, threshold, 0.5)
    low, high = max(0.0, min(ends) - 0.02), min(1.0, max(ends) + 0.02)

    def place(value: float) -> int:
        return round((value - low) / (high - low) * (width - 1))

    start, end = place(interval[0]), place(interval[1])
    cells = ["-" if start <= column <= end else " " for column in range(width)]
    for value, sign in ((threshold, "|"), (0.5, ":"), (rate, "o")):
        cells[place(value)] = sign
    return f"{100 * low:3.0f} % [{''.join(cells)}] {100 * high:.0f} %   | margin  : tie"


def quoted(text: str) -> str:
    """A name that somebody else chose, as it may stand in a sentence."""
    return cut(line(text), _NAME)


def harmless(shown: str, columns: int) -> str:
    """A line that GitHub's runner takes for text: a `::` that begins one or a `##[` anywhere would be a command."""
    return cut(re.sub(r"^(\s*):(?=:)", r"\1: ", shown).replace("##[", "# #["), columns)
