"""Reviews as a judge, an import or a repetition may leave them, for property tests; and frames of them as rows."""

import math
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from judgebench.tables.records import Failure, Graded, Review, Usage, Verdict
from judgebench.verdicts.text import from_scores

Row = dict[str, Any]
NAMES = ["", "nan", "None", "Üñ|,\n", "m", "M"]
GRADED = [
    Graded("It is so.", 2.0, 0.5, ("tag",), 3.0, "so", unfound=True),
    Graded("\u6761\u4ef6|,\n", -1.0, 1.0),
    Graded("nan", 3.0, 0.0, ("nan", "tag")),
]
CUT = {"prompt_cut": {"characters": 44631, "tokens": 2050}, "chance": 0.5}


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    """One of a few values, so that rows meet."""
    return st.sampled_from(values)


@st.composite
def reviews(draw: st.DrawFn) -> Review:
    """A review of a few models on a few questions; it may fail, repeat or contradict an earlier one."""
    single = draw(st.booleans())
    models = (draw(one_of(*NAMES)),) if single else tuple(draw(st.permutations(draw(one_of(("", "nan"), ("M", "m"))))))
    kind = draw(one_of("rating", "rating", "rubric")) if single else draw(one_of("choice", "score_pair"))
    score = st.integers(0, 4).map(lambda half: half / 2)
    failed = draw(one_of(True, False, False))
    verdict = {
        "rating": Verdict(scores=(draw(score),)),
        "rubric": Verdict(scores=(draw(score),), criteria=(draw(one_of(*GRADED)), GRADED[0])),
        "choice": Verdict(winner=draw(one_of("A", "B", "tie"))),
        "score_pair": from_scores(draw(score), draw(score)),
    }[kind]
    extra = draw(one_of({}, {"chance": 0.25}, {"voter": "nan"}, {"chance": 0.5, "voter": ""}, {"label": 3}, CUT))
    return Review(
        id=draw(one_of("1", "2")),
        mode="single" if single else "pairwise",
        kind=kind,
        question_set=draw(one_of("s", "", "None")),
        question_id=draw(one_of("q", "nan", "")),
        turn=draw(one_of(1, 2)),
        models=models,
        answer_ids=draw(one_of((), ("x", "y")[: len(models)], ("y", "x")[: len(models)])),
        judge=draw(one_of("j", "None")),
        prompt=draw(one_of("p", "nan")),
        verdict=None if failed else verdict,
        error=Failure(draw(one_of("timeout", "nan")), "why") if failed else None,
        verdict_source=draw(one_of("text", "voted")),
        scale=draw(one_of(None, (1.0, 10.0), (0.0, 1.0))),
        reread=draw(one_of(False, False, True)),
        swapped=draw(st.booleans()),
        repeat=draw(one_of(0, 1)),
        served_by=draw(one_of(None, "nan", "gpt-0613")),
        usage=draw(one_of(None, Usage(7, 3))),
        created=draw(one_of(None, "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z")),
        extra=extra,
    )


def listed(frame: pd.DataFrame) -> list[Row]:
    """The frame's rows as dicts, None for what is missing."""
    columns = {name: [None if missing(value) else value for value in frame[name].tolist()] for name in frame}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def missing(value: object) -> bool:
    """Whether a cell holds nothing."""
    return value is None or (isinstance(value, float) and math.isnan(value))
