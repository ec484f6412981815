"""Points in words: what a grade says of itself, and what sets two of them apart."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from judgebench.embedded.cases import Case
from judgebench.embedded.features import CONTEXT, PHRASES
from judgebench.embedded.passages import passage

Moved = tuple[tuple[str, float], ...]  # names and points, largest first
SMALLEST = 0.05  # points that are spoken of


class Graded(Protocol):
    """What a comparison needs of a grade."""

    @property
    def score(self) -> float:
        """Points on the scale."""
        ...

    @property
    def points(self) -> float:
        """Points that know no scale."""
        ...

    @property
    def contributions(self) -> Moved:
        """What moved it."""
        ...


def largest_first(moved: Iterable[tuple[str, float]]) -> Moved:
    """The names whose points aren't 0, by size."""
    return tuple(sorted((pair for pair in moved if pair[1]), key=lambda pair: (-abs(pair[1]), pair[0])))


def without_words(base: float, lowest: float) -> tuple[Moved, str]:
    """What moved an empty answer's grade, and that in words."""
    moved = (("an empty answer", round(lowest - base, 3)),)
    return moved, f"The answer has no words. It is graded {lowest:.1f}, the lowest grade."


def explanation(case: Case, score: float, highest: float, base: float, moved: Moved) -> str:
    """A few sentences: where it starts, what counts for it, and what against it, with the passages meant."""
    start = base + dict(moved).get(CONTEXT, 0.0)
    own = [pair for pair in moved if pair[0] != CONTEXT]
    sides = [_side("For", own, 1, case), _side("Against", own, -1, case)]
    return (
        f"Answers to questions of this kind start at {start:.1f} points. {' '.join(filter(None, sides))} "
        f"That makes {score:.1f} of {highest:.0f}, by a regression on such features and not by understanding."
    )


def _side(word: str, moved: Sequence[tuple[str, float]], sign: int, case: Case) -> str:
    parts = [pair for pair in moved if sign * pair[1] >= SMALLEST][:3]
    return f"{word} it: {_listed(parts, case if sign < 0 else None)}." if parts else ""


def _listed(moved: Sequence[tuple[str, float]], case: Case | None = None) -> str:
    """Names and points, as in: much substance (+0.8), little repetition (+0.3) and its length (+0.1)."""
    parts = [_part(name, value, case) for name, value in moved]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _part(name: str, value: float, case: Case | None) -> str:
    meant = passage(name, case) if case else ""
    return f"{PHRASES.get(name, (name, name))[value < 0]} ({value:+.1f}{'; ' if meant else ''}{meant})"


def compare(first: Graded, second: Graded) -> str:
    """What set two graded answers to one question apart, in one or two sentences; swapped grades mirror it."""
    if first.points == second.points:
        return f"Both answers are graded {first.score:.2f}: the features that the judge looks at do not part them."
    word, better, worse = ("first", first, second) if first.points > second.points else ("second", second, first)
    gap = f"The {word} answer is graded {better.score:.2f}, the other {worse.score:.2f}."
    if first.score == second.score:
        gap = f"Both answers are graded {first.score:.2f}, an end of the scale; the {word} answer is the better one."
    apart = [pair for pair in _differences(better, worse) if pair[1] > 0][:3]
    return f"{gap} What sets it above: {_listed(apart)}." if apart else gap


def _differences(better: Graded, worse: Graded) -> Moved:
    """The points by which the better answer leads under each name, largest difference first."""
    ahead, behind = dict(better.contributions), dict(worse.contributions)
    names = {*ahead, *behind}
    return largest_first((name, round(ahead.get(name, 0.0) - behind.get(name, 0.0), 3)) for name in names)
