"""Where two models differ: the win rate in each category, ordered by what the evidence bears."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from judgebench.site import entries
from judgebench.site.drawing import charts
from judgebench.site.drawing.charts import Axis, label
from judgebench.site.entries import Ends, Entry
from judgebench.site.parts.outcomes import Rows, outcome_chart
from judgebench.site.parts.telling import Row
from judgebench.site.views import Cell, Chart, Table, called, head, number, text
from judgebench.statistics.clusters import LEVEL, Floats, mean_by_question, sums
from judgebench.statistics.estimates import POINTS
from judgebench.statistics.shrinkage import differ, shrink


@dataclass(frozen=True, slots=True)
class Contrast:
    """b's win rate in one category, with its interval, and drawn towards the mean of all by how little is known.

    `among` is the interval of a category that was picked from all of them: those of all hold together (Bonferroni).
    """

    category: str
    rate: float | None
    ends: Ends
    among: Ends
    shrunk: float
    counts: Mapping[str, int]
    means: tuple[float | None, float | None]  # of a's and b's scores


def contrasts(rows: Sequence[Row]) -> tuple[list[Contrast], bool]:
    """The categories, the one where b is furthest behind first; and whether they differ by more than chance."""
    parts: dict[str, list[Row]] = {}
    for row in rows:
        parts.setdefault(row["category"], []).append(row)
    rates = [_rate(*_points(part), len(parts)) for part in parts.values()]
    shrunk = shrink([rate for rate, *_ in rates], [ends for _, ends, _ in rates])
    found = [
        Contrast(name, *rate, value, _counts(part), (_mean(part, "score_a"), _mean(part, "score_b")))
        for (name, part), rate, value in zip(parts.items(), rates, shrunk, strict=True)
    ]
    by_question = [_by_question(*_points(part)) for part in parts.values()]
    return sorted(found, key=lambda one: (one.shrunk, 1.0 if one.rate is None else one.rate)), differ(by_question)


def category_charts(entry: Entry, rows: Sequence[Row]) -> Iterator[Chart]:
    """The win rates with their intervals, and the matches won, tied and lost behind them."""
    found, apart = contrasts(rows)
    if len(found) < 2:
        return
    a, b = entry["models"]
    title = f"{called(b)}'s win rate in each category"
    axis = Axis(f"{called(b)}'s win rate, %", 50, ".0f", (-2, 102))
    known = [one for one in found if one.rate is not None]
    drawn = charts.intervals(
        [label(one.category) for one in known],
        [100 * one.rate for one in known if one.rate is not None],
        [one.ends and [100 * end for end in one.ends] for one in known],
        axis,
    )
    yield Chart("categories", title, _told(known, apart, b), drawn, _table(title, found, a, b))
    tallies = [(one.category, label(one.category), one.counts) for one in found]
    sentence = f"How many matches {called(b)} won, tied and lost, in the same order."
    yield outcome_chart("outcomes", "Outcome in each category", sentence, Rows("Category", (a, b), tallies))


def _told(known: Sequence[Contrast], apart: bool, b: str) -> str:
    order = "Categories of which little is known stand nearer to the middle."
    if not known:
        return "No match has a verdict."
    if not apart:
        return f"The categories differ by no more than chance would explain. {order}"
    worst, best = (
        f"{called(one.category)}, {entries.percent_with(one.rate, one.among)}" for one in (known[0], known[-1])
    )
    held = f"Here the intervals hold for all {len(known)} categories together. {order}"
    return f"{called(b)} does worst in {worst}, and best in {best}. {held}"


def _table(title: str, found: Sequence[Contrast], a: str, b: str) -> Table:
    scored = any(mean is not None for one in found for mean in one.means)
    rows = tuple((text(one.category), *_cells(one, scored)) for one in found)
    means = (f"Mean score of {called(a)}", f"of {called(b)}") if scored else ()
    names = ("Win rate, %", "95\N{NO-BREAK SPACE}% interval", "Drawn to the mean, %", "Matches", *means)
    return Table(title, head("Category", *names, numbers=len(names)), rows)


def _cells(one: Contrast, scored: bool) -> Iterator[Cell]:
    yield entries.share(one.rate)
    yield entries.reach(one.ends, 100, 1)
    yield entries.share(one.shrunk)
    yield number(sum(one.counts.values()))
    for mean in one.means if scored else ():
        yield number(mean, 2)


def _points(part: Sequence[Row]) -> tuple[NDArray[np.int64], Floats]:
    """Of each match its question's number, and b's points; NaN where nothing is known."""
    numbers: dict[str, int] = {}
    codes = np.array([numbers.setdefault(row["question_id"], len(numbers)) for row in part], np.int64)
    return codes, np.array([POINTS.get(row["outcome"], np.nan) for row in part], np.float64)


def _rate(codes: NDArray[np.int64], points: Floats, categories: int) -> tuple[float | None, Ends, Ends]:
    estimate = mean_by_question(codes, points, int(codes.max()) + 1)
    if estimate is None:
        return None, None, None
    return estimate.value, estimate.share_interval(), estimate.share_interval(1 - (1 - LEVEL) / categories)


def _by_question(codes: NDArray[np.int64], points: Floats) -> Floats:
    """The mean points of each question that has any."""
    questions = int(codes.max()) + 1
    known = sums(codes, (~np.isnan(points)).astype(np.float64), questions)
    return sums(codes, points, questions)[known > 0] / known[known > 0]


def _counts(part: Sequence[Row]) -> dict[str, int]:
    found = dict.fromkeys(("a", "b", "tie", "inconsistent", "incomplete"), 0)
    for row in part:
        found[row["outcome"]] += 1
    return found


def _mean(part: Sequence[Row], side: Any) -> float | None:
    known = [row[side] for row in part if row[side] == row[side]]
    return float(sum(known) / len(known)) if known else None
