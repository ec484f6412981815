"""The verdict explained on one screen, for an engineer who reads the log."""

from collections.abc import Iterator, Sequence

from judgebench.best_of.outputs import words
from judgebench.best_of.results import BestOf
from judgebench.compare.outputs import sentences
from judgebench.compare.outputs.screen import COLUMNS, entry, harmless, quoted, told, wrapped
from judgebench.terminal import cut, line

_TELLING = 3
_HEAD = ("candidate", "standing", "baseline", "win rate", "questions")
_WIDTHS = (8, 9, 16, 9)
_FIGURES, _SHORTEST, _LONGEST = 54, 16, 32  # columns beside a name, and what one needs and may take there


def screen(found: BestOf, columns: int = COLUMNS) -> str:
    """The verdict, a line for each candidate, and what it rests on, in at most so many columns."""
    return "\n".join(harmless(shown, columns) for shown in _lines(found, columns))


def _lines(found: BestOf, columns: int) -> Iterator[str]:
    yield from wrapped(f"{words.headline(found)}: {line(found.reason)}", "", "  ", columns, most=6)
    yield from _row(" ", _HEAD, columns)
    for place, one in enumerate(found.candidates, 1):
        cells = quoted(one.name), one.standing, words.BESIDE[one.beside], words.reach(one), f"{one.judged:,}"
        yield from _row(str(place), cells, columns)
    for label, said in words.facts(found, quoted):
        yield from entry(label, said, columns)
    yield from entry("canaries", sentences.canaries(found.canaries, quoted), columns)
    for telling in words.telling(found)[:_TELLING]:
        yield from told(telling, columns)


def _row(place: str, cells: Sequence[str], columns: int) -> Iterator[str]:
    """A line; where there is no room for names, two."""
    name, *others = cells
    *figures, judged = (cell.ljust(width) for cell, width in zip(others, _WIDTHS, strict=True))
    told = "  ".join([*figures, judged.strip().rjust(_WIDTHS[-1])])
    width = columns - _FIGURES
    if width < _SHORTEST:
        yield f"{place:>3} {name}"
        yield f"    {told}"
    else:
        yield f"{place:>3} {cut(name, min(width, _LONGEST)):<{min(width, _LONGEST)}}  {told}"
