"""Every fault of a question set at once, each with its file, its line and a way to mend it.

`load` stops at the first fault and must be quick; this reads the raw files, goes on past what is broken, and also
looks for what loads but can't be meant: a misspelt key, a question asked twice, a judge prompt that shows no answer.
A faulty value is named once: what depends on it isn't checked, or is checked as if it were left out.
"""

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from judgebench.checks.rules import FILE, fault, functions_of
from judgebench.errors import JudgebenchError, UsageError
from judgebench.question_sets.near_duplicates import near_duplicates, tokens
from judgebench.question_sets.raw import Problem, RawHead, RawRow, meant, read_head, read_rows
from judgebench.question_sets.sets import JUDGE, Category, load
from judgebench.question_sets.trial import prompt_problems
from judgebench.tables.records import Question, valid_text
from judgebench.verdicts import checkers, rubrics

_FOLLOW_UP = 8  # tokens; a shorter later turn ("Go on.", "And in French?") may follow anything
_MATERIAL = (
    1000  # tokens; a longer turn is mostly material, of which several questions may be asked: only a copy counts
)


def validate(folder: Path) -> list[Problem]:
    """Every problem of a question set, in the order of its files and lines; [] for a sound one.

    Raises UsageError only where the folder is no question set at all.
    """
    paths = [folder / "set.toml", folder / "questions.jsonl"]
    if not any(path.is_file() for path in paths):
        raise UsageError(f"no question set at {folder} (a folder with set.toml and questions.jsonl)")
    head, read = read_head(paths[0]), list(read_rows(paths[1]))
    rows = [one for one in read if isinstance(one, RawRow)]
    found = [one for one in read if isinstance(one, Problem)]
    found += _head_problems(head)
    functions, faults = _functions(folder / FILE)
    found += [*faults, *(problem for row in rows for problem in (*row.problems, *_row_problems(row, head, functions)))]
    found += [*_id_problems(rows), *_category_problems(rows, head, complete=len(rows) == len(read))]
    found += [*_duplicate_problems(rows), *_once(prompt_problems(head, rows, folder / "prompts"))]
    rank = {path: number for number, path in enumerate(paths)}
    return sorted(found, key=lambda one: (rank.get(one.path, 2), one.path, one.line or 0)) or _refusal(folder)


def _once(problems: Iterable[Problem]) -> list[Problem]:
    """A prompt that several categories name, or that fails at several turns, is faulty once."""
    first: dict[tuple[object, ...], Problem] = {}
    for one in problems:
        first.setdefault((one.path, one.line, one.mend, one.path.suffix == ".j2" or one.message), one)
    return list(first.values())


def _refusal(folder: Path) -> list[Problem]:
    """What `load` says of a set without a fault: what it refuses is never called sound."""
    try:
        load(folder)
    except JudgebenchError as error:
        mend = "mend what it names, or save both files as UTF-8 without a byte order mark"
        return [Problem(folder, None, f"it can't be loaded ({error})", mend)]
    return []


def _head_problems(head: RawHead) -> Iterator[Problem]:
    yield from head.problems
    name, folder = head.head.name, head.path.parent.resolve().name
    if name != folder:
        yield head.problem(("name",), f"the name is {name!r}, but the folder's is {folder!r}", "make them the same")
    if not head.head.categories and not head.problems:
        yield head.problem(("categories",), "there are no categories", "add a table [categories.NAME] for each")
    if wrong := rubrics.problem(head.head.rubric):
        yield head.problem(("rubric",), *wrong)
    for category, settings in head.head.categories.items():
        if wrong := rubrics.problem(settings.rubric):
            yield head.problem(("categories", category, "rubric"), *wrong)
        for key, mend in _out_of_range(settings):
            message = f"{key} is {getattr(settings, key)}, which is out of range"
            yield head.problem(("categories", category, key), message, mend)


def _out_of_range(category: Category) -> Iterator[tuple[str, str]]:
    if not 0 <= category.temperature <= 2:  # what endpoints take; a NaN isn't within either
        yield "temperature", "give a number from 0 (greedy) to 2"
    if category.max_tokens < 1:
        yield "max_tokens", "give 1 or more"
    if "" in category.stop:
        yield "stop", "give texts that aren't empty"
    if not 0 <= category.weight < math.inf:
        yield "weight", "give 0 or more"


def _functions(path: Path) -> tuple[list[str], list[Problem]]:
    """The functions of a set's checks, of which nothing is run, and what is wrong with the file."""
    try:
        return (functions_of(path.read_text(encoding="utf-8")) if path.is_file() else []), []
    except ValueError as error:  # a UnicodeDecodeError is one
        return [], [Problem(path, None, f"it can't be read: {error}", "mend it: it has to be Python, in UTF-8")]


def _row_problems(row: RawRow, head: RawHead, functions: Sequence[str]) -> Iterator[Problem]:
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
    if wrong := rubrics.problem(question.rubric):
        yield row.problem(*wrong)
    if question.rubric and category and category.scorer != JUDGE:
        yield row.problem(
            "its rubric is never read: its category's scorer compares", 'say scorer = "judge", or drop it'
        )
    if category and not row.faulty:
        yield from (row.problem(*said) for said in _reference_faults(question, category))
        lacking = fault(category.scorer, question, category.checks, functions) if _by_question(category) else None
        if lacking:
            yield row.problem(lacking, "see docs/checks.md")


def _by_question(category: Category) -> bool:
    return category.scorer in checkers.BY_QUESTION


def _reference_faults(question: Question, category: Category) -> Iterator[tuple[str, str]]:
    numbered = [(turn, question.reference(turn) or "") for turn in range(1, len(question.turns) + 1)]
    missing = ", ".join(str(turn) for turn, reference in numbered if not reference.strip())
    compared = checkers.by_reference(category.scorer)
    if missing and compared:
        yield f"turn {missing} lacks a reference, with which its category's scorer compares", "add it to references"
    elif missing and category.needs_reference:
        yield f"turn {missing} lacks a reference, and its category says needs_reference", "add it to references"
    for turn, reference in numbered if compared else ():
        objection = checkers.problem(category.scorer, reference) if reference.strip() else None
        if objection:
            yield f"turn {turn}: {objection.message}", "mend the reference; in JSON a backslash is written twice"


def _id_problems(rows: Sequence[RawRow]) -> Iterator[Problem]:
    seen: dict[str, RawRow] = {}
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


def _category_problems(rows: Sequence[RawRow], head: RawHead, complete: bool) -> Iterator[Problem]:
    known = head.head.categories
    astray = [row for row in rows if row.question.category not in known]
    for row in (row for row in astray if known and head.complete and "category" not in row.faulty):
        name = row.question.category
        yield row.problem(f"unknown category {name!r}", f"{meant(name, known)} (set.toml needs a table for each)")
    if complete and not astray:  # else one of those lines may belong to it
        for name in sorted(set(known) - {row.question.category for row in rows}):
            yield head.problem(("categories", name), f"category {name!r} has no questions", "add some, or remove it")


def _duplicate_problems(rows: Sequence[RawRow]) -> Iterator[Problem]:
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
