"""Do raters agree? Judges with people, people with people and judges with judges, as the MT-bench paper counts it.

`votes` makes the frame of votes. Source of the setups: Zheng et al. 2023, arXiv 2306.05685, section 4.2, tables 5, 6.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from judgebench.statistics.clusters import Floats, Interval, ratio_of_sums, sums
from judgebench.statistics.columns import Codes
from judgebench.statistics.figures import interval_of, jackknifed
from judgebench.statistics.groups import Groups
from judgebench.statistics.votes import PLACE, as_categories

PEOPLE = "people"
SETUPS = {"S1": 3, "S2": 2}  # how many of _OUTCOMES count
_OUTCOMES = {"a": 0, "b": 1, "tie": 2, "inconsistent": 2}
_ROUNDING = 1e-9  # what rounding leaves of no variation, as a share of the pairs of votes


def agreements(votes: pd.DataFrame) -> list[dict[str, Any]]:
    """How often two raters agree, from votes: an entry per question set, two raters, setup and turn (None: all turns).

    `raters` [x, y] with their `kinds`; "people" (kind "vote") pools all persons, and two votes of people are of two
    different persons. `agreement` is the share of the `votes` (pairs of a vote of x and a vote of y on the same match)
    that are equal: in setup S1 ties count, and inconsistent votes as ties; in S2 only pairs of decided votes do.
    `chance` is what two random voters would have (1/3 and 1/2), `kappa` Cohen's. Intervals are over questions; what
    cannot be said is None. A rater who voted twice on a match has its last vote.
    """
    return [{"question_set": name, **entry} for name, poll in _polls(votes) for entry in _agreements(poll)]


def alphas(votes: pd.DataFrame) -> list[dict[str, Any]]:
    """Krippendorff's nominal alpha, from votes: an entry per question set, group of raters, setup and turn.

    `raters` is "people", "judges" or "all", `number` how many there are; an entry needs two. `votes` counts those on
    matches with at least two. In S2 ties and inconsistent votes are missing ones. `alpha` is None without variation.
    """
    return [{"question_set": name, **entry} for name, poll in _polls(votes) for entry in _alphas(poll)]


def cohens_kappa(tables: Floats) -> Floats:
    """Cohen's kappa (observed - expected) / (1 - expected) of tables (..., k, k) of counts, NaN where undefined.

    Row and column are what the two raters said. Source: Cohen, Educational and Psychological Measurement 20 (1960).
    """
    total = tables.sum(axis=(-2, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = np.trace(tables, axis1=-2, axis2=-1) / total
        expected = (tables.sum(axis=-1) * tables.sum(axis=-2)).sum(axis=-1) / total**2
        kappa: Floats = np.where(expected < 1, (observed - expected) / (1 - expected), np.nan)
    return kappa


def krippendorffs_alpha(coincidences: Floats) -> Floats:
    """Krippendorff's nominal alpha, 1 - D_o / D_e, of coincidence matrices (..., k, k); NaN without variation.

    Source: Krippendorff, Computing Krippendorff's alpha-reliability (2011), section C.
    """
    values = coincidences.sum(axis=-1)
    n = values.sum(axis=-1)
    observed = n - np.trace(coincidences, axis1=-2, axis2=-1)
    apart = n**2 - (values**2).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha: Floats = np.where(apart > _ROUNDING * n**2, 1 - (n - 1) * observed / apart, np.nan)
    return alpha


def coincidences_of(counts: Floats) -> Floats:
    """The coincidence matrix (units, k, k) of each unit, from how many raters gave it each value (units, k).

    Any number of raters may have missed a unit; one with fewer than two votes adds nothing.
    """
    others = np.maximum(counts.sum(axis=1) - 1, 1)
    coincidences: Floats = _ordered_pairs(counts) / others[:, None, None]
    return coincidences


@dataclass(frozen=True, slots=True)
class _Poll:
    """The votes on one question set as numbers; rater 0 is all people, the others are judges.

    `ballots`: per rater the match and the outcome of each vote. `place`: of each match, turn x questions + question.
    """

    ballots: list[tuple[Codes, Codes]]
    names: list[tuple[str, str]]
    persons: int
    place: Codes
    turns: list[int]
    questions: int

    @classmethod
    def of(cls, votes: pd.DataFrame) -> "_Poll":
        """From the votes on one question set."""
        last = Groups.of(votes, [*PLACE, "human", "kind", "rater"]).last
        votes = votes.iloc[np.sort(last)]
        human = votes["human"].to_numpy(bool)
        matches, questions = Groups.of(votes, PLACE), Groups.of(votes, ["question_id"])
        judges = votes[~human]
        numbers = Groups.of(judges, ["rater", "kind"])
        rater = np.zeros(len(votes), np.int64)
        rater[~human] = numbers.codes + 1
        outcome, order = _outcomes(votes["outcome"]), np.argsort(rater, kind="stable")
        ends = np.cumsum(np.bincount(rater, minlength=numbers.number + 1))[:-1]
        shares = (np.split(column[order], ends) for column in (matches.codes, outcome))
        first = judges.iloc[numbers.first]
        turns, turn = np.unique(votes["turn"].to_numpy(np.int64), return_inverse=True)
        return cls(
            ballots=list(zip(*shares, strict=True)),
            names=[(PEOPLE, "vote"), *zip(first["rater"].astype(str), first["kind"].astype(str), strict=True)],
            persons=votes["rater"][human].nunique(),
            place=(turn * questions.number + questions.codes)[matches.first],
            turns=[int(number) for number in turns],
            questions=questions.number,
        )

    def parts(self, tables: Floats) -> Iterator[tuple[int | None, Floats]]:
        """Tables by place (places, k, k) as tables by question: over all turns, and of each turn."""
        by_turn = tables.reshape(len(self.turns), self.questions, *tables.shape[1:])
        yield None, by_turn.sum(axis=0)
        yield from zip(self.turns, by_turn, strict=True)

    def summed(self, tables: Floats) -> Floats:
        """Tables by match (matches, k, k), added up by place."""
        cells, places = tables.reshape(len(tables), -1).T, len(self.turns) * self.questions
        return np.stack([sums(self.place, cell, places) for cell in cells], axis=1).reshape(-1, *tables.shape[1:])

    def counts(self, raters: Sequence[int]) -> Floats:
        """How many of the raters' votes on each match (matches, 3) have each outcome."""
        cells = np.concatenate([match * 3 + outcome for match, outcome in (self.ballots[rater] for rater in raters)])
        return np.bincount(cells, minlength=3 * len(self.place)).reshape(-1, 3).astype(np.float64)

    def tables(self, x: int, y: int) -> Floats:
        """How often x said this and y that of the same match, (places, 3, 3)."""
        if x == y:
            return self.summed(_ordered_pairs(self.counts([x])) / 2)
        said = np.full(len(self.place), -1)
        match, outcome = self.ballots[x]
        said[match] = outcome
        match, outcome = self.ballots[y]
        both = said[match] >= 0
        cells = (self.place[match[both]] * 3 + said[match[both]]) * 3 + outcome[both]
        size = len(self.turns) * self.questions * 9
        return np.bincount(cells, minlength=size).reshape(-1, 3, 3).astype(np.float64)


