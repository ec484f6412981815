"""What an endpoint sends as JSON; pure."""

import json
from typing import Any

Json = dict[str, Any]


def value_of(data: bytes | str) -> Any:
    """The JSON value; ValueError for anything else: no depth of brackets and no length of a number does more."""
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def object_of(value: object) -> Json:
    """A value where it is an object; an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}
