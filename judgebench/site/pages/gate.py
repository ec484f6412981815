"""The page of a gate: the verdict, each set's test, the guards, and what is missing to GO; the newest one first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from judgebench.gate.outputs import words
from judgebench.site import entries, slugs
from judgebench.site.drawing.lines import Bar, Scale
from judgebench.site.parts import deciding
from judgebench.site.parts.card import PERCENT, Card, Tone, rate_bar, reach
from judgebench.site.source import Source
from judgebench.site.views import UNKNOWN, Cell, Page, Piece, Table, head, shortened, text
from judgebench.tables.records import Decided, DecidedGuard, DecidedSet

ADDRESS, NAME = "verdicts/gate.html", "Gate"
_FIRST = 20  # gates of the list that are not folded


@dataclass(frozen=True, slots=True)
class Tested:
    """One set's test, or one guard: how it came out, what was measured, its interval on a shared scale, its limit."""

    name: str
    about: str
    outcome: str
    tone: Tone
    value: str
    reach: str
    bar: Bar | None
    limit: str
    rests: str
    sides: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Gated:
    """A gate's page. `missing`: what stands between the candidate and GO. `whole`: its row has roles and guards."""

    candidate: str
    baseline: str
    card: Card
    sets: tuple[Tested, ...]
    guards: tuple[Tested, ...]
    missing: tuple[str, ...]
    whole: bool
    others: Table | None = None
    older: Table | None = None


def possible(source: Source) -> bool:
    """Whether any gate was kept."""
    return any(row.command == "gate" for row in source.verdicts)


def address(row: Decided) -> str:
    """Where the newest gate of the same models by the same judge is."""
    return f"verdicts/gate--{slugs.slug(row.baseline, row.candidate, row.judge)}.html"


def pages(source: Source) -> Iterator[Page | Piece]:
    """The newest gate with a list of all, and a page for the newest of each candidate, baseline and judge."""
    kept = {address(row): row for row in source.verdicts if row.command == "gate"}
    for place, row in kept.items():
        yield Page(place, "gate.html", {"gate": gated(row), "here": ""})
    if kept:
        every = [row for row in reversed(source.verdicts) if row.command == "gate"]
        yield Page(ADDRESS, "gate.html", {"gate": gated(every[0], every[1:]), "here": ADDRESS})


def gated(row: Decided, others: Sequence[Decided] = ()) -> Gated:
    """What the page of a gate shows; `others` are those before it, newest first."""
    scale = _scale(row.sets)
    rows = tuple(map(_listed, others))
    return Gated(
        candidate=row.candidate,
        baseline=row.baseline,
        card=deciding.card(row),
        sets=tuple(_set(one, scale) for one in row.sets),
        guards=tuple(map(_guard, row.guards)),
        missing=tuple(deciding.missing(row)),
        whole=all(one.role is not None for one in row.sets),
        others=_table(rows[:_FIRST]) if rows else None,
        older=_table(rows[_FIRST:]) if rows[_FIRST:] else None,
    )


def _scale(sets: Sequence[DecidedSet]) -> Scale:
    """From what is known of any set, in tenths: the same for all, so that they can be held against each other."""
    ends = [end for one in sets for end in (one.interval or ()) if one.rate is not None]
    values = [0.5, *ends, *(0.5 - one.margin for one in sets)]
    return max((min(values) * 10 // 1) / 10, 0.0), min((max(values) * 10 // 1 + 1) / 10, 1.0)


def _set(one: DecidedSet, scale: Scale) -> Tested:
    return Tested(
        name=deciding.set_name(one),
        about=one.role or "",
        outcome=one.outcome,
        tone=deciding.tone(one.outcome),
        value=entries.percent_with(one.rate, None),
        reach=reach(one.interval) if one.rate is not None else "",
        bar=rate_bar(one.rate, one.interval, one.margin, scale) if one.rate is not None else None,
        limit=f"{100 * (0.5 - one.margin):g}{PERCENT}",
        rests=f"{one.judged:,} of {one.questions:,}",
    )


def _guard(one: DecidedGuard) -> Tested:
    failed = one.outcome == "failed"
    return Tested(
        name=shortened(one.name),
        about=shortened(one.question_set),
        outcome="not exceeded" if one.outcome == "open" and not one.proven else words.state(one),
        tone="bad" if failed else "good" if one.outcome == "passed" else "open",
        value=deciding.measured(one) or UNKNOWN,
        reach=deciding.guard_reach(one),
        bar=deciding.guard_bar(one) if one.value is not None else None,
        limit=deciding.limit(one),
        rests=f"{one.questions - one.missing:,} of {one.questions:,}",
        sides=deciding.sides(one),
    )


def _table(rows: tuple[tuple[Cell, ...], ...]) -> Table:
    names = ("Made", "Commit", "Candidate", "Against", "Verdict", "Sets", "Cost")
    return Table("Gates before this one, newest first", head(*names, numbers=1), rows)


def _listed(row: Decided) -> tuple[Cell, ...]:
    sets = ", ".join(f"{deciding.set_name(one)} {one.outcome}" for one in row.sets)
    return (
        text(deciding.when(row.created) or UNKNOWN),
        text((row.commit or UNKNOWN)[:9]),
        Cell(shortened(row.candidate), href=address(row)),
        text(shortened(row.baseline)),
        text(row.verdict),
        text(shortened(sets, 200)),
        Cell(deciding.paid(row.dollars) or UNKNOWN, number=True),
    )
