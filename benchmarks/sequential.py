"""The tests of `compare`, simulated: `python benchmarks/sequential.py [--data DIR] [--runs 10000] [--only PART ...]`.

Four tests of a win rate at a threshold, on the same points in the same order, all at 5 %, two-sided: ours
(`sequential.decide`, a look after every question), the one before it (a portfolio of constant fractions), the t test at
a number of questions fixed beforehand, and O'Brien and Fleming's with ten looks planned beforehand, by t statistics.
`best` is what no bet can exceed that stays right whatever the points are: one that knows how likely each outcome is.

    power      the right verdict, and how many questions are judged, where there is a difference
    family     the same over cases drawn at random, none of which was looked at when the stakes were chosen
    nulls      wrong verdicts where the rate is the threshold, and where questions are added three times
    added      the power where questions are added after no verdict
    kept       wrong verdicts where questions are added in the order that `history/` keeps, and by several seeds
    stopping   the questions of four published Vicuna reviews, in random order; about questions like them and about them
    price      how many more questions must be planned for the power of a t test
    guesses    what predictions are worth: about a set, and for giving up in time
    few        `--fixed` where most points are ties, every outcome added up

Standard errors for 10,000 runs: 0.2 points of a share of 5 %, 0.4 of one of 80 %.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

sys.path.append(str(Path(__file__).resolve().parent))
from coverage import real_pairs

from judgebench.compare import order
from judgebench.compare.history import History
from judgebench.compare.reading import Drawn, few_decided
from judgebench.errors import UsageError
from judgebench.statistics import bounded, sequential
from judgebench.statistics.clusters import Floats, mean_by_question
from judgebench.statistics.sequential import Evidence, Planned
from judgebench.tables.records import Draw, Question

ROOT = Path(__file__).resolve().parent.parent
SEED, CHUNK, ALPHA = 11, 500, 0.05
OUTCOMES = np.array([0.0, 0.5, 1.0])
Z = float(special.ndtri(1 - ALPHA / 2))
LOOKS, BOUND = 10, 2.087  # O'Brien and Fleming's constant for ten looks; Jennison and Turnbull (2000), table 2.3
FRACTIONS = (np.arange(40) + 0.5) / 40  # the portfolio of the test before this one
SHARES = np.log(FRACTIONS * (1 - FRACTIONS) / (FRACTIONS * (1 - FRACTIONS)).sum())
Points = Callable[[np.random.Generator, int, int], Floats]  # runs and questions to points (runs, questions)
Stops = tuple[Floats, Floats]  # after how many questions each run is known to be above, and below; NaN: never


def ours(points: Floats, threshold: float, planned: Planned) -> Stops:
    """The test of the product."""
    parts = [sequential.stopping(sequential.of_alike(part, planned), threshold, ALPHA) for part in chunks(points)]
    above, below = (np.concatenate(side) for side in zip(*parts, strict=True))
    return above, below


def about_set(points: Floats, threshold: float, evidence: Callable[[Floats], Evidence]) -> Stops:
    """The test of the product about just these questions."""
    parts = [sequential.stopping(evidence(part), threshold, ALPHA) for part in chunks(points)]
    above, below = (np.concatenate(side) for side in zip(*parts, strict=True))
    return above, below


def before(points: Floats, threshold: float, of_set: bool = False) -> Stops:
    """The test before this one: constant fractions of the capital, weighed by c (1 - c), and no deadline."""

    def first(part: Floats, mean: float) -> Floats:
        drawn = np.arange(part.shape[1])
        lost = np.cumsum(part, axis=1) - part
        doubted = (mean * len(drawn) - lost) / (len(drawn) - drawn) if of_set else np.full_like(part, mean)
        odds = np.divide(part, doubted, out=np.ones_like(part), where=(doubted > 1e-9) & (doubted < 1))
        logs = np.cumsum(np.log1p(FRACTIONS * (odds[..., None] - 1)), axis=1)
        known = special.logsumexp(logs + SHARES, axis=2) >= np.log(2 / ALPHA)
        return crossed(known | (of_set & (np.cumsum(part, axis=1) > mean * len(drawn) + 1e-9)))

    small = [points[start : start + CHUNK // 4] for start in range(0, len(points), CHUNK // 4)]
    above, below = (
        np.concatenate([first(part if up else 1 - part, threshold if up else 1 - threshold) for part in small])
        for up in (True, False)
    )
    return above, below


def fixed(points: Floats, threshold: float) -> Stops:
    """The t test over all questions."""
    known = np.abs(t_of(points, threshold)) > special.stdtrit(points.shape[1] - 1, 1 - ALPHA / 2)
    above = points.mean(axis=1) > threshold
    last = float(points.shape[1])
    return np.where(known & above, last, np.nan), np.where(known & ~above, last, np.nan)


def planned_looks(points: Floats, threshold: float) -> Stops:
    """O'Brien and Fleming's: at each of ten looks the t statistic against the quantile of their level there."""
    stops = np.full((2, len(points)), np.nan)
    for look in range(LOOKS, 0, -1):
        n = round(points.shape[1] * look / LOOKS)
        if n < 2:
            continue
        t = t_of(points[:, :n], threshold)
        limit = special.stdtrit(n - 1, special.ndtr(BOUND * np.sqrt(LOOKS / look)))
        stops = np.where([t > limit, t < -limit], n, stops)
    return stops[0], stops[1]


def peeked(points: Floats, threshold: float) -> Stops:
    """A z test looked at after each question from the tenth on, as if each look were the only one."""
    n = np.arange(1, points.shape[1] + 1)
    mean = points.cumsum(axis=1) / n
    variance = np.maximum((points**2).cumsum(axis=1) / n - mean**2, 0) * n / np.maximum(n - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (mean - threshold) / np.sqrt(variance / n)
    return crossed((z > Z) & (n >= 10)), crossed((z < -Z) & (n >= 10))


def t_of(points: Floats, threshold: float) -> Floats:
    """Student's t; 0 where nothing varies and the mean is the threshold."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (points.mean(axis=1) - threshold) / (points.std(axis=1, ddof=1) / np.sqrt(points.shape[1]))
    return np.nan_to_num(t, nan=0.0)


