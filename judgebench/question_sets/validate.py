"""Every fault of a question set at once, each with its file, its line and a way to mend it.

`load` stops at the first fault and must be quick; this reads the raw files, goes on past what is broken, and also
looks for what loads but can't be meant: a misspelt key, a question asked twice, a judge prompt that shows no answer.
A faulty value is named once: what depends on it isn't checked, or is checked as if it were left out.
"""

import json
import math
import re
import tomllib
import traceback
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args, get_origin, get_type_hints

import msgspec

from judgebench import checkers
from judgebench.errors import DataError, JudgebenchError, UsageError
from judgebench.prompts import BUILT_IN, Prompt, load_prompt, render
from judgebench.question_sets.near_duplicates import near_duplicates, tokens
from judgebench.question_sets.sets import Category, SetHead, load
from judgebench.records import SCHEMA, Mode, Question, valid_text

Keys = tuple[str, ...]  # where a value stands in a TOML file, from its root
Pattern = tuple[bool, ...]  # of a conversation: for each turn up to the judged one, whether it has a reference

_FOLLOW_UP = 8  # tokens; a shorter later turn ("Go on.", "And in French?") may follow anything
_MATERIAL = (
    1000  # tokens; a longer turn is mostly material, of which several questions may be asked: only a copy counts
)
_KINDS: Mapping[Mode, tuple[str, ...]] = {"single": ("rating",), "pairwise": ("choice", "score_pair")}
_ANSWERS: Mapping[Mode, tuple[str, ...]] = {"single": ("answer",), "pairwise": ("answer_a", "answer_b")}


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
class _Head:
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
class _Row:
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


def validate(folder: Path) -> list[Problem]:
    """Every problem of a question set, in the order of its files and lines; [] for a sound one.

    Raises UsageError only where the folder is no question set at all.
    """
    paths = [folder / "set.toml", folder / "questions.jsonl"]
    if not any(path.is_file() for path in paths):
        raise UsageError(f"no question set at {folder} (a folder with set.toml and questions.jsonl)")
    head, read = _read_head(paths[0]), list(_read_questions(paths[1]))
    rows = [one for one in read if isinstance(one, _Row)]
    found = [one for one in read if isinstance(one, Problem)]
    found += _head_problems(head)
    found += [problem for row in rows for problem in (*row.problems, *_row_problems(row, head))]
    found += [*_id_problems(rows), *_category_problems(rows, head, complete=len(rows) == len(read))]
    found += [*_duplicate_problems(rows), *_once(_prompt_problems(head, rows, folder / "prompts"))]
    rank = {path: number for number, path in enumerate(paths)}
    return sorted(found, key=lambda one: (rank.get(one.path, 2), one.path, one.line or 0)) or _refusal(folder)


def _refusal(folder: Path) -> list[Problem]:
    """What `load` says of a set without a fault: what it refuses is never called sound."""
    try:
        load(folder)
    except JudgebenchError as error:
        mend = "mend what it names, or save both files as UTF-8 without a byte order mark"
        return [Problem(folder, None, f"it can't be loaded ({error})", mend)]
    return []


# Reading -------------------------------------------------------------------------------------------------------------


def _read_head(path: Path) -> _Head:
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
        line = _toml_error_line(error) or text.rstrip().count("\n") + 1
        problem = Problem(path, line, f"this is not TOML: {error}", "mend the line; a text stands in quotes")
    return _Head(path, SetHead(name=path.parent.resolve().name), problems=[problem])


def _head(path: Path, given: Mapping[str, Any], lines: Mapping[Keys, int]) -> _Head:
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
    head = _Head(path, known, lines, problems, complete=len(parts) == len(tables) and not stray)
    problems += [head.problem(*one) for one in wrong]
    return head


def _no_table(name: str) -> tuple[str, str]:
    return f"category {name!r} is no table", f"write its settings below a line [categories.{name}]"


def _toml_error_line(error: BaseException) -> int | None:
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


def _read_questions(path: Path) -> Iterator[_Row | Problem]:
    if not path.is_file():
        yield Problem(path, None, "there is no such file", "write it, each line one question as a JSON object")
        return
    lines = path.read_bytes().split(b"\n")
    if not any(map(bytes.strip, lines)):
        yield Problem(path, None, "it has no questions", "write each line as one question, a JSON object")
    for number, raw in enumerate(lines, start=1):
        if raw.strip():
            yield _read_line(path, number, raw, torn=number == len(lines))


