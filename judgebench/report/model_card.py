"""What the reviews say of a model, as the evaluation results of a Hugging Face model card (`model-index`)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from judgebench.errors import UsageError
from judgebench.report.build import Report


def model_card(report: Report, model: str) -> str:
    """The head of a card: mean scores, and win rates against each other model, by judge and question set.

    JSON is YAML, so that a card takes it as it is. Raises UsageError for a model that no figure is of.
    """
    results = [*_scores(report, model), *_win_rates(report, model)]
    if not results:
        known = {one["model"] for one in report["scores"]} | {name for one in report["pairs"] for name in one["models"]}
        raise UsageError(f"no figure is of the model {model!r}; there is {', '.join(sorted(known)) or 'none'}")
    index = [{"name": model, "results": results}]
    return f"---\nmodel-index: {json.dumps(index, ensure_ascii=False, indent=2, allow_nan=False)}\n---\n"


def _scores(report: Report, model: str) -> Iterator[dict[str, Any]]:
    for one in report["scores"]:
        overall = one["turn"] is None and one["category"] is None
        if overall and one["model"] == model and one["mean"] is not None:
            yield _result(one, "mean_score", f"mean score by {_judge(one)}", one["mean"])


def _win_rates(report: Report, model: str) -> Iterator[dict[str, Any]]:
    for one in report["pairs"]:
        if model in one["models"] and one["win_rate"] is not None:
            a, b = one["models"]
            rate, other = (one["win_rate"], a) if model == b else (1 - one["win_rate"], b)
            yield _result(one, "win_rate", f"win rate against {other} by {_judge(one)}", rate)


def _judge(entry: Mapping[str, Any]) -> str:
    return f"a panel of {', '.join(entry['judges'])}" if "judges" in entry else str(entry["judge"])


def _result(entry: Mapping[str, Any], kind: str, name: str, value: float) -> dict[str, Any]:
    return {
        "task": {"type": "text-generation"},
        "dataset": {"name": entry["question_set"], "type": entry["question_set"]},
        "metrics": [{"type": kind, "name": name, "value": value}],
    }
