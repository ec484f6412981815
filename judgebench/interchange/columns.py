"""Rows of JSON lines, JSON lists, CSV and Parquet, and questions in columns of any name."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from judgebench.errors import DataError, UsageError
from judgebench.interchange.bundle import Bundle, keep
from judgebench.interchange.imported import Imported
from judgebench.interchange.keeping import set_name
from judgebench.interchange.lines import Line, Log, Row, Unusable, amiss, convert, objects
from judgebench.question_sets.reading import IDENTITY, QUESTION, REFERENCE
from judgebench.tables.records import Question, valid_text
from judgebench.workspace import Workspace

GENERAL = "general"
_USUAL: Mapping[str, Sequence[str]] = {
    "question": ("turns", *QUESTION),
    "reference": REFERENCE,
    "category": ("category",),
    "id": IDENTITY,
}


def rows(path: Path, log: Log) -> Iterator[Line]:
    """Every row of a file, told by its ending: .csv, .tsv, .parquet, or else JSON."""
    readers = {".csv": _csv, ".tsv": _csv, ".parquet": parquet}
    return readers.get(path.suffix.lower(), objects)(path, log)


def parquet(path: Path, log: Log) -> Iterator[Line]:
    """Every row of a Parquet file, by its number; UsageError without the extra, DataError for what is none."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise UsageError(f"{path}: Parquet needs the extra `parquet`: pip install 'judgebench[parquet]'") from error
    try:
        number = 0
        with ParquetFile(path) as file:
            for batch in file.iter_batches(1 << 10):
                for row in batch.to_pylist():
                    number += 1
                    yield Line(path, number, row)
    except (ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path}: is no Parquet file that can be read ({error})") from error


def _csv(path: Path, log: Log) -> Iterator[Line]:
    """Every row under the header; a line that is no CSV is refused, and so is what follows it."""
    problem = amiss(path)
    if problem:
        raise DataError(f"{path} {problem}; nothing was imported")
    try:
        text = valid_text(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 ({error.reason} at byte {error.start})") from error
    mark = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            log.refuse(Line(path, reader.line_num, {}), f"is not CSV ({error})")
            return
        line = Line(path, reader.line_num, {name: cell for name, cell in row.items() if name and cell})
        if None in row:
            log.refuse(line, "has more cells than the header: quote a cell that holds a delimiter")
        elif line.row:
            yield line


def import_questions(
    path: Path, workspace: Workspace, questions: str | None = None, named: Mapping[str, str] | None = None
) -> Imported:
    """Add the questions of a file, or of a folder's Parquet files, to a set called after it, unless `questions` says.

    `named` says in which columns `question`, `reference`, `category` and `id` are; without it the usual names are
    looked for. A question is a text, a list of turns, or a conversation, of which the user's part is taken.
    """
    log, bundle = Log(), Bundle(questions or set_name(path), f"Questions of {path.name}.")
    wanted = named or {}

    def make(line: Line) -> list[Question]:
        columns = {what: _column(line.row, what, wanted.get(what)) for what in _USUAL}
        if columns["question"] is None:
            raise Unusable("has no question: say its column by --question COLUMN")
        turns = _turns(line.row[columns["question"]])
        reference, category, name = (_text(line.row, columns[what]) for what in ("reference", "category", "id"))
        before = len(bundle.questions)
        made = bundle.ask(turns, category or GENERAL, name, reference)
        return [made] if len(bundle.questions) > before else []

    found = [path] if path.is_file() else sorted(path.glob("**/*.parquet"))
    convert(found, make, log, rows)
    return keep(bundle, path, workspace, log)


def _column(row: Row, what: str, named: str | None) -> str | None:
    if named is None:
        return next((name for name in _USUAL[what] if row.get(name) is not None), None)
    if named not in row and what == "question":
        raise Unusable(f"has no column {named!r}; there is {', '.join(map(str, row)) or 'none'}")
    return named if row.get(named) is not None else None


def _turns(value: Any) -> tuple[str, ...]:
    found = value if isinstance(value, list) else [value]
    if found and all(isinstance(one, dict) for one in found):
        found = [one.get("content", one.get("value")) for one in found if one.get("role", one.get("from")) in _USERS]
    if not found or not all(isinstance(one, str) and one.strip() for one in found):
        raise Unusable("has a question that is neither text, nor turns, nor a conversation, or an empty one")
    return tuple(map(valid_text, found))


_USERS = ("user", "human")


def _text(row: Row, name: str | None) -> str | None:
    """A cell as text; a list's first item, where datasets keep several references."""
    value = None if name is None else row[name]
    value = value[0] if isinstance(value, list) and value else value
    if value is None or name is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise Unusable(f"has a {name} that is not text")
    return valid_text(value) if value.strip() else None
