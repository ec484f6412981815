"""Some cases, measured together: their answers, those that hold code without it, and what they are compared with."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np

from judgebench.embedded.cases import Case
from judgebench.embedded.characters import Characters
from judgebench.embedded.text import LIMIT, Text
from judgebench.embedded.vocabulary import MOST, Array, FullError, Vocabulary
from judgebench.embedded.words import Bag, Words

CASES, COMPANIONS = 64, 62  # at most: a companion is a bit of a 64-bit number
WORDS = 4 * LIMIT  # of a batch at most: what a case may have, and fewer than a vocabulary has numbers for
WHOLE = 10_000  # what a share of 1 is

Companion = Callable[[Case], Text]


class Batch:
    """Cases, and their texts as arrays; what is computed of them is computed once."""

    def __init__(self, cases: Sequence[Case], vocabulary: Vocabulary) -> None:
        self.cases, self.count = cases, len(cases)
        answers = [case.answer for case in cases]
        proses = [answer.prose for answer in answers if answer.prose is not answer]
        companions = dict.fromkeys(text for case in cases for text in case.companions)
        after = iter(range(self.count, MOST))
        self._prose = np.array([i if text.prose is text else next(after) for i, text in enumerate(answers)])
        self.first = self.count + len(proses)  # of the companions
        self.places = {text: self.first + i for i, text in enumerate(companions)}  # of each in `words`
        self.words = Words([*answers, *proses, *companions], vocabulary)
        self.characters = Characters([*answers, *proses])
        self._placed: dict[Companion, Array] = {}
        self._runs: dict[int, Bag] = {}

    def each(self, measure: Callable[[Case], int]) -> Array:
        """A measure of each case by itself."""
        return np.fromiter(map(measure, self.cases), np.int64, self.count)

    def where(self, chosen: Array, measure: Callable[[Case], int]) -> Array:
        """A measure of the chosen cases only, and 0 of the others."""
        found = np.zeros(self.count, np.int64)
        for i in np.flatnonzero(chosen).tolist():
            found[i] = measure(self.cases[i])
        return found

    @cached_property
    def lengths(self) -> Array:
        """How many characters of each answer are read."""
        return self.each(lambda case: len(case.answer.head))

    @cached_property
    def sizes(self) -> Array:
        """How many words each answer has."""
        return self.words.sizes[: self.count]

    def counted(self, texts: Array) -> Array:
        """How often each answer's number is among `texts`."""
        return self.words.counted(texts)[: self.count]

    def in_prose(self, of_texts: Array) -> Array:
        """For each answer what is known of its text without code."""
        return np.asarray(of_texts[self._prose])

    @cached_property
    def distinct(self) -> "Beside":
        """The distinct words of the answers."""
        return Beside(self, self.words.distinct)

    @cached_property
    def stems(self) -> "Beside":
        """The distinct stems of the answers' words that carry meaning."""
        return Beside(self, self.words.stems)

    def runs(self, length: int) -> Bag:
        """The distinct runs of so many words."""
        if length not in self._runs:
            self._runs[length] = self.words.runs(length)
        return self._runs[length]

    def places_of(self, companion: Companion) -> Array:
        """Where in `words` each case's companion is."""
        if companion not in self._placed:
            self._placed[companion] = self.each(lambda case: self.places[companion(case)])
        return self._placed[companion]

    def shared(self, bag: Bag, companion: Companion) -> Array:
        """How many entries of each answer its companion has too."""
        places = self.places_of(companion).tolist()
        known = {place: bag.of(place) for place in places}
        return bag.overlaps([known[place] for place in places])


class Beside:
    """The entries of the answers in a bag, and which of them a companion has too."""

    def __init__(self, batch: Batch, bag: Bag) -> None:
        self._batch, self._bag = batch, bag
        self.size = int(bag.bounds[batch.count])
        self.keys, self.answers = bag.keys[: self.size], bag.texts[: self.size]

    @cached_property
    def _marks(self) -> Array:
        """By key, the companions that have it, as bits."""
        marks = np.zeros(self._batch.words.vocabulary.count + 1, np.int64)
        for i, place in enumerate(self._batch.places.values()):
            marks[self._bag.of(place)] |= 1 << i
        return marks

    @cached_property
    def _marked(self) -> Array:
        return self._marks[self.keys]

    def within(self, companion: Companion) -> Array:
        """For each entry whether the answer's companion has it."""
        bits = self._batch.places_of(companion) - self._batch.first
        return np.asarray((self._marked >> bits[self.answers] & 1) == 1)

    def sizes(self, companion: Companion) -> Array:
        """For each case how many entries its companion has."""
        return self._bag.sizes[self._batch.places_of(companion)]

    def counted(self, chosen: Array | None = None) -> Array:
        """How many of the chosen entries, or of all, each answer has."""
        return np.bincount(self.answers if chosen is None else self.answers[chosen], minlength=self._batch.count)

    def without(self, companion: Companion, other: Companion) -> Array:
        """For each case how many entries of its companion another companion of its has not."""
        found: dict[tuple[Text, Text], int] = {}
        return self._batch.each(lambda case: self._lacking(found, companion(case), other(case)))

    def _lacking(self, found: dict[tuple[Text, Text], int], one: Text, other: Text) -> int:
        if (one, other) not in found:
            place, bit = self._batch.places[one], self._batch.places[other] - self._batch.first
            found[one, other] = int(np.count_nonzero((self._marks[self._bag.of(place)] >> bit & 1) == 0))
        return found[one, other]


def share(part: Array, whole: Array) -> Array:
    """Shares in WHOLEs, rounded down, that are 0 where there is nothing to divide by."""
    return part * WHOLE // np.maximum(whole, 1)


_reading = threading.Lock()  # one at a time gives numbers to words
_vocabulary = Vocabulary()


def batches(cases: Iterable[Case]) -> Iterator[Batch]:
    """The cases in batches, each as large as there is room for."""
    gathered: list[Case] = []
    companions, words = set[Text](), 0
    for case in cases:
        new = {*case.companions}
        more = case.answer.most_words + sum(text.most_words for text in new - companions)
        full = len(gathered) == CASES or len(companions | new) > COMPANIONS or words + more > WORDS
        if gathered and full:
            yield _batch(gathered)
            gathered, companions, words = [], set[Text](), 0
            more = case.answer.most_words + sum(text.most_words for text in new)
        gathered.append(case)
        companions |= new
        words += more
    if gathered:
        yield _batch(gathered)


def _batch(cases: Sequence[Case]) -> Batch:
    """A batch in the common vocabulary, or in a new one where that has no numbers left."""
    global _vocabulary
    with _reading:
        try:
            return Batch(cases, _vocabulary)
        except FullError:
            _vocabulary = Vocabulary()
            return Batch(cases, _vocabulary)
