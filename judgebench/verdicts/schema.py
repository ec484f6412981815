"""Verdicts as JSON: the schema that an endpoint holds a reply to, and reply JSON -> Verdict; pure.

Only a reply that is a JSON object from end to end is read: one that a judge quotes is text.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from judgebench.tables.records import Verdict, Winner
from judgebench.verdicts.text import Range, from_scores

_FENCED = re.compile(r"\s*```(?:json)?[ \t]*\n(?P<json>.*)\n[ \t]*```\s*", re.DOTALL)
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "rating": ("rating",),
    "choice": ("verdict",),
    "score_pair": ("score_a", "score_b"),
}
_WINNERS: Mapping[object, Winner] = {"A": "A", "B": "B", "tie": "tie"}


def schema(kind: str, allowed: Range) -> dict[str, Any]:
    """The JSON schema of a reply: an explanation first, and then the verdict, which so depends on it."""
    value = {"type": "string", "enum": list(_WINNERS)} if kind == "choice" else _score(allowed)
    fields = {"explanation": {"type": "string"}} | dict.fromkeys(_FIELDS[kind], value)
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def instruction(kind: str, allowed: Range) -> str:
    """What a prompt says in addition, since it asks for another form."""
    lowest, highest = (f"{bound:g}" for bound in allowed)
    values = {
        "rating": f'"rating", a number from {lowest} to {highest}',
        "choice": '"verdict", which is "A", "B" or "tie"',
        "score_pair": f'"score_a" and "score_b", two numbers from {lowest} to {highest}',
    }
    return (
        "Whatever form of reply is described above, reply with a JSON object and nothing else: first "
        f'"explanation", your explanation, and then {values[kind]}.'
    )


def read(reply: str) -> Mapping[str, Any] | None:
    """The JSON object that a reply is, or None."""
    fenced = _FENCED.fullmatch(reply)
    try:
        value = json.loads(fenced["json"] if fenced else reply, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def verdict_of(kind: str, fields: Mapping[str, Any], allowed: Range) -> Verdict | None:
    """The verdict in a reply's fields, or None where they hold none within the range."""
    values = [fields.get(name) for name in _FIELDS[kind]]
    if kind == "choice":
        winner = _WINNERS.get(values[0]) if isinstance(values[0], str) else None
        return Verdict(winner=winner) if winner else None
    if not all(_is_score(value, allowed) for value in values):
        return None
    scores = [float(value) for value in values if value is not None]
    return from_scores(*scores) if kind == "score_pair" else Verdict(scores=(scores[0],))


def _score(allowed: Range) -> dict[str, Any]:
    lowest, highest = (math.floor(bound) for bound in allowed)
    if (lowest, highest) != tuple(allowed) or highest - lowest > 100:
        return {"type": "number"}
    return {"type": "integer", "enum": list(range(lowest, highest + 1))}


def _is_score(value: object, allowed: Range) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and allowed[0] <= value <= allowed[1]


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field stands twice")
    return fields
