"""False verdicts and stopping times of `compare`: `python benchmarks/sequential.py [--data DIR] [--runs 10000]`.

Three tests of a win rate at a threshold, on the same points in the same order: ours (betting, looked at after every
question), the t test at a number of questions fixed beforehand, and a z test looked at after every question (from the
tenth on) as if each look were the only one. All at 5 %, two-sided.

False alarms: the rate is the threshold, so that to say on which side it is, is wrong. Real: the questions of four
published Vicuna reviews, drawn with replacement, each with its sides swapped at random. Models of them: ties, orders
that disagree, ten categories that differ widely. A threshold of 0.45 is what a margin of 0.05 means. "in turn": the
categories one after the other, as a tidier order would have them; ours draws at random.

Stopping: the real questions in random order. `set`: the verdict is about just these 80. Standard errors for 10,000
runs: 0.2 points of a share of 5 %, about 0.3 questions of a median.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special

sys.path.append(str(Path(__file__).resolve().parent))
from coverage import real_pairs

from judgebench.statistics import sequential
from judgebench.statistics.clusters import Floats
from judgebench.statistics.sequential import Evidence

ROOT = Path(__file__).resolve().parent.parent
SEED, CHUNK, ALPHA = 11, 250, 0.05
SIZES = (80, 500)
FIRST = 10  # the question after which the z test begins to be looked at: earlier its deviation is often 0
Z = float(special.ndtri(1 - ALPHA / 2))
Points = Callable[[np.random.Generator, int, int], Floats]  # runs and questions to points (runs, questions)


def points_of(pair: Floats) -> Floats:
    """The second model's points from its scores and the other's, (questions, 2)."""
    return np.where(pair[:, 1] > pair[:, 0], 1.0, np.where(pair[:, 1] < pair[:, 0], 0.0, 0.5))


def ours(points: Floats, threshold: float, evidence: Callable[[Floats], Evidence] = sequential.of_alike) -> Floats:
    """After how many questions each run (runs, questions) was decided; NaN where it never was."""
    parts = [sequential.stopping(evidence(part), threshold, ALPHA) for part in chunks(points)]
    return np.concatenate([np.fmin(above, below) for above, below in parts])


def fixed(points: Floats, threshold: float) -> NDArray[np.bool_]:
    """Whether the t test over all questions decides each run."""
    n = points.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (points.mean(axis=1) - threshold) / (points.std(axis=1, ddof=1) / np.sqrt(n))
    return np.asarray(np.abs(t) > special.stdtrit(n - 1, 1 - ALPHA / 2))


def peeked(points: Floats, threshold: float) -> Floats:
    """After how many questions the z test, looked at after each, decides each run; NaN where it never does."""
    n = np.arange(1, points.shape[1] + 1)
    mean = points.cumsum(axis=1) / n
    variance = np.maximum((points**2).cumsum(axis=1) / n - mean**2, 0) * n / np.maximum(n - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        known = (np.abs(mean - threshold) > Z * np.sqrt(variance / n)) & (n >= FIRST)
    return np.where(known.any(axis=1), known.argmax(axis=1) + 1.0, np.nan)


def chunks(points: Floats) -> Iterator[Floats]:
    """A few runs at a time."""
    return (points[start : start + CHUNK] for start in range(0, len(points), CHUNK))


def swapped(real: Floats) -> Points:
    """Questions drawn from real ones, sides swapped at random: the rate is 0.5, the ties are as they were."""

    def draw(rng: np.random.Generator, runs: int, questions: int) -> Floats:
        drawn = rng.choice(real, (runs, questions))
        return np.asarray(np.where(rng.random(drawn.shape) < 0.5, 1 - drawn, drawn))

    return draw


def matches(rate: float, ties: float, orders: int = 1) -> Points:
    """Independent questions with this win rate; of two orders each, that disagree as often as chance has it."""

    def draw(rng: np.random.Generator, runs: int, questions: int) -> Floats:
        lost, won = 1 - rate - ties / 2, rate - ties / 2
        drawn = rng.choice([0.0, 0.5, 1.0], p=[lost, ties, won], size=(runs, questions, orders))
        return np.asarray(drawn.mean(axis=2))

    return draw


def categories(rate: float, shuffled: bool, spread: float = 0.35) -> Points:
    """Ten categories, half of which do that much better than the rate, half worse; shuffled or one after another."""

    def draw(rng: np.random.Generator, runs: int, questions: int) -> Floats:
        rates = np.tile(rate + spread * np.array([1, -1] * 5), -(-questions // 10))[:questions]
        blocks = [rng.permuted(np.tile(np.arange(10), (runs, 1)), axis=1) + start for start in range(0, questions, 10)]
        every = np.tile(np.arange(questions), (runs, 1))
        order = rng.permuted(every, axis=1) if shuffled else np.concatenate(blocks, axis=1)
        return np.asarray(rng.random((runs, questions)) < rates[order], np.float64)

    return draw


def false_alarms(pairs: dict[str, Floats], runs: int) -> Iterator[str]:
    """A line per null model and size: the share of runs that are decided."""
    yield f"{'false alarms':<44} questions  ours   fixed n  peeked z"
    models: list[tuple[str, float, Points]] = [
        *((f"real, sides swapped: {name}", 0.5, swapped(points_of(pair))) for name, pair in pairs.items()),
        ("model: no ties", 0.5, matches(0.5, 0.0)),
        ("model: 30 % ties", 0.5, matches(0.5, 0.3)),
        ("model: two orders, 30 % ties", 0.5, matches(0.5, 0.3, orders=2)),
        ("model: margin 0.05, 30 % ties", 0.45, matches(0.45, 0.3)),
        ("model: margin 0.3, no ties", 0.2, matches(0.2, 0.0)),
        ("model: categories far apart", 0.5, categories(0.5, shuffled=True)),
        ("model: categories far apart, in turn", 0.5, categories(0.5, shuffled=False)),
    ]
    for name, threshold, draw in models:
        for questions in SIZES:
            points = draw(np.random.default_rng(SEED), runs, questions)
            found = ours(points, threshold), fixed(points, threshold), peeked(points, threshold)
            rates = ~np.isnan(found[0]), found[1], ~np.isnan(found[2])
            yield f"{name:<44} {questions:9d}  " + "  ".join(f"{100 * rate.mean():5.2f} %" for rate in rates)


def stopping(pairs: dict[str, Floats], runs: int) -> Iterator[str]:
    """A line per real pair and threshold: the median questions to a verdict, and the share of runs that get one."""
    yield f"\n{'questions to a verdict, of 80':<32} threshold  ours          set           fixed n  peeked z"
    for name, pair in pairs.items():
        real = points_of(pair)
        orders = np.random.default_rng(SEED).permuted(np.tile(real, (runs, 1)), axis=1)
        for threshold in (0.5, 0.45):
            of_set = ours(orders, threshold, partial(sequential.of_set, questions=len(real)))
            decided = f"{'80' if fixed(real[None], threshold)[0] else '-':>7}"
            shown = (told(ours(orders, threshold)), told(of_set), decided, told(peeked(orders, threshold)))
            yield f"{name:<32} {threshold:9.2f}  " + "  ".join(shown)


def told(stops: Floats) -> str:
    """The median, where more than half of the runs are decided, and the share that is."""
    share = float((~np.isnan(stops)).mean())
    median = f"{np.median(np.nan_to_num(stops, nan=np.inf)):.0f}" if share > 0.5 else "-"
    return f"{median:>3} ({100 * share:5.1f} %)"


def with_predictions(runs: int) -> Iterator[str]:
    """What guesses are worth where the verdict is about the set: 200 questions, 30 % ties, at 0.5."""
    yield f"\n{'the set of 200, with predictions':<32} rate   correlation  plain         with          telling order"
    rng, n = np.random.default_rng(SEED), 200
    for rate in (0.5, 0.6, 0.7):
        lost, tied = round(n * (1 - rate - 0.15)), 60
        real = np.repeat([0.0, 0.5, 1.0], [lost, tied, n - lost - tied])
        for noise in (3.0, 0.35, 0.15):
            shown: list[list[float]] = [[], [], []]
            correlations = []
            for _ in range(runs):
                guess = np.clip(real + rng.normal(0, noise, n), 0, 1)
                correlations.append(np.corrcoef(real, guess)[0, 1])
                for place, weights in enumerate((None, np.ones(n), 0.5 + np.abs(guess - 0.5))):
                    shown[place].append(_once(real, guess, weights, rng))
            cells = "  ".join(told(np.array(stops)) for stops in shown)
            yield f"{'':<32} {rate:.2f}  {np.mean(correlations):11.2f}  {cells}"


def _once(real: Floats, guess: Floats, weights: Floats | None, rng: np.random.Generator) -> float:
    order = np.argsort(rng.exponential(size=len(real)) / (1 if weights is None else weights))
    if weights is None:
        evidence = sequential.of_set(real[order], len(real))
    else:
        evidence = sequential.of_set_with(real[order], guess[order], weights[order])
    stops = sequential.stopping(evidence, 0.5, ALPHA)
    known = float(np.fmin(*stops))
    return known if known < len(real) else float("nan")  # at the last question a set is known anyway


def price(runs: int) -> Iterator[str]:
    """How many questions the sequential test takes for one of the fixed test of the same power, 80 %."""
    yield f"\n{'questions for 80 % power':<32} difference  fixed n  ours, at most  on average"
    for difference in (0.05, 0.1, 0.2):
        ties = 0.3
        spread = np.sqrt((1 - ties) / 4 - difference**2)
        n = int(np.ceil(((Z + special.ndtri(0.8)) * spread / difference) ** 2))
        points = matches(0.5 + difference, ties)(np.random.default_rng(SEED), max(runs // 10, 500), 3 * n)
        stops = ours(points, 0.5)
        most = np.quantile(np.nan_to_num(stops, nan=np.inf), 0.8)
        mean = np.fmin(np.nan_to_num(stops, nan=np.inf), most).mean()
        yield f"{'':<32} {difference:10.2f}  {n:7d}  {most:7.0f} ({most / n:.2f})  {mean:7.0f} ({mean / n:.2f})"


def main() -> None:
    """Print the four tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--runs", type=int, default=10_000)
    given = parser.parse_args()
    pairs = real_pairs(given.data) if given.data.is_dir() else {}
    for line in false_alarms(pairs, given.runs):
        print(line, flush=True)
    for lines in (stopping(pairs, given.runs), price(given.runs), with_predictions(max(given.runs // 50, 20))):
        for line in lines:
            print(line, flush=True)


if __name__ == "__main__":
    main()
