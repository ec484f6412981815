"""The gate itself: the judge is tried, guards look at answers, then sets are judged until the verdict is known."""

from dataclasses import replace

from judgebench.compare.kept import decided_set, keep
from judgebench.compare.outages import Say, Watch, unwatched
from judgebench.gate.gating import Gating
from judgebench.gate.policy import Policy
from judgebench.gate.results import Gate, SetResult
from judgebench.gate.summing import result
from judgebench.money.cost import Quote
from judgebench.tables.records import DecidedSet
from judgebench.workspace import Workspace


def gate(workspace: Workspace, policy: Policy, say: Say = lambda line: None, watch: Watch = unwatched) -> Gate:
    """Whether the candidate may be shipped by that policy; rows are kept whatever happens.

    Raises as `compare` does: UsageError for what makes no sense, JudgebenchError where calls failed or the next one
    could pass `max_cost`; run again, it goes on.
    """
    gating = Gating(workspace.check(), policy, say, watch)
    found = _gated(gating, say)
    keep(workspace, "gate", found, [_kept(gating, one) for one in found.sets], found.guards)
    return found


def _kept(gating: Gating, one: SetResult) -> DecidedSet:
    kept = decided_set(gating.runs[one.name], one.outcome, one.questions, one.comparison)
    dollars = None if one.dollars is None else str(one.dollars)
    return replace(kept, role=one.role, needed=one.needed, dollars=dollars)


def _gated(gating: Gating, say: Say) -> Gate:
    if gating.first.identical:
        return result(gating, "GO")
    for line in gating.forecast():
        say(line)
    gating.first.warn_of_one_model()
    if not gating.begin():
        return result(gating, "INVALID")
    verdict = gating.guard() or gating.judge()
    if verdict in ("GO", "INCONCLUSIVE"):
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
