"""The verdict as the judge's own probabilities have it, from the tokens where the text has its verdict; pure.

A rating becomes the expectation over the allowed scores: sum of score x probability, over the mass found
(G-Eval, arXiv 2303.16634, which takes it from samples). docs/statistics.md has the whole of it.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from judgebench.verdicts.closing import Range
from judgebench.verdicts.forms import FORMS, Form
from judgebench.verdicts.text import Said, said

ALTERNATIVES = 20  # what the OpenAI API reports at most
MIN_MASS = 0.5  # of less, too little was reported to speak for the judge
MAX_UNCLEAR = 0.01  # of the mass found
_NUMBER = re.compile(r"(?P<number>\d{1,3})(?P<rest>.*)", re.DOTALL | re.ASCII)
_WINNERS = {"A": "A", "B": "B", "C": "tie"}
_BEYOND_ASCII = re.compile(r"(?:bytes:)?(?:\\x[0-9a-f]{2})+|[^\x00-\x7f]")
_LONGEST_END = 200  # characters
_END_TOKENS = re.compile(r"(?:\s{0,9}(?:<\|[a-z_]{1,30}\|>|</s>))+\s*\Z", re.IGNORECASE)
_TWO_DIGITS = re.compile(r"\d\d", re.ASCII)


class Token(Protocol):
    """A token of a reply with the natural logarithms of its likeliest alternatives' probabilities."""

    @property
    def token(self) -> str:
        """Its text."""
        ...

    @property
    def alternatives(self) -> Mapping[str, float]:
        """Itself mostly among them."""
        ...


@dataclass(frozen=True, slots=True)
class Odds:
    """The probability of each verdict, out of `mass`: the part of all probability that is on verdicts."""

    probabilities: Mapping[str, float]
    mass: float

    @property
    def expectation(self) -> float:
        """The expected score."""
        return sum(float(score) * probability for score, probability in self.probabilities.items())


def reads(form: Form) -> bool:
    """Whether verdicts in that form are found among tokens: one score or letter in double square brackets."""
    return form.kind in ("rating", "choice") and form.known


def odds(kind: str, reply: str, tokens: Sequence[Token], allowed: Range) -> Odds | None:
    """What the tokens say about a reply's `rating` or `choice`; None where they are of another text, or unclear."""
    told, says = "".join(token.token for token in tokens), said(FORMS[kind], reply, allowed)
    start = _begins(told, reply, says) if says and _are_of(told, reply) else -1
    place = _place(tokens, start + 2) if start >= 0 else None
    if says is None or place is None:
        return None
    found = _letters(*place) if kind == "choice" else _scores(*place, tokens, allowed)
    unclear = found.pop("", 0.0)
    mass = sum(found.values())
    if mass < MIN_MASS or unclear > MAX_UNCLEAR * mass or not _shows(found, kind, says):
        return None
    shares = {value: round(part / mass, 6) for value, part in sorted(found.items(), key=lambda item: -item[1])}
    return Odds(shares, round(min(mass, 1.0), 6))


def _begins(told: str, reply: str, says: Said) -> int:
    """Where the verdict stands in what the tokens make: as many like it follow (links, quotations) as in the reply."""
    verdict, place = f"[[{says.text}]]", len(told)
    for _ in range(1 + reply.count(verdict, says.end)):
        place = told.rfind(verdict, 0, max(place, 0))
    return place


def _are_of(told: str, reply: str) -> bool:
    """Whether tokens make that reply, and not its reasoning alone; letters beyond ASCII may be split among them."""
    told, reply = (_BEYOND_ASCII.sub("", text) for text in (told, reply.strip()))
    return (told[:-_LONGEST_END] + _END_TOKENS.sub("", told[-_LONGEST_END:])).rstrip().endswith(reply)


def _place(tokens: Sequence[Token], start: int) -> tuple[Token, str, int] | None:
    """The token in which a place of the text lies, what it holds before that, and its number."""
    reached = 0
    for number, token in enumerate(tokens):
        if start < reached + len(token.token):
            return token, token.token[: start - reached], number
        reached += len(token.token)
    return None


def _shows(found: Mapping[str, float], kind: str, said: Said) -> bool:
    """Whether the verdict of the text is itself among those found: else its token was not read rightly."""
    return (_WINNERS[said.text] if kind == "choice" else f"{float(said.text):g}") in found


def _letters(token: Token, before: str, number: int) -> defaultdict[str, float]:
    found = defaultdict[str, float](float)
    for text, probability in _alternatives(token, before):
        if text[:1] in _WINNERS and text[1:2] in ("", "]"):
            found[_WINNERS[text[0]]] += probability
    return found


def _scores(token: Token, before: str, number: int, tokens: Sequence[Token], allowed: Range) -> defaultdict[str, float]:
    """Scores and their probabilities; under the empty text what may be one score or the beginning of another."""
    found = defaultdict[str, float](float)
    whole = _joins_digits(tokens)
    following = tokens[number + 1] if number + 1 < len(tokens) else None
    for text, probability in _alternatives(token, before):
        score = _NUMBER.fullmatch(text)
        if not score:
            continue
        if score["rest"]:
            _count(found, text, probability, allowed)
        elif following and following.alternatives and before + text == token.token:
            for end, share in _continued(score["number"], following):
                _count(found, end, probability * share, allowed)
        elif whole or int(text) * 10 > allowed[1]:
            _count(found, text + "]", probability, allowed)
        else:
            found[""] += probability
    return found


def _count(found: defaultdict[str, float], text: str, probability: float, allowed: Range) -> None:
    number = re.match(r"\d{1,3}(?:\.\d{1,4})?(?=\])", text, re.ASCII)
    if number and allowed[0] <= float(number[0]) <= allowed[1]:
        found[f"{float(number[0]):g}"] += probability


def _continued(number: str, following: Token) -> Iterator[tuple[str, float]]:
    """A number that was written, as the next token ends it or goes on: `1` and `]]`, or `1` and `0`."""
    for text, probability in _alternatives(following, ""):
        yield (number + text if "]" in text else f"{number}{text}]"), probability


def _alternatives(token: Token, before: str) -> Iterator[tuple[str, float]]:
    """The alternatives that begin as the token does, without that beginning, and their probability."""
    for text, logprob in token.alternatives.items():
        if text.startswith(before) and not math.isnan(logprob):
            yield text[len(before) :], math.exp(min(logprob, 0.0))


def _joins_digits(tokens: Sequence[Token]) -> bool:
    """Whether the tokenizer has tokens of several digits, so that `1` is not the beginning of `10`."""
    return any(_TWO_DIGITS.search(text) for token in tokens for text in (token.token, *token.alternatives))
