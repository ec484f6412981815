"""Copies of graded answers, spoiled or dressed up, with scores set by rule: what real gradings have too little of.

None of their sentences stands in `judgebench.attacks`, by which the judge is examined: `filler.txt` was written without
a look at it, and other filler is made of other answers.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from judgebench.embedded.text import STOPWORDS, known
from judgebench.embedded.training.data import Graded

SHARE, WEIGHT = 0.5, 0.25  # of the answers that get a spoiled copy, and what a copy weighs against a grading
DRESSED_SHARE, DRESSED_WEIGHT = 0.8, 0.8  # the same of those that are dressed up
CODE_COST, CODE_MOST, CODE_WEIGHT = 4.0, 5.0, 1.0  # the same of those whose code is taken out, which all are
LOW = 1.5  # points of what is no answer
COST = 2.0  # of padding with another answer, off its own score
COSTS = {"filled": 1.2, "listed": 1.4, "tagged": 1.0}  # of what was added to please a judge, off its own score
MOST_SENTENCES, FEWEST_LETTERS = 150, 4  # of an answer that is cut into items; of a word that counts as a term
_ENDS = re.compile(r"(?<=[.!?])\s+|\n+")
_FENCED = re.compile(r"```.*?(?:```|$)", re.DOTALL)

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
    return f"{row.answers[-1]}\n\n{other.answers[0]}", _less(row, COST)


# Drawn from as they stand here.
KINDS: tuple[Make, ...] = (
    *(shuffled, shuffled, looped, looped, looped, scrambled, scrambled),
    *(echoed, broken_off, swapped, padded),
)


# ---- dressed up: the same answer, made to look like more ------------------------------------------------------


def filled(row: Graded, other: Graded, rng: random.Random) -> Copy:
    """The answer, and sentences that could be said of anything."""
    terms, lines = _terms(row, rng), rng.sample(_filler(), len(_filler()))
    wanted, added = len(row.answers[-1]) * rng.choice((0.3, 0.6, 1.0, 1.5)), [""]
    while sum(map(len, added)) < wanted and len(added) <= len(lines):
        added.append(lines[len(added) - 1].format(topic=rng.choice(terms)))
    size = rng.randrange(1, 5)
    paragraphs = (" ".join(added[i : i + size]) for i in range(1, len(added), size))
    return "\n\n".join([row.answers[-1], *paragraphs]), _less(row, COSTS["filled"])


def listed(row: Graded, other: Graded, rng: random.Random) -> Copy:
    """The answer's sentences as items, with bold beginnings, a heading and all of it once more, or some of these."""
    sentences, mark = _sentences(row.answers[-1])[:MOST_SENTENCES], rng.choice(("- ", "* ", "1. "))
    bold, headed, twice = rng.random() < 0.7, rng.random() < 0.5, rng.random() < 0.5
    items = [f"{mark}**{_first(one, 3)}**: {one}" if bold else f"{mark}{one}" for one in sentences]
    heading = [f"# {' '.join(_terms(row, rng)[:4]).title()}"] if headed else []
    recap = ["### Recap", *(f"{mark}{_first(one, 5)}" for one in sentences)] if twice else []
    return rng.choice(("\n", "\n\n")).join([*heading, *items, *recap]), _less(row, COSTS["listed"])


def tagged(row: Graded, other: Graded, rng: random.Random) -> Copy:
    """The answer, and before or behind it the question's terms."""
    terms = _terms(row, rng)
    before = rng.choice(("", f"Tags: {', '.join(terms)}"))
    named = "\n".join(f"* {term}{rng.choice(('', ' (see above)', ' - included'))}" for term in terms)
    row_of_them = f"Topics: {' / '.join(rng.sample(terms, len(terms)))}"
    behind = rng.choice((row_of_them, named, f"{row_of_them}\n\n{named}"))
    return "\n\n".join(filter(None, (before, row.answers[-1], behind))), _less(row, COSTS["tagged"])


DRESSINGS: tuple[Make, ...] = (filled, filled, listed, listed, tagged)


@cache
def _filler() -> list[str]:
    return Path(__file__).with_name("filler.txt").read_text(encoding="utf-8").splitlines()


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in _ENDS.split(text) if part.strip()]


def _first(sentence: str, words: int) -> str:
    return " ".join(sentence.split()[:words])


def _terms(row: Graded, rng: random.Random) -> list[str]:
    """A few of the question's words that carry meaning."""
    words = [word for word in known(row.turns[-1]).words if word not in STOPWORDS and len(word) >= FEWEST_LETTERS]
    found = list(dict.fromkeys(words))
    return rng.sample(found, min(len(found), rng.randrange(4, 12))) or ["this"]


def _less(row: Graded, cost: float) -> float:
    return max(1.0, row.score - cost)


# ---- all together -----------------------------------------------------------------------------------------------


def uncoded(row: Graded) -> Copy:
    """The answer without its code, of one to whom code was worth writing."""
    return _FENCED.sub("", row.answers[-1]).strip(), max(LOW, min(CODE_MOST, row.score - CODE_COST))


def copies(rows: Sequence[Graded], draw: int = 0) -> list[Graded]:
    """A set of copies of a share of the rows, of random kinds; what they are mixed with is of another question."""
    rng, made = random.Random(draw), []
    for row in rows:
        for kinds, share, weight in ((KINDS, SHARE, WEIGHT), (DRESSINGS, DRESSED_SHARE, DRESSED_WEIGHT)):
            other = rng.choice(rows)
            if rng.random() < share and other.question != row.question:
                made.append(_copy(row, rng.choice(kinds)(row, other, rng), weight, draw))
        if "```" in row.answers[-1]:
            made.append(_copy(row, uncoded(row), CODE_WEIGHT, draw))
    return made


def _copy(row: Graded, made: Copy, weight: float, draw: int) -> Graded:
    return replace(row.answered(*made), weight=weight, draw=draw)
