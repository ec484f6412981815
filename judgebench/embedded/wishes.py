"""The form that a question asks for, and whether the answer has it."""

import re
from dataclasses import dataclass
from functools import lru_cache

from judgebench.embedded.text import Text

_NAMES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBERS = {word: n for n, word in enumerate(_NAMES, 1)}
_COUNT = rf"(\d{{1,3}}|{'|'.join(_NUMBERS)})"
_LIMIT = re.compile(
    rf"(?:fewer than|less than|at most|no more than|not exceed(?:ing)?|within|under|up to|in) {_COUNT} words"
)
_ITEMS = re.compile(
    rf"\b(?:list|give|name|provide|write|suggest|describe|outline|using|identify|craft) {_COUNT} "
    r"(?!words|sentences?\b|\w+ words)"
)
_SHAPES = {
    "json": re.compile(r"\bjson\b"),
    "csv": re.compile(r"\bcsv\b"),
    "code": re.compile(r"\b(?:python|javascript|c\+\+|html|sql|java)\b|\b(?:implement|function|program|script)\b"),
    "table": re.compile(r"\b(?:in|as) (?:a |the form of a )?table\b"),
    "bullets": re.compile(r"\bbullet|\blist of\b|\bpoint by point\b"),
}


@dataclass(frozen=True)
class Wishes:
    """A limit on the words, how many items, and which shapes; 0 and empty where nothing of the kind is asked for."""

    limit: int
    items: int
    shapes: tuple[str, ...]


@lru_cache(maxsize=512)
def wishes_of(question: str) -> Wishes:
    """What a question, in lower case, asks for."""
    asked = question[:4000]
    shapes = tuple(name for name, pattern in _SHAPES.items() if pattern.search(asked))
    return Wishes(_number(_LIMIT.search(asked)), _number(_ITEMS.search(asked)), shapes)


def _number(found: re.Match[str] | None) -> int:
    return (int(found[1]) if found[1].isdigit() else _NUMBERS[found[1]]) if found else 0


def missed(answer: Text, question: Text) -> int:
    """How many of the question's wishes for a form the answer doesn't meet."""
    wishes = wishes_of(question.lower)
    over = wishes.limit > 0 and len(answer.words) > wishes.limit * 5 // 4
    return over + sum(not _has(answer, shape) for shape in wishes.shapes)


def first_missed(answer: Text, question: Text) -> str:
    """The first of those wishes in words."""
    wishes = wishes_of(question.lower)
    if wishes.limit and len(answer.words) > wishes.limit * 5 // 4:
        return f"{len(answer.words)} words where {wishes.limit} were asked for"
    return next((f"no {shape}" for shape in wishes.shapes if not _has(answer, shape)), "")


def met(answer: Text, question: Text) -> int:
    """How many of the question's wishes for a form the answer meets."""
    wishes = wishes_of(question.lower)
    within = wishes.limit > 0 and len(answer.words) <= wishes.limit * 5 // 4
    exactly = wishes.items > 1 and answer.list_items == wishes.items
    return within + exactly + sum(_has(answer, shape) for shape in wishes.shapes)


def _has(answer: Text, shape: str) -> bool:
    if shape == "code":
        return answer.code_size > 0
    if shape == "json":
        return "{" in answer.head or "[" in answer.head
    if shape == "csv":
        return answer.head.count(",") > 2
    if shape == "table":
        return answer.head.count("|") > 3
    return answer.list_items > 0 or "\n-" in answer.head or "\n*" in answer.head
