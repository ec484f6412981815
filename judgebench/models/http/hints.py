"""How long an endpoint asks to wait, in headers and in words; pure."""

import email.utils
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER = r"\d{1,15}(?:\.\d{1,12})?"
_UNIT = r"(?:ms|milli\w*|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])"
_PART = re.compile(rf"({_NUMBER})\s*({_UNIT})", re.I)
_DURATION = rf"{_NUMBER}\s*{_UNIT}(?:(?:\s|,|and)*{_NUMBER}\s*{_UNIT})*"
_TOLD = re.compile(rf"(?:again|retry|retries|wait|reset|delay|available|after)[^.;\n]{{0,40}}?({_DURATION})", re.I)
_FIELD = re.compile(
    rf"(?:retry|wait|reset|estimated)[_\- ]?(?:after|delay|in|time)?(_?ms|_?milli\w*)?(?:_?s(?:ec\w*)?)?"
    rf"[\"']?\s*[:=]\s*[\"']?({_NUMBER})(?![\w.])",
    re.I,
)
_RESETS = re.compile(r"ratelimit\S*reset|reset\S*ratelimit")
_ASKED = re.compile(rf"limit:?\s*~?({_NUMBER})\b.{{0,60}}?requested:?\s*~?({_NUMBER})\b", re.I | re.S)
_A_MOMENT = 10.0**9  # larger numbers are seconds since 1970, and those a thousand times larger milliseconds, and so on
_LONGEST = 366 * 86400.0  # seconds; whoever asks to wait for longer has said something else


def asked_wait(headers: Mapping[str, str], told: str, now: float) -> float | None:
    """The seconds that a response asks to wait: by its headers, its text, or limits of which it says that none is left.

    `now` is the time since 1970 in seconds.
    """
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    found = (*_retry_after(lower, now), *_in_words(told, now), *_largest(_resets(lower, now)))
    waits = [seconds for seconds in found if 0 <= seconds <= _LONGEST]
    return next(filter(None, waits), 0.0 if waits else None)


def can_never_pass(told: str) -> bool:
    """Whether a request is said to take more than the whole of a limit: no waiting helps."""
    return any(float(asked) > float(limit) for limit, asked in _ASKED.findall(told))


def seconds_of(text: str) -> float | None:
    """The length of a duration such as `1m12.5s`, `17 ms` or `2 hours and 3 minutes`; None for anything else."""
    if not re.fullmatch(_DURATION, text.strip(), re.I):
        return None
    return sum(float(number) * _UNITS[_short(unit)] for number, unit in _PART.findall(text))


def _short(unit: str) -> str:
    small = unit.lower()
    return "ms" if small.startswith(("ms", "milli")) else small[0]


def _retry_after(headers: Mapping[str, str], now: float) -> Iterator[float]:
    for text, unit in _headers(headers):
        seconds = _number(text)
        if seconds is not None:
            yield _from_now(seconds * unit, now)
        elif (moment := _moment(text, now)) is not None:
            yield moment


def _headers(headers: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    """What is asked, and in which unit; a proxy has what it was asked itself under a longer name."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        yield from (
            (text, unit) for known, text in sorted(headers.items(), key=lambda one: len(one[0])) if known.endswith(name)
        )


def _in_words(told: str, now: float) -> Iterator[float]:
    for duration in _TOLD.findall(told):
        yield seconds_of(duration) or 0.0
    for milliseconds, number in _FIELD.findall(told):
        yield _from_now(float(number) * (0.001 if milliseconds else 1.0), now)


def _resets(headers: Mapping[str, str], now: float) -> Iterator[float]:
    """When each limit is full again of which nothing is left."""
    for name, text in headers.items():
        left = _number(headers.get(name.replace("reset", "remaining"), "0"))
        if _RESETS.search(name) and not left and (seconds := _moment(text, now)) is not None:
            yield seconds


def _largest(several: Iterable[float]) -> Iterator[float]:
    found = list(several)
    yield from ([max(found)] if found else [])


def _moment(text: str, now: float) -> float | None:
    """The seconds to a moment: a duration, a number of seconds, a time since 1970, or a date of either kind."""
    number = _number(text)
    if number is not None:
        return _from_now(number, now)
    duration = seconds_of(text)
    if duration is not None:
        return duration
    date = _date(text)
    return None if date is None else max(0.0, date - now)


def _from_now(number: float, now: float) -> float:
    """A number of seconds, or those to a time since 1970, in whatever unit it is counted."""
    if not math.isfinite(number) or number <= _A_MOMENT:
        return number
    while number > 1000 * _A_MOMENT:
        number /= 1000
    return max(0.0, number - now)


def _date(text: str) -> float | None:
    parsed = email.utils.parsedate_tz(text)
    try:
        if parsed:
            return float(email.utils.mktime_tz(parsed))
        date = datetime.fromisoformat(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
