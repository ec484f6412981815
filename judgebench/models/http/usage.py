"""The tokens that an endpoint counted for a call; pure."""

import math
import re
from collections.abc import Iterable

from judgebench.models.http.bodies import Json, object_of
from judgebench.tables.records import Usage

_MOST = 10**9  # no call has more
_ASKED = ("prompt_tokens", "input_tokens")
_SAID = ("completion_tokens", "output_tokens")
_HIDDEN = "reasoning_tokens"


def usage_of(told: object) -> Usage | None:
    """The tokens of a call, a reasoning model's hidden ones among the completion's; None where it doesn't say.

    Some leave these out of the completion's, and have them in the total, or by themselves. A prompt of 0 tokens is
    none: some say so for what they don't count. ValueError for what can't be: no bill is made of it.
    """
    held = object_of(told)
    asked, said = (_first(held, names) for names in (_ASKED, _SAID))
    total = _count(held.get("total_tokens"))
    if not asked or (said is None and total is None):
        return None
    own = said or 0
    hidden = max(_count(each.get(_HIDDEN)) or 0 for each in (held, object_of(held.get("completion_tokens_details"))))
    if hidden > own:
        own += hidden
    return Usage(int(asked), int(_checked(max(own, (total or 0) - asked))))


def _first(held: Json, names: Iterable[str]) -> float | None:
    """The first of these that is counted."""
    counts = (_count(held.get(name)) for name in names)
    return next((_checked(count) for count in counts if count is not None), None)


def _checked(count: float) -> float:
    if not 0 <= count <= _MOST:
        raise ValueError("it counts fewer than no tokens" if count < 0 else f"it counts more than {_MOST:,} tokens")
    return count


def _count(value: object) -> float | None:
    """A number of tokens, of whatever type; None for what is none."""
    if isinstance(value, str) and re.fullmatch("-?[0-9]{1,20}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isinf(value) or value.is_integer() or value < 0 else None
