"""Which claims hold about several candidates, at one error rate for all of them; pure.

Half of the rate is for the candidates beside the baseline: an interval each, that all hold at once (Bonferroni), and
better, worse and passed are read from these. The other half is for which is best. "j is the best" is doubted by a bet
that j gets no more points than whoever leads the others by the questions before: if j is the best, each such rival has
at most its mean, however the rival was chosen. At least one of these hypotheses is true, and all are where all are
equal, so that they share their half by Holm's procedure (Scandinavian Journal of Statistics 6 (1979)). What isn't shown
to be beaten is a confidence set for the best one (multiple comparisons with the best: Hsu, Annals of Statistics 9
(1981)); all of it may be looked at at any time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from judgebench.statistics.bets import Evidence
from judgebench.statistics.clusters import Floats
from judgebench.statistics.sequential import Trial, first

Read: TypeAlias = Callable[[Floats], Evidence]  # how points, (..., questions), of questions in the order drawn are read
Reach: TypeAlias = tuple[Floats, Floats]  # the points if every call without a verdict were lost, and won
_HALVINGS, _SEED = 200, 20261130  # fixed, so that a figure is the same each time
_FIELDS = ("values", "low", "high", "least", "most")


@dataclass(frozen=True, slots=True)
class Shares:
    """How the error rate is shared out among so many candidates."""

    alpha: float
    candidates: int

    @property
    def interval(self) -> float:
        """The chance that one candidate's interval, at either end, is ever wrong."""
        return self.alpha / (2 * self.candidates)

    def beaten(self, known: int) -> float:
        """The chance that one is wrongly beaten, where so many are known to be."""
        return self.alpha / (2 * (self.candidates - known))


@dataclass(frozen=True, slots=True)
class Decision:
    """By candidate (its place), after how many questions a rival was shown to be better, and the baseline by more
    than the margin; `better` and `passed` are those shown to be above a half, and above a half less the margin.
    """

    candidates: int
    beaten: dict[int, int] = field(default_factory=dict)
    worse: dict[int, int] = field(default_factory=dict)
    better: frozenset[int] = frozenset()
    passed: frozenset[int] = frozenset()

    @property
    def running(self) -> tuple[int, ...]:
        """Who may be the best still."""
        return tuple(one for one in range(self.candidates) if one not in self.beaten and one not in self.worse)

    @property
    def all_worse(self) -> bool:
        """Whether every one is shown to be worse: each is, or is beaten by one that is."""
        return not self.running

    @property
    def best(self) -> int | None:
        """The one that is shown to be better than all others, of which each is beaten, or worse where it passes."""
        if len(self.running) != 1 or (self.worse and self.running[0] not in self.passed):
            return None
        return self.running[0]

    @property
    def beside_open(self) -> tuple[int, ...]:
        """Who may be the best, and is shown to be neither better than the baseline nor worse."""
        return tuple(one for one in self.running if one not in self.better)

    @property
    def open(self) -> bool:
        """Whether more questions may tell more that is asked."""
        return len(self.running) > 1 or bool(self.beside_open)

    def after(self, one: int) -> int | None:
        """After how many questions a candidate was out; None: it is not."""
        return min((found[one] for found in (self.beaten, self.worse) if one in found), default=None)


@dataclass(frozen=True, eq=False)
class Points:
    """What is known of each candidate's points, in the order drawn: of one that is out, of fewer questions."""

    lost: Floats
    won: Floats
    judged: NDArray[np.int64]

    @classmethod
    def of(cls, reach: Sequence[Reach]) -> "Points":
        """(candidates, questions), a half where a candidate wasn't judged."""
        judged = np.array([len(lost) for lost, _ in reach])
        ends = [[np.pad(end, (0, judged.max() - len(end)), constant_values=0.5) for end in one] for one in reach]
        return cls(np.array([lost for lost, _ in ends]), np.array([won for _, won in ends]), judged)

    @property
    def middle(self) -> Floats:
        """Between the two."""
        return (self.lost + self.won) / 2

    def seen(self, one: int) -> Floats:
        """A candidate's points on its own questions, NaN where it has no verdict at all."""
        missing = self.won[one] - self.lost[one] >= 1
        return np.where(missing, np.nan, self.middle[one])[: self.judged[one]]

    @property
    def means(self) -> list[float]:
        """Of each candidate's own questions; 0 where it has none."""
        parts = zip(self.middle, self.judged.tolist(), strict=True)
        return [float(one[:number].mean()) if number else 0.0 for one, number in parts]


def decide(points: Points, read: Read, threshold: float, shares: Shares) -> Decision:
    """What is known after these questions; `threshold` is a half less the margin."""
    decision = _beside_the_baseline(points, read, threshold, shares)
    while len(decision.beaten) < shares.candidates - 1:
        found = _next_beaten(points, read, decision, shares)
        if not found:
            break
        decision = replace(decision, beaten=decision.beaten | found)
    return decision


