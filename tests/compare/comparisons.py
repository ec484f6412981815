"""Comparisons for tests of what is made from them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from judgebench.compare.results import Bridge, Canary, CategoryRate, Comparison, Cost, Shift, Telling

HELD = Canary(name="truncated", wants="a truncated answer loses", tries=8, held=8, needed=7)
FAILED = Canary(
    name="swapped", wants="the verdict turns with the order", tries=8, held=5, needed=7, failed=("q-3", "q-9", "q-11")
)
CODING = CategoryRate(category="coding", questions=9, rate=0.31, interval=(0.12, 0.5), shrunk=0.38, worse=True)
WRITING = CategoryRate(category="writing", questions=10, rate=0.56, interval=(0.4, 0.72), shrunk=0.53, worse=False)
TELLING = tuple(
    Telling(
        question_id=f"core-{number}",
        category="coding",
        question="Write a function that merges two sorted lists without sorting again, and say what it costs.",
        points=points,
        said="Assistant A merges the lists in linear time. Assistant B sorts them again, which the question forbids.",
    )
    for number, points in ((17, 0.0), (23, 0.25), (61, 1.0))
)
MOVED = Bridge(
    before=("gpt-4.1-2025-04-14",),
    after="gpt-4.1-2026-01-20",
    shifts=(Shift(category=None, questions=20, shift=0.012, interval=(-0.01, 0.034)),),
    pooled=True,
)
PASSED = Comparison(
    verdict="PASS",
    reason="The candidate is not worse than the baseline by more than the margin of 5 points.",
    improved=False,
    baseline="hf:org/model@main",
    candidate="hf:./checkpoint",
    question_set="core-80",
    judge="openai:gpt-4.1",
    snapshots=("gpt-4.1-2026-01-20",),
    margin=0.05,
    alpha=0.05,
    design="sequential",
    population="alike",
    seed=0,
    questions=80,
    judged=60,
    missing=2,
    wins=20,
    ties=25,
    losses=15,
    inconsistent=3,
    rate=0.521,
    interval=(0.469, 0.573),
    fixed_width=0.081,
    reused=30,
    free=5,
    identical=False,
    variance_taken=0.31,
    categories=(CODING, WRITING),
    telling=TELLING,
    canaries=(HELD, replace(HELD, name="empty", wants="an empty answer loses")),
    bridge=MOVED,
    cost=Cost(calls=120, prompt_tokens=200_000, completion_tokens=40_000, dollars=Decimal("1.2345")),
    seconds=63.2,
    made="2026-11-22T03:00:00+00:00",
)
REGRESSED = replace(PASSED, verdict="REGRESS", reason="The candidate is worse.", rate=0.3, interval=(0.2, 0.4))
UNSURE = replace(PASSED, verdict="INCONCLUSIVE", reason="The questions ran out.", interval=(0.4, 0.62))
INVALID = replace(PASSED, verdict="INVALID", reason="The judge is out of order.", canaries=(HELD, FAILED))
NOTHING = replace(
    INVALID, judged=0, wins=0, ties=0, losses=0, rate=None, interval=None, fixed_width=None, variance_taken=None,
    categories=(), telling=(), canaries=(), bridge=None, snapshots=(), cost=Cost(dollars=None),
)  # fmt: skip


def saying(text: str, comparison: Comparison = INVALID) -> Comparison:
    """A comparison in which every text that somebody else may have written is this one."""
    about: dict[str, Any] = dict.fromkeys(("reason", "baseline", "candidate", "question_set", "judge", "made"), text)
    return replace(
        comparison,
        **about,
        snapshots=(text, text),
        categories=(replace(CODING, category=text), replace(WRITING, category=text)),
        telling=tuple(
            replace(told, question_id=text, category=text, question=text, said=text) for told in comparison.telling
        ),
        canaries=(replace(HELD, name=text, wants=text), replace(FAILED, name=text, wants=text, failed=(text, text))),
        bridge=Bridge(before=(text,), after=text, shifts=(Shift(category=text, questions=1, shift=0.1, interval=None),),
                      pooled=False),
        cost=replace(comparison.cost, lines=(text,)),
    )  # fmt: skip
