"""Characters as numbers: many texts end to end in one array, so that a mark is looked for in all of them at once."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from judgebench.embedded.text import Text
from judgebench.embedded.vocabulary import Array

_GAP = b"\n  "  # after each text: its last line ends, and no pattern of up to three characters goes on into the next
_BREAK, _TAB, _RETURN, _BLANK, _POINT, _ASKED, _CALLED = b"\n\t\r .?!"


class Characters:
    """The texts' first characters in UTF-8, end to end."""

    def __init__(self, texts: Sequence[Text]) -> None:
        parts = [text.raw for text in texts]
        self.codes = np.frombuffer(_GAP.join([*parts, b""]), np.uint8)
        self._bounds = np.cumsum([0, *(len(part) + len(_GAP) for part in parts)])

    def counted(self, marked: Array) -> Array:
        """How many characters of each text are marked; `marked` begins with the first one and may end early."""
        places = np.flatnonzero(marked).searchsorted(self._bounds)
        return np.asarray(places[1:] - places[:-1])

    @cached_property
    def breaks(self) -> Array:
        """Where a line ends."""
        return np.asarray(self.codes == _BREAK)

    @cached_property
    def _ended(self) -> Array:
        """Where a sentence ends before a blank."""
        mark = self.codes[:-1]
        return np.asarray(((mark == _POINT) | (mark == _ASKED) | (mark == _CALLED)) & (self.codes[1:] == _BLANK))

    def controls(self) -> Array:
        """Control characters that no text needs."""
        codes = self.codes
        return self.counted((codes < _BLANK) & ~self.breaks & (codes != _TAB) & (codes != _RETURN))

    def paragraphs(self) -> Array:
        """Where one or more lines are left blank."""
        breaks = self.breaks
        return self.counted(breaks[:-1] & breaks[1:] & ~np.concatenate([[False], breaks[:-2]]))

    def sentences(self) -> Array:
        """Sentences: what ends in a line or in a mark and a blank, blank lines left out."""
        breaks = self.breaks
        return self.counted(self._ended | (breaks[:-1] & ~breaks[1:]))

    def starts(self) -> tuple[Array, Array]:
        """Sentences, the first of a line left out, that begin with a small letter, and with any; of ASCII each."""
        after = np.where(self._ended[:-1], self.codes[2:], 0)
        small = after - ord("a") < 26
        return self.counted(small), self.counted(small | (after - ord("A") < 26))
