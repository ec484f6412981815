"""How often a planned test rejects: `python benchmarks/power.py [--runs 20000]`.

At the smallest difference that n questions detect, the paired t test over questions must reject in 80 % of the runs.
Two kinds of data: normal differences of scores, and win rates of matches that end 1, 1/2 (a fifth) or 0, planned with
the deviation that there is under the difference. Then how far a pilot's plan can be trusted: the questions needed for
0.2 deviations, as planned from the deviations of 2,000 pilots. Standard error of a share: 0.3 points for 20,000 runs.
"""

import argparse
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from judgebench.statistics.power import minimum_detectable, questions_needed

SEED = 5
SIZES = (10, 20, 40, 80, 500)
PILOTS = 2000


def rejected(samples: NDArray[Any], null: float = 0.0) -> float:
    """In which share of the samples (runs, questions) the two-sided t test at 5 % rejects."""
    n = samples.shape[1]
    t = (samples.mean(axis=1) - null) / (samples.std(axis=1, ddof=1) / math.sqrt(n))
    return float((np.abs(t) > special.stdtrit(n - 1, 0.975)).mean())


def win_rate(n: int, ties: float = 0.2) -> float:
    """The smallest difference from 0.5 that n matches detect, the deviation being that under this difference."""

    def beyond(difference: float) -> float:
        return difference - minimum_detectable(math.sqrt((1 - ties) / 4 - difference**2), n)

    return float(optimize.brentq(beyond, 0.0, (1 - ties) / 2 - 1e-9))


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20_000)
    runs = parser.parse_args().runs
    rng = np.random.default_rng(SEED)
    print("questions  scores: difference, rejected  win rate: difference, rejected")
    for n in SIZES:
        d = minimum_detectable(1.0, n)
        scores = rejected(rng.normal(d, 1.0, (runs, n)))
        by = win_rate(n)
        points = rng.choice([1.0, 0.5, 0.0], p=[0.4 + by, 0.2, 0.4 - by], size=(runs, n))
        with np.errstate(divide="ignore", invalid="ignore"):
            wins = rejected(points, 0.5)
        print(f"{n:9d}  {d:.3f} sd  {100 * scores:.1f} %  {100 * by:.1f} points  {100 * wins:.1f} %")
    print(f"questions needed for 0.2 sd: {questions_needed(1.0, 0.2)}; planned from pilots (2.5 %, median, 97.5 %):")
    for n in (40, 80, 500):
        sds = rng.normal(size=(PILOTS, n)).std(axis=1, ddof=1)
        planned = [questions_needed(float(sd), 0.2) for sd in sds]
        print(n, *np.quantile(planned, [0.025, 0.5, 0.975]).round())


if __name__ == "__main__":
    main()