def _read_line(path: Path, number: int, raw: bytes, torn: bool) -> _Row | Problem:
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
    return _Row(path, number, question, [Problem(path, number, *said) for _, *said in form.wrong], form.faulty)


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
            wrong.append((key, f"unknown key {key!r}", _meant(key, hints)))
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
    return get_type_hints(kind)


@cache
def _required(kind: Any) -> frozenset[str]:
    return frozenset(one.name for one in fields(kind) if one.default is one.default_factory is MISSING)


def _meant(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), 1)
    return f"did you mean {close[0]!r}?" if close else f"there is {', '.join(map(repr, known))}"


def _mistyped(key: str, value: object, hint: Any, error: msgspec.ValidationError) -> tuple[str, str]:
    if get_origin(hint) is Literal and isinstance(value, str):
        return f"unknown {key} {value!r}", _meant(value, get_args(hint))
    return f"{key} is of a wrong type ({error})", "write it as question_sets/README.md says"


# Checks of what was read; pure ---------------------------------------------------------------------------------------


def _head_problems(head: _Head) -> Iterator[Problem]:
    yield from head.problems
    name, folder = head.head.name, head.path.parent.resolve().name
    if name != folder:
        yield head.problem(("name",), f"the name is {name!r}, but the folder's is {folder!r}", "make them the same")
    if not head.head.categories and not head.problems:
        yield head.problem(("categories",), "there are no categories", "add a table [categories.NAME] for each")
    for category, settings in head.head.categories.items():
        for key, mend in _out_of_range(settings):
            message = f"{key} is {getattr(settings, key)}, which is out of range"
            yield head.problem(("categories", category, key), message, mend)


def _out_of_range(category: Category) -> Iterator[tuple[str, str]]:
    if not 0 <= category.temperature <= 2:  # what endpoints take; a NaN isn't within either
        yield "temperature", "give a number from 0 (greedy) to 2"
    if category.max_tokens < 1:
        yield "max_tokens", "give 1 or more"
    if not 0 <= category.weight < math.inf:
        yield "weight", "give 0 or more"


def _row_problems(row: _Row, head: _Head) -> Iterator[Problem]:
    question, category = row.question, head.head.categories.get(row.question.category)
    if not question.turns and "turns" not in row.faulty:
        yield row.problem("the question has no turns", "write what the user says, as a list of texts")
    for number in (number for number, turn in enumerate(question.turns, start=1) if not turn.strip()):
        yield row.problem(f"turn {number} is empty", "write what the user says, or remove it")
    texts = (question.id, *question.turns, *filter(None, question.references))
    if any(text != valid_text(text) for text in texts):
        mend = "write the character itself, or both halves of its escape"
        yield row.problem("a text holds half a character (a lone surrogate)", mend)
    if len(question.references) > len(question.turns) and not row.faulty:
        yield row.problem("there are more references than turns", "give one per turn, null where there is none")
    if category and not row.faulty:
        yield from (row.problem(*said) for said in _reference_faults(question, category))


def _reference_faults(question: Question, category: Category) -> Iterator[tuple[str, str]]:
    numbered = [(turn, question.reference(turn) or "") for turn in range(1, len(question.turns) + 1)]
    missing = ", ".join(str(turn) for turn, reference in numbered if not reference.strip())
    if missing and category.scorer != "judge":
        yield f"turn {missing} lacks a reference, with which its category's scorer compares", "add it to references"
    elif missing and category.needs_reference:
        yield f"turn {missing} lacks a reference, and its category says needs_reference", "add it to references"
    for turn, reference in numbered if category.scorer != "judge" else ():
        objection = checkers.problem(category.scorer, reference) if reference.strip() else None
        if objection:
            yield f"turn {turn}: {objection.message}", "mend the reference; in JSON a backslash is written twice"


