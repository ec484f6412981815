"""The page of a gate: the verdict, each set's test, the guards, and what is missing to GO; the newest one first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from judgebench.gate.outputs import words
from judgebench.site import slugs
from judgebench.site.drawing.lines import Scale
from judgebench.site.entries import percent_with
from judgebench.site.parts import deciding
from judgebench.site.parts.card import PERCENT, Card, rate_bar, reach
from judgebench.site.parts.folded import Folded
from judgebench.site.parts.tested import Tested, Tests, scale
from judgebench.site.source import Source
from judgebench.site.views import UNKNOWN, Page, Piece, shortened
from judgebench.tables.records import Decided, DecidedGuard, DecidedSet

ADDRESS, NAME = "verdicts/gate.html", "Gate"
_SETS = ("Set and role", "Outcome and win rate", "Limit", "Judged")
_GUARDS = ("Guard and set", "What was measured", "Limit", "Baseline", "Candidate", "Questions")


@dataclass(frozen=True, slots=True)
class Gated:
    """A gate's page. `missing`: what stands between the candidate and GO. `whole`: its row has roles and guards."""

    models: tuple[str, ...]
    card: Card
    sets: Tests
    guards: Tests
    missing: tuple[str, ...]
    whole: bool
    others: Folded | None = None


def possible(source: Source) -> bool:
    """Whether any gate was kept."""
    return any(row.command == "gate" for row in source.verdicts)


def address(row: Decided) -> str:
    """Where the newest gate of the same models by the same judge is."""
    return f"verdicts/gate--{slugs.slug(row.baseline, row.candidate, row.judge)}.html"


def pages(source: Source) -> Iterator[Page | Piece]:
    """The newest gate with a list of all, and a page for the newest of each candidate, baseline and judge."""
    kept = [row for row in source.verdicts if row.command == "gate"]
    for place, row in {address(row): row for row in kept}.items():
        yield Page(place, "gate.html", {"verdict": gated(row), "heading": NAME, "here": "", "above": ADDRESS})
    if kept:
        yield Page(ADDRESS, "gate.html", {"verdict": gated(kept[-1], kept[-2::-1]), "heading": NAME, "here": ADDRESS})


def gated(row: Decided, others: Sequence[Decided] = ()) -> Gated:
    """What the page of a gate shows; `others` are those before it, newest first."""
    shares = [end for one in row.sets if one.rate is not None for end in (*(one.interval or ()), 0.5 - one.margin)]
    sets = tuple(_set(one, scale(shares)) for one in row.sets)
    return Gated(
        models=(row.candidate, row.baseline),
        card=deciding.card(row),
        sets=Tests("Sets, as a table", _SETS, sets),
        guards=Tests("Guards, as a table", _GUARDS, tuple(map(_guard, row.guards))),
        missing=tuple(deciding.missing(row)),
        whole=all(one.role is not None for one in row.sets),
        others=deciding.earlier("Gates before this one, newest first", others, address),
    )


def _set(one: DecidedSet, shared: Scale) -> Tested:
    known = one.rate is not None
    return Tested(
        name=deciding.set_name(one),
        about=one.role or "role not known",
        outcome=one.outcome,
        tone=deciding.tone(one.outcome),
        value=percent_with(one.rate, None) if known else "",
        reach=reach(one.interval) if known else "",
        bar=rate_bar(one.rate, one.interval, one.margin, shared) if known else None,
        cells=(f"{100 * (0.5 - one.margin):g}{PERCENT}", f"{one.judged:,} of {one.questions:,}"),
    )


def _guard(one: DecidedGuard) -> Tested:
    open_ = one.outcome == "open" and not one.proven
    return Tested(
        name=shortened(one.name),
        about=shortened(one.question_set),
        outcome="not exceeded" if open_ else words.state(one),
        tone=deciding.tone(one.outcome),
        value=deciding.measured(one) or UNKNOWN,
        reach=deciding.guard_reach(one),
        bar=deciding.guard_bar(one) if one.value is not None else None,
        cells=(deciding.limit(one), *deciding.sides(one), f"{one.questions - one.missing:,} of {one.questions:,}"),
    )
