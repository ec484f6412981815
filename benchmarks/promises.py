"""What is promised where little is known, simulated: `python benchmarks/promises.py [--runs 4000] [--only PART ...]`.

Nominal 95 % intervals, and tests at 5 %, of the functions that reports and `compare` use:

    means        mean scores of which some are rarely the lowest, beside the t interval
    same         means, differences and ratios of few questions that nearly always say the same
    differences  of two models that share some of their questions, the easy ones
    categories   `shrinkage.differ` on equal categories of very few questions, beside the F distribution
    chosen       the category that is shown as the worst one: its own interval, and the one that holds for all of them
    ratings      a model that was judged on few of 80 questions
    missing      `compare` where what the candidate lost has no verdict
    bridge       how often a judge that moved by the margin is counted together with what it said before; exact

Standard errors for 4,000 runs: 0.3 points of a share of 95 or 5 %.
"""

import argparse
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy import special

from judgebench.compare import reading
from judgebench.compare.bridge import needed
from judgebench.compare.options import Options
from judgebench.site.parts.contrasts import contrasts
from judgebench.statistics import bounded, ratings, sequential
from judgebench.statistics.clusters import Estimate, Floats, Interval, ratio_of_sums
from judgebench.statistics.sequential import Trial
from judgebench.statistics.shrinkage import differ
from judgebench.statistics.summary import score_differences

SEED, LOW, HIGH = 20261130, 1, 10
NEGLIGIBLE = 1e-6  # the chance of an outcome that is left out
Ends = Interval | None


def rated(rng: np.random.Generator, mean: float, deviation: float, shape: tuple[int, ...]) -> Floats:
    """Whole scores from 1 to 10."""
    return np.clip(np.rint(rng.normal(mean, deviation, shape)), LOW, HIGH)


def estimates(scores: Floats, under: Floats | None = None) -> list[Estimate]:
    """Of each run (runs, questions) the mean, or the ratio to others."""
    others = np.ones_like(scores) if under is None else under
    return [one for over, below in zip(scores, others, strict=True) if (one := ratio_of_sums(over, below))]


def covered(ends: Sequence[Ends], truth: float) -> str:
    """The share of intervals that hold it, in %."""
    return f"{100 * np.mean([one is not None and one[0] <= truth <= one[1] for one in ends]):5.1f}"


def width(ends: Sequence[Ends]) -> float:
    """Their mean."""
    return float(np.mean([high - low for low, high in filter(None, ends)]))


def means(runs: int) -> Iterator[str]:
    """A line per share of lowest scores, and kind of the others: ours and t's coverage, and how much wider ours is."""
    yield "mean scores: ours / t % (times as wide)" + "".join(f"{n:>20}" for n in (10, 20, 40, 80, 200))
    for mean, deviation in ((8.6, 0.7), (7.0, 1.5), (5.5, 2.0)):
        for share in (0.0, 0.01, 0.02, 0.04, 0.08):
            cells = []
            for n in (10, 20, 40, 80, 200):
                rng = np.random.default_rng([SEED, n])
                some = rated(rng, mean, deviation, (runs, n))
                truth = share * LOW + (1 - share) * rated(rng, mean, deviation, (1_000_000,)).mean()
                found = estimates(np.where(rng.random(some.shape) < share, LOW, some))
                ours, plain = [one.mean_interval(LOW, HIGH) for one in found], [one.interval() for one in found]
                cells.append(f"{covered(ours, truth)}/{covered(plain, truth)} ({width(ours) / width(plain):.2f})")
            yield f"{100 * share:3.0f} % at 1, {mean} ({deviation})".ljust(39) + "".join(f"{one:>20}" for one in cells)


def same(runs: int) -> Iterator[str]:
    """A line per share of questions that say something else: coverage by figure and number of questions."""
    yield "\nnearly all say the same, covered %:  n = 2, 5, 10, 20, 40 of a mean (ours/t);  a difference;  a ratio"
    for share in (0.02, 0.05, 0.1, 0.2):
        lines: dict[str, list[str]] = {"mean": [], "difference": [], "ratio": []}
        for n in (2, 5, 10, 20, 40):
            other = np.random.default_rng([SEED, n]).random((runs, n)) < share
            scores, apart = np.where(other, 3.0, 5.0), np.where(other, 1.0, 0.0)
            found, ratio = estimates(scores), estimates(8.0 - apart, np.full_like(apart, 8.0))
            truth = 5 - 2 * share
            both = [one.mean_interval(LOW, HIGH) for one in found], [one.interval() for one in found]
            lines["mean"].append("/".join(covered(one, truth) for one in both))
            lines["difference"].append(covered([one.difference_interval(1.0) for one in estimates(apart)], share))
            lines["ratio"].append(covered([one.difference_interval(1 / 8) for one in ratio], 1 - share / 8))
        yield f"{100 * share:3.0f} %   " + ";   ".join(" ".join(cells) for cells in lines.values())


