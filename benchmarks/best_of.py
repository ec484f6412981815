"""The best of several, simulated: `python benchmarks/best_of.py [--runs 1000] [--walks 40] [--only PART ...]`.

Points of all candidates on the same questions, with a fifth of ties; those of two candidates hang together (by 0.5,
where nothing else is said). A look is taken after every question, and the functions are those of the product. All at
5 %, sets of 80 questions, a margin of 5 points.

    wrong        of N candidates as good as the baseline: how often one is said to be better, beaten, best, or anything
    tied         the same where two are the best
    winner       by how much the figure of the first is off, and how often intervals hold what is true
    calls        how many questions are judged, beside all pairs, one comparison each, and judging all
    checkpoints  five steps from the small checkpoint to its damaged copy, from nothing: in which order they come

Standard errors for 1,000 runs: 0.7 points of a share of 5 %. `checkpoints` takes a quarter of an hour of two cores.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from scipy.special import ndtri
from sequential import chances as outcome_chances

from judgebench.best_of import foresight
from judgebench.best_of.decision import Decision, Points, Shares, decide, without_luck
from judgebench.compare.options import Options
from judgebench.statistics import sequential
from judgebench.statistics.clusters import Floats
from judgebench.statistics.sequential import Trial

SEED, ALPHA, TIES, QUESTIONS, MARGIN, FUTILITY = 29, 0.05, 0.2, 80, 0.05, 0.05
LIMIT = 0.5 - MARGIN
READ = partial(sequential.of_alike, planned=QUESTIONS)
SPREAD = (0.65, 0.6, 0.55, 0.5, 0.45)


def drawn(rates: tuple[float, ...], rng: np.random.Generator, together: float = 0.5, ties: float = TIES) -> Floats:
    """Points (candidates, questions) whose normal scores correlate so much over the candidates."""
    noise = rng.normal(size=(len(rates), QUESTIONS))
    score = np.sqrt(together) * rng.normal(size=QUESTIONS) + np.sqrt(1 - together) * noise
    cuts = [ndtri(np.cumsum(outcome_chances(rate, ties))[:2]) for rate in rates]
    return np.array([(one > low) / 2 + (one > high) / 2 for one, (low, high) in zip(score, cuts, strict=True)])


def points_of(seen: Floats) -> Points:
    """Where no verdict is missing."""
    return Points.of([(one, one) for one in seen])


def decided(seen: Floats) -> Decision:
    """After a look at every question."""
    return decide(points_of(seen), READ, LIMIT, Shares(ALPHA, len(seen)))


def share(found: list[bool]) -> str:
    """In %, with its standard error."""
    mean = float(np.mean(found))
    return f"{100 * mean:5.2f} ({100 * np.sqrt(mean * (1 - mean) / len(found)):.2f})"


def wrong(runs: int) -> Iterator[str]:
    """Wrong claims of candidates that are all as good as the baseline."""
    yield f"{'wrong claims, % (standard error)':<40}  better        beaten        best          anything"
    cases = {"": (0.5, TIES), ", apart": (0.0, TIES), ", close": (0.9, TIES), ", 60 % ties": (0.5, 0.6)}
    for number in (2, 5, 20):
        for name, (together, ties) in cases.items():
            rng = np.random.default_rng([SEED, number, round(10 * together), round(10 * ties)])
            found = [decided(drawn((0.5,) * number, rng, together, ties)) for _ in range(runs)]
            parts = [[bool(one.better) for one in found], [bool(one.beaten) for one in found]]
            parts += [[one.best is not None for one in found]]
            parts += [[bool(one.better or one.beaten or one.best is not None) for one in found]]
            yield f"{f'{number} equal{name}':<40}  {'  '.join(map(share, parts))}"


def tied(runs: int) -> Iterator[str]:
    """Two are equally good and the best: to say that one of them is beaten, or the other best, is wrong."""
    yield f"\n{'two are the best, % (standard error)':<40}  one beaten    a best one    others beaten"
    for rates in ((0.65, 0.65, 0.5), (0.65, 0.65, 0.5, 0.5, 0.5), (0.65, 0.65) + (0.5,) * 18):
        rng = np.random.default_rng([SEED, 3, len(rates)])
        found = [decided(drawn(rates, rng)) for _ in range(runs)]
        parts = [[bool({0, 1} & one.beaten.keys()) for one in found], [one.best is not None for one in found]]
        others = float(np.mean([len(one.beaten.keys() - {0, 1}) / (len(rates) - 2) for one in found]))
        yield f"{f'two at 0.65, {len(rates) - 2} at 0.5':<40}  {'  '.join(map(share, parts))}  {100 * others:5.1f}"


def winner(runs: int) -> Iterator[str]:
    """The first one's figure and intervals, against what is true of it."""
    yield f"\n{'the first one, in points':<40}  off by (se)  spread  plain mean  its interval holds, %  all hold, %"
    every = {"2 equal": (0.5,) * 2, "5 equal": (0.5,) * 5, "20 equal": (0.5,) * 20, "0.65 to 0.45": SPREAD}
    for name, rates in every.items():
        off, plain, its, all_ = [], [], [], []
        rng = np.random.default_rng([SEED, 5, len(rates), round(100 * rates[0])])
        for _ in range(runs):
            seen = walked(rates, rng, futility=0)[0]
            points = points_of_ragged(seen)
            first = int(np.argmax([one.mean() if len(one) == max(map(len, seen)) else -1 for one in seen]))
            level = Shares(ALPHA, len(rates)).interval
            trials = [Trial.of(one, READ) for one in seen]
            holds = [np.isnan(one.stopping(rate, level)).all() for one, rate in zip(trials, rates, strict=True)]
            low, high = trials[first].interval(level)
            figure = min(max(without_luck(points), low), high)
            off.append(figure - rates[first])
            plain.append(float(seen[first].mean()) - rates[first])
            its.append(bool(holds[first]))
            all_.append(all(holds))
        mean, error, spread = (100 * float(one) for one in (np.mean(off), np.std(off) / np.sqrt(runs), np.std(off)))
        cells = (
            f"{mean:+5.2f} ({error:.2f})  {spread:6.1f}  {100 * np.mean(plain):+10.2f}  {share(its):>21}  {share(all_)}"
        )
        yield f"{name:<40}  {cells}"


