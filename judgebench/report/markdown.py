"""Anybody's text in GitHub's Markdown: shown as it is, and never obeyed.

GitHub looks for no HTML, link, image, mention or emoji in a code span. That ends at a backtick, and a table's cell at a
bar, so that these two are shown there as their likes. In prose the signs that mean something are written by number.
"""

import re
from collections.abc import Iterable, Sequence

from judgebench.terminal import cut, line

_LIKES = str.maketrans({"`": "\u02cb", "|": "\u00a6"})
_JOINER = "\u2060"  # shows nothing, and breaks up what GitHub would make a link or a mention of
_LINKS = re.compile(r"(?<=@)|(?<=#)|(?<=:)(?=/)|(?<=[Ww]{3})(?=\.)")
_SIGNS = re.compile(r"[\\`*\[\]<>&|~@#$]|:(?=\S)|!(?=\[)|(?<![^\W_])_|_(?![^\W_])")
_CUT = 400


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows))


def code(text: str) -> str:
    """Anybody's text as a code span of one line, cut where it is long."""
    return f"`{cut(line(text), _CUT).translate(_LIKES).strip() or '-'}`"


def cell(text: object) -> str:
    """Anybody's text, with our words and figures or without, in a cell of a table or behind words of ours."""
    return _SIGNS.sub(_by_number, _LINKS.sub(_JOINER, line(str(text))))


def plain(text: str) -> str:
    """Anybody's text as a line of prose of its own: nor does it begin a list, a heading or a quotation."""
    return re.sub(r"^(\d*)([^\w\s&])", lambda found: found[1] + _by_number(found[2]), cell(text) or "-")


def _by_number(found: "re.Match[str] | str") -> str:
    return f"&#{ord(found[0])};"