def _id_problems(rows: Sequence[_Row]) -> Iterator[Problem]:
    seen: dict[str, _Row] = {}
    for row in (row for row in rows if "id" not in row.faulty):
        name = row.question.id
        first = seen.setdefault("".join(unicodedata.normalize("NFKC", name).casefold().split()), row)
        if not name.strip():
            yield row.problem("the id is empty", "give each question an id of its own")
        elif first is not row and first.question.id == name:
            yield row.problem(f"the id {name!r} is that of line {first.line} too", "give each question its own")
        elif first is not row:
            message = f"the id {name!r} differs from that of line {first.line} only by case, width or white space"
            yield row.problem(message, "give it one that nobody takes for the other")


def _category_problems(rows: Sequence[_Row], head: _Head, complete: bool) -> Iterator[Problem]:
    known = head.head.categories
    astray = [row for row in rows if row.question.category not in known]
    for row in (row for row in astray if known and head.complete and "category" not in row.faulty):
        name = row.question.category
        yield row.problem(f"unknown category {name!r}", f"{_meant(name, known)} (set.toml needs a table for each)")
    if complete and not astray:  # else one of those lines may belong to it
        for name in sorted(set(known) - {row.question.category for row in rows}):
            yield head.problem(("categories", name), f"category {name!r} has no questions", "add some, or remove it")


def _duplicate_problems(rows: Sequence[_Row]) -> Iterator[Problem]:
    turns = ((row, number, turn) for row in rows for number, turn in enumerate(row.question.turns, 1) if turn.strip())
    worded = ((*turn, tokens(turn[2]) or list(turn[2])) for turn in turns)
    units = [unit for unit in worded if unit[1] == 1 or len(unit[3]) >= _FOLLOW_UP]
    compared = (words if len(words) <= _MATERIAL else [" ".join(words)] for *_, words in units)
    told = set[tuple[int, int]]()
    for later, earlier in near_duplicates(list(compared)):
        (row, number, text, _), (other, there, before, _) = units[later], units[earlier]
        same = text.split() == before.split()
        if (row.line, other.line) not in told and (same or row is not other):  # a conversation may vary its own turn
            told.add((row.line, other.line))
            likeness = "the same as" if same else "nearly the same as"
            message = f"turn {number} is {likeness} turn {there} of line {other.line}"
            yield row.problem(message, "reword or remove one of the two")


# Judge prompts, which are tried out ----------------------------------------------------------------------------------


def _once(problems: Iterable[Problem]) -> list[Problem]:
    """A prompt that several categories name, or that fails at several turns, is faulty once."""
    first: dict[tuple[object, ...], Problem] = {}
    for one in problems:
        first.setdefault((one.path, one.line, one.mend, one.path.suffix == ".j2" or one.message), one)
    return list(first.values())


def _prompt_problems(head: _Head, rows: Sequence[_Row], folder: Path) -> Iterator[Problem]:
    loaded = cache(_load_prompt)
    yield from (one for one in map(loaded, sorted(folder.glob("*.j2"))) if isinstance(one, Problem))
    patterns = _patterns(rows)
    for name, category in head.head.categories.items():
        for mode in _KINDS:
            keys = ("categories", name, mode)
            paths = {named: _prompt_path(named, folder) for named in category.prompts(mode)}
            found = {path: loaded(path) for path in paths.values() if path}
            prompts = {path: one for path, one in found.items() if isinstance(one, Prompt)}
            faults = [one for one in found.values() if isinstance(one, Problem)]
            faults += [*_unknown_prompts(head, keys, paths, folder), *_misfits(head, keys, mode, prompts.values())]
            yield from faults or _tried(head, keys, mode, prompts, patterns[name])


def _unknown_prompts(head: _Head, keys: Keys, paths: Mapping[str, Path | None], folder: Path) -> Iterator[Problem]:
    known = sorted(path.stem for place in (folder, BUILT_IN) for path in place.glob("*.j2"))
    for name in (name for name, path in paths.items() if path is None):
        yield head.problem(keys, f"unknown judge prompt {name!r}", _meant(name, known))


def _misfits(head: _Head, keys: Keys, mode: Mode, prompts: Iterable[Prompt]) -> Iterator[Problem]:
    for prompt in (prompt for prompt in prompts if prompt.kind not in _KINDS[mode]):
        mend = f"{mode} needs one whose kind is {' or '.join(_KINDS[mode])}"
        yield head.problem(keys, f"the kind of judge prompt {prompt.name!r} is {prompt.kind}", mend)


