"""AlpacaEval: `model_outputs.json` -> answers, `annotations.json` -> answers and reviews, or a folder with such files.

A preference is a number from 1 (output_1 is better) to 2 (output_2 is). It becomes a choice, and the probability that
it stands for is kept where those of our own judges are, so that the report has both win rates that AlpacaEval
publishes: `win_rate` is its discrete one, `expected_win_rate` its weighted one.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from judgebench.interchange.bundle import Bundle, keep
from judgebench.interchange.imported import Imported
from judgebench.interchange.lines import (
    Line,
    Log,
    Row,
    Unusable,
    convert,
    identifier,
    objects,
    optional_text,
    rest,
    text,
)
from judgebench.tables.records import Failure, Verdict
from judgebench.workspace import Workspace

NAME = "alpaca-eval"
_ANNOTATED = ("instruction", "output_1", "output_2", "generator_1", "generator_2", "annotator", "preference")
_MORE = ("dataset", "time_per_example", "price_per_example")
_PROMPT = "alpaca-eval"  # which one it was is part of the annotator


def is_outputs(row: Row) -> bool:
    """Whether a row is one of `model_outputs.json`."""
    return {"instruction", "output", "generator"} <= row.keys()


def is_annotation(row: Row) -> bool:
    """Whether a row is one of `annotations.json`."""
    return {"instruction", "output_1", "output_2", "preference"} <= row.keys()


def files(path: Path) -> list[list[Path]]:
    """The files of a folder of results, those with answers and those with annotations; or the file itself."""
    if path.is_file():
        return [[path]]
    return [sorted(path.glob(f"**/{name}")) for name in ("model_outputs.json", "annotations.json")]


def import_alpaca_eval(
    path: Path, workspace: Workspace, questions: str | None = None, judge: str | None = None
) -> Imported:
    """Add what the files hold to a question set called `alpaca-eval`, unless `questions` names it."""
    log, bundle = Log(), Bundle(questions or NAME, "Instructions of AlpacaEval.")

    def take(line: Line) -> list[None]:
        if "preference" in line.row:
            _annotation(line.row, bundle, judge)
        else:
            _output(line.row, bundle)
        return [None]

    for part in files(path):
        convert(part, take, log, objects)
    return keep(bundle, path, workspace, log)


def _output(row: Row, bundle: Bundle) -> None:
    said, model = text(row, "output"), identifier(row, "generator")
    question = bundle.ask([_instruction(row)], optional_text(row, "dataset") or NAME)
    bundle.answer(question, model, [said], extra=rest(row, "instruction", "output", "generator", "dataset"))


def _annotation(row: Row, bundle: Bundle, judge: str | None) -> None:
    models = identifier(row, "generator_1"), identifier(row, "generator_2")
    said = text(row, "output_1"), text(row, "output_2")
    name = judge or identifier(row, "annotator")
    share = _share(row)
    question = bundle.ask([_instruction(row)], optional_text(row, "dataset") or NAME)
    shown = [bundle.answer(question, model, [output]) for model, output in zip(models, said, strict=True)]
    bundle.review(
        question,
        name,
        mode="pairwise",
        kind="choice",
        turn=1,
        models=models,
        answer_ids=tuple(answer.id for answer in shown),
        prompt=_PROMPT,
        verdict=_verdict(share),
        error=None if share is not None else Failure("unparsed", "AlpacaEval found no preference"),
        verdict_source="stored",
        extra=rest(row, *_ANNOTATED, *_MORE) | _probabilities(share),
    )


def _instruction(row: Row) -> str:
    said = text(row, "instruction")
    if not said.strip():
        raise Unusable("has an empty instruction")
    return said


def _share(row: Row) -> float | None:
    """The probability that output_2 is better; None without a preference."""
    said = row["preference"]
    if said is None or said != said:
        return None
    if isinstance(said, bool) or not isinstance(said, int | float) or not (said == 0 or 1 <= said <= 2):
        raise Unusable("has a preference that is neither from 1 to 2 nor 0, which is a tie")
    return 0.5 if said == 0 else float(said) - 1


def _verdict(share: float | None) -> Verdict | None:
    if share is None:
        return None
    return Verdict(winner="tie" if share == 0.5 else "B" if share > 0.5 else "A")


def _probabilities(share: float | None) -> dict[str, Any]:
    if share is None or share in (0, 0.5, 1):
        return {} if share is None else {"logprobs": {"probabilities": _plain(share)}}
    return {"logprobs": {"probabilities": {"A": 1 - share, "B": share}}}


def _plain(share: float) -> Mapping[str, float]:
    return {("A", "tie", "B")[round(2 * share)]: 1.0}


__all__: Sequence[str] = ["files", "import_alpaca_eval", "is_annotation", "is_outputs"]
