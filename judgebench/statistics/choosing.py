"""Which of several judges? Their agreement with the same votes of people, paired, and what may be said of the best.

A judge *agrees* with a vote where it says the same of the match: `a`, `b`, or `tie`, which inconsistent verdicts are
(setup S1 of `agreement`). No verdict agrees with no vote. A judge is *not worse* than the others by a margin where the
upper end of its shortfall against each of them is below it, at a level that is shared out over the judges. Sources:
intersection-union tests: Berger, Technometrics 24 (1982); shared out over judges: Bonferroni; against the best of
several: Hsu, Annals of Statistics 9 (1981); room for what so few questions may not have shown: the score test of a
paired difference, Tango, Statistics in Medicine 17 (1998).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from judgebench.statistics.clusters import LEVEL, Estimate, Floats, Interval, ratio_of_sums, sums, t_quantile
from judgebench.statistics.columns import Codes

MISSING = -1  # what a judge without a verdict says
SAID = {"a": 0, "b": 1, "tie": 2, "inconsistent": 2, "incomplete": MISSING}


@dataclass(frozen=True, slots=True, eq=False)
class Ballots:
    """Votes on matches: `question` (matches,) of so many `questions`, `votes` (matches, 3) for a, b and tie."""

    question: Codes
    questions: int
    votes: Floats

    def agreement(self, said: Codes) -> Estimate | None:
        """The share of the votes that a judge agrees with, from what it said of each match; None without votes."""
        agreeing = np.where(said == MISSING, 0.0, self.votes[np.arange(len(said)), said])
        totals = self.votes.sum(axis=1)
        return ratio_of_sums(*(sums(self.question, part, self.questions) for part in (agreeing, totals)))

    @property
    def step(self) -> float:
        """What another verdict on a match makes of a question's part of the figure, on average.

        A verdict moves as many votes as the match has for one outcome and not for another.
        """
        total = float(self.votes.sum())
        moved = float((self.votes.max(axis=1) - self.votes.min(axis=1)).mean()) if total else 0.0
        return moved * len(np.unique(self.question)) / total if total else 1.0


@dataclass(frozen=True, slots=True)
class Standing:
    """A judge among others: its `shortfall` against the best, and what it is `at_most` against any, at the level.

    `interval` is that of the shortfall, None where it is the best itself. `at_most` is None where nothing is known of
    it. `needed`: how many questions it would take to show that it is not worse, were its shortfall what it looks; None
    where it is shown, or where it looks worse by the margin or more.
    """

    shortfall: float
    interval: Interval | None
    at_most: float | None
    needed: int | None


@dataclass(frozen=True, slots=True)
class Choice:
    """The `best` and the `chosen` judge, by their places; `told`: whether the chosen one is shown not to be worse."""

    best: int
    chosen: int
    told: bool
    level: float
    standings: tuple[Standing, ...]


def choose(judges: Sequence[Estimate], costs: Sequence[float | None], margin: float, step: float) -> Choice:
    """The cheapest of the judges that is shown not to be worse than any by `margin`; without one, the best.

    `judges` are agreements over the same questions, `costs` in any unit, None where one isn't known: such a judge is
    never the cheapest. Of equal costs the higher agreement wins, then the earlier place. `step`: see `Ballots.step`.
    The chance that a judge is shown not to be worse which is, is at most (1 - LEVEL) / 2, whatever their number.
    """
    level = 1 - (1 - LEVEL) / max(1, len(judges) - 1)

    def order(place: int) -> tuple[float, float, int]:
        cost = costs[place]
        return math.inf if cost is None else cost, -judges[place].value, place

    best = min(range(len(judges)), key=lambda place: (-judges[place].value, order(place)))
    standings = tuple(_standing(judges, place, best, margin, step, level) for place in range(len(judges)))
    shown = [place for place, one in enumerate(standings) if one.at_most is not None and one.at_most < margin]
    priced = [place for place in shown if costs[place] is not None]
    chosen = min(priced, key=order) if priced else best
    return Choice(best, chosen, chosen in shown, level, standings)


def _standing(judges: Sequence[Estimate], place: int, best: int, margin: float, step: float, level: float) -> Standing:
    others = [judges[other] - judges[place] for other in range(len(judges)) if other != place]
    ends = [shortfall_interval(one, step, level) for one in others]
    known = [end[1] for end in ends if end]
    at_most = max(known) if len(known) == len(others) else None
    against = judges[best] - judges[place]
    interval = None if place == best else shortfall_interval(against, step, level)
    is_shown = at_most is not None and at_most < margin
    needed = None if is_shown else _needed(others, margin, step, level)
    return Standing(against.value, interval, at_most, needed)


def shortfall_interval(shortfall: Estimate, step: float, level: float = LEVEL) -> Interval | None:
    """The interval of how much less a judge agrees than another, with room for what the questions may not have shown.

    None for fewer than two. The upper end is the largest D that the difference d lies within t standard errors of,
    where a question's part has the variance that it had with a true D: that of the questions and (D - d) step / 2, half
    of what so many more differing questions add; and at least D (step - D), since a judge that is worse by D differs in
    D / `step` of them.
    """
    interval = shortfall.difference_interval(step, level)
    if interval is None:
        return None
    n, d = shortfall.questions, shortfall.value
    c = t_quantile(level, n - 1) ** 2 / n
    middle = 2 * d + c * step
    root = middle**2 - 4 * (1 + c) * d**2
    least = (middle + math.sqrt(root)) / (2 * (1 + c)) if root > 0 else d
    more = c * step / 2
    upper = max(d + (more + math.hypot(more, 2 * (interval[1] - d))) / 2, least)
    return max(interval[0], -1.0), min(upper, 1.0)


def _needed(differences: Sequence[Estimate], margin: float, step: float, level: float) -> int | None:
    """How many questions take the upper end of each difference below the margin, if it stays what it is."""
    found = []
    for one in differences:
        interval, room = one.difference_interval(step, level), margin - one.value
        if interval is None or room <= 0:
            return None
        error = (interval[1] - one.value) / t_quantile(level, one.questions - 1)
        squares = max(one.questions * error**2 + room * step / 2, margin * (step - margin))
        found.append(math.ceil(squares * (t_quantile(level, 10**6) / room) ** 2))
    return max(found, default=None)
