"""How an answer relates to what was asked, to what was said before and to the reference. Whole numbers only."""

import re
from functools import lru_cache

from judgebench.embedded import form
from judgebench.embedded.form import WHOLE, share
from judgebench.embedded.text import Text, known

HALF = WHOLE // 2  # where there is nothing to agree with
_ASKED = {
    "code": r"\b(?:code|program|function|script|implement\w*|algorithm|python|javascript|c\+\+|html|css|sql)(?!\w)",
    "exact": r"\b(?:calculate|how many|how much|probability|area|solve|equation|inequality|remainder|integers?|"
    r"prove|value of|sum|ratio|express|true, false|which (?:word|one|company|situation)|who is|relationship)\b",
    "open": r"\b(?:explain|describe|discuss|what are|what is|how do|how can|differences?|outline|provide|write|"
    r"compose|create|craft|design|story|poem|imagine|pretend|role|email|blog)\b",
}
_ASKED_RE = {kind: re.compile(pattern) for kind, pattern in _ASKED.items()}


@lru_cache(maxsize=4096)
def asks(question: Text, kind: str) -> int:
    """1 where the question has a word that asks for `kind` (a key of the table above), else 0."""
    return int(_ASKED_RE[kind].search(question.lower) is not None)


def openness(question: Text) -> int:
    """1 for a question with many good answers, -1 or -2 for one with a right answer, 0 in between."""
    return asks(question, "open") - asks(question, "exact") - asks(question, "code")


def coverage(answer: Text, asked: Text) -> int:
    """Share of the content words of `asked` that the answer has; whole where it has none."""
    return share(len(asked.content & answer.content), len(asked.content)) if asked.content else WHOLE


def novelty(answer: Text, asked: Text) -> int:
    """How many distinct content words the answer has that are not in `asked`."""
    return len(answer.content - asked.content)


def drift(answer: Text, question: Text) -> int:
    """Share of the distinct words of the answer's last third that nothing before them has."""
    third = len(answer.words) * 2 // 3
    end = set(answer.words[third:])
    return share(len(end.difference(answer.words[:third], question.distinct)), len(end))


def copied(answer: Text, source: Text) -> int:
    """Share of the answer's four-word runs that `source` has."""
    return share(len(answer.grams & source.grams), len(answer.grams)) if source.head else 0


def reference_numbers(question: Text, answer: Text, reference: Text) -> int:
    """Share of the reference's numbers, those of the question left out, that the answer has."""
    wanted = {*reference.numbers}.difference(question.numbers)
    return share(len(wanted.intersection(answer.numbers)), len(wanted)) if wanted else HALF


def final_number(answer: Text, reference: Text) -> int:
    """1 where the reference's last number is among the answer's last three, -1 where not, 0 without numbers."""
    if not reference.numbers:
        return 0
    return 1 if reference.numbers[-1] in answer.numbers[-3:] else -1


def reference_terms(question: Text, answer: Text, reference: Text) -> int:
    """Share of the reference's content words, those of the question left out, that the answer has."""
    wanted = reference.content - question.content
    return share(len(wanted & answer.content), len(wanted)) if wanted else HALF


def reference_pairs(question: Text, answer: Text, reference: Text) -> int:
    """Share of the reference's pairs of neighbouring words, not the question's, that the answer has."""
    wanted = reference.pairs - question.pairs
    return share(len(wanted & answer.pairs), len(wanted)) if wanted else HALF


def reference_conclusion(question: Text, answer: Text, reference: Text) -> int:
    """Share of the content words of the reference's last sentence that the answer has."""
    wanted = known((reference.sentences or [""])[-1]).content - question.content
    return share(len(wanted & answer.content), len(wanted)) if wanted else HALF


def beside_reference(question: Text, answer: Text, reference: Text) -> int:
    """Share of the answer's content words that neither reference nor question has."""
    return share(len(answer.content - reference.content - question.content), len(answer.content))


def foreignness(answer: Text, question: Text) -> int:
    """By how much the answer's share of letters beyond ASCII differs from the question's."""
    if not answer.foreign and not question.foreign:
        return 0
    return abs(share(answer.foreign, len(answer.head)) - share(question.foreign, len(question.head)))


def addresses(answer: Text, question: Text) -> int:
    """How many phrases speak to a grader, at most 3; none where the question is about grades or games of 10 itself."""
    return 0 if not form.ADDRESSING.isdisjoint(question.distinct) else form.addresses(answer)
