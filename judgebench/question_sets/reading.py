"""Read questions from the files that people have: JSON lines and CSV, in the forms of several tools."""

import csv
import io
import json
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from judgebench.errors import DataError, UsageError
from judgebench.question_sets.extend import with_ids
from judgebench.tables.records import SCHEMA, Question, Rubric, valid_text

Row: TypeAlias = Mapping[str, Any]

QUESTION = ("question", "prompt", "text", "instruction")  # what other tools call a question's only turn,
CONTEXT = ("input", "context")  # the material that it is about,
REFERENCE = ("references", "reference", "answer", "output")  # its reference or references,
IDENTITY = ("id", "question_id")  # and its id
_NUMBERED = re.compile(r"(turn|reference)_([1-9]\d?)")


class Unusable(ValueError):
    """A row that is no question; the message completes the sentence "this line ..."."""


def read_questions(path: Path, category: str, taken: Collection[str] = ()) -> list[Question]:
    """The questions of a `.jsonl`, `.csv` or `.tsv` file, for a category; ids not taken are made where it has none.

    A JSON line is a question as ours or FastChat's (`turns`, `references` or `reference`, `id` or `question_id`), or
    has its text as `question`, `prompt`, `text` or `instruction`, with material to it as `input` or `context`, and a
    reference as `reference`, `answer` or `output`. A CSV header names the same fields, or `turn_1`, `turn_2` and so
    on, and `reference_1` and so on. What else a row holds is kept in `extra`, a category of its own among it.
    Raises DataError that lists every line that can't be used.
    """
    kind = path.suffix.lower()
    if kind not in _FORMS:
        raise UsageError(f"{path}: questions are read from {', '.join(_FORMS)}")
    questions, faults, seen = [], [], set[str]()
    for line, row in _FORMS[kind](_decoded(path)):
        try:
            question = _question(row, category, seen)
        except Unusable as problem:
            faults.append(f"{path}:{line}: this line {problem}")
        else:
            questions.append(question)
            seen.add(question.id)
    if faults or not questions:
        raise DataError("\n".join(faults) or f"{path}: holds no question")
    return with_ids(questions, category, taken)


def turns_of(row: Row) -> tuple[str, ...]:
    """The user's turns of a row, whatever it calls them; raises Unusable where it has none, or an empty one."""
    name = _first(row, ("turns", *QUESTION))
    if name is None:
        raise Unusable(f"has no question (turns, {', '.join(QUESTION)}; in CSV also turn_1, turn_2, ...)")
    turns = row[name] if name == "turns" else "\n\n".join([_text(row[name], name), *_context(row)])
    turns = [_text(turn, "turn") for turn in (turns if isinstance(turns, list) else [turns])]
    if not turns or not all(turn.strip() for turn in turns):
        raise Unusable("has an empty question or turn")
    return tuple(turns)


def _question(row: Row | Unusable, category: str, seen: Collection[str]) -> Question:
    if isinstance(row, Unusable):
        raise row
    if isinstance(row.get("schema"), int) and row["schema"] > SCHEMA:
        raise Unusable(f"was written by a newer judgebench (schema {row['schema']}): upgrade")
    turns, name = turns_of(row), _identity(row)
    if name and name in seen:
        raise Unusable(f"has the id {name!r}, which an earlier line has")
    references, rubric = _references(row, len(turns)), rubric_of(row.get("rubric"))
    extra = _rest(row, category)
    if rubric is not None:
        extra.pop("rubric", None)
    question = Question(
        id=name, category=category, turns=turns, references=references, rubric=rubric or (), extra=extra
    )
    try:
        msgspec.json.decode(msgspec.json.encode(question), type=Question)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
        raise Unusable(f"holds what can't be stored ({error})") from error
    return question


def rubric_of(value: object) -> Rubric | None:
    """A list of criteria as a rubric, None for what isn't meant as one; raises Unusable for one that can't be used."""
    if not isinstance(value, list) or not all(isinstance(one, dict) and "criterion" in one for one in value):
        return None
    try:
        return msgspec.convert(value, Rubric)
    except msgspec.ValidationError as error:
        raise Unusable(f"has a rubric that can't be read ({error})") from error


def _first(row: Row, names: Sequence[str]) -> str | None:
    return next((name for name in names if row.get(name) is not None), None)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise Unusable(f"has {name} that is not text")
    return valid_text(value)


def _context(row: Row) -> list[str]:
    values = [row.get(name) for name in CONTEXT]
    return [valid_text(value) for value in values if isinstance(value, str) and value.strip()]


def _identity(row: Row) -> str:
    name = _first(row, IDENTITY)
    value = row[name] if name else ""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Unusable(f"has {name} that is neither text nor a whole number")
    text = valid_text(str(value))
    return text if text.strip() else ""


def _references(row: Row, turns: int) -> tuple[str | None, ...]:
    name = _first(row, REFERENCE)
    value = row[name] if name else []
    given = [_reference(item, name or "") for item in (value if isinstance(value, list) else [value])]
    while given and given[-1] is None:
        given.pop()
    if len(given) > turns:
        raise Unusable(f"has {len(given)} references to {turns} turn{'s' * (turns > 1)}")
    return tuple(given)


