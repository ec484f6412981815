"""What an answer looks like apart from what it says: its length and its Markdown, counted.

The features are those of Chatbot Arena's style control (length, headers, bold, list items; LMSYS, "Does style
matter?", August 2024), and code blocks. Markdown inside a code block is code and is not counted, as there.
"""

import re
from collections.abc import Iterable

import pandas as pd

FEATURES = ("length", "headers", "bold", "list_items", "code_blocks")
PLACE = ("question_set", "question_id", "model", "turn", "choice")

# A fence that is never closed runs to the end (CommonMark 4.5). Every pattern is linear: answers are hostile text.
_CODE = re.compile(r"^[ \t]*(```|~~~)[^\n]*(?:\n(?:.*?^[ \t]*\1[`~]*[ \t\r]*$|.*)|\Z)", re.MULTILINE | re.DOTALL)
# They begin with the line end before the line, since a pattern that begins with ^ is tried at every character.
_HEADER = re.compile(r"\n {0,3}#{1,6}[ \t]")
# Both ways to be bold begin with a character, so that the others are skipped; (?<!\w_) is what stands before the two.
_STARS, _UNDERSCORES = r"\*\*(?=\S)[^*\n]+(?<=\S)\*\*", r"_(?<!\w_)_(?=\S)[^_\n]+(?<=\S)__(?!\w)"
_BOLD = {  # by which of the two there are, as one of them is found much faster
    (True, False): re.compile(_STARS),
    (False, True): re.compile(_UNDERSCORES),
    (True, True): re.compile(f"{_STARS}|{_UNDERSCORES}"),
}
_LIST_ITEM = re.compile(r"\n[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+[^\s*-]")


def features(text: str) -> dict[str, float]:
    """What one turn of an answer looks like, by the names of FEATURES.

    `length`: characters, as AlpacaEval 2 counts it, which needs no tokenizer and treats all models alike. `headers`:
    lines that begin with one to six #. `bold`: spans in ** or __ on one line. `list_items`: lines that begin with a
    bullet or a number. `code_blocks`: fenced ones.
    """
    prose, blocks = _CODE.subn("", text) if "```" in text or "~~~" in text else (text, 0)
    lines = f"\n{prose}"
    headers = len(_HEADER.findall(lines)) if "#" in prose else 0
    marked = ("**" in prose, "__" in prose)
    bold = len(_BOLD[marked].findall(prose)) if any(marked) else 0
    counts = (len(text), headers, bold, len(_LIST_ITEM.findall(lines)), blocks)
    return dict(zip(FEATURES, map(float, counts), strict=True))


def features_frame(answers: Iterable[tuple[str, str, str, int, int, str]]) -> pd.DataFrame:
    """One row per turn of an answer, columns PLACE and FEATURES, from the values of PLACE and the text.

    Turns count from 1. Of several texts with the same place the last one counts.
    """
    last = {answer[:-1]: answer[-1] for answer in answers}
    rows = [(*place, *features(text).values()) for place, text in last.items()]
    return pd.DataFrame(rows, columns=[*PLACE, *FEATURES])