def crossed(known: NDArray[np.bool_]) -> Floats:
    """The first question after which it is known; NaN: none."""
    return np.where(known.any(axis=1), known.argmax(axis=1) + 1.0, np.nan)


def chunks(points: Floats) -> Iterator[Floats]:
    """A few runs at a time."""
    return (points[start : start + CHUNK] for start in range(0, len(points), CHUNK))


def chances(rate: float, ties: float) -> Floats:
    """Of a loss, a tie and a win."""
    return np.array([1 - rate - ties / 2, ties, rate - ties / 2])


def best(chance: Floats, threshold: float, questions: int, grid: int = 1500) -> float:
    """The power of the best of all bets that are fair at the threshold, by one who knows how likely each outcome is.

    By dynamic programming over the capital's share of its goal. A test of a bounded mean that is valid whatever the
    points are is such a bet, or no better than one (Clerico, arXiv 2412.02640); a t test is valid about.
    """
    if chance @ OUTCOMES < threshold:
        chance, threshold = chance[::-1], 1 - threshold
    share = np.linspace(0, 1, grid) ** 2
    value = (share >= 1).astype(np.float64)
    for _ in range(questions):
        bets = [
            sum(p * np.interp(share * (1 + stake * (point - threshold)), share, value) for p, point in
                zip(chance, OUTCOMES, strict=True))
            for stake in np.linspace(0, 1 / threshold, 61)
        ]  # fmt: skip
        value = np.maximum(np.max(bets, axis=0), share >= 1)
    return float(np.interp(ALPHA / 2, share, value))


# Points


def points_of(pair: Floats) -> Floats:
    """The second model's points from its scores and the other's, (questions, 2)."""
    return np.where(pair[:, 1] > pair[:, 0], 1.0, np.where(pair[:, 1] < pair[:, 0], 0.0, 0.5))


def swapped(real: Floats) -> Points:
    """Questions drawn from real ones, sides swapped at random: the rate is 0.5, the ties are as they were."""

    def draw(rng: np.random.Generator, runs: int, questions: int) -> Floats:
        drawn = rng.choice(real, (runs, questions))
        return np.asarray(np.where(rng.random(drawn.shape) < 0.5, 1 - drawn, drawn))

    return draw


