"""The reviews of a workspace as one DataFrame, read as quickly as they can be."""

import os
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import pandas as pd

    from judgebench.records import Answer
    from judgebench.statistics.columns import Columns, Judgment
    from judgebench.workspace import Workspace

Span: TypeAlias = tuple[Path, int, int]  # a table, and the bytes of it from and before which its lines begin
Text: TypeAlias = tuple[str, str, str, int, str]  # question set, question id, model, turn (from 1), text
_LARGE = 1 << 26  # bytes from which on reading on two processors is quicker


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
    from judgebench.statistics.columns import Judgment
    from judgebench.statistics.frames import columns_frame
    from judgebench.workspace import Workspace

    place = workspace if isinstance(workspace, Workspace) else Workspace(Path(workspace))
    paths = [table.path for table in place.check().tables("reviews", questions, Judgment)]
    spans = [(path, 0, path.stat().st_size) for path in paths]
    size = sum(stop for _, _, stop in spans)
    columns = _read_on_two(spans, size // 2, judge) if size >= _LARGE and _can_fork() else _read(spans, judge)
    return columns_frame(columns, place.categories())


def _read(spans: Iterable[Span], judge: str | None) -> "Columns":
    from judgebench.statistics import columns

    return columns.read(_judgments(spans, judge))


def _judgments(spans: Iterable[Span], judge: str | None) -> "Iterator[list[Judgment]]":
    from judgebench.statistics.columns import Judgment
    from judgebench.store import Table

    for path, start, stop in spans:
        for batch in Table(path, Judgment).batches(start=start, stop=stop):
            yield batch if judge is None else [row for row in batch if row.judge == judge]


def _read_on_two(spans: Sequence[Span], half: int, judge: str | None) -> "Columns":
    """As `_read`, the first `half` bytes in a process of its own; of two errors that of the earlier row counts."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from judgebench.statistics import columns

    first, second = _cut(spans, half)
    with ProcessPoolExecutor(1, get_context("fork")) as pool:
        other = pool.submit(_read_apart, first, judge)
        try:
            late = _read(second, judge)
        finally:
            early, warned = other.result()
    for one in warned:
        warnings.warn(one, stacklevel=3)
    return columns.joined([early, late])


def _read_apart(spans: Sequence[Span], judge: str | None) -> "tuple[Columns, list[Warning]]":
    """What was read, and the warnings, which nobody would see here."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = _read(spans, judge)
    return found, [one.message for one in caught if isinstance(one.message, Warning)]


def _cut(spans: Sequence[Span], half: int) -> tuple[list[Span], list[Span]]:
    """The spans of the first `half` bytes, and the others."""
    first, second = [], []
    for path, start, stop in spans:
        middle = min(max(half, start), stop)
        first.append((path, start, middle))
        second.append((path, middle, stop))
        half -= middle - start
    return first, second


def _can_fork() -> bool:
    """Whether a copy of this process can work beside it: there are two processors, and no thread holds a lock.

    A fork it must be: only there are the hashes of equal texts equal.
    """
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1 and threading.active_count() == 1


def texts_of(answers: "Iterable[Answer]") -> Iterator[Text]:
    """Every turn of these answers, the first where a question was answered several times."""
    for answer in answers:
        if answer.choice == 0:
            for turn, text in enumerate(answer.turns, start=1):
                yield answer.question_set, answer.question_id, answer.model, turn, text
