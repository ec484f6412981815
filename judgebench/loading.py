"""The reviews of a workspace as one DataFrame, read as quickly as they can be."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import pandas as pd

    from judgebench.records import Answer
    from judgebench.statistics.columns import Judgment
    from judgebench.workspace import Workspace

Text: TypeAlias = tuple[str, str, str, int, str]  # question set, question id, model, turn (from 1), text


def load_reviews(
    workspace: "Workspace | str | Path" = ".", questions: str | None = None, judge: str | None = None
) -> "pd.DataFrame":
    """The reviews in force of a workspace (of one question set, by one judge), one row each.

    Columns: question_set, question_id, category, turn; mode (single, pairwise), kind (rating, choice, score_pair),
    judge; model_a and model_b (the pair as it was named, or one model and None), swapped (b was shown first), repeat;
    winner (a, b, tie or None), score_a, score_b (NaN without one), low and high (the scale); error (why there is no
    verdict), source (how it was read), prompt, served_by (the judge's snapshot); prompt_tokens and completion_tokens
    (as the endpoint counted them), chance (of having been chosen), voter, created (ISO 8601). Estimators take what
    `statistics.frames.matches_frame` and `scores_frame` make of it.

    Raises UsageError where the folder is no workspace, and DataError with file and line for a row that can't be read.
    """
    from judgebench.statistics.frames import judgments_frame
    from judgebench.workspace import Workspace

    place = workspace if isinstance(workspace, Workspace) else Workspace(Path(workspace))
    return judgments_frame(_judgments(place.check(), questions, judge), place.categories())


def _judgments(workspace: "Workspace", questions: str | None, judge: str | None) -> "Iterator[list[Judgment]]":
    from judgebench.statistics.columns import Judgment

    for table in workspace.tables("reviews", questions, Judgment):
        for batch in table.batches():
            yield batch if judge is None else [row for row in batch if row.judge == judge]


def texts_of(answers: "Iterable[Answer]") -> Iterator[Text]:
    """Every turn of these answers, the first where a question was answered several times."""
    for answer in answers:
        if answer.choice == 0:
            for turn, text in enumerate(answer.turns, start=1):
                yield answer.question_set, answer.question_id, answer.model, turn, text
