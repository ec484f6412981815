"""The page of a best of several: who is best, or may be, each candidate with its interval; the newest one first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from judgebench.site import entries, slugs
from judgebench.site.drawing.lines import Scale
from judgebench.site.entries import Addresses
from judgebench.site.parts import deciding
from judgebench.site.parts.card import PERCENT, Card, Tone, rate_bar, reach
from judgebench.site.parts.folded import Folded
from judgebench.site.parts.tested import Tested, Tests, scale
from judgebench.site.source import Source
from judgebench.site.views import Page, Piece, counted, shortened
from judgebench.tables.records import Decided, DecidedSet, content_id

ADDRESS, NAME = "verdicts/best-of.html", "Best of"
_NAMES = ("Candidate", "Standing and win rate", "Beside the baseline", "Judged")
_BESIDE = {"better": "better", "passed": "not worse", "worse": "worse"}
_TONES: dict[str, Tone] = {"best": "good", "worse": "bad"}


@dataclass(frozen=True, slots=True)
class Ranked:
    """The page: the candidates, best first."""

    models: tuple[str, ...]
    card: Card
    told: str
    candidates: Tests
    others: Folded | None = None


def possible(source: Source) -> bool:
    """Whether any was kept."""
    return any(map(_is_one, source.verdicts))


def _is_one(row: Decided) -> bool:
    return row.command == "best-of" and bool(row.sets)


def address(row: Decided) -> str:
    """Where the newest of the same candidates, baseline, set and judge is."""
    names = content_id("candidates", *sorted(one.candidate or "" for one in row.sets))[:10]
    return f"verdicts/best-of--{slugs.slug(row.baseline, row.sets[0].question_set, row.judge, names)}.html"


def pages(source: Source) -> Iterator[Page | Piece]:
    """The newest one with a list of all, and a page for the newest of each."""
    kept = list(filter(_is_one, source.verdicts))
    pairs = entries.addresses(source.report.get("pairs", ()))
    for place, row in {address(row): row for row in kept}.items():
        shown = {"verdict": ranked(row, pairs), "heading": NAME, "here": "", "above": ADDRESS}
        yield Page(place, "best_of.html", shown)
    if kept:
        newest = ranked(kept[-1], pairs, kept[-2::-1])
        yield Page(ADDRESS, "best_of.html", {"verdict": newest, "heading": NAME, "here": ADDRESS})


def ranked(row: Decided, pairs: Addresses, others: Sequence[Decided] = ()) -> Ranked:
    """What the page shows; `others` are those before it, newest first."""
    shares = [end for one in row.sets for end in (*(one.interval or ()), 0.5 - one.margin)]
    rows = tuple(_candidate(row, one, scale(shares), pairs) for one in row.sets)
    return Ranked(
        models=(*(_name(row, one) for one in row.sets), row.baseline),
        card=deciding.card(row),
        told=_told(row),
        candidates=Tests("The candidates, as a table", _NAMES, rows),
        others=deciding.earlier("Those before this one, newest first", others, address),
    )


def _told(row: Decided) -> str:
    reached = sum(one.outcome in ("best", "in reach") for one in row.sets)
    if row.verdict == "INVALID":
        return "Nothing is known of them: the judge is out of order."
    told = "one is shown to be the best" if row.sets[0].outcome == "best" else f"{reached:,} may be the best"
    return (
        f"Of {counted(len(row.sets), 'candidate')}, {told}. All intervals are of the win rate against the baseline and"
        f" hold at once; the line is a tie, the dashed one the limit of {100 * (0.5 - row.sets[0].margin):g}{PERCENT}."
        " A figure is given for the first one alone, free of the luck that it takes to be first."
    )


def _name(row: Decided, one: DecidedSet) -> str:
    return one.candidate or row.candidate


def _candidate(row: Decided, one: DecidedSet, shared: Scale, pairs: Addresses) -> Tested:
    name = _name(row, one)
    return Tested(
        name=shortened(name),
        about="",
        outcome=shortened("may be best" if one.outcome == "in reach" else one.outcome),
        tone=_TONES.get(one.outcome, "open"),
        value=entries.percent_with(one.rate, None) if one.rate is not None else "",
        reach=reach(one.interval),
        bar=rate_bar(one.rate, one.interval, one.margin, shared) if one.interval else None,
        cells=(_BESIDE.get(one.beside or "", "open"), f"{one.judged:,} of {one.questions:,}"),
        href=pairs.get((one.question_set, row.judge, frozenset((row.baseline, name)))),
    )
