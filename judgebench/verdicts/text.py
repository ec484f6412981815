"""Reply text -> Verdict; pure.

A verdict is read only from the place where the prompt told the judge to put it, the last one counts, and one
outside the allowed range is none. Everything else that looks like one (a quoted `[[A]]`, a citation `[1]`,
a point `(10, 4)`) is text. No text makes a parser raise.

Of several in double square brackets, the one that stands alone on the last line is the verdict. Without such a one
it is the last outside quotation marks, code and block quotes, unless another one stands alone on an earlier line:
then the reply contradicts itself, and holds none.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from judgebench.tables.records import Verdict, Winner

Range = tuple[float, float]

_NUMBER = r"\d{1,3}(?:\.\d{1,4})?"
_RATING = re.compile(rf"\[\[(?P<said>{_NUMBER})\]\]", re.ASCII)
_CHOICE = re.compile(r"\[\[(?P<said>[ABC])\]\]")
_BEFORE = re.compile(r"[\s*_#`]*+(?:[^\W\d_]++(?: [^\W\d_]++){0,5}+[\s*_]*+[:=])?+[\s*_`]*+")  # "**Final verdict:** "
_AFTER = re.compile(r"[\s*_`.!]*+")
_FENCE = re.compile(r"[ \t]*(```|~~~)(?!.*\1)")
_SCORE_PAIR = re.compile(rf"({_NUMBER})(?:[ \t]+|[ \t]*,[ \t]*)({_NUMBER})[ \t]*", re.ASCII)
_QUOTES = (("“", "”"), ("«", "»"), ("„", "“"), ("「", "」"), ("『", "』"))
_BRACKETED = {"rating": _RATING, "choice": _CHOICE}
_WINNERS: Mapping[str, Winner] = {"A": "A", "B": "B", "C": "tie"}


def parse(kind: str, reply: str, allowed: Range) -> Verdict | None:
    """The verdict of a reply, or None where it holds none.

    `kind` is `rating` (`[[7]]`), `choice` (`[[A]]`, `[[B]]` or `[[C]]` for a tie; for which of several counts in
    both see the module) or `score_pair` (two numbers alone on the first line). `allowed` is the lowest and
    highest score.
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


@dataclass(frozen=True, slots=True)
class Said:
    """Something in double square brackets: the text in them, where that begins and ends, and how it stands there."""

    text: str
    start: int
    end: int
    alone: bool  # on its line, but for a label and emphasis
    quoted: bool  # in quotation marks, code or a block quote


def bracketed(kind: str, reply: str) -> Said | None:
    """What a reply says in double square brackets as its `rating` or `choice`, whatever the allowed range."""
    found = list(_said(_BRACKETED[kind], reply))
    if not found:
        return None
    last = found[-1]
    if last.alone and not last.quoted and not _AFTER.sub("", reply[last.end + 2 :]):
        return last
    own = [said for said in found if not said.quoted] or found
    rivals = {own[-1].text, *(said.text for said in [said for said in found if said.alone][-1:])}
    return own[-1] if len(rivals) == 1 else None


def _said(pattern: re.Pattern[str], reply: str) -> Iterator[Said]:
    place, fenced = 0, False
    for line in reply.splitlines(keepends=True):
        fenced ^= bool(_FENCE.match(line))
        for found in pattern.finditer(line):
            before, after = line[: found.start()], line[found.end() :]
            alone = bool(_BEFORE.fullmatch(before) and _AFTER.fullmatch(after))
            quoted = fenced or line.lstrip().startswith(">") or (not alone and _in_quotes(before, after))
            yield Said(found["said"], place + found.start("said"), place + found.end("said"), alone, quoted)
        place += len(line)


def _in_quotes(before: str, after: str) -> bool:
    straight = any(before.count(mark) % 2 and mark in after for mark in '"`')
    single = before.endswith("'") and after.startswith("'")
    paired = any(before.count(left) > before.count(right) and right in after for left, right in _QUOTES)
    return straight or single or paired


def _rating(reply: str, allowed: Range) -> Verdict | None:
    said = bracketed("rating", reply)
    return Verdict(scores=(float(said.text),)) if said and _within(float(said.text), allowed) else None


def _choice(reply: str, allowed: Range) -> Verdict | None:
    said = bracketed("choice", reply)
    return Verdict(winner=_WINNERS[said.text]) if said else None


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
