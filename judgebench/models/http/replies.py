"""What a Chat Completions response says; pure, and trusting no field's type."""

from collections.abc import Mapping
from typing import Any

from judgebench.models import Completion, TokenLogprobs, reasoning
from judgebench.models.http.bodies import object_of, value_of
from judgebench.models.http.runner import TryAgain
from judgebench.models.http.usage import usage_of
from judgebench.tables.endings import of_both
from judgebench.tables.records import Usage, valid_text

_REASONING = ("reasoning_content", "reasoning", "thinking")  # what servers call it, the older names first
_DETAILS = ("reasoning_details", "thinking_blocks")  # lists of chunks of it
_TEXTS = ("text", "thinking", "reasoning", "summary", "content", "refusal")  # where a chunk has its text


class RequestRefused(Exception):
    """The endpoint refuses this one request for good (a context too long, say)."""


def completion(data: bytes, notes: tuple[str, ...] = ()) -> Completion:
    """What a response says, however it ended; TryAgain for one without a readable message."""
    try:
        body = value_of(data)
    except ValueError as error:
        raise TryAgain("broken_reply", f"the endpoint sent no readable reply ({error})") from error
    try:
        choice = body["choices"][0]
        behind = object_of(choice.get("provider_specific_fields"))  # what a proxy was told
        problem, message = _problem(choice.get("error") or behind.get("error")), choice.get("message")
        thought, text = _said(message if message is not None or problem is None else {})
        usage, uncounted = _usage(body.get("usage"))
    except (AttributeError, LookupError, TypeError) as error:
        raise TryAgain("broken_reply", "the endpoint sent a reply without a message") from error
    return Completion(
        text=text,
        finish_reason=_finish_reason(choice, behind, "error" if problem else "stop"),
        usage=None if usage and not usage.completion_tokens and (text or thought) else usage,
        served_by=_served_by(body),
        logprobs=_logprobs(choice.get("logprobs")),
        notes=notes,
        reasoning=thought,
        problem=problem or uncounted,
    )


def _said(message: Mapping[str, Any]) -> tuple[str | None, str]:
    """Reasoning and answer, the content being a text or a list of chunks."""
    content = message.get("content") or message.get("refusal") or ""
    chunks = content if isinstance(content, list) else [content]
    told = "".join(text for kind, text in map(_chunk, chunks) if not _is_thought(kind))
    if chunks and not told and not any(isinstance(chunk, (dict, str)) for chunk in chunks):
        raise TypeError("no text")
    thought, answer = reasoning.split(valid_text(told))
    found = [text for kind, text in map(_chunk, chunks) if _is_thought(kind)]
    apart = _field(message) or valid_text("\n".join(found))
    return "\n".join(filter(None, (apart, thought))) or None, answer


def _chunk(chunk: object) -> tuple[str, str]:
    """The type and the text of a part of a content; of what has no text, an empty one."""
    if isinstance(chunk, str):
        return "text", chunk
    if isinstance(chunk, list):
        return "text", "".join(_chunk(part)[1] for part in chunk)
    if not isinstance(chunk, dict):
        return "", ""
    held = next((chunk[name] for name in _TEXTS if isinstance(chunk.get(name), (str, list))), "")
    return str(chunk.get("type") or "text"), _chunk(held)[1]


def _is_thought(kind: str) -> bool:
    return any(word in kind for word in ("think", "reason", "thought"))


def _field(message: Mapping[str, Any]) -> str | None:
    """The reasoning, where the endpoint has a field for it."""
    fields = (message.get(name) for name in (*_REASONING, *_DETAILS))
    return next((valid_text(text) for text in (_chunk(field)[1] for field in fields) if text), None)


def _finish_reason(choice: Mapping[str, Any], behind: Mapping[str, Any], default: str) -> str:
    native = choice.get("native_finish_reason") or behind.get("native_finish_reason") or ""
    return valid_text(of_both(str(choice.get("finish_reason") or default), str(native)))


def _problem(error: object) -> str | None:
    """Why a choice failed, in the endpoint's words; None where it didn't."""
    if not error:
        return None
    told = error.get("message") if isinstance(error, dict) else error
    code = error.get("code") if isinstance(error, dict) else None
    return valid_text(" ".join(str(part) for part in (code, told) if part))[:500] or "error"


def _served_by(body: dict[str, Any]) -> str | None:
    parts = [body.get(name) for name in ("model", "system_fingerprint")]
    return valid_text(" ".join(str(part) for part in parts if part)) or None


def _usage(told: object) -> tuple[Usage | None, str | None]:
    """The tokens counted, and what is wrong with the count: such a reply is none, though it is kept."""
    try:
        return usage_of(told), None
    except ValueError as error:
        return None, str(error)


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
