"""Spoiled copies of graded answers, with scores set by rule: what real gradings have too little of.

None of their sentences stands in `judgebench.attacks`, by which the judge is examined: filler is made of other answers.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from judgebench.embedded.training.data import Graded

SHARE, WEIGHT = 0.4, 0.25  # of the answers that get a copy, and what a copy weighs against a grading
LOW = 1.5  # points of what is no answer
COST = 2.0  # of padding, off its own score

Copy = tuple[str, float]  # an answer and its score
Make = Callable[[Graded, Graded, random.Random], Copy]  # of a row, and of one to another question


def shuffled(row: Graded, other: Graded, rng: random.Random) -> Copy:
    """The answer's words in any order."""
    words = row.answers[-1].split()
    return " ".join(rng.sample(words, len(words))), LOW


def looped(row: Graded, other: Graded, rng: random.Random) -> Copy:
    """The answer's beginning, then a few of its words over and over."""
    words = row.answers[-1].split()
    start, size = rng.randrange(1 + len(words) // 4), rng.randrange(1, 20)
    return " ".join(words[:start] + words[start : start + size] * rng.randrange(6, 60)), LOW


def echoed(row: Graded, other: Graded, rng: random.Random) -> Copy:
    """The question, up to three times, in place of an answer."""
    return "\n".join([row.turns[-1]] * rng.randrange(1, 4)), LOW


def broken_off(row: Graded, other: Graded, rng: random.Random) -> Copy:
    """The first few words of the answer."""
    return " ".join(row.answers[-1].split()[: rng.randrange(1, 6)]), LOW


def scrambled(row: Graded, other: Graded, rng: random.Random) -> Copy:
    """The answer's characters in any order, without blanks between its words, or in another script."""
    answer = row.answers[-1]
    choice = rng.randrange(3)
    if choice == 0:
        return answer.replace(" ", ""), LOW
    if choice == 1:
        return "".join(rng.sample(answer, len(answer))), LOW
    return "".join(chr(0x430 + ord(char) % 32) if char.isalpha() else char for char in answer), LOW


def swapped(row: Graded, other: Graded, rng: random.Random) -> Copy:
    """The answer to another question."""
    return other.answers[0], LOW


def padded(row: Graded, other: Graded, rng: random.Random) -> Copy:
    """The answer, and one to another question after it."""
    return f"{row.answers[-1]}\n\n{other.answers[0]}", max(1.0, row.score - COST)


KINDS: tuple[Make, ...] = (shuffled, looped, echoed, broken_off, scrambled, swapped, padded)


def copies(rows: Sequence[Graded], seed: int = 0) -> list[Graded]:
    """Copies of a share of the rows, each of a random kind; what they are mixed with is of another question."""
    rng, made = random.Random(seed), []
    for row in rows:
        other = rng.choice(rows)
        if rng.random() < SHARE and other.question != row.question:
            made.append(replace(row.answered(*rng.choice(KINDS)(row, other, rng)), weight=WEIGHT))
    return made
