"""What the text of an answer looks like by itself: repetition, grammar, layout, broken endings."""

import re
from collections import Counter
from itertools import pairwise
from math import log, sqrt

from judgebench.embedded.text import LONG_WORD, STOPWORDS, Text

_OPENERS = frozenset(("a", "an", "the", "my", "your", "his", "her", "its", "our", "their", "every"))
_NO_NOUN_WORDS = """
a an the and or but of to in on at by for from with is are was were be been has have had do does did will would can
could should may might must that which who whom because if than then there these those this it they them we us he him
she i you what how why where when not
"""
_NO_NOUN = frozenset(_NO_NOUN_WORDS.split())  # a noun phrase opened by one of _OPENERS does not go on with these
_REFUSALS = (
    "i cannot", "i can't", "i can not", "i'm sorry", "i am sorry", "i apologize", "i'm unable", "i am unable",
    "as an ai", "as a language model", "i'm just an ai", "i do not have access", "i don't have access",
    "i don't have personal", "i do not have personal", "not appropriate", "i'm not able", "i am not able",
)  # fmt: skip
_MARKDOWN = re.compile(r"^#{1,6} |\*\*[^*\n]{1,80}\*\*", re.MULTILINE)
_NEXT_SENTENCE = re.compile(r"[a-z][.!?] ([^\W\d_])")


def share(part: float, whole: float) -> float:
    """A quotient that is 0 where there is nothing to divide by."""
    return part / whole if whole else 0.0


def repeated_grams(text: Text) -> float:
    """Share, 0 to 1, of the four-word runs that were there before."""
    return share(len(text.grams) - len(set(text.grams)), len(text.grams))


def repeated_lines(text: Text) -> float:
    """Share, 0 to 1, of the longer prose sentences and lines that were there before."""
    parts = [part for part in text.sentences if len(part) > 15]
    return share(len(parts) - len(set(parts)), len(parts))


def distinct_words(text: Text) -> float:
    """Distinct words per word in the first 150 words, 0 to 1."""
    words = text.words[:150]
    return share(len(set(words)), len(words))


def top_word(text: Text) -> float:
    """Share, 0 to 1, of the words that are the single commonest content word."""
    words = [word for word in text.words if word not in STOPWORDS]
    return share(max(Counter(words).values(), default=0), len(words)) if len(words) >= 5 else 0.0


def function_words(text: Text) -> float:
    """Share, 0 to 1, of the words outside code that are function words of English."""
    words = [word for line in text.prose_lines for word in line.lower().split()]
    return share(sum(word.strip(".,:;!?\"'()*") in STOPWORDS for word in words), len(words))


def broken_grammar(text: Text) -> float:
    """Share, 0 to 1, of the articles and possessives that no noun phrase follows."""
    openers = [(a, b) for a, b in pairwise(text.words) if a in _OPENERS]
    return share(sum(b in _NO_NOUN for _, b in openers), len(openers)) if len(openers) >= 3 else 0.0


def vocabulary(text: Text) -> float:
    """Distinct words per square root of the words, which grows with what is said and not with what is repeated."""
    return share(len(set(text.words)), sqrt(len(text.words)))


def capitals(text: Text) -> float:
    """Share, 0 to 1, of the characters that are capital letters."""
    return share(sum(1 for char in text.head if char.isupper()), len(text.head))


def paragraphs(text: Text) -> float:
    """Logarithm of one plus the blank lines, at most 20 of them counted."""
    return log(1 + min(20, text.head.count("\n\n")))


def small_starts(text: Text) -> float:
    """Share, 0 to 1, of the sentences, the first left out, that begin with a small letter."""
    starts = _NEXT_SENTENCE.findall("\n".join(text.prose_lines))
    return share(sum(start.islower() for start in starts), len(starts)) if len(starts) >= 2 else 0.0


def gibberish(text: Text) -> float:
    """Share, 0 to 1, of the characters that no word needs: control, replacement, or in an overlong word."""
    odd = sum(1 for char in text.head if (not char.isprintable() and char not in "\n\t") or char == "\ufffd")
    long = sum(len(word) for word in text.words if len(word) > LONG_WORD)
    return share(odd + long, len(text.head))


def cut_off(text: Text) -> float:
    """1 where the text ends in the middle of a sentence or of a fenced block, else 0."""
    if text.head.count("```") % 2 or not text.lines:
        return 1.0
    last = text.tail.rstrip("*_\"'\u201d\u2019)]} ")
    prose = len(last.split("\n")[-1].split()) > 6
    return float((prose and last[-1:].isalnum()) or last[-1:] in {",", "(", "-"})


def refusals(text: Text) -> float:
    """How many phrases of refusal or of self-description as a machine there are, at most 3."""
    start = " ".join(text.words[:120])
    return float(min(3, sum(phrase in start for phrase in _REFUSALS)))


def sentence_length(text: Text) -> float:
    """Mean words in a sentence outside code, at most 60."""
    return min(60.0, share(sum(len(part.split()) for part in text.sentences), len(text.sentences)))


def word_length(text: Text) -> float:
    """Mean letters of a content word, at most 15."""
    words = [word for word in text.words if word not in STOPWORDS]
    return min(15.0, share(sum(map(len, words)), len(words)))


def markdown(text: Text) -> float:
    """Headings and bold phrases, at most 20."""
    return float(min(20, sum(1 for _ in _MARKDOWN.finditer(text.head))))
