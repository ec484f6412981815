"""How often a planned test rejects: `python benchmarks/power.py [--runs 20000]`.

At the smallest difference that n questions detect, the test must reject in 80 % of the runs: of scores (normal
differences) the paired t test over questions, of win rates (matches that end 1, 1/2 or 0) the report's interval. The
last lines plan from results that were seen, lopsided ones too: what is planned is a close pair. Then how far a pilot's
plan can be trusted: the questions needed for 0.2 deviations, as planned from the deviations of 2,000 pilots. Standard
error of a share: 0.3 points for 20,000 runs.
"""

import argparse
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from judgebench.statistics.clusters import share_ends, t_quantile
from judgebench.statistics.power import minimum_detectable, questions_needed
from judgebench.statistics.win_power import WinRate

SEED = 5
SIZES = (10, 20, 40, 80, 500)
PILOTS = 2000
TIES = (0.0, 0.2, 0.6)
SEEN = ((76, 1, 3), (80, 0, 0), (44, 22, 14), (40, 10, 30), (4, 72, 4))


def rejected(samples: NDArray[Any], null: float = 0.0) -> float:
    """In which share of the samples (runs, questions) the two-sided t test at 5 % rejects."""
    n = samples.shape[1]
    t = (samples.mean(axis=1) - null) / (samples.std(axis=1, ddof=1) / math.sqrt(n))
    return float((np.abs(t) > special.stdtrit(n - 1, 0.975)).mean())


def told(points: NDArray[Any]) -> float:
    """In which share of the samples (runs, questions) the report's interval of the win rate leaves out one half."""
    n, mean = points.shape[1], points.mean(axis=1)
    squares = ((points - mean[:, None]) ** 2).sum(axis=1)
    low, high = share_ends(mean, squares, n, t_quantile(0.95, n - 1))
    return float(((low > 0.5) | (high < 0.5)).mean())


def results(rng: np.random.Generator, ties: float, difference: float, runs: int, n: int) -> NDArray[Any]:
    """Points of matches with so many ties, their mean so far above one half, (runs, n)."""
    room = (1 - ties) / 2
    return rng.choice([1.0, 0.5, 0.0], p=[room + difference, ties, room - difference], size=(runs, n))


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20_000)
    runs = parser.parse_args().runs
    rng = np.random.default_rng(SEED)
    print("questions  scores: difference, rejected  win rate with ties: points from one half, told")
    for n in SIZES:
        d = minimum_detectable(1.0, n)
        line = [f"{n:9d}  {d:.3f} sd  {100 * rejected(rng.normal(d, 1.0, (runs, n))):.1f} %"]
        for ties in TIES:
            by = WinRate(ties).detects(n, 0.8, 0.05)
            line.append(
                f"{100 * ties:.0f} %: none"
                if by is None
                else f"{100 * ties:.0f} %: {100 * by:.1f} points {100 * told(results(rng, ties, by, runs, n)):.1f} %"
            )
        print("  ".join(line))
    print("planned from 80 questions that ended so (won, tied, lost), and told at what was planned:")
    for won, tied, lost in SEEN:
        by = WinRate(tied / 80).detects(80, 0.8, 0.05)
        share = told(results(rng, tied / 80, by, runs, 80)) if by else float("nan")
        print(
            f"{won}-{tied}-{lost}: {100 * by:.1f} points, {100 * share:.1f} %" if by else f"{won}-{tied}-{lost}: none"
        )
    print(f"questions needed for 0.2 sd: {questions_needed(1.0, 0.2)}; planned from pilots (2.5 %, median, 97.5 %):")
    for n in (40, 80, 500):
        sds = rng.normal(size=(PILOTS, n)).std(axis=1, ddof=1)
        planned = [questions_needed(float(sd), 0.2) for sd in sds]
        print(n, *np.quantile(planned, [0.025, 0.5, 0.975]).round())


if __name__ == "__main__":
    main()