def _polls(votes: pd.DataFrame) -> Iterator[tuple[str, _Poll]]:
    """The votes on each question set that more than one rater voted on: one alone agrees with nobody."""
    for name, part in as_categories(votes).groupby("question_set", sort=False, observed=True):
        if any(part[column].nunique() > 1 for column in ("human", "rater", "kind")):
            yield str(name), _Poll.of(part)


def _agreements(poll: _Poll) -> Iterator[dict[str, Any]]:
    judges = range(1, len(poll.names))
    for x, y in [*((judge, 0) for judge in judges), (0, 0), *combinations(judges, 2)]:
        names, kinds = zip(poll.names[x], poll.names[y], strict=True)
        for turn, tables in poll.parts(poll.tables(x, y)):
            if tables.any():
                about = {"raters": list(names), "kinds": list(kinds), "turn": turn}
                yield from ({**about, "setup": setup, **_agreement(tables, size)} for setup, size in SETUPS.items())


def _agreement(tables: Floats, size: int) -> dict[str, Any]:
    tables = tables[:, :size, :size]
    totals = tables.sum(axis=(1, 2))
    kappa = jackknifed(cohens_kappa, tables)
    estimate = ratio_of_sums(np.trace(tables, axis1=1, axis2=2), totals)
    return {
        "agreement": estimate.value if estimate else None,
        "interval": _listed(estimate.share_interval()) if estimate else None,
        "votes": round(totals.sum()),
        "questions": int(np.count_nonzero(totals)),
        "chance": 1 / size,
        "kappa": kappa.value if kappa else None,
        "kappa_interval": _listed(interval_of(kappa)) if kappa else None,
    }


def _alphas(poll: _Poll) -> Iterator[dict[str, Any]]:
    judges = list(range(1, len(poll.names)))
    groups = {PEOPLE: ([0], poll.persons), "judges": (judges, len(judges))}
    groups["all"] = ([0, *judges], poll.persons + len(judges))
    for name, (raters, number) in groups.items():
        if number > 1 and (name != "all" or (judges and poll.persons)):
            for setup, size in SETUPS.items():
                tables = poll.summed(coincidences_of(poll.counts(raters)[:, :size]))
                for turn, part in poll.parts(tables):
                    yield {"raters": name, "number": number, "setup": setup, "turn": turn, **_alpha(part)}


def _alpha(tables: Floats) -> dict[str, Any]:
    alpha = jackknifed(krippendorffs_alpha, tables)
    return {
        "alpha": alpha.value if alpha else None,
        "interval": _listed(interval_of(alpha)) if alpha else None,
        "votes": round(tables.sum()),
        "questions": int(np.count_nonzero(tables.any(axis=(1, 2)))),
    }


def _ordered_pairs(counts: Floats) -> Floats:
    """Of each unit's votes (units, k): how many ordered pairs of two of them say this and that, (units, k, k)."""
    return counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(counts.shape[1])


def _outcomes(outcome: pd.Series) -> Codes:
    codes, values = pd.factorize(outcome)
    return np.array([_OUTCOMES[value] for value in values], np.int64)[codes]


def _listed(interval: Interval | None) -> list[float] | None:
    return list(interval) if interval else None
