"""The errors that judgebench raises on purpose: each is one clear line that says what to do."""

from collections.abc import Iterable

_NAMED = 30  # of more names than that the rest is counted


class JudgebenchError(Exception):
    """Something failed and the message says what to do about it; the command exits with status 1."""


class UsageError(JudgebenchError):
    """The request itself makes no sense (an unknown name, a bad spec); the command exits with status 2."""


class DataError(JudgebenchError):
    """A file holds something that can't be read; the message names the file and, where it can, the line."""


class EndpointError(JudgebenchError):
    """An endpoint refuses every call alike (a bad key, an unknown model, nobody listening): stop the run."""


class OutageError(JudgebenchError):
    """Calls failed that may succeed when they are made again: what was done is kept, and the same command goes on."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that somebody who wrote another one most likely meant, if any is near."""
    from difflib import get_close_matches  # of no use where nothing is wrong

    by_case = {one.casefold(): one for one in known}
    found = get_close_matches(name.casefold(), by_case, 1)
    return by_case[found[0]] if found else None


def instead(name: str, known: Iterable[str]) -> str:
    """What to say of a name that nothing has: the one that may be meant, and all that there are."""
    names = list(dict.fromkeys(known))
    meant, more = nearest(name, names), len(names) - _NAMED
    there = ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "") or "none"
    return f"did you mean {meant!r}? There is {there}" if meant else f"there is {there}"
