"""What evaluation harnesses log of each sample: a question, an answer, and what their scorers made of it.

lm-evaluation-harness' `samples_*.jsonl`, Inspect's `.eval` logs and lighteval's Parquet details. A scorer becomes a
judge of its name, so that the mean score in the report is the figure that the harness publishes.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from judgebench.errors import DataError, UsageError
from judgebench.interchange.bundle import Bundle, keep
from judgebench.interchange.columns import parquet
from judgebench.interchange.imported import Imported
from judgebench.interchange.lines import Line, Log, Row, Unusable, convert, identifier, objects
from judgebench.tables.records import Failure, Verdict, valid_text
from judgebench.workspace import Workspace

_LM_EVAL = (
    *("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"),
    *("doc_hash", "prompt_hash", "target_hash"),
)
_STAMP = r"\d{4}-\d{2}-\d{2}T[\d.:-]+"
_SAMPLES = re.compile(rf"samples_(?P<task>.+?)(?:_{_STAMP})?")
_DETAILS = re.compile(rf"details_(?P<task>.+?)(?:_{_STAMP})?")
_PUBLISHED = re.compile(r"details_(?P<model>.+?)(?:_private)?")
_VALUES: Mapping[object, float] = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}  # Inspect's words for correct and so on


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of a task: who said what to which question, and the scores by their scorers' names."""

    task: str
    name: str
    asked: str
    said: str | None
    model: str
    reference: str | None = None
    scores: Mapping[str, float | None] = field(default_factory=dict)  # None: the harness has no number
    words: Mapping[str, str] = field(default_factory=dict)  # what a scorer said, where it did
    choice: int = 0
    failure: Failure | None = None


Reader: TypeAlias = Callable[[Path, str | None, Log], list[Sample]]


def import_samples(
    path: Path,
    workspace: Workspace,
    read: Reader,
    questions: str | None = None,
    model: str | None = None,
) -> Imported:
    """Add samples to a set called after their task, unless `questions` names it; `model` names whose they are."""
    log = Log()
    samples = read(path, model, log)
    tasks = sorted({sample.task for sample in samples})
    if len(tasks) > 1 and questions is None:
        raise UsageError(
            f"{path} holds several tasks ({', '.join(tasks)}): import their files one by one, or --questions"
        )
    bundle = Bundle(questions or (tasks[0] if tasks else path.stem), f"Samples of {', '.join(tasks)}.")
    scales = _scales(samples)
    others = sorted({scorer for sample in samples for scorer in sample.scores} - set(scales))
    if others:
        log.note(f"No sample has a number of {', '.join(others)}: left out.")
    for sample in samples:
        _keep(sample, bundle, scales, several=len(tasks) > 1)
    return keep(bundle, path, workspace, log)


def _scales(samples: Sequence[Sample]) -> Mapping[str, tuple[float, float] | None]:
    """From 0 to 1 for a scorer whose scores all lie there; of others nothing is known."""
    values: dict[str, list[float]] = {}
    for sample in samples:
        for scorer, score in sample.scores.items():
            if score is not None:
                values.setdefault(scorer, []).append(score)
    return {scorer: (0.0, 1.0) if all(0 <= one <= 1 for one in held) else None for scorer, held in values.items()}


def _keep(sample: Sample, bundle: Bundle, scales: Mapping[str, tuple[float, float] | None], several: bool) -> None:
    name = f"{sample.task}-{sample.name}" if several else sample.name
    # Of one document several models may have been asked in other words, by their chat templates.
    question = bundle.questions.get(name) or bundle.ask([sample.asked], sample.task, name, sample.reference)
    turns = [] if sample.said is None else [sample.said]
    answer = bundle.answer(question, sample.model, turns, error=sample.failure, choice=sample.choice)
    for scorer, score in ((name, score) for name, score in sample.scores.items() if name in scales):
        bundle.review(
            question,
            scorer,
            mode="single",
            kind="rating",
            turn=1,
            models=(sample.model,),
            answer_ids=(answer.id,),
            prompt=scorer,
            verdict=None if score is None else Verdict(scores=(score,)),
            error=Failure("unparsed", "the harness has no number for it") if score is None else None,
            verdict_source="stored",
            reply=sample.words.get(scorer),
            scale=scales[scorer],
            choice=sample.choice,
        )


def _number(value: Any) -> float | None:
    """A score as a number: truth values are 1 and 0; None for what is none."""
    if isinstance(value, int | float) and abs(value) < 1e300 and math.isfinite(value):
        return float(value)
    return None


def lm_eval_fits(row: Row) -> bool:
    """Whether a row is of lm-evaluation-harness' samples."""
    return {"doc_id", "arguments", "resps", "filtered_resps"} <= row.keys()


