"""What a model is asked for new questions and references with (one jinja2 file each), and reading its replies."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import jinja2.sandbox

from judgebench.errors import DataError
from judgebench.question_sets.reading import Unusable, rubric_of, turns_of
from judgebench.tables.records import Rubric, valid_text
from judgebench.verdicts import rubrics

Turns = tuple[str, ...]

QUESTIONS = Path(__file__).with_name("questions.j2")
REFERENCES = Path(__file__).with_name("references.j2")
RUBRIC = Path(__file__).with_name("rubric.j2")

_FENCED = re.compile(r"^[ \t]*(```+|~~~+)[^\n`]*\n(.*?)(?:^[ \t]*\1[ \t\r]*$|\Z)", re.DOTALL | re.MULTILINE)
_OPENING = re.compile(r"[\[{]")
_BETWEEN = re.compile(r"[\s,]*")
_JSON = json.JSONDecoder(strict=False)  # models put line ends into strings
_MOST_VALUES = 1000  # more in one reply is junk, and junk is not read for long


def load(path: Path = QUESTIONS) -> str:
    """The text of a prompt file; DataError says what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        _environment().parse(text)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: can't be read ({error})") from error
    except jinja2.TemplateSyntaxError as error:
        raise DataError(f"{path}:{error.lineno}: {error.message}") from error
    return text


def render(text: str, values: Mapping[str, Any]) -> str:
    """The prompt with its values filled in, in one pass; DataError says which of them there is not."""
    try:
        return _environment().from_string(text).render(values)
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise DataError(f"the prompt can't be filled in ({error}); there is {', '.join(values)}") from error


def _environment() -> jinja2.Environment:
    return jinja2.sandbox.ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )


def questions_in(reply: str) -> list[Turns]:
    """The questions of a reply: those of its last fenced block that has some, or else of its last JSON array.

    Items may be texts, lists of turns, or objects as `read_questions` takes them; without an array objects by
    themselves count (JSON lines). Of what was cut short, the complete items count; junk gives [].
    """
    text = valid_text(reply)
    fenced = [match[2] for match in _FENCED.finditer(text)]
    return next(filter(None, map(_questions_of, (*reversed(fenced), text))), [])


def rubric_in(reply: str) -> Rubric:
    """The rubric of a reply: the last JSON array in it, if that can be used as one; else ()."""
    arrays = [value for value in _values(valid_text(reply)) if isinstance(value, list)]
    try:
        found = rubric_of(arrays[-1]) if arrays else None
    except Unusable:
        return ()
    return found if found and not rubrics.problem(found) else ()


def _questions_of(text: str) -> list[Turns]:
    arrays: list[Sequence[Any]] = []
    objects: list[Mapping[str, Any]] = []
    for value in _values(text):
        if isinstance(value, list):
            arrays.append(value)
        elif isinstance(value, dict):
            objects.append(value)
            if not _turns(value):  # an array may come wrapped: {"questions": [...]}
                arrays += [inner for inner in value.values() if isinstance(inner, list)]
    groups = ([turns for item in items if (turns := _turns(item))] for items in (*reversed(arrays), objects))
    return next(filter(None, groups), [])


def _turns(item: object) -> Turns:
    """The turns of an item, without space around them; () for what is no question."""
    row = item if isinstance(item, dict) else {"turns" if isinstance(item, list) else "question": item}
    try:
        return tuple(turn.strip() for turn in turns_of(row))
    except Unusable:
        return ()


def _values(text: str) -> Iterator[Any]:
    """The outermost JSON arrays and objects in a text, in order; of an array that breaks off, what is before that."""
    position = 0
    for _ in range(_MOST_VALUES):
        opening = _OPENING.search(text, position)
        if opening is None:
            return
        value, position = (_array if opening[0] == "[" else _object)(text, opening.start())
        yield value


def _array(text: str, start: int) -> tuple[list[Any], int]:
    items, position = list[Any](), start + 1
    while True:
        position = _skipped(text, position)
        try:
            item, position = _JSON.raw_decode(text, position)
        except (ValueError, RecursionError):
            return items, position
        items.append(item)


def _object(text: str, start: int) -> tuple[Any, int]:
    """The object that begins here; None for a broken one, which is left out up to its brace with all that is in it."""
    try:
        return _JSON.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None, text.find("}", start) + 1 or len(text)


def _skipped(text: str, position: int) -> int:
    between = _BETWEEN.match(text, position)
    return between.end() if between else position
