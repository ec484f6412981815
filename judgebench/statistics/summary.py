"""Totals, ratios, win rates and mean scores: the figures of the Vicuna evaluation and of MT-bench, with intervals."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from judgebench.statistics import clusters
from judgebench.statistics.clusters import Estimate, Floats, Interval, mean_by_question, ratio_of_sums, sums
from judgebench.statistics.estimates import POINTS, CellMeans, Matches, Scores, by_pair
from judgebench.statistics.groups import keyed
from judgebench.statistics.repeats import matches_over_repeats, pair_panels, score_panels, scores_over_repeats

_PAIR = ["question_set", "judge", "kind", "model_a", "model_b"]
_MODEL = ["question_set", "judge", "model"]
Totals: TypeAlias = tuple[Floats, Floats]
STEPS = 9  # from the lowest score to the highest, where the scale goes from 1 to 10
LEAST = 10  # questions that two models must share before their difference is told
_DRAWS = 4 * clusters.DRAWS  # for ends of intervals that are right to the third digit
_CONSISTENT = {"a": 0.0, "tie": 0.5, "b": 1.0}


def pairs(matches: pd.DataFrame) -> list[dict[str, Any]]:
    """One entry per question set, judge, kind of verdict and pair [a, b], from a frame of matches.

    `totals`: sums of the scores over complete matches (of several samples their mean), None where the verdicts have no
    scores. `ratio`: b's total over a's, None where scores may be below 0 or a's add up to 0. `wins`: [a's, b's],
    `ties`, `inconsistent`, `incomplete`: matches; each sample is one in all counts. `reviews`, `missing`: reviews with
    and without a verdict. `one_order`: matches judged in one order. `repeat_flips`: matches whose repeats gave
    different outcomes. `consistency` and `order_effect`: see `_by_order`. `win_rate` and the figures after it: see
    `_win_rates`. Each `..._interval` is [low, high] at 95 %, None for fewer than two questions. Source of the ratio:
    the Vicuna evaluation, March 2023.
    """
    groups = by_pair(matches_over_repeats(matches), _PAIR)
    totals = [_totals(group) for _, group in groups]
    ratios = [total if _positive(group, total) else None for (_, group), total in zip(groups, totals, strict=True)]
    found = zip(groups, totals, ratios, _bootstrapped(ratios), strict=True)
    return [_pair(*group, total, _ratio(group[1], ratio, drawn)) for group, total, ratio, drawn in found]


def pair_panels_of(matches: pd.DataFrame, leave_out: Sequence[str] = ()) -> list[dict[str, Any]]:
    """An entry as of `pairs` for each pair that several judges judged, over the matches that all of them did.

    `judge` is "panel", `judges` are their names, and `disagreement` is the share of the complete matches in which
    their outcomes differ.
    """
    found = []
    for judges, group in pair_panels(matches_over_repeats(matches), leave_out):
        (entry,) = pairs(group)
        complete = group[group["outcome"] != "incomplete"]
        found.append(entry | {"judges": judges, "disagreement": _share(complete["disagree"])})
    return found


def scores(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Mean scores per model: over all, per turn, per category, and both, from a frame of scores.

    `turn` and `category` are None where the entry is over all of them. `n` counts the matches in the mean, each with
    the mean of its repeats, and `missing` the reviews without a score, which are left out of it; `mean` is None
    where n is 0. `interval` is its 95 % interval, within its scale. `bounds`: the mean if every missing score were the
    scale's lowest, and its highest; None where nothing is missing or the scale isn't known. `repeat_flips`: matches
    whose repeats gave different scores.
    """
    return [_place(key, *part) for key, group in _by_model(frame) for part in _parts(Scores.of(group))]


