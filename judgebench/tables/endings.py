"""How a model's text ended, in the words of many endpoints; pure."""

import re
from typing import Literal, TypeAlias

Ending: TypeAlias = Literal["natural", "cut", "refused", "failed"]

_NATURAL = re.compile(
    r"(?:stop|eos)(?:_(?:sequence|token|string|str|word|found))?|end_of_(?:turn|text|sequence)|end_turn"
    r"|end|ended|stopped|done|finish|finished|complete|completed|normal|success|none|null"
)
_CUT = re.compile(r"length|max|limit|truncat|incomplete|context|budget")
_FAILED = re.compile(
    r"error|fail|abort|cancel|time_?out|overload|insufficient|interrupt|unavailable|unspecified|malformed|unexpected"
    r"|missing|too_many|pause|\A(?:other|language)\Z"
)
_REFUSED = re.compile(r"filter|safety|refus|block|prohibited|recitation|spii|moderat")


def ending(finish_reason: str | None) -> Ending:
    """By itself, at a limit, by a filter, or in any other way, which is a failure.

    An endpoint that says nothing is taken to have let the model end; one whose word for it is "unspecified" (Gemini's,
    while a reply isn't at its end) is not.
    """
    word = _word(finish_reason)
    if not word or _NATURAL.fullmatch(word):
        return "natural"
    return "cut" if _CUT.search(word) else "refused" if _REFUSED.search(word) else "failed"


def of_both(finish_reason: str, native: str) -> str:
    """The finish reason, or the one of the endpoint behind a proxy that takes each word it doesn't know for "stop".

    A word that nobody knows changes nothing: a natural end has many.
    """
    known = any(kind.search(_word(native)) for kind in (_CUT, _REFUSED, _FAILED))
    hidden = ending(finish_reason) == "natural" and ending(native) != "natural" and known
    return native if hidden else finish_reason


def _word(finish_reason: str | None) -> str:
    word = re.sub(r"[\s_.-]+", "_", (finish_reason or "").strip().lower())
    return re.sub(r"^(?:finish_?reason_)", "", word)
