"""Planning from the data's own variance: what n questions detect, and how many questions a difference takes.

Of mean scores the test is the two-sided paired t test over questions, which rejects where the interval of
`Estimate.interval` leaves out the null value. Its power under a difference d is that of a noncentral t with n - 1
degrees of freedom and noncentrality d sqrt(n) / sd. Of win rates see `win_power`. Source: Cohen, Statistical Power
Analysis for the Behavioral Sciences (1988), chapter 2; of paired differences between models on the same questions:
Miller, arXiv 2411.00640 (2024).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any, Protocol

import numpy as np
import pandas as pd
from scipy import optimize, special

from judgebench.statistics.clusters import LEVEL, Estimate, t_quantile
from judgebench.statistics.estimates import CellMeans, points_of_b, win_rate
from judgebench.statistics.win_power import WinRate

ALPHA = 1 - LEVEL
POWER = 0.8
# 5 points of a win rate are what changes a leaderboard; 0.1 and 0.2 of 10 points are what MT-bench tells neighbours by.
DIFFERENCES: Mapping[str, Sequence[float]] = {"win rate": (0.05,), "mean score": (0.1, 0.2)}
_PAIR = ["question_set", "judge", "kind", "model_a", "model_b"]
_TOKENS = ["prompt_tokens", "completion_tokens"]
_ROUNDING = 1e-9  # a standard deviation below this is what rounding leaves of 0
_MOST = 1e6  # sd over difference; beyond it are 10^13 questions
_SHARPEST = 1e-4  # below this alpha, and above this noncentrality, scipy's distribution was not checked
_GREATEST = 1e6

Entry = dict[str, Any]
CostPerCall = Callable[[Mapping[str, Any]], float | None]


def power_of_test(per_question_sd: float, difference: float, n: int, alpha: float = ALPHA) -> float:
    """How likely the two-sided paired t test of n questions is to reject, where the true difference is this large.

    `per_question_sd` is the standard deviation of the difference between questions, in the difference's unit. Raises
    ValueError for a deviation or difference that is not above 0, fewer than 2 questions, or an alpha below 0.0001 or
    not below 1.
    """
    _positive(per_question_sd=per_question_sd, difference=difference)
    if not _SHARPEST <= alpha < 1:
        raise ValueError(f"alpha must be between {_SHARPEST} and 1, not {alpha}")
    return _power(difference / per_question_sd * math.sqrt(_count(n)), n, alpha)


def minimum_detectable(per_question_sd: float, n: int, power: float = POWER, alpha: float = ALPHA) -> float:
    """The smallest true difference at which the two-sided paired t test of n questions rejects with this power.

    In the unit of `per_question_sd`. Raises ValueError for a deviation that is not above 0, fewer than 2 questions, or
    shares that are not 0.0001 <= alpha < power < 1.
    """
    _positive(per_question_sd=per_question_sd)
    _in_order(alpha, power)
    return per_question_sd * _noncentrality(_count(n), power, alpha) / math.sqrt(n)


def questions_needed(per_question_sd: float, difference: float, power: float = POWER, alpha: float = ALPHA) -> int:
    """The fewest questions (at least 2) with which the two-sided paired t test rejects with this power.

    Both in one unit. Raises ValueError as `minimum_detectable` does, and where it would take more than 10^12 questions.
    """
    _positive(per_question_sd=per_question_sd, difference=difference)
    _in_order(alpha, power)
    effect = difference / per_question_sd
    if effect < 1 / _MOST:
        raise ValueError(f"a difference of {difference} at a deviation of {per_question_sd} takes over 10^12 questions")
    low, high = 1, 2  # the power at `low` is too little
    while _power(effect * math.sqrt(high), high, alpha) < power:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        enough = _power(effect * math.sqrt(middle), middle, alpha) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high


def plan(
    matches: pd.DataFrame,
    scores: pd.DataFrame,
    reviews: pd.DataFrame | None = None,
    differences: Mapping[str, Sequence[float]] = DIFFERENCES,
    power: float = POWER,
    cost_per_call: CostPerCall | None = None,
) -> list[Entry]:
    """One entry per pair of a frame of matches, and per two models of a frame of scores, for a test at 5 %.

    `figure` is "win rate" (of b; ties and inconsistent matches are half, incomplete ones are left out; the difference
    is from 0.5) or "mean score" (b's less a's). `questions`: how many there are now. `sd`: the standard deviation
    between questions: of a mean score se sqrt(n) of the figure's Estimate, of a win rate what it is at one half with
    the share of ties that was seen (`win_power.WinRate`). `detects`: the smallest difference that so many questions
    detect with this power. `needed`: for each of `differences[figure]` the `questions` that detect it, the judge's
    `calls` for these, and their `cost`: calls times `cost_per_call(entry)`, None where either is. `calls_per_question`:
    reviews made (with and without a verdict) per question. `prompt_tokens`, `completion_tokens`: means per call.
    `sd`, `detects` and what is needed are None where there is no variance to plan from, and `note` then says why.

    `reviews` (columns question_set, judge, kind, mode, model_a, prompt_tokens, completion_tokens) gives the tokens, and
    how many calls there were per score; without it tokens are None, and a row of scores is one call. Raises ValueError
    for a difference that is not above 0 or a power outside (0.05, 1).
    """
    planned = [*_of_matches(matches), *_of_scores(scores, _calls(reviews))]
    tokens = tokens_per_call(reviews)
    entries = []
    for entry, known in planned:
        about = (entry["question_set"], entry["judge"], entry["kind"])
        prompt, completion = tokens.get(about, (None, None))
        entry |= {"prompt_tokens": prompt, "completion_tokens": completion}
        cost = cost_per_call(entry) if cost_per_call else None
        entries.append(entry | _planned(entry, known, differences[entry["figure"]], power, cost))
    return entries


def tokens_per_call(reviews: pd.DataFrame | None) -> dict[tuple[str, str, str], tuple[float, float]]:
    """Mean prompt and completion tokens of the reviews that say them, by question set, judge and kind of verdict.

    Columns question_set, judge, kind, prompt_tokens, completion_tokens (NaN where unknown).
    """
    if reviews is None:
        return {}
    known = reviews.dropna(subset=_TOKENS)
    means = known.groupby(["question_set", "judge", "kind"], observed=True, sort=False)[_TOKENS].mean()
    return {
        (str(question_set), str(judge), str(kind)): (float(prompt), float(completion))
        for question_set, judge, kind, prompt, completion in means.reset_index().itertuples(index=False)
    }


class Planned(Protocol):
    """What there is to plan from: a figure's deviation between questions, and what questions tell by it."""

    @property
    def questions(self) -> int:
        """How many there are."""
        ...

    @property
    def deviation(self) -> float | None:
        """The standard deviation between questions, in the figure's unit; None where it isn't known."""
        ...

    def detects(self, power: float) -> float | None:
        """The smallest difference that the questions detect, None where they detect none that there is."""
        ...

    def needed(self, difference: float, power: float) -> int | None:
        """How many questions detect a difference, None where there is no such difference."""
        ...


