"""A kept verdict in the words and figures of a page: its card, its sets and guards, and what is missing to another."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from judgebench.gate.outputs import words
from judgebench.money.prices import money
from judgebench.site.drawing.lines import Bar, Rule, Scale, bar
from judgebench.site.entries import percent_with
from judgebench.site.parts.card import PERCENT, Card, Tone, known, rate_bar, ratio, reach, state
from judgebench.site.parts.folded import Folded, folded
from judgebench.site.views import UNKNOWN, Cell, called, counted, excerpt, head, shortened, text
from judgebench.tables.records import Decided, DecidedGuard, DecidedSet

_SAID = 600  # characters of a reason
TONES: Mapping[str, Tone] = {
    **{"PASS": "good", "GO": "good", "passed": "good", "REGRESS": "bad", "NO-GO": "bad", "failed": "bad"},
    **{"better": "good", "worse": "bad", "INVALID": "broken"},
}
_GATES = {
    "GO": "{0} may be shipped in place of {1}",
    "NO-GO": "{0} may not be shipped in place of {1}",
    "INVALID": "Nothing is known of {0} and {1}: the judge is out of order",
}
_OPEN = "It is open whether {0} may be shipped in place of {1}"
_BESIDE = {"better": " and better than {0}", "passed": " and not shown to be better than {0}"}
_NAMED = 3  # candidates in a title
_ORDER = {"failed": 0, "open": 1, "left": 2, "passed": 3}


_FIRST = 20  # verdicts of a list that are not folded


def tone(verdict: str) -> Tone:
    """Whether a verdict, or a set's outcome, is sure, and then whether it is the wanted one."""
    return TONES.get(verdict, "open")


def card(row: Decided) -> Card:
    """The card of a comparison, a gate or a best of several."""
    of = decisive(row)
    if row.command == "best-of" and row.verdict != "INVALID":
        return _contest(row, row.sets[0])
    guard = next((one for one in row.guards if one.outcome == "failed"), None)
    if guard is not None and (of is None or of.outcome != "failed"):
        return replace(_card(row, None), figure=measured(guard), reach=within(guard), bar=guard_bar(guard))
    return _card(row, of)


def _card(row: Decided, of: DecidedSet | None) -> Card:
    here = tone(row.verdict)
    return Card(
        title=title(row, of),
        state=state(here),
        tone=here,
        verdict=row.verdict,
        figure=ratio(of.rate) if of else "",
        reach=reach(of.interval) if of else "",
        bar=rate_bar(of.rate, of.interval, of.margin) if of and of.rate is not None else None,
        said=f"{called(excerpt(row.reason, _SAID))}.",
        facts=known(_facts(row, of)),
    )


def _contest(row: Decided, first: DecidedSet) -> Card:
    """Of several: which one is best, or may be, and how that stands to the baseline."""
    here = tone(row.verdict) if first.outcome == "best" or row.verdict == "REGRESS" else "open"
    names = [called(shortened(one.candidate or row.candidate)) for one in row.sets]
    reached = [name for name, one in zip(names, row.sets, strict=True) if one.outcome in ("best", "in reach")]
    baseline, all_ = called(shortened(row.baseline)), counted(len(names), "candidate")
    if row.verdict == "REGRESS":
        told = f"None of {all_} is as good as {baseline}"
    elif first.outcome == "best":
        told = f"{names[0]} is the best of {len(names):,}{_BESIDE.get(first.beside or '', '').format(baseline)}"
    else:
        better = all(one.beside == "better" for one in row.sets if one.outcome == "in reach")
        also = f"; each is better than {baseline}" if better and reached else ""
        told = f"It is open which of {all_} is best: {_few(reached) or 'any'} may be{also}"
    ends = first.interval if first.interval else None
    drawn = rate_bar(first.rate, ends, first.margin) if ends else None
    return replace(_card(row, first), title=told, tone=here, state=state(here), bar=drawn)


def _few(names: Sequence[str]) -> str:
    more = [f"{len(names) - _NAMED:,} more"] if len(names) > _NAMED else []
    *others, last = [*names[:_NAMED], *more] or [""]
    return f"{', '.join(others)} or {last}" if others else last


