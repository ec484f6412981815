"""Reviews -> what each judge says of the matches that people voted on, and what that costs; pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

import numpy as np
import pandas as pd

from judgebench import embedded
from judgebench.money.prices import Price
from judgebench.report.loading import Text
from judgebench.statistics.frames import matches_frame, scores_frame
from judgebench.statistics.repeats import matches_over_repeats, scores_over_repeats
from judgebench.statistics.votes import PLACE, canonical, votes_of_scores
from judgebench.tables.records import Mode, Usage
from judgebench.tables.tally import COMPUTED

Place: TypeAlias = tuple[str, str, int, str, str]  # as votes.PLACE, the pair in alphabetical order
Said: TypeAlias = dict[
    Place, str
]  # an outcome, `incomplete` without a verdict; a match that wasn't judged is not in it
_OWN = ("unparsed", "cut", "refused", "failed", "empty", "scoring", embedded.NOT_ENGLISH)  # the judge gave none
_FREE = (*COMPUTED, "checked", "identical")  # verdicts that cost no call; `stored` ones cost somebody else's
_SIDES = ("model_a", "model_b")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A judge that may be chosen: its `label`, and which reviews are its verdicts."""

    label: str
    judge: str
    mode: Mode
    kinds: frozenset[str]

    def of(self, reviews: pd.DataFrame) -> pd.DataFrame:
        """Its reviews of the first samples, which are what people were shown."""
        mine = (reviews["judge"] == self.judge) & (reviews["mode"] == self.mode) & (reviews["choice"] == 0)
        return reviews[(mine & reviews["kind"].isin(self.kinds)).to_numpy()].reset_index(drop=True)


def votes_cast(people: pd.DataFrame) -> pd.DataFrame:
    """People's votes of `votes.votes_of_people`, the last one of each voter on a match."""
    return people.drop_duplicates([*PLACE, "rater"], keep="last").reset_index(drop=True)


def places(frame: pd.DataFrame) -> list[Place]:
    """The match of each row."""
    columns = (frame[name].to_numpy(object) for name in PLACE)
    return [(str(s), str(q), int(turn), str(a), str(b)) for s, q, turn, a, b in zip(*columns, strict=True)]


def said_by(mode: Mode, rows: pd.DataFrame, voted: pd.DataFrame) -> Said:
    """What a judge's reviews say of the matches in `voted`.

    A match without a verdict through the judge's own doing is `incomplete`; one that nothing came of through anybody
    else's (an endpoint that failed, an answer that is missing) was not judged, whatever else was said of it.
    """
    judged = _pairs(rows) if mode == "pairwise" else _singles(rows, voted)
    there = set(places(voted)) - set(_unjudged(rows, voted))
    return {place: outcome for place, outcome in judged if place in there}


def _pairs(rows: pd.DataFrame) -> Iterator[tuple[Place, str]]:
    matches = matches_over_repeats(matches_frame(rows))
    votes = canonical(matches.rename(columns={"judge": "rater"}).assign(human=False))
    yield from zip(places(votes), votes["outcome"].astype(str), strict=True)


def _singles(rows: pd.DataFrame, voted: pd.DataFrame) -> Iterator[tuple[Place, str]]:
    """Of the matches both of whose answers were asked about; the higher score wins, equal ones are a tie."""
    scores = scores_over_repeats(scores_frame(rows))
    asked = set(_answers(scores, "model"))
    first, second = (_answers(voted, side) for side in _SIDES)
    both = zip(places(voted), first, second, strict=True)
    yield from ((place, "incomplete") for place, one, other in both if one in asked and other in asked)
    votes = votes_of_scores(scores, voted)
    yield from zip(places(votes), votes["outcome"].astype(str), strict=True)


def _unjudged(rows: pd.DataFrame, voted: pd.DataFrame) -> Iterator[Place]:
    """The matches of which a review failed through no doing of the judge."""
    failed = rows[(rows["error"].notna() & ~rows["error"].isin(_OWN)).to_numpy()]
    wanting = {answer for side in _SIDES for answer in _answers(failed[(failed["mode"] == "single").to_numpy()], side)}
    pairs = {
        (str(name), str(question), int(turn), *sorted((str(a), str(b))))
        for name, question, turn, a, b in failed.loc[failed["mode"] == "pairwise", PLACE].itertuples(index=False)
    }
    first, second = (_answers(voted, side) for side in _SIDES)
    for place, one, other in zip(places(voted), first, second, strict=True):
        if place in pairs or one in wanting or other in wanting:
            yield place


def _answers(frame: pd.DataFrame, side: str) -> list[tuple[str, int, str]]:
    """Question, turn and model of each row."""
    columns = (frame[name].to_numpy(object) for name in ("question_id", "turn", side))
    return [(str(question), int(turn), str(model)) for question, turn, model in zip(*columns, strict=True)]


def longer_answers(texts: Iterable[Text], voted: Iterable[Place]) -> Said:
    """What would be said by who thinks that the answer with more characters is better."""
    lengths = {(question, turn, model): len(text) for _, question, model, turn, choice, text in texts if not choice}
    found = {}
    for place in voted:
        _, question, turn, *models = place
        a, b = (lengths.get((question, turn, model)) for model in models)
        if a is not None and b is not None:
            found[place] = "tie" if a == b else "a" if a > b else "b"
    return found


@dataclass(frozen=True, slots=True)
class Cost:
    """What 1,000 matches cost in `dollars` (None: not known), at so many reviews (`calls`) a match."""

    dollars: float | None
    calls: float


def cost_of(mode: Mode, rows: pd.DataFrame, price: Price | None) -> Cost:
    """What a judge's reviews say of its cost; a call without counted tokens costs what the others do.

    A match takes both answers' reviews, also where they serve several matches.
    """
    about = ["question_id", "turn", *(_SIDES if mode == "pairwise" else ("model_a",))]
    calls = len(rows) / max(1, len(rows[about].drop_duplicates())) * (1 if mode == "pairwise" else 2)
    called = rows[(~rows["source"].isin(_FREE) & (rows["error"] != "unanswered")).to_numpy()]
    counted = called[called["prompt_tokens"].notna().to_numpy()]
    if not len(called):
        return Cost(0.0 if len(rows) else None, calls)
    if price is None or (not len(counted) and price.of(Usage(1, 1))):
        return Cost(None, calls)
    tokens = counted[["prompt_tokens", "completion_tokens"]].fillna(0).astype(np.int64).itertuples(index=False)
    spent = sum((price.of(Usage(*map(int, one))) for one in tokens), Decimal(0))
    per_call = float(spent) / max(1, len(counted))
    return Cost(1000 * calls * per_call * len(called) / len(rows), calls)


def categories_of(voted: pd.DataFrame, known: Mapping[tuple[str, str], str]) -> dict[str, str | None]:
    """The category of each question that was voted on."""
    return {question: known.get((name, question)) for name, question, *_ in places(voted)}
