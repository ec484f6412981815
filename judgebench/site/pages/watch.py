"""The page of a training: the win rate of its checkpoints against the step, with a band that holds for all of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from judgebench.history.lines import Flips, flips
from judgebench.site import entries, slugs
from judgebench.site.drawing.lines import Drawing, Tick, Value, lines, ticks
from judgebench.site.entries import Addresses
from judgebench.site.parts import deciding
from judgebench.site.parts.card import PERCENT, Card, known, rate_bar, rate_rules, ratio, reach, state
from judgebench.site.parts.flips import Flipped, Judged, Turn, flipped
from judgebench.site.parts.folded import Folded, folded
from judgebench.site.source import Source
from judgebench.site.views import (
    UNKNOWN,
    Cell,
    Fact,
    Page,
    Piece,
    called,
    counted,
    excerpt,
    head,
    number,
    shortened,
    text,
)
from judgebench.tables.records import DecidedSet, Watched

ADDRESS, NAME = "verdicts/watch.html", "Training"
_FIRST = 20  # checkpoints, and runs, that are not folded
_SAID = 300
_HEAD = ("Step", "Verdict")
_FIGURES = ("Win rate, %", "interval", "all steps together", "Judged", "Lost", "Won", "Cost")
_RUNS = ("Run", "Against", "Set", "Judge", "Newest")


@dataclass(frozen=True, slots=True)
class Training:
    """A series: its newest checkpoint with a verdict, the drawing, what flipped since the step before, all steps."""

    card: Card
    told: str
    drawing: Drawing | None
    breaks: tuple[str, ...]
    flips: Flipped | None
    rows: Folded
    others: Folded | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    """A checkpoint and the one before it that has points; `why` nothing is joined to that."""

    row: Watched
    before: Watched | None
    why: str

    @property
    def since(self) -> Flips | None:
        """What flipped, where both may be joined."""
        joined = self.before is not None and not self.why and self.row.points
        return flips(self.before.points, self.row.points) if joined and self.before else None


def possible(source: Source) -> bool:
    """Whether any checkpoint is known."""
    return bool(source.watched)


def address(series: str) -> str:
    """Where a series is."""
    return f"verdicts/watch--{slugs.slug(series)}.html"


def pages(source: Source) -> Iterator[Page | Piece]:
    """The run that was added to last with a list of the others, and a page for each."""
    found: dict[str, dict[int, Watched]] = {}
    for row in source.watched:
        steps = found.pop(row.series, {})  # and put behind the others again
        steps[row.step] = row
        found[row.series] = steps
    every = [sorted(steps.values(), key=lambda row: row.step) for steps in reversed(found.values())]
    pairs = entries.addresses(source.report.get("pairs", ()))
    for place, rows in enumerate(every):
        shown = training(source, rows, pairs)
        about = {"verdict": shown, "heading": NAME, "above": ADDRESS}
        yield Page(address(rows[0].series), "watch.html", {**about, "here": ""})
        if not place:
            newest = replace(shown, others=_others(every[1:]))
            yield Page(ADDRESS, "watch.html", {**about, "verdict": newest, "here": ADDRESS})


def training(source: Source, rows: Sequence[Watched], pairs: Addresses) -> Training:
    """What the page of a series shows, of the last row of each of its steps, by step."""
    steps = list(_steps(rows))
    drawn = [step for step in steps if step.row.rate is not None]
    told = (
        "Each checkpoint's win rate on the same questions with its interval (upright), and a band in which all steps"
        " lie at once, however often one looks and however many come."
    )
    shown = [_row(step, pairs) for step in reversed(steps)]
    heads = (*head(*_HEAD, *_FIGURES, numbers=len(_FIGURES)), *head("Note"))
    return Training(
        card=_card(rows),
        told=told,
        drawing=_drawing(drawn) if drawn else None,
        breaks=tuple(step.why for step in drawn if step.why),
        flips=_flipped(source, drawn[-1]) if drawn else None,
        rows=folded("Checkpoints, the latest step first", heads, shown, _FIRST),
    )


def _steps(rows: Sequence[Watched]) -> Iterator[_Step]:
    before: Watched | None = None
    for row in rows:
        if row.rate is None:
            yield _Step(row, None, "")
            continue
        yield _Step(row, before, _why(before, row) if before else "")
        before = row


def _why(before: Watched, row: Watched) -> str:
    """Why no line leads from one to the next; "" where one does."""
    if before.digest != row.digest:
        return f"another version of the set ({before.digest[:9]} \N{RIGHTWARDS ARROW} {row.digest[:9]})"
    if set(before.snapshots) != set(row.snapshots):
        was, now = (called(excerpt(", ".join(one.snapshots), 80)) or "not known" for one in (before, row))
        return f"another snapshot of the judge ({was} \N{RIGHTWARDS ARROW} {now})"
    return ""


# ---- the card --------------------------------------------------------------------------------------------------


def _card(rows: Sequence[Watched]) -> Card:
    judged = [row for row in rows if row.verdict]
    run = called(shortened(rows[-1].run))
    if not judged:
        return Card(
            f"{run}: no checkpoint has a verdict yet", "open", "open", facts=_facts(rows), notes=tuple(_notes(rows))
        )
    last = judged[-1]
    tone = deciding.tone(last.verdict or "")
    return Card(
        title=_title(last, f"{run} at step {last.step:,}"),
        state=state(tone),
        tone=tone,
        verdict=last.verdict or "",
        figure=ratio(last.rate),
        reach=reach(last.band),
        bar=rate_bar(last.rate, last.band, last.margin) if last.rate is not None else None,
        said=f"{called(excerpt(last.reason, _SAID))}." if last.reason else "",
        facts=_facts(rows),
        notes=tuple(_notes(rows)),
    )


def _title(last: Watched, name: str) -> str:
    baseline = called(shortened(last.baseline))
    if last.identical:
        return f"{name} and {baseline} are the same model"
    if last.rate is None:
        return f"{name} and {baseline} have no verdict"
    return deciding.compared(name, baseline, last.verdict or "", _as_set(last))


def _as_set(row: Watched) -> DecidedSet:
    """A checkpoint's figures by the band, which holds for all of them."""
    return DecidedSet(
        question_set=row.question_set,
        digest=row.digest,
        outcome=row.verdict or "",
        margin=row.margin,
        questions=row.questions,
        judged=row.judged,
        rate=row.rate,
        interval=row.band,
        categories=row.categories,
    )


