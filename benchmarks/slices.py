"""Slices of a pair drawn at random: how often any is told apart: `python benchmarks/slices.py [--runs 600]`.

Two turns a question, of which half have the same outcome; twelve slices of 8, 20 and 50 % of the questions or matches.
"""

import argparse

import numpy as np

from judgebench.statistics.slices import slices


def told(rng: np.random.Generator, questions: int, rate: float, ties: float, whole: bool) -> bool:
    """Whether any of twelve slices of one pair is; `whole`: slices are of questions, else of matches."""
    drawn = rng.random(2 * questions)
    points = np.where(drawn < ties, 0.5, np.where(drawn < ties + (1 - ties) * rate, 1.0, 0.0))
    points[1::2] = np.where(rng.random(questions) < 0.5, points[::2], points[1::2])
    marked = {}
    for number in range(12):
        share = float(rng.choice([0.08, 0.2, 0.5]))
        marked[str(number)] = (
            np.repeat(rng.random(questions) < share, 2) if whole else rng.random(2 * questions) < share
        )
    return any(one["changed"] for one in slices(points, np.repeat(np.arange(questions), 2), marked))


def main() -> None:
    """Parse, draw, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=600)
    runs = parser.parse_args().runs
    rng = np.random.default_rng(5)
    print("| questions | win rate | ties | slices of questions | of matches |\n| --- | --- | --- | --- | --- |")
    for questions in (20, 80, 300):
        for rate, ties in ((0.5, 0.2), (0.8, 0.1), (0.95, 0.02)):
            found = [np.mean([told(rng, questions, rate, ties, whole) for _ in range(runs)]) for whole in (True, False)]
            print(f"| {questions} | {rate} | {ties} | " + " | ".join(f"{100 * one:.1f} %" for one in found) + " |")


if __name__ == "__main__":
    main()
