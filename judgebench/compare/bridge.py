"""A judge that changed: a random part of what its older snapshot judged is judged again, and the shift measured."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from judgebench.compare.judging import Judging, matches_of, points_by_question, snapshot
from judgebench.compare.results import Bridge, Shift
from judgebench.errors import JudgebenchError
from judgebench.statistics.clusters import Floats, mean_by_question
from judgebench.tables.records import Review

Categories = Mapping[tuple[str, str], str]


def snapshots(rows: Sequence[Review]) -> Counter[str]:
    """How many rows each snapshot of the judge made."""
    return Counter(name for row in rows if (name := snapshot(row)))


def check_snapshots(found: Counter[str], judge: str) -> None:
    """JudgebenchError where there is more than one: their verdicts are no common measure."""
    if len(found) > 1:
        by = ", ".join(f"{name} ({number})" for name, number in sorted(found.items()))
        raise JudgebenchError(
            f"the reviews by {judge} are by more than one snapshot: {by}; run with --bridge, which judges some"
            " questions again and reports the shift, or name one snapshot as --judge"
        )


def bridge(
    judging: Judging, stored: Sequence[Review], order: Sequence[str], number: int, categories: Categories, margin: float
) -> Bridge:
    """Judge `number` of the questions that are stored again, in the random order of the run, and compare."""
    known = {row.question_id for row in stored}
    chosen = [question for question in order if question in known][:number]
    before = matches_of([row for row in stored if row.question_id in set(chosen)], judging.pair, categories)
    made = judging.ask_again(chosen)
    after = matches_of([row for row in made if not row.error], judging.pair, categories)
    difference = points_by_question(after, chosen) - points_by_question(before, chosen)
    places = [categories.get((judging.question_set, question), "") for question in chosen]
    parts = [name for name in dict.fromkeys(places) if places.count(name) > 1]
    overall = _shift(None, difference)
    shifts = [overall, *(_shift(name, difference[np.array(places) == name]) for name in parts)]
    ends = overall.interval
    now = snapshots(made)
    return Bridge(
        before=tuple(sorted(snapshots(stored))),
        after=", ".join(sorted(now)),
        shifts=tuple(shifts),
        pooled=bool(ends and -margin <= ends[0] and ends[1] <= margin),
    )


def _shift(category: str | None, difference: Floats) -> Shift:
    estimate = mean_by_question(np.arange(len(difference)), difference, len(difference)) if len(difference) else None
    known = int((~np.isnan(difference)).sum())
    if estimate is None:
        return Shift(category=category, questions=known, shift=0.0, interval=None)
    return Shift(category=category, questions=known, shift=estimate.value, interval=estimate.interval())
