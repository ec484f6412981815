"""What a Chat Completions response says; pure, and trusting no field's type."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from judgebench.models import Completion, TokenLogprobs, reasoning
from judgebench.models.http.bodies import object_of, reply_of
from judgebench.models.http.endings import BEHIND, ended, reached
from judgebench.models.http.runner import TryAgain
from judgebench.models.http.usage import usage_of
from judgebench.tables.endings import ending
from judgebench.tables.records import Usage, valid_text

_BEGUN = re.compile(  # what a reply looks like, or one that is packed
    rb'"(?:message|delta|usage|candidates|completion_tokens)\\?"\s*:\s*\{|"choices\\?"\s*:\s*\[\s*\{|\A\x1f\x8b'
)
_MAY_BE = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:"?[\[{]|:|(?:data|event|id|retry):|\Z)')  # and what one may have been
_ERROR = re.compile(rb'"(?:errors?|detail)\\?"\s*:(?!\s*(?:null|\\?"\\?"|\{\s*\}|\[\s*\]))')
_FRAME = {  # what stands around what is said
    *("id", "object", "created", "model", "provider", "choices", "usage", "system_fingerprint", "service_tier"),
    *("prompt_filter_results", "prompt_logprobs", "kv_transfer_params"),
}
_SOME = 100_000  # bytes in which a reply, if it is one, has begun
_REASONING = ("reasoning_content", "reasoning", "thinking")  # what servers call it, the older names first
_DETAILS = ("reasoning_details", "thinking_blocks")  # lists of chunks of it
_TEXTS = (
    "text",
    "thinking",
    "reasoning",
    "summary",
    "content",
    "refusal",
    "parts",
    "value",
)  # where a chunk has its text


class RequestRefused(Exception):
    """The endpoint refuses this one request for good (a context too long, say)."""


def completion(data: bytes, sent: Mapping[str, Any] = MappingProxyType({})) -> Completion:
    """What a response to a request says, however it ended; TryAgain for one that says nothing and counts no tokens.

    What is billed and has no readable message is a completion that failed: nobody pays for it again.
    """
    try:
        body = reply_of(data)
    except ValueError as error:
        told = f"the endpoint sent no readable reply ({error})"
        raise TryAgain("broken_reply", told, billed=_may_be_billed(data[:_SOME])) from error
    held = object_of(body)
    usage, uncounted = _usage(held.get("usage"))
    choice = _choice(held)
    problem = next(filter(None, (_problem(each.get("error")) for each in _told_by(choice, held))), None)
    finish_reason = ended(choice, held, sent) or ("error" if problem else "stop")
    try:
        thought, text = _said(_message(choice, problem or ending(finish_reason) != "natural"))
    except (AttributeError, LookupError, TypeError) as error:
        if not (usage and (choice or usage.completion_tokens)):
            told = "the endpoint sent a reply without a message"
            raise TryAgain("broken_reply", told, billed=not problem and _is_of_reply(body)) from error
        spent = ending(finish_reason) == "cut" or reached(sent, (usage.completion_tokens,))
        thought, text, problem = None, "", problem or (None if spent else "the reply holds no message")
    if _is_no_reply(held, choice, text or thought, usage):
        raise TryAgain("broken_reply", f"the endpoint sent no reply ({problem})")
    counted = object_of(held.get("usage")).get("completion_tokens")  # without hidden ones, which may not count
    said = Completion(
        text=text,
        finish_reason=finish_reason,
        usage=None if usage and not usage.completion_tokens and (text or thought) else usage,
        served_by=_served_by(held),
        logprobs=_logprobs(choice.get("logprobs")),
        reasoning=thought,
        problem=problem or uncounted,
    )
    return limited(said, sent, counted)


def _may_be_billed(data: bytes) -> bool:
    """Whether a body that can't be read may be what came of a reply: one that is no page, no words and no error."""
    return bool(_BEGUN.search(data) or (_MAY_BE.match(data) and not _ERROR.search(data)))


