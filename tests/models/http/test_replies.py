"""What a response says: its text apart from its reasoning, in all the forms that endpoints have, and how it ended."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.models import Completion
from judgebench.models.http.replies import completion
from judgebench.models.http.runner import TryAgain


def said(message: Any, **choice: Any) -> Completion:
    """What a response with this message says."""
    return completion(json.dumps({"choices": [{"finish_reason": "stop", "message": message, **choice}]}).encode())


THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm [[3]]."}]}
TEXT = {"type": "text", "text": "[[7]]"}


@pytest.mark.parametrize(
    "message",
    [
        {"content": [THOUGHT, TEXT]},
        {"content": [{"type": "thinking", "thinking": "Hm [[3]]."}, TEXT]},
        {"content": [{"type": "reasoning", "text": "Hm [[3]]."}, TEXT]},
        {"content": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm [[3]]."}]}, TEXT]},
        {"content": [THOUGHT, {"type": "output_text", "text": "[[7]]", "annotations": []}]},
        {"content": [THOUGHT, {"type": "text", "text": "[["}, {"type": "text", "text": "7]]"}]},
        {"content": [THOUGHT, "[[7]]"]},
        {"content": [THOUGHT, {"text": "[[7]]"}]},
        {"content": [THOUGHT, {"type": "reference", "reference_ids": [1]}, TEXT]},
        {"content": [{"type": "text", "text": "<think>Hm [[3]].</think>[[7]]"}]},
        {"content": "<think>Hm [[3]].</think>[[7]]"},
        {"content": "Hm [[3]].</think>\n[[7]]"},
        {"content": "[THINK]Hm [[3]].[/THINK][[7]]"},
        {"content": "[[7]]", "reasoning_content": "Hm [[3]]."},
        {"content": "[[7]]", "reasoning": "Hm [[3]]."},
        {"content": "[[7]]", "thinking": "Hm [[3]]."},
        {"content": [{"reasoning": "Hm [[3]]."}, TEXT]},
        {"content": [{"text": "Hm [[3]].", "thought": True}, {"text": "[[7]]"}]},
        {"content": {"parts": [{"text": "Hm [[3]].", "thought": True}, {"text": {"value": "[[7]]"}}]}},
        {"content": "[[7]]", "reasoning_details": [{"type": "reasoning.text", "text": "Hm [[3]]."}]},
        {"content": "[[7]]", "thinking_blocks": [{"type": "thinking", "thinking": "Hm [[3]].", "signature": "x"}]},
    ],
    ids=json.dumps,
)
def test_reasoning_is_kept_apart_in_whatever_form_it_comes(message: dict[str, Any]) -> None:
    """As tags, as chunks, or in a field of its own."""
    assert (said(message).text, said(message).reasoning) == ("[[7]]", "Hm [[3]].")


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": None}, ""),
        ({"content": []}, ""),
        ({"content": [THOUGHT]}, ""),
        ({"content": [{"type": "image_url", "image_url": {}}]}, ""),
        ({"content": {"type": "text", "text": "Yes."}}, "Yes."),
        ({"content": None, "refusal": "No."}, "No."),
        ({"content": [{"type": "refusal", "refusal": "No."}]}, "No."),
        ({}, ""),
    ],
)
def test_what_has_no_text_is_an_empty_one(message: dict[str, Any], text: str) -> None:
    """It was paid for, and is not asked for again and again."""
    assert said(message).text == text


@pytest.mark.parametrize("message", ["Yes.", None, {"content": 7}, {"content": True}, {"content": [7]}])
def test_what_is_no_message_may_pass(message: Any) -> None:
    """It is tried again."""
    with pytest.raises(TryAgain):
        said(message)


@pytest.mark.parametrize(
    ("choice", "kind", "words"),
    [
        ({"finish_reason": "error"}, "failed", "error"),
        ({"finish_reason": "error", "error": {"code": 502, "message": "upstream is gone"}}, "failed", "502 upstream"),
        ({"finish_reason": "stop", "error": {"message": "upstream is gone"}}, "failed", "upstream is gone"),
        ({"finish_reason": None, "error": "upstream is gone"}, "failed", "upstream is gone"),
        ({"finish_reason": "length", "error": {"message": "upstream is gone"}}, "failed", "upstream is gone"),
        ({"finish_reason": "error", "error": {"code": 502}, "message": None}, "failed", "502"),
        ({"provider_specific_fields": {"native_finish_reason": "abort"}}, "failed", "abort"),
        ({"provider_specific_fields": {"error": {"message": "upstream is gone"}}}, "failed", "upstream is gone"),
        ({"native_finish_reason": "RECITATION"}, "refused", "RECITATION"),
        ({"native_finish_reason": "model_length"}, None, ""),
        ({"native_finish_reason": "<|im_end|>", "provider_specific_fields": None}, None, ""),
        ({"finish_reason": "tool_calls"}, "failed", "tool_calls"),
        ({"finish_reason": ["stop"]}, "failed", "stop"),
        ({"finish_reason": "content_filter"}, "refused", "content filter"),
        ({"finish_reason": "SAFETY"}, "refused", "SAFETY"),
        ({"finish_reason": "length"}, None, ""),
        ({"finish_reason": "STOP"}, None, ""),
        ({"finish_reason": None}, None, ""),
        ({"finish_reason": ""}, None, ""),
    ],
)
def test_how_it_ended_says_whether_it_failed(choice: dict[str, Any], kind: str | None, words: str) -> None:
    """With the endpoint's words."""
    told = said({"content": "Yes."}, **choice) if "message" not in choice else said(**choice)
    assert (told.failure and told.failure.kind) == kind
    assert told.failure is None or words in told.failure.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["type", "text", "thinking", "content"]), inner),
)


