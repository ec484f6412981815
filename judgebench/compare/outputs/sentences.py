"""A comparison in words that the screen and the summary share; what others wrote goes through the reader's `quote`."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from judgebench.compare.results import Canary, CategoryRate, Comparison, Cost, Shift
from judgebench.report.captions import between, percent

Quote: TypeAlias = Callable[[str], str]
Fact: TypeAlias = tuple[str, str]
_SEVERAL = 3  # more flagged categories, failed canaries and shifts than that are counted, not named
_POPULATIONS = {"alike": "questions like these", "set": "exactly these questions"}


def headline(comparison: Comparison) -> str:
    """The verdict, and whether the candidate is better beyond doubt."""
    return f"{comparison.verdict} (IMPROVED)" if comparison.improved else comparison.verdict


def facts(comparison: Comparison, quote: Quote) -> Iterator[Fact]:
    """What the verdict rests on: a label and a sentence each."""
    yield "models", models(comparison.candidate, comparison.baseline, comparison.same_model, quote)
    if comparison.identical:
        return
    yield "win rate", estimate(comparison)
    yield "rests on", _rests_on(comparison, quote)
    yield "judge", _judge(comparison, quote)
    yield "design", _design(comparison)
    yield "sure", _sure(comparison)
    if comparison.fixed_width is not None:
        yield "fixed test", _fixed(comparison, comparison.fixed_width)
    if comparison.variance_taken is not None:
        yield "variance", f"the predictions take {percent(comparison.variance_taken, 0)} of it away"
    if comparison.bridge:
        yield "bridge", _bridge(comparison, quote)
    yield "cost", _cost(comparison)


def models(candidate: str, baseline: str, same_model: bool, quote: Quote) -> str:
    """Which two; where they are one, that is said."""
    return f"{quote(candidate)} against {quote(baseline)}" + (", the same model under two names" if same_model else "")


def flagged(comparison: Comparison, quote: Quote) -> str:
    """The categories in which the candidate is worse."""
    worse = [entry for entry in comparison.categories if entry.worse]
    if not comparison.categories:
        return "none"
    if not worse:
        return f"none of {len(comparison.categories)} is worse beyond chance"
    named = [f"{quote(entry.category)} {of_category(entry)}" for entry in worse]
    return f"worse in {len(worse)} of {len(comparison.categories)}: {_listed(named)}"


def canaries(tried: Sequence[Canary], quote: Quote) -> str:
    """Whether the judge did what a judge in order does."""
    failed = [canary for canary in tried if not canary.passed]
    if not tried:
        return "none were tried, so nothing is known of the judge's order"
    if not failed:
        return f"all {len(tried)} held{_waived(tried, quote)}"
    named = [f"{quote(c.name)} ({quote(c.wants)}: {c.held} of {c.tries}, needs {c.needed})" for c in failed]
    return f"{len(failed)} of {len(tried)} failed: {_listed(named)}"


def _waived(tried: Sequence[Canary], quote: Quote) -> str:
    """What the judge was not held to, and how it did."""
    named = [f"{quote(c.name)} {c.held} of {c.tries}" for c in tried if not c.needed]
    return f", of which not expected of this judge: {_listed(named)}" if named else ""


def estimate(comparison: Comparison) -> str:
    """The win rate and its interval against the margin."""
    if comparison.rate is None:
        return "unknown"
    shown = percent(comparison.rate)
    if comparison.interval:
        reach = between(comparison.interval, 100, 1)
        shown += f" ({100 * (1 - comparison.alpha):.5g} % interval {reach} %)"
    return f"{shown}; the margin is at {percent(comparison.threshold)}, a tie at 50 %"


def of_category(entry: CategoryRate) -> str:
    """A category's win rate, its interval, and on how many questions it rests."""
    reach = f"{between(entry.interval, 100, 1)} %, " if entry.interval else ""
    return f"{percent(entry.rate)} ({reach}{counted(entry.questions, 'question')})"


def outcome(points: float) -> str:
    """Points on a question as what happened to the candidate."""
    if points in (0, 1):
        return "won" if points else "lost"
    return "came out even" if points == 0.5 else f"got {points:.2f} of a win"


