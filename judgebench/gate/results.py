"""What a gate comes to, as data: every output is made from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from judgebench.compare.results import Canary, Comparison, Cost, Inconclusive, Interval
from judgebench.gate.policy import Role
from judgebench.tables.records import DecidedGuard

Verdict: TypeAlias = Literal["GO", "NO-GO", "INCONCLUSIVE", "INVALID"]
Outcome: TypeAlias = Literal["passed", "failed", "open", "left"]  # left: not looked at, since it couldn't matter more
GuardResult: TypeAlias = DecidedGuard  # which is kept as it is
EXIT_STATUS: Mapping[Verdict, int] = {"GO": 0, "NO-GO": 3, "INCONCLUSIVE": 4, "INVALID": 5}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetResult:
    """One set: what is known of the candidate's win rate on it.

    `interval`: where its lower end is above 0.5 less the margin the set passed, where its upper end is below it failed;
    each end is at the level of its claim. `chance`: that it passes for a candidate that is equal, as said before the
    first call. `needed`: about how many questions would tell no difference from the margin; `dollars`: what those that
    are missing to that number would cost; None where that isn't known. `comparison`: all about it; None: not judged.
    """

    name: str
    role: Role
    margin: float
    outcome: Outcome
    chance: float
    questions: int
    judged: int
    missing: int
    rate: float | None
    interval: Interval | None
    needed: int | None = None
    dollars: Decimal | None = None
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A verdict and what it rests on. `chance`: of GO for a candidate that is equal, as said before the first call.

    `identical`, `same_model`: as of a comparison.
    """

    verdict: Verdict
    reason: str
    baseline: str
    candidate: str
    judge: str
    snapshots: tuple[str, ...]
    alpha: float
    chance: float
    identical: bool
    sets: tuple[SetResult, ...]
    guards: tuple[GuardResult, ...]
    canaries: tuple[Canary, ...]
    cost: Cost
    seconds: float
    made: str
    same_model: bool = False

    def exit_status(self, inconclusive: Inconclusive | None = None) -> int:
        """0 GO, 3 NO-GO, 4 INCONCLUSIVE, 5 INVALID; an inconclusive one may be told to pass or to fail (3).

        Where no set has a verdict, or one was judged without any, nothing passes.
        """
        told = inconclusive if self.verdict == "INCONCLUSIVE" else None
        if told == "fail":
            return EXIT_STATUS["NO-GO"]
        return EXIT_STATUS["GO" if told and self._heard() else self.verdict]

    def _heard(self) -> bool:
        asked = [one for one in self.sets if one.role != "advisory" and one.judged]
        return bool(asked) and all(one.rate is not None for one in asked)

    def as_json(self) -> dict[str, Any]:
        """What JSON takes: dollars as text, with the verdict's exit status and the version of this form."""
        import msgspec

        return {"schema": 1, **msgspec.to_builtins(self), "exit_status": self.exit_status()}
