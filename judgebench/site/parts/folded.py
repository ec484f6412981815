"""Many rows, newest first: a few are open, the others folded."""

from collections.abc import Sequence
from dataclasses import dataclass

from judgebench.site.views import UNKNOWN, Cell, Table

Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Folded:
    """The newest rows, and those behind them, if there are more."""

    newest: Table
    older: Table | None


def folded(caption: str, heads: Sequence[Cell], rows: Sequence[Row], first: int) -> Folded:
    """Both tables, each without columns in which nothing stands."""
    older = _table(f"{caption}, the older ones", heads, rows[first:]) if rows[first:] else None
    return Folded(_table(caption, heads, rows[:first]), older)


def _table(caption: str, heads: Sequence[Cell], rows: Sequence[Row]) -> Table:
    held = [place for place in range(len(heads)) if not place or any(row[place].text != UNKNOWN for row in rows)]
    return Table(caption, tuple(heads[place] for place in held), tuple(tuple(row[at] for at in held) for row in rows))
