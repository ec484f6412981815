"""TOML that anybody wrote, with one error for all that may be wrong with it."""

import tomllib
from typing import Any


def loads(text: str) -> dict[str, Any]:
    """The text's tables; tomllib.TOMLDecodeError also for what Python can't hold: too deep, or too long a number."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("brackets are nested too deep") from error
    except ValueError as error:
        raise tomllib.TOMLDecodeError(str(error).partition(";")[0]) from error
