"""Extend question sets: a new category, more questions, questions typed by a person."""

import re
import shutil
import tempfile
import tomllib
import unicodedata
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import msgspec

from judgebench.errors import DataError, UsageError
from judgebench.question_sets.raw import Problem
from judgebench.question_sets.sets import Category, SetHead, toml_value
from judgebench.question_sets.validate import validate
from judgebench.tables import toml
from judgebench.tables.records import Question, valid_text
from judgebench.tables.store import Table, TornLineWarning, replace_file


def add_category(folder: Path, name: str, settings: Category, questions: Sequence[Question]) -> list[Question]:
    """Add a category and its questions to the set in a folder; returns the questions that were written.

    The set as it will be is checked before anything is written. `set.toml` gets a table at its end and stays as it is
    before that; its questions follow, so that an interruption leaves a set that loads, with a category that lacks
    questions. The same call then completes it; any other for a category that there is raises UsageError.
    """
    check_name(name)
    strays = [question.id for question in questions if question.category != name]
    if strays or not questions:
        raise UsageError(f"questions of other categories: {', '.join(strays)}" if strays else "no question to add")
    table = _table(folder)
    with table.claim():
        text, held = _head_text(folder), table.read()
        head, missing = _head(text), _missing(held, questions)
        there = sum(question.category == name for question in held)
        cut_short = head.categories.get(name) == settings and there + len(missing) == len(questions) > there
        if name in head.categories and not cut_short:
            raise UsageError(
                f"{head.name} has a category {name!r} already, with {there} questions: choose another name"
            )
        extended = text if cut_short else _with_table(text, name, settings)
        _check(folder, extended, missing)
        if not cut_short:
            replace_file(folder / "set.toml", extended.encode())
        table.append(missing)
    return missing


def add_questions(folder: Path, questions: Sequence[Question]) -> list[Question]:
    """Add questions to categories that the set has; returns those written, without the ones that it held already."""
    table = _table(folder)
    with table.claim():
        held = table.read()
        missing = _missing(held, questions)
        _check(folder, _head_text(folder), missing)
        table.append(missing)
    return missing


def _table(folder: Path) -> Table[Question]:
    if not (folder / "set.toml").is_file():
        raise UsageError(f"no question set at {folder} (a folder with set.toml and questions.jsonl)")
    return Table(folder / "questions.jsonl", Question)


def read_head(folder: Path) -> SetHead:
    """What the `set.toml` of a set says, also of one that has no questions yet."""
    _table(folder)
    return _head(_head_text(folder))


def _head_text(folder: Path) -> str:
    path = folder / "set.toml"
    try:
        text = path.read_bytes().decode()  # read_text would change the line ends
        _head(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise DataError(f"{path}: {error}") from error
    return text


def _head(text: str) -> SetHead:
    return msgspec.convert(toml.loads(text), SetHead)


def check_name(name: str) -> None:
    """Raise UsageError for what can't name a category."""
    unseen = any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name)
    if unseen or not name or name != name.strip():
        raise UsageError(f"{name!r} can't name a category: a name is one line, without spaces around it")


def _with_table(text: str, name: str, settings: Category) -> str:
    """The TOML with a table for the category at its end; UsageError where its form leaves no room for one."""
    items, default = msgspec.to_builtins(settings), msgspec.to_builtins(Category())
    key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_value(name)
    lines = [
        f"{item} = {toml_value(value)}" for item, value in items.items() if item == "title" or value != default[item]
    ]
    end = "\r\n" if "\r\n" in text else "\n"
    gap = end if text.endswith("\n") or not text else end * 2
    extended = text + gap + "".join(line + end for line in [f"[categories.{key}]", *lines])
    try:
        head = _head(extended)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UsageError(
            f"set.toml can't take [categories.{key}] at its end ({error}): write it there by hand"
        ) from error
    before = _head(text)
    if head != replace(before, categories={**before.categories, name: settings}):
        raise UsageError(f"the settings of {name!r} would not be read back from set.toml as they are")
    return extended


