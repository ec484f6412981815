"""Is the win rate at equal length what it says: `python benchmarks/controls.py [--runs 1200] [--data ../shared/data]`.

Simulated judges of `tests/statistics/test_controls.py` (`World`), whose liking of length is known: where they are as
they are believed to be, and where they are not. Printed are how far the raw share is from the truth at equal length
(root mean square), how far the slope of each pair by itself leaves it, and how far our figure does; its mean error,
how often its 95 % interval holds the truth, and how wide that is.

With `--data` GPT-4's published reviews, imported and reported as `judgebench report` does, and those of AlpacaEval, one
model at a time and all together, by choices and by probabilities, beside the published rates. Needs the extra `dev`.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: small matrices gain nothing from more

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "statistics"))

from test_controls import World, alpaca_eval, alpaca_eval_published

from judgebench.interchange.fastchat import import_fastchat
from judgebench.report import build
from judgebench.statistics.clusters import Floats
from judgebench.statistics.controls import COMPARABLE, LIKED, LIKED_BY_OTHERS, controlled
from judgebench.statistics.liking import Belief
from judgebench.statistics.logit import Fit, fractional_logit, slopes
from judgebench.workspace import FOLDERS, Workspace

FOLDERS_OF_DATA = ("vicuna-eval", "mt-bench")
FEW, MANY = 80, 805
WORLDS = {
    "as believed": {
        "one pair, 20 questions": World(questions=20),
        "one pair": World(),
        "one pair, 805 questions": World(questions=MANY),
        "12 pairs": World(models=12),
        "12 pairs, 805 questions": World(models=12, questions=MANY),
        "12 pairs, questions differ by 1 logit": World(models=12, difficulty=1.0),
    },
    "not as believed": {
        "no liking, one pair": World(liking=0.0),
        "no liking, 12 pairs": World(models=12, liking=0.0),
        "a liking of 2, one pair": World(liking=2.0),
        "a liking of 2, 12 pairs": World(models=12, liking=2.0),
        "by the ratio, one pair": World(by_ratio=True),
        "by the ratio, 12 pairs": World(models=12, by_ratio=True),
        "difficulty goes with length, 0.3": World(models=12, difficulty=1.0, together=0.3),
        "difficulty goes with length, 0.5": World(models=12, difficulty=1.0, together=0.5),
    },
}
HEAD = "| | raw | by itself | ours | bias | covered | width |\n| --- | --- | --- | --- | --- | --- | --- |"
LIKING_HEAD = (
    "AlpacaEval, the coefficient of length:\n\n"
    "| model | over all matches | where comparable | that gives the published rate |\n| --- | --- | --- | --- |"
)
ALPACA_HEAD = (
    "| model | raw | published | ours, alone | ours, together |\n| --- | --- | --- | --- | --- |",
    "| | models | rates | published inside | ours less published | Spearman | of the raw |\n"
    "| --- | --- | --- | --- | --- | --- | --- |",
)


def lengths(matches: pd.DataFrame, features: pd.DataFrame) -> Iterator[tuple[Floats, Floats, NDArray[np.bool_]]]:
    """Of each pair of one judge: b's shares, the difference of lengths as it is in the logit, and which are comparable.

    Each question has one match with a verdict and both answers.
    """
    known = features.set_index(["model", "question_id"])["length"]
    for models, pair in matches.groupby(["model_a", "model_b"], sort=False):
        both = np.stack([known.loc[model].loc[pair["question_id"]].to_numpy() for model in models])
        apart = both[1] - both[0]
        shares = 1 - pair[["won_first", "won_second"]].mean(axis=1).to_numpy()
        yield shares, np.tanh(apart / apart.std(ddof=1)), both.max(axis=0) <= COMPARABLE * both.min(axis=0)


def by_itself(shares: Floats, x: Floats) -> Fit:
    """A pair at equal length by the slope over its own matches, as if that were the judge's."""
    return fractional_logit(np.column_stack([np.ones(len(x)), x]), shares, np.arange(len(x)))


def simulated(world: World, judges: int) -> pd.DataFrame:
    """A row per pair with a figure: its truth, and what is said of it."""
    rng, rows = np.random.default_rng(5), []
    for judge in range(judges):
        matches, features, truths = world.judged(judge, rng)
        entries, pairs = controlled(matches, features), lengths(matches, features)
        for entry, (shares, x, _), truth in zip(entries, pairs, truths, strict=True):
            if held := entry["length_controlled"]:
                alone = by_itself(shares, x).win_rate()
                rows.append((truth, entry["share"], alone, held["win_rate"], *held["interval"]))
    return pd.DataFrame(rows, columns=["truth", "raw", "alone", "ours", "low", "high"])


def line(name: str, found: pd.DataFrame) -> str:
    """What is printed of a simulated world, in points."""
    truth = found["truth"]
    off = (100 * np.sqrt(np.square(found[how] - truth).mean()) for how in ("raw", "alone", "ours"))
    covered = 100 * ((found["low"] <= truth) & (truth <= found["high"])).mean()
    error = stats.sem((found["low"] <= truth) & (truth <= found["high"])) * 100
    shown = (f"{100 * (found['ours'] - truth).mean():+.1f}", f"{covered:.1f} % ({error:.1f})")
    width = f"{100 * (found['high'] - found['low']).mean():.1f}"
    return f"| {name} | {' | '.join(f'{one:.1f}' for one in off)} | {' | '.join(shown)} | {width} |"


