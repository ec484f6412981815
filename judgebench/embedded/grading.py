"""Grades, and their reasons in words."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from pathlib import Path

from judgebench.embedded.features import (
    CONTEXT,
    DEFINITION_VERSION,
    FEATURES,
    PHRASES,
    Case,
    make_case,
    measure,
)
from judgebench.embedded.trees import read_forest

COEFFICIENTS = Path(__file__).with_name("coefficients.json")
SCALE = (1.0, 10.0)
_TEXT = COEFFICIENTS.read_text(encoding="utf-8")
_FITTED = json.loads(_TEXT)
_FOREST = read_forest(_FITTED["model"])
_HELD_OUT = _FITTED["held out"]["judge"]

NAME = "embedded"
NOTE = (
    f"{NAME} is no LLM but an offline surrogate for GPT-4: on models and questions that it was not trained on, its "
    f"scores correlate {_HELD_OUT['answers']:.2f} with GPT-4's per answer and {_HELD_OUT['models']:.2f} per model, "
    f"and it orders {_HELD_OUT['pairs']:.0%} of the pairs right that GPT-4 separates by a point or more."
)


def version_of(coefficients: str, definition: str) -> str:
    """The version of a judge with these coefficients (the file's text) and this definition of its features."""
    return "embedded-1:" + hashlib.sha256(f"{definition}\n{coefficients}".encode()).hexdigest()[:12]


VERSION = version_of(_TEXT, DEFINITION_VERSION)


@dataclass(frozen=True, slots=True)
class Grade:
    """A score of 1.0 to 10.0 (2 decimals), what moved it (points, largest first), and that in sentences."""

    score: float
    contributions: tuple[tuple[str, float], ...]
    explanation: str


def grade(turns: Sequence[str], answers: Sequence[str], reference: str | None = None) -> Grade:
    """Grade answers[-1], the answer to turns[len(answers)-1], given the conversation before it."""
    if not 1 <= len(answers) <= len(turns):
        raise ValueError(f"{len(answers)} answers to {len(turns)} turns: there must be one to each turn so far")
    case = make_case(turns, answers, reference)
    if not any(char.isalnum() for char in case.answer.head):
        return _empty()
    points = _FOREST.contributions(measure(case))
    score = round(min(SCALE[1], max(SCALE[0], fsum([_FOREST.base, *points.values()]))), 2)
    moved = _by_name(case, points)
    return Grade(score, moved, _explain(score, moved))


def _empty() -> Grade:
    moved = (("an empty answer", round(SCALE[0] - _FOREST.base, 3)),)
    return Grade(SCALE[0], moved, f"The answer has no words. It is graded {SCALE[0]:.1f}, the lowest grade.")


def _by_name(case: Case, points: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """The points of the features added up by their human name, largest first, those that round to 0 left out."""
    sums: dict[str, list[float]] = {}
    for feature in FEATURES:
        name = feature.name if feature.applies(case) else CONTEXT
        sums.setdefault(name, []).append(points[feature.key])
    return _largest_first((name, round(fsum(parts), 3)) for name, parts in sums.items())


def _largest_first(moved: Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted((pair for pair in moved if pair[1]), key=lambda pair: (-abs(pair[1]), pair[0])))


def _explain(score: float, moved: Sequence[tuple[str, float]]) -> str:
    start = _FOREST.base + dict(moved).get(CONTEXT, 0.0)
    own = [pair for pair in moved if pair[0] != CONTEXT]
    sides = [_side("For", own, 1), _side("Against", own, -1)]
    return (
        f"Answers to questions of this kind start at {start:.1f} points. {' '.join(filter(None, sides))} "
        f"That makes {score:.1f} of {SCALE[1]:.0f}, by a regression on such features and not by understanding."
    )


def _side(word: str, moved: Sequence[tuple[str, float]], sign: int) -> str:
    parts = [pair for pair in moved if sign * pair[1] >= 0.05][:3]
    return f"{word} it: {_listed(parts)}." if parts else ""


def _listed(moved: Sequence[tuple[str, float]]) -> str:
    """Names and points, as in: much substance (+0.8), little repetition (+0.3) and its length (+0.1)."""
    parts = [f"{PHRASES.get(name, (name, name))[value < 0]} ({value:+.1f})" for name, value in moved]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def compare(first: Grade, second: Grade) -> str:
    """What set two graded answers to one question apart, in one or two sentences; swapped grades mirror it."""
    if first.score == second.score:
        return f"Both answers are graded {first.score:.2f}: the features that the judge looks at do not part them."
    word, better, worse = ("first", first, second) if first.score > second.score else ("second", second, first)
    gap = f"The {word} answer is graded {better.score:.2f}, the other {worse.score:.2f}."
    apart = [pair for pair in _differences(better, worse) if pair[1] > 0][:3]
    return f"{gap} What sets it above: {_listed(apart)}." if apart else gap


def _differences(better: Grade, worse: Grade) -> tuple[tuple[str, float], ...]:
    """The points by which the better answer leads under each name, largest difference first."""
    ahead, behind = dict(better.contributions), dict(worse.contributions)
    names = {*ahead, *behind}
    return _largest_first((name, round(ahead.get(name, 0.0) - behind.get(name, 0.0), 3)) for name in names)
