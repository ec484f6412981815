"""What was held against a limit: a set, a guard or a candidate, with its interval on a scale that its table shares."""

from collections.abc import Iterable
from dataclasses import dataclass

from judgebench.site.drawing.lines import Bar, Scale
from judgebench.site.parts.card import Tone


@dataclass(frozen=True, slots=True)
class Tested:
    """One row: how it came out, what was measured, within what, and its bar; `cells` are the columns behind it."""

    name: str
    about: str
    outcome: str
    tone: Tone
    value: str
    reach: str
    bar: Bar | None
    cells: tuple[str, ...]
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Tests:
    """A table of them: the names of its columns; the first two are of each row's name, and of what was measured."""

    caption: str
    names: tuple[str, ...]
    rows: tuple[Tested, ...]


def scale(values: Iterable[float]) -> Scale:
    """From the lowest to the highest of some shares and a half, to whole tenths: one for all rows of a table."""
    known = [0.5, *values]
    return max((min(known) * 10 // 1) / 10, 0.0), min((max(known) * 10 // 1 + 1) / 10, 1.0)
