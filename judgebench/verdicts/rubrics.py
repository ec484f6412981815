"""Rubrics: what a judge is asked about each criterion, its reply's JSON -> Verdict, and the score; pure.

A score is the points earned over the sum of the positive points: 1 at the most, and below 0 where points below 0
outweigh the others (`records.rubric_score`). Only means of scores are cut to 0 to 1.
"""

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from judgebench.tables.records import Criterion, Graded, Rubric, Verdict, content_id, rubric_score
from judgebench.verdicts.closing import Range

KIND, FIELD = "rubric", "criteria"
_NUMBERED = re.compile(r"\D{0,20}(\d{1,4})\D{0,3}", re.ASCII)
_NUMBER = re.compile(r"\s*[-+]?\d{1,6}(?:\.\d{1,6})?\s*", re.ASCII)
_MOST = 1e5  # points
_NAMES = ("number", "criterion", "id")  # of the number in an entry, where entries stand in a list
_MET: Mapping[str, float] = {
    **dict.fromkeys(("true", "met", "yes", "1", "1.0"), 1.0),
    **dict.fromkeys(("false", "not met", "unmet", "not_met", "no", "0", "0.0"), 0.0),
}
_MARKS = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"})
_AROUND = " .,;:!?'\"*_`()[]\u00ab\u00bb\u201e"
_ELLIPSIS = re.compile(r"\[?\.{3,9}\]?")


def scale(rubric: Rubric) -> Range:
    """The lowest and the highest score: nothing but what an answer should not do, and all that it should."""
    most = math.fsum(one.points for one in rubric if one.points > 0)
    return math.fsum(one.points for one in rubric if one.points < 0) / most, 1.0


def digest(rubric: Rubric) -> str:
    """What reviews by a rubric depend on."""
    return content_id("rubric", [(one.criterion, one.points, one.tags, one.scale) for one in rubric])


def problem(rubric: Rubric) -> tuple[str, str] | None:
    """What is wrong with a rubric, and how to mend it; None where nothing is, as where there is none."""
    return next(_problems(rubric), None) if rubric else None


def _problems(rubric: Rubric) -> Iterator[tuple[str, str]]:
    seen = dict[str, int]()
    for number, one in enumerate(rubric, start=1):
        called, first = f"criterion {number} of the rubric", seen.setdefault(_plain(one.criterion), number)
        if not one.criterion.strip():
            yield f"{called} is empty", "say in a sentence what is looked for"
        elif first != number:
            yield f"{called} is criterion {first} again", "remove one of the two"
        if not abs(one.points) <= _MOST:  # a NaN isn't, either
            yield f"{called} has {one.points:g} points", f"give a number from -{_MOST:g} to {_MOST:g}"
        if len(set(one.tags)) < len(one.tags) or not all(map(str.strip, one.tags)):
            yield f"{called} has a tag that is empty or stands twice", "give each tag once, or leave tags out"
        if one.scale and not (all(map(math.isfinite, one.scale)) and one.scale[0] < one.scale[1]):
            yield f"{called} has the scale {list(one.scale)}", "give its lowest and its highest grade: scale = [1, 5]"
    if not any(one.points > 0 for one in rubric):
        yield "no criterion of the rubric has points above 0", "give points to what a good answer does"


def schema(rubric: Rubric) -> dict[str, Any]:
    """The JSON schema of a reply: of each criterion, by its number, a quote first and then whether it is met."""
    entries = {str(number): _entry(one) for number, one in enumerate(rubric, start=1)}
    return _object({FIELD: _object(entries)})


