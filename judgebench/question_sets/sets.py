"""Load and validate question sets: a folder with `set.toml` and `questions.jsonl`."""

import hashlib
import json
import math
import tempfile
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from judgebench.checks.rules import FILE, TESTS
from judgebench.errors import DataError, UsageError, instead
from judgebench.tables import toml
from judgebench.tables.records import Question, Rubric, Sampling, content_id
from judgebench.tables.store import Table
from judgebench.verdicts import checkers, rubrics

JUDGE = "judge"  # the scorer of a category that a judge is asked about


@dataclass(frozen=True, slots=True)
class Category:
    """How the questions of one category are answered and judged.

    `single` and `pairwise` name the judge prompt of each mode; of several, the first that admits the turn is used.
    `system` and `stop`, see Sampling, hold for all models: where they are part of the test. `scorer` says who scores:
    a judge, a checker that compares with the reference (see `verdicts.checkers`), or one of `checks.rules`, the set's
    own functions `checks` among them; ValueError for one that is none.
    `rubric`: what an answer is graded by where the question has none of its own.
    """

    title: str = ""
    temperature: float = 0.0
    max_tokens: int = 1024
    single: str | tuple[str, ...] = "rating"
    pairwise: str | tuple[str, ...] = "choice"
    needs_reference: bool = False
    weight: float = 1.0
    scorer: str = "judge"
    checks: tuple[str, ...] = ()
    system: str | None = None
    stop: tuple[str, ...] = ()
    rubric: Rubric = ()

    def __post_init__(self) -> None:
        if self.scorer != JUDGE and not checkers.known(self.scorer):
            raise ValueError(f"unknown scorer {self.scorer!r}: there is {', '.join([JUDGE, *checkers.scorers()])}")

    @property
    def sampling(self) -> Sampling:
        """How answers in this category are drawn."""
        return Sampling(self.temperature, self.max_tokens, self.stop, self.system)

    def prompts(self, mode: str) -> tuple[str, ...]:
        """The names of the judge prompts for a mode."""
        names = self.single if mode == "single" else self.pairwise
        return (names,) if isinstance(names, str) else names


@dataclass(frozen=True, slots=True)
class SetHead:
    """What `set.toml` holds; its `rubric` is that of all questions for which none stands nearer."""

    name: str
    version: str = "0"
    licence: str = ""
    language: str = ""
    canary: str = ""
    description: str = ""
    rubric: Rubric = ()
    categories: Mapping[str, Category] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which questions of a set are meant: of these categories (empty: all), at most `limit` of each."""

    question_set: str
    categories: tuple[str, ...] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A loaded question set."""

    head: SetHead
    questions: tuple[Question, ...]
    code: str | None = None  # the text of its checks.py, which nothing here runs

    @property
    def name(self) -> str:
        """The name that answers and reviews refer to."""
        return self.head.name

    @property
    def digest(self) -> str:
        """What is asked and held against what: ids, categories, turns and references, in the set's order."""
        asked = [(one.id, one.category, one.digest, one.references, *self._held(one)) for one in self.questions]
        return content_id("question set", self.name, asked, *filter(None, [self.code_digest]))

    @property
    def code_digest(self) -> str:
        """The SHA-256 of all that runs where answers are checked, unit tests among it; "" if nothing does."""
        by_code = {name for name, category in self.head.categories.items() if category.scorer in checkers.BY_CODE}
        tests = {one.id: one.extra.get(TESTS) for one in self.questions if one.category in by_code}
        if not by_code:
            return ""
        return hashlib.sha256(json.dumps([self.code, tests], sort_keys=True).encode()).hexdigest()

    def _held(self, question: Question) -> list[str]:
        """The rubric that an answer is held against, where there is one."""
        rubric = self.rubric(question)
        return [rubrics.digest(rubric)] if rubric else []

    def rubric(self, question: Question) -> Rubric:
        """What its answers are graded by: the question's own rubric, else its category's, else the set's, or none.

        A checker reads none.
        """
        category = self.category(question)
        return (question.rubric or category.rubric or self.head.rubric) if category.scorer == JUDGE else ()

    def category(self, question: Question) -> Category:
        """The settings of a question's category."""
        return self.head.categories[question.category]

    def select(self, categories: Sequence[str] = (), limit: int | None = None) -> list[Question]:
        """The questions of some categories (default: all), at most `limit` of each, in the set's order."""
        unknown = set(categories) - set(self.head.categories)
        if unknown:
            there = instead(min(unknown), self.head.categories)
            raise UsageError(f"no category {', '.join(sorted(unknown))} in {self.name}; {there}")
        taken: Counter[str] = Counter()
        chosen = []
        for question in self.questions:
            taken[question.category] += 1
            if (not categories or question.category in categories) and taken[question.category] <= (limit or math.inf):
                chosen.append(question)
        return chosen


