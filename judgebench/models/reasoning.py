"""What a model thinks before it answers, apart from the answer; pure."""

import re

_BEGIN, _END = "<think>", "</think>"
_OWN_LINE = re.compile(rf"^[ \t]*{_END}[ \t]*$", re.MULTILINE)


def begins(prompt: str) -> bool:
    """Whether a rendered prompt ends where reasoning begins, as some chat templates do: the model only closes it."""
    return prompt.rstrip().endswith(_BEGIN)


def split(text: str, begun: bool = False) -> tuple[str | None, str]:
    """Reasoning and answer; (None, text) where there is none.

    It is reasoning only where it stands first: between <think> and the first </think>, or up to a </think> on a line
    of its own where the template began it (`begun`: wherever the </think> stands). Reasoning that was cut off before
    its end leaves an empty answer. Tags inside an answer are the answer's.
    """
    told = text.lstrip()
    opened = told.startswith(_BEGIN)
    inner = told.removeprefix(_BEGIN)
    if opened or begun:
        thought, _, answer = inner.partition(_END)
    else:
        end = _OWN_LINE.search(inner)
        if end is None:
            return None, text
        thought, answer = inner[: end.start()], inner[end.end() :]
    return thought.strip() or None, answer.strip()
