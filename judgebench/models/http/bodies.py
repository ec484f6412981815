"""What an endpoint sends as JSON; pure."""

import json
import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
_COMMENT = re.compile(r":[^\n]*(?:\n|\Z)")
_DONE: Json = {}  # the event that ends a stream
_FIELD = re.compile(r"(?:data|event|id|retry):")
_JOINED = ("content", "text", "refusal", "reasoning_content", "reasoning", "thinking")  # of a stream's pieces


def value_of(data: bytes | str) -> Any:
    """The JSON value; ValueError for anything else: no depth of brackets and no length of a number does more."""
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def object_of(value: object) -> Json:
    """A value where it is an object; an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def reply_of(data: bytes) -> Any:
    """The JSON of a reply that was paid for, read as well as it can be; ValueError for what is none.

    Behind comments that keep a connection open, as a string of JSON, alone in a list, as a stream of events, or with
    a byte that is no UTF-8.
    """
    text = data.decode("utf-8-sig", "replace").strip()
    while found := _COMMENT.match(text):
        text = text[found.end() :].lstrip()
    if _FIELD.match(text):
        return _streamed(text)
    value = value_of(text)
    if isinstance(value, str):
        value = value_of(value)
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _streamed(text: str) -> Json:
    """The reply that the events of a stream come to; one without its end was cut."""
    events = list(_events(text))
    body, choice, message = Json(), Json(), Json()
    for event in events:
        body |= {name: value for name, value in event.items() if value and name != "choices"}
        for piece in _first(event.get("choices")):
            choice |= {name: value for name, value in piece.items() if value is not None and name != "logprobs"}
            for name, part in _said(piece).items():
                message[name] = message.get(name, "") + part if isinstance(part, str) and name in _JOINED else part
    if not choice:
        raise ValueError("it is a stream of events without a reply")
    if events[-1] is not _DONE and not choice.get("finish_reason"):
        choice["finish_reason"] = "incomplete"
    return body | {"choices": [choice | {"message": message}]}


def _events(text: str) -> Iterator[Json]:
    """What each event holds, up to one that can't be read."""
    for line in text.split("\n"):
        name, _, told = line.partition(":")
        if name != "data":
            continue
        if told.strip() == "[DONE]":
            yield _DONE
            return
        try:
            yield object_of(value_of(told))
        except ValueError:
            return


def _first(choices: object) -> list[Json]:
    return [object_of(choice) for choice in choices[:1]] if isinstance(choices, list) else []


def _said(piece: Json) -> Json:
    """What a piece of a stream adds to the message."""
    said = object_of(piece.get("delta")) or object_of(piece.get("message")) or {"content": piece.get("text")}
    return {name: part for name, part in said.items() if part is not None}
