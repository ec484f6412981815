"""What a best of several comes to, as data: every output is made from it."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from judgebench.compare.results import EXIT_STATUS, Canary, Comparison, Cost, Inconclusive, Interval, Verdict

Standing: TypeAlias = Literal["best", "in reach", "beaten", "worse"]
Beside: TypeAlias = Literal["better", "passed", "worse", "open"]  # beside the baseline; passed: not worse by the margin


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One of several. `standing`: `in reach` can't be told from the best, `beaten` is shown not to be it, `worse` than
    the baseline by more than the margin.

    `interval` is of its win rate against the baseline: those of all candidates hold at once. `rate` is known of the
    first one alone, and free of the luck that it took to be first. `judged` counts its questions, `out_after` those
    after which it was out (None: it isn't). `comparison` is what is known of it alone, at its share of the error rate.
    """

    name: str
    standing: Standing
    beside: Beside
    judged: int
    missing: int
    rate: float | None
    interval: Interval | None
    out_after: int | None = None
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BestOf:
    """A verdict, and the candidates in their order. PASS: at least one isn't worse than the baseline by more than the
    margin; REGRESS: all are. `best`: the one that is shown to be better than the others, None where none is.

    `improved`: at least one is shown to be better than the baseline. `alpha`: the chance that anything of this is
    wrong, however often one looks.
    """

    verdict: Verdict
    reason: str
    improved: bool
    baseline: str
    best: str | None
    candidates: tuple[Candidate, ...]
    question_set: str
    judge: str
    snapshots: tuple[str, ...]
    margin: float
    alpha: float
    population: Literal["alike", "set"]
    seed: int
    questions: int
    reused: int
    free: int
    canaries: tuple[Canary, ...]
    cost: Cost
    seconds: float
    made: str

    @property
    def candidate(self) -> str:
        """The first: the best, or the one that is ahead of those that may be it."""
        return self.candidates[0].name

    @property
    def in_reach(self) -> tuple[str, ...]:
        """Those that may be the best still."""
        return tuple(one.name for one in self.candidates if one.standing in ("best", "in reach"))

    @property
    def missing(self) -> int:
        """Of how many questions a planned call has no verdict, over all candidates."""
        return sum(one.missing for one in self.candidates)

    @property
    def judged(self) -> int:
        """How many questions were judged, over all candidates."""
        return sum(one.judged for one in self.candidates)

    def exit_status(self, inconclusive: Inconclusive | None = None) -> int:
        """0 PASS, 3 REGRESS, 4 INCONCLUSIVE, 5 INVALID; an inconclusive one may be told to pass or to fail (3).

        Where no question has a verdict, nothing passes.
        """
        told = inconclusive if self.verdict == "INCONCLUSIVE" else None
        if told == "fail":
            return EXIT_STATUS["REGRESS"]
        heard = any(one.comparison and one.comparison.points for one in self.candidates)
        return EXIT_STATUS["PASS" if told and heard else self.verdict]

    def as_json(self) -> dict[str, Any]:
        """What JSON takes: dollars as text, with the verdict's exit status and the version of this form."""
        import msgspec

        known = {"candidate": self.candidate, "in_reach": list(self.in_reach), "exit_status": self.exit_status()}
        return {"schema": 1, **msgspec.to_builtins(self), **known, "judged": self.judged, "missing": self.missing}