def matches(rate: float, ties: float, orders: int = 1) -> Points:
    """Independent questions with this win rate; of two orders each, that disagree as often as chance has it."""

    def draw(rng: np.random.Generator, runs: int, questions: int) -> Floats:
        return np.asarray(rng.choice(OUTCOMES, p=chances(rate, ties), size=(runs, questions, orders)).mean(axis=2))

    return draw


def of_rates(rates: Callable[[int], Floats], shuffled: bool = True, ties: float = 0.2) -> Points:
    """Questions each with a rate of its own, as `rates` has them for one batch; batches of 80, in random order."""

    def draw(rng: np.random.Generator, runs: int, questions: int) -> Floats:
        starts = range(0, questions, 80)
        parts = [np.tile(rates(min(80, questions - start)), (runs, 1)) for start in starts]
        each = np.concatenate([rng.permuted(part, axis=1) if shuffled else part for part in parts], axis=1)
        drawn = rng.random(each.shape)
        return (drawn > 1 - each - ties / 2) / 2.0 + (drawn > 1 - each + ties / 2) / 2.0

    return draw


def turns(place: float) -> Points:
    """Two turns, each shown in one random order to a judge that favours a place; a question's turns hang together."""

    def draw(rng: np.random.Generator, runs: int, questions: int) -> Floats:
        shape = (runs, questions, 2)
        better = rng.normal(0, 1, (runs, questions, 1)) + rng.normal(0, 1, shape)
        shown = np.where(rng.random(shape) < 0.5, place, -place)
        return np.asarray(np.where(np.abs(better + shown) < 0.4, 0.5, better + shown > 0).mean(axis=2))

    return draw


def skewed(rng: np.random.Generator, runs: int, questions: int) -> Floats:
    """Mostly a little better, rarely far worse: the mean is a half."""
    return np.asarray(rng.choice([0.0, 0.5, 0.75], p=[0.1, 0.7, 0.2], size=(runs, questions)))


def apart(spread: float, rate: float = 0.5) -> Callable[[int], Floats]:
    """Ten categories, half of which do that much better than the rate, half worse."""
    return lambda questions: np.resize(rate + spread * np.repeat([1, -1], 5), questions)


def drifting(spread: float, rate: float = 0.5) -> Callable[[int], Floats]:
    """From so much better to so much worse within a batch."""
    return lambda questions: rate + np.linspace(spread, -spread, questions)


# Tables


@dataclass(frozen=True)
class Case:
    """A rate and a share of ties that is to be told from a threshold, by so many questions."""

    rate: float
    ties: float
    threshold: float
    questions: int

    def __str__(self) -> str:
        return f"{self.rate:.2f} at {self.threshold:.2f}, {100 * self.ties:.0f} % ties ({self.questions})"


CASES = (
    Case(0.65, 0.2, 0.5, 80), Case(0.5, 0.2, 0.4, 160), Case(0.31, 0.27, 0.45, 80), Case(0.96, 0.04, 0.5, 80),
    Case(0.6, 0.3, 0.5, 160), Case(0.5, 0.3, 0.45, 500), Case(0.5, 0.85, 0.45, 160), Case(0.06, 0.06, 0.45, 240),
)  # fmt: skip
TESTS: tuple[tuple[str, Callable[[Floats, Case], Stops]], ...] = (
    ("ours", lambda points, case: ours(points, case.threshold, case.questions)),
    ("before", lambda points, case: before(points, case.threshold)),
    ("fixed t", lambda points, case: fixed(points, case.threshold)),
    ("O'Brien-Fleming", lambda points, case: planned_looks(points, case.threshold)),
)


def right(stops: Stops, case: Case) -> float:
    """The share of runs whose verdict is right."""
    good, bad = stops if case.rate > case.threshold else stops[::-1]
    return float(np.mean(good < np.nan_to_num(bad, nan=np.inf)))


def judged(stops: Stops, questions: int) -> float:
    """How many questions are judged, on average."""
    return float(np.nan_to_num(np.fmin(*stops), nan=questions).mean())


