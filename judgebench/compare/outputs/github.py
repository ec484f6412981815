"""What GitHub's runner takes: annotations as workflow commands, and a step's outputs."""

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from judgebench.compare.outputs import sentences
from judgebench.compare.results import Canary, Comparison, Inconclusive
from judgebench.terminal import line

Level: TypeAlias = Literal["error", "warning", "notice"]
MOST = 9  # GitHub shows ten of each level in a step, and the verdict is one
LEVELS: dict[str, Level] = {"PASS": "notice", "REGRESS": "error", "INCONCLUSIVE": "warning", "INVALID": "error"}
_IN_TEXT = {ord("%"): "%25", ord("\r"): "%0D", ord("\n"): "%0A"}
_IN_PROPERTY = _IN_TEXT | {ord(":"): "%3A", ord(","): "%2C"}


def annotations(comparison: Comparison, inconclusive: Inconclusive | None = None) -> str:
    """The verdict, the categories flagged and the canaries that failed, a workflow command a line."""
    return "\n".join(_annotations(comparison, inconclusive))


def _annotations(comparison: Comparison, inconclusive: Inconclusive | None) -> Iterator[str]:
    told_to_fail = comparison.verdict == "INCONCLUSIVE" and inconclusive == "fail"
    level = "error" if told_to_fail else LEVELS[comparison.verdict]
    title = f"judgebench: {sentences.headline(comparison)}"
    yield command(level, title, f"{line(comparison.reason)}\nwin rate {sentences.estimate(comparison)}")
    for entry in [entry for entry in comparison.categories if entry.worse][:MOST]:
        yield command("warning", f"judgebench: worse in {entry.category}", f"win rate {sentences.of_category(entry)}")
    for canary in [canary for canary in comparison.canaries if not canary.passed][:MOST]:
        yield failed_canary(canary)


def failed_canary(canary: Canary) -> str:
    """An annotation for it."""
    said = f"{line(canary.wants)}: held in {canary.held} of {canary.tries} tries, {canary.needed} needed"
    return command("error", f"judgebench: canary {canary.name} failed", said)


def command(level: Level, title: str, text: str) -> str:
    """A workflow command on one line, whatever the title and the text hold."""
    return f"::{level} title={_escaped(line(title), _IN_PROPERTY)}::{_escaped(text, _IN_TEXT)}"


def _escaped(text: str, signs: dict[int, str]) -> str:
    return text.translate(signs)


def outputs(comparison: Comparison) -> str:
    """A step's outputs, NAME=VALUE a line: figures and words of ours, never text that others wrote."""
    low, high = comparison.interval or (None, None)
    found = {
        **{"verdict": comparison.verdict, "improved": str(comparison.improved).lower()},
        **{"rate": comparison.rate, "low": low, "high": high, "margin": comparison.margin},
        **{"judged": comparison.judged, "questions": comparison.questions, "dollars": comparison.cost.dollars},
    }
    return lines(found)


def lines(found: Mapping[str, object]) -> str:
    """NAME=VALUE a line, as $GITHUB_OUTPUT takes it."""
    return "".join(f"{name}={'' if value is None else value}\n" for name, value in found.items())
