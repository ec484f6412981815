"""The files of a question set as they are: read past what is broken, each fault with its line and a way to mend it."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args, get_origin, get_type_hints

import msgspec

from judgebench.question_sets.sets import Category, SetHead
from judgebench.tables.records import SCHEMA, Question
from judgebench.verdicts import checkers

Keys = tuple[str, ...]  # where a value stands in a TOML file, from its root


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault: where it is, what it is, and what to do about it; `line` is None where it lies in no one line."""

    path: Path
    line: int | None
    message: str
    mend: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{place}: {self.message}; {self.mend}"


@dataclass(frozen=True, slots=True)
class RawHead:
    """What could be read of `set.toml`, with defaults in place of faulty values."""

    path: Path
    head: SetHead
    lines: Mapping[Keys, int] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    complete: bool = False  # whether every table in it was understood

    def problem(self, keys: Keys, message: str, mend: str) -> Problem:
        """At the line of a key, or else of the table that it belongs into."""
        above = (keys[:end] for end in range(len(keys), 0, -1))
        return Problem(self.path, next((self.lines[at] for at in above if at in self.lines), None), message, mend)


@dataclass(frozen=True, slots=True)
class RawRow:
    """A line of `questions.jsonl` that is an object, with empty values in place of faulty ones."""

    path: Path
    line: int
    question: Question
    problems: Sequence[Problem]
    faulty: frozenset[str]

    def problem(self, message: str, mend: str) -> Problem:
        """At this line."""
        return Problem(self.path, self.line, message, mend)


@dataclass(frozen=True, slots=True)
class _Form:
    """The values that are as they must be, and for each other key a message and a mend."""

    good: Mapping[str, Any]
    wrong: Sequence[tuple[str, str, str]]
    faulty: frozenset[str]  # the known keys without a good value, misspelt ones by the name that was meant


def read_head(path: Path) -> RawHead:
    """What can be read of a `set.toml`, and what is wrong with the rest."""
    text = ""
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        return _head(path, tomllib.loads(text), _toml_lines(text))
    except OSError as error:
        mend = "write it, with a name and tables [categories.NAME]"
        problem = Problem(path, None, f"it can't be read ({error.strerror})", mend)
    except UnicodeDecodeError as error:
        problem = Problem(path, error.object.count(b"\n", 0, error.start) + 1, *_not_utf8(error))
    except (ValueError, RecursionError) as error:  # tomllib has one of its own, and lets others through
        line = toml_error_line(error) or text.rstrip().count("\n") + 1
        problem = Problem(path, line, f"this is not TOML: {error}", "mend the line; a text stands in quotes")
    return RawHead(path, SetHead(name=path.parent.resolve().name), problems=[problem])


def _head(path: Path, given: Mapping[str, Any], lines: Mapping[Keys, int]) -> RawHead:
    tables = given.get("categories", {})
    tables = tables if isinstance(tables, dict) else {}
    form = _form({**given, "categories": {}} if tables else given, SetHead)
    parts = {name: _form(table, Category) for name, table in tables.items() if isinstance(table, dict)}
    wrong: list[tuple[Keys, str, str]] = [((one[0],), *one[1:]) for one in form.wrong]
    wrong += [(("categories", name, one[0]), *one[1:]) for name, part in parts.items() for one in part.wrong]
    wrong += [(("categories", name), *_no_table(name)) for name in tables if name not in parts]
    categories = {name: Category(**part.good) for name, part in parts.items()}
    known = SetHead(**{"name": path.parent.resolve().name, **form.good, "categories": categories})
    problems: list[Problem] = []
    stray = {key for key, value in given.items() if isinstance(value, dict)} - {"categories"}  # [category.writing]?
    head = RawHead(path, known, lines, problems, complete=len(parts) == len(tables) and not stray)
    problems += [head.problem(*one) for one in wrong]
    return head


def _no_table(name: str) -> tuple[str, str]:
    return f"category {name!r} is no table", f"write its settings below a line [categories.{name}]"


def toml_error_line(error: BaseException) -> int | None:
    """The line that a TOML error names."""
    found = re.search(r"at line (\d+)", str(error))
    return int(found[1]) if found else None


