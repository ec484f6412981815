"""Choosing among judges, simulated: `python benchmarks/choose_judge.py [--runs 2000] [--only PART ...]`.

Each question has a share of people who prefer the better answer (Beta(6, 2), 75 % on average), and one or five of
them vote. A judge finds the better answer with a probability of its own. Judges are alike in which questions they find
hard (correlated by 0.7 in a normal's terms), or *nested*: who is worse is wrong where the better one is, and on more.
An agreement is then 25 % + half of that probability, so that 3 points of agreement are 6 of it. The functions are
those of the product: half of the questions choose, the others confirm, the margin is 3 points.

    wrong      judges that are worse by exactly the margin and cost less than the best: how often one is called as good
    figure     twenty equal judges: what the chosen one's agreement looks like on either half, and what it is
    power      two equal judges: how often the cheaper one is chosen, by the number of questions and of votes on each

Standard errors for 2,000 runs: 0.35 points of a share of 2.5 %.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from judgebench.statistics.choosing import Ballots, Choice, choose
from judgebench.statistics.clusters import Estimate

SEED, MARGIN, ALIKE = 31, 0.03, 0.7
PEOPLE = (6.0, 2.0)  # of the Beta distribution
BEST = 0.8  # how often the best judge finds the better answer


@dataclass(frozen=True)
class World:
    """Judges by how often they find the better answer; votes a question; `nested` in place of correlated."""

    finds: Sequence[float]
    votes: int = 1
    nested: bool = False

    @property
    def agreements(self) -> list[float]:
        """What each judge's agreement is."""
        mean = PEOPLE[0] / sum(PEOPLE)
        return [one * mean + (1 - one) * (1 - mean) for one in self.finds]

    def half(self, rng: np.random.Generator, questions: int) -> tuple[Ballots, list[Estimate]]:
        """The votes on so many questions, and each judge's agreement with them."""
        for_a = rng.binomial(self.votes, rng.beta(*PEOPLE, questions))  # a is always the better one
        votes = np.column_stack([for_a, self.votes - for_a, np.zeros(questions)]).astype(float)
        ballots = Ballots(np.arange(questions), questions, votes)
        shared = rng.standard_normal(questions)
        own = rng.standard_normal((len(self.finds), questions))
        hard = shared if self.nested else np.sqrt(ALIKE) * shared + np.sqrt(1 - ALIKE) * own
        said = np.where(hard < special.ndtri(np.array(self.finds))[:, None], 0, 1)
        found = [ballots.agreement(one) for one in said]
        return ballots, [one for one in found if one is not None]


def behind(judges: int, nested: bool, votes: int) -> World:
    """One best judge, and others that lack exactly the margin."""
    return World([BEST, *[BEST - 2 * MARGIN] * (judges - 1)], votes, nested)


def chosen(world: World, rng: np.random.Generator, questions: int, costs: Sequence[float | None]) -> Choice:
    """The choice by one half of the questions."""
    ballots, found = world.half(rng, questions)
    return choose(found, costs, MARGIN, ballots.step)


def share(runs: int, happens: Callable[[np.random.Generator], bool]) -> float:
    """In how many per cent of the runs something happens."""
    rng = np.random.default_rng(SEED)
    return 100 * float(np.mean([happens(rng) for _ in range(runs)]))


def wrong(runs: int) -> Iterator[str]:
    """The table of wrong claims."""
    yield "| judges | votes a question | worse ones are | 25 questions choose | 50 | 100 | 200 | 500 |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for judges in (2, 5, 20):
        for votes in (1, 5):
            for nested in (False, True):
                world = behind(judges, nested, votes)
                costs = [9.0, *[1.0] * (judges - 1)]

                def happens(rng: np.random.Generator, questions: int) -> bool:
                    choice = chosen(world, rng, questions, costs)  # noqa: B023 - called within the loop
                    return any(one.at_most is not None and one.at_most < MARGIN for one in choice.standings[1:])

                cells = [share(runs, lambda rng, n=n: happens(rng, n)) for n in (25, 50, 100, 200, 500)]  # type: ignore[misc]
                kind = "nested" if nested else "correlated"
                yield f"| {judges} | {votes} | {kind} | " + " | ".join(f"{cell:.1f} %" for cell in cells) + " |"


def figure(runs: int) -> Iterator[str]:
    """The table of the winner's figure."""
    yield "| questions in each half | true | where it was chosen | where it is confirmed | its interval covers |"
    yield "| --- | --- | --- | --- | --- |"
    world = World([BEST] * 20)
    for questions in (25, 50, 100, 200):
        rng = np.random.default_rng(SEED)
        chose, confirmed, covers = [], [], []
        for _ in range(runs):
            ballots, found = world.half(rng, questions)
            place = choose(found, [None] * 20, MARGIN, ballots.step).chosen
            other = world.half(rng, questions)[1][place]
            interval = other.share_interval()
            chose.append(found[place].value)
            confirmed.append(other.value)
            covers.append(interval is not None and interval[0] <= world.agreements[0] <= interval[1])
        shown = (world.agreements[0], np.mean(chose), np.mean(confirmed), np.mean(covers))
        yield f"| {questions} | " + " | ".join(f"{100 * float(one):.1f} %" for one in shown) + " |"


def power(runs: int) -> Iterator[str]:
    """The table of how often the cheaper of two equal judges is chosen."""
    yield "| judges | votes a question | 50 questions choose | 100 | 200 | 500 | 1,000 | 2,000 |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for judges in (2, 5):
        for votes in (1, 5):
            world = World([BEST] * judges, votes)
            costs = [9.0] * (judges - 1) + [1.0]
            cells = [
                share(runs, lambda rng, n=n: _cheapest(world, rng, n, costs))  # type: ignore[misc]  # noqa: B023
                for n in (50, 100, 200, 500, 1000, 2000)
            ]
            yield f"| {judges} | {votes} | " + " | ".join(f"{cell:.0f} %" for cell in cells) + " |"


def _cheapest(world: World, rng: np.random.Generator, questions: int, costs: Sequence[float | None]) -> bool:
    choice = chosen(world, rng, questions, costs)
    return choice.told and choice.chosen == len(costs) - 1


PARTS: dict[str, Callable[[int], Iterator[str]]] = {"wrong": wrong, "figure": figure, "power": power}


def main() -> None:
    """Parse, draw, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    asked = parser.parse_args()
    for name in asked.only:
        print(f"\n{name}, {asked.runs:,} runs\n")
        for line in PARTS[name](asked.runs):
            print(line, flush=True)


if __name__ == "__main__":
    main()
