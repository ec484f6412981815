"""How often nominal 95 % intervals hold the truth: `python benchmarks/coverage.py [--data ../shared/data] [...]`.

The evaluations are those of evaluations.py: two turns and both orders in each question, a judge that favours what it
sees first, ties, a tenth of the reviews missing. The figures are made of these reviews as the report makes them, with
`statistics.clusters`; the truth is the figure over a million questions without missing reviews.

Four intervals: "ours" is what the report gives; the percentile and the BCa bootstrap by question, 1,000 draws; and the
percentile bootstrap by row (review or match), as if two reviews of one question were two questions. With `--data` also
Vicuna's ratio over questions drawn from the real 80. Standard errors: 0.2 points of coverage for 10,000 runs, 0.5 for
2,000.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: the processes share the cores

import argparse
import json
import multiprocessing
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent))

from evaluations import SEED, TRUTHS, Rows, Truth, draw, figures, interval, made_of, true_values

from judgebench.statistics import clusters
from judgebench.statistics.clusters import Estimate, Floats, Interval

CHUNK = 250
SIZES = (40, 80, 500)
MISSING = 0.1
OURS, PERCENTILE, BCA, BY_ROW = "ours", "percentile", "BCa", "by row"
Hits: TypeAlias = Counter[tuple[str, ...]]


# ---- intervals -------------------------------------------------------------------------------------------------


def covered(rows: Rows, truth: float, bootstraps: int) -> dict[str, tuple[int, int]]:
    """By method, in how many runs the interval holds the truth, and of how many: of the first ones for bootstraps."""
    over, under = rows.by_question()
    estimates = [estimate(over[run], under[run]) for run in range(len(over))]
    ours = [interval(one, rows.kind, below) for one, below in zip(estimates, under, strict=True)]
    found = {OURS: _hits(ours, truth)}
    if bootstraps:
        few = slice(0, bootstraps)
        found |= _bootstrapped(estimates[few], over[few], under[few], truth)
        if len(rows.codes) > rows.questions:
            by_row = _replicates(np.nan_to_num(rows.numerators[few]), np.nan_to_num(rows.denominators[few]))
            found[BY_ROW] = _hits(map(clusters.percentile_interval, by_row), truth)
    return found


def estimate(over: Floats, under: Floats) -> Estimate:
    """One run's figure from its sums by question, (questions,)."""
    found = clusters.ratio_of_sums(over, under)
    assert found
    return found


def _bootstrapped(
    estimates: Sequence[Estimate], over: Floats, under: Floats, truth: float
) -> dict[str, tuple[int, int]]:
    by_question = _replicates(over, under)
    without = _without(over) / _without(under)
    bca = [
        clusters.bca_interval(e.value, drawn, apart)
        for e, drawn, apart in zip(estimates, by_question, without, strict=True)
    ]
    percentile = map(clusters.percentile_interval, by_question)
    return {PERCENTILE: _hits(percentile, truth), BCA: _hits(bca, truth)}


def _without(sums: Floats) -> Floats:
    """Totals without each question in turn."""
    return sums.sum(axis=-1, keepdims=True) - sums  # type: ignore[no-any-return]


def _replicates(over: Floats, under: Floats) -> Floats:
    """The figure in each draw of rows with replacement, (runs, draws)."""
    weights = clusters.resampled(over.shape[1], clusters.DRAWS)
    return (over @ weights.T) / (under @ weights.T)  # type: ignore[no-any-return]


def _hits(intervals: Iterable[Interval | None], truth: float) -> tuple[int, int]:
    found = [interval is not None and interval[0] <= truth <= interval[1] for interval in intervals]
    return sum(found), len(found)


# ---- runs ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """Some runs of one truth and size. `pairs` (questions, 2) are real scores [other, Vicuna] to draw from, if any."""

    truth: Truth
    questions: int
    chunk: int
    runs: int
    bootstraps: int
    true: dict[str, float]
    pairs: Floats | None = None

    def made(self) -> dict[str, Rows]:
        """The data."""
        rng = np.random.default_rng([SEED, *self.truth.name.encode(), self.questions, self.chunk])
        shape = (self.runs, self.questions)
        if self.pairs is None:
            return figures(*draw(self.truth, shape, rng, MISSING))
        drawn = self.pairs[rng.integers(len(self.pairs), size=shape)]
        return {"ratio of total scores": made_of(drawn[..., 1], drawn[..., 0])}


def work(task: Task) -> Hits:
    """How often each method's interval held each figure, and of how many runs."""
    found: Hits = Counter()
    for name, rows in task.made().items():
        for method, (hits, runs) in covered(rows, task.true[name], task.bootstraps).items():
            key = (str(task.questions), task.truth.name, name, method)
            found[*key, "hits"] += hits
            found[*key, "runs"] += runs
    return found


