"""Is the win rate at equal length what it says: `python benchmarks/controls.py [--runs 300] [--data ../shared/data]`.

Simulated pairs of `tests/statistics/test_controls.py`: 80 questions in both orders, a fifth ties, b's answers longer by
one standard deviation on average, a judge that likes length by a known amount. Printed are the truth at equal length,
the raw share, the controlled win rate, and how often its 95 % interval holds the truth. Then the bias that a difficulty
of the questions makes where it goes with the length difference. With `--data` GPT-4's published reviews, imported and
reported as `judgebench report` does. Needs the extra `dev`.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: small matrices gain nothing from more

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "statistics"))

from test_controls import drawn

from judgebench.interchange.fastchat import import_fastchat
from judgebench.report import build
from judgebench.statistics.controls import controlled, fractional_logit
from judgebench.workspace import FOLDERS, Workspace

QUESTIONS, DIFFICULT = 80, 200
TRUTHS = ((0.0, 1.0), (1.0, 1.5))  # log odds for b at equal length, and those that a full step of length adds
FOLDERS_OF_DATA = ("vicuna-eval", "mt-bench")


def coverage(theta: float, liking: float, runs: int) -> str:
    """The truth, the mean raw share, the mean controlled win rate, and the coverage, as a row."""
    rng = np.random.default_rng(2)
    truth = 0.1 + 0.8 * special.expit(theta)
    matches, answers = zip(*(drawn(rng, QUESTIONS, theta, liking) for _ in range(runs)), strict=True)
    run = np.repeat(np.arange(runs), QUESTIONS).astype(str)
    frame = pd.DataFrame([row for rows in matches for row in rows]).assign(question_set=run)
    found = controlled(frame, pd.concat(answers).assign(question_set=np.repeat(run, 2)))
    low, high = np.array([entry["length_controlled"]["interval"] for entry in found]).T
    held = ((low <= truth) & (truth <= high)).mean()
    raw = np.mean([entry["share"] for entry in found])
    at_equal = np.mean([entry["length_controlled"]["win_rate"] for entry in found])
    return f"| {truth:.3f} | {raw:.3f} | {at_equal:.3f} | {100 * held:.1f} % |"


def bias(together: float, runs: int) -> float:
    """What a difficulty of 1 logit adds to the controlled win rate, at a correlation with the length difference."""
    rng = np.random.default_rng(10)
    truth = float(special.expit(0.5 + rng.normal(size=100_000)).mean())
    found = []
    for _ in range(runs):
        easy = rng.normal(size=DIFFICULT)
        apart = 1 + together * easy + np.sqrt(1 - together**2) * rng.normal(size=DIFFICULT)
        shares = rng.binomial(2, special.expit(0.5 + np.tanh(apart) + easy)) / 2
        design = np.column_stack([np.ones(DIFFICULT), np.tanh(apart / apart.std(ddof=1))])
        found.append(fractional_logit(design, shares, np.arange(DIFFICULT)).win_rate())
    return float(np.mean(found)) - truth


def reported(folder: Path) -> list[dict[str, Any]]:
    """The pairs of a FastChat folder's report."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in FOLDERS:
            (Path(scratch) / name).mkdir()
        workspace = Workspace(Path(scratch))
        import_fastchat(folder, workspace)
        pairs: list[dict[str, Any]] = build(workspace)["pairs"]
    return pairs


def line(pair: dict[str, Any]) -> str:
    """A pair as a row: raw, at equal length, at equal style, and the coefficient of length."""
    rates = (
        f"{pair[name]:.3f} ({' to '.join(f'{end:.3f}' for end in pair[f'{name}_interval'])})"
        for name in ("win_rate", "length_controlled_win_rate", "style_controlled_win_rate")
    )
    return f"| {' / '.join(pair['models'])} | {' | '.join(rates)} | {pair['length_coefficient']:.2f} |"


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--data", type=Path, help="the folder that holds vicuna-eval/ and mt-bench/")
    asked = parser.parse_args()
    print("| truth at equal length | raw | controlled | covered |\n| --- | --- | --- | --- |")
    for theta, liking in TRUTHS:
        print(coverage(theta, liking, asked.runs), flush=True)
    biases = (f"{bias(together, asked.runs):+.3f} at {together}" for together in (0.0, 0.3, 0.5))
    print(f"\nBias by a difficulty that goes with the length difference (correlation): {', '.join(biases)}")
    if asked.data:
        print("\n| a / b | raw | at equal length | at equal style | length |\n| --- | --- | --- | --- | --- |")
        for folder in FOLDERS_OF_DATA:
            print("\n".join(line(pair) for pair in reported(asked.data / folder)))


if __name__ == "__main__":
    main()