def score_panels_of(frame: pd.DataFrame, leave_out: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Entries as of `scores` for each model that several judges graded, over the matches that all of them did.

    `judge` is "panel" and `judges` are their names. `disagreement`: the share of the matches with all scores in which
    these differ; `spread`: the mean distance from the lowest to the highest.
    """
    found = []
    for judges, group in score_panels(scores_over_repeats(frame), leave_out):
        key = {name: group[name].iloc[0] for name in _MODEL}
        for turn, category, part in _parts(Scores.of(group)):
            known = group.iloc[part.row].dropna(subset=["score"])
            panel = {"disagreement": _share(known["disagree"]), "spread": _share(known["spread"])}
            found.append(_place(key, turn, category, part) | {"judges": judges} | panel)
    return found


def score_differences(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The difference of mean scores of each two models [a, b] by one judge: b's mean less a's, paired.

    It is over the turns that both have a score on, of so many `questions`: a model that answered the easy ones is
    not ahead for that. `interval` is the 95 % interval over these questions. With fewer than LEAST of them both are
    None.
    """
    found = []
    for key, group in scores_over_repeats(frame).groupby(["question_set", "judge"], sort=False, observed=True):
        cells = CellMeans.of(group, "model", ["question_id", "turn"])
        scored = [place for place, means in enumerate(cells.means) if not np.isnan(means).all()]
        for a, b in combinations(scored, 2):
            about = {"question_set": key[0], "judge": key[1], "models": [cells.names[a], cells.names[b]]}
            found.append({**about, **_gap(cells.difference(a, b), _step(group))})
    return found


def _gap(gap: Estimate | None, step: float) -> dict[str, Any]:
    if gap is None or gap.questions < LEAST:
        return {"difference": None, "interval": None, "questions": gap.questions if gap else 0}
    return {"difference": gap.value, "interval": _listed(gap.difference_interval(step)), "questions": gap.questions}


def _step(scores: pd.DataFrame) -> float:
    """A ninth of the scale, which is 1 from 1 to 10, or, of an open one, of what was met; 1 where it isn't known."""
    low, high = _ends(scores["low"], scores["high"]) or (0.0, float(STEPS))
    if np.isinf(scores["low"]).any() and scores["score"].notna().any():
        low, high = scores["score"].min(), scores["score"].max()
    return float(high - low) / STEPS


def _ends(low: Any, high: Any) -> tuple[float, float] | None:
    """The lowest and the highest of a scale; None where a score has none, or an open one."""
    low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
    if not len(low) or not (np.isfinite(low).all() and np.isfinite(high).all()):
        return None
    return float(low.min()), float(high.max())


def turn_differences(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """How each later turn's mean score differs from the first turn's, over the `questions` that have a score on both.

    `first` and `mean` are the means of these; `difference` < 0: a drop.
    """
    found = []
    for key, group in _by_model(frame):
        cells = CellMeans.of(group, "turn", ["question_id"])
        turns = {int(turn): place for place, turn in enumerate(cells.names)}
        for turn in sorted(turns.keys() - {1}) if 1 in turns else ():
            first, later = (turns[1], turns[turn]), (turns[turn], turns[1])
            gap, means = cells.difference(*first), (cells.mean(*first), cells.mean(*later))
            if gap and means[0] and means[1]:
                about = {**key, "turn": turn, "first": means[0].value, "mean": means[1].value}
                interval = gap.difference_interval(_step(group))
                found.append(
                    {**about, "difference": gap.value, "interval": _listed(interval), "questions": gap.questions}
                )
    return found


def _by_model(frame: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    merged = scores_over_repeats(frame)
    for key, rows in keyed(merged, _MODEL):
        yield dict(zip(_MODEL, key, strict=True)), merged.iloc[rows]


def _place(key: Mapping[str, Any], turn: int | None, category: str | None, part: Scores) -> dict[str, Any]:
    codes, ids = pd.factorize(part.question)
    mean = mean_by_question(codes, part.score, len(ids), part.share)
    return {
        **key,
        "turn": turn,
        "category": category,
        "mean": mean.value if mean else None,
        "n": int(np.count_nonzero(~np.isnan(part.score))),
        "missing": int(part.missing.sum()),
        "repeat_flips": int(part.flip.sum()),
        "interval": _listed(_mean_interval(mean, part)) if mean else None,
        "bounds": _bounds(part),
    }


def _mean_interval(mean: Estimate, part: Scores) -> Interval | None:
    """Within the scale, where there is one; else none from scores that are all the same."""
    ends = _ends(part.low, part.high)
    if ends:
        return mean.mean_interval(*ends)
    return mean.interval() if mean.standard_error > 0 else None


def _bounds(part: Scores) -> list[float] | None:
    """The mean with every missing score at either end of its scale. Source: Manski, AER Papers 80 (1990)."""
    unknown = np.isnan(part.score)
    ends = [end[unknown] for end in (part.low, part.high)]
    if not unknown.any() or not all(np.isfinite(end).all() for end in ends):
        return None
    known, whole = np.nansum(part.share * part.score), part.share.sum()
    return [float((known + (part.share[unknown] * end).sum()) / whole) for end in ends]


def _pair(key: Sequence[str], group: Matches, totals: Totals | None, ratio: Mapping[str, Any]) -> dict[str, Any]:
    question_set, judge, kind, *models = key
    return {
        "question_set": question_set,
        "judge": judge,
        "kind": kind,
        "models": models,
        "totals": [float(totals[1].sum()), float(totals[0].sum())] if totals else None,
        **ratio,
        "wins": [group.count("a"), group.count("b")],
        "ties": group.count("tie"),
        "inconsistent": group.count("inconsistent"),
        "incomplete": group.count("incomplete"),
        "questions": len(np.unique(group.question)),
        "matches": len(group.outcome),
        "reviews": int(group.reviews.sum()),
        "missing": int(group.missing.sum()),
        "one_order": int((group.orders == 1).sum()),
        "repeat_flips": int(group.flip.sum()),
        **_by_order(group),
        **_win_rates(group),
    }


def _positive(group: Matches, totals: Totals | None) -> bool:
    """Whether a ratio of these totals means anything: no score was below 0 or may be, and a's total is above it."""
    if totals is None or not totals[1].sum() > 0:
        return False
    return bool(np.nanmin([group.low, group.score_a, group.score_b]) >= 0)


def _ratio(group: Matches, totals: Totals | None, bootstrapped: list[float] | None) -> dict[str, Any]:
    """The ratio of the totals, and its intervals: in closed form, never below 0, and by the bootstrap's percentiles."""
    ratio = ratio_of_sums(*totals) if totals else None
    if ratio is None or totals is None:
        return {"ratio": None, "ratio_interval": None, "ratio_bootstrap": None}
    low, high = _ends(group.low, group.high) or (0.0, float(STEPS))
    step = (high - low) / STEPS * ratio.questions / float(totals[1].sum())
    ends = ratio.difference_interval(step)
    interval = _listed((max(ends[0], 0.0), ends[1]) if ends else None)
    return {"ratio": ratio.value, "ratio_interval": interval, "ratio_bootstrap": bootstrapped}


def _totals(group: Matches) -> Totals | None:
    """By question of the set, what b's scores and a's (means over samples) add up to; None without scores."""
    known = ~(np.isnan(group.score_a) | np.isnan(group.score_b))
    if not known.any():
        return None
    scores = (group.share * side for side in (group.score_b, group.score_a))
    b, a = (sums(group.question[known], side[known], group.questions) for side in scores)
    return b, a


def _bootstrapped(totals: Sequence[Totals | None]) -> list[list[float] | None]:
    """The interval of each ratio by percentiles; all pairs of a set at once, over the same draws.

    None where the closed form has none either.
    """
    found: list[list[float] | None] = [None] * len(totals)
    by_size: dict[int, list[int]] = {}
    for place, one in enumerate(totals):
        ratio = ratio_of_sums(*one) if one else None
        if one and ratio and ratio.questions > 1:
            by_size.setdefault(len(one[0]), []).append(place)
    for places in by_size.values():
        b, a = (np.stack([of_pair[side] for place in places if (of_pair := totals[place])], axis=1) for side in (0, 1))
        for place, replicates in zip(places, clusters.bootstrap(b, a, _DRAWS).T, strict=True):
            found[place] = _listed(clusters.percentile_interval(replicates))
    return found


def _win_rates(group: Matches) -> dict[str, Any]:
    """b's win rates.

    `win_rate`: ties and inconsistent matches as half (MT-bench). `consistent_win_rate`: over the matches judged in both
    orders that agree. `order_corrected_win_rate`: the mean of b's win rates shown second and shown first.
    `win_rate_bounds`: with every incomplete match lost, and won (Manski 1990); None where none is.
    `win_rate_bounds_interval`: from the lower end of the first's interval to the upper end of the second's. `open`: the
    interval of `win_rate` leaves out one half, so that one model seems better, and that interval does not.
    """
    both_agree = np.where(np.isnan(group.agree), np.nan, group.points(_CONSISTENT))
    named = {
        "win_rate": group.mean(group.points()),
        "consistent_win_rate": group.mean(both_agree),
        "order_corrected_win_rate": _order_corrected(group),
    }
    entry: dict[str, Any] = {}
    for name, estimate in named.items():
        entry[name] = estimate.value if estimate else None
        entry[f"{name}_interval"] = _listed(estimate.share_interval()) if estimate else None
    return entry | _win_rate_bounds(group, entry["win_rate_interval"])


def _win_rate_bounds(group: Matches, interval: Sequence[float] | None) -> dict[str, Any]:
    nothing = {"win_rate_bounds": None, "win_rate_bounds_interval": None, "open": False}
    if not group.count("incomplete"):
        return nothing
    ends = [group.mean(group.points({**POINTS, "incomplete": end})) for end in (0.0, 1.0)]
    worst, best = (end.share_interval() if end else None for end in ends)
    if not (worst and best and ends[0] and ends[1]):
        return nothing
    reach = [worst[0], best[1]]
    seems = interval is not None and not interval[0] <= 0.5 <= interval[1]
    crossed = reach[0] <= 0.5 <= reach[1]
    return {
        "win_rate_bounds": [ends[0].value, ends[1].value],
        "win_rate_bounds_interval": reach,
        "open": seems and crossed,
    }


def _order_corrected(group: Matches) -> Estimate | None:
    """The mean of b's win rate where a was shown first and where b was.

    Of an adaptive run over the matches judged in both orders, weighted as in `_by_order`, since which these are
    depends on the first verdict. Else over all matches of either order. None where only one order was judged.
    """
    first, second = 1 - group.won_first, 1 - group.won_second
    if (group.chance < 1).any():
        return group.mean((first + second) / 2, group.weight)
    halves = [group.mean(won) for won in (first, second)]
    return (halves[0] + halves[1]).times(0.5) if halves[0] and halves[1] else None


def _by_order(group: Matches) -> dict[str, Any]:
    """Of matches judged in both orders: the share in which they agree, and what being shown first gains a.

    Where a random share of matches was drawn for its second order, each of them stands for as many as it was drawn
    from: itself and those left in one order.
    """
    entry: dict[str, Any] = {}
    for name, values in (("consistency", group.agree), ("order_effect", group.won_first - group.won_second)):
        estimate = group.mean(values, group.weight)
        interval = None if estimate is None else _BY_ORDER[name](estimate)
        entry |= {name: estimate.value if estimate else None, f"{name}_interval": _listed(interval)}
    return entry


_BY_ORDER = {"consistency": Estimate.share_interval, "order_effect": Estimate.interval}


def _parts(group: Scores) -> Iterator[tuple[int | None, str | None, Scores]]:
    """The whole, each turn, each category, and each category's turns."""
    yield None, None, group
    for turn in np.unique(group.turn):
        yield int(turn), None, group.take(group.turn == turn)
    for category in pd.unique(group.category[group.category >= 0]).tolist():
        part, name = group.take(group.category == category), group.categories[category]
        yield None, name, part
        for turn in np.unique(part.turn):
            yield int(turn), name, part.take(part.turn == turn)


def _share(values: pd.Series) -> float | None:
    """The mean of the values, None without any."""
    return float(values.mean()) if len(values) else None


def _listed(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [float(end) for end in interval]