def title(row: Decided, of: DecidedSet | None) -> str:
    """What came out, in a sentence."""
    candidate, baseline = called(shortened(row.candidate)), called(shortened(row.baseline))
    if row.command == "gate":
        return _GATES.get(row.verdict, _OPEN).format(candidate, baseline)
    if row.verdict == "INVALID":
        return _GATES["INVALID"].format(candidate, baseline)
    if of is None or of.rate is None:
        same = row.verdict == "PASS"
        told = "are the same model" if same else "have no verdict"
        return f"{candidate} and {baseline} {told}"
    return compared(candidate, baseline, row.verdict, of)


def compared(candidate: str, baseline: str, verdict: str, of: DecidedSet) -> str:
    """How a candidate stands to its baseline by a win rate's interval and margin; names as sentences have them."""
    low, high = of.interval or (0.0, 1.0)
    points = f"{100 * of.margin:g} points"
    if low > 0.5:
        return f"{candidate} is better than {baseline}"
    if verdict == "REGRESS":
        return f"{candidate} is worse than {baseline}" + (f" by more than {points}" if of.margin else "")
    if verdict == "PASS":
        return f"{candidate} is not worse than {baseline} by more than {points}"
    if high < 0.5:
        return f"{candidate} is worse than {baseline}; whether by more than {points} is open"
    return f"It is open whether {candidate} is as good as {baseline}"


def _facts(row: Decided, of: DecidedSet | None) -> Iterator[tuple[str, str | None]]:
    yield "Against", shortened(row.baseline)
    if of is not None:
        yield "Question set", set_name(of)
        yield "Judged", f"{of.judged:,} of {counted(of.questions, 'question')}"
    yield "Judge", shortened(row.judge)
    yield "Cost", paid(row.dollars)
    yield "Commit", (row.commit or "")[:9]
    yield "Made", when(row.created)


def set_name(of: DecidedSet) -> str:
    """A set, with the categories that the verdict is about."""
    if not of.categories:
        return shortened(of.question_set)
    return f"{shortened(of.question_set)} ({shortened(', '.join(of.categories))})"


def paid(dollars: str | None) -> str:
    """What was paid, as people write it; nothing where it isn't known, or was free."""
    try:
        return money(Decimal(dollars)) if dollars and Decimal(dollars) else ""
    except ArithmeticError:
        return ""


def when(created: str | None) -> str:
    """A time to the minute, as it was kept."""
    return (created or "")[:16].replace("T", " ")


def counting(row: Decided) -> list[DecidedSet]:
    """The sets that a verdict hangs on."""
    return [one for one in row.sets if one.role != "advisory"]


def decisive(row: Decided) -> DecidedSet | None:
    """The set that says most about a verdict: one that failed, else one that is open, else the closest to its limit."""
    judged = [one for one in counting(row) if one.rate is not None]
    return min(judged, key=lambda one: (_ORDER.get(one.outcome, 1), _room(one)), default=None)


def _room(of: DecidedSet) -> float:
    return (of.interval[0] if of.interval else 0.0) - 0.5 + of.margin


def earlier(caption: str, rows: Sequence[Decided], address: Callable[[Decided], str]) -> Folded | None:
    """The verdicts before one as a list; None where there are none."""
    names = ("Made", "Candidate", "Against", "Verdict", "Came out", "Commit", "Cost")
    return (
        folded(caption, head(*names, numbers=1), [_earlier(row, address(row)) for row in rows], _FIRST)
        if rows
        else None
    )


def _earlier(row: Decided, address: str) -> tuple[Cell, ...]:
    about = ", ".join(
        f"{shortened(one.candidate) if one.candidate else set_name(one)} {one.outcome}" for one in row.sets
    )
    return (
        Cell(when(row.created) or UNKNOWN, href=address),
        text(shortened(row.candidate)),
        text(shortened(row.baseline)),
        text(row.verdict),
        text(excerpt(about)),
        text((row.commit or UNKNOWN)[:9]),
        Cell(paid(row.dollars) or UNKNOWN, number=True),
    )