def _is_of_reply(body: object) -> bool:
    """The same of a value without a message: one that is empty, or holds nothing that says why."""
    return not body or (isinstance(body, dict) and {name for name, value in body.items() if value} <= _FRAME)


def limited(said: Completion, sent: Mapping[str, Any], counted: object = None) -> Completion:
    """What was said, as cut where as many tokens were counted as were allowed: some say `stop` of that too."""
    numbers = (counted, said.usage and said.usage.completion_tokens)
    if ending(said.finish_reason) == "natural" and reached(sent, numbers):
        return replace(said, finish_reason="length")
    return said


def _choice(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first choice, or the body itself where it is a message and has no choices."""
    choices = body.get("choices")
    if isinstance(choices, list):
        return object_of(choices[0] if choices else None)
    if isinstance(choices, dict):
        return choices
    if body.get("role") == "assistant":
        return {"message": body}
    return body if "done" in body and isinstance(body.get("message"), dict) else {}


def _message(choice: Mapping[str, Any], nothing_said: object) -> Mapping[str, Any]:
    """The message of a choice, whatever it is called; none at all where it ended badly, else TypeError."""
    named = next((choice[name] for name in ("message", "delta") if choice.get(name) is not None), None)
    if named is None and isinstance(choice.get("text"), str):
        return {"content": choice["text"]}
    if named is None and choice and nothing_said:
        return {}
    if not isinstance(named, dict):
        raise TypeError("no message")
    return named


def _told_by(choice: Mapping[str, Any], body: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Where an error may stand beside a reply."""
    return choice, object_of(choice.get("message")), object_of(choice.get(BEHIND)), body


def _is_no_reply(body: Mapping[str, Any], choice: Mapping[str, Any], said: str | None, usage: Usage | None) -> bool:
    """Whether a body holds an error, and nothing that was said or billed."""
    billed = usage is not None and usage.completion_tokens > 0
    return bool(_problem(body.get("error")) and not (said or billed or choice.get("error")))


def _said(message: Mapping[str, Any]) -> tuple[str | None, str]:
    """Reasoning and answer, the content being a text or a list of chunks."""
    content = message.get("content") or message.get("refusal") or ""
    chunks = content if isinstance(content, list) else [content]
    parts = list(_chunks(content))
    told = "".join(text for kind, text in parts if not _is_thought(kind))
    if chunks and not told and not any(isinstance(chunk, (dict, str)) for chunk in chunks):
        raise TypeError("no text")
    thought, answer = reasoning.split(valid_text(told))
    found = [text for kind, text in parts if _is_thought(kind)]
    apart = _field(message) or valid_text("\n".join(found))
    return "\n".join(filter(None, (apart, thought))) or None, answer


def _chunks(held: object, kind: str = "text") -> Iterator[tuple[str, str]]:
    """The types and the texts of what a content holds, at whatever depth; all that is in a thought is one."""
    if isinstance(held, str):
        yield kind, held
    elif isinstance(held, list):
        for part in held:
            yield from _chunks(part, kind)
    elif isinstance(held, dict):
        name = next((name for name in _TEXTS if isinstance(held.get(name), (str, list, dict))), "")
        own = "thought" if held.get("thought") is True else str(held.get("type") or name or "text")
        yield from _chunks(held.get(name), kind if _is_thought(kind) else own)


def _is_thought(kind: str) -> bool:
    return any(word in kind for word in ("think", "reason", "thought"))


def _field(message: Mapping[str, Any]) -> str | None:
    """The reasoning, where the endpoint has a field for it."""
    fields = (message.get(name) for name in (*_REASONING, *_DETAILS))
    return next(
        (valid_text(text) for text in ("".join(text for _, text in _chunks(field)) for field in fields) if text), None
    )


def _problem(error: object) -> str | None:
    """Why a reply failed, in the endpoint's words; None where it didn't, as of an error whose fields are all empty."""
    held = object_of(error)
    told = [held.get("code"), held.get("message")] if held else [error]
    said = " ".join(str(part) for part in told if part)
    if not error or (held and not any(held.values())):
        return None
    return valid_text(said)[:500] or "error"


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
