"""A verdict as a row of `history/verdicts.jsonl`."""

from collections.abc import Sequence

from judgebench.compare.results import Comparison
from judgebench.tables.records import Decided, DecidedSet
from judgebench.trackers.provenance import commit
from judgebench.workspace import Workspace


def keep(workspace: Workspace, found: Comparison) -> None:
    """A comparison, once it is known."""
    kept = Decided(
        command="compare",
        verdict=found.verdict,
        reason=found.reason,
        baseline=found.baseline,
        candidate=found.candidate,
        judge=found.judge,
        alpha=found.alpha,
        sets=decided_sets(workspace, [(found.verdict, found)]),
        snapshots=found.snapshots,
        bridged=found.bridge is not None,
        commit=commit(workspace.root) or None,
        dollars=None if found.cost.dollars is None else str(found.cost.dollars),
        created=found.made,
    )
    workspace.verdicts().append([kept])


def decided_sets(workspace: Workspace, found: Sequence[tuple[str, Comparison]]) -> tuple[DecidedSet, ...]:
    """Comparisons, each with how it came out, as what is kept of them."""
    return tuple(
        DecidedSet(
            question_set=one.question_set,
            digest=workspace.question_set(one.question_set).digest,
            outcome=outcome,
            margin=one.margin,
            questions=one.questions,
            judged=one.judged,
            rate=one.rate,
            interval=one.interval,
            points=one.points,
        )
        for outcome, one in found
    )