def counted(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _rests_on(comparison: Comparison, quote: Quote) -> str:
    where = f"{comparison.judged} of {counted(comparison.questions, 'question')} of {quote(comparison.question_set)}"
    missing = f" ({comparison.missing} without a verdict)" if comparison.missing else ""
    outcomes = (("win", comparison.wins), ("tie", comparison.ties))
    said = ", ".join(counted(count, noun) for noun, count in outcomes)
    swayed = f", {comparison.inconsistent} turned with the order" if comparison.inconsistent else ""
    return f"{where}{missing}: {said}, {counted(comparison.losses, 'loss', 'losses')}{swayed}"


def _judge(comparison: Comparison, quote: Quote) -> str:
    snapshots = _listed([quote(name) for name in comparison.snapshots])
    return quote(comparison.judge) + (f", served by {snapshots}" if snapshots else "")


def _design(comparison: Comparison) -> str:
    meant = f"about {_POPULATIONS[comparison.population]}, seed {comparison.seed}"
    if comparison.design == "fixed":
        return f"a number of questions fixed beforehand, {meant}"
    return f"sequential, stops as soon as it is sure, {meant}"


def _sure(comparison: Comparison) -> str:
    looks = " however often one looks" if comparison.design == "sequential" else ""
    return f"a wrong PASS or REGRESS happens at most {odds(comparison.alpha)}{looks}"


def odds(chance: float) -> str:
    """A chance as people say it: 0.05 is `5 times in 100`; with as many noughts as a whole number takes."""
    for among in (100, 1_000, 10_000, 100_000):
        if chance * among >= 1 and abs(chance * among - round(chance * among)) < 1e-6:
            return f"{counted(round(chance * among), 'time')} in {among:,}"
    return f"{chance * 1_000_000:g} times in 1,000,000"


def _fixed(comparison: Comparison, width: float) -> str:
    said = f"{counted(comparison.judged, 'question')} fixed beforehand give an interval {100 * width:.1f} points wide"
    if not comparison.interval or comparison.design == "fixed":
        return said
    return f"{said}; this one is {100 * (comparison.interval[1] - comparison.interval[0]):.1f} wide"


def _bridge(comparison: Comparison, quote: Quote) -> str:
    bridge = comparison.bridge
    if bridge is None:
        return "none"
    whole = [_shift(shift, "all", quote) for shift in bridge.shifts if shift.category is None]
    parts = [_shift(shift, "", quote) for shift in bridge.shifts if shift.category is not None]
    end = "so small that both count together" if bridge.pooled else "so only the new snapshot counts"
    names = f"from {_listed([quote(name) for name in bridge.before])} to {quote(bridge.after)}"
    return f"{names} the win rate moved: {_listed(whole + parts)}; {end}"


def _shift(shift: Shift, name: str, quote: Quote) -> str:
    reach = f" ({between(shift.interval, 100, 1)})" if shift.interval else ""
    return f"{name or quote(shift.category or '')} {100 * shift.shift:+.1f} points{reach}"


def _cost(comparison: Comparison) -> str:
    again = f"{counted(comparison.reused, 'review')} reused, {comparison.free} free"
    return f"{of_cost(comparison.cost, comparison.seconds)}; {again}"


def of_cost(cost: Cost, seconds: float) -> str:
    """What was paid, as far as it is known, for what, and how long it took."""
    tokens = counted(cost.prompt_tokens + cost.completion_tokens, "token")
    return f"{dollars(cost)}, {counted(cost.calls, 'call')}, {tokens}, {seconds:.0f} s"


def dollars(cost: Cost) -> str:
    """What was paid, as far as it is known."""
    return "price unknown" if cost.dollars is None else f"${cost.dollars:,.2f}"


def _listed(named: list[str]) -> str:
    """The first few, and how many more there are."""
    more = [f"{len(named) - _SEVERAL} more"] if len(named) > _SEVERAL else []
    return ", ".join(named[:_SEVERAL] + more)
