"""A gate in words that screen, summary and JUnit share."""

from judgebench.compare.outputs.sentences import counted, odds
from judgebench.compare.results import Telling
from judgebench.gate import reasons
from judgebench.gate.results import Gate, GuardResult, SetResult

_LEFT = "not judged: it could not change the verdict any more"


def of_set(one: SetResult) -> str:
    """How a set came out, and what it rests on."""
    if not one.judged:
        return f"{one.name} ({one.role}) {one.outcome if one.outcome == 'passed' else _LEFT}"
    missing = f", {one.missing} without a verdict" if one.missing else ""
    rests = f"{one.judged} of {counted(one.questions, 'question')}{missing}"
    return f"{one.name} ({one.role}) {one.outcome}: {reasons.of_set(one)}; {rests}{reasons.more(one)}"


def of_guard(guard: GuardResult) -> str:
    """How a guard came out, and what it rests on."""
    missing = f", {guard.missing} of which isn't known" if guard.missing else ""
    rests = f"{counted(guard.questions, 'question')}{missing}"
    return f"{guard.name} on {guard.question_set} {state(guard)}: {reasons.of_guard(guard)}; {rests}{_proof(guard)}"


def state(guard: GuardResult) -> str:
    """A guard's outcome in words: its limit is exceeded, kept for sure, or neither is shown."""
    if guard.outcome == "failed":
        return "exceeded"
    if guard.outcome == "passed":
        return "kept"
    return "not proven" if guard.proven else "not exceeded, as far as is shown" if guard.value is not None else "open"


def _proof(guard: GuardResult) -> str:
    if not guard.proven or guard.outcome == "passed":
        return ""
    if guard.needed is None:
        return "; for an equal candidate no number of questions proves it: leave it a little room"
    return f"; for an equal candidate {guard.needed:,} questions prove it"


def sure(gate: Gate) -> str:
    """The error rates that are promised."""
    return (
        f"a wrong GO by the sets happens at most {odds(gate.alpha)}, and so does a wrong NO-GO, however often one looks"
    )


def telling(gate: Gate) -> list[Telling]:
    """The questions to read first: of sets that failed, then of those that are open."""
    order = {"failed": 0, "open": 1, "passed": 2}
    judged = sorted((one for one in gate.sets if one.comparison), key=lambda one: order.get(one.outcome, 3))
    return [said for one in judged if one.comparison for said in one.comparison.telling]
