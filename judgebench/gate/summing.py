"""What a gate has found, as data."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from judgebench.compare import reading
from judgebench.compare.results import Cost
from judgebench.compare.results import Verdict as Compared
from judgebench.gate.decision import Name
from judgebench.gate.gating import Gating, Looked, claim_of
from judgebench.gate.policy import Guard, SetPolicy
from judgebench.gate.reasons import of_set, reason
from judgebench.gate.results import Gate, GuardResult, Outcome, SetResult, Verdict
from judgebench.statistics.sequential import Side

_ADVISED: Mapping[Side | None, Outcome] = {"above": "passed", "below": "failed", None: "open"}
_VERDICTS: Mapping[Outcome, Compared] = {
    "passed": "PASS",
    "failed": "REGRESS",
    "open": "INCONCLUSIVE",
    "left": "INCONCLUSIVE",
}


def result(gating: Gating, verdict: Verdict) -> Gate:
    """All that a gate has found."""
    first = gating.first
    total = gating.spending.total()
    sets = tuple(_set(gating, one) for one in gating.policy.sets)
    found = tuple(_guarded(gating, guard, name) for guard, name in gating.guarded)
    return Gate(
        verdict=verdict,
        reason=reason(verdict, sets, found, gating.canaries, first.shared if first.identical else None),
        baseline=first.sides[0].name,
        candidate=first.sides[1].name,
        judge=first.judge.name,
        snapshots=tuple(sorted({one for each in sets if each.comparison for one in each.comparison.snapshots})),
        alpha=gating.alpha,
        chance=1.0 if first.identical else gating.chance_of_go(),
        identical=first.identical,
        same_model=first.shared is not None,
        sets=sets,
        guards=found,
        canaries=gating.canaries,
        cost=Cost(
            calls=total.calls,
            prompt_tokens=total.prompt_tokens,
            completion_tokens=total.completion_tokens,
            dollars=total.dollars,
            lines=tuple(gating.spending.bill()),
        ),
        seconds=round(time.monotonic() - gating.started, 3),
        made=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _outcome(gating: Gating, claim: Name) -> Outcome:
    if claim in gating.decision.failed:
        return "failed"
    return "passed" if claim in gating.decision.held else "open"


def _set(gating: Gating, one: SetPolicy) -> SetResult:
    looked, run = gating.looked[one.name], gating.runs[one.name]
    result = SetResult(
        name=one.name,
        role=one.role,
        margin=one.margin,
        outcome="passed" if run.identical else "left",
        chance=gating.chance(one),
        questions=len(run.drawn.ids),
        judged=len(run.points),
        missing=int((run.reach[0] < run.reach[1]).sum()),
        rate=looked.read.rate,
        interval=looked.read.interval,
    )
    return _judged(gating, result, looked) if len(run.points) else result


def _judged(gating: Gating, result: SetResult, looked: Looked) -> SetResult:
    """With what its questions say; of a set that counts, each end of the interval at the level of its claim."""
    run, read = looked.run, looked.read
    outcome, interval = _ADVISED[read.side], read.interval
    if result.role != "advisory":
        trial = reading.trial_of(run.reach, run.drawn, run.options)
        interval = trial.lower(2 * gating.alpha), trial.upper(2 * gating.decision.level)
        outcome = _outcome(gating, result.name)
    needed = read.needed if outcome == "open" else None
    dollars = _dollars(gating, looked, needed)
    result = replace(result, outcome=outcome, interval=interval, needed=needed, dollars=dollars)
    found = run.comparison(_VERDICTS[outcome], read)
    found = replace(found, canaries=(), reason=of_set(result), interval=interval, cost=looked.cost)
    return replace(result, comparison=found)


def _dollars(gating: Gating, looked: Looked, needed: int | None) -> Decimal | None:
    """About what the judge would cost for the questions that are missing, at the price of those so far."""
    run = looked.run
    if needed is None or needed <= len(run.points):
        return None
    so_far = run.judging.quote(run.drawn.ids[: len(run.points)], gating.spending, anew=True)
    return None if so_far.dollars is None else so_far.dollars / len(run.points) * (needed - len(run.points))


def _guarded(gating: Gating, guard: Guard, name: str) -> GuardResult:
    found, asked = gating.measured.get((guard.name, name)), len(gating.asked(guard, name))
    result = GuardResult(
        name=guard.name,
        question_set=name,
        limit=guard.limit,
        proven=guard.proven,
        outcome="left",
        questions=asked,
        missing=0,
        baseline=None,
        candidate=None,
        value=None,
        interval=None,
        needed=gating.needed(guard, name) if guard.proven else None,
    )
    if gating.runs[name].identical:
        return replace(result, outcome="passed")
    if found is None:
        return result
    known = ~np.isnan(found.baseline + found.candidate)
    interval = found.interval(guard, gating.read(guard, name), gating.alpha, gating.decision.level)
    value = found.value(guard)
    return replace(
        result,
        outcome=_outcome(gating, claim_of(guard, name)),
        missing=int((~known).sum()),
        baseline=float(found.baseline[known].mean()) if known.any() else None,
        candidate=float(found.candidate[known].mean()) if known.any() else None,
        value=None if value is None else min(max(value, interval[0]), interval[1]),
        interval=interval,
    )
