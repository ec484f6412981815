"""What filters ask of a question: how a chosen pair came out on it, and what a reader should look at. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from judgebench.site.parts import verdicts
from judgebench.site.parts.pieces import About

BITS = {"a": 1, "b": 2, "tie": 4, "inconsistent": 8, "incomplete": 16, "flagged": 32, "disagree": 64, "cut": 128}
FLAGS = {
    "inconsistent": "verdict changes with the order",
    "incomplete": "no verdict",
    "flagged": "suspicious text in what the judge read",
    "disagree": "judges disagree",
    "cut": "answer cut at its token limit",
}


def names(bits: int) -> list[str]:
    """The flags of a question, as FLAGS has them."""
    return [name for name in FLAGS if bits & BITS[name]]


@dataclass
class Marks:
    """The marks of a set's questions in their order: of each model, and of each pair by its places in the set's models.

    A mark is two hexadecimal digits, BITS put together; `a` is the model that comes first in the set's order.
    """

    models: tuple[str, ...]
    single: dict[str, list[int]] = field(default_factory=dict)
    pairs: dict[str, dict[int, int]] = field(default_factory=dict)
    questions: int = 0

    def add(self, about: About) -> int:
        """The marks of the next question; gives all of them put together."""
        single = [_of_model(about, model) for model in self.models]
        for model, bits in zip(self.models, single, strict=True):
            self.single.setdefault(model, []).append(bits)
        found = dict(self._of_pairs(about))
        for pair, bits in found.items():
            self.pairs.setdefault(pair, {})[self.questions] = bits
        self.questions += 1
        return _joined([*single, *found.values()])

    def data(self) -> dict[str, Any]:
        """As a piece holds it."""
        pairs = {
            pair: "".join(f"{held.get(number, 0):02x}" for number in range(self.questions))
            for pair, held in self.pairs.items()
        }
        single = [("".join(f"{bits:02x}" for bits in self.single.get(model, ()))) for model in self.models]
        return {"models": single, "pairs": pairs}

    def _of_pairs(self, about: About) -> Iterator[tuple[str, int]]:
        places: Mapping[str, int] = {model: number for number, model in enumerate(self.models)}
        for pair in about.matches_of:
            if len(pair) < 2:  # a model beside itself, in somebody's file
                continue
            first, second = sorted(pair, key=places.__getitem__)
            yield f"{places[first]}-{places[second]}", _of_pair(about, pair, first)


def _of_pair(about: About, pair: frozenset[str], first: str) -> int:
    matches = about.matches_of[pair]
    found = [_outcome(match, first) for match in matches]
    flagged = any(row.flags for row in about.reviews_of.get(pair, ()))
    by_turn = groupby(sorted(matches, key=_turn_and_judge), key=lambda match: match["turn"])
    differ = any(_disagree(list(held)) for _, held in by_turn)
    return _joined([*(BITS[name] for name in found), BITS["flagged"] * flagged, BITS["disagree"] * differ])


def _turn_and_judge(match: verdicts.Match) -> tuple[int, str, str]:
    return match["turn"], match["judge"], match["kind"]


def _disagree(matches: list[verdicts.Match]) -> bool:
    return verdicts.disagree([list(held) for _, held in groupby(matches, key=_turn_and_judge)])


def _outcome(match: verdicts.Match, first: str) -> str:
    """The outcome with `a` for the first model of the set's order."""
    outcome: str = match["outcome"]
    return outcome if match["model_a"] == first else {"a": "b", "b": "a"}.get(outcome, outcome)


def _of_model(about: About, model: str) -> int:
    rows = about.reviews_of.get(frozenset([model]), ())
    answer = about.first.get(model)
    cut = answer is not None and any(answer.is_cut(turn) for turn in about.turns)
    missing = any(row.verdict is None for row in rows)
    flagged = any(row.flags for row in rows)
    return BITS["cut"] * cut + BITS["incomplete"] * missing + BITS["flagged"] * flagged


def _joined(bits: list[int]) -> int:
    joined = 0
    for one in bits:
        joined |= one
    return joined