def points_of_ragged(seen: list[Floats]) -> Points:
    """Of candidates that were judged on fewer questions, once they were out."""
    return Points.of([(one, one) for one in seen])


def walked(
    rates: tuple[float, ...], rng: np.random.Generator, futility: float = FUTILITY
) -> tuple[list[Floats], Decision]:
    """One best of several, look by look as the product goes: the points that were judged, and what is known."""
    every, shares = drawn(rates, rng), Shares(ALPHA, len(rates))
    seen, decision = [one[:0] for one in every], Decision(len(rates))
    for look in Options(baseline="a", candidate="b", questions="", judge="").looks(QUESTIONS):
        for one in decision.running:
            seen[one] = every[one, :look]
        points = points_of_ragged(seen)
        decision = decide(points, READ, LIMIT, shares)
        chances = foresight.chances(points, READ, decision, QUESTIONS - look, LIMIT, shares)
        if not decision.open or look == QUESTIONS or (futility and not any(one >= futility for one in chances)):
            break
    return seen, decision


def alone(points: Floats, alpha: float, threshold: float = LIMIT) -> int:
    """How many questions of one comparison are judged, until it is known to be above a half or below the limit."""
    for look in Options(baseline="a", candidate="b", questions="", judge="").looks(QUESTIONS):
        trial = Trial.of(points[:look], READ)
        if trial.stopping(0.5, alpha)[0] <= look or trial.stopping(threshold, alpha)[1] <= look:
            return look
        going = (
            Trial.of(sequential.continued(points[:look], QUESTIONS - look, 100), READ) if look < QUESTIONS else trial
        )
        stops = np.fmin(going.stopping(0.5, alpha)[0], going.stopping(threshold, alpha)[1])
        if look == QUESTIONS or np.mean(~np.isnan(stops)) < FUTILITY:
            return look
    return QUESTIONS


