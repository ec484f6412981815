"""The verdict explained on one screen, for an engineer who reads the log."""

from collections.abc import Iterator

from judgebench.best_of.outputs import words
from judgebench.best_of.results import BestOf, Candidate
from judgebench.compare.outputs import sentences
from judgebench.compare.outputs.screen import COLUMNS, entry, harmless, quoted, told, wrapped
from judgebench.terminal import cut, line

_TELLING = 3
_HEAD = ("standing", "baseline", "win rate, all at once", "questions")
_FIGURES = 57  # columns of these


def screen(found: BestOf, columns: int = COLUMNS) -> str:
    """The verdict, a line for each candidate, and what it rests on, in at most so many columns."""
    return "\n".join(harmless(shown, columns) for shown in _lines(found, columns))


def _lines(found: BestOf, columns: int) -> Iterator[str]:
    yield from wrapped(f"{words.headline(found)}: {line(found.reason)}", "", "  ", columns, most=6)
    width = min(max(len(quoted(one.name)) for one in found.candidates), columns - _FIGURES)
    yield _row("", _HEAD, max(width, len("candidate")))
    for place, one in enumerate(found.candidates, 1):
        yield _row(f"{place}", _cells(one), width, quoted(one.name))
    for label, said in words.facts(found, quoted):
        yield from entry(label, said, columns)
    yield from entry("canaries", sentences.canaries(found.canaries, quoted), columns)
    for telling in words.telling(found)[:_TELLING]:
        yield from told(telling, columns)


def _cells(one: Candidate) -> tuple[str, str, str, str]:
    return one.standing, words.BESIDE[one.beside], words.reach(one), f"{one.judged:,}"


def _row(place: str, cells: tuple[str, str, str, str], width: int, name: str = "candidate") -> str:
    standing, beside, reach, judged = cells
    return f"{place:>3} {cut(name, width):<{width}}  {standing:<8}  {beside:<9}  {reach:<21}  {judged:>9}"