def power(runs: int) -> Iterator[str]:
    """A line per case: power and questions judged, of each test, and the power of the best bet."""
    names = "".join(f"{name:>17}" for name, _ in TESTS)
    yield f"{'power; questions judged':<38}{names}   best"
    for case in CASES:
        points = matches(case.rate, case.ties)(np.random.default_rng(SEED), runs, case.questions)
        stops = [test(points, case) for _, test in TESTS]
        cells = [f"{100 * right(one, case):5.1f} % {judged(one, case.questions):6.1f}" for one in stops]
        limit = best(chances(case.rate, case.ties), case.threshold, case.questions)
        yield f"{case!s:<38}" + "".join(f"{cell:>17}" for cell in cells) + f"{100 * limit:7.1f} %"


def family(runs: int, cases: int = 24) -> Iterator[str]:
    """Random cases in which a t test has 60 to 95 % power: how far ours and O'Brien and Fleming's are from it."""
    rng, drawn = np.random.default_rng(2026), []
    while len(drawn) < cases:
        questions, threshold = int(rng.choice([60, 100, 200, 300])), float(rng.choice([0.5, 0.47, 0.45, 0.4]))
        ties, side = float(rng.uniform(0, 0.6)), int(rng.choice([1, -1]))
        rate = threshold + side * np.sqrt((1 - ties) / 4 / questions) * (Z + special.ndtri(rng.uniform(0.6, 0.95)))
        if (chances(rate, ties) > 0.02).all():
            drawn.append(Case(float(rate), ties, threshold, questions))
    gaps: dict[str, list[float]] = {name: [] for name, _ in TESTS}
    parts: dict[str, list[float]] = {name: [] for name, _ in TESTS}
    for number, case in enumerate(drawn):
        points = matches(case.rate, case.ties)(np.random.default_rng(number), runs, case.questions)
        stops = {name: test(points, case) for name, test in TESTS}
        for name, found in stops.items():
            gaps[name].append(100 * (right(found, case) - right(stops["fixed t"], case)))
            parts[name].append(judged(found, case.questions) / case.questions)
    yield f"\n{cases} random cases: points of power against the t test (mean, lowest, highest), share judged"
    for name, _ in TESTS:
        gap = gaps[name]
        yield f"{name:<38} {np.mean(gap):6.1f} ({min(gap):.1f} to {max(gap):.1f})  {np.mean(parts[name]):.2f}"


def null_models(pairs: dict[str, Floats]) -> list[tuple[str, float, Points]]:
    """The name, the threshold and the points of each."""
    return [
        *((f"real, sides swapped: {name}", 0.5, swapped(points_of(pair))) for name, pair in pairs.items()),
        *((f"{100 * ties:.0f} % ties", 0.5, matches(0.5, ties)) for ties in (0.0, 0.2, 0.5, 0.8, 0.9)),
        *((f"margin 0.05, {100 * ties:.0f} % ties", 0.45, matches(0.45, ties)) for ties in (0.2, 0.5, 0.8, 0.9)),
        ("margin 0.3, no ties", 0.2, matches(0.2, 0.0)),
        ("two orders, 30 % ties", 0.5, matches(0.5, 0.3, orders=2)),
        ("two turns, a favoured place", 0.5, turns(0.7)),
        ("skewed: rarely far worse", 0.5, skewed),
        ("skewed: rarely far better", 0.5, lambda rng, runs, n: 1 - skewed(rng, runs, n)),
        ("categories far apart", 0.5, of_rates(apart(0.35))),
        ("drift in each batch of 80", 0.5, of_rates(drifting(0.2))),
        ("small drift in each batch", 0.5, of_rates(drifting(0.1))),
    ]


