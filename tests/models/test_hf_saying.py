"""What a local model says: without special tokens, but with the marks of its reasoning, so that it is taken off."""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="hf: models need the extra `local`")

from models import tiny

from judgebench.models import reasoning
from judgebench.models.engine import Job, text_of
from judgebench.models.engine import rows as engine_rows
from judgebench.models.engine.limits import Limits

MISTRAL = ("[THINK]", "[/THINK]")
CHANNELS = ("<|channel|>", "<|message|>", "<|start|>", "<|end|>")


def tokenizer(folder: Path, *special: str) -> Any:
    """A tokenizer that has these as special tokens."""
    from transformers import AutoTokenizer

    made = AutoTokenizer.from_pretrained(tiny.tokenizer(folder, more=("analysis", "final", "assistant")))
    made.add_special_tokens({"additional_special_tokens": list(special)})
    return made


def said(tokens: Any, *words: str) -> str:
    """The text of tokens that were drawn."""
    return text_of(tokens, tokens.convert_tokens_to_ids(list(words)))


def test_markers_that_are_special_tokens_are_seen(tmp_path: Path) -> None:
    """Else a thought would run into the answer."""
    tokens = tokenizer(tmp_path, *MISTRAL)
    text = said(tokens, "[THINK]", "what", "is", "[/THINK]", "hello", "</s>")
    assert reasoning.split(text) == ("what is", "hello")
    assert said(tokens, "<s>", "hello", "</s>") == "hello"


def test_channels_are_seen(tmp_path: Path) -> None:
    """Only the final one is the answer."""
    tokens = tokenizer(tmp_path, *CHANNELS)
    thought = ("<|channel|>", "analysis", "<|message|>", "what", "is", "<|end|>")
    answer = ("<|start|>", "assistant", "<|channel|>", "final", "<|message|>", "hello")
    assert reasoning.split(said(tokens, *thought, *answer)) == ("what is", "hello")
    assert reasoning.split(said(tokens, *thought)) == ("what is", "")


def stopped(tokens: Any, stop: tuple[str, ...], *words: str) -> tuple[str, str | None]:
    """What a row says that draws these tokens until it ends, and why it did."""
    row = engine_rows.Row.of(Job(0, (4,), 20, stop=stop))
    endings = engine_rows.Endings(tokens, frozenset(), Limits())
    for token in tokens.convert_tokens_to_ids(list(words)):
        row.reason = endings.take(row, token)
        if row.reason:
            break
    return endings.text(row).strip(), row.reason


def test_an_answer_stops_at_a_special_token(tmp_path: Path) -> None:
    """Though none shows in a text: alone, behind text, or with others about it; another one stops nothing."""
    tokens = tokenizer(tmp_path, "<|eot_id|>", "<|tool|>")
    words = ("hello", "<|tool|>", "world", "<|eot_id|>", "what")
    assert stopped(tokens, ("<|eot_id|>",), *words) == ("hello world", "stop")
    assert stopped(tokens, ("never", "world <|eot_id|>"), *words) == ("hello", "stop")
    assert stopped(tokens, ("<|eot_id|> hello",), *words) == ("hello world  what", None)
    assert stopped(tokens, ("what",), *words) == ("hello world", "stop")


def test_other_special_tokens_show_nothing(tmp_path: Path) -> None:
    """Also one that marks a channel's end in models that have channels."""
    tokens = tokenizer(tmp_path, "<|end|>", "<tool>")
    assert said(tokens, "hello", "<|end|>", "<tool>", "world") == "hello world"
