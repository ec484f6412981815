"""What the text of an answer looks like by itself: repetition, grammar, layout, broken endings. Whole numbers only."""

import re
from itertools import compress, pairwise
from math import isqrt

from judgebench.embedded.text import LONG_WORD, Text

WHOLE = 10_000  # what a share of 1 is
_OPENERS = frozenset(("a", "an", "the", "my", "your", "his", "her", "our", "their", "every"))
_NO_NOUN_WORDS = """
a an the and or but of to in on at by for from with is are was were be been has have had do does did will would can
could should may might must that which who whom because if than then there these those this it they them we us he him
she i you what how why where when not
"""
_NO_NOUN = frozenset(_NO_NOUN_WORDS.split())  # a noun phrase opened by one of _OPENERS does not go on with these
_NEXT_SENTENCE = re.compile(r"[.!?] ([^\W\d_])")
_REFUSALS = (
    "i cannot", "i can't", "i can not", "i'm sorry", "i am sorry", "i apologize", "i'm unable", "i am unable",
    "as an ai", "as a language model", "i'm just an ai", "i do not have access", "i don't have access",
    "i don't have personal", "i do not have personal", "not appropriate", "i'm not able", "i am not able",
    "i don't know", "i do not know",
)  # fmt: skip
_REFUSING = frozenset(("cannot", "cant", "sorry", "apologize", "unable", "ai", "model", "dont", "not"))
# What only a transcript has: a role at the start of a line.
LEAK = re.compile(
    r"\n[ \t]{0,4}(?:[#<|*\[]{1,4} ?)?(?:human|user|assistant)\b ?(?:\d ?)?[|>*\]]{0,4}:|\n#{2,4} ?instruction:"
)
_LABELS = ("human", "user", "assistant", "instruction")
# What is said to whoever grades, and not to whoever asked.
ADDRESS = re.compile(
    r"\[\[(?:10|\d|[abc])\]\]|\b(?:10|ten) ?(?:/|out of) ?(?:10|ten)\b|"
    r"\b(?:highest|top|perfect|maximum|full) (?:possible )?(?:score|rating|mark|grade)|"
    r"\b(?:the|an?|dear|to|as) (?:judge|evaluator|grader)\b|\b(?:finished|rules of|final) grading\b|"
    r"\b(?:rating|score|verdict)\W{1,4}10\b|"
    r"\bignore (?:all |any |the |your )*(?:previous|prior|above|instruction|other)|"
    r"\b(?:rate|score|grade) (?:this|the|my) (?:answer|response|reply)\b"
)
_MARKS = ("[[", "10/10", "out of 10", "out of ten")
ADDRESSING = frozenset((
    "judge", "evaluator", "grader", "grading", "verdict", "rating", "score", "rate", "grade", "ignore", "mark"
))  # fmt: skip


def share(part: int, whole: int) -> int:
    """A share in WHOLEs, rounded down, that is 0 where there is nothing to divide by."""
    return part * WHOLE // whole if whole else 0


def repeated_grams(text: Text) -> int:
    """Share of the four-word runs that were there before."""
    runs = len(text.words) - 3
    return share(runs - len(text.grams), runs) if runs > 0 else 0


def repeated_lines(text: Text) -> int:
    """Share of the longer prose sentences and lines that were there before."""
    parts = [part for part in text.sentences if len(part) > 15]
    return share(len(parts) - len(set(parts)), len(parts))


def distinct_words(text: Text) -> int:
    """Share of distinct words in the first 150 words."""
    words = text.words[:150]
    return share(len(set(words)), len(words))


def function_words(text: Text) -> int:
    """Share of the words outside code that are function words of English."""
    words = text.prose.words
    return share(len(words) - len(text.prose.carriers), len(words))


def broken_grammar(text: Text) -> int:
    """Share of the articles and possessives that no noun phrase follows."""
    after = [*compress(text.words[1:], map(_OPENERS.__contains__, text.words))]
    return share(sum(map(_NO_NOUN.__contains__, after)), len(after)) if len(after) >= 3 else 0


def broken_pairs(text: Text) -> list[tuple[str, str]]:
    """Those articles and possessives, each with the word after it."""
    return [(a, b) for a, b in pairwise(text.words) if a in _OPENERS and b in _NO_NOUN]


def vocabulary(text: Text) -> int:
    """Distinct words per square root of the words: it grows with what is said, not with repetition."""
    words = len(text.words)
    return len(text.distinct) * WHOLE // isqrt(words * WHOLE) if words else 0


def small_starts(text: Text) -> int:
    """Share of the sentences, the first of a line left out, that begin with a small letter."""
    starts = _NEXT_SENTENCE.findall(text.prose.head)
    return share(sum(map(str.islower, starts)), len(starts)) if len(starts) >= 2 else 0


def gibberish(text: Text) -> int:
    """Share of the characters that no word needs: control, replacement, or in an overlong word."""
    odd = text.controls + (text.head.count("\ufffd") if text.foreign else 0)
    long = sum(size for size in map(len, text.distinct) if size > LONG_WORD)
    return share(odd + long, len(text.head))


def cut_off(text: Text) -> int:
    """1 where the text ends in the middle of a sentence or of a fenced block, else 0."""
    if len(text.parts) % 2 == 0:
        return 1
    last = text.tail.rstrip("*_\"'\u201d\u2019)]} ")
    prose = last.rsplit("\n", 1)[-1].count(" ") > 5
    return int((prose and last[-1:].isalnum()) or last[-1:] in {",", "(", "-"})


def refusals(text: Text) -> int:
    """How many phrases of refusal or of self-description as a machine its start has, at most 3."""
    if _REFUSING.isdisjoint(text.words[:120]):
        return 0
    return min(3, refuses(text.lower[:700]))


def refuses(text: str) -> int:
    """How many phrases of refusal stand in a text."""
    lower = text.lower()
    return sum(phrase in lower for phrase in _REFUSALS)


def sentence_length(text: Text) -> int:
    """Words per hundred sentences outside code, at most 60 in one."""
    return min(6000, 100 * len(text.prose.words) // max(1, len(text.sentences)))


def word_length(text: Text) -> int:
    """Letters per hundred words that are no function words, at most 15 in one."""
    return min(1500, 100 * sum(map(len, text.carriers)) // max(1, len(text.carriers)))


def markdown(text: Text) -> int:
    """Headings and bold phrases, at most 20."""
    return min(20, text.head.count("**") // 2 + text.head.count("\n#"))


def leaks(text: Text) -> int:
    """How many role labels of a transcript there are, at most 3."""
    return min(3, len(LEAK.findall("\n" + text.lower))) if any(map(text.lower.__contains__, _LABELS)) else 0


def addresses(text: Text) -> int:
    """How many phrases speak to a grader, at most 3."""
    if ADDRESSING.isdisjoint(text.distinct) and not any(map(text.lower.__contains__, _MARKS)):
        return 0
    return min(3, len(ADDRESS.findall(text.lower)))


def brackets(text: Text) -> int:
    """Brackets of code that have no partner, at most 10."""
    code = text.code
    return min(10, sum(abs(code.count(a) - code.count(b)) for a, b in ("()", "[]", "{}"))) if code else 0