def nulls(pairs: dict[str, Floats], runs: int) -> Iterator[str]:
    """A line per null model and size: the share of runs that are decided, then with 80 questions added three times.

    Of the other tests in a third of the runs.
    """
    yield f"\n{'wrong verdicts':<34} questions   ours  + 80  + 160 + 240   before  fixed t  OBF    peeked z"
    for name, threshold, draw in null_models(pairs):
        for size in (80, 160, 240, 500):
            points = draw(np.random.default_rng(SEED), runs, size + 240)
            planned = np.array([size] * size + [size + 80 * (1 + place // 80) for place in range(240)])
            stops = np.fmin(*ours(points, threshold, planned))
            known = [f"{100 * np.mean(stops <= size + more):5.2f}" for more in (0, 80, 160, 240)]
            some = points[: max(runs // 3, 200), :size]
            others = [test(some, threshold) for test in (before, fixed, planned_looks, peeked)]
            cells = [f"{100 * np.mean(~np.isnan(np.fmin(*one))):6.2f}" for one in others]
            yield f"{name:<34} {size:9d}  {' '.join(known)}   {'  '.join(cells)}"


def in_turn(runs: int) -> Iterator[str]:
    """What a random order is for: the same drift, the questions in the order of their batch."""
    for name, rates in (("small drift", drifting(0.1)), ("drift", drifting(0.2))):
        points = of_rates(rates, shuffled=False)(np.random.default_rng(SEED), runs, 80)
        wrong = [np.mean(~np.isnan(np.fmin(*test))) for test in (ours(points, 0.5, 80), before(points, 0.5))]
        yield f"not in random order, {name}, 80: ours {100 * wrong[0]:.1f} %, before {100 * wrong[1]:.1f} %"


class Rows:
    """A table of draws that is kept in memory."""

    def __init__(self) -> None:
        self.rows: list[Draw] = []

    def read(self) -> list[Draw]:
        """All of them."""
        return self.rows

    def append(self, rows: Iterable[Draw]) -> None:
        """Some more."""
        self.rows = [*self.rows, *rows]

    def claim(self, briefly: bool) -> AbstractContextManager[None]:
        """Nobody else is there."""
        return nullcontext()


def drawn_by_history(seed: int, judged: Sequence[int]) -> Drawn:
    """The order of a comparison whose set grows by 80 questions at a time, each time after so many were judged.

    Another seed is tried each time, which has to be refused.
    """
    ids = [str(number) for number in range(80 * len(judged))]
    head = Draw(comparison="", baseline="", candidate="", question_set="", judge="", seed=seed, drawn=0, planned=0)
    table: Any = Rows()
    for stage, number in enumerate(judged, 1):
        some = [Question(id=one, category="", turns=()) for one in ids[: 80 * stage]]
        history = History(table, head)
        drawn = history.begin(order.at_random(some, seed), dict.fromkeys(ids, ""))
        history.draw(number)
        for other in range(8):
            with suppress(UsageError):
                History(table, replace(head, seed=seed + other + 1)).begin(drawn, {})
                raise AssertionError(f"the seed {seed + other + 1} is not refused")
    return drawn


KEPT = (
    "real, sides swapped: bard", "20 % ties", "margin 0.05, 80 % ties", "two turns, a favoured place",
    "categories far apart", "drift in each batch of 80",
)  # fmt: skip


def kept(pairs: dict[str, Floats], runs: int) -> Iterator[str]:
    """A line per null model: wrong verdicts as questions are added, by `compare`'s own history; then without one.

    Judged whole each time, or given up at 48 and 96 and 160. Without: a new order of all questions each time, and eight
    orders of the first 80.
    """
    ways = (80, 160, 240, 320), (48, 96, 160, 320)
    orders = [[drawn_by_history(run, way) for run in range(runs)] for way in ways]
    sets = [[Question(id=str(one), category="", turns=()) for one in range(size)] for size in ways[0]]
    anew = [[order.at_random(some, run) for run in range(runs)] for some in sets]
    seeds = [[order.at_random(sets[0], 8 * run + seed) for run in range(runs)] for seed in range(8)]
    yield f"\n{'wrong verdicts, the order kept':<34} 80, + 80, + 160, + 240; given up in between;  not kept;  8 seeds"

    def stops(points: Floats, orders: list[Drawn], threshold: float) -> Floats:
        asked = np.array([one.ids for one in orders], np.int64)
        drawn = np.take_along_axis(points, asked, axis=1)
        return np.asarray(np.fmin(*ours(drawn, threshold, orders[0].sizes(drawn.shape[1]))))

    for name, threshold, draw in null_models(pairs):
        if name not in KEPT:
            continue
        points = draw(np.random.default_rng(SEED), runs, 320)
        shares = [
            [(stops(points, of, threshold) <= n).mean() for n in way] for way, of in zip(ways, orders, strict=True)
        ]
        for again in (anew, seeds):
            known = np.array([~np.isnan(stops(points, one, threshold)) for one in again])
            shares.append(np.logical_or.accumulate(known).mean(axis=1))
        cells = (" ".join(f"{100 * share:5.2f}" for share in way) for way in shares)
        yield f"{name:<34} " + ";  ".join(cells)


def added(runs: int) -> Iterator[str]:
    """The power when 80 questions are added up to three times to 80, of which all are judged, or none in vain."""
    yield f"\n{'80 questions, then 80 more each':<38} after 80, 160, 240, 320; none in vain; planned; before; t test"
    for case in (Case(0.58, 0.2, 0.5, 80), Case(0.5, 0.2, 0.43, 80), Case(0.5, 0.5, 0.45, 80)):
        points = matches(case.rate, case.ties)(np.random.default_rng(SEED), runs, 320)
        some = np.array([continued(path, case.threshold) for path in points[: max(runs // 40, 20)]])
        ways = [
            [ours(points, case.threshold, np.repeat([80, 160, 240, 320], 80))[0] <= 80 * n for n in (1, 2, 3, 4)],
            [some <= n for n in (1, 2, 3, 4)],
            [ours(points[:, :size], case.threshold, size)[0] <= size for size in (80, 160, 240, 320)],
            [before(points, case.threshold)[0] <= 80 * n for n in (1, 2, 3, 4)],
            [fixed(points[:, :size], case.threshold)[0] <= size for size in (80, 160, 240, 320)],
        ]
        yield f"{case!s:<38} " + "; ".join("/".join(f"{100 * one.mean():.0f}" for one in way) for way in ways)


def continued(points: Floats, threshold: float) -> float:
    """With which size of the set, first to fourth, a run is known to be above that is given up where it is in vain."""
    planned, judged_ = np.zeros(0, np.int64), 0
    for stage, size in enumerate((80, 160, 240, 320), 1):
        while judged_ < size:
            planned = np.append(planned, [size] * (min(judged_ + 8, size) - judged_))
            judged_ = len(planned)
            side, _ = sequential.decide(points[:judged_], threshold, planned)
            if side:
                return stage if side == "above" else np.inf
            rest = partial(sequential.of_alike, planned=np.append(planned, [size] * (size - judged_)))
            left = size - judged_
            if left and sequential.chance_to_decide(
                points[:judged_], left, threshold, ALPHA, draws=100, evidence=rest
            ) < ALPHA:  # fmt: skip
                break
    return np.inf


def stopping(pairs: dict[str, Floats], runs: int) -> Iterator[str]:
    """A line per real pair and threshold: the median and mean questions to a verdict, and the share that gets one."""
    yield f"\n{'questions to a verdict, of 80':<16} threshold  ours                  before                set" + (
        "                   set, before           fixed t"
    )
    for name, pair in pairs.items():
        real = points_of(pair)
        orders = np.random.default_rng(SEED).permuted(np.tile(real, (runs, 1)), axis=1)
        for threshold in (0.5, 0.45):
            of_set = about_set(orders, threshold, partial(sequential.of_set, questions=len(real)))
            ways = (ours(orders, threshold, 80), before(orders, threshold), of_set, before(orders, threshold, True))
            decided = "80" if ~np.isnan(np.fmin(*fixed(real[None], threshold)))[0] else "-"
            yield f"{name:<16} {threshold:9.2f}  " + "  ".join(told(np.fmin(*one)) for one in ways) + f"  {decided}"


def told(stops: Floats, questions: int = 80) -> str:
    """The median where more than half of the runs are decided, the mean judged, and the share that is decided."""
    share = float((~np.isnan(stops)).mean())
    median = f"{np.median(np.nan_to_num(stops, nan=np.inf)):.0f}" if share > 0.5 else "-"
    mean = np.nan_to_num(stops, nan=questions).mean()
    return f"{median:>3} {mean:5.1f} ({100 * share:5.1f} %)"


def price(runs: int) -> Iterator[str]:
    """How many questions must be planned for a power of 80 %, and are judged, for one of the fixed test."""
    yield f"\n{'questions for 80 % power':<26} difference  fixed  planned (ratio)  judged (ratio)"
    for difference in (0.05, 0.1, 0.2):
        spread = np.sqrt(0.7 / 4 - difference**2)
        n = int(np.ceil(((Z + special.ndtri(0.8)) * spread / difference) ** 2))
        case = Case(0.5 + difference, 0.3, 0.5, n)
        for ratio in np.arange(1.0, 2.0, 0.02):
            planned = round(ratio * n)
            points = matches(case.rate, case.ties)(np.random.default_rng(SEED), runs, planned)
            stops = ours(points, 0.5, planned)
            if right(stops, case) >= 0.8:
                break
        mean = judged(stops, planned)
        yield f"{'':<26} {difference:10.2f}  {n:5d}  {planned:7d} ({ratio:.2f})  {mean:7.0f} ({mean / n:.2f})"


def guesses(runs: int) -> Iterator[str]:
    """What a cheap judge's guesses are worth where the verdict is about the set: 200 questions, 30 % ties, at 0.5."""
    yield f"\n{'the set of 200, guessed':<26} rate  correlation  mean judged: plain, with, and the telling ones sooner"
    rng, n = np.random.default_rng(SEED), 200
    for rate in (0.5, 0.6, 0.7):
        real = np.repeat(OUTCOMES, np.diff([0, round(n * (0.85 - rate)), round(n * (1.15 - rate)), n]))
        for noise in (3.0, 0.6, 0.35, 0.15):
            shown: tuple[list[float], ...] = ([], [], [])
            seen = []
            for _ in range(runs):
                guess = np.clip(real + rng.normal(0, noise, n), 0, 1)
                seen.append(np.corrcoef(real, guess)[0, 1])
                for found, weights in zip(shown, (None, np.ones(n), 0.5 + np.abs(guess - 0.5)), strict=True):
                    found.append(once(real, guess, weights, rng))
            cells = "  ".join(f"{np.mean(found):6.1f}" for found in shown)
            yield f"{'':<26} {rate:.2f}  {np.mean(seen):11.2f}  {cells}"


def once(real: Floats, guess: Floats, weights: Floats | None, rng: np.random.Generator) -> float:
    """After how many questions of the set in a new order the verdict is known."""
    order = np.argsort(rng.exponential(size=len(real)) / (1 if weights is None else weights))
    if weights is None:
        evidence = sequential.of_set(real[order], len(real))
    else:
        evidence = sequential.of_set_with(real[order], guess[order], weights[order])
    return float(np.fmin(np.fmin(*sequential.stopping(evidence, 0.5, ALPHA)), len(real)))


def in_vain(runs: int) -> Iterator[str]:
    """What guesses are worth about questions like these: when a run is given up, at a chance below 5 % to decide."""
    yield f"\n{'80 questions, 20 % ties, at 0.5':<32} rate  correlation  judged plain, guessed;  decided plain, guessed"
    rng = np.random.default_rng(SEED)
    for rate in (0.5, 0.55, 0.6):
        for noise in (0.6, 0.35, 0.15):
            found = np.array([given_up(rate, noise, rng) for _ in range(runs)])
            judged_, known, seen = found[:, :2].mean(axis=0), found[:, 2:4].mean(axis=0), found[:, 4].mean()
            cells = f"{judged_[0]:.1f}, {judged_[1]:.1f};  {100 * known[0]:.1f} %, {100 * known[1]:.1f} %"
            yield f"{'':<32} {rate:.2f}  {seen:11.2f}  {cells}"


def given_up(rate: float, noise: float, rng: np.random.Generator) -> tuple[float, ...]:
    """Questions judged without and with guesses, whether either decided, and how guesses and points correlate."""
    points = matches(rate, 0.2)(rng, 1, 80)[0]
    guess = np.clip(points + rng.normal(0, noise, 80), 0, 1)
    side, after = sequential.decide(points, 0.5, 80)

    def hopeless(n: int, said: Floats | None) -> bool:
        return sequential.chance_to_decide(points[:n], 80 - n, 0.5, ALPHA, draws=100, predictions=said) < ALPHA

    ends = [next((n for n in range(8, after, 8) if hopeless(n, said)), after) for said in (None, guess)]
    known = [float(side is not None and end == after) for end in ends]
    return *map(float, ends), *known, float(np.corrcoef(points, guess)[0, 1])


def few() -> Iterator[str]:
    """The highest chance of a wrong PASS of `--fixed` over shares of ties, and its power, by adding up outcomes."""
    yield f"\n{'--fixed, wrong at most':<24} questions  60 % ties or more: by the variance, ours;  any share of ties"
    for threshold in (0.4, 0.45, 0.5, 0.55):
        for questions in (20, 40, 80, 160):
            counts, lows = outcomes(questions)
            shares = np.linspace(0, 2 * min(threshold, 1 - threshold), 41)
            wrong = 100 * np.array([passes(counts, lows, chances(threshold, ties), threshold) for ties in shares])
            many, all_ = wrong[shares >= 0.6].max(axis=0), wrong.max(axis=0)
            cells = f"{many[0]:5.2f} %, {many[1]:5.2f} %;  {all_[0]:5.2f} %, {all_[1]:5.2f} %"
            yield f"{'':<18} {threshold:5.2f} {questions:9d}  {cells}"
    yield f"{'power':<26} questions  ties   by its variance, ours"
    for questions in (20, 40, 80):
        counts, lows = outcomes(questions)
        for ties in (0.2, 0.5, 0.8):
            rate = min(0.5 + 2.9 * np.sqrt((1 - ties) / 4 / questions), 1 - ties / 2)
            shown = passes(counts, lows, chances(rate, ties), 0.5)
            yield f"{'':<26} {questions:9d}  {ties:.1f}   " + "  ".join(f"{100 * one:.1f} %" for one in shown)


def outcomes(questions: int) -> tuple[Floats, Floats]:
    """All counts of losses, ties and wins, and the lower ends of two intervals of each: by the variance, and ours."""
    counts = [
        (lost, questions - lost - won, won) for lost in range(questions + 1) for won in range(questions + 1 - lost)
    ]
    lows = []
    for each in counts:
        points = np.repeat(OUTCOMES, each)
        estimate = mean_by_question(np.arange(questions), points, questions)
        assert estimate
        by_variance = (estimate.share_interval() or (0.0, 1.0))[0]
        lows.append((by_variance, bounded.lowest(points, ALPHA / 2) if few_decided(points) else by_variance))
    return np.array(counts, np.float64), np.array(lows)


def passes(counts: Floats, lows: Floats, chance: Floats, threshold: float) -> Floats:
    """How likely each of the two lower ends is above the threshold."""
    logs = special.gammaln(counts.sum(axis=1) + 1) - special.gammaln(counts + 1).sum(axis=1)
    likely = np.exp(logs + special.xlogy(counts, np.maximum(chance, 0)).sum(axis=1))
    return np.asarray(likely @ (lows > threshold))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--only", nargs="*", default=[], help="some of the tables")
    given = parser.parse_args()
    pairs = real_pairs(given.data) if given.data.is_dir() else {}
    runs = given.runs
    tables: dict[str, Sequence[Callable[[], Iterator[str]]]] = {
        "power": [partial(power, runs)],
        "family": [partial(family, max(runs // 3, 200))],
        "nulls": [partial(nulls, pairs, runs), partial(in_turn, runs)],
        "added": [partial(added, runs)],
        "kept": [partial(kept, pairs, max(runs // 2, 100))],
        "stopping": [partial(stopping, pairs, runs)],
        "price": [partial(price, runs)],
        "guesses": [partial(guesses, max(runs // 30, 20)), partial(in_vain, max(runs // 50, 20))],
        "few": [few],
    }
    for name in given.only or tables:
        for table in tables[name]:
            for line in table():
                print(line, flush=True)


if __name__ == "__main__":
    main()
