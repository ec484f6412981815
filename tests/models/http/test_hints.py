"""How long an endpoint asks to wait, as real ones say it."""

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.models.http.hints import asked_wait, can_never_pass, seconds_of

NOW = 1_800_000_000.0

WORDS = {
    "Please try again in 38.2s.": 38.2,
    "Please try again in 644ms. Visit https://x.invalid/billing": 0.644,
    "Limit 7000, Used 6148, Requested 7895. Please try again in 1m0.5s.": 60.5,
    "Please try again in 9m38.016s. Need more tokens?": 578.016,
    "Please retry after 20 seconds": 20.0,
    "Rate limit is exceeded. Try again in 12 seconds.": 12.0,
    "Please wait 5 minutes and 20 seconds before the next request": 320.0,
    "Limit resets in 2h3m": 7380.0,
    '{"details": [{"retryDelay": "17s"}]}': 17.0,
    '{"error": {"retry_after": 1.5}}': 1.5,
    '{"retry_after_ms": 300}': 0.3,
    '{"error": "Model is loading", "estimated_time": 20.0}': 20.0,
    f'{{"headers": {{"X-RateLimit-Reset": "{(NOW + 5) * 1000:.0f}"}}}}': 5.0,
    f"Limit reached. Reset: {NOW + 7:.0f}": 7.0,
    f'{{"retry_after_ms": {(NOW + 5) * 1000:.0f}}}': 5.0,
    f"reset: {NOW - 7:.0f}": 0.0,
    "retry_after: 999999999": None,
    "Too many requests": None,
    "10 requests per 60 seconds are allowed; retry later": None,
    "retry_after: soon": None,
}

HEADERS: list[tuple[dict[str, str], float | None]] = [
    ({"Retry-After": "7"}, 7.0),
    ({"retry-after": "0.5"}, 0.5),
    ({"Retry-After": "17s"}, 17.0),
    ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
    ({"Retry-After": formatdate(NOW + 30, usegmt=True)}, 30.0),
    ({"Retry-After": formatdate(NOW - 30, usegmt=True)}, 0.0),
    *(({"Retry-After": f"{(NOW + 30) * unit:.0f}"}, 30.0) for unit in (1, 1e3, 1e6, 1e9)),
    *(({"Retry-After": text}, None) for text in ("1e20", "1e300", "inf", "99999999999999999999", "1e12")),
    ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, None),
    ({"llm_provider-retry-after": "9"}, 9.0),
    ({"llm_provider-retry-after": "9", "retry-after": "3"}, 3.0),
    ({"Retry-After": "nan"}, None),
    ({"Retry-After": "-5"}, None),
    ({"Retry-After": "soon"}, None),
    ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2m59.5s"}, 179.5),
    ({"x-ratelimit-remaining-tokens": "900", "x-ratelimit-reset-tokens": "6m0s"}, None),
    ({"X-RateLimit-Reset": str(int((NOW + 5) * 1000)), "X-RateLimit-Remaining": "0"}, 5.0),
    ({"X-RateLimit-Reset": str(int(NOW + 5))}, 5.0),
    ({"anthropic-ratelimit-requests-reset": "2027-01-15T08:00:10Z"}, 10.0),
]


@pytest.mark.parametrize(("told", "seconds"), WORDS.items())
def test_a_wait_in_words(told: str, seconds: float | None) -> None:
    """In the units that stand there, and only where waiting is spoken of."""
    assert asked_wait({}, told, NOW) == (seconds if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(("headers", "seconds"), HEADERS)
def test_a_wait_in_headers(headers: dict[str, str], seconds: float | None) -> None:
    """Asked for, or the end of a limit of which nothing is left."""
    assert asked_wait(headers, "", NOW) == (seconds if seconds is None else pytest.approx(seconds))


def test_headers_go_before_words_and_both_before_limits() -> None:
    """What is asked for is more to the point than when all is as it was."""
    limits = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}
    assert asked_wait({"retry-after": "2", **limits}, "try again in 3s", NOW) == 2.0
    assert asked_wait(limits, "try again in 3s", NOW) == 3.0


def test_a_wait_of_nothing_is_asked_for_only_where_nothing_else_is() -> None:
    """A Retry-After of 0 beside a text that says more."""
    assert asked_wait({"retry-after": "0"}, "try again in 3s", NOW) == 3.0
    assert asked_wait({"retry-after": "0"}, "", NOW) == 0.0


@pytest.mark.parametrize("told", ["Limit 7000, Used 0, Requested ~12903.", "(TPM): Limit 6000, Requested 6294, please"])
def test_what_is_more_than_the_limit_never_passes(told: str) -> None:
    """However long one waits."""
    assert can_never_pass(told)
    assert not can_never_pass("Limit 7000, Used 6148, Requested 895.")


@given(
    hours=st.integers(0, 99),
    minutes=st.integers(0, 59),
    milliseconds=st.integers(0, 59_999),
    between=st.sampled_from(["", " ", ", ", " and "]),
)
def test_a_duration_is_the_sum_of_its_parts(hours: int, minutes: int, milliseconds: int, between: str) -> None:
    """Whatever stands between them."""
    text = between.join([f"{hours}h", f"{minutes} minutes", f"{milliseconds / 1000}s"])
    assert seconds_of(text) == pytest.approx(hours * 3600 + minutes * 60 + milliseconds / 1000)


@given(headers=st.dictionaries(st.sampled_from([*(name for given_, _ in HEADERS for name in given_)]), st.text()))
def test_no_header_is_too_odd(headers: dict[str, str]) -> None:
    """It is a number of seconds that can be waited, or nothing."""
    seconds = asked_wait(headers, " ".join(headers.values()), time.time())
    assert seconds is None or 0 <= seconds < float("inf")
