"""The reviews of a workspace as one DataFrame, read as quickly as they can be."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import pandas as pd

    from judgebench.statistics.columns import Judgment
    from judgebench.tables.records import Answer
    from judgebench.workspace import Workspace

Text: TypeAlias = tuple[str, str, str, int, int, str]  # question set, question id, model, turn (from 1), choice, text


def load_reviews(
    workspace: "Workspace | str | Path" = ".", questions: str | None = None, judge: str | None = None
) -> "pd.DataFrame":
    """The reviews in force of a workspace (of one question set, by one judge), one row each.

    Columns: question_set, question_id, category, turn; mode (single, pairwise), kind (rating, choice, score_pair),
    judge; model_a and model_b (the pair as it was named, or one model and None), swapped (b was shown first), choice
    (which samples, from 0) and repeat;
    winner (a, b, tie or None), score_a, score_b (NaN without one), low and high (the scale); error (why there is no
    verdict), source (how it was read), prompt, served_by (the judge's snapshot); prompt_tokens and completion_tokens
    (as the endpoint counted them), prompt_cut (whether the server read only a part of it), chance (of having been
    chosen), voter, created (ISO 8601). Estimators take what `statistics.frames.matches_frame` and `scores_frame` make
    of it.

    Where a judge gave probabilities, one more column says how likely model_b is better by them.
    Raises UsageError where the folder is no workspace, and DataError with file and line for a row that can't be read.
    """
    from judgebench.statistics.frames import judgments_frame
    from judgebench.workspace import Workspace

    place = workspace if isinstance(workspace, Workspace) else Workspace(Path(workspace))
    return judgments_frame(_judgments(place.check(), questions, judge), place.categories())


def _judgments(workspace: "Workspace", questions: str | None, judge: str | None) -> "Iterator[list[Judgment]]":
    from judgebench.statistics.columns import Judgment

    @cache
    def drawn() -> set[str]:
        return _drawn(workspace.all_answers(questions))

    for table in workspace.tables("reviews", questions, Judgment):
        for batch in table.batches():
            rows = batch if judge is None else [row for row in batch if row.judge == judge]
            yield [row for row in rows if not row.choice or drawn().issuperset(row.answer_ids)]


def _drawn(answers: "Iterable[Answer]") -> set[str]:
    """The ids of the samples that belong together; what judges said of others is about an earlier checkpoint."""
    from judgebench.tables.store import in_force

    return {answer.id for held in _samples(in_force(answers).values()).values() for answer in held}


def texts_of(answers: "Iterable[Answer]") -> Iterator[Text]:
    """Every turn of these answers in force, for each choice that was judged: see `matches.sample`."""
    drawn = _samples(answers)
    most: dict[tuple[str, str], int] = defaultdict(int)
    for (question_set, _, question), held in drawn.items():
        most[question_set, question] = max(most[question_set, question], len(held))
    for (question_set, model, question), held in drawn.items():
        for choice in range(most[question_set, question]):
            for turn, text in enumerate(held[choice % len(held)].turns, start=1):
                yield question_set, question, model, turn, choice, text


def _samples(answers: "Iterable[Answer]") -> "dict[tuple[str, str, str], list[Answer]]":
    """By question set, model and question."""
    from judgebench.judging.matches import samples

    by_set: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_set[answer.question_set].append(answer)
    return {(name, *place): held for name, rows in by_set.items() for place, held in samples(rows).items()}