def _toml_lines(text: str) -> dict[Keys, int]:
    """The line of each key and table of a valid TOML text: statements are parsed one by one, as tomllib tells none."""
    lines: dict[Keys, int] = {}
    table: Keys = ()
    statement: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        statement.append(line)
        try:
            said = tomllib.loads("\n".join(statement))
        except tomllib.TOMLDecodeError:
            continue  # it goes on in the next line
        header = statement[0].lstrip().startswith("[")
        paths = list(_paths(said, () if header else table))
        lines |= {path: number - len(statement) + 1 for path in paths if path not in lines}
        table, statement = (paths[-1] if header else table), []
    return lines


def _paths(said: Mapping[str, Any], above: Keys) -> Iterator[Keys]:
    for key, value in said.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from _paths(value, (*above, key))


def read_rows(path: Path) -> Iterator[RawRow | Problem]:
    """Each line of a `questions.jsonl`: what can be read of it, or why nothing can."""
    if not path.is_file():
        yield Problem(path, None, "there is no such file", "write it, each line one question as a JSON object")
        return
    lines = path.read_bytes().split(b"\n")
    if not any(map(bytes.strip, lines)):
        yield Problem(path, None, "it has no questions", "write each line as one question, a JSON object")
    for number, raw in enumerate(lines, start=1):
        if raw.strip():
            yield _read_line(path, number, raw, torn=number == len(lines))


def _read_line(path: Path, number: int, raw: bytes, torn: bool) -> RawRow | Problem:
    try:
        given = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"), parse_constant=_no_json)
    except (ValueError, RecursionError) as error:
        cut = ("the last line was cut short", "finish or delete it")
        return Problem(path, number, *(cut if torn else _unreadable(error)))
    if not isinstance(given, dict):
        return Problem(path, number, "the line is JSON, but not an object", 'write {"id": ..., "category": ..., ...}')
    if isinstance(given.get("schema"), int) and given["schema"] > SCHEMA:
        return Problem(path, number, f"written by a newer judgebench (schema {given['schema']})", "upgrade judgebench")
    form = _form(given, Question)
    question = Question(**{"id": "", "category": "", "turns": (), **form.good})
    return RawRow(path, number, question, [Problem(path, number, *said) for _, *said in form.wrong], form.faulty)


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _unreadable(error: ValueError | RecursionError) -> tuple[str, str]:
    if isinstance(error, UnicodeDecodeError):
        return _not_utf8(error)
    what = f"{error.msg}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
    return f"the line is not JSON: {what}", 'write one JSON object a line; in a text, a quote is \\" and a new line \\n'


def _not_utf8(error: UnicodeDecodeError) -> tuple[str, str]:
    return f"this is not UTF-8 (byte 0x{error.object[error.start]:02x})", "save the file as UTF-8"


def _form(given: Mapping[str, Any], kind: type) -> _Form:
    hints = _hints(kind)
    good: dict[str, Any] = {}
    wrong: list[tuple[str, str, str]] = []
    faulty = set[str]()
    for key, value in given.items():
        if key not in hints:
            wrong.append((key, f"unknown key {key!r}", meant(key, hints)))
            faulty.update(set(get_close_matches(key, hints, 1)) - set(given))
            continue
        try:
            good[key] = msgspec.convert(value, hints[key])
        except msgspec.ValidationError as error:
            wrong.append((key, *_mistyped(key, value, hints[key], error)))
            faulty.add(key)
    missing = _required(kind) - set(given) - faulty
    wrong += [(key, f"{key} is missing", f"add a {key}") for key in sorted(missing)]
    return _Form(good, wrong, frozenset(faulty | missing))


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return hints | {"scorer": Literal["judge", *checkers.scorers()]} if "scorer" in hints else hints


@cache
def _required(kind: Any) -> frozenset[str]:
    return frozenset(one.name for one in fields(kind) if one.default is one.default_factory is MISSING)


def meant(name: str, known: Iterable[str]) -> str:
    """The way to mend an unknown name: the known one that is nearest, or all of them."""
    close = get_close_matches(name, list(known), 1)
    return f"did you mean {close[0]!r}?" if close else f"there is {', '.join(map(repr, known))}"


def _mistyped(key: str, value: object, hint: Any, error: msgspec.ValidationError) -> tuple[str, str]:
    if get_origin(hint) is Literal and isinstance(value, str):
        return f"unknown {key} {value!r}", meant(value, get_args(hint))
    return f"{key} is of a wrong type ({error})", "write it as question_sets/README.md says"
