"""Full-text search without a server: an inverted index in pieces, of which a search loads one per word. Pure.

A document is a question (with its id and category), or one model's answers to it. Its number is
`question * (models + 1) + place`, with place 0 for the question itself and models counted from 1. A piece maps words to
the documents that hold them, each number less the one before it. `static/search.js` reads texts by the same rules.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from judgebench.site.text.markdown import LIMIT
from judgebench.site.views import Piece

_LONGEST = 24  # characters of a word that count
_PER_PIECE = 20_000  # entries
_MOST = 64  # pieces
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_UNSPACED}]+|[^\W{_UNSPACED}]+")
_FIRST = re.compile(f"[{_UNSPACED}]")


def words(text: str) -> set[str]:
    """The words of a text, in small letters; of a script without spaces, each letter with the one that follows it."""
    plain = unicodedata.normalize("NFKC", text).lower()
    found = set(_WORD.findall(plain))
    joined = {run for run in found if not run.isascii() and _FIRST.match(run)}
    pairs = {run[place : place + 2] for run in joined for place in range(len(run))}
    return {word[:_LONGEST] for word in found - joined} | pairs


def place(word: str, pieces: int) -> int:
    """Which piece holds a word: that of its first two letters, or of the first alone where it isn't ASCII."""
    known = word[:2] if word[0].isascii() else word[0]
    return sum(ord(letter) * weight for letter, weight in zip(known, (1, 31), strict=False)) % pieces


@dataclass
class Index:
    """The words of a site's questions and answers; documents are added by rising number."""

    found: dict[str, list[int]] = field(default_factory=dict)

    def add(self, document: int, texts: Iterable[str]) -> None:
        """The words of a document, of as much of each text as pages show."""
        for word in words("\n".join(text[:LIMIT] for text in texts)):
            self.found.setdefault(word, []).append(document)

    @property
    def pieces(self) -> int:
        """How many pieces there are: as few as leave each small."""
        return min(_MOST, 1 + sum(map(len, self.found.values())) // _PER_PIECE)

    def written(self) -> Iterator[Piece]:
        """All pieces, `pieces/search/NUMBER.js`."""
        pieces = self.pieces
        held: list[dict[str, Any]] = [{} for _ in range(pieces)]
        for word, documents in sorted(self.found.items()):
            held[place(word, pieces)][word] = _steps(documents)
        for number, one in enumerate(held):
            yield Piece(f"pieces/search/{number}.js", f"search/{number}", one)


def _steps(numbers: list[int]) -> list[int]:
    return [after - before for before, after in zip([0, *numbers], numbers, strict=False)]
