"""Tokens -> what a model says."""

from collections.abc import Collection, Sequence
from typing import Any

from judgebench.models import reasoning


def special_tokens(tokenizer: Any) -> dict[int, str]:
    """The ids and names of special tokens, which never show in a text unless they are asked for."""
    added = getattr(tokenizer, "added_tokens_decoder", {})  # what is no tokenizer of transformers may have none
    return {token: str(one) for token, one in added.items() if one.special}


def text_of(tokenizer: Any, tokens: Sequence[int], shown: Collection[int] = ()) -> str:
    """The text without special tokens, but for those to be `shown`, and those that mark reasoning: it is taken off."""
    special = special_tokens(tokenizer)
    marks = {token for token, text in special.items() if reasoning.is_mark(text, special.values())}.union(shown)
    if marks.isdisjoint(tokens):
        return str(tokenizer.decode(tokens, skip_special_tokens=True))
    return str(
        tokenizer.decode(
            [token for token in tokens if token in marks or token not in special], skip_special_tokens=False
        )
    )