def tasks(
    truth: Truth, sizes: Sequence[int], runs: int, bootstraps: int, pairs: Floats | None = None
) -> Iterator[Task]:
    """The runs in pieces that fit into memory."""
    ratio = {} if pairs is None else {"ratio of total scores": float(pairs[:, 1].sum() / pairs[:, 0].sum())}
    true = ratio or true_values(truth)
    for questions in sizes:
        for start in range(0, runs, CHUNK):
            size, drawn = min(CHUNK, runs - start), min(CHUNK, max(0, bootstraps - start))
            yield Task(truth, questions, start, size, drawn, true, pairs)


def real_pairs(data: Path) -> dict[str, Floats]:
    """The stored scores [other, Vicuna] of each review file of the Vicuna evaluation, (80, 2)."""
    files = sorted((data / "vicuna-eval" / "review").glob("review_*_vicuna-13b.jsonl"))
    return {path.name.removeprefix("review_").partition("_")[0]: _scores(path) for path in files}


def _scores(path: Path) -> Floats:
    lines = path.read_text(encoding="utf-8").splitlines()
    return np.array([json.loads(line)["score"] for line in lines], dtype=float)


def table(hits: Hits) -> str:
    """Coverage in % as Markdown, a row per size, truth and figure; ours is bold where it is outside 93 to 97."""
    methods = [name for name in (OURS, PERCENTILE, BCA, BY_ROW) if any(key[3] == name for key in hits)]
    head = ["questions", "truth", "figure", *methods]
    places = dict.fromkeys(key[:3] for key in hits)
    cells = ([*place, *(_cell(hits, place, method) for method in methods)] for place in places)
    lines = [head, ["---"] * len(head), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(hits: Hits, place: tuple[str, ...], method: str) -> str:
    runs = hits[*place, method, "runs"]
    share = hits[*place, method, "hits"] / runs if runs else float("nan")
    shown = f"{100 * share:.1f}" if runs else "-"
    return f"**{shown}**" if method == OURS and not 0.93 <= share <= 0.97 else shown


def rare(name: str, pairs: Floats, questions: int, runs: int) -> str:
    """What our interval covers where a run has drawn one of the two most extreme questions, and where neither."""
    truth = float(pairs[:, 1].sum() / pairs[:, 0].sum())
    drawn = np.random.default_rng(SEED).integers(len(pairs), size=(runs, questions))
    has = np.isin(drawn, np.argsort(np.abs(pairs[:, 1] - truth * pairs[:, 0]))[-2:]).any(axis=1)
    shares = []
    for chosen in (drawn[has], drawn[~has]):
        hits, number = covered(made_of(pairs[chosen, 1], pairs[chosen, 0]), truth, 0)[OURS]
        shares.append(f"{100 * hits / number:.1f}")
    return f"| {name} | {100 * has.mean():.1f} | {' | '.join(shares)} |"


def total(found: Iterable[Hits]) -> Hits:
    """All of them added up."""
    added: Hits = Counter()
    for hits in found:
        added.update(hits)
    return added


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000, help="for each size and truth")
    parser.add_argument("--bootstraps", type=int, default=2_000, help="of these, runs with bootstraps beside ours")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--data", type=Path, help="the folder that holds vicuna-eval/")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    bootstraps = min(asked.bootstraps, asked.runs)
    with multiprocessing.get_context("spawn").Pool(asked.workers) as pool:
        made = (task for truth in TRUTHS for task in tasks(truth, asked.sizes, asked.runs, bootstraps))
        print(f"## Simulated: {asked.runs} runs, the bootstraps in {bootstraps} of them\n")
        print(table(total(pool.imap(work, made))) + "\n")
        if asked.data:
            pairs = real_pairs(asked.data)
            named = ((Truth(name, 0, 0), scores) for name, scores in pairs.items())
            made = (
                task for truth, scores in named for task in tasks(truth, asked.sizes, asked.runs, bootstraps, scores)
            )
            print(f"## Questions drawn from Vicuna's 80: {asked.runs} runs, the bootstraps in {bootstraps} of them\n")
            print(table(total(pool.imap(work, made))) + "\n")
            print("## The same, 40 questions, with and without the two most extreme questions of the 80\n")
            print("| pair | % of runs with one of them | covered then | covered else |\n| --- | --- | --- | --- |")
            print("\n".join(rare(name, scores, 40, asked.runs) for name, scores in pairs.items()))


if __name__ == "__main__":
    main()
