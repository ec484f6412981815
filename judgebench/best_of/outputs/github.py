"""What GitHub's runner takes: annotations as workflow commands, and a step's outputs."""

from collections.abc import Iterator

from judgebench.best_of.outputs import words
from judgebench.best_of.results import BestOf
from judgebench.compare.outputs.github import LEVELS, MOST, command, failed_canary, lines
from judgebench.compare.results import Inconclusive
from judgebench.terminal import line


def annotations(found: BestOf, inconclusive: Inconclusive | None = None) -> str:
    """The verdict, the candidates that are worse and the canaries that failed, a workflow command a line."""
    return "\n".join(_annotations(found, inconclusive))


def _annotations(found: BestOf, inconclusive: Inconclusive | None) -> Iterator[str]:
    told_to_fail = found.verdict == "INCONCLUSIVE" and inconclusive == "fail"
    level = "error" if told_to_fail else LEVELS[found.verdict]
    yield command(level, f"judgebench: {words.headline(found)}", line(found.reason))
    for one in [one for one in found.candidates if one.standing == "worse"][:MOST]:
        yield command("warning", f"judgebench: {one.name} is worse", line(words.of_candidate(one)))
    for canary in [canary for canary in found.canaries if not canary.passed][:MOST]:
        yield failed_canary(canary)


def outputs(found: BestOf) -> str:
    """A step's outputs, NAME=VALUE a line: figures and words of ours, never text that others wrote."""
    shown = {"verdict": found.verdict, "improved": str(found.improved).lower(), "in_reach": len(found.in_reach)}
    about = {"judged": found.judged, "questions": found.questions, "dollars": found.cost.dollars}
    return lines({**shown, "margin": found.margin, **about})