def lm_eval(path: Path, model: str | None, log: Log) -> list[Sample]:
    """The samples of a file, or of a folder's files; the model is called after the folder that they are in."""
    documents: dict[tuple[str, str], object] = {}

    def make(line: Line) -> list[Sample]:
        task = _SAMPLES.fullmatch(line.path.stem)
        about = (task["task"] if task else line.path.stem, model or line.path.resolve().parent.name)
        sample = _lm_eval_sample(line.row, *about)
        return [_of_one(sample, line.row.get("doc") or sample.asked, documents)]

    return convert(_files(path, "samples_*.jsonl"), make, log, objects)


def _files(path: Path, called: str) -> list[Path]:
    return [path] if path.is_file() else sorted(path.glob(f"**/{called}"))


def _of_one(sample: Sample, document: object, documents: dict[tuple[str, str], object]) -> Sample:
    """The sample; Unusable where one of another document has its name."""
    if documents.setdefault((sample.task, sample.name), document) != document:
        raise Unusable(f"is of another document than the row before it that is called {sample.name!r}")
    return sample


def _lm_eval_sample(row: Row, task: str, model: str) -> Sample:
    calls = _calls(row.get("arguments"))
    asked = calls[0][0]
    if not isinstance(asked, str) or not asked.strip():
        raise Unusable("has arguments without a prompt")
    named = row.get("metrics")
    metrics = named if isinstance(named, list) else [name for name in row if name not in _LM_EVAL]
    suffix = f",{row['filter']}" if isinstance(row.get("filter"), str) and row["filter"] != "none" else ""
    scores = {f"{name}{suffix}": _number(row.get(name)) for name in metrics if isinstance(name, str)}
    return Sample(
        task=task,
        name=identifier(row, "doc_id"),
        asked=asked,
        said=_lm_eval_answer(row.get("resps"), calls),
        model=model,
        reference=row["target"] if isinstance(row.get("target"), str) and row["target"].strip() else None,
        scores=scores,
    )


def _calls(arguments: Any) -> list[list[Any]]:
    """The arguments of each call: lists, or objects with gen_args_0 and arg_0 and so on."""
    found = list(arguments.values()) if isinstance(arguments, dict) else arguments
    if not isinstance(found, list) or not found:
        raise Unusable("has no arguments")
    calls = [list(one.values()) if isinstance(one, dict) else one for one in found]
    if not all(isinstance(one, list) and one for one in calls):
        raise Unusable("has arguments that are no lists")
    return calls


def _lm_eval_answer(replies: Any, calls: Sequence[Sequence[Any]]) -> str:
    """The text that was generated, or of several choices the likeliest."""
    if not isinstance(replies, list) or not replies or not all(isinstance(one, list) and one for one in replies):
        raise Unusable("has resps that are no lists")
    if isinstance(replies[0][0], str):
        return replies[0][0]
    if len(replies) != len(calls) or not all(len(call) > 1 and isinstance(call[1], str) for call in calls):
        raise Unusable("has resps that are neither texts nor likelihoods of choices")
    weights = [one[0][0] if isinstance(one[0], list) and one[0] else one[0] for one in replies]
    try:
        best = max(range(len(weights)), key=lambda place: float(weights[place]))
    except (TypeError, ValueError, OverflowError) as error:
        raise Unusable("has resps that are neither texts nor likelihoods of choices") from error
    return str(calls[best][1])


def lighteval_fits(path: Path) -> bool:
    """Whether a file is called as lighteval calls its details."""
    return path.suffix == ".parquet" and _DETAILS.fullmatch(path.stem) is not None


def lighteval(path: Path, model: str | None, log: Log) -> list[Sample]:
    """The samples of a file `details/MODEL/TIME/details_TASK_TIME.parquet`, or of a folder's files.

    A document that was put in several ways (a text generated, choices weighed) has a row for each: a sample each.
    """
    documents: dict[tuple[str, str], object] = {}
    met: Counter[tuple[Path, str]] = Counter()

    def make(line: Line) -> list[Sample]:
        task = _DETAILS.fullmatch(line.path.stem)
        name = re.sub(r"\|", "-", task["task"] if task else line.path.stem)
        sample = _lighteval_sample(line, name, model or _owner(line.path.resolve().parent))
        met[line.path, sample.name] += 1
        return [replace(_of_one(sample, sample.asked, documents), choice=met[line.path, sample.name] - 1)]

    return convert(_files(path, "details_*.parquet"), make, log, parquet)


def _owner(folder: Path) -> str:
    """The model of `details/ORG/MODEL/TIME`, of a published `details_ORG__MODEL/TIME`, or else the folder's name."""
    *above, name = folder.parts
    if "details" in above:
        last = len(above) - above[::-1].index("details")
        return "/".join(above[last:]) or name
    published = _PUBLISHED.fullmatch(folder.parent.name)
    if published:
        return published["model"].replace("__", "/")
    return folder.parent.name if re.fullmatch(_STAMP, name) else name


