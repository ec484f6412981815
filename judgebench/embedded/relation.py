"""How an answer relates to what was asked, to what was said before and to the reference."""

import re
from math import log

from judgebench.embedded.form import share
from judgebench.embedded.text import Text

_ASKED = {
    "code": r"\b(?:code|program|function|script|implement\w*|algorithm|python|javascript|c\+\+|html|css|sql)(?!\w)",
    "exact": r"\b(?:calculate|how many|how much|probability|area|solve|equation|inequality|remainder|integers?|"
    r"prove|value of|sum|ratio|express|true, false|which (?:word|one|company|situation)|who is|relationship)\b",
    "open": r"\b(?:explain|describe|discuss|what are|what is|how do|how can|differences?|outline|provide|write|"
    r"compose|create|craft|design|story|poem|imagine|pretend|role|email|blog)\b",
}
_ASKED_RE = {kind: re.compile(pattern) for kind, pattern in _ASKED.items()}


def asks(question: Text, kind: str) -> float:
    """1 where the question has a word that asks for `kind` (a key of the table above), else 0."""
    return float(_ASKED_RE[kind].search(question.head.lower()) is not None)


def openness(question: Text) -> float:
    """1 for a question with many good answers, -1 or -2 for one with a right answer, 0 in between."""
    return asks(question, "open") - asks(question, "exact") - asks(question, "code")


def coverage(answer: Text, asked: Text) -> float:
    """Share, 0 to 1, of the content words of `asked` that the answer has; 1 where it has none."""
    return share(len(asked.content & answer.content), len(asked.content)) if asked.content else 1.0


def novelty(answer: Text, asked: Text) -> float:
    """Logarithm of one plus the answer's distinct content words that are not in `asked`."""
    return log(1 + len(answer.content - asked.content))


def drift(answer: Text, question: Text) -> float:
    """Share, 0 to 1, of the content words of the answer's last third that nothing before them has."""
    third = len(answer.words) * 2 // 3
    start, end = Text(" ".join(answer.words[:third])), Text(" ".join(answer.words[third:]))
    return share(len(end.content - start.content - question.content), len(end.content))


def copied(answer: Text, source: Text) -> float:
    """Share, 0 to 1, of the answer's four-word runs that `source` has."""
    known = set(source.grams)
    return share(sum(gram in known for gram in answer.grams), len(answer.grams))


def reference_numbers(question: Text, answer: Text, reference: Text) -> float:
    """Share, 0 to 1, of the reference's numbers, those of the question left out, that the answer has."""
    known = set(question.numbers)
    wanted = {number for number in reference.numbers if number not in known}
    return share(len(wanted & set(answer.numbers)), len(wanted)) if wanted else 0.5


def final_number(answer: Text, reference: Text) -> float:
    """1 where the reference's last number is among the answer's last three, -1 where not, 0 without numbers."""
    if not reference.numbers:
        return 0.0
    return 1.0 if reference.numbers[-1] in answer.numbers[-3:] else -1.0


def reference_terms(question: Text, answer: Text, reference: Text) -> float:
    """Share, 0 to 1, of the reference's content words, those of the question left out, that the answer has."""
    wanted = reference.content - question.content
    return share(len(wanted & answer.content), len(wanted)) if wanted else 0.5


def reference_pairs(question: Text, answer: Text, reference: Text) -> float:
    """Share, 0 to 1, of the reference's pairs of neighbouring words, not the question's, that the answer has."""
    wanted = reference.pairs - question.pairs
    return share(len(wanted & answer.pairs), len(wanted)) if wanted else 0.5


def reference_conclusion(question: Text, answer: Text, reference: Text) -> float:
    """Share, 0 to 1, of the content words of the reference's last sentence that the answer has."""
    wanted = Text((reference.sentences or ("",))[-1]).content - question.content
    return share(len(wanted & answer.content), len(wanted)) if wanted else 0.5


def beside_reference(question: Text, answer: Text, reference: Text) -> float:
    """Share, 0 to 1, of the answer's content words that neither reference nor question has."""
    return share(len(answer.content - reference.content - question.content), len(answer.content))
