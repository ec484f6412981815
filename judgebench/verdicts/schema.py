"""Verdicts as JSON: the schema that an endpoint holds a reply to, and reply JSON -> Verdict; pure.

The object is what the reply ends in: alone, in a fence, or behind a preamble of a known kind ("Here is my verdict:").
Behind other words it may be quoted, an example or a supposition. Of two objects that differ neither is a verdict, and
the text in an object is never searched.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from judgebench.models import reasoning
from judgebench.tables.records import Verdict, Winner
from judgebench.verdicts.closing import Range
from judgebench.verdicts.forms import FIELDS, Form
from judgebench.verdicts.text import from_scores

EXPLANATION = "explanation"
_WINNERS: Mapping[str, Winner] = {"A": "A", "B": "B", "tie": "tie"}
_THREE = {word: Verdict(winner=winner) for word, winner in _WINNERS.items()}
_BEGINS = re.compile(r'\{\s{0,99}(?:["}]|//|/\*|$)')
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|$)|[{}]', re.DOTALL)
_COMMENTS = re.compile(r'("(?:[^"\\]|\\.)*+")|//[^\n]*|/\*[^*]{0,999}\*/', re.DOTALL)
_LAST_COMMAS = re.compile(r'("(?:[^"\\]|\\.)*+")|,(?=\s{0,99}[}\]])', re.DOTALL)
_BEGINNINGS = 25  # objects that are looked at in a reply
_LABELLED = re.compile(rf"^\W{{0,9}}{EXPLANATION}\W{{0,9}}[:=]", re.IGNORECASE | re.MULTILINE)
_NUMBER = re.compile(r"\s*\d{1,3}(?:\.\d{1,4})?\s*", re.ASCII)
_BEFORE = re.compile(  # "Sure! Here is my verdict in the format asked for:"
    r"(?:(?:sure|certainly|of course|okay|ok)[!.,:]? ?)?(?:(?:so|thus|therefore|finally|overall|in conclusion),? ?)?"
    r"(?:(?:here|this|below)(?:'s| is| are)? ?)?(?:it is|(?:my|the|your|our) )?(?:final |overall |requested |json )*"
    r"(?:verdict|rating|evaluation|judge?ment|assessment|json|reply|response|output|result|review)?(?: object)?"
    r"(?: (?:in|as) (?:a |the )?(?:(?:json|requested|required|given|specified|desired) )*(?:json|format|form|object)?"
    r"(?: (?:asked for|requested|required|you asked for))?)?(?: is)? ?[:：]|"
    r"(?:(?:reasoning|analysis|thoughts?): ?)?(?:\[[^\[\]]{0,20}\]|\[\[[^\[\]]{0,20}\]\]|\{\})|",
    re.IGNORECASE,
)
_ANOTHERS = re.compile(r"\b(?:the|this) (?:reply|response|output|review)\b", re.IGNORECASE)  # may be the answer's
_FENCE = re.compile(r"(?:```|~~~)[ \t]*(?:json5?)?[ \t]*\Z", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?。！？]\s|\n")
_QUOTED = re.compile(r"^[ \t]{0,9}>[^\n]*", re.MULTILINE)
_SHUT = "`~] \t\r\n"


@dataclass(frozen=True, slots=True)
class Found:
    """The JSON of a reply: the fields that hold its verdict, whether an object breaks off, whether there is any."""

    fields: Mapping[str, Any] | None = None
    broken: bool = False
    any: bool = False


@dataclass(frozen=True, slots=True)
class _Object:
    fields: Mapping[str, Any]
    start: int
    end: int


def schema(form: Form, allowed: Range) -> dict[str, Any]:
    """The JSON schema of a reply: an explanation first, and then the verdict, which so depends on it."""
    value = {"type": "string", "enum": list(_words(form))} if form.kind == "choice" else _score(allowed)
    fields = {EXPLANATION: {"type": "string"}} | dict.fromkeys(FIELDS[form.kind], value)
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def instruction(form: Form, allowed: Range) -> str:
    """What a prompt says in addition, since it asks for another form."""
    return (
        "Whatever form of reply is described above, reply with a JSON object and nothing else: first "
        f'"{EXPLANATION}", your explanation, and then {values(form, allowed)}.'
    )


def values(form: Form, allowed: Range) -> str:
    """The fields of a verdict and what may stand in them, in words."""
    lowest, highest = (f"{bound:g}" for bound in allowed)
    *words, last = (f'"{word}"' for word in _words(form))
    return {
        "rating": f'"rating", a number from {lowest} to {highest}',
        "choice": f'"verdict", which is {", ".join(words)} or {last}',
        "score_pair": f'"score_a" and "score_b", two numbers from {lowest} to {highest}',
    }[form.kind]


def find(form: Form, reply: str) -> Found:
    """The object that holds a reply's verdict, and stands at its end."""
    text = _QUOTED.sub(lambda line: " " * len(line[0]), _answer(reply))
    objects = list(_objects(text))
    mine = [one for one in objects if all(name in one.fields for name in FIELDS[form.kind])]
    said = {json.dumps([one.fields[name] for name in FIELDS[form.kind]]) for one in mine}
    broken = _breaks_off(form, text)
    return Found(
        fields=mine[-1].fields if len(said) == 1 and not broken and _is_own(text, mine) else None,
        broken=broken,
        any=bool(objects) or "{" in text or bool(_LABELLED.search(text)),
    )


