"""The code in an answer; pure.

All fenced blocks that are marked as Python count, in their order: what a later one defines takes the place of what an
earlier one did. Where none is marked so, those without a mark count; where nothing is fenced, the whole answer does.
A block that begins as a session does (`>>>`) is none. One that is never closed goes to the end of the answer.
"""

import re
from collections.abc import Iterator

_FENCE = re.compile(r"[ \t]{0,8}(?P<mark>`{3,20}|~{3,20})[ \t]*(?P<word>[\w+#.-]{0,30})[^\n`]*")
_PYTHON = ("python", "py", "python3")


def python_blocks(answer: str) -> list[str]:
    """The blocks of code, without their fences; [] where the answer is fenced and none is Python."""
    found = [(word.lower(), text) for word, text in _fenced(answer) if not text.lstrip().startswith(">>>")]
    marked = [text for word, text in found if word in _PYTHON]
    plain = [text for word, text in found if not word]
    fenced = "```" in answer or "~~~" in answer
    return marked or plain or ([] if fenced or not answer.strip() else [answer])


def _fenced(answer: str) -> Iterator[tuple[str, str]]:
    opened, word = "", ""
    held: list[str] = []
    for line in answer.splitlines():
        fence = _FENCE.fullmatch(line)
        if not opened and fence:
            opened, word, held = fence["mark"], fence["word"], []
        elif opened and fence and fence["mark"].startswith(opened) and not fence["word"]:
            yield word, "\n".join(held) + "\n"
            opened = ""
        elif opened:
            held.append(line)
    if opened and held:
        yield word, "\n".join(held) + "\n"
