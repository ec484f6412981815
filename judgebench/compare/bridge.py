"""A judge that changed: a random part of what its older snapshot judged is judged again, and the shift measured."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from judgebench.compare.judging import Judging, matches_of, points_by_question, snapshot
from judgebench.compare.results import Bridge, Shift
from judgebench.errors import JudgebenchError
from judgebench.statistics import bounded
from judgebench.statistics.clusters import Floats
from judgebench.tables.records import Review

WRONG = 0.05  # how often verdicts whose shift is as large as the margin may be counted together
Categories = Mapping[tuple[str, str], str]
_ADVICE = "run with --bridge, which judges some questions again and reports the shift"
_BRIDGED = "which of them answers today was not known in time for a bridge: run again, with --bridge and with canaries"


def snapshots(rows: Sequence[Review]) -> Counter[str]:
    """How many rows each snapshot of the judge made."""
    return Counter(name for row in rows if (name := snapshot(row)))


def check_snapshots(found: Counter[str], judge: str, bridging: bool = False) -> None:
    """JudgebenchError where there is more than one: their verdicts are no common measure.

    `bridging`: a bridge was asked for, and none leads from one of these to the other.
    """
    if len(found) > 1:
        by = ", ".join(f"{name} ({number})" for name, number in sorted(found.items()))
        raise JudgebenchError(
            f"the reviews by {judge} are by more than one snapshot: {by}; {_BRIDGED if bridging else _ADVICE}, or name"
            " one snapshot as --judge"
        )


def needed(margin: float) -> int | None:
    """How many questions judged again show, at the best, that the shift is within the margin; None where none do."""
    return bounded.values_needed(margin, WRONG) if margin > 0 else None


def too_few(stored: int, margin: float) -> str | None:
    """What to know before any call, where too few questions are stored for the old verdicts to count; else None."""
    takes = needed(margin)
    if takes is not None and stored >= takes:
        return None
    why = f"it takes {takes}" if takes else "no number would do"
    return (
        f"--bridge: {stored} questions judged before are too few to show a shift within a margin of"
        f" {100 * margin:.1f} % ({why}): where the judge has changed, all are judged anew"
    )


def bridge(
    judging: Judging, stored: Sequence[Review], order: Sequence[str], number: int, categories: Categories, margin: float
) -> Bridge:
    """Judge `number` (0: as many as are needed) of the stored questions again, in the run's order, and compare.

    Old and new verdicts count together where the shift's bounds are within the margin: where it is that large, they
    are in at most WRONG of cases.
    """
    known = {row.question_id for row in stored}
    chosen = [question for question in order if question in known][: number or needed(margin) or 1]
    before = matches_of(
        judging.paired(row for row in stored if row.question_id in set(chosen)), judging.pair, categories
    )
    made = judging.ask_again(chosen)
    after = matches_of(judging.paired(row for row in made if not row.error), judging.pair, categories)
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
        pooled=bool(ends and -margin < ends[0] and ends[1] < margin),
    )


def _shift(category: str | None, difference: Floats) -> Shift:
    known = difference[~np.isnan(difference)]
    if not len(known):
        return Shift(category=category, questions=0, shift=0.0, interval=None)
    low, high = bounded.interval((known + 1) / 2, 1 - 2 * WRONG)  # a question's points move by -1 to 1
    return Shift(
        category=category, questions=len(known), shift=float(known.mean()), interval=(2 * low - 1, 2 * high - 1)
    )
