"""Reply text -> Verdict; pure.

A verdict is read only from the place where the prompt told the judge to put it, the last one counts, and one
outside the allowed range is none. Everything else that looks like one (a quoted `[[A]]`, a citation `[1]`,
a point `(10, 4)`) is text. No text makes a parser raise.
"""

import re
from collections.abc import Callable, Mapping

from judgebench.records import Verdict, Winner

Range = tuple[float, float]

_NUMBER = r"\d{1,3}(?:\.\d{1,4})?"
_RATING = re.compile(rf"\[\[({_NUMBER})\]\]", re.ASCII)
_CHOICE = re.compile(r"\[\[([ABC])\]\]")
_SCORE_PAIR = re.compile(rf"({_NUMBER})(?:[ \t]+|[ \t]*,[ \t]*)({_NUMBER})[ \t]*", re.ASCII)
_WINNERS: Mapping[str, Winner] = {"A": "A", "B": "B", "C": "tie"}


def parse(kind: str, reply: str, allowed: Range) -> Verdict | None:
    """The verdict of a reply, or None where it holds none.

    `kind` is `rating` (`[[7]]`, anywhere, the last one), `choice` (`[[A]]`, `[[B]]` or `[[C]]` for a tie, the
    last one) or `score_pair` (two numbers alone on the first line). `allowed` is the lowest and highest score.
    """
    return _PARSERS[kind](reply, allowed)


def from_scores(first: float, second: float, tie_width: float = 0.0) -> Verdict:
    """The verdict of two scores: the higher wins; a difference of at most `tie_width` points is a tie."""
    winner: Winner = "tie" if abs(first - second) <= tie_width else "A" if first > second else "B"
    return Verdict(scores=(first, second), winner=winner)


def flipped(verdict: Verdict) -> Verdict:
    """The same verdict for the two answers in the other order."""
    turned: Mapping[str | None, Winner] = {"A": "B", "B": "A", "tie": "tie"}
    return Verdict(scores=verdict.scores[::-1], winner=turned.get(verdict.winner))


def _rating(reply: str, allowed: Range) -> Verdict | None:
    found = _RATING.findall(reply)
    score = float(found[-1]) if found else None
    return Verdict(scores=(score,)) if score is not None and _within(score, allowed) else None


def _choice(reply: str, allowed: Range) -> Verdict | None:
    found = _CHOICE.findall(reply)
    return Verdict(winner=_WINNERS[found[-1]]) if found else None


def _score_pair(reply: str, allowed: Range) -> Verdict | None:
    found = _SCORE_PAIR.fullmatch(reply.lstrip().partition("\n")[0].rstrip("\r"))
    if not found:
        return None
    first, second = float(found[1]), float(found[2])
    return from_scores(first, second) if _within(first, allowed) and _within(second, allowed) else None


def _within(score: float, allowed: Range) -> bool:
    return allowed[0] <= score <= allowed[1]


_PARSERS: Mapping[str, Callable[[str, Range], Verdict | None]] = {
    "rating": _rating,
    "choice": _choice,
    "score_pair": _score_pair,
}
KINDS = tuple(_PARSERS)
