"""What a Chat Completions response says; pure, and trusting no field's type."""

import json
from collections.abc import Mapping
from typing import Any

from judgebench.models import Completion, TokenLogprobs, reasoning
from judgebench.models.http.runner import TryAgain
from judgebench.tables.records import Usage, valid_text

_REASONING = ("reasoning_content", "reasoning")  # what servers call it, the older name first


class RequestRefused(Exception):
    """The endpoint refuses this one request for good (a content filter, a context too long)."""


def completion(data: bytes, notes: tuple[str, ...] = ()) -> Completion:
    """What a response says; TryAgain for one without a readable message, RequestRefused for a filtered one."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise TryAgain("broken_reply", f"the endpoint sent no readable reply ({error})") from error
    try:
        choice = body["choices"][0]
        if choice.get("finish_reason") == "content_filter":
            raise RequestRefused("the endpoint's content filter stopped the reply")
        message = choice["message"]
        thought, text = reasoning.split(valid_text(message.get("content") or message.get("refusal") or ""))
    except (AttributeError, LookupError, TypeError) as error:
        raise TryAgain("broken_reply", "the endpoint sent a reply without a message") from error
    return Completion(
        text=text,
        finish_reason=valid_text(str(choice.get("finish_reason") or "stop")),
        usage=_usage(body.get("usage")),
        served_by=_served_by(body),
        logprobs=_logprobs(choice.get("logprobs")),
        notes=notes,
        reasoning=_field(message) or thought,
    )


def _field(message: Mapping[str, Any]) -> str | None:
    """The reasoning, where the endpoint has a field for it."""
    found = (message.get(name) for name in _REASONING)
    return next((valid_text(text) for text in found if isinstance(text, str) and text), None)


def _served_by(body: dict[str, Any]) -> str | None:
    parts = [body.get(name) for name in ("model", "system_fingerprint")]
    return valid_text(" ".join(str(part) for part in parts if part)) or None


def _usage(usage: object) -> Usage | None:
    """The tokens of a call; a reasoning model's hidden ones are among the completion's."""
    if not isinstance(usage, dict):
        return None
    asked, said = usage.get("prompt_tokens"), usage.get("completion_tokens")
    return Usage(asked, said) if isinstance(asked, int) and isinstance(said, int) else None


def _logprobs(reported: Any) -> tuple[TokenLogprobs, ...]:
    try:
        return tuple(map(_token, reported["content"])) if reported else ()
    except (AttributeError, LookupError, TypeError, ValueError):
        return ()


def _token(item: dict[str, Any]) -> TokenLogprobs:
    alternatives = {
        valid_text(each["token"]): float(each["logprob"]) for each in [item, *(item.get("top_logprobs") or [])]
    }
    return TokenLogprobs(valid_text(item["token"]), alternatives)
