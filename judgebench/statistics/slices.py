"""Where a win rate is another: b's mean points on a slice of the matches, beside those on the others of the same pair.

The figure is the difference of two ratios of sums over questions, in the slice and outside it, whose influences are
subtracted question by question (`clusters`). Its variance is the larger of two: what that gives, with half of a
question a win apart in either part, and what matches have all over, with their questions, if the slice is like the
others (a score test's), since a few matches that came out alike prove little. p is of no difference, by Student's t
with one degree of freedom less than the smaller part has questions. Of all slices of a pair those that are told from
chance have their false discoveries held to 5 %: Benjamini and Hochberg, JRSS B 57 (1995).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from judgebench.statistics.clusters import LEVEL, Floats
from judgebench.statistics.columns import Codes
from judgebench.statistics.sequential import discoveries

FEWEST = 5  # questions in a slice, and outside it
_STEP = 1.0  # of points: a win in place of a loss


def slices(
    points: Floats, question: Codes, marked: Mapping[str, Sequence[bool] | NDArray[np.bool_]]
) -> list[dict[str, Any]]:
    """An entry for each slice that enough questions are in and outside of, the surest first.

    `points` (matches,) are b's, NaN where there is none; `question` their questions' numbers; `marked` says of each
    slice which matches are in it (matches,). Entries: `about` (the slice's name), `matches`, `questions` (in it),
    `win_rate` (in it), `elsewhere`, `difference` (of the two) and its 95 % `interval`, `p`, and `changed`: told from
    chance, with false discoveries held to 5 % among all slices given here.
    """
    known = ~np.isnan(points)
    if not known.any() or not marked:
        return []
    codes, numbers = np.unique(question[known], return_inverse=True)
    inside = np.column_stack([np.asarray(mask)[known] for mask in marked.values()]).astype(np.float64)
    sums = [_sums(numbers, part, len(codes)) for part in (inside * points[known, None], inside)]
    whole = [_sums(numbers, part[:, None], len(codes)) for part in (points[known], np.ones(int(known.sum())))]
    others = [total - part for total, part in zip(whole, sums, strict=True)]
    enough = ((sums[1] > 0).sum(axis=0) >= FEWEST) & ((others[1] > 0).sum(axis=0) >= FEWEST)
    sums, others = ([part[:, enough] for part in parts] for parts in (sums, others))
    (mine, my_influence), (theirs, their_influence) = (_ratio(*parts) for parts in (sums, others))
    difference = mine - theirs
    parts = [(part[1] > 0).sum(axis=0) for part in (sums, others)]
    least = np.minimum(*parts)
    seen = ((my_influence - their_influence) ** 2).sum(axis=0)
    unseen = sum((_STEP / number) ** 2 / 2 for number in parts)
    apart = ((whole[0] - whole[0].sum() / whole[1].sum() * whole[1]) ** 2).sum() / whole[1].sum()
    alike = apart * (1 / sums[1].sum(axis=0) + 1 / others[1].sum(axis=0))
    error = np.sqrt(least / (least - 1) * np.maximum(seen + unseen, alike))
    reach = special.stdtrit(least - 1, (1 + LEVEL) / 2) * error
    p = 2 * special.stdtr(least - 1, -np.abs(difference) / error)
    names = [name for name, held in zip(marked, enough, strict=True) if held]
    figures = zip(
        names, sums[1].sum(axis=0), (sums[1] > 0).sum(axis=0), mine, theirs, difference, reach, p, strict=True
    )
    entries = [_entry(*one) for one in figures]
    told = discoveries([one["p"] for one in entries])
    found = [entry | {"changed": changed} for entry, changed in zip(entries, told, strict=True)]
    return sorted(found, key=lambda one: one["p"])


def _sums(numbers: Codes, values: Floats, questions: int) -> Floats:
    """Of each column, by question: (questions, slices)."""
    summed = np.zeros((questions, values.shape[1]))
    np.add.at(summed, numbers, values)
    return summed


def _ratio(numerator: Floats, denominator: Floats) -> tuple[Floats, Floats]:
    """The ratio of the sums (slices,), and each question's influence on it (questions, slices)."""
    total = denominator.sum(axis=0)
    ratio = numerator.sum(axis=0) / total
    return ratio, (numerator - ratio * denominator) / total


def _entry(
    name: str, matches: float, questions: int, mine: float, theirs: float, difference: float, reach: float, p: float
) -> dict[str, Any]:
    return {
        "about": name,
        "matches": int(matches),
        "questions": int(questions),
        "win_rate": float(mine),
        "elsewhere": float(theirs),
        "difference": float(difference),
        "interval": [max(-1.0, float(difference - reach)), min(1.0, float(difference + reach))],
        "p": float(p),
    }
