"""The tokens that an endpoint counted for a call; pure."""

import math
import re

from judgebench.models.http.bodies import object_of
from judgebench.tables.records import Usage

_MOST = 10**9  # no call has more


def usage_of(told: object) -> Usage | None:
    """The tokens of a call, a reasoning model's hidden ones among the completion's; None where it doesn't say.

    A prompt of 0 tokens is none: some say so for what they don't count. ValueError for what can't be: no bill is made
    of it.
    """
    counts = [_count(object_of(told).get(name)) for name in ("prompt_tokens", "completion_tokens")]
    for count in counts:
        if count is not None and not 0 <= count <= _MOST:
            raise ValueError("it counts fewer than no tokens" if count < 0 else f"it counts more than {_MOST:,} tokens")
    asked, said = counts
    return None if not asked or said is None else Usage(int(asked), int(said))


def _count(value: object) -> float | None:
    """A number of tokens, of whatever type; None for what is none."""
    if isinstance(value, str) and re.fullmatch("-?[0-9]{1,20}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isinf(value) or value.is_integer() or value < 0 else None
