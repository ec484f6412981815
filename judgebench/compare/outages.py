"""Calls that failed: what an outage leaves is guesswork, and ends a comparison; other failures are said."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from judgebench.errors import OutageError
from judgebench.models import may_pass
from judgebench.tables.records import Review
from judgebench.tables.store import ResultRow, ResultT, Stage
from judgebench.tables.tally import Tally

Say = Callable[[str], None]
Watch = Callable[[Stage[Any], str], Iterable[Any]]  # a stage's rows as they are made, shown under a label
_AGAIN = "what was done is kept: run the same command again to go on"


def unwatched(stage: Stage[ResultT], label: str) -> Iterable[ResultT]:
    """The rows of a stage, shown nowhere."""
    return stage


def finish(stage: Stage[ResultT], label: str, watch: Watch, say: Say) -> None:
    """Work through a stage; see `check`."""
    check(watch(stage, label), label, say)


def check(rows: Iterable[ResultRow], label: str, say: Say) -> Tally:
    """What came of rows, whose failures are said; OutageError for those that may pass when it is run again."""
    tally = _counted(rows)
    if tally.failed:
        for told in (tally.summary(), *tally.reasons()):
            say(f"{label}: {told}")
    passing = Counter({failure: number for failure, number in tally.failures.items() if may_pass(failure)})
    if passing:
        kinds = Counter[str]()
        for failure, number in passing.items():
            kinds[failure.kind] += number
        named = ", ".join(f"{kind} {number}" for kind, number in sorted(kinds.items()))
        often = passing.most_common(1)[0][0].message
        raise OutageError(
            f"{label}: {passing.total()} of {tally.done + tally.failed} failed ({named}; most often: {often}); {_AGAIN}"
        )
    return tally


def check_judge(rows: Iterable[Review], judge: str) -> None:
    """OutageError where the judge never answered: that is no verdict on the judge, nor on what it judges.

    A reply that holds no verdict is an answer, unless it is empty.
    """
    judged = list(rows)
    tally = _counted(judged)
    if tally.in_vain and not any(map(_is_answer, judged)):
        raise OutageError(f"no verdict by {judge}: {tally.vain()}")


def _is_answer(row: Review) -> bool:
    return bool(row.error and row.error.kind == "unparsed" and (row.reply or "").strip())


def _counted(rows: Iterable[ResultRow]) -> Tally:
    tally = Tally()
    for row in rows:
        tally.took(row)
    return tally
