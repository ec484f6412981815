"""Questions that flipped since a verdict before, each with a way to both answers."""

from dataclasses import dataclass

from judgebench.history.lines import Point
from judgebench.site import slugs
from judgebench.site.source import Source
from judgebench.site.views import excerpt, figure, shortened

_EXCERPT = 90
_MOST = 100  # questions of a kind that are shown


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


def flipped(source: Source, point: Point) -> Flipped | None:
    """What flipped since the verdict before a point; None where nothing is joined to it."""
    if point.since is None or point.before is None:
        return None
    lost, won = point.since.lost, point.since.won
    shown = [*lost[:_MOST], *won[:_MOST]]
    now, before = point.verdict.candidate, point.before.verdict.candidate
    both = len(point.of.points.keys() & point.before.of.points.keys())
    return Flipped(
        told=f"Of {both:,} questions judged both times, {len(lost):,} turned against it, {len(won):,} for it.",
        before=shortened(before),
        now=shortened(now),
        baseline=shortened(point.verdict.baseline),
        same=before == now,
        flips=tuple(_flip(source, point, point.before, name) for name in shown),
        more=len(lost) + len(won) - len(shown),
    )


def _flip(source: Source, point: Point, before: Point, name: str) -> Flip:
    asked = source.asked.get((point.of.question_set, name))
    now, then, baseline = point.verdict.candidate, before.verdict.candidate, point.verdict.baseline
    return Flip(
        question=name,
        href=_answers(source, point, name, baseline if now == then else then, now),
        category=asked.category if asked else "",
        excerpt=excerpt(asked.turns[0], _EXCERPT) if asked else "",
        before=_side(before.of.points[name], None if now == then else _answers(source, point, name, baseline, then)),
        now=_side(point.of.points[name], _answers(source, point, name, baseline, now)),
    )


def _side(points: float, href: str | None) -> Side:
    word, outcome = ("won", "b") if points > 0.5 else ("lost", "a") if points < 0.5 else ("tied", "tie")
    return Side(word if points in (0.0, 0.5, 1.0) else f"{word} ({figure(points, 2)})", outcome, href)


def _answers(source: Source, point: Point, name: str, left: str, right: str) -> str | None:
    """The question's page, showing these two; None where the site has no answer of one of them."""
    place = (point.of.question_set, name)
    shown = {answer.model for answer in source.answers_at.get(place, ())}
    if not source.has_page(*place) or not shown.issuperset((left, right)):
        return None
    return slugs.question_page(*place) + slugs.pair_fragment(left, right)
