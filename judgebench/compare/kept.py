"""A verdict as a row of `history/verdicts.jsonl`."""

from judgebench.compare.options import Options
from judgebench.compare.results import Comparison
from judgebench.tables.records import Decided, DecidedSet, content_id
from judgebench.trackers.provenance import commit
from judgebench.workspace import Workspace


def keep(workspace: Workspace, found: Comparison, options: Options) -> None:
    """A comparison, once it is known."""
    of = decided_set(workspace, found.verdict, found, options)
    kept = Decided(
        command="compare",
        verdict=found.verdict,
        reason=found.reason,
        baseline=found.baseline,
        candidate=found.candidate,
        judge=found.judge,
        alpha=found.alpha,
        sets=(of,),
        snapshots=found.snapshots,
        bridged=bool(of.bridged),
        commit=commit(workspace.root) or None,
        dollars=None if found.cost.dollars is None else str(found.cost.dollars),
        created=found.made,
    )
    workspace.verdicts().append([kept])


def decided_set(workspace: Workspace, outcome: str, found: Comparison, options: Options) -> DecidedSet:
    """What is kept of a comparison; a bridge joins it to older verdicts where both snapshots count together."""
    return DecidedSet(
        question_set=found.question_set,
        digest=workspace.question_set(found.question_set).digest,
        outcome=outcome,
        margin=found.margin,
        questions=found.questions,
        judged=found.judged,
        rate=found.rate,
        interval=found.interval,
        points=found.points,
        categories=options.categories,
        snapshots=found.snapshots,
        bridged=found.bridge is not None and found.bridge.pooled,
        asked=content_id("asked", options.prompt, options.orders, options.repeats),
    )
