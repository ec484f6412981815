"""How a text ended is told from the endpoint's word, whatever the endpoint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.tables.endings import ending, of_both


@pytest.mark.parametrize(
    "word",
    [
        *("stop", "end_turn", "eos", "eos_token", "STOP", "stop_sequence", "COMPLETE", "completed", "END_OF_TURN"),
        *("FINISH_REASON_STOP", "FinishReason.STOP", "stop-sequence", " stop ", "", None, "null", "None"),
        *("eos_found", "finished"),
    ],
)
def test_natural_ends(word: str | None) -> None:
    """And no word at all, as of servers that say nothing."""
    assert ending(word) == "natural"


@pytest.mark.parametrize(
    "word",
    [
        *("length", "max_tokens", "MAX_TOKENS", "model_length", "max_output_tokens", "LENGTH", "token_limit"),
        *("model_context_window_exceeded", "incomplete", "truncated", "FinishReason.MAX_TOKENS", "MaxTokens"),
    ],
)
def test_cuts(word: str) -> None:
    """At whatever limit."""
    assert ending(word) == "cut"


@pytest.mark.parametrize("word", ["content_filter", "SAFETY", "refusal", "RECITATION", "PROHIBITED_CONTENT", "SPII"])
def test_filters(word: str) -> None:
    """They stop what they don't like."""
    assert ending(word) == "refused"


@pytest.mark.parametrize(
    "word",
    [
        *("error", "tool_calls", "function_call", "tool_use", "abort", "cancelled", "OTHER", "load"),
        *("FINISH_REASON_UNSPECIFIED", "unspecified", "LANGUAGE", "MALFORMED_FUNCTION_CALL", "pause_turn"),
    ],
)
def test_everything_else_is_a_failure(word: str) -> None:
    """Also a word that nobody knows."""
    assert ending(word) == "failed"


@pytest.mark.parametrize(
    ("finish_reason", "native", "both"),
    [
        ("stop", "error", "error"),
        ("stop", "model_length", "model_length"),
        ("stop", "insufficient_system_resource", "insufficient_system_resource"),
        ("stop", "safety", "safety"),
        *(("stop", word, word) for word in ("FINISH_REASON_UNSPECIFIED", "MALFORMED_RESPONSE", "TOO_MANY_TOOL_CALLS")),
        *(
            ("stop", word, word)
            for word in ("UNEXPECTED_TOOL_CALL", "MISSING_THOUGHT_SIGNATURE", "OTHER", "pause_turn")
        ),
        ("stop", "eos", "stop"),
        ("stop", "", "stop"),
        ("stop", "<|im_end|>", "stop"),
        ("stop", "unknown", "stop"),
        ("length", "error", "length"),
        ("length", "stop", "length"),
        ("content_filter", "SAFETY", "content_filter"),
    ],
)
def test_the_word_of_whoever_stands_behind_a_proxy(finish_reason: str, native: str, both: str) -> None:
    """Where the proxy calls a cut or a failure a natural end; a word that nobody knows changes nothing."""
    assert of_both(finish_reason, native) == both


@given(st.text())
def test_any_word_ends_somehow(word: str) -> None:
    """Whatever an endpoint says."""
    assert ending(word) in ("natural", "cut", "refused", "failed")
