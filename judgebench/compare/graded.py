"""Answers graded one by one by a rubric, as pairs: the difference of two scores as the candidate's points; pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from judgebench.question_sets import QuestionSet
from judgebench.statistics.clusters import Floats
from judgebench.tables.records import Graded, Review, content_id
from judgebench.verdicts import rubrics
from judgebench.verdicts.text import from_scores


def lowest(question_set: QuestionSet) -> float:
    """The lowest score that a rubric of the set allows; of one without rubrics, 0."""
    held = filter(None, map(question_set.rubric, question_set.questions))
    return min((rubrics.scale(rubric)[0] for rubric in held), default=0.0)


def paired(rows: Iterable[Review], pair: tuple[str, str], low: float) -> list[Review]:
    """The rows, with those by a rubric two by two: the baseline's and the candidate's as a pair with two scores.

    One has an error where one of the two has, or isn't there. `low`: see `lowest`; with 1 it is the scale of all.
    """
    found: dict[tuple[object, ...], dict[str, Review]] = defaultdict(dict)
    others = []
    for row in rows:
        if row.mode == "single" and row.kind == rubrics.KIND:
            found[row.question_set, row.question_id, row.turn, row.judge, row.repeat, row.choice][row.models[0]] = row
        else:
            others.append(row)
    whole = [two for two in found.values() if all(model in two for model in pair)]
    return [*others, *(_pair([two[model] for model in pair], low) for two in whole)]


def _pair(two: Sequence[Review], low: float) -> Review:
    baseline, candidate = two
    known = [row.verdict for row in two if row.verdict and not row.error]
    return replace(
        candidate,
        id=content_id("graded", [row.id for row in two]),
        mode="pairwise",
        models=(baseline.models[0], candidate.models[0]),
        answer_ids=(*baseline.answer_ids, *candidate.answer_ids),
        verdict=from_scores(known[0].scores[0], known[1].scores[0]) if len(known) == 2 else None,
        error=baseline.error or candidate.error,
        scale=(low, 1.0),
    )


def points_of(matches: pd.DataFrame, points: Floats) -> Floats:
    """The points of model_b, those by a rubric in proportion: a half, and half of the difference over the scale.

    Two scores from L to 1 differ by 1 - L at the most, so that points stay from 0 to 1, and their mean is a half where
    the mean difference is 0. One scale serves the whole set: the mean is then that of the differences themselves.
    """
    gap = (matches["score_b"] - matches["score_a"]) / (2 * (matches["high"] - matches["low"]))
    scaled = (matches["kind"] == rubrics.KIND).to_numpy() & gap.notna().to_numpy()
    return np.where(scaled, np.clip(0.5 + gap.to_numpy(np.float64), 0.0, 1.0), points)


def told(criteria: Sequence[Graded]) -> str:
    """What an answer lost points by, for a reader."""
    parts = {
        "not met": [_named(one) for one in criteria if one.points > 0 and one.met < 1],
        "met, with points below 0": [_named(one) for one in criteria if one.points < 0 and one.met > 0],
    }
    return ". ".join(f"{name}: {'; '.join(held)}" for name, held in parts.items() if held)


def _named(one: Graded) -> str:
    grade = "" if one.grade is None else f" ({one.grade:g})"
    return f"{one.criterion.rstrip('.')}{grade}"
