"""Totals, ratios, win rates and mean scores: the figures of the Vicuna evaluation and of MT-bench, with intervals."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, cast

import numpy as np
import pandas as pd

from judgebench.statistics import clusters
from judgebench.statistics.clusters import Estimate, Floats, Interval, mean_by_question, ratio_of_sums, sums
from judgebench.statistics.estimates import POINTS, mean_scores, numbered, questions_of, win_rate
from judgebench.statistics.repeats import matches_over_repeats, pair_panels, score_panels, scores_over_repeats

_PAIR = ["question_set", "judge", "kind", "model_a", "model_b"]
_MODEL = ["question_set", "judge", "model"]
_DRAWS = 4 * clusters.DRAWS  # for ends of intervals that are right to the third digit
_CONSISTENT = {"a": 0.0, "tie": 0.5, "b": 1.0}


def pairs(matches: pd.DataFrame) -> list[dict[str, Any]]:
    """One entry per question set, judge, kind of verdict and pair [a, b], from a frame of matches.

    `totals`: sums of the scores over complete matches, None where the verdicts have no scores. `ratio`: b's total
    over a's. `wins`: [a's, b's], `ties`, `inconsistent`, `incomplete`: matches. `reviews`, `missing`: reviews with
    and without a verdict. `one_order`: matches judged in one order. `repeat_flips`: matches whose repeats gave
    different outcomes. `consistency` and `order_effect`: see `_by_order`. `win_rate` and the figures after it: see
    `_win_rates`. Each `..._interval` is [low, high] at 95 %, None for fewer than two questions. Source of the ratio:
    the Vicuna evaluation, March 2023.
    """
    groups = list(numbered(matches_over_repeats(matches)).groupby(_PAIR, sort=False, observed=True))
    entries = [_pair(dict(zip(_PAIR, key, strict=True)), group) for key, group in groups]
    return _bootstrapped(entries, [group for _, group in groups])


def pair_panels_of(matches: pd.DataFrame, leave_out: Sequence[str] = ()) -> list[dict[str, Any]]:
    """An entry as of `pairs` for each pair that several judges judged, over the matches that all of them did.

    `judge` is "panel", `judges` are their names, and `disagreement` is the share of the complete matches in which
    their outcomes differ.
    """
    found = []
    for judges, group in pair_panels(matches_over_repeats(matches), leave_out):
        key = {name: group[name].iloc[0] for name in _PAIR}
        complete = group[group["outcome"] != "incomplete"]
        (entry,) = _bootstrapped([_pair(key, numbered(group))], [numbered(group)])
        found.append(entry | {"judges": judges, "disagreement": _share(complete["disagree"])})
    return found


def scores(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Mean scores per model: over all, per turn, per category, and both, from a frame of scores.

    `turn` and `category` are None where the entry is over all of them. `n` counts the matches in the mean, each with
    the mean of its repeats, and `missing` the reviews without a score, which are left out of it; `mean` is None
    where n is 0. `interval` is its 95 % interval. `bounds`: the mean if every missing score were the scale's lowest,
    and its highest; None where nothing is missing or the scale isn't known. `repeat_flips`: matches whose repeats
    gave different scores.
    """
    return [_place(key, *part) for key, group in _by_model(frame) for part in _parts(group)]


