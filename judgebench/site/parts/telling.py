"""Which matches of a pair say most about it, and why, in words."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judgebench.site.source import Source
from judgebench.site.views import called, short

Row = Mapping[Any, Any]
REASONS = {
    "loss": "lost",
    "order": "the order decides",
    "judges": "judges disagree",
    "length": "length",
    "repeats": "repeats differ",
}
_MATCH = ("question_set", "model_a", "model_b", "question_id", "turn")
_LONG = 1.5  # times as long is long
_USUAL = 10.0  # points from the lowest score to the highest, where no review says
# How telling a match is: a loss always more than anything else, by what share of the scale it was lost by.
_LOSS, _BY_SCALE, _BOTH_ORDERS, _ONE_ORDER = 2.0, 2.0, 1.0, 0.5
NOTHING = 0.2  # points of a match about which there is nothing to tell, at most
_ORDER, _OPPOSITE, _TIE, _REPEATS = 1.0, 0.75, 0.25, 0.3
_LENGTH = {"a": 0.1, "b": 0.4}  # for each time that the answer is twice as long: where it lost, where it won


@dataclass(frozen=True, slots=True)
class Telling:
    """One match (its columns as of `matches_over_repeats`), how telling it is, why, and keys of REASONS.

    `why` speaks of b: `Loses 2 to 9 in both orders, though its answer is 1.7 times as long.`
    """

    row: Row
    points: float
    why: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What other judges say of each match, and how long each answer is, by turn."""

    said: Mapping[Any, list[tuple[str, str]]]
    lengths: Mapping[tuple[str, str, str], tuple[int, ...]]


def context(source: Source) -> Context:
    """Of a whole site, in one pass. A pair is named in the same order by all judges."""
    said: dict[Any, list[tuple[str, str]]] = defaultdict(list)
    for rows in source.by_pair.values():
        for row in rows:
            said[_place(row)].append((row["judge"], row["outcome"]))
    lengths = {
        (one.question_set, one.question_id, one.model): tuple(map(len, one.turns))
        for one in source.answers
        if one.choice == 0
    }
    return Context(said, lengths)


def ordered(rows: Sequence[Row], about: Context) -> list[Telling]:
    """The matches of a pair, the most telling first: what b lost, then what is doubtful, then the rest."""
    return sorted((_telling(row, about) for row in rows), key=lambda one: -one.points)


def _telling(row: Row, about: Context) -> Telling:
    found = [_result(row), *_doubts(row, about)]
    why = "".join(words for _, words, _ in found)
    reasons = dict.fromkeys(reason for _, _, reason in found if reason)
    return Telling(row, sum(points for points, _, _ in found), f"{why[:1].upper()}{why[1:]}.", tuple(reasons))


_Found = tuple[float, str, str | None]


def _result(row: Row) -> _Found:
    """What came of the match: points, words, reason."""
    outcome = row["outcome"]
    if outcome == "a":
        return _LOSS + _margin(row), f"loses{_by(row, 'b', 'a')}{_orders(row)}", "loss"
    if outcome == "b":
        return 0.0, f"wins{_by(row, 'b', 'a')}{_orders(row)}", None
    if outcome == "tie":
        return 0.1, f"ties{_by(row, 'b', 'a')}{_orders(row)}", None
    if outcome == "incomplete":
        return -1.0, f"no verdict in {row['missing']} of {row['missing'] + row['reviews']} reviews", None
    return _ORDER, _inconsistent(row), "repeats" if _unknown(row["agree"]) or row["agree"] == 1 else "order"


def _margin(row: Row) -> float:
    gap = row["score_a"] - row["score_b"]
    if _unknown(gap):
        return _BOTH_ORDERS if row["orders"] > 1 else _ONE_ORDER
    span = row["high"] - row["low"]
    return _BY_SCALE * float(gap) / (_USUAL if _unknown(span) or not 0 < span < math.inf else float(span))


def _by(row: Row, *sides: str) -> str:
    """` 2 to 9`, b's score first."""
    scores = [row[f"score_{side}"] for side in sides]
    return "" if any(map(_unknown, scores)) else f" {short(scores[0])} to {short(scores[1])}"


def _orders(row: Row) -> str:
    return " in both orders" if row["agree"] == 1 else ", in one order only" if row["orders"] == 1 else ""


def _inconsistent(row: Row) -> str:
    first, second = row["won_first"], row["won_second"]  # a's
    if _unknown(first) or _unknown(second) or first == second:
        return "the verdict changes between repeats"
    return f"the order decides: {_verb(1 - second)} when shown first and {_verb(1 - first)} when shown second"


def _verb(won: float) -> str:
    return "wins" if won > 0.5 else "loses" if won < 0.5 else "ties"


def _doubts(row: Row, about: Context) -> Iterator[_Found]:
    yield from _judges(row, about)
    yield from _length(row, about)
    if row["flip"] and row["outcome"] in ("a", "b", "tie"):
        yield _REPEATS, "; its repeats differ", "repeats"


def _judges(row: Row, about: Context) -> Iterator[_Found]:
    """What other judges say that differs."""
    if row["outcome"] not in ("a", "b", "tie"):
        return
    for judge, outcome in about.said[_place(row)]:
        if judge != row["judge"] and outcome in ("a", "b", "tie") and outcome != row["outcome"]:
            said = "that it is a tie" if outcome == "tie" else f"that {called(row[f'model_{outcome}'])} wins"
            opposite = {outcome, row["outcome"]} == {"a", "b"}
            yield _OPPOSITE if opposite else _TIE, f"; {called(judge)} says {said}", "judges"


def _length(row: Row, about: Context) -> Iterator[_Found]:
    """Long against short: lost although longer, or won with a longer answer."""
    a, b = (_characters(row, side, about) for side in ("a", "b"))
    if not a or not b or row["outcome"] not in ("a", "b"):
        return
    times = b / a
    if times >= _LONG:
        how = ", though its answer is" if row["outcome"] == "a" else " with an answer"
        yield _LENGTH[row["outcome"]] * min(math.log2(times), 2), f"{how} {times:.1f} times as long", "length"
    elif row["outcome"] == "a" and 1 / times >= _LONG:
        yield 0.0, f"; the other answer is {1 / times:.1f} times as long", "length"


def _characters(row: Row, side: str, about: Context) -> int:
    if row["choice"]:  # which are the lengths of the first samples
        return 0
    lengths = about.lengths.get((row["question_set"], row["question_id"], row[f"model_{side}"]), ())
    return lengths[row["turn"] - 1] if len(lengths) >= row["turn"] else 0


def _place(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in _MATCH)


def _unknown(value: Any) -> bool:
    return bool(value != value)
