"""Reviews, answers, questions and figures as tables that other tools open: CSV or Parquet, one table a file."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from judgebench.errors import UsageError
from judgebench.report.build import Options, build
from judgebench.report.formats import flat_rows, no_formula
from judgebench.report.loading import MORE, load_answers, load_questions, load_reviews
from judgebench.workspace import Workspace

FORMATS = (".csv", ".parquet")
_ALL = Options()
_LISTS = ("win_matrix", "notes", "imports")


def export_table(what: str, path: Path, workspace: Workspace, options: Options = _ALL) -> int:
    """Write `reviews`, `answers` or `questions` to a file, by its ending; how many rows that were."""
    if path.suffix not in FORMATS:
        raise UsageError(f"{path}: a table is written as {' or '.join(FORMATS)}, by the file's ending")
    if what == "reviews":
        frame = load_reviews(workspace, options.questions, options.judge, MORE)
    elif what == "answers":
        frame = load_answers(workspace, options.questions)
    else:
        frame = load_questions(workspace, options.questions)
    _write(frame, path)
    return len(frame)


def export_figures(folder: Path, workspace: Workspace, options: Options = _ALL, ending: str = ".csv") -> list[Path]:
    """Write each table of the report that has entries to a file of a folder; the files."""
    report = build(workspace, options)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, entries in report.items():
        if entries and name not in _LISTS:
            written.append(folder / f"{name}{ending}")
            _write(_frame(entries), written[-1])
    return written


def _frame(entries: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(flat_rows(entries))


def _write(frame: pd.DataFrame, path: Path) -> None:
    """All of it or nothing: under another name first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        if path.suffix == ".csv":
            _csv(frame, beside)
        else:
            _parquet(frame, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _csv(frame: pd.DataFrame, path: Path) -> None:
    """What other tools open is often a spreadsheet, and texts are anybody's."""
    texts = frame.select_dtypes(["object", "string", "category"]).columns
    plain = frame.assign(**{name: frame[name].astype(object).map(no_formula) for name in texts})
    plain.to_csv(path, index=False, lineterminator="\n")


def _parquet(frame: pd.DataFrame, path: Path) -> None:
    try:
        frame.to_parquet(path, index=False, engine="pyarrow")
    except ImportError as error:
        raise UsageError(f"{path}: Parquet needs the extra `parquet`: pip install 'judgebench[parquet]'") from error
