"""A number for each word, so that arrays of numbers stand for texts.

Which number a word has depends on what was read before; what is found never does, since numbers are only ever compared
for being the same. Sixteen bits hold one, and 64 a run of four: nothing is hashed, nothing is taken for another.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from judgebench.embedded.text import STOPWORDS, Text, stem

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
MOST = 1 << 16  # words that a vocabulary has numbers for
BITS, MASK = 16, MOST - 1
_KEY = 8  # bytes of a word that one whole number holds, of which two are looked up
_KEPT = np.array([(1 << 8 * size) - 1 for size in range(_KEY + 1)], np.uint64)  # by size, the bytes that are the word's
_SLOTS = 2 * MOST
_FACTOR, _SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(64 - 17)  # Fibonacci hashing, to the 17 bits of a slot
_BLANK, _NEXT = b" \n"  # between two words, and between two texts
NO_STEM = 0  # the number of the stem of words without meaning

OPENERS = frozenset(("a", "an", "the", "my", "your", "his", "her", "our", "their", "every"))
_NO_NOUN_WORDS = """
a an the and or but of to in on at by for from with is are was were be been has have had do does did will would can
could should may might must that which who whom because if than then there these those this it they them we us he him
she i you what how why where when not
"""
NO_NOUN = frozenset(_NO_NOUN_WORDS.split())  # a noun phrase opened by an article does not go on with these
_MARKS = frozenset(("score", "rating", "mark", "grade"))
_TEN = frozenset(("10", "ten"))
_GRADERS = frozenset(("judge", "evaluator", "grader"))
FUNCTION, LABEL, IGNORING, GRADING = (1 << bit for bit in range(4))  # kinds of words
_KINDS: tuple[tuple[int, frozenset[str]], ...] = (
    (FUNCTION, STOPWORDS),
    (LABEL, frozenset(("human", "user", "assistant", "instruction"))),
    (IGNORING, frozenset(("ignore",))),
    (GRADING, _MARKS | _GRADERS | {"grading", "verdict", "rate", "ignore"}),
)
# Kinds of pairs: no noun phrase after an article; what may be said to a grader; what may be said in refusing.
BROKEN, ADDRESSING, REFUSING = 1, 0b111110, 0b111000000
_PAIRS: tuple[tuple[frozenset[str], frozenset[str]], ...] = (
    (OPENERS, NO_NOUN),
    (frozenset(("highest", "top", "perfect", "maximum", "full", "possible")), _MARKS),
    (frozenset(("the", "a", "an", "dear", "to", "as")), _GRADERS),
    (frozenset(("finished", "of", "final")), _TEN | {"grading"}),
    (_TEN | {"rating", "score", "verdict"}, _TEN),
    (frozenset(("rate", "score", "grade")), frozenset(("this", "the", "my"))),
    (frozenset(("i",)), frozenset(("cannot", "cant", "can", "am", "apologize", "do", "dont"))),
    (frozenset(("im",)), frozenset(("sorry", "unable", "just", "not"))),
    (frozenset(("an", "language", "not")), frozenset(("ai", "model", "appropriate", "able"))),
)


class FullError(Exception):
    """All numbers are taken."""


class Vocabulary:
    """Numbers for words and, by number, what is known of a word by itself.

    Words of up to 16 bytes, nearly all, are looked up together, as two whole numbers each, in a table with open
    addressing: the next slot is tried where another word has the slot.
    """

    def __init__(self) -> None:
        self.count = 0
        self.stems = np.zeros(MOST, np.int64)  # the number of the word's stem; NO_STEM for none
        self.lengths, self.carried = np.zeros((2, MOST), np.int64)  # letters, and the same but 0 for function words
        self.kinds = np.zeros(MOST, np.uint8)  # the kinds above, a bit each
        self.leads, self.follows = np.zeros((2, MOST), np.uint16)  # the pairs above that it is the first, the second of
        self._stem_numbers = {"": NO_STEM}
        self._first, self._second = np.zeros((2, _SLOTS), np.uint64)  # the bytes of the word in each slot, and
        self._numbers = np.full(_SLOTS, -1)  # its number, or none
        self._longer: dict[bytes, int] = {}

    def read(self, texts: Sequence[Text]) -> list[Array]:
        """The numbers of each text's words, in order, which a text remembers; FullError where there is none left."""
        new = list({id(text): text for text in texts if text.numbered is None or text.numbered[0] is not self}.values())
        for text, numbers in zip(new, self._read(new), strict=True):
            text.numbered = self, numbers
        return [text.numbered[1] for text in texts if text.numbered]

    def _read(self, texts: Sequence[Text]) -> list[Array]:
        joined = b"\n".join([*(text.spaced for text in texts), bytes(2 * _KEY)])
        codes = np.frombuffer(joined, np.uint8)
        inside = codes > _BLANK
        turns = np.flatnonzero(inside[1:] != inside[:-1]) + 1  # where words begin and end by turns
        if inside[0]:
            turns = np.concatenate([[0], turns])
        starts, sizes = turns[::2], turns[1::2] - turns[::2]
        numbers = self._look_up(joined, starts, sizes)
        for i in np.flatnonzero(sizes > 2 * _KEY).tolist():
            word = joined[starts[i] : starts[i] + sizes[i]]
            numbers[i] = self._longer[word] if word in self._longer else self._longer.setdefault(word, self._add(word))
        bounds = [0, *np.searchsorted(starts, np.flatnonzero(codes == _NEXT)).tolist()]
        return [numbers[start:end] for start, end in pairwise(bounds)]

    def _look_up(self, joined: bytes, starts: Array, sizes: Array) -> Array:
        """The numbers of the words of up to 16 bytes; of the others, anything."""
        eights = np.ndarray((len(joined) - _KEY + 1,), "<u8", joined, strides=(1,))
        first = eights.take(starts) & _KEPT.take(sizes, mode="clip")
        second, long = np.zeros_like(first), np.flatnonzero(sizes > _KEY)
        second[long] = eights.take(starts[long] + _KEY) & _KEPT.take(sizes[long] - _KEY, mode="clip")
        slots = ((first * _FACTOR ^ second) * _FACTOR >> _SHIFT).astype(np.int64)
        numbers = self._numbers[slots]
        same = (self._first[slots] == first) & (self._second[slots] == second) & (numbers >= 0)
        left = np.flatnonzero(~same & (sizes <= 2 * _KEY))
        while len(left):
            at = slots[left]
            found = self._numbers[at]
            same = (self._first[at] == first[left]) & (self._second[at] == second[left]) & (found >= 0)
            numbers[left[same]] = found[same]
            for i in left[found < 0].tolist():
                numbers[i] = self._enter(int(slots[i]), first[i], second[i], joined[starts[i] : starts[i] + sizes[i]])
            left = left[(found >= 0) & ~same]
            slots[left] = slots[left] + 1 & _SLOTS - 1
        return numbers

    def _enter(self, slot: int, first: np.uint64, second: np.uint64, spelled: bytes) -> int:
        """The number of a word that was not in the table a moment ago."""
        while self._numbers[slot] >= 0:
            if self._first[slot] == first and self._second[slot] == second:
                return int(self._numbers[slot])
            slot = slot + 1 & _SLOTS - 1
        self._first[slot], self._second[slot], self._numbers[slot] = first, second, self._add(spelled)
        return int(self._numbers[slot])

    def _add(self, spelled: bytes) -> int:
        if self.count == MOST:
            raise FullError
        word, number = spelled.decode(), self.count
        self.count += 1
        self.stems[number] = self._stem_numbers.setdefault(stem(word), len(self._stem_numbers))
        self.lengths[number] = len(word)
        self.carried[number] = 0 if word in STOPWORDS else len(word)
        self.kinds[number] = sum(kind for kind, words in _KINDS if word in words)
        self.leads[number] = sum(1 << i for i, (words, _) in enumerate(_PAIRS) if word in words)
        self.follows[number] = sum(1 << i for i, (_, words) in enumerate(_PAIRS) if word in words)
        return number
