"""Few votes and a judge: do the intervals of PPI++ hold the truth, and how much shorter are they?

`python benchmarks/ppi.py [--runs 10000] [--votes 20 30 50] [--data ../shared/data]`. People say a, b or tie of each of
N questions, and so does a judge: two normal variables with a correlation, cut so that b's win rate and the ties come
out as wanted. A judge may lean to b more than people do. n questions of the N, drawn at random, have a vote. The truth
is that of questions like these. With `--data` real votes of people on MT-bench's answers and the embedded judge's
scores of them: 30 of the votes are drawn, and the truth is what all votes say of this set. Standard error of a
coverage: 0.2 points for 10,000 runs.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: small arrays gain nothing from more

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from scipy import special

sys.path.append(str(Path(__file__).resolve().parent))

from judgebench.report.build import votes_of
from judgebench.statistics.clusters import Floats, Interval
from judgebench.statistics.estimates import points_of_b
from judgebench.statistics.frames import scores_frame
from judgebench.statistics.ppi import Calibrated, Population, calibrated
from judgebench.statistics.repeats import scores_over_repeats
from judgebench.statistics.votes import PLACE, votes_of_people, votes_of_scores

SEED = 2311
RATES = (0.5, 0.6, 0.7, 0.8, 0.9)
TIES = (0.0, 0.15)
SHARED = (0.0, 0.5, 0.75, 0.9, 0.985)  # correlations of the normals: 0 to 0.9 of what is said
LEANS = (0.0, 0.05)
QUESTIONS = (80, 500)


@dataclass(frozen=True, slots=True)
class Case:
    """b's win rate by people, the share of ties, how judge and people go together, and how the judge leans."""

    rate: float
    ties: float
    shared: float
    lean: float = 0.0
    questions: int = 80
    votes: int = 30

    @property
    def one_sided(self) -> bool:
        """Whether the judge hardly ever errs, and then always for b: what 30 votes may show no case of."""
        return bool(self.lean) and self.shared >= 0.9


@dataclass(frozen=True, slots=True)
class Found:
    """Shares of runs in which an interval held the truth, mean widths, and the mean of what the votes were worth."""

    case: Case
    correlation: float
    covered: float
    width: float
    votes_covered: float
    votes_width: float
    t_width: float
    worth: float


def cases(votes: Sequence[int] = (30,)) -> list[Case]:
    """Every case."""
    return [Case(*one) for one in product(RATES, TIES, SHARED, LEANS, QUESTIONS, votes)]


