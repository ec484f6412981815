"""What calls cost: tokens guessed before a run (a quote) and counted after it (a bill); pure.

A cost that depends on a price that isn't known is None: never 0.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Protocol

from judgebench.models import Request, messages
from judgebench.models.http.parameters import reply_limit, unbounded
from judgebench.money.prices import FREE, Price, money
from judgebench.tables.records import Usage
from judgebench.tables.store import ResultRow
from judgebench.tables.tally import asked_for

TYPICAL_REPLY = 350  # tokens of a reply, where none of the kind was seen yet: an explanation and a verdict
ANSWER = "answer"  # the kind of a request that is no review
_FRAME = 4  # tokens that an endpoint adds to each message, for its role and its ends
_MOST_FRAME = 16  # and more than any is known to
_WIDE = re.compile("[\u2e80-\U0010ffff]")
_HALF = re.compile("[\u0080-\u2e7f]")


class Priced(ResultRow, Protocol):
    """A row of a call: an answer or a review."""

    @property
    def usage(self) -> Usage | None:
        """The tokens that the endpoint counted."""
        ...


def tokens_in(text: str) -> int:
    """A guess: a quarter of the characters, half of those beyond ASCII, and all of those of East Asian scripts.

    How good it is stands in docs/cost.md.
    """
    wide = len(_WIDE.findall(text))
    half = 0 if text.isascii() else len(_HALF.findall(text))
    return -(-(len(text) - wide - half + 2 * half + 4 * wide) // 4)


def _most_tokens_in(text: str) -> int:
    """No tokenizer makes more tokens of a text than it has bytes in UTF-8."""
    return len(text.encode("utf-8", errors="replace"))


@dataclass(frozen=True, slots=True)
class Terms:
    """What the calls of a model cost: its price, where that is known, and what its spec's parameters change.

    `reply` is a limit of tokens in place of the request's; `beside` are the most tokens that parameters add to each
    prompt. `open`: parameters of which nobody knows what they make a call cost at the most.
    """

    price: Price | None = None
    reply: int | None = None
    beside: int = 0
    open: tuple[str, ...] = ()

    @classmethod
    def of(cls, price: Price | None, parameters: Mapping[str, Any]) -> "Terms":
        """By a price, and by the parameters that stand in a spec."""
        beside = _most_tokens_in(repr(parameters)) if parameters else 0
        return cls(price, reply_limit(parameters), beside, tuple(unbounded(parameters)))


PLAIN = Terms()


def estimate(request: Request, reply: int = TYPICAL_REPLY, limit: int | None = None) -> Usage:
    """What a request will take, with replies of so many tokens, or of its limit (max_tokens, or `limit`) if less."""
    said = min(reply, limit or request.sampling.max_tokens)
    prompts = [
        [_FRAME + tokens_in(message.content) for message in messages(request, [""] * turn)] + [turn * said]
        for turn in range(len(request.turns))
    ]
    return Usage(sum(map(sum, prompts)), said * len(request.turns))


def most(request: Request, price: Price, terms: Terms = PLAIN) -> Decimal:
    """No call of an endpoint that keeps to its limit costs more, whatever its tokenizer, by terms without open ones."""
    said = max(request.sampling.max_tokens, terms.reply or 0)
    beside = terms.beside + (_most_tokens_in(repr(request.schema)) if request.schema else 0)
    total = Decimal(0)
    for turn in range(len(request.turns)):
        asked = messages(request, [""] * turn)
        prompt = sum(_MOST_FRAME + _most_tokens_in(message.content) for message in asked) + turn * said + beside
        total += price.of(Usage(prompt, said))
    return total


def typical_replies(rows: Iterable[Priced]) -> dict[str, int]:
    """The mean tokens of a reply so far, by kind of verdict (answers: `answer`)."""
    tokens, calls = Counter[str](), Counter[str]()
    for row in rows:
        if row.usage and not row.error:
            kind = getattr(row, "kind", ANSWER)
            tokens[kind] += max(0, row.usage.completion_tokens)
            calls[kind] += max(1, len(getattr(row, "turns", ())))
    return {kind: -(-tokens[kind] // calls[kind]) for kind in calls}


@dataclass(frozen=True, slots=True)
class Quote:
    """What a run would take: `dollars` is None where the price of a call in it isn't known.

    `at_most` is None where no bound is.
    """

    matches: int = 0
    idle: int = 0  # matches that need no call
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    dollars: Decimal | None = Decimal(0)
    at_most: Decimal | None = Decimal(0)

    def __add__(self, other: "Quote") -> "Quote":
        return Quote(
            self.matches + other.matches,
            self.idle + other.idle,
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            _sum(self.dollars, other.dollars),
            _sum(self.at_most, other.at_most),
        )

    def lines(self, noun: str = "matches") -> Iterator[str]:
        """The quote for a person, on one screen."""
        yield f"{noun:<8}  {self.matches:,}, of which {self.idle:,} need no call"
        yield f"calls     {self.calls:,}"
        if self.calls:
            yield f"tokens    about {self.prompt_tokens:,} in and {self.completion_tokens:,} out (an estimate)"
        if self.dollars is None:
            yield "cost      unknown: give --price INPUT/OUTPUT, in dollars per million tokens"
        else:
            yield f"cost      {'about ' if self.dollars else ''}{money(self.dollars)}{self._bound()}"

    def _bound(self) -> str:
        if self.at_most is None:
            return ", and nobody knows how much at most: a parameter of a spec may make calls dearer"
        return f", at most {money(self.at_most)} (without retries)" if self.at_most else ""


def quote(
    matches: int,
    asked: Iterable[tuple[str, Request]],
    typical: Mapping[str, int],
    terms: Terms,
) -> Quote:
    """The quote for requests, each with its kind of verdict, of so many matches."""
    listed = list(asked)
    total, price = Quote(matches, matches - len(listed)), terms.price
    for kind, request in listed:
        usage = estimate(request, typical.get(kind, TYPICAL_REPLY), terms.reply)
        dollars = price.of(usage) if price else None
        at_most = None if price is None or (terms.open and price != FREE) else most(request, price, terms)
        total += Quote(0, 0, len(request.turns), usage.prompt_tokens, usage.completion_tokens, dollars, at_most)
    return total


@dataclass(frozen=True, slots=True)
class Bill:
    """What calls took, as the endpoint counted; `uncounted` has those without usage, by what came of them."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    dollars: Decimal | None
    uncounted: Mapping[str, int] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """The bill for a person: a line, and another for what isn't in it."""
        cost = "cost unknown (no --price)" if self.dollars is None else money(self.dollars)
        yield f"{cost}: {self.calls:,} calls, {self.prompt_tokens:,} tokens in and {self.completion_tokens:,} out"
        if self.uncounted:
            kinds = ", ".join(f"{kind} {number}" for kind, number in sorted(self.uncounted.items()))
            yield f"not in the bill: {sum(self.uncounted.values())} that the endpoint gave no usage for ({kinds})"


