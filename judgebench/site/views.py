"""What templates are given: plain data, every word of it ready to be shown. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from judgebench.tables.records import Failure, valid_text

Room: TypeAlias = Literal["", "wide", "widest"]
OUTCOMES = ("b", "tie", "inconsistent", "incomplete", "a")  # the order of the segments of a bar
UNKNOWN = "\N{EN DASH}"  # in place of a figure that there is none of
NO_CATEGORY = "(not in the question set)"
_EXCERPT = 140
_NAME = 48  # characters of a name in a card or a row
_KIND, _MESSAGE = 60, 600  # characters of a failure's kind and of its message
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Page:
    """A page to be written: its address from the root of the site, its template, and what that is given."""

    address: str
    template: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """Data that a page loads when it is wanted: a script that calls `judgebench.piece(KEY, DATA)`.

    A script, since a page that was opened as a file may load nothing else.
    """

    address: str
    key: str
    data: Any


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: its text, and perhaps a link, or what is drawn beside the text or behind it.

    `bar`: a length, 0 to 100. `span`: where an interval begins, its figure stands and it ends, each 0 to 100. `heat`: a
    shade, 0 to 10. `ends`: an interval, which a saved table has in two columns. `title`: what the text stands for.
    `strong`: more than chance would explain. `bracket`: where it stands in a bracket of rows. `room`: what a
    screen must be for its column to be shown at once.
    """

    text: str
    href: str | None = None
    number: bool = False
    bar: float | None = None
    note: str | None = None
    span: tuple[float, float, float] | None = None
    heat: int | None = None
    ends: tuple[str, str] | None = None
    title: str | None = None
    strong: bool = False
    bracket: str = ""
    room: Room = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first cell of a row names it. `shades`: which of the style sheet's shades its cells have.

    `ranked`: a row a line, all of them on the page, to be sorted and searched.
    """

    caption: str
    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    shades: str = "heat"
    ranked: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a chart's legend: the style sheet's name of its colour, and for a line its dashes."""

    name: str
    token: str
    dashes: str | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: what it shows in a sentence or two, what plotly draws, its legend, and the table behind it.

    Where the table itself is the picture, there is no figure.
    """

    id: str
    title: str
    sentence: str
    figure: Mapping[str, Any] | None
    table: Table
    keys: tuple[Key, ...] = ()
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure with its name."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Link:
    """A way to another page of the site, as seen from its root."""

    text: str
    href: str


def text(value: object, href: str | None = None, note: str | None = None) -> Cell:
    """A cell with words."""
    return Cell(str(value), href, note=note)


def named(name: str, limit: int = _NAME) -> Cell:
    """A cell with a name, without its middle where it is long; the whole is told where one points at it."""
    shown = shortened(name, limit)
    return Cell(shown, title=name if shown != name else None)


def number(value: float | None, digits: int = 0, bar: float | None = None) -> Cell:
    """A cell with a figure; a dash where there is none."""
    return Cell(figure(value, digits), number=True, bar=bar)


def figure(value: float | None, digits: int = 0) -> str:
    """A figure as text: a dash for None and NaN."""
    return UNKNOWN if value is None or value != value else f"{value:.{digits}f}"


def short(value: float) -> str:
    """A score as a judge would write it: 8, 8.5, 7.25."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def head(*names: str, numbers: int = 0) -> tuple[Cell, ...]:
    """The head of a table whose last columns hold figures."""
    words = len(names) - numbers
    return tuple(Cell(name, number=place >= words) for place, name in enumerate(names))


def excerpt(words: str, limit: int = _EXCERPT) -> str:
    """The beginning of a text on one line."""
    line = " ".join(words[: 4 * limit].split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def shortened(name: str, limit: int = _NAME) -> str:
    """A name that is long without its middle: what tells names of a family apart stands at either end."""
    half = (limit - 1) // 2
    return name if len(name) <= limit else f"{name[: limit - 1 - half]}…{name[-half:]}"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """`1 review`, `2 reviews`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *others, last = map(called, names)
    return f"{', '.join(others)} and {last}" if others else last


def called(name: str) -> str:
    """A name inside a sentence of ours.

    What would turn or hide the words after it (control characters, of direction among them) becomes visible,
    and letters that run from right to left stay among themselves.
    """
    visible = _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", valid_text(name))
    return visible if visible.isascii() else f"\u2068{visible}\u2069"


def unbroken(sentence: str) -> str:
    """A sentence in which no line ends between a figure and its per cent sign."""
    return sentence.replace(" %", "\N{NO-BREAK SPACE}%")


def kinds(failures: Iterable[Failure | None]) -> str:
    """`3 unparsed, 1 unanswered`, the most frequent first."""
    found = Counter(called(failure.kind[:_KIND]) if failure else "unknown" for failure in failures)
    return ", ".join(f"{count:,} {kind}" for kind, count in found.most_common())


def told(failure: Failure | None) -> str:
    """Why there is no result, in our words and the failure's."""
    if failure is None:
        return "the reason was not stored"
    return f"{called(failure.kind[:_KIND])} ({called(excerpt(failure.message, _MESSAGE))})"


def outcome_name(outcome: str, a: str, b: str) -> str:
    """What an outcome is called on a page about a and b."""
    names = {"a": f"{called(a)} wins", "b": f"{called(b)} wins", "tie": "tie", "incomplete": "no verdict"}
    return names.get(outcome, outcome)
