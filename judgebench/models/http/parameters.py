"""What stands behind a `?` in a spec: parameters of every request, as `effort=high&seed=7`; pure."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from judgebench.errors import UsageError
from judgebench.models.http.bodies import value_of

LIMITS = ("max_tokens", "max_completion_tokens")  # of a reply and what is thought before; the older name comes first
_SHORT = {"effort": "reasoning_effort"}
_OURS = ("model", "messages", "stream")
_MOST = 10**9
# What makes no call dearer than its tokens, of which the prompt has no more than the parameter has bytes.
_BOUNDED = frozenset(
    [
        *(*LIMITS, "n", "temperature", "top_p", "top_k", "min_p", "seed", "stop", "min_tokens", "ignore_eos"),
        *("frequency_penalty", "presence_penalty", "repetition_penalty", "logit_bias", "logprobs", "top_logprobs"),
        *("reasoning_effort", "verbosity", "response_format", "chat_template_kwargs", "user", "metadata", "store"),
        "service_tier",  # whoever names a price knows it
    ]
)


def parameters_of(query: str) -> dict[str, Any]:
    """The parameters; values are JSON where they can be. UsageError for one that no request can have."""
    pairs = parse_qsl(query, keep_blank_values=True)
    found = {_SHORT.get(name, name): _value(text) for name, text in pairs}
    for problem in _problems(found):
        raise UsageError(f"?{query[:100]} in a spec: {problem}")
    return found


def reply_limit(parameters: Mapping[str, Any]) -> int | None:
    """How many tokens of reply the parameters allow, where they say it."""
    return max((parameters[name] for name in LIMITS if name in parameters), default=None)


def unbounded(parameters: Mapping[str, Any]) -> list[str]:
    """The names of those of which it isn't known what they make a call cost at the most."""
    return [name for name in parameters if name not in _BOUNDED]


def _problems(parameters: Mapping[str, Any]) -> Iterator[str]:
    for name, value in parameters.items():
        if name in _OURS:
            yield f"{name} is not for a spec: judgebench says it in each request"
        if name == "n" and (type(value) is not int or value != 1):
            yield "n is 1 in every request, since one reply is read of each: use --num-choices or --repeats"
        if name in LIMITS and (type(value) is not int or not 0 < value <= _MOST):
            yield f"{name} takes a whole number from 1 to {_MOST:,}"


def _value(text: str) -> Any:
    try:
        return value_of(text)
    except ValueError:
        return text