def _lighteval_sample(line: Line, task: str, model: str) -> Sample:
    row = line.row
    doc, reply, metrics = row.get("doc"), row.get("model_response"), row.get("metric", row.get("metrics"))
    if not isinstance(doc, dict):
        doc, reply = _older(row)
    said = reply.get("text") if isinstance(reply, dict) else None
    first = said[0] if isinstance(said, list) and said else said
    asked = doc.get("query")
    if not isinstance(asked, str) or not asked.strip():
        raise Unusable("has no query")
    scores = metrics if isinstance(metrics, dict) else {}
    # A Parquet file has every metric in every row: it is null where the document was put in another way.
    known = {str(name): _number(value) for name, value in scores.items() if value is not None}
    return Sample(
        task=task,
        name=str(doc.get("id") or line.number),
        asked=valid_text(asked),
        said=valid_text(first) if isinstance(first, str) else _chosen(doc, reply),
        model=model,
        reference=_gold(doc),
        scores=known,
    )


def _older(row: Row) -> tuple[Row, Row]:
    """The document and the reply of a row as versions to 0.10 have it: no id, and predictions of either kind.

    Its `full_prompt` depends on the model's chat template; `example` is what newer versions call the query.
    """
    choices, said = row.get("choices") or row.get("gold"), row.get("predictions")
    doc = {"query": row.get("example"), "choices": choices, "gold_index": row.get("gold_index") or 0}
    return doc, {"text": said, "logprobs": said}


def _gold(doc: Row) -> str | None:
    """The first choice that is right."""
    choices, gold = doc.get("choices"), doc.get("gold_index")
    first = gold[0] if isinstance(gold, list) and gold else gold
    known = isinstance(choices, list) and isinstance(first, int) and 0 <= first < len(choices)
    return str(choices[first]).strip() or None if known and choices is not None else None


def _chosen(doc: Row, reply: Any) -> str:
    """Of several choices the likeliest."""
    choices, weights = doc.get("choices"), reply.get("logprobs") if isinstance(reply, dict) else None
    if not isinstance(choices, list) or not isinstance(weights, list) or not 0 < len(weights) == len(choices):
        raise Unusable("has neither a text nor likelihoods of its choices as an answer")
    # Versions to 0.10 say with each whether it is what the model would have said.
    known = [_number(weight[0] if isinstance(weight, list) and weight else weight) for weight in weights]
    return str(choices[max(range(len(known)), key=lambda place: -math.inf if known[place] is None else known[place])])  # type: ignore[arg-type,return-value]


def inspect_fits(path: Path, row: Row) -> bool:
    """Whether a file is a log of Inspect's."""
    return path.suffix == ".eval" or {"version", "status", "eval", "plan"} <= row.keys()


def inspect(path: Path, model: str | None, log: Log) -> list[Sample]:
    """The samples of a log, read by Inspect itself; UsageError without the extra."""
    try:
        from inspect_ai.log import read_eval_log
    except ImportError as error:
        raise UsageError(
            f"{path}: Inspect's logs need the extra `inspect`: pip install 'judgebench[inspect]'"
        ) from error
    try:
        found = read_eval_log(str(path))
    except Exception as error:  # a zip, JSON and their schema, which may be wrong in any way
        raise DataError(f"{path}: is no log that Inspect reads ({type(error).__name__}: {error})") from error
    samples = found.samples or []
    if not samples:
        raise DataError(f"{path}: holds no samples")
    return list(_inspect_samples(samples, found.eval.task, model or found.eval.model))


def _inspect_samples(samples: Sequence[Any], task: str, model: str) -> Iterator[Sample]:
    for sample in samples:
        asked = sample.input if isinstance(sample.input, str) else _talk(sample.input)
        target = sample.target if isinstance(sample.target, str) else "\n".join(sample.target)
        scores = dict(_inspect_scores(sample.scores or {}))
        failure = Failure("inspect_error", sample.error.message) if sample.error else None
        yield Sample(
            task=task.rpartition("/")[2],
            name=str(sample.id),
            asked=asked,
            said=None if failure else sample.output.completion,
            model=model,
            reference=target if target.strip() else None,
            scores=scores,
            words={name: said for name, score in (sample.scores or {}).items() if (said := score.explanation)},
            choice=sample.epoch - 1,
            failure=failure,
        )


def _talk(messages: Sequence[Any]) -> str:
    """A conversation as one prompt: the user's message, or all with who said them."""
    users = [message.text for message in messages if message.role == "user"]
    alone = len(users) == 1 and all(message.role in ("system", "user") for message in messages)
    return users[0] if alone else "\n\n".join(f"{message.role}: {message.text}" for message in messages)


def _inspect_scores(scores: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    """Numbers by scorer; of a scorer with several values by both names."""
    for scorer, score in scores.items():
        parts = score.value.items() if isinstance(score.value, dict) else [("", score.value)]
        for name, value in parts:
            known = _VALUES[value] if isinstance(value, str) and value in _VALUES else _number(value)
            yield f"{scorer}/{name}" if name else scorer, known
