"""The gate itself: the judge is tried, guards look at answers, then sets are judged until the verdict is known."""

from judgebench.compare.kept import decided_set
from judgebench.compare.options import Options
from judgebench.compare.outages import Say, Watch, unwatched
from judgebench.gate.gating import Gating
from judgebench.gate.policy import Policy
from judgebench.gate.results import Gate, SetResult
from judgebench.gate.summing import result
from judgebench.money.cost import Quote
from judgebench.tables.records import Decided, DecidedSet
from judgebench.trackers.provenance import commit
from judgebench.workspace import Workspace


def gate(workspace: Workspace, policy: Policy, say: Say = lambda line: None, watch: Watch = unwatched) -> Gate:
    """Whether the candidate may be shipped by that policy; rows are kept whatever happens.

    Raises as `compare` does: UsageError for what makes no sense, JudgebenchError where calls failed or the next one
    could pass `max_cost`; run again, it goes on.
    """
    found = _gated(Gating(workspace.check(), policy, say, watch), say)
    _keep(workspace, policy, found)
    return found


def _gated(gating: Gating, say: Say) -> Gate:
    if gating.first.identical:
        return result(gating, "GO")
    for line in gating.forecast():
        say(line)
    if not gating.begin():
        return result(gating, "INVALID")
    verdict = gating.guard() or gating.judge()
    if verdict != "NO-GO":
        gating.inform()
    return result(gating, verdict)


def quote(workspace: Workspace, policy: Policy) -> tuple[Quote, Quote]:
    """What a gate would take at most, all sets judged whole: for answers and for reviews; nothing is asked."""
    gating = Gating(workspace.check(), policy, lambda line: None, unwatched)
    parts = [run.quotes() for run in gating.runs.values()]
    return sum((answers for answers, _ in parts), Quote()), sum((asked for _, asked in parts), Quote())


def foretold(workspace: Workspace, policy: Policy) -> list[str]:
    """Before the first call: the chance that a candidate has which is equal, set by set and as a whole."""
    return list(Gating(workspace.check(), policy, lambda line: None, unwatched).forecast())


def _keep(workspace: Workspace, policy: Policy, found: Gate) -> None:
    """As a row of the history, with all sets: those that weren't judged, too."""
    sets = tuple(_kept(workspace, policy.options(of), one) for of, one in zip(policy.sets, found.sets, strict=True))
    kept = Decided(
        command="gate",
        verdict=found.verdict,
        reason=found.reason,
        baseline=found.baseline,
        candidate=found.candidate,
        judge=found.judge,
        alpha=found.alpha,
        sets=sets,
        snapshots=found.snapshots,
        bridged=any(one.bridged for one in sets),
        commit=commit(workspace.root) or None,
        dollars=None if found.cost.dollars is None else str(found.cost.dollars),
        created=found.made,
    )
    workspace.verdicts().append([kept])


def _kept(workspace: Workspace, options: Options, one: SetResult) -> DecidedSet:
    if one.comparison:
        return decided_set(workspace, one.outcome, one.comparison, options)
    return DecidedSet(
        question_set=options.questions,
        digest=workspace.question_set(options.questions).digest,
        outcome=one.outcome,
        margin=one.margin,
        questions=one.questions,
        judged=one.judged,
        categories=options.categories,
    )