def reported(folder: Path) -> list[dict[str, Any]]:
    """The pairs of a FastChat folder's report."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in FOLDERS:
            (Path(scratch) / name).mkdir()
        workspace = Workspace(Path(scratch))
        import_fastchat(folder, workspace)
        pairs: list[dict[str, Any]] = build(workspace)["pairs"]
    return pairs


def pair_line(pair: dict[str, Any]) -> str:
    """A pair as a row: raw, at equal length, at equal style, and the coefficient of length."""
    rates = (
        "-" if pair[name] is None else _shown(pair[name], pair[f"{name}_interval"])
        for name in ("win_rate", "length_controlled_win_rate", "style_controlled_win_rate")
    )
    liking = "-" if pair["length_coefficient"] is None else f"{pair['length_coefficient']:.2f}"
    return f"| {' / '.join(pair['models'])} | {' | '.join(rates)} | {liking} |"


def _shown(rate: float, interval: Sequence[float]) -> str:
    return f"{100 * rate:.1f} ({100 * interval[0]:.1f}-{100 * interval[1]:.1f})"


def likings(data: Path) -> Iterator[str]:
    """What AlpacaEval's reviews of each model say of the coefficient of length, and which one it published by.

    By probabilities: the slope over all matches, over those of comparable length, and the coefficient that gives the
    published rate when it is held.
    """
    published = alpaca_eval_published(data)
    before = Belief(LIKED[:1], np.diag(LIKED_BY_OTHERS[:1] ** 2))
    for name, rates in published.items():
        frames = alpaca_eval([data / "alpaca-eval" / "results" / name], probabilities=True)
        (shares, x, alike), rows = next(lengths(*frames)), np.arange(len(frames[0]))
        whole, told = by_itself(shares, x), slopes(x[alike, None], shares[alike], rows[alike], before)
        given = _giving(rates["length_controlled_winrate"], shares, x)
        found = (
            f"{mean:.2f} ({np.sqrt(variance):.2f})"
            for mean, variance in (
                (whole.coefficients[1], whole.covariance[1, 1]),
                (told.mean[0], told.covariance[0, 0]),
            )
        )
        yield f"| {name} | {' | '.join(found)} | {'-' if given is None else f'{given:.2f}'} |"


def _giving(rate: float, shares: Floats, x: Floats) -> float | None:
    """The coefficient with which a pair has this rate at equal length; None where none between -5 and 5 does."""

    def off(beta: float) -> float:
        ones = np.ones((len(x), 1))
        return fractional_logit(ones, shares, np.arange(len(x)), beta * x).win_rate() - rate

    return float(optimize.brentq(off, -5, 5)) if off(-5) * off(5) < 0 else None


def alpaca(data: Path, probabilities: bool) -> Iterator[str]:
    """AlpacaEval's models beside their published rates, and what it comes to over all of them."""
    published = alpaca_eval_published(data)
    folders = [data / "alpaca-eval" / "results" / name for name in published]
    together = controlled(*alpaca_eval(folders, probabilities))
    alone = [entry for folder in folders for entry in controlled(*alpaca_eval([folder], probabilities))]
    yield ALPACA_HEAD[0]
    for entries in zip(alone, together, strict=True):
        name = entries[0]["model_b"]
        ours = (
            "-" if not (one := entry["length_controlled"]) else _shown(one["win_rate"], one["interval"])
            for entry in entries
        )
        rates = (100 * entries[0]["share"], 100 * published[name]["length_controlled_winrate"])
        yield f"| {name} | {' | '.join(f'{rate:.1f}' for rate in rates)} | {' | '.join(ours)} |"
    yield f"\n{ALPACA_HEAD[1]}"
    yield _summary("alone", alone, published)
    yield _summary("together", together, published)


def _summary(name: str, entries: Sequence[dict[str, Any]], published: dict[str, dict[str, float]]) -> str:
    rows = [
        (entry["share"], one["win_rate"], *one["interval"], published[entry["model_b"]]["length_controlled_winrate"])
        for entry in entries
        if (one := entry["length_controlled"])
    ]
    raw, ours, low, high, theirs = np.array(rows).T
    inside = f"{np.count_nonzero((low <= theirs) & (theirs <= high))} of {len(rows)}"
    orders = (f"{stats.spearmanr(one, theirs).statistic:.3f}" for one in (ours, raw))
    return (
        f"| {name} | {len(entries)} | {len(rows)} | {inside} | {100 * (ours - theirs).mean():+.1f}"
        f" | {' | '.join(orders)} |"
    )


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1200, help="pairs a case, and a fifth as many of 805 questions")
    parser.add_argument("--data", type=Path, help="the folder that holds vicuna-eval/, mt-bench/ and alpaca-eval/")
    asked = parser.parse_args()
    for title, worlds in WORLDS.items():
        print(f"Judges {title}, {FEW} questions unless it says otherwise:\n\n{HEAD}")
        for name, world in worlds.items():
            pairs = asked.runs // (5 if world.questions == MANY else 1)
            print(line(name, simulated(world, max(pairs // world.models, 2))), flush=True)
        print()
    if asked.data:
        print("| a / b | raw | at equal length | at equal style | length |\n| --- | --- | --- | --- | --- |")
        for folder in FOLDERS_OF_DATA:
            print("\n".join(pair_line(pair) for pair in reported(asked.data / folder)))
        print(f"\n{LIKING_HEAD}", *likings(asked.data), sep="\n")
        for probabilities in (False, True):
            print(f"\nAlpacaEval by {'probabilities' if probabilities else 'choices'}:\n")
            print("\n".join(alpaca(asked.data, probabilities)))


if __name__ == "__main__":
    main()
