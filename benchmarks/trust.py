"""Do the intervals of kappa, alpha and correlations hold the truth: `python benchmarks/trust.py [--runs 2000]`.

Three raters, five matches a question (four answers for the correlation), questions that differ in how hard they are
and in who is better: the simulation of `tests/statistics/test_agreement.py`. Three intervals: the jackknife over
questions, which reports have; the percentile bootstrap by question; and that by match, as if matches were questions.
With `--data` real reviews: the embedded judge grades MT-bench's answers and is held against people's votes, and GPT-4's
own health on the pairs that it judged. Needs the extra `dev`. Standard error of a coverage: 0.5 points for 2,000 runs.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: small matrices gain nothing from more

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "statistics"))

from test_agreement import simulated

from judgebench import load_reviews
from judgebench.statistics.agreement import agreements, cohens_kappa, coincidences_of, krippendorffs_alpha
from judgebench.statistics.clusters import Floats, Interval, percentile_interval, resampled
from judgebench.statistics.figures import Questions, interval_of, jackknifed
from judgebench.statistics.frames import matches_frame, scores_frame
from judgebench.statistics.groups import Groups
from judgebench.statistics.judging import judges
from judgebench.statistics.repeats import matches_over_repeats, scores_over_repeats
from judgebench.statistics.votes import votes_frame

Statistic: TypeAlias = Callable[[Floats], Floats]
SIZES = (20, 40, 80, 500)
CORRELATION = 1 / np.sqrt(6)  # of the shared variance 1 in 3 and in 2
METHODS = ("jackknife of questions", "bootstrap of questions", "bootstrap of matches")


def kappa_tables(raters: Sequence[Any]) -> Floats:
    """What the first two raters said, (questions, 5, 3, 3): one table a match."""
    first, second = (rater[..., None] == np.arange(3) for rater in raters[:2])
    tables: Floats = (first[..., :, None] & second[..., None, :]).astype(np.float64)
    return tables


def alpha_tables(raters: Sequence[Any]) -> Floats:
    """The coincidence matrix of each match, (questions, 5, 3, 3)."""
    counts = sum((rater[..., None] == np.arange(3)).astype(np.float64) for rater in raters)
    flat = np.asarray(counts).reshape(-1, 3)
    cells: Floats = coincidences_of(flat).reshape(*raters[0].shape, 3, 3)
    return cells


def bootstrap(statistic: Statistic, parts: Floats) -> Interval | None:
    """Of a statistic of the sum of `parts` (units, 3, 3), drawn with replacement."""
    drawn = resampled(len(parts)) @ parts.reshape(len(parts), -1)
    return percentile_interval(statistic(drawn.reshape(-1, *parts.shape[1:])))


def agreement(statistic: Statistic, tables: Callable[[Sequence[Any]], Floats], runs: int) -> tuple[float, list[Floats]]:
    """The truth, and for each size the share of runs in which each method holds it."""
    rng, found = np.random.default_rng(7), []
    truth = float(statistic(tables(simulated(rng, 100_000)).sum(axis=(0, 1))))
    for questions in SIZES:
        hits = np.zeros(len(METHODS))
        for _ in range(runs):
            cells = tables(simulated(rng, questions))
            parts = cells.sum(axis=1)
            estimate = jackknifed(statistic, parts)
            ours = interval_of(estimate) if estimate else None
            intervals = [ours, bootstrap(statistic, parts), bootstrap(statistic, cells.reshape(-1, 3, 3))]
            hits += [interval is not None and interval[0] <= truth <= interval[1] for interval in intervals]
        found.append(hits / runs)
    return truth, found


def correlation(questions: int, runs: int) -> float:
    """The share of runs in which the interval of Pearson's r holds the truth."""
    rng, hits = np.random.default_rng(8), 0
    rows = Questions(Groups.by([np.repeat(np.arange(questions), 4)], 4 * questions))
    everything = np.ones(4 * questions, dtype=bool)
    for _ in range(runs):
        common = rng.normal(size=questions).repeat(4)
        x, y = (common + rng.normal(0, spread, len(common)) for spread in (np.sqrt(2), 1))
        found = rows.correlation(x, y, everything)
        assert found is not None
        hits += found["interval"][0] <= CORRELATION <= found["interval"][1]
    return hits / runs


