"""Prompts that a server cut before its model read them, told by the server's own count of tokens; pure.

Some servers drop what is beyond their context without a word. What a text takes at the least is a token a word, since
tokenizers don't join words, and of writing without spaces a token for four characters. docs/answers.md has how that
was measured. SHARE leaves room for tokenizers that do join words, which save a third of all tokens.
"""

import re
from collections.abc import Iterator
from typing import Any

from judgebench.models import Reply, Request, messages

PROMPT_CUT = "prompt_cut"  # where rows keep it, in `extra`
SHARE = 0.6  # of the fewest tokens: what is counted below was cut
LEAST = 200  # tokens: of less a count says little
_LONGEST = 32  # characters of one token, but for repeated ones
_RUN = re.compile(r"(.)\1{3,}", re.DOTALL)  # "=====" may be one token, however long
_WIDE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_TOGETHER = 4  # such characters in one token


def fewest_tokens(text: str) -> int:
    """About as few tokens as any tokenizer makes of a text."""
    rest, wide = _WIDE.subn(" ", _RUN.sub(r"\1", text))
    return wide // _TOGETHER + sum(1 + (len(word) - 1) // _LONGEST for word in rest.split())


def is_cut(text: str, counted: int) -> bool:
    """Whether a server that counted so many tokens can't have read all of a prompt; 0 is no count."""
    most = len(text.split()) + len(text) // (_LONGEST if text.isascii() else _TOGETHER)  # quicker, and never less
    if not counted or counted >= SHARE * most:
        return False
    fewest = fewest_tokens(text)
    return fewest >= LEAST and counted < SHARE * fewest


def cut_prompts(request: Request, reply: Reply) -> Iterator[dict[str, Any]]:
    """Each turn (counted from 1) whose prompt was cut, with its characters and the tokens that were counted."""
    said = [completion.text for completion in reply.billed]
    for turn, completion in enumerate(reply.billed, start=1):
        text = "\n".join(message.content for message in messages(request, said[: turn - 1]))
        if completion.usage and is_cut(text, completion.usage.prompt_tokens):
            yield {"turn": turn, "characters": len(text), "tokens": completion.usage.prompt_tokens}