@dataclass(frozen=True, slots=True)
class _Scores:
    """A difference of mean scores; `room` is the largest that the scale has, None where there is no scale."""

    estimate: Estimate
    room: float | None

    @property
    def questions(self) -> int:
        return self.estimate.questions

    @property
    def deviation(self) -> float | None:
        sd = self.estimate.standard_error * math.sqrt(self.questions) if self.questions > 1 else None
        return 0.0 if sd is not None and sd <= _ROUNDING else sd

    def detects(self, power: float) -> float | None:
        found = minimum_detectable(self.deviation, self.questions, power) if self.deviation else None
        return found if found is None or self.room is None or found <= self.room else None

    def needed(self, difference: float, power: float) -> int | None:
        possible = self.deviation and (self.room is None or difference <= self.room)
        return questions_needed(self.deviation, difference, power) if possible and self.deviation else None


@dataclass(frozen=True, slots=True)
class _WinRate:
    """A win rate over so many questions."""

    questions: int
    rate: WinRate | None

    @property
    def deviation(self) -> float | None:
        if self.questions < 2:
            return None
        return self.rate.sd(0.0) if self.rate else 0.0

    def detects(self, power: float) -> float | None:
        return self.rate.detects(self.questions, power, ALPHA) if self.rate else None

    def needed(self, difference: float, power: float) -> int | None:
        return self.rate.needed(difference, power, ALPHA) if self.rate and self.questions > 1 else None


def _planned(entry: Entry, known: Planned, differences: Sequence[float], power: float, cost: float | None) -> Entry:
    """The figures of the entry's plan."""
    needed = []
    for difference in differences:
        questions = known.needed(difference, power)
        calls = math.ceil(questions * entry["calls_per_question"]) if questions else None
        spent = calls * cost if calls is not None and cost is not None else None
        needed.append({"difference": float(difference), "questions": questions, "calls": calls, "cost": spent})
    detects = known.detects(power)
    plan = {"questions": known.questions, "sd": known.deviation, "detects": detects, "needed": needed}
    return plan | {"note": _note(entry, known.deviation, detects)}


def _note(entry: Entry, sd: float | None, detects: float | None) -> str | None:
    if sd is None:
        return "fewer than two questions: there is no variance to plan from"
    if not sd:
        return "every question gives the same: there is no variance to plan from"
    if detects is None:
        return f"no {entry['figure']} is so different: so few questions detect nothing with this power"
    return None


