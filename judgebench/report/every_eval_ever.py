"""What the reviews say of models, as records of Every Eval Ever's schema: one for each model and question set."""

import hashlib
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, TypeAlias

import pandas as pd

from judgebench._version import __version__
from judgebench.report.build import Report
from judgebench.report.of_model import Result, models, results
from judgebench.tables.store import file_name

SCHEMA = "0.3.0"
_UNKNOWN = "unknown"
Scales: TypeAlias = Mapping[tuple[str, str], tuple[float, float]]  # lowest and highest score, by set and judge
_IN_NO_PATH = re.compile(r'[<>:"\\|?*\x00-\x1f]|[. ]$')


def scales(reviews: pd.DataFrame) -> Scales:
    """Of the judges whose single scores all have one."""
    graded = reviews[(reviews["mode"] == "single").to_numpy() & reviews["low"].notna().to_numpy()]
    found = graded.groupby(["question_set", "judge"], observed=True).agg({"low": "min", "high": "max"})
    return {(name, judge): (low, high) for (name, judge), low, high in found.itertuples()}


def records(
    report: Report, held: Scales, organization: str, made: int, model: str | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each record and its path in the datastore; of one model alone where it is named.

    `organization` made the evaluation, and `made` (seconds since 1970) is when. The same figures have the same path.
    Raises UsageError for a model that no figure is of.
    """
    for name in [model] if model else models(report):
        found = sorted(results(report, name), key=lambda one: one.question_set)
        for question_set, ours in groupby(found, key=lambda one: one.question_set):
            yield _record(name, question_set, list(ours), held, organization, made)


def _record(
    model: str, question_set: str, found: list[Result], held: Scales, organization: str, made: int
) -> tuple[str, dict[str, Any]]:
    about = _model(model)
    run = f"{question_set}/{about['id']}/{made}"
    record = {
        "schema_version": SCHEMA,
        "evaluation_id": run,
        "retrieved_timestamp": str(made),
        "source_metadata": {
            "source_type": "evaluation_run",
            "source_organization_name": organization,
            "evaluator_relationship": "other",
        },
        "eval_library": {"name": "judgebench", "version": __version__},
        "model_info": about,
        "evaluation_results": [_result(run, one, held) for one in found],
    }
    parts = [_part(question_set), _part(about["developer"]), _part(about["id"].removeprefix(f"{about['developer']}/"))]
    return "/".join(["data", *parts, f"{_own_id(model, found)}.json"]), record


def _own_id(model: str, found: list[Result]) -> uuid.UUID:
    told = json.dumps([model, [repr(one) for one in found]])
    return uuid.UUID(bytes=hashlib.sha256(told.encode()).digest()[:16], version=4)


def _model(name: str) -> dict[str, Any]:
    """A model called ORG/NAME has its developer; of others nothing is known."""
    own = name.removeprefix("hf:").replace(":", "/")
    developer = own.partition("/")[0] if "/" in own.strip("./") and not own.startswith((".", "/")) else _UNKNOWN
    return {
        "name": name,
        "id": own,
        "developer": developer,
        "additional_details": {"deployment_type": _UNKNOWN, "model_availability": _UNKNOWN},
    }


def _part(text: str) -> str:
    """A part of a path that every file system takes."""
    return _IN_NO_PATH.sub("_", file_name(text.replace("/", "_")).replace("%", "_")) or _UNKNOWN


def _result(run: str, one: Result, held: Scales) -> dict[str, Any]:
    is_share = one.kind != "mean_score"
    low, high = (0.0, 1.0) if is_share else held.get((one.question_set, one.judge), (None, None))
    against = {"against": one.other} if one.other else {}
    return {
        "evaluation_result_id": f"{run}/{one.name}",
        "evaluation_name": one.question_set,
        "source_data": {"dataset_name": one.question_set, "source_type": "other"},
        "metric_config": {
            "evaluation_description": one.name,
            "metric_id": f"judgebench.{one.kind}",
            "metric_name": one.name,
            "metric_kind": one.kind,
            "metric_unit": "proportion" if is_share else "points",
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": "-Infinity" if low is None else low,
            "max_score": "Infinity" if high is None else high,
            "additional_details": {"judge": one.judge, **against},
        },
        "score_details": {"score": one.value, **_uncertainty(one)},
    }


def _uncertainty(one: Result) -> dict[str, Any]:
    if one.interval is None:
        return {}
    low, high = one.interval
    sure = {"lower": low, "upper": high, "confidence_level": 0.95, "method": "over questions"}
    number = {"num_samples": one.questions} if one.questions is not None else {}
    return {"uncertainty": {"confidence_interval": sure, **number}}
