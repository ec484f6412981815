"""How a model's text ended, in the words of many endpoints; pure."""

import re
from typing import Literal, TypeAlias

Ending: TypeAlias = Literal["natural", "cut", "refused", "failed"]

_NATURAL = re.compile(
    r"(?:stop|eos)(?:_(?:sequence|token|string|str|word|found))?|end_of_(?:turn|text|sequence)|end_turn"
    r"|end|ended|stopped|done|finish|finished|complete|completed|normal|success|none|null|unspecified"
)
_CUT = re.compile(r"length|max|limit|truncat|incomplete|context|budget")
_REFUSED = re.compile(r"filter|safety|refus|block|prohibited|recitation|spii|moderat")


def ending(finish_reason: str | None) -> Ending:
    """By itself, at a limit, by a filter, or in any other way, which is a failure.

    An endpoint that says nothing is taken to have let the model end.
    """
    word = re.sub(r"[\s_.-]+", "_", (finish_reason or "").strip().lower())
    word = re.sub(r"^(?:finish_?reason_)", "", word)
    if not word or _NATURAL.fullmatch(word):
        return "natural"
    return "cut" if _CUT.search(word) else "refused" if _REFUSED.search(word) else "failed"