def _others(questions: Sequence[Question], known: Sequence[Question]) -> list[str]:
    """The ids of the questions that aren't among the known, as they are written."""
    lines = {msgspec.json.encode(question, order="deterministic") for question in known}
    return [q.id for q in questions if msgspec.json.encode(q, order="deterministic") not in lines]


def _missing(held: Sequence[Question], questions: Sequence[Question]) -> list[Question]:
    """The questions that the set lacks; UsageError where it holds others of their ids."""
    taken, ids = {question.id for question in held}, {question.id for question in questions}
    try:
        clashes = [name for name in _others(questions, held) if name in taken]
    except UnicodeEncodeError as error:
        raise UsageError(f"a question holds half a character (a lone surrogate): {error}") from error
    if clashes or len(ids) < len(questions) or not all(name.strip() for name in ids):
        raise UsageError(f"each question needs an id of its own; used already: {', '.join(clashes) or 'one of these'}")
    return [question for question in questions if question.id not in taken]


def _check(folder: Path, head: str, new: Sequence[Question]) -> None:
    """Raise UsageError for what would be wrong with the set and is not now: it is made aside and validated."""
    known = {(problem.path.name, problem.line, problem.message) for problem in validate(folder)}
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings(action="ignore", category=TornLineWarning):
        made = Path(scratch) / folder.resolve().name
        held = _made_aside(folder, made, head, new)
        faults = [
            _told(problem, new, held).replace(str(made), str(folder))
            for problem in validate(made)
            if (problem.path.name, problem.line, problem.message) not in known and not _is_likeness(problem)
        ]
    if faults:
        raise UsageError("\n".join(faults))


def _made_aside(folder: Path, made: Path, head: str, new: Sequence[Question]) -> int:
    """Make the set as it will be in another folder; how many lines of its questions there are already."""
    made.mkdir()
    (made / "set.toml").write_bytes(head.encode())
    if (folder / "prompts").is_dir():
        shutil.copytree(folder / "prompts", made / "prompts")
    table = Table(made / "questions.jsonl", Question)
    if (folder / table.path.name).exists():
        shutil.copyfile(folder / table.path.name, table.path)
    table.append(new)
    return table.path.read_bytes().count(b"\n") - len(new) if new else 0


def _is_likeness(problem: Problem) -> bool:
    """Whether it is that two questions are alike: that may be meant, and `validate` goes on telling of it."""
    return "the same as turn" in problem.message


def _told(problem: Problem, new: Sequence[Question], held: int) -> str:
    """A problem as text, by the question's id where it lies in a line that is not written yet."""
    if problem.path.name != "questions.jsonl" or problem.line is None or problem.line <= held:
        return str(problem)
    return f"question {new[problem.line - held - 1].id!r}: {problem.message}; {problem.mend}"


def fresh_ids(category: str, taken: Collection[str]) -> Iterator[str]:
    """`category-01` and so on, without the ids that are taken."""
    return (name for number in count(1) if (name := f"{category}-{number:02}") not in taken)


def ids_of_others(folder: Path, category: str) -> set[str]:
    """The ids that the set's other categories use."""
    return {question.id for question in _table(folder).read() if question.category != category}


def with_ids(questions: Sequence[Question], category: str, taken: Collection[str] = ()) -> list[Question]:
    """The questions, with an id made for each that has none."""
    made = fresh_ids(category, {*taken, *(question.id for question in questions)})
    return [question if question.id else replace(question, id=next(made)) for question in questions]


def ask_questions(
    ask: Callable[[str], str], category: str, taken: Collection[str] = (), references: bool = False
) -> list[Question]:
    """Questions that a person gives, one for each call of `ask`; an empty line or the end of input (EOFError) ends."""
    questions: list[Question] = []
    while text := _asked(ask, f"Question {len(questions) + 1} (empty: no more)"):
        reference = _asked(ask, "Its reference answer (empty: none)") if references else ""
        given = (reference,) if reference else ()
        questions.append(Question(id="", category=category, turns=(text,), references=given))
    return with_ids(questions, category, taken)


def _asked(ask: Callable[[str], str], text: str) -> str:
    try:
        return valid_text(ask(text)).strip()
    except EOFError:
        return ""