def bill(rows: Iterable[Priced], price: Price | None) -> Bill:
    """What it took to make rows; those that no call was made for (a tie of equals, no answer) cost nothing."""
    called = [row for row in rows if row.usage or _asked(row)]
    kinds = Counter(row.error.kind if row.error else "done" for row in called if not row.usage)
    return bill_for([row.usage for row in called if row.usage], kinds, price)


def bill_for(counted: Sequence[Usage], uncounted: Mapping[str, int], price: Price | None) -> Bill:
    """The bill for calls that are counted, and for others that aren't."""
    prompt = sum(usage.prompt_tokens for usage in counted)
    completion = sum(usage.completion_tokens for usage in counted)
    if price is None:
        dollars = None if counted or uncounted else Decimal(0)
    else:
        dollars = sum(map(price.of, counted), Decimal(0))
    return Bill(len(counted), prompt, completion, dollars, uncounted)


def sum_of(bills: Iterable[Bill]) -> Bill:
    """Several bills as one; dollars are None where one of them doesn't know."""
    total, uncounted = Bill(0, 0, 0, Decimal(0)), Counter[str]()
    for one in bills:
        prompt, completion = total.prompt_tokens + one.prompt_tokens, total.completion_tokens + one.completion_tokens
        total = Bill(total.calls + one.calls, prompt, completion, _sum(total.dollars, one.dollars))
        uncounted.update(one.uncounted)
    return replace(total, uncounted=uncounted)


def _asked(row: Priced) -> bool:
    """Whether a call was made for a row without usage: it failed, or holds what a model said."""
    return asked_for(row) and bool(row.error or getattr(row, "reply", None) is not None or getattr(row, "turns", ()))


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other
