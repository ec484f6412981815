"""What a best of several has found, as data."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from judgebench.best_of.contest import Contest
from judgebench.best_of.decision import without_luck
from judgebench.best_of.reasons import reason
from judgebench.best_of.results import Beside, BestOf, Candidate, Standing
from judgebench.compare.results import Cost, Verdict

_VERDICTS: Mapping[Beside, Verdict] = {
    "better": "PASS",
    "passed": "PASS",
    "worse": "REGRESS",
    "open": "INCONCLUSIVE",
}
_ORDER: tuple[Standing, ...] = ("best", "in reach", "beaten", "worse")


def result(contest: Contest, sound: bool = True) -> BestOf:
    """All that is known; `sound`: the judge is in order."""
    first, options, verdict = contest.first, contest.options, _verdict(contest, sound)
    candidates = _candidates(contest)
    total = contest.spending.total()
    return BestOf(
        verdict=verdict,
        reason=reason(verdict, candidates, contest.canaries, options.margin, contest.vain),
        improved=any(one.beside == "better" for one in candidates),
        baseline=first.sides[0].name,
        best=next((one.name for one in candidates if one.standing == "best"), None),
        candidates=candidates,
        question_set=options.questions,
        judge=first.judge.name,
        snapshots=tuple(sorted({one for run in contest.runs for one in run.served})),
        margin=options.margin,
        alpha=options.alpha,
        population=options.population,
        seed=options.seed,
        questions=len(contest.drawn.ids),
        reused=sum(run.judging.reused for run in contest.runs),
        free=sum(run.judging.free for run in contest.runs),
        canaries=contest.canaries,
        cost=Cost(
            calls=total.calls,
            prompt_tokens=total.prompt_tokens,
            completion_tokens=total.completion_tokens,
            dollars=total.dollars,
            lines=tuple(contest.spending.bill()),
        ),
        seconds=round(time.monotonic() - contest.started, 3),
        made=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _verdict(contest: Contest, sound: bool) -> Verdict:
    if not sound:
        return "INVALID"
    if contest.decision.passed:
        return "PASS"
    return "REGRESS" if contest.decision.all_worse else "INCONCLUSIVE"


def _candidates(contest: Contest) -> tuple[Candidate, ...]:
    """Ranked by where they stand, then by how long they stayed and by their points; a figure for the first alone."""
    found = [_candidate(contest, place) for place in range(len(contest.runs))]
    means = contest.points.means
    ranked = sorted(
        range(len(found)), key=lambda place: (_ORDER.index(found[place].standing), -found[place].judged, -means[place])
    )
    first = found[ranked[0]]
    if first.interval:
        rate = min(max(without_luck(contest.points), first.interval[0]), first.interval[1])
        found[ranked[0]] = _with_rate(first, rate)
    return tuple(found[place] for place in ranked)


def _with_rate(one: Candidate, rate: float) -> Candidate:
    return replace(one, rate=rate, comparison=one.comparison and replace(one.comparison, rate=rate))


def _candidate(contest: Contest, place: int) -> Candidate:
    run, decision = contest.runs[place], contest.decision
    one = Candidate(
        name=run.sides[1].name,
        standing=_standing(contest, place),
        beside=_beside(contest, place),
        judged=len(run.points),
        missing=int((run.reach[0] < run.reach[1]).sum()),
        rate=None,
        interval=None,
        out_after=decision.after(place),
    )
    if not one.judged:
        return one
    read = run.read()
    found = run.comparison(_VERDICTS[one.beside], replace(read, fixed_width=None))
    found = replace(found, canaries=(), categories=(), cost=Cost(dollars=None), rate=None)
    return replace(one, interval=read.interval, comparison=found)


def _standing(contest: Contest, place: int) -> Standing:
    decision = contest.decision
    if place in decision.worse:
        return "worse"
    if place in decision.beaten:
        return "beaten"
    return "best" if decision.best == place else "in reach"


def _beside(contest: Contest, place: int) -> Beside:
    decision = contest.decision
    if place in decision.worse:
        return "worse"
    if place in decision.better:
        return "better"
    return "passed" if place in decision.passed else "open"
