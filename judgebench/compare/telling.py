"""The questions that a person should read first: what the candidate lost, by how much, and what the judge said."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pandas as pd

from judgebench.compare import graded
from judgebench.compare.results import Telling
from judgebench.tables.records import Question, Review

NUMBER = 3
_LONGEST = 400  # characters of a question or of what a judge said
_SCORES = re.compile(r"[\d\s.,/:|\-]*\Z")
_SPACE = re.compile(r"\s+")


def telling(
    matches: pd.DataFrame,
    rows: Iterable[Review],
    questions: Mapping[str, Question],
    baseline: str,
    number: int = NUMBER,
) -> tuple[Telling, ...]:
    """The candidate's worst questions, of equals the widest gap of scores first; `rows` are the reviews behind them.

    Of a question's reviews the one is quoted that was shown the baseline first, if there is one; by a rubric, the
    candidate's.
    """
    ordered = sorted(rows, key=lambda row: (row.models[0] == baseline) == (row.mode == "pairwise"))
    said = {row.question_id: row for row in ordered if row.reply and row.verdict}
    known = matches.dropna(subset=["points"])
    gap = (known["score_a"] - known["score_b"]).abs().fillna(0.0)
    by_question = known.assign(gap=gap, id=known["question_id"].astype(str)).groupby("id", sort=False)
    worst = by_question.agg(points=("points", "mean"), gap=("gap", "max"))
    worst = worst.loc[[name for name in questions if name in worst.index]]  # not as replies happened to arrive
    worst = worst.sort_values(["points", "gap"], ascending=[True, False], kind="stable")
    return tuple(_telling(worst[:number], said, questions))


def _telling(worst: pd.DataFrame, said: Mapping[str, Review], questions: Mapping[str, Question]) -> Iterator[Telling]:
    for name, points in worst["points"].items():
        question, row = questions[str(name)], said.get(str(name))
        yield Telling(
            question_id=question.id,
            category=question.category,
            question=_cut(question.turns[0]),
            points=float(points),
            said=_cut(_said(row)) if row else "",
        )


def _said(row: Review) -> str:
    if row.verdict and row.verdict.criteria:
        return graded.told(row.verdict.criteria)
    return _explanation((row.reply or "").splitlines())


def _explanation(lines: Sequence[str]) -> str:
    """A reply without the lines that hold nothing but scores."""
    return "\n".join(line for line in lines if not _SCORES.match(line.strip()))


def _cut(text: str) -> str:
    whole = _SPACE.sub(" ", text).strip()
    return whole if len(whole) <= _LONGEST else whole[: _LONGEST - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