def line(name: str, shares: Sequence[float]) -> str:
    """A row of the table."""
    return f"| {name} | {' | '.join(f'{100 * share:.1f} %' for share in shares)} |"


def run(folder: Path, *arguments: str) -> None:
    """A judgebench command in a workspace."""
    subprocess.run([sys.executable, "-m", "judgebench", "-C", str(folder), *arguments], check=True, capture_output=True)


def imported(data: Path) -> pd.DataFrame:
    """MT-bench as published, people's votes on it, and the embedded judge's grades of its answers, as reviews."""
    with tempfile.TemporaryDirectory() as scratch:
        place, data = Path(scratch), data.resolve()
        subprocess.run([sys.executable, "-m", "judgebench", "init", str(place)], check=True, capture_output=True)
        run(place, "import", "fastchat", str(data / "mt-bench"), "--questions", "mt-bench", "--new-models")
        votes = data / "human" / "llmbar_mt-bench_votes.jsonl"
        run(place, "import", "votes", str(votes), "--questions", "mt-bench", "--new-models")
        run(place, "review", "--questions", "mt-bench", "--judge", "embedded", "--mode", "single")
        return load_reviews(place)


def real(data: Path) -> None:
    """Print how the embedded judge agrees with people, and GPT-4's health on pairs."""
    reviews = imported(data)
    merged = matches_over_repeats(matches_frame(reviews))
    graded = scores_over_repeats(scores_frame(reviews))
    voted = reviews[(reviews["source"] == "voted").to_numpy()]
    people = voted.rename(columns={"voter": "rater", "winner": "outcome"}).assign(rater="majority")
    print("\n| setup, tie up to | agreement | kappa | votes | questions |\n| --- | --- | --- | --- | --- |")
    for close in (0.25, 0.0):
        votes = votes_frame(merged.iloc[:0], graded[(graded["judge"] == "embedded").to_numpy()], people, close)
        for entry in agreements(votes):
            if entry["turn"] is None:
                agreement, kappa = (_shown(entry[name], entry[of]) for name, of in _INTERVALS.items())
                counts = f"{entry['votes']} | {entry['questions']}"
                print(f"| {entry['setup']}, {close} | {agreement} | {kappa} | {counts} |")
    (pairwise,) = (one["pairwise"] for one in judges(merged, graded) if one["judge"] != "people" and one["pairwise"])
    print("\nGPT-4 on pairs:")
    for name, figure in (pairwise["position"] or {}).items():
        print(f"- {name}: {figure if isinstance(figure, int) else _shown(figure['value'], figure['interval'])}")


_INTERVALS = {"agreement": "interval", "kappa": "kappa_interval"}


def _shown(value: float, interval: Sequence[float]) -> str:
    return f"{value:.3f} ({' to '.join(f'{end:.3f}' for end in interval)})"


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000, help="of each size")
    parser.add_argument("--data", type=Path, help="the folder that holds mt-bench/ and human/")
    asked = parser.parse_args()
    runs = asked.runs
    print(f"| | {' | '.join(f'{size} questions' for size in SIZES)} |\n|{' --- |' * (len(SIZES) + 1)}")
    for name, statistic, tables in (
        ("kappa", cohens_kappa, kappa_tables),
        ("alpha", krippendorffs_alpha, alpha_tables),
    ):
        truth, found = agreement(statistic, tables, runs)
        for at, method in enumerate(METHODS):
            print(line(f"{name} ({truth:.3f}), {method}", [shares[at] for shares in found]), flush=True)
    shares = [correlation(size, runs) for size in SIZES]
    print(line(f"correlation ({CORRELATION:.3f}), jackknife of Fisher's z", shares))
    if asked.data:
        real(asked.data)


if __name__ == "__main__":
    main()
