"""Verdicts over time: a line for each baseline, set and judge, what changed, and which questions flipped."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from judgebench.history.lines import Change, Point, changes, points
from judgebench.site import entries
from judgebench.site.drawing.lines import Drawing, Tick, Value, lines, spread
from judgebench.site.entries import Addresses
from judgebench.site.pages import best_of, gate
from judgebench.site.parts import deciding
from judgebench.site.parts.card import PERCENT, Card, rate_rules
from judgebench.site.parts.flips import Flipped, Judged, Turn, flipped
from judgebench.site.parts.folded import Folded, folded
from judgebench.site.source import Source
from judgebench.site.views import (
    UNKNOWN,
    Cell,
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

ADDRESS, NAME = "verdicts/history.html", "History"
DRAWN = 100  # of the newest verdicts of a line: more can't be told apart
_PAGES = {"gate": gate.address, "best-of": best_of.address}
_FIRST = 10  # rows of a line that are not folded
_LABELS = 4  # at most so many dates stand below a line
_CHANGE = 60  # characters of what something was, or is
_HEAD = ("Made", "Candidate", "Verdict")
_FIGURES = ("Win rate, %", "interval", "Judged", "Lost", "Won", "Cost")
_BEHIND = ("Commit", "What changed")


@dataclass(frozen=True, slots=True)
class Line:
    """A baseline, a set and a judge over time. `breaks`: why nothing is joined there, in the order of the drawing.

    `left` counts the verdicts that are too old to be drawn. `older` are the rows behind the newest ones.
    """

    id: str
    question_set: str
    judge: str
    baseline: str
    about: str
    told: str
    drawing: Drawing | None
    left: int
    breaks: tuple[str, ...]
    flips: Flipped | None
    rows: Folded


@dataclass(frozen=True, slots=True)
class History:
    """The page: the newest verdict, and the lines, the one that was added to last first."""

    card: Card
    lines: tuple[Line, ...]


def possible(source: Source) -> bool:
    """Whether any verdict was kept."""
    return any(row.sets for row in source.verdicts)


def pages(source: Source) -> Iterator[Page | Piece]:
    """The page; nothing where no verdict was kept."""
    if possible(source):
        shown = {"verdict": history(source), "heading": "Verdicts over time", "here": ADDRESS}
        yield Page(ADDRESS, "history.html", shown)


def history(source: Source) -> History:
    """What the page shows."""
    found: dict[tuple[object, ...], list[Point]] = {}
    for point in points(source.verdicts):
        if point.candidate != point.verdict.candidate:  # of several the first alone is on the line
            continue
        whole = found.pop(point.line, [])  # and put behind the others again
        whole.append(point)
        found[point.line] = whole
    at = {id(row): place for place, row in enumerate(source.verdicts)}
    newest_first = sorted(found.values(), key=lambda whole: -at[id(whole[-1].verdict)])
    pairs = entries.addresses(source.report.get("pairs", ()))
    told = [_line(source, number, whole, pairs) for number, whole in enumerate(newest_first)]
    newest = newest_first[0][-1]
    return History(replace(deciding.card(newest.verdict), notes=tuple(_since(newest))), tuple(told))


def _since(point: Point) -> Iterator[str]:
    """What flipped, of a verdict that was judged."""
    if point.since is None:
        return
    lost, won = len(point.since.lost), len(point.since.won)
    yield f"Since the verdict before, {counted(lost, 'question')} turned against it, and {won:,} for it."


def _line(source: Source, number: int, whole: Sequence[Point], pairs: Addresses) -> Line:
    last = whole[-1]
    judged = [point for point in whole if point.of.rate is not None]
    drawn = judged[-DRAWN:]
    rows = [_row(point, pairs) for point in reversed(whole)]
    judge, baseline = shortened(last.verdict.judge), shortened(last.verdict.baseline)
    about = f"on {called(deciding.set_name(last.of))} by {called(judge)} against {called(baseline)}"
    return Line(
        id=f"line-{number}",
        question_set=deciding.set_name(last.of),
        judge=judge,
        baseline=baseline,
        about=about,
        told=_told(whole),
        drawing=_drawing(drawn) if drawn else None,
        left=len(judged) - len(drawn),
        breaks=tuple(_why(point) for point in drawn[1:] if point.since is None),
        flips=_flipped(source, judged[-1]) if judged else None,
        rows=folded(f"Verdicts {about}, newest first", _heads(), rows, _FIRST),
    )


def _flipped(source: Source, point: Point) -> Flipped | None:
    before = point.before
    if point.since is None or before is None:
        return None
    then, now = (Judged(one.candidate, one.of.points) for one in (before, point))
    return flipped(source, Turn(point.of.question_set, point.verdict.baseline, then, now, point.since))


def _told(whole: Sequence[Point]) -> str:
    """How many there are, and how the last one stands."""
    last = whole[-1]
    rate = entries.percent_with(last.of.rate, last.of.interval)
    newest = f"{called(shortened(last.candidate))}: {_word(last)}"
    return f"{counted(len(whole), 'verdict')}; the newest is {newest}" + (f", {rate}" if last.of.rate else "")


def _word(point: Point) -> str:
    row = point.verdict
    return called(row.verdict if row.command == "compare" else f"{row.verdict} ({_came_out(point)})")


def _came_out(point: Point) -> str:
    """How the set of a gate came out, or the first of several candidates."""
    if point.of.candidate:
        return f"{'may be best' if point.of.outcome == 'in reach' else point.of.outcome} of several"
    return f"set {point.of.outcome}"


# ---- the line --------------------------------------------------------------------------------------------------


def _drawing(drawn: Sequence[Point]) -> Drawing:
    """Verdicts stand at equal distances, whatever time lies between them: most come in crowds."""
    runs: list[list[Value]] = []
    for place, point in enumerate(drawn):
        if not place or point.since is None:
            runs.append([])
        runs[-1].append(_value(place, point))
    days = {_made(point)[:10] for point in drawn}
    part = slice(11, 16) if len(days) == 1 else slice(10)  # the time, where all is of one day
    shown = spread(len(drawn), _LABELS)
    labels = [Tick(at, _made(drawn[at])[part], minor=at not in (shown[0], shown[-1])) for at in shown]
    rules = [replace(rule, at=100 * rule.at) for rule in rate_rules(drawn[-1].of.margin)]
    return lines(runs, rules, labels, (-0.5, len(drawn) - 0.5), PERCENT)


def _value(place: int, point: Point) -> Value:
    of, tone = point.of, deciding.tone(point.of.beside or point.of.outcome)
    ends = (100 * of.interval[0], 100 * of.interval[1]) if of.interval else None
    about = f"{deciding.when(point.verdict.created)} {(point.verdict.commit or '')[:9]}".strip()
    named = f"{called(shortened(point.candidate))}: {_word(point)}"
    told = ", ".join(filter(None, (about, named, entries.percent_with(of.rate, of.interval))))
    return Value(place, 100 * (of.rate or 0.0), ends, tone if tone == "good" or tone == "bad" else "open", told)


def _made(point: Point) -> str:
    return deciding.when(point.verdict.created)


def _why(point: Point) -> str:
    """Why no line leads to a verdict, and what is new in it."""
    told, why = "; ".join(_changed(one) for one in changes(point)), point.why or "its questions aren't known"
    return f"{why} ({told})" if told else why


def _changed(one: Change) -> str:
    was, now = (called(excerpt(side, _CHANGE)) or "not known" for side in (one.was, one.now))
    return f"{called(one.what)} {was} \N{RIGHTWARDS ARROW} {now}"


# ---- the rows --------------------------------------------------------------------------------------------------


def _heads() -> tuple[Cell, ...]:
    return *head(*_HEAD, *_FIGURES, numbers=len(_FIGURES)), *head(*_BEHIND)


def _row(point: Point, pairs: Addresses) -> tuple[Cell, ...]:
    row, of = point.verdict, point.of
    new = "; ".join(_changed(one) for one in changes(point))
    lost, won = (len(found) if point.since else None for found in _flips(point))
    return (
        text(deciding.when(row.created) or UNKNOWN),
        Cell(shortened(point.candidate)),
        text(row.verdict, href=_address(point, pairs), note=None if of.outcome == row.verdict else _came_out(point)),
        entries.share(of.rate),
        entries.reach(of.interval, 100, 1),
        Cell(f"{of.judged:,} of {of.questions:,}", number=True),
        number(lost),
        number(won),
        Cell(deciding.paid(row.dollars) or UNKNOWN, number=True),
        text((row.commit or UNKNOWN)[:9]),
        text(f"no line leads here: {_why(point)}" if point.why else new or UNKNOWN),
    )


def _flips(point: Point) -> Iterable[tuple[str, ...]]:
    return (point.since.lost, point.since.won) if point.since else ((), ())


def _address(point: Point, pairs: Addresses) -> str | None:
    """The verdict's own page, or the pair's where there is one."""
    row = point.verdict
    if row.command in _PAGES:
        return _PAGES[row.command](row)
    return pairs.get((point.of.question_set, row.judge, frozenset((row.baseline, point.candidate))))
