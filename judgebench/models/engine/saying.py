"""Tokens -> what a model says."""

from collections.abc import Sequence
from typing import Any

from judgebench.models import reasoning


def text_of(tokenizer: Any, tokens: Sequence[int]) -> str:
    """The text without special tokens, but for those that mark reasoning: they have to be seen to take it off."""
    added = getattr(tokenizer, "added_tokens_decoder", {})  # what is no tokenizer of transformers may have none
    special = {token: str(one) for token, one in added.items() if one.special}
    marks = {token for token, text in special.items() if reasoning.is_mark(text, special.values())}
    if marks.isdisjoint(tokens):
        return str(tokenizer.decode(tokens, skip_special_tokens=True))
    shown = [token for token in tokens if token in marks or token not in special]
    return str(tokenizer.decode(shown, skip_special_tokens=False))
