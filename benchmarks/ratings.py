"""Do the intervals of ratings hold the truth, and what do they cost: `python benchmarks/ratings.py [--runs 1500]`.

Coverage: the simulation of `tests/statistics/test_ratings.py` (5 models, every pair on every question, two turns,
three repeats, ties, a tenth incomplete), once with intervals by question, as reports have them, and once as if each
match were a question of its own; rank ranges in a fifth of the runs. Elo: the same 2,000 pairings with new outcomes.
Then the time of all figures, best of three, and beside Elo's that of one `evalica.elo` per draw (20 are timed). With
`--data` the ratings of the Vicuna evaluation. Needs the extra `dev`. Standard error of a coverage: at most 0.6 points
for 1,500 runs (five correlated ratings each).
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: small matrices gain nothing from more

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import evalica
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "statistics"))

from test_elo import WINNERS, battles
from test_ratings import by_model, covered, imported, simulated, true_theta

from judgebench.statistics.clusters import DRAWS, Floats
from judgebench.statistics.comparisons import Comparisons, comparisons, draws_of_questions
from judgebench.statistics.elo import Rules, elo_ratings
from judgebench.statistics.ratings import MEAN, POINTS_PER_LOGIT, elo, ratings, win_matrix

THETA = np.array([-0.8, -0.3, 0.0, 0.3, 0.8])
RANKS = {f"m{model}": 5 - model for model in range(5)}
TRUE_RUNS, TIMED_DRAWS = 600, 20


def coverage(questions: int, runs: int) -> str:
    """In which share of the runs intervals by question, intervals by match, and rank ranges hold the truth."""
    truth = MEAN + POINTS_PER_LOGIT * true_theta(THETA)
    held = by_match = ranked = 0
    few = max(1, runs // 5)
    for seed in range(runs):
        matches = simulated(THETA, questions, seed)
        held += covered(matches, truth)
        by_match += covered(matches.assign(question_id=range(len(matches))), truth)
        if seed < few:
            ranges = by_model(ratings(matches), "rank_range")
            ranked += sum(ranges[name][0] <= rank <= ranges[name][1] for name, rank in RANKS.items())
    shares = (held / runs, by_match / runs, ranked / few)
    return f"| {questions} | {runs} | {' | '.join(f'{100 * share / len(THETA):.1f} %' for share in shares)} |"


def coverage_of_elo(k: float, runs: int) -> float:
    """In which share of the runs Elo's interval holds the mean rating over outcomes of the same pairings."""
    ((_, group),) = comparisons(battles(2000, 2000, 1))
    truth = np.mean([_elo(group, k, TRUE_RUNS + run, 0)[0] for run in range(TRUE_RUNS)], axis=0)
    held = 0
    for run in range(runs):
        low, high = np.quantile(_elo(group, k, run, 300)[1], [0.025, 0.975], axis=0)
        held += int(((low <= truth) & (truth <= high)).sum())
    return held / runs / len(group.models)


def _elo(group: Comparisons, k: float, seed: int, draws: int) -> tuple[Floats, Floats]:
    """Elo over new outcomes."""
    number = np.array([int(name[1:]) for name in group.models])
    lead = (number[group.first] - number[group.second]) / 4
    lead = lead + np.random.default_rng(seed).logistic(size=len(lead))
    points = np.where(np.abs(lead) < 0.5, 0.5, np.where(lead > 0, 1.0, 0.0))
    sides = group.first, group.second
    return elo_ratings(Comparisons(group.models, group.questions, *sides, group.question, points), Rules(k=k), draws)


