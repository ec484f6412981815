"""Votes, what judges said and what they cost -> which judge is chosen and what is known of it, as data; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from judgebench.choosing.halves import choosing_half
from judgebench.choosing.reading import Cost, Place, Said, places
from judgebench.errors import UsageError
from judgebench.statistics.agreement import PEOPLE, agreements
from judgebench.statistics.choosing import MISSING, SAID, Ballots, Choice, Standing, choose, shortfall_interval
from judgebench.statistics.clusters import Estimate

FEWEST = 10  # questions in each half: below, nothing is shown
LONGER = "the longer answer"
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """A judge's `label`, what it said, and what it costs."""

    label: str
    said: Said
    cost: Cost


@dataclass(frozen=True, slots=True, eq=False)
class Half:
    """The votes on one half of the questions, and the matches as `ballots`, in the order of `matches`."""

    cast: pd.DataFrame
    matches: Sequence[Place]
    ballots: Ballots

    @classmethod
    def of(cls, cast: pd.DataFrame) -> "Half":
        """From the votes themselves."""
        places_, outcomes = places(cast), cast["outcome"].astype(str)
        numbers = {place: number for number, place in enumerate(dict.fromkeys(places_))}
        questions = {place[1]: number for number, place in enumerate({place[1]: place for place in numbers}.values())}
        votes = np.zeros((len(numbers), 3))
        for place, outcome in zip(places_, outcomes, strict=True):
            votes[numbers[place], SAID[outcome]] += 1
        question = np.array([questions[place[1]] for place in numbers], np.int64)
        return cls(cast, tuple(numbers), Ballots(question, len(questions), votes))

    def agreement(self, said: Said) -> Estimate | None:
        """A judge's, on the matches of this half."""
        return self.ballots.agreement(np.array([SAID[said[place]] for place in self.matches], np.int64))

    def missing(self, said: Said) -> int:
        """How many matches it gave no verdict on."""
        return sum(SAID[said[place]] == MISSING for place in self.matches)

    def among(self, said: Said) -> "Half":
        """The part of this half that was said anything of."""
        return Half.of(self.cast[np.array([place in said for place in places(self.cast)], bool)])

    def counts(self) -> Entry:
        """How much there is of it."""
        return {"questions": self.ballots.questions, "matches": len(self.matches), "votes": len(self.cast)}

    def beside(self, longer: Said) -> Entry:
        """What a judge's figure is to be held against: people with people, and the longer answer."""
        found = [one for one in agreements(self.cast) if (one["turn"], one["setup"]) == (None, "S1")]
        people = [one for one in found if one["raters"] == [PEOPLE, PEOPLE]]
        among = self.among(longer)
        return {
            "people": {name: people[0][name] for name in ("agreement", "interval")} if people else None,
            "longer": figure(among.agreement(longer)) if among.matches else None,
        }


def figure(estimate: Estimate | None) -> Entry | None:
    """An agreement with its interval, over questions."""
    if estimate is None:
        return None
    interval = estimate.share_interval()
    return {"agreement": estimate.value, "interval": list(interval) if interval else None}


