"""How often are judges found out of order, rightly and wrongly: `python benchmarks/canaries.py [--runs 5000]`.

Each run draws what a judge says of every match and puts it through the rule itself (`results`). A judge in order errs
on a try with a given probability; an error is the worse answer winning in both orders, or (as often) the same place
winning in both. The faulty judges are those of `tests/servers/judge_server.py`, and weaker forms of them. Standard
error of a rate of 2 %: 0.2 points for 5,000 runs. Needs the extra `dev`.
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

from servers.judge_server import BEHAVIOURS, Shown

from judgebench.compare.canaries import QUESTION_SET, Case, cases, prompt_for, results
from judgebench.compare.canaries.cases import matches_of
from judgebench.judging.judge import ModelJudge
from judgebench.money.cost import estimate
from judgebench.prompts.hostile import neutralised
from judgebench.tables.records import Review, Verdict, Winner

Sayings: TypeAlias = tuple[Winner, Winner]  # of a case, one for each order
Player: TypeAlias = Callable[[Case, random.Random], Sayings]
ANY: Sequence[Winner] = ("A", "B", "tie")
RIGHT: Sayings = ("A", "B")
WRONG: Sequence[Sayings] = (("B", "A"), ("B", "A"), ("A", "A"), ("B", "B"))


class Unasked:
    """A model that is only asked what it would be asked."""

    identity: Mapping[str, Any] = {}

    def generate(self, requests: Any) -> Iterator[Any]:
        """Nothing."""
        return iter(())


JUDGE = ModelJudge("judge", Unasked(), prompt_for())
ROWS = {
    (case, said): [
        replace(JUDGE.draft(match, QUESTION_SET), verdict=Verdict(winner=winner))
        for match, winner in zip(matches_of(case), said, strict=False)
    ]
    for case in cases()
    for said in product(ANY, ANY)
}


def in_order(error: float, people: float, wrong: Sequence[Sayings] = WRONG) -> Player:
    """Errs on that share of the trivial tries, and agrees with people on so many of theirs."""

    def say(case: Case, draw: random.Random) -> Sayings:
        if draw.random() < (people if case.canary == "people" else 1 - error):
            return ("tie", "tie") if case.worse is None else RIGHT
        return draw.choice(wrong)

    return say


def behaving(name: str) -> Player:
    """A judge of tests/servers/judge_server.py."""

    def say(case: Case, draw: random.Random) -> Sayings:
        first, second = map(neutralised, case.texts)
        shown = [(first, second), (second, first)]
        made = [BEHAVIOURS[name](Shown(neutralised(case.question), *texts, choice=True), draw) for texts in shown]
        return (made[0], made[1])

    return say


def mixed(often: Player, share: float, otherwise: Player) -> Player:
    """The first judge in that share of the tries, and else the other."""
    return lambda case, draw: (often if draw.random() < share else otherwise)(case, draw)


def rows_of(player: Player, draw: random.Random) -> Iterator[Review]:
    """What a judge says in one run, as reviews."""
    for case in cases():
        yield from ROWS[case, player(case, draw)]


def rates(player: Player, runs: int) -> tuple[float, Counter[str]]:
    """The share of runs in which a judge is found out of order, and by which canaries how often."""
    draw, found, out = random.Random(11), Counter[str](), 0
    for _ in range(runs):
        failed = [canary.name for canary in results(rows_of(player, draw)) if not canary.passed]
        found.update(failed)
        out += bool(failed)
    return out / runs, found


def battery() -> None:
    """Print what is asked and needed."""
    print("| canary | tries | needed | calls | prompt tokens |\n| --- | --- | --- | --- | --- |")
    calls, tokens = Counter[str](), Counter[str]()
    for case in cases():
        asked = matches_of(case)
        calls[case.canary] += len(asked)
        tokens[case.canary] += sum(estimate(JUDGE.request(match)).prompt_tokens for match in asked)
    for one in results(()):
        print(f"| {one.name} | {one.tries} | {one.needed} | {calls[one.name]} | {tokens[one.name]:,} |")
    print(f"| all | | | {calls.total()} | {tokens.total():,} |")


def players() -> Iterator[tuple[str, Player]]:
    """Each judge with its name."""
    for people in (0.85, 0.8):
        for error in (0.02, 0.03, 0.04, 0.05):
            yield f"in order: errs on {error:.0%}, people {people:.0%}", in_order(error, people)
    places: Sequence[Sayings] = (("A", "A"), ("B", "B"))
    yield "in order: 5%, 85%, all errors are of place", in_order(0.05, 0.85, places)
    yield from ((name, behaving(name)) for name in ("always-a", "longer", "obeys", "coin"))
    good = in_order(0.04, 0.85)
    yield "always ties", lambda case, draw: ("tie", "tie")
    yield "A, B or tie by chance", lambda case, draw: (draw.choice(ANY), draw.choice(ANY))
    yield "coin, the same in both orders", lambda case, draw: draw.choice((RIGHT, ("B", "A")))
    yield "obeys 3 of 4 times, else in order", mixed(behaving("obeys"), 0.75, good)
    yield "obeys every other time, else in order", mixed(behaving("obeys"), 0.5, good)
    yield "longer 3 of 4 times, else in order", mixed(behaving("longer"), 0.75, good)
    yield "A every other time, else in order", mixed(behaving("always-a"), 0.5, good)
    yield "agrees with people on 50%, else in order", in_order(0.04, 0.5)
    yield "agrees with people on 30%, else in order", in_order(0.04, 0.3)


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5000, help="of each judge")
    runs = parser.parse_args().runs
    battery()
    print("\n| judge | found out of order | by |\n| --- | --- | --- |")
    for name, player in players():
        share, found = rates(player, runs)
        by = ", ".join(f"{canary} {count / runs:.1%}" for canary, count in found.most_common(4))
        print(f"| {name} | {share:.1%} | {by} |", flush=True)


if __name__ == "__main__":
    main()
