"""How an answer relates to what was asked, to what was said before and to the reference. Whole numbers only."""

import re
from functools import lru_cache
from operator import attrgetter

import numpy as np

from judgebench.embedded import form
from judgebench.embedded.batch import WHOLE, Batch, Companion, share
from judgebench.embedded.cases import Case
from judgebench.embedded.text import Text
from judgebench.embedded.vocabulary import GRADING, Array

HALF = WHOLE // 2  # where there is nothing to agree with
QUESTION: Companion = attrgetter("question")
EARLIER_ANSWER: Companion = attrgetter("earlier_answer")
REFERENCE: Companion = attrgetter("reference")
CONCLUSION: Companion = attrgetter("conclusion")
_ASKED = {
    "code": r"\b(?:code|program|function|script|implement\w*|algorithm|python|javascript|c\+\+|html|css|sql)(?!\w)",
    "exact": r"\b(?:calculate|how many|how much|probability|area|solve|equation|inequality|remainder|integers?|"
    r"prove|value of|sum|ratio|express|true, false|which (?:word|one|company|situation)|who is|relationship)\b",
    "open": r"\b(?:explain|describe|discuss|what are|what is|how do|how can|differences?|outline|provide|write|"
    r"compose|create|craft|design|story|poem|imagine|pretend|role|email|blog)\b",
}
_ASKED_RE = {kind: re.compile(pattern) for kind, pattern in _ASKED.items()}


def asks(question: Text, kind: str) -> int:
    """1 where the question has a word that asks for `kind` (a key of the table above), else 0."""
    return int(_ASKED_RE[kind].search(question.lower) is not None)


@lru_cache(maxsize=512)
def openness(question: Text) -> int:
    """1 for a question with many good answers, -1 or -2 for one with a right answer, 0 in between."""
    return asks(question, "open") - asks(question, "exact") - asks(question, "code")


def coverage(batch: Batch, companion: Companion) -> Array:
    """Share of the content words of a companion that the answer has, at most half; half where it has none.

    An answer to something else has few of them, a good one half: more is what a list of keywords has.
    """
    stems = batch.stems
    sizes = stems.sizes(companion)
    return np.where(sizes > 0, np.minimum(HALF, share(stems.counted(stems.within(companion)), sizes)), HALF)


def novelty(batch: Batch, companion: Companion) -> Array:
    """How many distinct content words the answer has that a companion has not."""
    return batch.stems.counted(~batch.stems.within(companion))


def copied(batch: Batch, companion: Companion) -> Array:
    """Share of the answer's four-word runs that a companion has."""
    return share(batch.shared(batch.runs(4), companion), batch.runs(4).sizes[: batch.count])


def final_number(batch: Batch, last: int) -> Array:
    """1 where the reference's last number is among the answer's last so many, -1 where not, 0 without numbers."""
    return batch.where(referenced(batch), lambda case: _final_in(case, last))


def _final_in(case: Case, last: int) -> int:
    if not case.reference.numbers:
        return 0
    return 1 if case.reference.numbers[-1] in case.answer.last_numbers(last) else -1


def reference_terms(batch: Batch, companion: Companion) -> Array:
    """Share of the content words of the reference, or of a part of it, not the question's, that the answer has."""
    stems = batch.stems
    wanted = stems.without(companion, QUESTION)
    found = stems.counted(stems.within(companion) & ~stems.within(QUESTION))
    return np.where(wanted > 0, share(found, wanted), HALF)


def reference_runs(batch: Batch, length: int) -> Array:
    """Share of the reference's runs of so many words, not the question's, that the answer has."""
    if not referenced(batch).any():
        return np.full(batch.count, HALF)
    places = list(zip(batch.places_of(REFERENCE).tolist(), batch.places_of(QUESTION).tolist(), strict=True))
    of = batch.runs(length).of
    wanted = {(ideal, asked): np.setdiff1d(of(ideal), of(asked), assume_unique=True) for ideal, asked in set(places)}
    own = [wanted[both] for both in places]
    sizes = np.array([len(runs) for runs in own])
    return np.where(sizes > 0, share(batch.runs(length).overlaps(own), sizes), HALF)


def beside_reference(batch: Batch) -> Array:
    """Share of the answer's content words that neither reference nor question has; half where there is none."""
    stems = batch.stems
    beside = share(stems.counted(~stems.within(REFERENCE) & ~stems.within(QUESTION)), stems.counted())
    return np.where(referenced(batch), beside, HALF)


def foreignness(case: Case) -> int:
    """By how much the answer's share of letters beyond ASCII differs from the question's."""
    if not case.answer.foreign and not case.question.foreign:
        return 0
    own, asked = (text.foreign * WHOLE // max(1, len(text.head)) for text in (case.answer, case.question))
    return abs(own - asked)


def addresses(batch: Batch) -> Array:
    """How many phrases speak to a grader, at most 3; none where the question is about grades or games of 10 itself."""
    words = batch.words
    about = words.counted(words.texts[words.kinds & GRADING != 0])[batch.places_of(QUESTION)]
    return batch.where(form.may_address(batch) & (about == 0), lambda case: form.addresses(case.answer))


def referenced(batch: Batch) -> Array:
    """Whether there is a reference."""
    return batch.each(lambda case: bool(case.reference.head)) > 0
