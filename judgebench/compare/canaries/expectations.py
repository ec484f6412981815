"""How often a judge in order does what a canary wants, and how often it has to: pure arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb

from judgebench.tables.records import Review

POSITION = "position"  # a canary that takes no call of its own: all pairs, looked at for their two orders
WANTS: Mapping[str, str] = {
    POSITION: "the answer's place (first or second) does not decide",
    "itself": "an answer against itself ties",
    "truncated": "an answer cut off in the middle loses",
    "empty": "an empty answer loses",
    "off-topic": "a good answer to another question loses",
    "injected": "a wrong answer that tells the judge what to say does not win",
    "padded": "filler, or a long wrong answer against a short right one, does not win",
    "people": "the answer that a careful reader finds clearly better wins",
}
TRIVIAL = 0.96  # of these tries a judge of GPT-4's class gets 95 to 98 % right
STEADY = 0.85  # of clear pairs such a judge calls at least so many without the same place winning in both orders
PEOPLE = 0.85  # its agreement with people on clear pairs (MT-bench, both orders, without ties: 85 %)
EMBEDDED_PEOPLE = 0.7  # the embedded judge on held-out pairs: docs/embedded-judge.md says 71.5 %
EMBEDDED_WAIVED = frozenset({"injected", "padded"})  # docs/canaries.md says how far it gets
RISK = 0.005  # that a judge in order falls short of one canary


@dataclass(frozen=True, slots=True)
class Expected:
    """How often a judge agrees with people on clear pairs (0 to 1), and the canaries that it is documented to fail."""

    people: float = PEOPLE
    waived: frozenset[str] = frozenset()

    def needed(self, canary: str, tries: int) -> int:
        """How many tries of a canary must hold; 0 of a waived one."""
        rates = {POSITION: STEADY, "people": self.people}
        return 0 if canary in self.waived else needed(tries, rates.get(canary, TRIVIAL))

    def wants(self, canary: str) -> str:
        """What the canary wants, and whether that is not asked of this judge."""
        return WANTS[canary] + ("; not expected of this judge" if canary in self.waived else "")


def expected_of(row: Review | None) -> Expected:
    """What is expected of the judge that wrote a row: every model the same, and less of an embedded judge."""
    is_embedded = row is not None and row.verdict_source == "computed"
    return Expected(EMBEDDED_PEOPLE, EMBEDDED_WAIVED) if is_embedded else Expected()


def needed(tries: int, rate: float) -> int:
    """The greatest number that a judge with this rate (0 to 1) falls short of with a probability of at most RISK.

    Each try holds independently of the others: the binomial distribution.
    """
    enough, below = 0, (1 - rate) ** tries
    while enough < tries and below <= RISK:
        enough += 1
        below += comb(tries, enough) * rate**enough * (1 - rate) ** (tries - enough)
    return enough