# ---- guards ----------------------------------------------------------------------------------------------------


def _factor(guard: DecidedGuard) -> bool:
    return guard.name == "answer_length"


def measured(guard: DecidedGuard) -> str:
    """What a guard measured: a factor, or a difference in points."""
    if guard.value is None:
        return ""
    return f"{guard.value:.2f} times" if _factor(guard) else _points(guard.value)


def within(guard: DecidedGuard) -> str:
    """Its interval, and what it is of."""
    about = f"{called(shortened(guard.name))} on {called(shortened(guard.question_set))}"
    return ", ".join(filter(None, (guard_reach(guard), about)))


def guard_reach(guard: DecidedGuard) -> str:
    """Its interval."""
    return reach(guard.interval, 1, 2, " times") if _factor(guard) else reach(guard.interval, unit=" points")


def limit(guard: DecidedGuard) -> str:
    """What it is held against."""
    return f"{guard.limit:g} times" if _factor(guard) else _points(guard.limit)


def guard_bar(guard: DecidedGuard) -> Bar:
    """A guard's measure with its interval, beside what is equal and the limit."""
    equal = 1.0 if _factor(guard) else 0.0
    values = [equal, guard.limit, *([] if guard.value is None else [guard.value]), *(guard.interval or ())]
    room = 0.15 * ((max(values) - min(values)) or 1.0)
    scale: Scale = (min(values) - room, max(values) + room)
    rules = (Rule(equal, "equal", "tie"), Rule(guard.limit, f"limit {limit(guard)}", "limit"))
    return bar(guard.value, guard.interval, rules, scale, ("", ""))


def sides(guard: DecidedGuard) -> tuple[str, str]:
    """What is measured of the baseline, and of the candidate."""
    if _factor(guard):
        first, second = (f"{one:,.0f} characters" if one is not None else "" for one in _both(guard))
    else:
        first, second = (f"{100 * one:.1f}{PERCENT}" if one is not None else "" for one in _both(guard))
    return first, second


def _both(guard: DecidedGuard) -> tuple[float | None, float | None]:
    return guard.baseline, guard.candidate


def _points(share: float) -> str:
    return f"{100 * share:+.4g}".replace("-", "\N{MINUS SIGN}") + " points"


# ---- what is missing to GO -------------------------------------------------------------------------------------


def missing(row: Decided) -> list[str]:
    """What stands between a gate's candidate and GO, a sentence each; nothing where it is GO."""
    if row.verdict == "INVALID":
        return [f"A judge that is in order: {called(excerpt(row.reason, _SAID))}."]
    return [*_sets_missing(counting(row)), *_guards_missing(row.guards)]


def _sets_missing(sets: Sequence[DecidedSet]) -> Iterator[str]:
    for one in sets:
        name, under = called(set_name(one)), f"{100 * (0.5 - one.margin):g}{PERCENT}"
        rate = percent_with(one.rate, one.interval)
        if one.outcome == "failed":
            yield f"{name} failed: a win rate of {rate}, all of it below the limit of {under}."
        elif one.outcome == "left":
            yield f"{name} was not judged: it could not change the verdict any more."
        elif one.outcome != "passed":
            yield f"{name} is open: a win rate of {rate}, and the limit of {under} is within reach{_more(one)}."


def _more(one: DecidedSet) -> str:
    if one.needed is None:
        return ""
    cost = f", for some {paid(one.dollars)}" if paid(one.dollars) else ""
    left = f", {one.needed - one.judged:,} more than were judged" if one.needed > one.judged else ""
    return f"; about {one.needed:,} questions tell no difference from the margin{left}{cost}"


def _guards_missing(guards: Sequence[DecidedGuard]) -> Iterator[str]:
    for guard in guards:
        if guard.outcome == "failed" or (guard.proven and guard.outcome != "passed"):
            named = replace(guard, name=called(guard.name), question_set=called(guard.question_set))
            yield f"{words.of_guard(named)}."