def verdict_of(form: Form, fields: Mapping[str, Any], allowed: Range) -> Verdict | None:
    """The verdict in a reply's fields, or None where they hold none within the range."""
    values = [fields.get(name) for name in FIELDS[form.kind]]
    if form.kind == "choice":
        return _words(form).get(values[0].strip()) if isinstance(values[0], str) else None
    numbers = map(_number, values)
    scores = [float(number) for number in numbers if number is not None and allowed[0] <= number <= allowed[1]]
    if len(scores) < len(values):
        return None
    return from_scores(*scores) if form.kind == "score_pair" else Verdict(scores=(scores[0],))


def _words(form: Form) -> Mapping[str, Verdict]:
    """What a choice may be: in the usual form A, B or tie, else the prompt's own words."""
    return _THREE if form.known else form.outcomes


def _score(allowed: Range) -> dict[str, Any]:
    lowest, highest = (math.floor(bound) for bound in allowed)
    if (lowest, highest) != tuple(allowed) or highest - lowest > 100:
        return {"type": "number"}
    return {"type": "integer", "enum": list(range(lowest, highest + 1))}


def _number(value: object) -> float | None:
    """A number, also one that stands in quotation marks."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _answer(reply: str) -> str:
    """The reply behind its reasoning; of one that is a JSON text, what stands in that."""
    _, text = reasoning.split(reply)
    inner = _loaded(text) if text.lstrip().startswith('"') else None
    return inner if isinstance(inner, str) else text


def _objects(text: str) -> Iterator[_Object]:
    """The objects that don't stand in others, in order."""
    for start, end in _places(text):
        value = _loaded(text[start:end]) if end else None
        if isinstance(value, dict):
            yield _Object(value, start, end)


def _places(text: str) -> Iterator[tuple[int, int]]:
    """Where objects may begin and end; an end of 0 for one that doesn't."""
    done = looked = 0
    for begins in _BEGINS.finditer(text):
        if begins.start() >= done and looked < _BEGINNINGS:
            end, looked = _end(text, begins.start()), looked + 1
            yield begins.start(), end
            done = end if end and isinstance(_loaded(text[begins.start() : end]), dict) else done


def _end(text: str, start: int) -> int:
    """Where the object that begins there ends, by its brackets outside texts; 0 where it doesn't."""
    depth = 0
    for token in _TOKENS.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return 0


def _breaks_off(form: Form, text: str) -> bool:
    """Whether the reply ends within an object that was to hold the verdict."""
    if text.rstrip("`~ \t\r\n").endswith("}"):
        return False
    names = "|".join((EXPLANATION, *FIELDS[form.kind]))
    own = re.compile(rf'\{{\s*(?:$|"[^"]{{0,20}}$|"(?:{names})"\s*(?::|$))', re.IGNORECASE)
    return any(end == 0 and own.match(text, start) for start, end in _places(text))


def _is_own(text: str, objects: Sequence[_Object]) -> bool:
    """Whether the reply ends with the last object, and what leads up to the first is of a known kind."""
    between = pairwise(objects)
    if text[objects[-1].end :].strip(_SHUT) or any(text[one.end : two.start].strip() for one, two in between):
        return False
    before = _FENCE.sub("", text[: objects[0].start].rstrip()).rstrip().removesuffix("[").rstrip()
    sentence = " ".join(_SENTENCE.split(before)[-1].replace("*", "").split())
    return bool(_BEFORE.fullmatch(sentence)) and not _ANOTHERS.search(sentence) and (bool(sentence) or not before)


def _loaded(text: str) -> Any:
    """A JSON value, also one with comments, trailing commas or bare line ends; None for anything else."""
    try:
        return json.loads(text, object_pairs_hook=_each_once, strict=False)
    except (ValueError, RecursionError):
        pass
    try:
        for pattern in (_COMMENTS, _LAST_COMMAS):
            text = pattern.sub(lambda found: found[1] or "", text)
        return json.loads(text, object_pairs_hook=_each_once, strict=False)
    except (ValueError, RecursionError):
        return None


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    fields = {name.strip().lower(): value for name, value in pairs}
    if len(fields) < len(pairs):
        raise ValueError("a field stands twice")
    return fields
