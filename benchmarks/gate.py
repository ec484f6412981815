"""The gate, simulated: `python benchmarks/gate.py [--runs 4000] [--walks 100] [--only PART ...]`.

Points of each set are drawn with a fifth of ties, a look is taken after every question of every set, and the functions
are those of the product. All at 5 %, sets of 80 questions, a margin of 5 points.

    wrong      wrong GO and wrong NO-GO with 1, 3 and 6 sets that are at their margins; with four guards at their limits
    chance     how often an equal candidate is told to go, and what is said of it beforehand
    calls      how many questions are judged, beside judging all, and beside taking sets in turns

Standard errors for 4,000 runs: 0.3 points of a share of 5 %.
"""

import argparse
from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
from sequential import OUTCOMES, chances, matches

from judgebench.compare.options import Options
from judgebench.gate import foresight
from judgebench.gate.decision import Claim, decide
from judgebench.gate.guards import Measured
from judgebench.gate.policy import guard
from judgebench.statistics import sequential
from judgebench.statistics.clusters import Floats
from judgebench.statistics.sequential import Trial

SEED, ALPHA, TIES, QUESTIONS, MARGIN, CHUNK, FUTILITY = 23, 0.05, 0.2, 80, 0.05, 500, 0.05
LIMIT = 0.5 - MARGIN


def shown(points: Floats, threshold: float, several: int) -> tuple[Floats, Floats]:
    """Of each run, after how many questions the claim was shown to hold, and to fail; NaN: never."""
    read = partial(sequential.of_alike, planned=points.shape[1])
    parts = [Trial.of(points[start : start + CHUNK], read) for start in range(0, len(points), CHUNK)]
    holds = np.concatenate([part.stopping(threshold, 2 * ALPHA)[0] for part in parts])
    fails = np.concatenate([part.stopping(threshold, 2 * ALPHA / several)[1] for part in parts])
    return holds, fails


def sets(rates: list[float], runs: int, several: int) -> list[tuple[Floats, Floats]]:
    """The stops of one gate's sets, by their true win rates."""
    rng = np.random.default_rng([SEED, len(rates), round(1000 * sum(rates))])
    return [shown(matches(rate, TIES)(rng, runs, QUESTIONS), LIMIT, several) for rate in rates]


def guarded(runs: int, several: int) -> dict[str, Floats]:
    """After how many questions each guard was shown to be exceeded, of candidates that are exactly at its limit."""
    rng = np.random.default_rng([SEED, 7])
    shape = runs, QUESTIONS

    def differing(more: float, less: float) -> Measured:
        drawn = rng.random(shape)
        return Measured(((drawn >= more) & (drawn < more + less)).astype(float), (drawn < more).astype(float))

    baseline = rng.lognormal(6, 1, shape)
    longer = Measured(baseline, 1.3 * baseline * rng.lognormal(0, 0.5, shape))
    measured = {
        "answer_length": (guard("answer_length", 1.3), longer),
        "refused": (guard("refused", 2), differing(0.04, 0.02)),
        "empty_or_cut": (guard("empty_or_cut", 2), differing(0.02, 0.0)),
        "checked": (guard("checked", -3), differing(0.12, 0.15)),
    }  # fmt: skip
    return {name: shown(*found.points(one), several)[1] for name, (one, found) in measured.items()}


def wrong(runs: int) -> Iterator[str]:
    """Wrong verdicts, in %: where one set is at its margin and the others are far above, and where all are."""
    yield f"{'wrong verdicts, %':<40}  GO: one set  all sets   NO-GO: all sets  and four guards"
    for number in (1, 3, 6):
        one = sets([LIMIT] + [0.75] * (number - 1), runs, number)
        every = sets([LIMIT] * number, runs, number)
        go = [np.all([~np.isnan(holds) for holds, _ in found], axis=0).mean() for found in (one, every)]
        no_go = np.any([~np.isnan(fails) for _, fails in every], axis=0).mean()
        more = number + 4
        fails = [fails for _, fails in sets([LIMIT] * number, runs, more)] + list(guarded(runs, more).values())
        both = np.any([~np.isnan(each) for each in fails], axis=0).mean()
        cells = "  ".join(f"{100 * share:12.2f}" for share in (*go, no_go, both))
        yield f"{f'{number} sets, at the margins':<40}  {cells}"
    alone = guarded(runs, 1)
    yield "each guard alone at its limit: " + ", ".join(
        f"{name} {100 * (~np.isnan(fails)).mean():.2f}" for name, fails in alone.items()
    )


