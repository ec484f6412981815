"""Questions that flipped from one verdict to the next, each with a way to both answers."""

from collections.abc import Mapping
from dataclasses import dataclass

from judgebench.history.lines import Flips
from judgebench.site import slugs
from judgebench.site.source import Source
from judgebench.site.views import excerpt, figure, shortened

_EXCERPT = 90
_MOST = 100  # questions of a kind that are shown


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate, and its points on each question."""

    candidate: str
    points: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Turn:
    """Two verdicts against one baseline on one set, and what flipped between them."""

    question_set: str
    baseline: str
    before: Judged
    now: Judged
    since: Flips


@dataclass(frozen=True, slots=True)
class Side:
    """How a question came out once: in a word, by its swatch, and where that is to be seen."""

    word: str
    outcome: str
    href: str | None


@dataclass(frozen=True, slots=True)
class Flip:
    """A question, and how it came out before and now. `href`: both answers, side by side."""

    question: str
    href: str | None
    category: str
    excerpt: str
    before: Side
    now: Side


@dataclass(frozen=True, slots=True)
class Flipped:
    """What flipped, lost first. `before` and `now` are the candidates, `same` where they have one name."""

    told: str
    before: str
    now: str
    baseline: str
    same: bool
    flips: tuple[Flip, ...]
    more: int


def flipped(source: Source, turn: Turn) -> Flipped:
    """What flipped, as a page shows it."""
    lost, won = turn.since.lost, turn.since.won
    shown = [*lost[:_MOST], *won[:_MOST]]
    both = len(turn.now.points.keys() & turn.before.points.keys())
    return Flipped(
        told=f"Of {both:,} questions judged both times, {len(lost):,} turned against it, {len(won):,} for it.",
        before=shortened(turn.before.candidate),
        now=shortened(turn.now.candidate),
        baseline=shortened(turn.baseline),
        same=turn.before.candidate == turn.now.candidate,
        flips=tuple(_flip(source, turn, name) for name in shown),
        more=len(lost) + len(won) - len(shown),
    )


def _flip(source: Source, turn: Turn, name: str) -> Flip:
    asked = source.asked.get((turn.question_set, name))
    then, now, baseline = turn.before.candidate, turn.now.candidate, turn.baseline
    place = (turn.question_set, name)
    return Flip(
        question=name,
        href=_answers(source, place, baseline if now == then else then, now),
        category=asked.category if asked else "",
        excerpt=excerpt(asked.turns[0], _EXCERPT) if asked else "",
        before=_side(turn.before.points[name], None if now == then else _answers(source, place, baseline, then)),
        now=_side(turn.now.points[name], _answers(source, place, baseline, now)),
    )


def _side(points: float, href: str | None) -> Side:
    word, outcome = ("won", "b") if points > 0.5 else ("lost", "a") if points < 0.5 else ("tied", "tie")
    return Side(word if points in (0.0, 0.5, 1.0) else f"{word} ({figure(points, 2)})", outcome, href)


def _answers(source: Source, place: tuple[str, str], left: str, right: str) -> str | None:
    """The question's page, showing these two; None where the site has no answer of one of them."""
    shown = {answer.model for answer in source.answers_at.get(place, ())}
    if not source.has_page(*place) or not shown.issuperset((left, right)):
        return None
    return slugs.question_page(*place) + slugs.pair_fragment(left, right)
