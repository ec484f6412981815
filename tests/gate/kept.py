"""Rows of kept verdicts, as commands would have made them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from typing import Any

from judgebench.tables.records import Decided, DecidedGuard, DecidedSet
from judgebench.workspace import Workspace

POINTS = {"1": 1.0, "2": 0.0, "q/3 ü": 0.5}


def of_set(name: str = "small", outcome: str = "PASS", **fields: Any) -> DecidedSet:
    """What is known of one set; of `small`, whose questions are those of the site's small workspace."""
    about: dict[str, Any] = {
        **{"digest": "d1", "margin": 0.1, "questions": 3, "judged": 3, "rate": 0.5, "interval": (0.42, 0.61)},
        **{"points": POINTS, "snapshots": ("gpt-4-0613",), "bridged": False, "asked": "a", "how": {"prompt": "pair"}},
    }
    return DecidedSet(question_set=name, outcome=outcome, **{**about, **fields})


def verdict(outcome: str = "PASS", *sets: DecidedSet, **fields: Any) -> Decided:
    """A comparison of beta with alpha by gpt-4, or what else is said."""
    about: dict[str, Any] = {
        **{"command": "compare", "reason": "it is so", "baseline": "alpha", "candidate": "beta", "judge": "gpt-4"},
        **{"alpha": 0.05, "snapshots": ("gpt-4-0613",), "commit": "0123456789abcdef", "dollars": "1.25"},
        **{"created": "2026-11-30T10:00:00+00:00"},
    }
    return Decided(verdict=outcome, sets=sets or (of_set(outcome=outcome),), **{**about, **fields})


def guard(outcome: str = "open", **fields: Any) -> DecidedGuard:
    """A guard on refusals; with no more refusals than the baseline."""
    about: dict[str, Any] = {
        **{"name": "refused", "question_set": "small", "limit": 0.02, "proven": False, "questions": 3, "missing": 0},
        **{"baseline": 0.0, "candidate": 0.0, "value": 0.0, "interval": (-0.03, 0.04)},
    }
    return DecidedGuard(outcome=outcome, **{**about, **fields})


def gate(outcome: str = "GO", *sets: DecidedSet, guards: Sequence[DecidedGuard] = (), **fields: Any) -> Decided:
    """A gate, with a critical set that passed unless others are given."""
    held = sets or (of_set(outcome="passed", role="critical"),)
    return verdict(outcome, *held, command="gate", guards=tuple(guards), **fields)


def keep(workspace: Workspace) -> None:
    """Comparisons, a gate of each verdict, flips, a change of the judge, and a judge that is out of order."""
    worse = {"1": 0.0, "2": 0.0, "q/3 ü": 1.0}
    late = of_set(snapshots=("gpt-4-1106",), points=worse, rate=0.33, interval=(0.2, 0.38), outcome="REGRESS")
    none = {"judged": 0, "rate": None, "interval": None, "points": {}}
    critical, open_ = of_set(outcome="failed", role="critical", rate=0.2, interval=(0.1, 0.3)), of_set(
        "other", "open", role="supporting", needed=290, dollars="2.5"
    )  # fmt: skip
    long = guard("failed", name="answer_length", limit=1.3, baseline=100, candidate=170, value=1.7, interval=(1.4, 2.0))
    workspace.verdicts().append(
        [
            verdict(),
            verdict("INCONCLUSIVE", of_set(outcome="INCONCLUSIVE", points=worse), candidate="gamma"),
            verdict("REGRESS", late),
            verdict("INVALID", of_set(outcome="INVALID", **none), reason="the judge is not in order"),
            gate(guards=[guard(), guard("passed", proven=True)]),
            gate("NO-GO", critical, open_, candidate="gamma"),
            gate("NO-GO", of_set(outcome="left", role="critical", **none), guards=[long], candidate="delta"),
            gate(
                "INCONCLUSIVE",
                of_set(outcome="passed", role="critical"),
                open_,
                guards=[guard(proven=True, needed=191)],
            ),
        ]
    )


def keep_hostile(
    workspace: Workspace, hands: Iterable[Sequence[str]], question_set: str, questions: Sequence[str], **fixed: str
) -> None:
    """Of each hand of texts one after the other in the fields of rows that hold words, but for those that are fixed.

    Two rows for each command, so that questions flip.
    """
    rows = []
    for hand in hands:
        for points in (1.0, 0.0):
            for command in ("compare", "gate"):
                deal = cycle(hand)
                names = {name: next(deal) for name in ("candidate", "baseline", "judge")} | fixed
                about = {name: next(deal) for name in ("reason", "commit", "created")} | {"dollars": f"${next(deal)}"}
                shown = [_hostile_set(name, deal, points, questions) for name in (question_set, question_set)]
                guards = (guard(next(deal)[:40], name=next(deal), question_set=next(deal)),)
                rows.append(verdict(f"{next(deal)[:40]}", *shown, command=command, guards=guards, **names, **about))
    workspace.verdicts().append(rows)


def _hostile_set(name: str, deal: Iterator[str], points: float, questions: Sequence[str]) -> DecidedSet:
    how = {f"how {next(deal)[:200]}": f"{next(deal)}{points}", "prompt": next(deal)}
    told: dict[str, Any] = {"role": next(deal)[:40], "digest": next(deal), "dollars": f"${next(deal)}"}
    told |= {"categories": (next(deal),), "snapshots": (next(deal),), "how": how, "needed": 20}
    return of_set(name, next(deal)[:40], points=dict.fromkeys(questions, points), **told)
