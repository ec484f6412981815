"""What GitHub's runner takes of a gate: annotations as workflow commands, and a step's outputs."""

from collections.abc import Iterator

from judgebench.compare.outputs.github import MOST, Level, command, failed_canary, lines
from judgebench.compare.results import Inconclusive
from judgebench.gate.outputs import words
from judgebench.gate.results import Gate, GuardResult
from judgebench.terminal import line

_LEVELS: dict[str, Level] = {"GO": "notice", "NO-GO": "error", "INCONCLUSIVE": "warning", "INVALID": "error"}


def annotations(gate: Gate, inconclusive: Inconclusive | None = None) -> str:
    """The verdict, what failed, and the canaries that did, a workflow command a line."""
    return "\n".join(_annotations(gate, inconclusive))


def _annotations(gate: Gate, inconclusive: Inconclusive | None) -> Iterator[str]:
    told_to_fail = gate.verdict == "INCONCLUSIVE" and inconclusive == "fail"
    level = "error" if told_to_fail else _LEVELS[gate.verdict]
    yield command(level, f"judgebench gate: {gate.verdict}", line(gate.reason))
    for one in [one for one in gate.sets if one.outcome == "failed"][:MOST]:
        how: Level = "warning" if one.role == "advisory" else "error"
        yield command(how, f"judgebench: {one.name} failed", line(words.of_set(one)))
    for guard in _exceeded(gate)[:MOST]:
        title = f"judgebench: {guard.name} on {guard.question_set} is exceeded"
        yield command("error", title, line(words.of_guard(guard)))
    for canary in [canary for canary in gate.canaries if not canary.passed][:MOST]:
        yield failed_canary(canary)


def _exceeded(gate: Gate) -> list[GuardResult]:
    return [one for one in gate.guards if one.outcome == "failed"]


def outputs(gate: Gate) -> str:
    """A step's outputs, NAME=VALUE a line: figures and words of ours, never text that others wrote."""
    failed = sum(one.outcome == "failed" and one.role != "advisory" for one in gate.sets) + len(_exceeded(gate))
    found = {"verdict": gate.verdict, "failed": failed, "judged": sum(one.judged for one in gate.sets)}
    return lines({**found, "questions": sum(one.questions for one in gate.sets), "dollars": gate.cost.dollars})
