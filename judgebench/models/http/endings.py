"""How an endpoint says that a reply ended, wherever it says it; pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from judgebench.models.http.bodies import object_of
from judgebench.models.http.parameters import LIMITS
from judgebench.tables.endings import ending, of_both
from judgebench.tables.records import valid_text

BEHIND = "provider_specific_fields"  # what a proxy was told
_ELSEWHERE = (  # besides `finish_reason`; each is a word, or an object that holds one
    *("native_finish_reason", "stop_reason", "finish_details", "finishReason", "done_reason", "stop_type"),
    *("incomplete_details", "status", "finish_reason"),
)
_WORD = re.compile(r"[A-Za-z][A-Za-z_\- ]{2,60}")


def ended(choice: Mapping[str, Any], body: Mapping[str, Any], sent: Mapping[str, Any]) -> str:
    """The word for it: `finish_reason` or, where that is no bad one, any other that says so.

    A string at which the server was told to stop is no such word.
    """
    first, message = _word(choice.get("finish_reason")), choice.get("message")
    if ending(first) in ("natural", "cut") and (_is_refusal(message) or _is_filtered(choice)):
        return "refusal"
    if ending(first) != "natural":
        return first
    places = (choice, object_of(choice.get(BEHIND)), object_of(message), body)
    for word in (_word(each.get(name)) for each in places for name in _ELSEWHERE):
        if _WORD.fullmatch(word) and word not in (sent.get("stop") or ()):
            first = of_both(first, word)
    return first


def reached(sent: Mapping[str, Any], counted: Iterable[object]) -> bool:
    """Whether as many tokens were counted as were allowed, in any of these ways."""
    limits = {sent[name] for name in LIMITS if isinstance(sent.get(name), int)}
    return not limits.isdisjoint(number for number in counted if isinstance(number, int))


def _word(told: object) -> str:
    """A word, or the one in an object: its type or reason."""
    held = object_of(told)
    said = next((held[name] for name in ("reason", "type") if isinstance(held.get(name), str)), told)
    return "" if said is None else valid_text(str(said))


def _is_refusal(message: object) -> bool:
    """Whether the message, or a part of it, is named a refusal."""
    held = object_of(message)
    return bool(held.get("refusal")) or any(part.get("type") == "refusal" for part in _parts(held.get("content")))


def _parts(content: object) -> Iterator[Mapping[str, Any]]:
    yield from (object_of(part) for part in (content if isinstance(content, list) else [content]))


def _is_filtered(choice: Mapping[str, Any]) -> bool:
    """Whether a filter, in Azure's words, has taken something out."""
    found = object_of(choice.get("content_filter_results")).values()
    return any(object_of(result).get("filtered") is True for result in found)