def _beside_the_baseline(points: Points, read: Read, threshold: float, shares: Shares) -> Decision:
    better, passed, worse = set(), set(), {}
    for place, number in enumerate(points.judged):
        trial = Trial(*(read(end[place, :number]) for end in (points.lost, points.won)))
        side, after = trial.decided(threshold, shares.interval)
        if side == "below" and after:
            worse[place] = after
        if side == "above":
            passed.add(place)
            if trial.decided(0.5, shares.interval)[0] == "above":
                better.add(place)
    return Decision(shares.candidates, {}, worse, frozenset(better), frozenset(passed))


def _next_beaten(points: Points, read: Read, decision: Decision, shares: Shares) -> dict[int, int]:
    """Those that are known to be beaten next, all of the same question; one always stays, since one is the best.

    With each that is out the others are held to a higher level, and what they lost before counts by it, too.
    """
    level, so_far = shares.beaten(len(decision.beaten)), max(decision.beaten.values(), default=0)
    doubted = [one for one in range(shares.candidates) if one not in decision.beaten]
    doubts = [against_best(points, read, decision, one) for one in doubted]
    after = np.maximum(first(_stacked(doubts), 0.5, 2 * level), so_far)
    found = {one: int(known) for one, known in zip(doubted, after, strict=True) if not np.isnan(known)}
    found = {one: known for one, known in found.items() if known <= (decision.after(one) or known)}
    earliest = {one: known for one, known in found.items() if known == min(found.values())}
    return dict(list(earliest.items())[: shares.candidates - 1 - len(decision.beaten)])


def rivals(points: Points, decision: Decision, one: int) -> Floats:
    """Whom a candidate is held against at each question, as weights (candidates, questions).

    Those who lead the others by the questions before, in equal parts, of those that are judged still. None: all 0.
    """
    questions = points.lost.shape[1]
    until = [min(int(judged), decision.after(place) or questions) for place, judged in enumerate(points.judged)]
    there = np.arange(questions) < np.minimum(until, points.judged[one])[:, None]
    there[one] = False
    middle = points.middle
    before = np.where(there, np.cumsum(middle, axis=1) - middle, -1.0)
    leads = there & (before >= before.max(axis=0) - 1e-9)
    return np.asarray(leads / np.maximum(leads.sum(axis=0), 1))


def gap(points: Points, weights: Floats, one: int) -> Floats:
    """By question the rivals' points less one's own, from 0 to 1 with a half for none; what is missing is for it."""
    return np.asarray(
        ((weights * (1 + points.lost - points.won[one]) / 2).sum(axis=0)) + (weights.sum(axis=0) == 0) / 2
    )


def against_best(points: Points, read: Read, decision: Decision, one: int) -> Evidence:
    """What the questions say against a candidate being the best.

    Of each rival there is evidence of its own, and a mean of several of that, in parts that were known before, is as
    good. Where there is no rival nothing is bet.
    """
    weights = rivals(points, decision, one)
    said = read((1 + points.lost - points.won[one]) / 2)
    alone = weights.sum(axis=0) == 0
    values, low, high = ((weights * getattr(said, name)).sum(axis=0) for name in ("values", "low", "high"))
    return replace(
        said,
        values=np.where(alone, 0.5, values),
        low=np.where(alone, 0.0, low),
        high=np.where(alone, 1.0, high),
        least=np.where(weights > 0, said.least, 0.0).max(axis=0),
        most=np.ones_like(values),
    )


def _stacked(parts: Sequence[Evidence]) -> Evidence:
    return replace(parts[0], **{name: np.stack([getattr(one, name) for one in parts]) for name in _FIELDS})


def without_luck(points: Points) -> float:
    """The win rate of the one that is chosen, free of the luck that a candidate needs to be it.

    It is chosen on half of the questions and its points are counted on the other half, over many halvings: a stroke of
    luck on one half isn't there on the other. Of a clear winner that is its mean; where several are level, about the
    mean of these. In expectation it is that of a choice by half as many questions, which is none too high.
    """
    judged = np.arange(points.lost.shape[1]) < points.judged[:, None]
    halves = np.random.default_rng(_SEED).permuted(np.tile(np.arange(judged.shape[1]) % 2, (_HALVINGS, 1)), axis=1)
    seen, of_other = _means(points, judged, halves == 0), _means(points, judged, halves == 1)
    chosen = np.argmax(np.nan_to_num(seen, nan=-1.0), axis=0)
    found = of_other[chosen, np.arange(_HALVINGS)]
    return float(np.nanmean(found)) if not np.isnan(found).all() else 0.5


def _means(points: Points, judged: NDArray[np.bool_], halves: NDArray[np.bool_]) -> Floats:
    """Of each candidate's own questions in each half, (candidates, halvings); NaN where it has none."""
    numbers = judged.astype(np.float64) @ halves.T
    totals = np.where(judged, points.middle, 0.0) @ halves.T
    return np.asarray(np.where(numbers > 0, totals / np.maximum(numbers, 1), np.nan))