def calls(walks: int) -> Iterator[str]:
    """Mean numbers of questions judged; in all pairs, as if those of two candidates told what their points tell."""
    yield f"\n{'questions judged':<40}  ours  one each  all pairs   all  best, %  right, %"
    cases = {
        "one at 0.7, four at 0.5": (0.7, 0.5, 0.5, 0.5, 0.5),
        "one at 0.7, four at 0.3": (0.7, 0.3, 0.3, 0.3, 0.3),
        "five at 0.5": (0.5,) * 5,
        "0.65 to 0.45": SPREAD,
        "0.6 and 0.5": (0.6, 0.5),
        "one at 0.75, nineteen at 0.5": (0.75, *(0.5,) * 19),
    }
    for name, rates in cases.items():
        number = len(rates)
        pairs = [(one, other) for one in range(number) for other in range(one)]
        ours, each, both, best = [], [], [], []
        for run in range(walks):
            seen, decision = walked(rates, np.random.default_rng([SEED, 11, run]))
            every = drawn(rates, np.random.default_rng([SEED, 11, run]))
            ours.append(sum(map(len, seen)))
            best.append(decision.best)
            each.append(sum(alone(one, ALPHA / number) for one in every))
            level = ALPHA / (number + len(pairs))
            beside = sum(alone(one, level) for one in every)
            if number <= 5:
                both.append(beside + sum(alone((1 + every[a] - every[b]) / 2, level, 0.5) for a, b in pairs))
        pairwise = f"{np.mean(both):9.0f}" if both else f"{'-':>9}"
        told = (
            f"{100 * np.mean([one is not None for one in best]):7.0f}  {100 * np.mean([one == 0 for one in best]):8.0f}"
        )
        figures = f"{np.mean(ours):4.0f}  {np.mean(each):8.0f}  {pairwise}  {number * QUESTIONS:4d}  {told}"
        yield f"{name:<40}  {figures}"


def checkpoints(walks: int) -> Iterator[str]:
    """Steps of a fifth each from the small checkpoint to its damaged copy, before the embedded judge."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        base = interpolated(place / "runs")
        command = [sys.executable, "-m", "judgebench", "-C", str(place / "w")]
        subprocess.run([*command, "init"], check=True, stdout=subprocess.DEVNULL)
        asked = ["--baseline", f"base=hf:{base}", "--candidate", str(place / "runs" / "step-*"), "--judge", "embedded"]
        asked += ["--questions", "core-80", "--max-tokens", "48", "--temperature", "0"]
        done = subprocess.run([*command, "compare", *asked], check=False, stdout=subprocess.PIPE, text=True)
        yield from ["", *done.stdout.splitlines()]


def interpolated(folder: Path) -> Path:
    """`step-1` to `step-5`, of which the last is the damaged copy; the whole one."""
    sys.path.append(str(Path(__file__).parent.parent / "tools"))
    import checkpoint
    import torch
    from safetensors.torch import load_file, save_file

    base, damaged = checkpoint.base(print), checkpoint.damaged(print)
    whole, broken = (load_file(one / "model.safetensors") for one in (base, damaged))
    for step in range(1, 6):
        place = folder / f"step-{step}"
        place.mkdir(parents=True)
        mixed = {name: torch.lerp(whole[name].float(), broken[name].float(), step / 5) for name in whole}
        mixed = {name: one.to(whole[name].dtype).contiguous() for name, one in mixed.items()}
        save_file(mixed, place / "model.safetensors", metadata={"format": "pt"})
        for one in base.iterdir():
            if one.is_file() and one.suffix != ".safetensors":
                (place / one.name).write_bytes(one.read_bytes())
    return base


PARTS: dict[str, Callable[[int], Iterator[str]]] = {
    "wrong": wrong, "tied": tied, "winner": winner, "calls": calls, "checkpoints": checkpoints,
}  # fmt: skip


def main() -> None:
    """Print the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--walks", type=int, default=40, help="contests that are gone through look by look")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    asked = parser.parse_args()
    for name in asked.only:
        for line in PARTS[name](asked.walks if name == "calls" else asked.runs):
            print(line, flush=True)


if __name__ == "__main__":
    main()
