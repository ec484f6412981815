"""What the report says of one model over all, by scores, rubrics and pairs, for those who file results by model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from judgebench.errors import UsageError, instead
from judgebench.report.build import Report


@dataclass(frozen=True, slots=True)
class Result:
    """A figure of a model on a question set by a judge or a panel; a win rate is against `other`."""

    question_set: str
    judge: str
    kind: Literal["mean_score", "rubric_score", "win_rate"]
    value: float
    interval: tuple[float, float] | None
    questions: int | None
    other: str | None = None

    @property
    def name(self) -> str:
        """The figure in words."""
        return _NAMES[self.kind].format(one=self)


_NAMES = {
    "mean_score": "mean score by {one.judge}",
    "rubric_score": "mean score by rubrics by {one.judge}",
    "win_rate": "win rate against {one.other} by {one.judge}",
}


def models(report: Report) -> list[str]:
    """Every model that the report has such a figure of."""
    scored = {one["model"] for name in ("scores", "rubric_scores") for one in report.get(name, ())}
    return sorted(scored.union(*(one["models"] for one in report["pairs"])))


def results(report: Report, model: str) -> list[Result]:
    """Those of a model, in the report's order; UsageError where there is none."""
    found = [*_scores(report, model), *_rubric_scores(report, model), *_win_rates(report, model)]
    if not found:
        raise UsageError(f"no figure is of the model {model!r}; {instead(model, models(report))}")
    return found


def _scores(report: Report, model: str) -> Iterator[Result]:
    for one in report["scores"]:
        overall = one["turn"] is None and one["category"] is None
        if overall and one["model"] == model and one["mean"] is not None:
            yield Result(one["question_set"], _judge(one), "mean_score", one["mean"], one["interval"], None)


def _rubric_scores(report: Report, model: str) -> Iterator[Result]:
    for one in report.get("rubric_scores", ()):
        overall = one["tag"] is None and one["category"] is None
        if overall and one["model"] == model and one["mean"] is not None:
            figure = one["mean"], one["interval"], one["questions"]
            yield Result(one["question_set"], _judge(one), "rubric_score", *figure)


def _win_rates(report: Report, model: str) -> Iterator[Result]:
    for one in report["pairs"]:
        if model not in one["models"] or one["win_rate"] is None:
            continue
        a, b = one["models"]
        rate, interval, other = one["win_rate"], one["win_rate_interval"], a
        if model == a:
            rate, interval, other = 1 - rate, interval and [1 - end for end in reversed(interval)], b
        yield Result(one["question_set"], _judge(one), "win_rate", rate, interval, one["questions"], other)


def _judge(entry: Mapping[str, Any]) -> str:
    return f"a panel of {', '.join(entry['judges'])}" if "judges" in entry else str(entry["judge"])
