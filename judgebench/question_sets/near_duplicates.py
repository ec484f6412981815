"""Texts that say nearly the same, found without comparing each with each; pure.

Two texts are as alike as the Jaccard index of their shingles (runs of three tokens). To be alike enough they must
share one of their rarest shingles, so that only texts that do are compared (prefix filtering: Bayardo, Ma and
Srikant, "Scaling up all pairs similarity search", WWW 2007; the bound by position: Xiao, Wang, Lin and Yu,
"Efficient similarity joins for near duplicate detection", WWW 2008). No pair that reaches the threshold is missed.
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

# One changed word in ten leaves 9 of 15 shingles. In a shorter text one word often makes another question (the capital
# of France, of Spain). Boilerplate stays below: Vicuna's Fermi questions, most of each the same instructions, reach
# 0.57. The other turns of MT-bench, the Vicuna set and ours, where they aren't the same, reach 0.43, and few pass 0.2.
THRESHOLD = Fraction(6, 10)

_EDGE = ("", "")  # padding, so that the first and the last token count as much as any other
# Scripts written without spaces, whose characters are the tokens: Thai and Lao, Burmese, Khmer, kana, Han.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Of punctuation only what computes or compares: 2 + 3 and 2 - 3 are different questions.
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|[-+*/=<>^%|&~\u00d7\u00f7\u2212]")

Shingle = tuple[str, ...]


class _Posting(NamedTuple):
    """That a text has a shingle among its rarest."""

    text: int
    size: int  # of its shingles
    left: int  # of them, how many are no rarer than this one


def tokens(text: str) -> list[str]:
    """Words, numbers and operators, in one case and width; characters in scripts without spaces."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


def shingles(words: Sequence[str]) -> frozenset[Shingle]:
    """Every run of three tokens; the edges count as blank tokens, so that n tokens have n + 2 runs."""
    padded = (*_EDGE, *words, *_EDGE)
    return frozenset(zip(padded, padded[1:], padded[2:], strict=False)) if words else frozenset()


def alike(first: frozenset[Shingle], second: frozenset[Shingle]) -> bool:
    """Whether the shared shingles are at least `THRESHOLD` of all."""
    shared = len(first & second)
    together = len(first) + len(second) - shared
    return 0 < THRESHOLD.numerator * together <= THRESHOLD.denominator * shared  # no float is 0.6


def near_duplicates(texts: Sequence[Sequence[str]]) -> Iterator[tuple[int, int]]:
    """For each text (as tokens) that is like an earlier one: its index, and that of the first one that it is like."""
    sets = [shingles(text) for text in texts]
    rank = _rarest_first(sets)
    index: dict[int, list[_Posting]] = defaultdict(list)
    for current, members in enumerate(sets):
        ranks = sorted(rank[shingle] for shingle in members)
        earlier = sorted(_candidates(ranks, index))
        found = next((old for old in earlier if alike(sets[old], members)), None)
        if found is not None:
            yield current, found
        if found is None or sets[found] != members:  # what is like the same text again is found by its first
            for place, shingle in enumerate(_prefix(ranks)):
                index[shingle].append(_Posting(current, len(ranks), len(ranks) - place))


def _rarest_first(sets: Sequence[frozenset[Shingle]]) -> dict[Shingle, int]:
    counts = Counter(shingle for members in sets for shingle in members)
    return {shingle: rank for rank, shingle in enumerate(sorted(counts, key=counts.__getitem__))}


def _prefix(ranks: Sequence[int]) -> Sequence[int]:
    """The rarest shingles of a text: one that shares none of them shares too few of all."""
    return ranks[: len(ranks) - math.ceil(THRESHOLD * len(ranks)) + 1]


def _candidates(ranks: Sequence[int], index: Mapping[int, Sequence[_Posting]]) -> Iterator[int]:
    """Earlier texts that share a rare shingle, and have enough shingles from there on to share."""
    weight, needed = THRESHOLD.numerator + THRESHOLD.denominator, THRESHOLD.numerator
    seen: set[int] = set()
    for place, shingle in enumerate(_prefix(ranks)):
        for posting in index.get(shingle, ()):
            if posting.text not in seen:
                seen.add(posting.text)
                left = min(len(ranks) - place, posting.left)
                if weight * left >= needed * (len(ranks) + posting.size):
                    yield posting.text
