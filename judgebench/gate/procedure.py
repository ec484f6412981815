"""The gate itself: the judge is tried, guards look at answers, then sets are judged until the verdict is known."""

from judgebench.compare.kept import decided_sets
from judgebench.compare.outages import Say, Watch, unwatched
from judgebench.gate.gating import Gating
from judgebench.gate.policy import Policy
from judgebench.gate.results import Gate
from judgebench.gate.summing import result
from judgebench.money.cost import Quote
from judgebench.tables.records import Decided
from judgebench.trackers.provenance import commit
from judgebench.workspace import Workspace


def gate(workspace: Workspace, policy: Policy, say: Say = lambda line: None, watch: Watch = unwatched) -> Gate:
    """Whether the candidate may be shipped by that policy; rows are kept whatever happens.

    Raises as `compare` does: UsageError for what makes no sense, JudgebenchError where calls failed or the next one
    could pass `max_cost`; run again, it goes on.
    """
    found = _gated(Gating(workspace.check(), policy, say, watch), say)
    _keep(workspace, found)
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


def _keep(workspace: Workspace, found: Gate) -> None:
    """As a row of the history, with the sets that were judged."""
    judged = [(one.outcome, one.comparison) for one in found.sets if one.comparison]
    kept = Decided(
        command="gate",
        verdict=found.verdict,
        reason=found.reason,
        baseline=found.baseline,
        candidate=found.candidate,
        judge=found.judge,
        alpha=found.alpha,
        sets=decided_sets(workspace, judged),
        snapshots=found.snapshots,
        bridged=any(one.bridge is not None for _, one in judged),
        commit=commit(workspace.root) or None,
        dollars=None if found.cost.dollars is None else str(found.cost.dollars),
        created=found.made,
    )
    workspace.verdicts().append([kept])
