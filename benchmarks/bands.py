"""A watch of a training, simulated: `python benchmarks/bands.py [--runs 1000] [--only PART ...]`.

Points of each checkpoint on the same questions are drawn with a fifth of ties; by `like` their outcomes on a question
hang together. A look is taken after every question of every step, and the functions are those of the product. At 5 %.

    wrong      how often, in a whole training, a true win rate is ever outside its band, and its interval
    width      how wide both are at the end of a step

Standard errors for 1,000 runs: 0.7 points of a share of 5 %.
"""

import argparse
from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy import special

from judgebench.statistics import sequential
from judgebench.statistics.clusters import Floats
from judgebench.statistics.sequential import Trial, share_of

SEED, ALPHA, TIES, QUESTIONS, CHUNK = 31, 0.05, 0.2, 80, 500


def training(runs: int, steps: int, like: float, seed: int) -> Iterator[tuple[float, Floats]]:
    """Of each step its true win rate, which rises from 0.3 to 0.6, and points (runs, questions)."""
    rng = np.random.default_rng([SEED, steps, seed])
    shared = rng.standard_normal((runs, QUESTIONS))
    for rate in np.linspace(0.3, 0.6, steps):
        own = rng.standard_normal((runs, QUESTIONS))
        place = special.ndtr(np.sqrt(like) * shared + np.sqrt(1 - like) * own)  # uniform, for each step by itself
        won = rate - TIES / 2
        yield float(rate), np.where(place > 1 - won, 1.0, np.where(place > 1 - won - TIES, 0.5, 0.0))


def missed(points: Floats, rate: float, level: float) -> Floats:
    """Of each run, whether the true rate was ever ruled out, at any question."""
    read = partial(sequential.of_alike, planned=points.shape[1])
    parts = [Trial.of(points[start : start + CHUNK], read) for start in range(0, len(points), CHUNK)]
    return np.concatenate([~np.isnan(part.stopping(rate, level)).all(axis=0) for part in parts])


def wrong(runs: int) -> Iterator[str]:
    """In % of the trainings: any step's band, any step's interval; and in % of steps, an interval."""
    yield f"{'missed, %':<26} any band  (s.e.)  any interval  one interval"
    for steps in (5, 20, 50):
        for like in (0.0, 0.9):
            band, plain = np.zeros(runs, bool), np.zeros((steps, runs), bool)
            for place, (rate, points) in enumerate(training(runs, steps, like, round(10 * like)), 1):
                band |= missed(points, rate, share_of(ALPHA, place)).astype(bool)
                plain[place - 1] = missed(points, rate, ALPHA)
            share = band.mean()
            cells = f"{100 * share:8.2f}  {100 * np.sqrt(share * (1 - share) / runs):6.2f}"
            more = f"{100 * plain.any(axis=0).mean():12.1f}  {100 * plain.mean():12.2f}"
            yield f"{f'{steps} steps, like {like:g}':<26} {cells}  {more}"


def width(runs: int) -> Iterator[str]:
    """In points, after all questions, at a win rate of a half."""
    rng = np.random.default_rng([SEED, 1])
    points = rng.choice([0.0, 0.5, 1.0], p=[0.4, 0.2, 0.4], size=(runs, QUESTIONS))
    trials = [Trial.of(one, partial(sequential.of_alike, planned=QUESTIONS)) for one in points]
    yield f"{'width, points':<26} {'mean':>6}"
    for name, level in [
        ("interval", ALPHA),
        *((f"band, place {k}", share_of(ALPHA, k)) for k in (1, 2, 5, 10, 20, 50)),
    ]:
        ends = np.array([trial.interval(level) for trial in trials])
        yield f"{name:<26} {100 * (ends[:, 1] - ends[:, 0]).mean():6.1f}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--only", nargs="*", choices=["wrong", "width"], default=["wrong", "width"])
    asked = parser.parse_args()
    for part, runs in (("wrong", asked.runs), ("width", min(asked.runs, 100))):
        if part in asked.only:
            for line in {"wrong": wrong, "width": width}[part](runs):
                print(line, flush=True)


if __name__ == "__main__":
    main()