def load(folder: Path) -> QuestionSet:
    """Read one question set.

    Raises UsageError where there is no such folder and DataError, with file and line, for the first fault.
    """
    if not (folder / "set.toml").is_file():
        raise UsageError(f"no question set at {folder} (a folder with set.toml and questions.jsonl)")
    head = _read_head(folder / "set.toml")
    path = folder / "questions.jsonl"
    questions = Table(path, Question).read()
    _check(questions, head, path)
    return QuestionSet(head, tuple(questions), _read_code(folder / FILE))


def save(question_set: QuestionSet, folder: Path) -> None:
    """Write a question set as a new folder, all of it or nothing; its TOML is plain enough to be edited by hand."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as scratch:
        made = Path(scratch) / folder.name
        made.mkdir()
        (made / "set.toml").write_text(_toml(question_set.head), encoding="utf-8")
        Table(made / "questions.jsonl", Question).append(question_set.questions)
        if question_set.code is not None:
            (made / FILE).write_text(question_set.code, encoding="utf-8")
        made.rename(folder)


def _read_head(path: Path) -> SetHead:
    try:
        return msgspec.convert(toml.loads(path.read_text(encoding="utf-8-sig")), SetHead)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise DataError(f"{path}: {error}") from error


def _read_code(path: Path) -> str | None:
    """The text of a set's checks, if it has any."""
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: this is not UTF-8 ({error})") from error


def _check(questions: list[Question], head: SetHead, path: Path) -> None:
    if not questions:
        raise DataError(f"{path}: no questions; each line is one question as a JSON object")
    seen: set[str] = set()
    for number, question in enumerate(questions, start=1):
        problem = _problem(question, head, seen)
        if problem:
            raise DataError(f"{path}: question {number} ({question.id!r}): {problem}")
        seen.add(question.id)


def _problem(question: Question, head: SetHead, seen: set[str]) -> str | None:
    if question.id in seen:
        return "this id is used twice; give each question its own"
    if question.category not in head.categories:
        return f"unknown category {question.category!r}; add [categories.{question.category}] to set.toml"
    if not question.turns or not all(turn.strip() for turn in question.turns):
        return "it has no turn, or an empty one"
    if len(question.references) > len(question.turns):
        return "it has more references than turns"
    category = head.categories[question.category]
    wrong = rubrics.problem(question.rubric or category.rubric or head.rubric)
    return f"{wrong[0]}: {wrong[1]}" if wrong else None


def _toml(head: SetHead) -> str:
    """TOML of a head; JSON's strings and numbers are TOML's basic strings and numbers."""
    lines = [f"{key} = {toml_value(value)}" for key, value in _scalars(head)]
    for name, category in head.categories.items():
        lines += ["", f"[categories.{toml_value(name)}]"]
        lines += [f"{key} = {toml_value(value)}" for key, value in _scalars(category)]
    return "\n".join(lines) + "\n"


def _scalars(item: SetHead | Category) -> list[tuple[str, object]]:
    pairs: dict[str, object] = msgspec.to_builtins(item)
    return [(key, value) for key, value in pairs.items() if not isinstance(value, dict) and _is_said(key, value)]


def _is_said(key: str, value: object) -> bool:
    """Whether it needs a line: no rubric is none."""
    return value is not None and not (key == "rubric" and not value)


def toml_value(value: object) -> str:
    """A text, number, truth value, or list of these or of objects of them, as TOML."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml_value(one)}' for key, one in value.items() if one is not None)} }}"
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")  # JSON allows it raw, TOML does not
