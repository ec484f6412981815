"""The words of many texts, end to end in arrays, so that one call of numpy looks at all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from judgebench.embedded.text import Text
from judgebench.embedded.vocabulary import BITS, MASK, NO_STEM, Array, Vocabulary


@dataclass(frozen=True)
class Bag:
    """Distinct things of each text: sorted by text, then by their keys; those of text i begin at bounds[i]."""

    keys: Array
    texts: Array
    bounds: Array

    def of(self, text: int) -> Array:
        """Those of one text."""
        return self.keys[self.bounds[text] : self.bounds[text + 1]]

    def overlaps(self, others: Sequence[Array]) -> Array:
        """How many keys of text i are in others[i], which has every key once, in order."""
        if all(other is others[0] for other in others):  # as where many answers to one question are looked at
            keys = self.keys[: self.bounds[len(others)]]
            return np.bincount(self.texts[: len(keys)][_among(keys, others[0])], minlength=len(others))
        sides = [sorted((self.of(i), other), key=len) for i, other in enumerate(others)]
        return np.array([np.count_nonzero(_among(few, many)) for few, many in sides], np.int64)

    @property
    def sizes(self) -> Array:
        """How many each text has."""
        return np.asarray(self.bounds[1:] - self.bounds[:-1])


class Words:
    """The words of some texts, end to end."""

    def __init__(self, texts: Sequence[Text], vocabulary: Vocabulary) -> None:
        parts = vocabulary.read(texts)
        self.vocabulary, self.count = vocabulary, len(parts)
        self._all = np.arange(self.count + 1)
        self.sizes = np.fromiter(map(len, parts), np.int64, len(parts))
        self.numbers: Array = np.concatenate([np.zeros(0, np.int64), *parts])
        self.starts = np.cumsum(self.sizes) - self.sizes
        self.texts = np.repeat(self._all[:-1], self.sizes)  # which text each word belongs to
        self.places = np.arange(len(self.numbers)) - np.repeat(self.starts, self.sizes)

    @cached_property
    def kinds(self) -> Array:
        """The kinds of each word."""
        return self.vocabulary.kinds[self.numbers]

    @cached_property
    def letters(self) -> Array:
        """How many letters the words of each text have that are no function words."""
        sums = np.concatenate([[0], np.cumsum(self.vocabulary.carried[self.numbers])])
        return np.asarray(sums[self.starts + self.sizes] - sums[self.starts])

    @cached_property
    def leads(self) -> Array:
        """The kinds of pairs that each word can be the first of."""
        return self.vocabulary.leads[self.numbers]

    @cached_property
    def pairs(self) -> Array:
        """For each word but the last of all, the kinds of pairs that it makes with the next one."""
        both = self.leads[:-1] & self.vocabulary.follows[self.numbers[1:]]
        return np.where(self.texts[:-1] == self.texts[1:], both, 0)

    def counted(self, texts: Array) -> Array:
        """How often each text is named."""
        return np.bincount(texts, minlength=self.count)

    @cached_property
    def _firsts(self) -> Array:
        """Text, number and place of each word where it stands first in its text, sorted."""
        keys = np.sort(self.texts << 2 * BITS | self.numbers << BITS | self.places)
        return keys[_changes(keys >> BITS)]

    @cached_property
    def distinct(self) -> Bag:
        """The distinct words."""
        return self._bag(self._firsts >> BITS & MASK, self._firsts >> 2 * BITS)

    @cached_property
    def first(self) -> Array:
        """The place where each of the distinct words stands first in its text."""
        return np.asarray(self._firsts & MASK)

    @cached_property
    def stems(self) -> Bag:
        """The distinct stems of the words that carry meaning."""
        words = self.distinct
        keys = np.sort(words.texts << BITS | self.vocabulary.stems[words.keys])
        keys = keys[_changes(keys) & (keys & MASK != NO_STEM)]
        return self._bag(keys & MASK, keys >> BITS)

    def runs(self, length: int) -> Bag:
        """The distinct runs of `length` words, at most 4."""
        last = max(0, len(self.numbers) - length + 1)
        keys = np.zeros(last, np.int64)
        for step in range(length):
            keys = keys << BITS | self.numbers[step : step + last]
        inside = self.texts[:last] == self.texts[length - 1 :]
        keys, texts = keys[inside], self.texts[:last][inside]
        for start, end in pairwise(self._bounds(texts).tolist()):
            keys[start:end].sort()
        new = _changes(keys) | _changes(texts)
        return self._bag(keys[new], texts[new])

    def _bag(self, keys: Array, texts: Array) -> Bag:
        return Bag(keys, texts, self._bounds(texts))

    def _bounds(self, texts: Array) -> Array:
        """Where what belongs to each text begins, given the text that each thing belongs to, in order."""
        return texts.searchsorted(self._all)


def _changes(keys: Array) -> Array:
    """Whether each key differs from the one before it."""
    new = np.ones(len(keys), bool)
    new[1:] = keys[1:] != keys[:-1]
    return new


def _among(keys: Array, others: Array) -> Array:
    """Which of the keys are among the others, which are in order."""
    return (
        np.asarray(others.take(others.searchsorted(keys), mode="clip") == keys)
        if len(others)
        else np.zeros(len(keys), bool)
    )