def _object(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def _entry(criterion: Criterion) -> dict[str, Any]:
    said = {"grade": {"type": "number"}} if criterion.scale else {"met": {"type": "boolean"}}
    return _object({"quote": {"type": "string"}, **said})


def instruction(rubric: Rubric) -> str:
    """What a prompt says of the form of the reply, whatever else it says."""
    shown = {str(number): _example(one) for number, one in enumerate(rubric[:2], start=1)}
    dots = ", ..." if len(rubric) > 2 else ""
    kinds = [
        *(['"met" is true or false'] if any(not one.scale for one in rubric) else []),
        *(['"grade" is a number on the scale of the criterion'] if any(one.scale for one in rubric) else []),
    ]
    return (
        f"Reply with a JSON object and nothing else, in this form: "
        f'{{"{FIELD}": {json.dumps(shown)[:-1]}{dots}}}}}. It has an entry for each of the {len(rubric)} criteria, by '
        f'its number. "quote" is what decides: a few words copied from the answer, "" where it has none; '
        f"{', and '.join(kinds)}."
    )


def _example(criterion: Criterion) -> dict[str, Any]:
    return {"quote": "...", **({"grade": criterion.scale[0]} if criterion.scale else {"met": True})}


def verdict_of(fields: Mapping[str, Any], rubric: Rubric) -> Verdict | None:
    """The verdict in a reply's fields; None where it lacks one on some criterion."""
    said = _by_number(fields.get(FIELD))
    graded = [_graded(criterion, said.get(number, ())) for number, criterion in enumerate(rubric, start=1)]
    known = tuple(one for one in graded if one)
    points = rubric_score(known)
    return Verdict(scores=(points,), criteria=known) if len(known) == len(rubric) and points is not None else None


def left_out(fields: Mapping[str, Any], rubric: Rubric) -> list[int]:
    """The numbers of the criteria that a reply says nothing certain of."""
    said = _by_number(fields.get(FIELD))
    return [number for number, one in enumerate(rubric, start=1) if _graded(one, said.get(number, ())) is None]


def _by_number(said: object) -> dict[int, list[Any]]:
    """What is said of each number; nothing where they are counted from 0, so that each may mean another one."""
    entries = said.items() if isinstance(said, dict) else _listed(said) if isinstance(said, list) else ()
    found: dict[int, list[Any]] = {}
    for name, value in entries:
        number = _NUMBERED.fullmatch(str(name))
        if number:
            found.setdefault(int(number[1]), []).append(value)
    return {} if 0 in found else found


def _listed(said: Sequence[object]) -> Iterator[tuple[object, object]]:
    for entry in said:
        if isinstance(entry, dict):
            yield next((entry[name] for name in _NAMES if name in entry), ""), entry


def _graded(criterion: Criterion, said: Sequence[Any]) -> Graded | None:
    """What was said of a criterion, however often; None where that isn't one thing."""
    grades = {_grade(criterion, entry) for entry in said}
    if len(grades) != 1 or None in grades:
        return None
    (grade,) = grades
    assert grade is not None  # noqa: S101 (it is not among them)
    low, high = criterion.scale or (0.0, 1.0)
    quotes = [entry["quote"] for entry in said if isinstance(entry, dict) and isinstance(entry.get("quote"), str)]
    return Graded(
        criterion.criterion,
        criterion.points,
        (grade - low) / (high - low),
        criterion.tags,
        grade if criterion.scale else None,
        next(filter(str.strip, quotes), None),
    )


def _grade(criterion: Criterion, said: object) -> float | None:
    value: Any = said.get("grade" if criterion.scale else "met") if isinstance(said, dict) else said
    if criterion.scale:
        grade = float(value) if _is_number(value) else None
        return grade if grade is not None and criterion.scale[0] <= grade <= criterion.scale[1] else None
    return _MET.get(" ".join(str(value).lower().split()))


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_NUMBER.fullmatch(value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def with_quotes(verdict: Verdict, answer: str) -> Verdict:
    """The verdict with each quote held against the answer: one that doesn't stand there is `unfound`."""
    text = _plain(answer)
    return replace(
        verdict, criteria=tuple(replace(one, unfound=not _stands(one.quote, text)) for one in verdict.criteria)
    )


def _stands(quote: str | None, text: str) -> bool:
    """Whether each part of a quote stands in a plain text; nothing quoted stands in any."""
    return all(part.strip(_AROUND) in text for part in _ELLIPSIS.split(_plain(quote or "")))


def _plain(text: str) -> str:
    """A text as it is compared: without regard to case, white space, width and the kind of quotation marks."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_MARKS).casefold().split())
