"""Tokens as endpoints count them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.models.http.replies import completion
from judgebench.models.http.runner import TryAgain
from judgebench.models.http.usage import usage_of
from judgebench.tables.records import Usage

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("count", [7, 7.0, "7"])
def test_a_count_is_a_number(count: Any) -> None:
    """Of whatever type."""
    assert usage_of({"prompt_tokens": count, "completion_tokens": 3, "total_tokens": -9}) == Usage(7, 3)


@pytest.mark.parametrize("count", [None, True, "seven", "", "9" * 5000, [], {}, float("nan"), 3.5])
def test_what_is_no_number_is_no_count(count: Any) -> None:
    """The call is then among those that the bill names apart."""
    assert usage_of({"prompt_tokens": count, "completion_tokens": 3}) is None
    assert usage_of({"prompt_tokens": 3, "completion_tokens": count}) is None
    assert usage_of(count) is None


@pytest.mark.parametrize("count", [-1, -1e300, "-5", 10**10, 10**400, "99999999999", float("inf"), -float("inf")])
def test_an_impossible_count_is_an_error(count: Any) -> None:
    """Nothing is added to a bill, nor taken from it."""
    with pytest.raises(ValueError, match="it counts"):
        usage_of({"prompt_tokens": 3, "completion_tokens": count})


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"completion_tokens": 20, "total_tokens": 5000}, 4900),
        (
            {"completion_tokens": 20, "total_tokens": 5000, "completion_tokens_details": {"reasoning_tokens": 4880}},
            4900,
        ),
        ({"completion_tokens": 20, "completion_tokens_details": {"reasoning_tokens": 4880}}, 4900),
        ({"completion_tokens": 20, "reasoning_tokens": "4880"}, 4900),
        ({"completion_tokens": 4900, "completion_tokens_details": {"reasoning_tokens": 4880}}, 4900),
        ({"completion_tokens": 20, "total_tokens": 120}, 20),
        ({"completion_tokens": 20, "total_tokens": 3}, 20),
        ({"completion_tokens": 20, "completion_tokens_details": {"reasoning_tokens": -1}}, 20),
        ({"completion_tokens": 20, "completion_tokens_details": None}, 20),
        ({"total_tokens": 2148}, 2048),
        ({"output_tokens": 20}, 20),
    ],
)
def test_hidden_tokens_are_billed(told: dict[str, Any], said: int) -> None:
    """Where the total has them, or they are counted by themselves; once, where they are among the others."""
    assert usage_of({"prompt_tokens": 100, **told}) == Usage(100, said)


@given(anything, anything)
def test_a_count_makes_nothing_negative_and_nothing_raise(asked: object, said: object) -> None:
    """Whatever is sent in its place."""
    try:
        usage = usage_of({"prompt_tokens": asked, "completion_tokens": said})
    except ValueError:
        return
    assert usage is None or (usage.prompt_tokens >= 0 and usage.completion_tokens >= 0)


def body(**told: Any) -> bytes:
    """A response."""
    message = {"role": "assistant", "content": "Rating: [[7]]"}
    return json.dumps({"choices": [{"message": message, "finish_reason": "stop"}], **told}).encode()


def test_nothing_counted_for_what_was_said_is_no_count() -> None:
    """Else a limit would take such calls for free; an empty reply may well be of no tokens."""
    assert usage_of({"prompt_tokens": 0, "completion_tokens": 3}) is None
    assert completion(body(usage={"prompt_tokens": 9, "completion_tokens": 0})).usage is None
    silent = {"message": {"role": "assistant", "content": ""}, "finish_reason": "stop"}
    assert completion(body(choices=[silent], usage={"prompt_tokens": 9, "completion_tokens": 0})).usage == Usage(9, 0)


def test_a_reply_with_an_impossible_count_is_a_failure_that_keeps_its_text() -> None:
    """It is not asked for again, since it may have been billed."""
    said = completion(body(usage={"prompt_tokens": -5, "completion_tokens": 3}))
    assert (said.text, said.usage) == ("Rating: [[7]]", None)
    assert said.failure
    assert "it counts fewer than no tokens" in said.failure.message


@pytest.mark.parametrize(
    "data", [b"[" * 200_000, b'{"a":' * 200_000, b'{"choices": ' + b"9" * 5000 + b"}", b"\xff\xfe", b"", b"null", b"7"]
)
def test_a_body_that_cannot_be_read_is_one_calls_failure(data: bytes) -> None:
    """And never an exception of another kind."""
    with pytest.raises(TryAgain):
        completion(data)
