"""Why the verdict is what it is, and each result in a sentence."""

from collections.abc import Callable, Iterator, Sequence

from judgebench.compare.reasons import no_verdict, one_model
from judgebench.compare.results import Canary, Interval
from judgebench.gate.guards import LARGEST
from judgebench.gate.results import GuardResult, SetResult, Verdict
from judgebench.money.prices import money
from judgebench.report.captions import between, percent

Quote = Callable[[str], str]


def reason(
    verdict: Verdict,
    sets: Sequence[SetResult],
    guards: Sequence[GuardResult],
    canaries: Sequence[Canary],
    one: str | None,
) -> str:
    """One sentence for a person. `one`: what both models are, where there is but one."""
    if one is not None:
        return one_model(one)
    if verdict == "INVALID":
        failed = [f"{one.name} ({one.wants}: {one.held} of {one.tries})" for one in canaries if not one.passed]
        unheard = [f"{no_verdict(one.judged)} of {one.name}" for one in sets if one.judged and one.rate is None]
        return f"the judge is not in order: {', '.join(failed or unheard)}"
    if verdict == "GO":
        number = sum(one.role != "advisory" for one in sets)
        held = f" and no guard of {len({one.name for one in guards})} is exceeded" if guards else ""
        return f"{'the set passed' if number == 1 else f'all {number} sets passed'}{held}"
    if verdict == "NO-GO":
        return "; ".join(_failed(sets, guards))
    return "; ".join(_open(sets, guards))


def _failed(sets: Sequence[SetResult], guards: Sequence[GuardResult]) -> Iterator[str]:
    for one in sets:
        if one.outcome == "failed" and one.role != "advisory":
            yield f"{one.name} failed: {of_set(one)}"
    for guard in guards:
        if guard.outcome == "failed":
            yield f"{guard.name} is exceeded on {guard.question_set}: {of_guard(guard)}"


def _open(sets: Sequence[SetResult], guards: Sequence[GuardResult]) -> Iterator[str]:
    for one in sets:
        if one.outcome in ("open", "left") and one.role != "advisory":
            yield f"{one.name} is open: {of_set(one)}{more(one)}"
    for guard in guards:
        if guard.proven and guard.outcome != "passed":
            yield f"{guard.name} isn't proven on {guard.question_set}: {of_guard(guard)}"


def of_set(one: SetResult) -> str:
    """The win rate, and what it is held against."""
    if one.rate is None or one.interval is None:
        return "not judged" if not one.judged else "no verdicts"
    reach, limit = between(one.interval, 100, 1), percent(0.5 - one.margin)
    return f"win rate {percent(one.rate)} ({reach} %), and {limit} is the limit"


def more(one: SetResult) -> str:
    """How many questions would tell, and about what they cost."""
    if one.needed is None:
        return ""
    cost = f", some {money(one.dollars)} more" if one.dollars else ""
    return f"; about {one.needed:,} questions tell no difference from one of the margin{cost}"


def of_guard(guard: GuardResult) -> str:
    """What was measured, and what it is held against."""
    if guard.value is None or guard.interval is None:
        return "not measured" if guard.outcome == "left" else "no answers to measure"
    if guard.name == "answer_length":
        return (
            f"{factor(guard.value)} times the baseline's ({factors(guard.interval)}), and {guard.limit:g} is the limit"
        )
    shares = f"{percent(guard.candidate)} for {percent(guard.baseline)}"
    points = f"{100 * guard.value:+.1f} points ({between(guard.interval, 100, 1)})"
    return f"{shares}, {points}, and {100 * guard.limit:+g} is the limit"


def factor(value: float) -> str:
    """A factor, as far as factors are told from one another."""
    if value > 0.999 * LARGEST:
        return f"over {LARGEST:,.0f}"
    return f"under {1 / LARGEST:g}" if value < 1.001 / LARGEST else f"{value:.2f}"


def factors(interval: Interval) -> str:
    """An interval of them."""
    return " to ".join(map(factor, interval))