@given(JSON, JSON)
def test_no_message_makes_the_reading_raise_anything_else(content: Any, error: Any) -> None:
    """A text, or TryAgain."""
    try:
        told = said({"content": content, "reasoning_details": content}, error=error)
    except TryAgain:
        return
    assert isinstance(told.text, str)


WHOLE = json.dumps({"choices": [{"finish_reason": "stop", "message": {"content": "Yes."}}]}).encode()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (WHOLE.replace(b"Yes", b"Y\xffs"), "Y\ufffds."),
        (b"\xef\xbb\xbf" + WHOLE, "Yes."),
        (b": waiting\r\n\r\n" + WHOLE, "Yes."),
        (b"data: " + WHOLE + b"\r\n\r\ndata: [DONE]\r\n", "Yes."),
        (b"event: message\nid: 1\ndata: " + WHOLE + b"\n\n", "Yes."),
        (json.dumps(WHOLE.decode()).encode(), "Yes."),
    ],
)
def test_a_reply_that_can_be_read_is(data: bytes, text: str) -> None:
    """With a byte that is no letter, behind comments, as one event of a stream, or as a string."""
    assert (completion(data).text, completion(data).finish_reason) == (text, "stop")


@given(
    st.lists(st.sampled_from([b"data: ", b": x", b"event: y", b"\n", b"{}", b"[]", WHOLE, b"[DONE]", b'"', b"\xff"]))
)
def test_no_stream_makes_the_reading_raise_anything_else(parts: list[bytes]) -> None:
    """A text, or TryAgain."""
    try:
        told = completion(b"".join(parts))
    except TryAgain:
        return
    assert isinstance(told.text, str)


def test_a_string_to_stop_at_is_no_word_for_a_cut() -> None:
    """Some servers say at which one a reply stopped."""
    told = json.dumps({"choices": [{"finish_reason": "stop", "stop_reason": "limit", "message": {"content": "Yes."}}]})
    assert completion(told.encode(), {"stop": ["limit"]}).finish_reason == "stop"
    assert completion(told.encode()).finish_reason == "limit"