def score_panels_of(frame: pd.DataFrame, leave_out: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Entries as of `scores` for each model that several judges graded, over the matches that all of them did.

    `judge` is "panel" and `judges` are their names. `disagreement`: the share of the matches with all scores in which
    these differ; `spread`: the mean distance from the lowest to the highest.
    """
    found = []
    for judges, group in score_panels(scores_over_repeats(frame), leave_out):
        key = {name: group[name].iloc[0] for name in _MODEL}
        for turn, category, part in _parts(group):
            known = part.dropna(subset=["score"])
            panel = {"disagreement": _share(known["disagree"]), "spread": _share(known["spread"])}
            found.append(_place(key, turn, category, part) | {"judges": judges} | panel)
    return found


def score_differences(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The difference of mean scores of each two models [a, b] by one judge: b's mean less a's, paired by question.

    `interval` is the 95 % interval, cluster-robust by question; None for fewer than two questions.
    """
    found = []
    for key, group in scores_over_repeats(frame).groupby(["question_set", "judge"], sort=False, observed=True):
        for (a, mean_a), (b, mean_b) in combinations(mean_scores(group).items(), 2):
            gap = mean_b - mean_a
            about = {"question_set": key[0], "judge": key[1], "models": [a, b]}
            found.append({**about, "difference": gap.value, "interval": _listed(gap.interval())})
    return found


def turn_differences(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """How each later turn's mean score differs from the first turn's, by question; `difference` < 0: a drop."""
    found = []
    for key, group in _by_model(frame):
        by_turn = mean_scores(group, "turn")
        first = by_turn.get(1)
        for turn, mean in sorted(by_turn.items()):
            if first is not None and mean is not first:
                gap = mean - first
                about = {**key, "turn": int(turn), "first": first.value, "mean": mean.value}
                found.append({**about, "difference": gap.value, "interval": _listed(gap.interval())})
    return found


def _by_model(frame: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    for key, group in scores_over_repeats(frame).groupby(_MODEL, sort=False, observed=True):
        yield dict(zip(_MODEL, key, strict=True)), group


def _place(key: Mapping[str, Any], turn: int | None, category: str | None, part: pd.DataFrame) -> dict[str, Any]:
    codes, ids = pd.factorize(part["question_id"])
    mean = mean_by_question(codes, part["score"].to_numpy(), len(ids))
    number, missing = int(part["score"].notna().sum()), int(part["missing"].sum())
    return {
        **key,
        "turn": turn,
        "category": category,
        "mean": mean.value if mean else None,
        "n": number,
        "missing": missing,
        "repeat_flips": int(part["flip"].sum()),
        "interval": _listed(mean.interval()) if mean else None,
        "bounds": _bounds(part),
    }


def _bounds(part: pd.DataFrame) -> list[float] | None:
    """The mean with every missing score at either end of its scale. Source: Manski, AER Papers 80 (1990)."""
    score = part["score"].to_numpy()
    unknown = np.isnan(score)
    ends = [part[end].to_numpy()[unknown] for end in ("low", "high")]
    if not unknown.any() or any(np.isnan(end).any() for end in ends):
        return None
    return [float((np.nansum(score) + end.sum()) / len(score)) for end in ends]


def _pair(key: Mapping[str, Any], group: pd.DataFrame) -> dict[str, Any]:
    counts = group["outcome"].value_counts()
    return {
        "question_set": key["question_set"],
        "judge": key["judge"],
        "kind": key["kind"],
        "models": [key["model_a"], key["model_b"]],
        **_totals(group),
        "wins": [int(counts.get("a", 0)), int(counts.get("b", 0))],
        "ties": int(counts.get("tie", 0)),
        "inconsistent": int(counts.get("inconsistent", 0)),
        "incomplete": int(counts.get("incomplete", 0)),
        "questions": len(np.unique(group["question"])),
        "matches": len(group),
        "reviews": int(group["reviews"].sum()),
        "missing": int(group["missing"].sum()),
        "one_order": int((group["orders"] == 1).sum()),
        "repeat_flips": int(group["flip"].sum()),
        **_by_order(group),
        **_win_rates(group),
    }


def _totals(group: pd.DataFrame) -> dict[str, Any]:
    """The total scores, their ratio, and its interval in closed form."""
    sums_ = _sums(group)
    ratio = ratio_of_sums(*sums_) if sums_ else None
    return {
        "totals": [float(sums_[1].sum()), float(sums_[0].sum())] if sums_ else None,
        "ratio": ratio.value if ratio else None,
        "ratio_interval": _listed(ratio.interval()) if ratio else None,
        "ratio_bootstrap": None,
    }


def _sums(group: pd.DataFrame) -> tuple[Floats, Floats] | None:
    """By question of the set, what b's scores and a's add up to; None without scores."""
    codes, questions = questions_of(group)
    a, b = group["score_a"].to_numpy(), group["score_b"].to_numpy()
    known = ~(np.isnan(a) | np.isnan(b))
    return (sums(codes[known], b[known], questions), sums(codes[known], a[known], questions)) if known.any() else None


def _bootstrapped(entries: list[dict[str, Any]], groups: Sequence[pd.DataFrame]) -> list[dict[str, Any]]:
    """The entries with `ratio_bootstrap`, by percentiles; all pairs of a set at once, over the same draws."""
    by_size: dict[int, list[tuple[int, tuple[Floats, Floats]]]] = {}
    for place, (entry, group) in enumerate(zip(entries, groups, strict=True)):
        found = _sums(group) if entry["ratio_interval"] else None
        if found:
            by_size.setdefault(len(found[0]), []).append((place, found))
    for members in by_size.values():
        b, a = (np.stack([found[side] for _, found in members], axis=1) for side in (0, 1))
        replicates = clusters.bootstrap(b, a, _DRAWS)
        for (place, _), column in zip(members, replicates.T, strict=True):
            entries[place]["ratio_bootstrap"] = _listed(clusters.percentile_interval(column))
    return entries


def _win_rates(group: pd.DataFrame) -> dict[str, Any]:
    """b's win rates.

    `win_rate`: ties and inconsistent matches as half (MT-bench). `consistent_win_rate`: over the matches judged in both
    orders that agree. `order_corrected_win_rate`: the mean of b's win rates shown second and shown first.
    `win_rate_bounds`: with every incomplete match lost, and won (Manski 1990); None where none is.
    `win_rate_bounds_interval`: from the lower end of the first's interval to the upper end of the second's. `open`: the
    interval of `win_rate` leaves out one half, so that one model seems better, and that interval does not.
    """
    both = group["agree"].notna().to_numpy()
    named = {
        "win_rate": win_rate(group),
        "consistent_win_rate": win_rate(group[both], _CONSISTENT) if both.any() else None,
        "order_corrected_win_rate": _order_corrected(group),
    }
    entry: dict[str, Any] = {}
    for name, estimate in named.items():
        entry[name] = estimate.value if estimate else None
        entry[f"{name}_interval"] = _listed(estimate.share_interval()) if estimate else None
    return entry | _win_rate_bounds(group, entry["win_rate_interval"])


def _win_rate_bounds(group: pd.DataFrame, interval: Sequence[float] | None) -> dict[str, Any]:
    nothing = {"win_rate_bounds": None, "win_rate_bounds_interval": None, "open": False}
    if not (group["outcome"] == "incomplete").any():
        return nothing
    ends = [win_rate(group, {**POINTS, "incomplete": end}) for end in (0.0, 1.0)]
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


def _order_corrected(group: pd.DataFrame) -> Estimate | None:
    """The mean of b's win rate where a was shown first and where b was.

    Of an adaptive run over the matches judged in both orders, weighted as in `_by_order`, since which these are
    depends on the first verdict. Else over all matches of either order. None where only one order was judged.
    """
    codes, questions = questions_of(group)
    first, second = 1 - group["won_first"].to_numpy(), 1 - group["won_second"].to_numpy()
    if (group["chance"] < 1).any():
        return mean_by_question(codes, (first + second) / 2, questions, _weights(group))
    halves = [mean_by_question(codes, won, questions) for won in (first, second)]
    return (halves[0] + halves[1]).times(0.5) if halves[0] and halves[1] else None


def _by_order(group: pd.DataFrame) -> dict[str, Any]:
    """Of matches judged in both orders: the share in which they agree, and what being shown first gains a.

    Where a random share of matches was drawn for its second order, each of them stands for as many as it was drawn
    from: itself and those left in one order.
    """
    (codes, questions), weights = questions_of(group), _weights(group)
    effect = group["won_first"].to_numpy() - group["won_second"].to_numpy()
    entry: dict[str, Any] = {}
    for name, values in (("consistency", group["agree"].to_numpy()), ("order_effect", effect)):
        estimate = mean_by_question(codes, values, questions, weights)
        interval = None if estimate is None else _BY_ORDER[name](estimate)
        entry |= {name: estimate.value if estimate else None, f"{name}_interval": _listed(interval)}
    return entry


_BY_ORDER = {"consistency": Estimate.share_interval, "order_effect": Estimate.interval}


def _weights(group: pd.DataFrame) -> Floats:
    """How many matches each one judged in both orders stands for."""
    drawn = (group["chance"].to_numpy() < 1) & ~np.isnan(group["agree"].to_numpy())
    left = int(((group["orders"].to_numpy() == 1) & (group["outcome"] != "incomplete").to_numpy()).sum())
    return np.where(drawn, (drawn.sum() + left) / max(drawn.sum(), 1), 1.0)


def _parts(group: pd.DataFrame) -> Iterator[tuple[int | None, str | None, pd.DataFrame]]:
    """The whole, each turn, each category, and each category's turns."""
    yield None, None, group
    for turn, part in group.groupby("turn"):
        yield cast("int", turn), None, part
    for category, part in group.groupby("category", sort=False, observed=True):
        yield None, str(category), part
        for turn, piece in part.groupby("turn"):
            yield cast("int", turn), str(category), piece


def _share(values: pd.Series) -> float | None:
    """The mean of the values, None without any."""
    return float(values.mean()) if len(values) else None


def _listed(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [float(end) for end in interval]