def differences(runs: int) -> Iterator[str]:
    """A line per number of shared questions: the report's difference, and that of the two means."""
    yield "\nshared questions, the easy ones of 80: differences covered %;  of all means: covered %, mean error"
    for shared in (10, 20, 40):
        rng, ours, naive = np.random.default_rng([SEED, shared]), [], []
        for _ in range(runs):
            easy = np.sort(rng.normal(6, 1.5, 80))[::-1]
            a, b = (np.clip(np.rint(easy + more + rng.normal(0, 0.8, 80)), LOW, HIGH) for more in (0.0, 0.0))
            rows = [("s", "j", "rating", "a", str(q), 1, "x", a[q], LOW, HIGH) for q in range(80)]
            rows += [("s", "j", "rating", "b", str(q), 1, "x", b[q], LOW, HIGH) for q in range(shared)]
            columns = [
                "question_set",
                "judge",
                "kind",
                "model",
                "question_id",
                "turn",
                "category",
                "score",
                "low",
                "high",
            ]
            (found,) = score_differences(pd.DataFrame(rows, columns=columns))
            ours.append(tuple(found["interval"]))
            gap = b[:shared].mean() - a.mean()
            half = 1.96 * math.sqrt(a.var(ddof=1) / 80 + b[:shared].var(ddof=1) / shared)
            naive.append((gap - half, gap + half))
        error = np.mean([sum(one) / 2 for one in naive])
        yield f"{shared:3d} shared   {covered(ours, 0.0)};   {covered(naive, 0.0)}, {error:+.2f}"


def by_f(groups: Sequence[Floats]) -> bool:
    """What the F distribution says of the same groups."""
    sizes = np.array([len(one) for one in groups])
    middle = np.concatenate(groups).mean()
    between = sum(len(one) * (one.mean() - middle) ** 2 for one in groups) / (len(groups) - 1)
    within = sum(((one - one.mean()) ** 2).sum() for one in groups) / (sizes.sum() - len(groups))
    return bool(
        between > 0
        and (not within or special.fdtrc(len(groups) - 1, sizes.sum() - len(groups), between / within) < 0.05)
    )


def categories(runs: int) -> Iterator[str]:
    """A line per sizes of equal categories: how often they are said to differ."""
    yield "\nequal categories said to differ, %:  ours, F distribution"
    for sizes in ([2, 1], [2, 2], [1] * 5 + [2], [3] * 10, [8] * 10):
        for ties in (0.2, 0.6):
            rng = np.random.default_rng([SEED, *sizes])
            said = []
            for _ in range(runs):
                points = rng.choice([0.0, 0.5, 1.0], p=[(1 - ties) / 2, ties, (1 - ties) / 2], size=sum(sizes))
                groups = np.split(points, np.cumsum(sizes)[:-1])
                said.append((differ(groups), by_f(groups)))
            ours, f = 100 * np.mean(said, axis=0)
            yield f"{'+'.join(map(str, sizes)):<24} {100 * ties:.0f} % ties   {ours:4.1f}, {f:4.1f}"


def chosen(runs: int) -> Iterator[str]:
    """A line per number of equal categories: how often the worst one's interval holds its win rate."""
    yield "\nthe worst of equal categories, win rate inside, %:  interval of one, of all together"
    for number, questions, rate in itertools.product((2, 5, 10), (8, 20), (0.5, 0.8)):
        rng = np.random.default_rng([SEED, number, questions])
        found = []
        for _ in range(runs):
            drawn = rng.choice(["b", "tie", "a"], p=[rate - 0.1, 0.2, 0.9 - rate], size=(number, questions))
            rows = [
                {
                    "category": str(n),
                    "question_id": f"{n} {q}",
                    "outcome": outcome,
                    "score_a": math.nan,
                    "score_b": math.nan,
                }
                for n, part in enumerate(drawn.tolist())
                for q, outcome in enumerate(part)
            ]
            found.append(contrasts(rows)[0][0])
        one, together = (covered([getattr(each, name) for each in found], rate) for name in ("ends", "among"))
        yield f"{number:2} of {questions:2} questions, {rate:.1f}    {one}, {together}"


def rated_by_few(runs: int) -> Iterator[str]:
    """A line per number of questions on which the third of three models was judged: is its true rating covered?"""
    yield "\na model judged on few of 80 questions, its rating covered %: as good as the others; between unequal ones"
    for seen in (10, 12, 20, 40):
        shares = []
        for apart in (0.0, 0.8):
            rng, found = np.random.default_rng([SEED, seen]), []
            for _ in range(runs):
                frame = judged(rng, seen, apart)
                (z,) = [one for one in ratings.ratings(frame, draws=0) if one["model"] == "z"]
                found.append(tuple(z["interval"]) if z["interval"] else None)
            known = [one for one in found if one]
            shares.append(f"{covered(known, 1000.0)} (none in {100 - 100 * len(known) / runs:.0f} %)")
        yield f"{seen:3d} questions   " + ";   ".join(shares)


