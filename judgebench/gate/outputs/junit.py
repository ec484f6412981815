"""The verdict as JUnit XML, which CI systems show as test results."""

from collections.abc import Iterator
from xml.etree import ElementTree

from judgebench.compare.outputs.junit import canary_case, case, document
from judgebench.compare.results import Inconclusive
from judgebench.gate.outputs import words
from judgebench.gate.outputs.screen import screen
from judgebench.gate.results import Gate, GuardResult, SetResult

_PROBLEMS = {"NO-GO": "failure", "INVALID": "error", "INCONCLUSIVE": "skipped"}


def junit(gate: Gate, inconclusive: Inconclusive | None = None) -> str:
    """One suite: the verdict, each set (failed: a failure; an advisory one is skipped), each guard and each canary.

    An inconclusive verdict is skipped, or a failure where it is told to fail.
    """
    cases = [_verdict(gate, inconclusive), *map(_set, gate.sets), *map(_guard, gate.guards)]
    cases += [canary_case(canary, "gate") for canary in gate.canaries]
    return document("judgebench gate", cases, _properties(gate), gate.seconds, gate.made)


def _properties(gate: Gate) -> Iterator[tuple[str, str]]:
    for name in ("verdict", "baseline", "candidate", "judge", "alpha", "chance"):
        yield name, str(getattr(gate, name))
    if gate.cost.dollars is not None:
        yield "dollars", str(gate.cost.dollars)


def _verdict(gate: Gate, inconclusive: Inconclusive | None) -> ElementTree.Element:
    told_to_fail = gate.verdict == "INCONCLUSIVE" and inconclusive == "fail"
    problem = "failure" if told_to_fail else _PROBLEMS.get(gate.verdict)
    return case("gate.verdict", "verdict", problem, f"{gate.verdict}: {gate.reason}", screen(gate), gate.seconds)


def _set(one: SetResult) -> ElementTree.Element:
    problem = {"failed": "failure", "open": "skipped", "left": "skipped"}.get(one.outcome)
    if problem and one.role == "advisory":
        problem = "skipped"
    return case("gate.set", one.name, problem, words.of_set(one))


def _guard(guard: GuardResult) -> ElementTree.Element:
    unproven = guard.proven and guard.outcome != "passed"
    problem = "failure" if guard.outcome == "failed" else "skipped" if unproven else None
    return case("gate.guard", f"{guard.name} on {guard.question_set}", problem, words.of_guard(guard))
