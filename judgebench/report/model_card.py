"""What the reviews say of a model, as the evaluation results of a Hugging Face model card (`model-index`)."""

import json
from typing import Any

from judgebench.report.build import Report
from judgebench.report.of_model import Result, results


def model_card(report: Report, model: str) -> str:
    """The head of a card: mean scores, and win rates against each other model, by judge and question set.

    JSON is YAML, so that a card takes it as it is. Raises UsageError for a model that no figure is of.
    """
    index = [{"name": model, "results": [_result(one) for one in results(report, model)]}]
    return f"---\nmodel-index: {json.dumps(index, ensure_ascii=False, indent=2, allow_nan=False)}\n---\n"


def _result(one: Result) -> dict[str, Any]:
    return {
        "task": {"type": "text-generation"},
        "dataset": {"name": one.question_set, "type": one.question_set},
        "metrics": [{"type": one.kind, "name": one.name, "value": one.value}],
    }