def judged(rng: np.random.Generator, seen: int, apart: float) -> pd.DataFrame:
    """x and y on 80 questions, and z, which is midway between them, against both on the first ones."""
    strength = rng.normal(0, 1, (80, 3)) + np.array([apart, -apart, 0.0])
    gaps = {
        pair: strength[:, pair[0]] - strength[:, pair[1]] + rng.normal(0, 0.5, 80) for pair in ((0, 1), (0, 2), (1, 2))
    }
    rows = [
        ("s", "j", "choice", "xyz"[a], "xyz"[b], str(q), "tie" if abs(gap[q]) < 0.3 else "a" if gap[q] > 0 else "b")
        for (a, b), gap in gaps.items()
        for q in range(seen if b == 2 else 80)
    ]
    columns = ["question_set", "judge", "kind", "model_a", "model_b", "question_id", "outcome"]
    return pd.DataFrame(rows, columns=columns)


def missing(runs: int) -> Iterator[str]:
    """A line per share of lost second turns without a verdict: wrong verdicts at the threshold, by what is missing."""
    yield "\nlost second turns without a verdict, at 0.45: wrong PASS, REGRESS %; PASS with --fixed; were they left out"
    for share in (0.1, 0.5, 1.0):
        rng = np.random.default_rng([SEED, round(100 * share)])
        won = (rng.random((runs, 80, 2)) < 0.45).astype(np.float64)
        gone = (won[..., 1] == 0) & (rng.random((runs, 80)) < share)
        lost, best = won.mean(axis=2), np.where(gone, won[..., 0] + 1, won.sum(axis=2)) / 2
        left_out = np.where(gone, won[..., 0], won.mean(axis=2))
        ways = (lost, best), (left_out, left_out)
        ends = [Trial(*(sequential.of_alike(one, 80) for one in pair)).stopping(0.45) for pair in ways]
        options = Options(baseline="a", candidate="b", questions="s", judge="j", fixed=True)
        drawn = reading.Drawn(tuple(map(str, range(80))))
        some = min(runs, 400)
        fixed = [reading.read(left_out[run], drawn, options, (lost[run], best[run])).side for run in range(some)]
        above, below, wrong = (100 * np.mean(~np.isnan(one)) for one in (*ends[0], ends[1][0]))
        passed = 100 * fixed.count("above") / some
        yield f"{100 * share:3.0f} %   {above:4.1f}, {below:4.1f};   {passed:4.1f};   {wrong:4.1f}"


def bridge() -> Iterator[str]:
    """A line per margin and number of questions judged again: how often verdicts are wrongly counted together."""
    yield "\na judge that moved by the margin, counted together %: wins become losses; ties; losses, noise beside"
    for margin in (0.05, 0.1, 0.2):
        for questions in (needed(margin) or 1, 80, 200):
            cells = []
            for changes in ({-1.0: margin}, {-0.5: 2 * margin}, {-1.0: margin + 0.05, 1.0: 0.05}):
                cells.append(f"{100 * together(changes, questions, margin):4.1f}")
            yield f"{margin:.2f}, {questions:3d} questions   " + ", ".join(cells)


def together(changes: dict[float, float], questions: int, margin: float) -> float:
    """The chance that verdicts count together, where so large a change has this chance; every outcome added up."""
    values, chances = np.array([*changes, 0.0]), np.array([*changes.values(), 1 - sum(changes.values())])
    found = 0.0
    for some in itertools.product(range(questions + 1), repeat=len(changes)):
        counts = np.array([*some, questions - sum(some)])
        if counts[-1] < 0 or abs(counts @ values) >= margin * questions:
            continue
        ways = special.gammaln(questions + 1) - special.gammaln(counts + 1).sum()
        if (chance := math.exp(ways + special.xlogy(counts, chances).sum())) < NEGLIGIBLE:
            continue
        low, high = (2 * end - 1 for end in bounded.interval((np.repeat(values, counts) + 1) / 2, 0.9))
        found += chance * (-margin < low and high < margin)
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--only", nargs="*", default=[], help="some of the tables")
    given = parser.parse_args()
    few = max(given.runs // 4, 50)
    tables: dict[str, Callable[[], Iterator[str]]] = {
        "means": partial(means, given.runs),
        "same": partial(same, given.runs),
        "differences": partial(differences, few),
        "categories": partial(categories, given.runs // 2),
        "chosen": partial(chosen, given.runs),
        "ratings": partial(rated_by_few, few),
        "missing": partial(missing, given.runs),
        "bridge": bridge,
    }
    for name in given.only or tables:
        for line in tables[name]():
            print(line, flush=True)


if __name__ == "__main__":
    main()
