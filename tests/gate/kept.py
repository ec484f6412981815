"""Rows of kept verdicts, as commands would have made them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from typing import Any

from judgebench.tables.records import Decided, DecidedGuard, DecidedSet, Failure, Watched
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


def contest(*standings: tuple[str, str], verdict_: str = "PASS", **fields: Any) -> Decided:
    """A best of several: how each candidate came out, and how it stands beside the baseline, best first."""
    names = ("beta", *(f"cand-{place}" for place in range(1, len(standings))))
    sets = [
        of_set(outcome=standing, candidate=name, beside=beside, rate=None if place else 0.71, interval=(0.55, 0.85))
        for place, (name, (standing, beside)) in enumerate(zip(names, standings, strict=True))
    ]
    return verdict(verdict_, *sets, command="best-of", **fields)


def step(number: int, **fields: Any) -> Watched:
    """A checkpoint of a training that was judged."""
    about: dict[str, Any] = {
        **{"series": "0123456789abcdef0123", "run": "sft", "folder": "/runs/sft", "path": f"/runs/sft/{number}"},
        **{"model": "beta" if number == 200 else "alpha", "baseline": "alpha", "question_set": "small", "digest": "d1"},
        **{"judge": "gpt-4", "margin": 0.05, "alpha": 0.05, "verdict": "INCONCLUSIVE", "reason": "it is so"},
        **{"rate": 0.5, "interval": (0.4, 0.6), "band": (0.3, 0.7), "questions": 3, "judged": 3, "points": POINTS},
        **{"snapshots": ("gpt-4-0613",), "dollars": "0.5", "created": "2026-11-30T10:00:00+00:00"},
    }
    return Watched(step=number, **{**about, **fields})


def unjudged(number: int, **fields: Any) -> Watched:
    """A checkpoint without a figure: under way, or with an error."""
    none: dict[str, Any] = {"verdict": None, "reason": None, "rate": None, "interval": None, "band": None, "points": {}}
    return step(number, **{**none, "judged": 0, **fields})


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
            contest(("in reach", "better"), ("in reach", "passed"), ("beaten", "open")),
            verdict("PASS", of_set(points=worse)),
            contest(("best", "better"), ("worse", "worse")),
        ]
    )
    better: dict[str, Any] = {"rate": 0.6, "interval": (0.5, 0.7), "band": (0.46, 0.8), "points": {"1": 0.0}}
    worse_: dict[str, Any] = {"rate": 0.2, "interval": (0.1, 0.3), "band": (0.05, 0.4)}
    workspace.watched().append(
        [
            step(100, series="0000", run="other"),
            step(100),
            step(200, verdict="PASS", **better),
            step(300, snapshots=("gpt-4-1106",), verdict="REGRESS", **worse_),
            unjudged(400, error=Failure("broken", "cut short")),
            unjudged(500),
        ]
    )


def keep_hostile(
    workspace: Workspace,
    hands: Iterable[Sequence[str]],
    question_set: str,
    questions: Sequence[str],
    series: str = "",
    **fixed: str,
) -> None:
    """Of each hand of texts one after the other in the fields of rows that hold words, but for those that are fixed.

    Two rows for each command, so that questions flip.
    """
    rows, steps = [], []
    for hand in hands:
        for points in (1.0, 0.0):
            for command in ("compare", "gate", "best-of"):
                deal = cycle(hand)
                names = {name: next(deal) for name in ("candidate", "baseline", "judge")} | fixed
                about = {name: next(deal) for name in ("reason", "commit", "created")} | {"dollars": f"${next(deal)}"}
                shown = [_hostile_set(name, deal, points, questions) for name in (question_set, question_set)]
                guards = (guard(next(deal)[:40], name=next(deal), question_set=next(deal)),)
                rows.append(verdict(f"{next(deal)[:40]}", *shown, command=command, guards=guards, **names, **about))
                told = names | {"series": series or next(deal)}
                steps += _hostile_steps(question_set, deal, dict.fromkeys(questions, points), told)
    workspace.verdicts().append(rows)
    workspace.watched().append(steps)


def _hostile_steps(
    name: str, deal: Iterator[str], points: dict[str, float], names: dict[str, str]
) -> Iterator[Watched]:
    """A series whose steps are judged, and one that failed."""
    about: dict[str, Any] = {one: names[one] for one in ("baseline", "judge", "series")} | {"question_set": name}
    about |= {"run": next(deal), "categories": (next(deal),)}
    for place in (1, 2):
        told = {
            "model": names["candidate"],
            "verdict": next(deal)[:40],
            "reason": next(deal),
            "dollars": f"${next(deal)}",
        }
        yield step(
            place, points=points, snapshots=(next(deal),), digest=next(deal), created=next(deal), **told, **about
        )
    yield unjudged(3, error=Failure(next(deal), next(deal)), model=names["candidate"], **about)


def _hostile_set(name: str, deal: Iterator[str], points: float, questions: Sequence[str]) -> DecidedSet:
    how = {f"how {next(deal)[:200]}": f"{next(deal)}{points}", "prompt": next(deal)}
    told: dict[str, Any] = {
        "beside": next(deal)[:40],
        "role": next(deal)[:40],
        "digest": next(deal),
        "dollars": f"${next(deal)}",
    }
    told |= {"categories": (next(deal),), "snapshots": (next(deal),), "how": how, "needed": 20}
    return of_set(name, next(deal)[:40], points=dict.fromkeys(questions, points), **told)