def _of_matches(matches: pd.DataFrame) -> Iterator[tuple[Entry, Planned]]:
    """The win rate of each pair's second model."""
    for key, group in matches.groupby(_PAIR, observed=True, sort=False):
        estimate = win_rate(group)
        if estimate is not None:
            question_set, judge, kind, *models = map(str, key)
            calls = int(group["reviews"].sum() + group["missing"].sum()) / group["question_id"].nunique()
            known = _WinRate(estimate.questions, _seen(group, estimate))
            yield _entry((question_set, judge, kind), models, "win rate", calls), known


def _seen(group: pd.DataFrame, estimate: Estimate) -> WinRate | None:
    """The ties that were seen, and how far a question's matches go together; None where all are ties."""
    points = points_of_b(group["outcome"])
    points = points[~np.isnan(points)]
    ties, spread = float((points == 0.5).mean()), float(((points - estimate.value) ** 2).mean())
    if ties == 1:
        return None
    between = estimate.questions * float((estimate.influence**2).sum())
    if len(points) == estimate.questions or not spread or not between:
        return WinRate(ties)
    return WinRate(ties, between / spread)


def _of_scores(scores: pd.DataFrame, calls: Mapping[tuple[str, str, str], int]) -> Iterator[tuple[Entry, Planned]]:
    """The difference between the mean scores of each two models, over what both have a score on."""
    for (question_set, judge), group in scores.groupby(["question_set", "judge"], observed=True, sort=False):
        about = (str(question_set), str(judge), "rating")
        cells = CellMeans.of(group, "model", ["question_id", "turn"])
        sizes = group.groupby("model", observed=True)["question_id"].agg(["size", "nunique"])
        asked = {
            name: calls.get((*about[:2], str(name)), int(sizes.loc[name, "size"])) / int(sizes.loc[name, "nunique"])
            for name in cells.names
        }
        for a, b in combinations(range(len(cells.names)), 2):
            gap, names = cells.difference(a, b), [cells.names[a], cells.names[b]]
            if gap:
                calls_of_both = sum(asked[name] for name in names)
                yield _entry(about, list(map(str, names)), "mean score", calls_of_both), _Scores(gap, _room(group))


def _room(group: pd.DataFrame) -> float | None:
    """The largest difference between two scores that the scale has; None where it isn't known."""
    if "low" not in group or "high" not in group:
        return None
    room = float(np.max(group["high"].to_numpy(np.float64)) - np.min(group["low"].to_numpy(np.float64)))
    return room if math.isfinite(room) else None


def _calls(reviews: pd.DataFrame | None) -> dict[tuple[str, str, str], int]:
    """How many single reviews there are, by question set, judge and model."""
    if reviews is None:
        return {}
    single = reviews[(reviews["mode"] == "single").to_numpy()]
    counts = single.groupby(["question_set", "judge", "model_a"], observed=True, sort=False).size().reset_index()
    return {
        (str(question_set), str(judge), str(model)): int(count)
        for question_set, judge, model, count in counts.itertuples(index=False)
    }


def _entry(about: tuple[str, str, str], models: Sequence[str], figure: str, calls_per_question: float) -> Entry:
    question_set, judge, kind = about
    named = {"question_set": question_set, "judge": judge, "kind": kind, "models": list(models)}
    return {**named, "figure": figure, "calls_per_question": float(calls_per_question)}


@lru_cache(maxsize=1024)
def _noncentrality(n: int, power: float, alpha: float) -> float:
    """d sqrt(n) / sd at which the test has this power."""
    high = 1.0
    while _power(high, n, alpha) < power:
        high *= 2
    return float(optimize.brentq(lambda nc: _power(nc, n, alpha) - power, 0.0, high, xtol=1e-12))


def _power(noncentrality: float, n: int, alpha: float) -> float:
    """P(|T| > t) for a noncentral t; scipy's distribution is NaN where it is too near 0 to be told from it."""
    t, nc = t_quantile(1 - alpha, n - 1), min(noncentrality, _GREATEST)
    below, above = (float(np.nan_to_num(special.nctdtr(n - 1, nc, end))) for end in (-t, t))
    return below + 1 - above


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be a number above 0, not {value}")


def _count(n: int) -> int:
    if not float(n).is_integer() or n < 2:
        raise ValueError(f"a paired t test takes at least 2 whole questions, not {n}")
    return int(n)


def _in_order(alpha: float, power: float) -> None:
    if not _SHARPEST <= alpha < power < 1:
        raise ValueError(f"it must be {_SHARPEST} <= alpha < power < 1, not alpha {alpha} and power {power}")
