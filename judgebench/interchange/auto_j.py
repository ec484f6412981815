"""Auto-J's training data for single critiques: a query, a response, and what a judge said of it with a grade."""

import re
from collections import Counter
from pathlib import Path

from judgebench.interchange.bundle import Bundle, keep
from judgebench.interchange.imported import Imported
from judgebench.interchange.keeping import set_name
from judgebench.interchange.lines import Line, Log, Row, Unusable, convert, objects, optional_text, text
from judgebench.tables.records import Failure, Message, Review, Verdict
from judgebench.workspace import Workspace

JUDGE = "auto-j-data"
MODEL = "response"  # whose it is isn't said
SCALE = (1.0, 10.0)
_DATA = re.compile(r"\n\[Query\]: (.*)\n\*\*\*\n\[Response\]: (.*)\n\*\*\*\n\[END DATA\]", re.DOTALL)


def is_row(row: Row) -> bool:
    """Whether a row is of this data."""
    return {"usrmsg", "target_output", "pred_score"} <= row.keys()


def import_auto_j(
    path: Path, workspace: Workspace, questions: str | None, judge: str | None, model: str | None
) -> Imported:
    """Add queries by scenario, responses, and critiques as single reviews; several responses to a query are samples."""
    log, bundle = Log(), Bundle(questions or set_name(path), "Queries of Auto-J's critiques.")
    drawn: Counter[str] = Counter()

    def make(line: Line) -> list[Review]:
        row = line.row
        asked, critique, score = text(row, "usrmsg"), text(row, "target_output"), _score(row)
        found = _DATA.search(asked)
        if found is None or not found[1].strip():
            raise Unusable("has a usrmsg without a query and a response")
        question = bundle.ask([found[1]], optional_text(row, "scenario") or "default")
        choice = drawn[question.id]
        drawn[question.id] += 1
        answer = bundle.answer(question, model or MODEL, [found[2]], choice=choice)
        return [
            bundle.review(
                question,
                judge or JUDGE,
                mode="single",
                kind="rating",
                turn=1,
                models=(answer.model,),
                answer_ids=(answer.id,),
                prompt="auto-j",
                verdict=None if score is None else Verdict(scores=(score,)),
                error=Failure("unparsed", "the row has no grade") if score is None else None,
                reply=critique,
                verdict_source="stored",
                scale=SCALE,
                choice=choice,
                messages=(Message("user", asked),),
                extra={"source_dataset": row["source_dataset"]} if row.get("source_dataset") else {},
            )
        ]

    convert([path], make, log, objects)
    return keep(bundle, path, workspace, log)


def _score(row: Row) -> float | None:
    said = row["pred_score"]
    if said is None or said == -1:
        return None
    if isinstance(said, bool) or not isinstance(said, int | float) or not SCALE[0] <= said <= SCALE[1]:
        raise Unusable("has a pred_score that is not a number from 1 to 10")
    return float(said)
