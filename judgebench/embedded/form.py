"""What the text of an answer looks like by itself: repetition, grammar, layout, broken endings. Whole numbers only."""

import re
from itertools import pairwise
from math import isqrt

import numpy as np

from judgebench.embedded.batch import WHOLE, Batch, share
from judgebench.embedded.text import LONG_WORD, Text
from judgebench.embedded.vocabulary import (
    ADDRESSING,
    BROKEN,
    FUNCTION,
    IGNORING,
    LABEL,
    NO_NOUN,
    OPENERS,
    REFUSING,
    Array,
)

_REFUSALS = (
    "i cannot", "i can't", "i can not", "i'm sorry", "i am sorry", "i apologize", "i'm unable", "i am unable",
    "as an ai", "as a language model", "i'm just an ai", "i do not have access", "i don't have access",
    "i don't have personal", "i do not have personal", "not appropriate", "i'm not able", "i am not able",
    "i don't know", "i do not know",
)  # fmt: skip
# What only a transcript has: a role at the start of a line.
LEAK = re.compile(
    r"\n[ \t]{0,4}(?:[#<|*\[]{1,4} ?)?(?:human|user|assistant)\b ?(?:\d ?)?[|>*\]]{0,4}:|\n#{2,4} ?instruction:"
)
# What is said to whoever grades, and not to whoever asked.
ADDRESS = re.compile(
    r"\[\[(?:10|\d|[abc])\]\]|\b(?:10|ten) ?(?:/|out of) ?(?:10|ten)\b|"
    r"\b(?:highest|top|perfect|maximum|full) (?:possible )?(?:score|rating|mark|grade)|"
    r"\b(?:the|an?|dear|to|as) (?:judge|evaluator|grader)\b|\b(?:finished|rules of|final) grading\b|"
    r"\b(?:rating|score|verdict)\W{1,4}10\b|"
    r"\bignore (?:all |any |the |your )*(?:previous|prior|above|instruction|other)|"
    r"\b(?:rate|score|grade) (?:this|the|my) (?:answer|response|reply)\b"
)


def repeated_runs(batch: Batch, length: int) -> Array:
    """Share of the runs of so many words outside code that were there before."""
    runs = np.maximum(batch.words.sizes - length + 1, 0)
    return batch.in_prose(share(runs - batch.runs(length).sizes, runs))


def distinct_words(batch: Batch) -> Array:
    """Share of distinct words in the first 150 words outside code."""
    words = batch.words
    early = words.counted(words.distinct.texts[words.first < 150])
    return batch.in_prose(share(early, np.minimum(words.sizes, 150)))


def broken_grammar(batch: Batch) -> Array:
    """Share of the articles and possessives that no noun phrase follows."""
    words = batch.words
    last = words.starts + words.sizes - 1
    opened = words.leads & BROKEN != 0
    opened[last[words.sizes > 0]] = False
    phrases = batch.counted(words.texts[opened])
    broken = batch.counted(words.texts[:-1][words.pairs & BROKEN != 0])
    return np.where(phrases >= 3, share(broken, phrases), 0)


def broken_pairs(text: Text) -> list[tuple[str, str]]:
    """Those articles and possessives, each with the word after it."""
    return [(a, b) for a, b in pairwise(text.words) if a in OPENERS and b in NO_NOUN]


def vocabulary(batch: Batch) -> Array:
    """Distinct words per square root of the words: it grows with what is said, not with repetition."""
    roots = np.fromiter((isqrt(size * WHOLE) for size in batch.sizes.tolist()), np.int64, batch.count)
    return share(batch.distinct.counted(), roots)


def function_words(batch: Batch) -> Array:
    """Share of the words outside code that are function words of English."""
    words = batch.words
    return batch.in_prose(share(words.counted(words.texts[words.kinds & FUNCTION != 0]), words.sizes))


def small_starts(batch: Batch) -> Array:
    """Share of the sentences, the first of a line left out, that begin with a small letter."""
    small, starts = map(batch.in_prose, batch.characters.starts())
    return np.where(starts >= 2, share(small, starts), 0)


def gibberish(batch: Batch) -> Array:
    """Share of the characters that no word needs: control, replacement, or in an overlong word."""
    words = batch.distinct
    lengths = batch.words.vocabulary.lengths[words.keys]
    long = np.zeros(batch.count, np.int64)
    np.add.at(long, words.answers[lengths > LONG_WORD], lengths[lengths > LONG_WORD])
    replaced = batch.each(lambda case: 0 if case.answer.head.isascii() else case.answer.head.count("\ufffd"))
    return share(batch.characters.controls()[: batch.count] + replaced + long, batch.lengths)


def cut_off(text: Text) -> int:
    """1 where the text ends in the middle of a sentence or of a fenced block, else 0."""
    if len(text.parts) % 2 == 0:
        return 1
    last = text.tail.rstrip("*_\"'\u201d\u2019)]} ")
    prose = last.rsplit("\n", 1)[-1].count(" ") > 5
    return int((prose and last[-1:].isalnum()) or last[-1:] in {",", "(", "-"})


def refusals(batch: Batch) -> Array:
    """How many phrases of refusal or of self-description as a machine an answer's start has, at most 3."""
    words = batch.words
    suspect = batch.counted(words.texts[:-1][(words.pairs & REFUSING != 0) & (words.places[:-1] < 120)])
    return batch.where(suspect > 0, lambda case: min(3, refuses(case.answer.lower[:700])))


def refuses(text: str) -> int:
    """How many phrases of refusal stand in a text."""
    lower = text.lower()
    return sum(phrase in lower for phrase in _REFUSALS)


def sentence_length(batch: Batch) -> Array:
    """Words per hundred sentences outside code, at most 60 in one."""
    sentences = np.maximum(1, batch.in_prose(batch.characters.sentences()))
    return np.asarray(np.minimum(6000, 100 * batch.in_prose(batch.words.sizes) // sentences))


def word_length(batch: Batch) -> Array:
    """Letters per hundred words outside code that are no function words, at most 15 in one."""
    words = batch.words
    carriers = words.sizes - words.counted(words.texts[words.kinds & FUNCTION != 0])
    return np.asarray(np.minimum(1500, batch.in_prose(100 * words.letters // np.maximum(1, carriers))))


def paragraphs(batch: Batch) -> Array:
    """Blank lines between paragraphs, at most 20."""
    return np.minimum(20, batch.characters.paragraphs()[: batch.count])


def leaks(batch: Batch) -> Array:
    """How many role labels of a transcript there are, at most 3."""
    words = batch.words
    named = batch.counted(words.texts[words.kinds & LABEL != 0])
    return batch.where(named > 0, lambda case: min(3, len(LEAK.findall("\n" + case.answer.lower))))


def addresses(text: Text) -> int:
    """How many phrases speak to a grader, at most 3."""
    return min(3, len(ADDRESS.findall(text.lower)))


def may_address(batch: Batch) -> Array:
    """Whether each answer has what it takes to speak to a grader: without, no phrase is looked for."""
    words = batch.words
    pairs = batch.counted(words.texts[:-1][words.pairs & ADDRESSING != 0])
    ignoring = batch.counted(words.texts[words.kinds & IGNORING != 0])
    bracketed = batch.each(lambda case: "[" in case.answer.head and "[[" in case.answer.head)
    return pairs + ignoring + bracketed > 0