def matches(number: int, models: int, questions: int) -> pd.DataFrame:
    """Every pair on every question, as often as makes this many; or random pairs, each battle its own question."""
    rng = np.random.default_rng(1)
    theta = rng.normal(0, 0.8, models)
    if questions:
        i, j = np.triu_indices(models, 1)
        again = round(number / len(i) / questions)
        a, b = (np.tile(np.repeat(side, questions), again) for side in (i, j))
        question = np.tile(np.arange(questions), len(i) * again)
    else:
        a = rng.integers(0, models, number)
        b, question = (a + rng.integers(1, models, number)) % models, np.arange(number)
    lead = theta[a] - theta[b]
    logits = np.column_stack([lead / 2, -lead / 2, np.zeros(len(lead))]) + rng.gumbel(size=(len(lead), 3))
    columns = {"model_a": a, "model_b": b, "question_id": question}
    frame = pd.DataFrame({name: pd.Series(codes).map("x{}".format) for name, codes in columns.items()})
    frame = frame.assign(outcome=np.array(["a", "b", "tie"])[logits.argmax(axis=1)])
    return frame.assign(question_set="set", judge="judge", kind="choice").astype("category")


def seconds(call: Callable[[], Any]) -> float:
    """The shortest of three times."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def by_evalica(frame: pd.DataFrame) -> float:
    """Seconds that Elo would take with one call of evalica per draw."""
    ((_, group),) = comparisons(frame)
    index = pd.Index(range(len(group.models)))
    said = np.array([WINNERS[points] for points in group.points.tolist()], dtype=object)
    start = time.perf_counter()
    for weights in next(draws_of_questions(group.questions, TIMED_DRAWS, TIMED_DRAWS)):
        rows = np.repeat(np.arange(len(said)), weights[group.question])
        evalica.elo(group.first[rows].tolist(), group.second[rows].tolist(), said[rows].tolist(), index=index)
    return (time.perf_counter() - start) / TIMED_DRAWS * DRAWS


def speed() -> None:
    """Print the times."""
    print("\n| data | ratings | win matrix | Elo | evalica | peak GiB of the process |")
    print("| --- | --- | --- | --- | --- | --- |")
    asked = {
        "435,000 matches, 30 models, 500 questions": matches(435_000, 30, 500),
        "33,000 battles, 20 models, each its own question": matches(33_000, 20, 0),
    }
    for name, frame in asked.items():
        battle = len(frame) < 100_000
        times = [seconds(lambda frame=frame: ratings(frame)), seconds(lambda frame=frame: win_matrix(frame))]  # type: ignore[misc]
        start = time.perf_counter()
        elo(frame)
        times += [time.perf_counter() - start] + ([by_evalica(frame)] if battle else [])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"| {name} | {' | '.join(f'{taken:.2f} s' for taken in times)} |{'' if battle else ' - |'} {peak:.2f} |")


def vicuna(data: Path) -> None:
    """Print the ratings of the Vicuna evaluation."""
    print("\n| model | rating | interval | rank | matches |\n| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as scratch:
        found = ratings(imported(data / "vicuna-eval", Path(scratch) / "work"))
    for entry in found:
        low, high = entry["interval"]
        best, worst = entry["rank_range"]
        ranks = f"{entry['rank']} ({best} to {worst})"
        print(f"| {entry['model']} | {entry['rating']:.0f} | {low:.0f} to {high:.0f} | {ranks} | {entry['matches']} |")


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1500, help="of each size; a third of them at 500 questions")
    parser.add_argument("--sizes", type=int, nargs="*", default=[40, 80, 500])
    parser.add_argument("--elo-runs", type=int, default=150)
    parser.add_argument("--data", type=Path, help="the folder that holds vicuna-eval/")
    asked = parser.parse_args()
    print("| questions | runs | by question (ours) | by match | rank ranges |\n| --- | --- | --- | --- | --- |")
    for questions in asked.sizes:
        print(coverage(questions, asked.runs if questions < 500 else asked.runs // 3), flush=True)
    for k in (4.0, 32.0) if asked.elo_runs else ():
        print(
            f"\nElo, k = {k:.0f}, {asked.elo_runs} runs: {100 * coverage_of_elo(k, asked.elo_runs):.1f} %", flush=True
        )
    speed()
    if asked.data:
        vicuna(asked.data)


if __name__ == "__main__":
    main()
