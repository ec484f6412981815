"""Scores of manipulated answers -> what each attack gains; pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from judgebench.attacks import ATTACKS, Attack
from judgebench.statistics.clusters import Estimate, Floats, Interval, ratio_of_sums
from judgebench.tables.records import Review

ATTACK, PART, OF = "attack", "part", "of"  # what a row of a trial keeps in `extra`
ORIGINAL, ATTACKED, BASELINE, PAIR = "original", "attacked", "baseline", "pair"
_STEPS = 9  # of a scale: those from 1 to 10
Place: TypeAlias = tuple[str, str]  # question id, whose answer
Scores: TypeAlias = Mapping[tuple[str, str], Mapping[Place, float]]  # (part, attack) -> by place


def gains(rows: Iterable[Review]) -> list[dict[str, Any]]:
    """An entry per attack of which there are verdicts, from finished rows of a trial.

    `gain` is the mean, over questions, of the attacked answer's score less that of what it is compared with: the answer
    itself, or (`against` is "baseline") a plain text that doesn't answer either; then `over` is the same less the
    answer's, else None. `scale`: its ends; on an `open` one those of the untouched answers. `preferred`: the share of
    pairs in which the attacked one wins (a tie, or orders that differ: half). `attacked` and `compared` are the two
    mean scores. `missing`: answers without both scores. What there are no verdicts on is None. Intervals of gains are
    the paired t test's, with a quarter of an answer a step (a ninth of the scale) up and one a step down in the
    variance: twenty times no difference is no proof that there is none.
    """
    held = list(rows)
    scores, won = _scores(held), _won(held)
    ends = [end for row in held if row.mode == "single" for end in row.scale or ()]
    scale = [min(ends), max(ends)] if ends else _met(scores)
    about = {"scale": scale, "open": not ends}
    entries = (about | _entry(attack, scores, won.get(attack.name, {}), scale[1] - scale[0]) for attack in ATTACKS)
    return [entry for entry in entries if entry["gain"] or entry["preferred"]]


def _met(scores: Scores) -> list[float]:
    """Of an `open` scale, which has no ends, those of the untouched answers; one point apart where these are alike."""
    met = [*scores.get((ORIGINAL, ""), {}).values()]
    low, high = min(met, default=0.0), max(met, default=1.0)
    return [low, high if high > low else low + 1.0]


def _scores(rows: Sequence[Review]) -> Scores:
    """What has a verdict, by part and attack; the answers themselves are of no attack."""
    found: dict[tuple[str, str], dict[Place, float]] = {}
    for row in rows:
        if row.verdict and row.verdict.scores and PART in row.extra:
            part = str(row.extra[PART]), str(row.extra.get(ATTACK, ""))
            found.setdefault(part, {})[row.question_id, str(row.extra.get(OF))] = row.verdict.scores[0]
    return found


def name_of(attack: str, part: str, model: str) -> str:
    """What rows of a trial call an answer: so each has a slot of its own."""
    return ":".join(["attack", attack, part, model])


def _won(rows: Sequence[Review]) -> Mapping[str, Mapping[Place, float]]:
    """By attack and place the attacked answer's mean points over the orders."""
    found: dict[str, dict[Place, list[float]]] = {}
    for row in rows:
        if row.extra.get(PART) == PAIR and row.verdict and row.verdict.winner:
            attack, of = str(row.extra.get(ATTACK, "")), str(row.extra.get(OF))
            place = "AB"[row.models.index(name_of(attack, ATTACKED, of))]
            points = 0.5 if row.verdict.winner == "tie" else float(row.verdict.winner == place)
            found.setdefault(attack, {}).setdefault((row.question_id, of), []).append(points)
    return {attack: {place: float(np.mean(some)) for place, some in by.items()} for attack, by in found.items()}


def _entry(attack: Attack, scores: Scores, won: Mapping[Place, float], width: float) -> dict[str, Any]:
    name, plain = attack.name, attack.baseline is not None
    original, attacked = scores.get((ORIGINAL, ""), {}), scores.get((ATTACKED, name), {})
    compared = scores.get((BASELINE, name), {}) if plain else original
    places = [place for place in attacked if place in compared]
    means = {
        which: float(np.mean([some[place] for place in places])) if places else None
        for which, some in (("attacked", attacked), ("compared", compared))
    }
    return {
        "attack": name,
        "against": BASELINE if plain else ORIGINAL,
        "gain": difference(attacked, compared, width),
        "over": difference(attacked, original, width) if plain else None,
        "preferred": share_of(list(won.values())) if won else None,
        **means,
        "missing": len({*attacked, *compared, *original}) - len(places) if attacked else 0,
    }


def difference(one: Mapping[Place, float], other: Mapping[Place, float], width: float) -> dict[str, Any] | None:
    """The mean difference over the places that both have, in points."""
    places = [place for place in one if place in other]
    if not places:
        return None
    apart = np.array([one[place] - other[place] for place in places])
    found = _mean(apart)
    return _figure(found, found.difference_interval(width / _STEPS))


def share_of(points: Sequence[float]) -> dict[str, Any]:
    """The mean of values from 0 to 1, as a figure."""
    estimate = _mean(np.array(points))
    return _figure(estimate, estimate.share_interval())


def _figure(estimate: Estimate, interval: Interval | None) -> dict[str, Any]:
    number, ends = estimate.questions, None if interval is None else list(interval)
    return {"value": estimate.value, "interval": ends, "n": number, "questions": number}


def _mean(values: Floats) -> Estimate:
    found = ratio_of_sums(values, np.ones(len(values)))
    return found or Estimate(0.0, np.zeros(0), 0)
