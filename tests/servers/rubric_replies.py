"""What a judge says by a rubric, planted in answers: the criteria that an answer meets stand in it as MEETS(1,3)."""

import json
import re
from collections.abc import Sequence

from judgebench.tables.records import Rubric


def answer(*met: int, words: str = "The sea is deep.") -> str:
    """An answer that meets these criteria, by their numbers; the others it doesn't."""
    return f"{words} MEETS({','.join(map(str, met))})"


def reply(rubric: Rubric, met: Sequence[int], quote: str = "The sea is deep") -> str:
    """What a judge says of such an answer."""
    said = {
        str(number): {"quote": quote if number in met else "", "met": number in met}
        for number in range(1, len(rubric) + 1)
    }
    return json.dumps({"criteria": said})


def replies(rubric: Rubric, answers: Sequence[str]) -> list[tuple[str, str]]:
    """The server's replies to the prompts that show these answers."""
    found = [re.search(r"MEETS\(([\d,]*)\)", text) for text in answers]
    return [
        (text, reply(rubric, [int(one) for one in held[1].split(",") if one]))
        for text, held in zip(answers, found, strict=True)
        if held
    ]
