"""Tokens -> what a model says."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from judgebench.models import reasoning


def text_of(tokenizer: Any, tokens: Sequence[int]) -> str:
    """The text without special tokens, but for those that mark reasoning: they have to be seen to take it off."""
    left_out, marks = _special(tokenizer)
    if marks.isdisjoint(tokens):
        return str(tokenizer.decode(tokens, skip_special_tokens=True))
    shown = [token for token in tokens if token not in left_out]
    return str(tokenizer.decode(shown, skip_special_tokens=False))


@lru_cache(maxsize=8)
def _special(tokenizer: Any) -> tuple[frozenset[int], frozenset[int]]:
    """The special tokens that show nothing, and those that mark reasoning."""
    special = {token: str(added) for token, added in tokenizer.added_tokens_decoder.items() if added.special}
    marks = frozenset(token for token, text in special.items() if reasoning.is_mark(text, special.values()))
    return frozenset(special) - marks, marks
