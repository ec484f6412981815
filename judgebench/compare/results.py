"""What a comparison comes to, as data: every output (screen, Markdown, JUnit, JSON, annotations) is made from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, TypeAlias

Verdict: TypeAlias = Literal["PASS", "REGRESS", "INCONCLUSIVE", "INVALID"]
Inconclusive: TypeAlias = Literal["pass", "fail"]  # what one that can't tell is told to count as
Interval: TypeAlias = tuple[float, float]
EXIT_STATUS: Mapping[Verdict, int] = {"PASS": 0, "REGRESS": 3, "INCONCLUSIVE": 4, "INVALID": 5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """One thing that a judge in order does, tried on frozen questions and answers; it fails with fewer than `needed`.

    `wants` says what, for a person ("a truncated answer loses"); `failed` names the tries that went otherwise, of which
    so many have no verdict (`missing`).
    """

    name: str
    wants: str
    tries: int
    held: int
    needed: int
    failed: tuple[str, ...] = ()
    missing: int = 0

    @property
    def passed(self) -> bool:
        """Whether it held often enough."""
        return self.held >= self.needed


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRate:
    """The candidate's win rate in one category, its interval (1 - alpha, fixed number), and drawn to the mean of all.

    `worse`: below the margin by more than chance explains, the false discoveries among such flags held to alpha.
    """

    category: str
    questions: int
    rate: float | None
    interval: Interval | None
    shrunk: float
    worse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A question that says much about the pair: the candidate's points on it (0 to 1), and what the judge said.

    Where it was judged in both orders, that is what the judge said to the baseline's answer first.
    """

    question_id: str
    category: str
    question: str
    points: float
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """By how much the candidate's win rate moved with the judge's snapshot; of all questions, category is None.

    `interval`: a lower and an upper bound, each wrong in at most 5 % of cases.
    """

    category: str | None
    questions: int
    shift: float
    interval: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """Questions judged by two snapshots of a judge; `pooled`: the shift is so small that both count together."""

    before: tuple[str, ...]
    after: str
    shifts: tuple[Shift, ...]
    pooled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What this run took: calls and tokens as endpoints counted them; `dollars` is None where a price isn't known."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    dollars: Decimal | None = Decimal(0)
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A verdict and what it rests on. Rates are the candidate's win rate: win 1, tie 1/2, loss 0, 0.5 is a tie.

    `reason` is one sentence. `interval` holds at every look (sequential) or at this number of questions (fixed), with
    confidence 1 - alpha. `wins`, `ties`, `losses` and `inconsistent` (the orders disagree) count matches, `missing`
    the questions of which a planned call has no verdict. `fixed_width` is the interval's width had this number been
    fixed beforehand. `reused` counts reviews that were there already, `free` those that needed no call.
    `points` are the candidate's on each question that has a verdict, 0 to 1.
    `variance_taken` is the share of the variance that predictions take away, None where they take none. `identical`:
    both are the same model, and nothing was judged; `same_model`: they are one under two names, as far as is known.
    """

    verdict: Verdict
    reason: str
    improved: bool
    baseline: str
    candidate: str
    question_set: str
    judge: str
    snapshots: tuple[str, ...]
    margin: float
    alpha: float
    design: Literal["sequential", "fixed"]
    population: Literal["alike", "set"]
    seed: int
    questions: int
    judged: int
    missing: int
    wins: int
    ties: int
    losses: int
    inconsistent: int
    rate: float | None
    interval: Interval | None
    fixed_width: float | None
    reused: int
    free: int
    identical: bool
    variance_taken: float | None
    categories: tuple[CategoryRate, ...]
    telling: tuple[Telling, ...]
    canaries: tuple[Canary, ...]
    bridge: Bridge | None
    cost: Cost
    seconds: float
    made: str
    points: Mapping[str, float] = field(default_factory=dict)
    same_model: bool = False

    @property
    def threshold(self) -> float:
        """The win rate below which the candidate is worse by more than the margin."""
        return 0.5 - self.margin

    def exit_status(self, inconclusive: Inconclusive | None = None) -> int:
        """0 PASS, 3 REGRESS, 4 INCONCLUSIVE, 5 INVALID; an inconclusive one may be told to pass or to fail (3).

        Where no question has a verdict, nothing passes.
        """
        told = inconclusive if self.verdict == "INCONCLUSIVE" else None
        if told == "fail":
            return EXIT_STATUS["REGRESS"]
        return EXIT_STATUS["PASS" if told and self.rate is not None else self.verdict]

    def as_json(self) -> dict[str, Any]:
        """What JSON takes: dollars as text, with the verdict's exit status and the version of this form."""
        import msgspec

        return {"schema": 1, **msgspec.to_builtins(self), "exit_status": self.exit_status()}