def build(
    question_set: str,
    cast: pd.DataFrame,
    categories: Mapping[str, str | None],
    judges: Sequence[Judged],
    longer: Said,
    margin: float,
) -> Entry:
    """What the votes say of the judges; UsageError where there is no match that all of them judged.

    `cast` are people's votes, one a voter and match, `categories` those of all questions that were voted on. Figures
    are of the matches that every judge judged. The choice sees one half of the questions alone; of the other half
    there is the `confirmed` judge's figure, and what it lacks of the best.
    """
    shared = _shared(cast, judges)
    first = choosing_half(categories)
    is_first = shared["question_id"].astype(str).isin(first).to_numpy()
    choosing, confirming = Half.of(shared[is_first]), Half.of(shared[~is_first])
    if not (choosing.matches and confirming.matches):
        raise UsageError(
            f"all votes on what every judge judged are on {len(set(shared['question_id']))} question(s) of one half:"
            " one half chooses and the other confirms, so let people vote on more questions"
        )
    estimates = [_known(choosing.agreement(one.said)) for one in judges]
    choice = choose(estimates, [one.cost.dollars for one in judges], margin, choosing.ballots.step)
    enough = min(choosing.ballots.questions, confirming.ballots.questions) >= FEWEST
    confirmed = _confirmed(confirming, judges[choice.chosen].said, judges[choice.best].said, margin)
    beside = [half.beside(longer) for half in (choosing, confirming)]
    return {
        "question_set": question_set,
        "margin": margin,
        "level": choice.level,
        "voted": {"questions": len(categories), "matches": len(set(places(cast))), "votes": len(cast)},
        "choosing": choosing.counts() | beside[0],
        "confirming": confirming.counts() | beside[1],
        "judges": [
            _entry(one, estimate, standing, choosing)
            | {"not_judged": len(set(places(cast)) - set(one.said)), "needed": _in_all(standing, choosing, cast)}
            for one, estimate, standing in zip(judges, estimates, choice.standings, strict=True)
        ],
        "best": judges[choice.best].label,
        "chosen": judges[choice.chosen].label,
        "told": choice.told and enough and confirmed["worse"] is not True,
        "why": _why(choice, enough, confirmed),
        "confirmed": confirmed,
    }


def _shared(cast: pd.DataFrame, judges: Sequence[Judged]) -> pd.DataFrame:
    """The votes on matches that every judge judged."""
    all_said = set.intersection(*(set(one.said) for one in judges))
    shared = cast[np.array([place in all_said for place in places(cast)], bool)]
    if not len(shared):
        voted = set(places(cast))
        counts = ", ".join(f"{one.label} {len(voted & set(one.said))}" for one in judges)
        raise UsageError(
            f"no match that people voted on was judged by all of these: of {len(voted)}, {counts}; leave one out,"
            " or have it judge them by its spec"
        )
    return shared


def _known(estimate: Estimate | None) -> Estimate:
    if estimate is None:
        raise ValueError("a half without votes has no figures")
    return estimate


def _entry(one: Judged, estimate: Estimate, standing: Standing, half: Half) -> Entry:
    about = {"judge": one.label, "cost": one.cost.dollars, "calls": one.cost.calls, "missing": half.missing(one.said)}
    return (
        about
        | (figure(estimate) or {})
        | {
            "shortfall": standing.shortfall,
            "shortfall_interval": list(standing.interval) if standing.interval else None,
            "at_most": standing.at_most,
        }
    )


def _in_all(standing: Standing, half: Half, cast: pd.DataFrame) -> Entry | None:
    """What it would take in both halves together, at so many votes a question as there are."""
    if standing.needed is None:
        return None
    each = len(cast) / max(1, cast["question_id"].nunique())
    return {"questions": 2 * standing.needed, "votes": round(2 * standing.needed * each)}


def _confirmed(half: Half, chosen: Said, best: Said, margin: float) -> Entry:
    """The chosen judge on the votes that had no part in the choice; `worse` is None where they don't tell."""
    mine, other = _known(half.agreement(chosen)), _known(half.agreement(best))
    entry = (figure(mine) or {}) | {"missing": half.missing(chosen)}
    if chosen is best:
        return entry | {"shortfall": None, "shortfall_interval": None, "worse": None}
    behind = other - mine
    interval = shortfall_interval(behind, half.ballots.step)
    worse = None if interval is None else True if interval[0] >= margin else False if interval[1] < margin else None
    return entry | {
        "shortfall": behind.value,
        "shortfall_interval": list(interval) if interval else None,
        "worse": worse,
    }


def _why(choice: Choice, enough: bool, confirmed: Mapping[str, Any]) -> str:
    """In a word how the choice came about."""
    if not enough:
        return "few"
    if confirmed["worse"]:
        return "not confirmed"
    if not choice.told:
        return "not shown"
    return "best" if choice.chosen == choice.best else "cheapest"