def drawn(case: Case, runs: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """What people and the judge say of every question, (runs, questions) each: b's points."""
    shape = (runs, case.questions)
    people, other = rng.standard_normal(shape), rng.standard_normal(shape)
    judge = case.shared * people + np.sqrt(1 - case.shared**2) * other
    return _points(people, case.rate, case.ties), _points(judge, case.rate + case.lean, case.ties)


def _points(normal: Floats, rate: float, ties: float) -> Floats:
    """1 above one quantile, 1/2 down to another, else 0: their mean is the rate."""
    wins = min(rate - ties / 2, 0.97)
    upper, lower = (-special.ndtri(share) for share in (wins, min(wins + ties, 1.0)))
    return np.where(normal > upper, 1.0, np.where(normal > lower, 0.5, 0.0))


def estimates(case: Case, runs: int, population: Population = "alike") -> Iterator[tuple[Calibrated, float]]:
    """Of each run what came out and the truth: of questions like these, or what people say of all in this set."""
    people, judge = drawn(case, runs, np.random.default_rng(SEED))
    for said, predicted in zip(people, judge, strict=True):
        known = said.copy()
        known[case.votes :] = np.nan  # the questions are alike, so that the first ones are a random part
        found = calibrated(predicted, known, population)
        assert found
        yield found, case.rate if population == "alike" else float(said.mean())


def simulate(case: Case, runs: int, population: Population = "alike") -> Found:
    """All runs of a case."""
    rows, correlations = [], []
    for found, truth in estimates(case, runs, population):
        both, votes, t = _known(found.estimate.share_interval(), found.votes.share_interval(), found.votes.interval())
        rows.append((_holds(both, truth), _width(both), _holds(votes, truth), _width(votes), _width(t), found.worth))
        correlations.append(found.correlation)
    columns = [np.nanmean(np.array(column, np.float64)) for column in zip(*rows, strict=True)]
    return Found(case, float(np.nanmean(correlations)), *map(float, columns))


def _known(*intervals: Interval | None) -> list[Interval]:
    return [interval or (0.0, 1.0) for interval in intervals]


def _holds(interval: Interval, truth: float) -> bool:
    return interval[0] <= truth <= interval[1]


def _width(interval: Interval) -> float:
    return interval[1] - interval[0]


def _band(found: Sequence[float]) -> str:
    return f"{100 * min(found):.1f}-{100 * max(found):.1f}"


def table(found: Sequence[Found]) -> Iterator[str]:
    """A line per number of votes and questions and strength of the judge, over win rates and ties."""
    yield "| votes | questions | judge | r | covered (mean) | votes alone | width over votes' t | over theirs | worth |"
    yield "|---|---|---|---|---|---|---|---|---|"
    groups: dict[tuple[object, ...], list[Found]] = {}
    for one in found:
        case = one.case
        groups.setdefault((case.votes, case.questions, case.lean, case.shared), []).append(one)
    for (votes, questions, lean, _), some in sorted(groups.items()):  # type: ignore[type-var]
        r = np.mean([one.correlation for one in some])
        covered, alone = [one.covered for one in some], [one.votes_covered for one in some]
        t, share = (np.mean([one.width / getattr(one, name) for one in some]) for name in ("t_width", "votes_width"))
        worth = np.mean([one.worth for one in some])
        leans = "leans" if lean else "fair"
        yield (
            f"| {votes} | {questions} | {leans} | {r:.2f} | {_band(covered)} ({100 * np.mean(covered):.1f})"
            f" | {_band(alone)} | {t:.2f} | {share:.2f} | {worth:.0f} |"
        )


def real(folder: Path, runs: int, votes: int = 30) -> Iterator[str]:
    """Real votes: people's points on MT-bench's first turns, the embedded judge's, and draws of the votes."""
    people, judge = _real_points(folder)
    rng, every = np.random.default_rng(SEED), len(people)
    whole, hits, widths, alone, worth = float(people.mean()), 0, [], [], []
    for _ in range(runs):
        known = np.full(every, np.nan)
        chosen = rng.choice(every, votes, replace=False)
        known[chosen] = people[chosen]
        found = calibrated(judge, known, "set")
        wide = calibrated(judge, known)
        if found is None or wide is None:
            continue
        interval = found.estimate.share_interval() or (0.0, 1.0)
        hits += _holds(interval, whole)
        widths.append(_width(wide.estimate.share_interval() or (0.0, 1.0)))
        alone.append(_width(wide.votes.interval() or (0.0, 1.0)))
        worth.append(wide.worth)
    r = np.corrcoef(people, judge)[0, 1]
    yield f"{every} questions with a vote and both grades; people's mean {whole:.3f}, the judge's {judge.mean():.3f},"
    yield f"r {r:.2f}; {votes} votes drawn {runs} times: covered {100 * hits / runs:.1f} % (of this set);"
    shorter = np.mean(widths) / np.mean(alone)
    yield f"width {shorter:.2f} of the votes' t interval, worth {np.mean(np.array(worth, float)):.0f} votes"


def _real_points(folder: Path) -> tuple[Floats, Floats]:
    """By question the points of the model that is named second, by people and by the embedded judge."""
    from trust import imported

    reviews = imported(folder)
    voted = votes_of_people(votes_of(reviews).assign(rater="majority"))
    graded = scores_over_repeats(scores_frame(reviews))
    judged = votes_of_scores(graded[(graded["judge"] == "embedded").to_numpy()], voted, close=0.25)
    points = [votes.assign(points=points_of_b(votes["outcome"])) for votes in (voted, judged)]
    both = points[0].merge(points[1], on=PLACE, suffixes=("", "_judge")).groupby("question_id")
    return tuple(both[name].mean().to_numpy() for name in ("points", "points_judge"))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--votes", type=int, nargs="+", default=[30])
    parser.add_argument("--data", type=Path)
    asked = parser.parse_args()
    found = [simulate(case, asked.runs) for case in cases(asked.votes)]
    usual = [one for one in found if not one.case.one_sided]
    print("\n".join(table(usual)))
    within = sum(0.93 <= one.covered <= 0.97 for one in usual)
    print(f"\n{within} of {len(usual)} cases within 93 to 97 %, mean {100 * np.mean([o.covered for o in usual]):.1f} %")
    print("\nA judge that hardly ever errs, and then for b:\n")
    print("\n".join(table([one for one in found if one.case.one_sided])))
    if asked.data:
        print("\n" + " ".join(real(asked.data, asked.runs)))


if __name__ == "__main__":
    main()