def chance(runs: int) -> Iterator[str]:
    """An equal candidate's GO, in %: simulated here, and as the quote says it."""
    yield f"\n{'GO for an equal candidate, %':<40}  simulated  said"
    rng = np.random.default_rng(SEED)
    for number, questions, margin in ((1, 80, 0.05), (1, 80, 0.1), (2, 290, 0.1), (2, 1100, 0.05), (3, 160, 0.1)):
        passed = np.ones(max(runs // 4, 200), bool)
        for _ in range(number):
            points = matches(0.5, TIES)(rng, len(passed), questions)
            read = partial(sequential.of_alike, planned=questions)
            for start in range(0, len(passed), CHUNK):
                part = Trial.of(points[start : start + CHUNK], read).stopping(0.5 - margin, 2 * ALPHA)[0]
                passed[start : start + CHUNK] &= ~np.isnan(part)
        said = foresight.chance_if_equal(margin, "alike", questions, ALPHA) ** number
        yield f"{f'{number} sets of {questions}, margin {margin:g}':<40}  {100 * passed.mean():9.1f}  {100 * said:4.1f}"


def walk(rates: Mapping[str, float], rng: np.random.Generator, by_chance: bool) -> tuple[str, int]:
    """One gate, look by look, as the product goes: its verdict, and how many questions were judged."""
    points = {name: rng.choice(OUTCOMES, p=chances(rate, TIES), size=QUESTIONS) for name, rate in rates.items()}
    looks = list(Options(baseline="a", candidate="b", questions="", judge="").looks(QUESTIONS))
    taken = dict.fromkeys(rates, 0)
    known: dict[tuple[str, int], tuple[float, float]] = {}
    read = partial(sequential.of_alike, planned=QUESTIONS)
    while True:
        judged = {name: points[name][: looks[taken[name] - 1]] for name in rates if taken[name]}
        claims = {name: Claim(Trial.of(seen, read), LIMIT) for name, seen in judged.items()}
        found, total = decide(claims, ALPHA, len(rates)), sum(map(len, judged.values()))
        if found.failed or len(found.held) == len(rates):
            return ("NO-GO" if found.failed else "GO"), total
        open_ = [name for name in rates if name not in found.held]
        left = [name for name in open_ if taken[name] < len(looks)]
        for name in left:
            if (name, taken[name]) not in known:
                seen = judged.get(name, np.zeros(0))
                chance_of = foresight.chances(seen, QUESTIONS - len(seen), LIMIT, (ALPHA, found.level), read)
                known[name, taken[name]] = chance_of
        each = {name: known[name, taken[name]] for name in left}
        name = foresight.following(each, len(left) == len(open_), FUTILITY)
        if name is None:
            return "INCONCLUSIVE", total
        taken[name if by_chance else min(left, key=taken.__getitem__)] += 1


def calls(walks: int) -> Iterator[str]:
    """The mean number of questions judged, by chance and in turns, beside all; and the verdicts."""
    yield f"\n{'questions judged, of three sets of 80':<40}  ours  in turns  all   GO  NO-GO  open"
    for name, rates in {
        "far better on all": (0.7, 0.7, 0.7),
        "better on all": (0.6, 0.6, 0.6),
        "far worse on one": (0.6, 0.6, 0.2),
        "worse on one": (0.6, 0.6, 0.3),
        "worse on all": (0.35, 0.35, 0.35),
        "equal": (0.5, 0.5, 0.5),
    }.items():
        named = dict(zip("abc", rates, strict=True))
        ways = [[walk(named, np.random.default_rng([SEED, run]), way) for run in range(walks)] for way in (True, False)]
        means = [float(np.mean([number for _, number in way])) for way in ways]
        shares = [100 * np.mean([verdict == one for verdict, _ in ways[0]]) for one in ("GO", "NO-GO", "INCONCLUSIVE")]
        cells = "  ".join(f"{share:4.0f}" for share in shares)
        yield f"{name:<40}  {means[0]:4.0f}  {means[1]:8.0f}  {3 * QUESTIONS:3d}  {cells}"


PARTS = {"wrong": wrong, "chance": chance, "calls": calls}


def main() -> None:
    """Print the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--walks", type=int, default=100, help="gates that are gone through look by look")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    asked = parser.parse_args()
    for name in asked.only:
        for line in PARTS[name](asked.walks if name == "calls" else asked.runs):
            print(line, flush=True)


if __name__ == "__main__":
    main()