def _reference(value: object, name: str) -> str | None:
    """A reference as text: JSON's numbers are answers too, and a blank is none."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    text = "" if value is None else _text(str(value) if number else value, name)
    return text if text.strip() else None


def _rest(row: Row, category: str) -> dict[str, Any]:
    """What has no place of its own, of a row that called its category something else that too."""
    own = row.get("extra")
    kept = {**own, **row} if isinstance(own, dict) else dict(row)
    read = {"turns", "schema", _first(row, QUESTION), _first(row, REFERENCE), _first(row, IDENTITY)}
    read |= {"extra"} if isinstance(own, dict) else set()
    read |= set() if row.get("turns") is not None else {name for name in CONTEXT if isinstance(row.get(name), str)}
    read |= {"category"} if row.get("category") in (None, category) else set()
    return {name: value for name, value in kept.items() if name not in read}


def _decoded(path: Path) -> str:
    """The text of a file: UTF-8, with or without a byte order mark, or what Excel calls Unicode text (UTF-16)."""
    data = path.read_bytes()
    utf16 = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    try:
        return valid_text(data.decode("utf-16" if utf16 else "utf-8-sig", "surrogatepass"))
    except UnicodeDecodeError as error:
        lines = [1] if utf16 else [number for number, line in enumerate(data.split(b"\n"), 1) if not _is_utf8(line)]
        faults = [f"{path}:{number}: this line is not UTF-8: save the file as UTF-8" for number in lines]
        raise DataError("\n".join(faults)) from error


def _is_utf8(line: bytes) -> bool:
    try:
        return bool(line.decode("utf-8", "surrogatepass")) or not line
    except UnicodeDecodeError:
        return False


def _json_rows(text: str) -> Iterator[tuple[int, Row | Unusable]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, _object(line)
        if number == 1 and line.lstrip().startswith("["):
            return  # one fault is enough


def _object(line: str) -> Row | Unusable:
    if line.lstrip().startswith("["):
        return Unusable("is a JSON array: give one object a line, as `jq -c '.[]'` makes them")
    try:
        row = json.loads(line)
        whole = json.loads(valid_text(json.dumps(row, ensure_ascii=False)))  # half characters come as escapes, too
    except (ValueError, RecursionError) as error:
        return Unusable(f"is not JSON ({error})")
    return whole if isinstance(whole, dict) else Unusable("is not a JSON object")


def _csv_rows(text: str) -> Iterator[tuple[int, Row | Unusable]]:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True, skipinitialspace=True)
    header: list[str] = []
    while True:
        start = lines.line_num + 1
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error as error:  # the reader has lost its place
            yield start, Unusable(f"is not CSV ({error})")
            return
        if header and any(cell.strip() for cell in cells):
            yield start, _named(header, cells)
        elif not header and cells:
            header = [cell.strip().lower() for cell in cells]
            if problem := _header_problem(header):
                yield start, Unusable(problem)
                return


def _delimiter(text: str) -> str:
    """Of comma, semicolon and tab the one that makes most columns of the header that we know."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=lambda mark: sum(map(_known, next(csv.reader([header[:1000]], delimiter=mark), []))))


def _known(column: str) -> bool:
    name = column.strip().lower()
    return name in (*QUESTION, *CONTEXT, *REFERENCE, *IDENTITY) or bool(_NUMBERED.fullmatch(name))


def _header_problem(header: Sequence[str]) -> str | None:
    named = [name for name in header if name]
    if len(set(named)) < len(named):
        return "is a header that names a column twice"
    if not {"turn_1", *QUESTION} & set(named):
        return f"is a header without a column of questions ({', '.join(QUESTION)}, or turn_1, turn_2, ...)"
    return None


def _named(header: Sequence[str], cells: Sequence[str]) -> Row | Unusable:
    """The cells of a line by their columns; numbered ones become a list. Blank cells are none."""
    if any(cells[len(header) :]):
        return Unusable(f"has {len(cells)} cells but its header {len(header)}: quote a cell that holds a delimiter")
    filled = {
        name: cell.replace("\r\n", "\n") for name, cell in zip(header, cells, strict=False) if name and cell.strip()
    }
    row: dict[str, Any] = {
        name: cell.strip() if name in IDENTITY else cell
        for name, cell in filled.items()
        if not _NUMBERED.fullmatch(name)
    }
    turns, references = _list_of(filled, "turn"), _list_of(filled, "reference")
    if None in turns:
        return Unusable(f"has a turn_{len(turns)} but no turn_{turns.index(None) + 1}")
    return row | ({"turns": turns} if turns else {}) | ({"references": references} if references else {})


def _list_of(cells: Mapping[str, str], stem: str) -> list[str | None]:
    """`stem_1`, `stem_2` and so on, with None in gaps."""
    matches = [match for match in map(_NUMBERED.fullmatch, cells) if match and match[1] == stem]
    last = max((int(match[2]) for match in matches), default=0)
    return [cells.get(f"{stem}_{number}") for number in range(1, last + 1)]


_FORMS = {".jsonl": _json_rows, ".ndjson": _json_rows, ".csv": _csv_rows, ".tsv": _csv_rows}