def _prompt_path(name: str, folder: Path) -> Path | None:
    """Where `prompts.find_prompt` finds it."""
    places = [Path(name)] if name.endswith(".j2") else [place / f"{name}.j2" for place in (folder, BUILT_IN)]
    return next(filter(Path.is_file, places), None)


def _load_prompt(path: Path) -> Prompt | Problem:
    try:
        return load_prompt(path)
    except DataError as error:
        cause, message = error.__cause__, str(error).removeprefix(f"{path}: ").partition("\n")[0]
        if isinstance(cause, tomllib.TOMLDecodeError):  # it counts from the line below the first +++
            what, line = message.rpartition(" (at ")[0], (_toml_error_line(cause) or 0) + 1
            return Problem(path, line, f"its head is not TOML: {what}", "mend the line; a text stands in quotes")
        return Problem(path, _template_line(path, cause), message, "mend it as docs/judges.md says")


def _patterns(rows: Sequence[_Row]) -> Mapping[str, set[Pattern]]:
    """The forms of the conversations that occur in each category."""
    found: dict[str, set[Pattern]] = defaultdict(set)
    for row in rows:
        has = tuple(row.question.reference(turn) is not None for turn in range(1, len(row.question.turns) + 1))
        found[row.question.category] |= {has[:turn] for turn in range(1, len(has) + 1)}
    return found


def _tried(
    head: _Head, keys: Keys, mode: Mode, prompts: Mapping[Path, Prompt], patterns: Iterable[Pattern]
) -> Iterator[Problem]:
    """What is wrong with the prompts when each turn that occurs is judged with the first that admits it."""
    needs_reference = head.head.categories[keys[1]].needs_reference
    left_out = set[int]()
    for pattern in sorted(patterns, key=lambda one: (len(one), one)):
        turn = len(pattern)
        chosen = next(((path, prompt) for path, prompt in prompts.items() if prompt.admits(turn)), None)
        if chosen:
            fields = ("question", *_ANSWERS[mode], *(("reference",) if needs_reference and pattern[-1] else ()))
            yield from _trial(*chosen, _probe(mode, pattern), fields)
        else:
            left_out.add(turn)
    if left_out:
        message = f"none of its judge prompts judges turn {', '.join(map(str, sorted(left_out)))}"
        yield head.problem(keys, message, 'name one whose head says turns = "any" as well')


def _probe(mode: Mode, pattern: Pattern) -> list[dict[str, str | None]]:
    """A conversation of that form, each of whose texts occurs nowhere else."""
    fields = ("question", "reference", *_ANSWERS[mode])
    return [
        {name: _mark(name, turn) if has_reference or name != "reference" else None for name in fields}
        for turn, has_reference in enumerate(pattern, start=1)
    ]


def _mark(name: str, turn: int) -> str:
    return f"{name}{turn}probe"


def _trial(
    path: Path, prompt: Prompt, probe: Sequence[Mapping[str, str | None]], needed: Sequence[str]
) -> Iterator[Problem]:
    """What is wrong with a filled-in prompt: it asks for what a match has not, or hides what is to be judged."""
    try:
        text = render(prompt, probe)[-1].content.casefold()
    except Exception as error:  # a template can raise anything
        cause = error.__cause__ if isinstance(error, UsageError) else error
        mend = f"this kind of match has {', '.join(sorted({*probe[-1], 'conversation', 'turn', 'nonce'}))}"
        yield Problem(path, _template_line(path, cause), f"it can't be filled in ({cause})", mend)
        return
    hidden = [name for name in needed if _mark(name, len(probe)) not in text]
    if hidden:
        mend = f"put in {', '.join(f'{{{{ {name} }}}}' for name in hidden)}"
        yield Problem(path, None, f"judging turn {len(probe)}, it doesn't show its {' and '.join(hidden)}", mend)


def _template_line(path: Path, error: BaseException | None) -> int | None:
    """The line of the prompt file at which its body failed: jinja2 counts from the body's first line."""
    frames = traceback.extract_tb(error.__traceback__) if error else []
    lines = [frame.lineno for frame in frames if frame.filename == "<template>"]
    line = getattr(error, "lineno", None) or (lines[-1] if lines else None)
    if not line:
        return None
    return path.read_text(encoding="utf-8").split("\n").index("+++", 1) + 1 + int(line)
