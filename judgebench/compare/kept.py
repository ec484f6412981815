"""A verdict as a row of `history/verdicts.jsonl`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from judgebench.compare.identity import baseline_id, judge_id
from judgebench.compare.options import Options
from judgebench.compare.results import Comparison, Cost
from judgebench.compare.running import Run
from judgebench.tables.records import Decided, DecidedGuard, DecidedSet, content_id
from judgebench.trackers.provenance import commit
from judgebench.workspace import Workspace


class Found(Protocol):
    """What a comparison and a gate have in common."""

    @property
    def verdict(self) -> str:
        """How it ended."""
        ...

    @property
    def reason(self) -> str:
        """Why, in a sentence."""
        ...

    @property
    def baseline(self) -> str:
        """The model in use."""
        ...

    @property
    def candidate(self) -> str:
        """The one that would take its place."""
        ...

    @property
    def judge(self) -> str:
        """By whom."""
        ...

    @property
    def snapshots(self) -> tuple[str, ...]:
        """Of the judge."""
        ...

    @property
    def alpha(self) -> float:
        """The chance of a wrong verdict."""
        ...

    @property
    def cost(self) -> Cost:
        """What this run paid."""
        ...

    @property
    def made(self) -> str:
        """When, as ISO 8601."""
        ...


def keep(
    workspace: Workspace, command: str, found: Found, sets: Sequence[DecidedSet], guards: Sequence[DecidedGuard] = ()
) -> None:
    """What a command came to, once it is known, with all of its sets and guards."""
    kept = Decided(
        command=command,
        verdict=found.verdict,
        reason=found.reason,
        baseline=found.baseline,
        candidate=found.candidate,
        judge=found.judge,
        alpha=found.alpha,
        sets=tuple(sets),
        guards=tuple(guards),
        snapshots=found.snapshots,
        bridged=any(one.bridged for one in sets),
        commit=commit(workspace.root) or None,
        dollars=None if found.cost.dollars is None else str(found.cost.dollars),
        created=found.made,
    )
    workspace.verdicts().append([kept])


def decided_set(run: Run, outcome: str, questions: int, found: Comparison | None) -> DecidedSet:
    """What is kept of one set; None: it wasn't judged. A pooled bridge joins it to an older snapshot's verdicts."""
    options = run.options
    kept = DecidedSet(
        question_set=options.questions,
        digest=run.question_set.digest,
        outcome=outcome,
        margin=options.margin,
        questions=questions,
        judged=0,
        categories=options.categories,
    )
    if found is None:
        return kept
    return replace(
        kept,
        judged=found.judged,
        rate=found.rate,
        interval=found.interval,
        points=found.points,
        snapshots=found.snapshots,
        bridged=found.bridge is not None and found.bridge.pooled,
        asked=content_id("asked", options.prompt, options.orders, options.repeats),
        how=_how(options),
        judged_by=judge_id(run.workspace, run.question_set, run.judge, options),
        held_against=baseline_id(run.question_set, run.sides[0], options),
    )


def _how(options: Options) -> dict[str, str]:
    """How the judge was asked, and how answers and its replies were drawn, as people say it."""
    judge = options.manner.sampling.content | {"verdict by": options.verdict_by}
    return {
        "prompt": options.prompt or "the question set's",
        "orders": options.orders,
        "repeats": str(options.repeats),
        "the judge's sampling": _listed(judge),
        "sampling of answers": _listed(options.overrides) or "the question set's",
    }


def _listed(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())
