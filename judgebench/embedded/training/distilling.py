"""Gradings to a judge: the text of its file, and its card."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judgebench.embedded.training import report
from judgebench.embedded.training.adversaries import copies
from judgebench.embedded.training.data import Graded, Pair
from judgebench.embedded.training.evaluation import FAMILY_FOLDS, QUESTION_FOLDS, Sample
from judgebench.embedded.training.fitting import DRAWS, RULES, SETTINGS, coefficient_text, fit

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the order of the sums, and so the file, is the same everywhere
LEAST = {"gradings": 300, "families": 3, "questions": 20}  # of these there must be so many


@dataclass(frozen=True)
class Distilled:
    """A judge: its coefficient file, its card, and the tables of its figures."""

    text: str
    card: str
    tables: str


def too_little(rows: Sequence[Graded]) -> str:
    """What there is too little of to distil a judge from, in words; empty where there is enough."""
    counts = {
        "gradings": len(rows),
        "families": len({row.family for row in rows}),
        "questions": len({row.question for row in rows}),
    }
    short = [f"{counts[name]} {_plain(name)} ({least} needed)" for name, least in LEAST.items() if counts[name] < least]
    if not short and len({row.score for row in rows}) < 2:
        return "all gradings give the same score"
    return f"too little to learn from: {', '.join(short)}" if short else ""


def _plain(name: str) -> str:
    return "models" if name == "families" else name


def distil(rows: Sequence[Graded], said: Mapping[str, str], pairs: Sequence[Pair] = ()) -> Distilled:
    """Fit and measure a judge; `said` are the card's `judge`, `date`, `command`, `source`, `families` and `choice`."""
    made = [copy for draw in range(DRAWS) for copy in copies(rows, draw)]
    sample = Sample([*rows, *made], len(rows))
    found = report.measured(sample)
    forest = fit(*sample.lesson())
    if pairs:
        found["reviews"] = report.on_pairs(pairs, forest)
    data = {
        "rows": len(rows),
        "spoiled": len(made),
        "draws": DRAWS,
        "models": len({row.model for row in rows}),
        "questions": len({row.question for row in rows}),
        "trees": len(forest.trees),
        "family_folds": min(FAMILY_FOLDS, len({row.family for row in rows})),
        "question_folds": min(QUESTION_FOLDS, len({row.question for row in rows})),
    }
    head = {"about": "Coefficients of an embedded judge", "judge": said["judge"], "trained": said["date"]}
    settings = SETTINGS | {"rules": RULES}
    text = coefficient_text(head | {"data": data, "settings": settings, "held out": found}, forest)
    return Distilled(text, report.card(found, data, said), _tables(found))


def _tables(found: dict[str, Any]) -> str:
    parts = [report.figure_table(found), report.calibration_table(found["calibration"])]
    parts.append(report.gain_table({"gain": found["gains"]}))
    if "reviews" in found:
        parts.append(report.pair_table(found["reviews"]["files"]))
    return "\n\n".join(parts)