def _facts(rows: Sequence[Watched]) -> tuple[Fact, ...]:
    last = rows[-1]
    costs = [Decimal(row.dollars or 0) for row in rows if deciding.paid(row.dollars)]
    facts = {
        "Against": shortened(last.baseline),
        "Question set": deciding.set_name(_as_set(last)),
        "Judge": shortened(last.judge),
        "Checkpoints": counted(len(rows), "step"),
        "Judged": f"{last.judged:,} of {counted(last.questions, 'question')}" if last.questions else "",
        "Cost": deciding.paid(str(sum(costs))) if costs else "",
        "Made": deciding.when(last.created),
    }
    return known(facts.items())


def _notes(rows: Sequence[Watched]) -> Iterator[str]:
    rated = [row for row in rows if row.rate is not None]
    if len(rated) > 1:
        best = max(rated, key=lambda row: row.rate or 0.0)
        shown = entries.percent_with(best.rate, best.band)
        yield f"The highest so far is step {best.step:,}: {shown}; that it was chosen for being so is in the band."
    if failed := sum(row.error is not None for row in rows):
        yield f"{counted(failed, 'checkpoint')} failed; the table says why."
    if under_way := sum(row.verdict is None and row.error is None for row in rows):
        yield f"{counted(under_way, 'checkpoint')} under way."


# ---- the line and the rows -------------------------------------------------------------------------------------


def _drawing(drawn: Sequence[_Step]) -> Drawing:
    runs: list[list[Value]] = []
    for place, step in enumerate(drawn):
        if not place or step.why:
            runs.append([])
        runs[-1].append(_value(step.row))
    low, high = drawn[0].row.step, drawn[-1].row.step
    room = 0.04 * ((high - low) or 1)
    shown = ticks(low, high) or [float(low)]
    labels = [Tick(step, f"{step:,.0f}", minor=bool(place % 2)) for place, step in enumerate(shown)]
    rules = [replace(rule, at=100 * rule.at) for rule in rate_rules(drawn[-1].row.margin)]
    return lines(runs, rules, labels, (low - room, high + room), PERCENT)


def _value(row: Watched) -> Value:
    tone = deciding.tone(row.verdict or "")
    told = f"step {row.step:,}: {called(row.verdict or 'under way')}, {entries.percent_with(row.rate, row.interval)}"
    ends, band = (tuple(100 * end for end in one) if one else None for one in (row.interval, row.band))
    mark = "open" if tone == "broken" else tone
    return Value(row.step, 100 * (row.rate or 0.0), ends, mark, told, band)  # type: ignore[arg-type]


def _row(step: _Step, pairs: Addresses) -> tuple[Cell, ...]:
    row, since = step.row, step.since
    word = row.error.kind if row.error else row.verdict or "under way"
    said = row.error.message if row.error else row.reason if row.rate is None else step.why and f"no line: {step.why}"
    return (
        Cell(f"{row.step:,}"),
        text(shortened(word), pairs.get((row.question_set, row.judge, frozenset((row.baseline, row.model))))),
        entries.share(row.rate),
        entries.reach(row.interval, 100, 1),
        entries.reach(row.band, 100, 1),
        Cell(f"{row.judged:,} of {row.questions:,}", number=True),
        number(len(since.lost) if since else None),
        number(len(since.won) if since else None),
        Cell(deciding.paid(row.dollars) or UNKNOWN, number=True),
        text(called(excerpt(said, _SAID)) if said else UNKNOWN),
    )


def _flipped(source: Source, step: _Step) -> Flipped | None:
    row, before, since = step.row, step.before, step.since
    if since is None or before is None:
        return None
    then, now = (Judged(one.model, one.points) for one in (before, row))
    return flipped(source, Turn(row.question_set, row.baseline, then, now, since))


def _others(every: Sequence[Sequence[Watched]]) -> Folded | None:
    rows = [_run(steps) for steps in every]
    return folded("Other runs, the one that was added to last first", head(*_RUNS), rows, _FIRST) if rows else None


def _run(rows: Sequence[Watched]) -> tuple[Cell, ...]:
    last = rows[-1]
    return (
        Cell(shortened(last.run), href=address(last.series)),
        text(shortened(last.baseline)),
        text(deciding.set_name(_as_set(last))),
        text(shortened(last.judge)),
        text(f"step {last.step:,}: {shortened(last.verdict or (last.error.kind if last.error else 'under way'))}"),
    )
