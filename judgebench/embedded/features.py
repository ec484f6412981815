"""The features that the embedded judge grades by: one row each, no names of models, judges or categories.

All are whole numbers: sums and comparisons of such are the same on every machine, as those of fractions need not be.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from judgebench.embedded import form, relation, wishes
from judgebench.embedded.text import Text, known, lately

DEFINITION_VERSION = "2"  # raise it when a feature changes its meaning: coefficients belong to one version


@dataclass(frozen=True, slots=True)
class Case:
    """What is graded: the answer to a question, what was said before, and the reference if there is one."""

    question: Text
    answer: Text
    earlier_question: Text
    earlier_answer: Text
    reference: Text
    turn: int  # 1 for the first


def _always(_: Case) -> bool:
    return True


def _later(case: Case) -> bool:
    return case.turn > 1


def _referenced(case: Case) -> bool:
    return bool(case.reference.head)


@dataclass(frozen=True)
class Feature:
    """A number that describes a case, and how to speak of it."""

    key: str
    name: str  # features may share one: their points are then told as one
    direction: int  # +1: more of it never lowers a grade; -1: more of it never raises one; 0: free
    measure: Callable[[Case], int]
    applies: Callable[[Case], bool] = _always  # where it does not, its points belong to the kind of question


CONTEXT = "the kind of question"  # a name for what is nearly the same for every answer to a question


FEATURES: tuple[Feature, ...] = (
    Feature("words", "length", 0, lambda c: min(1000, len(c.answer.words))),
    Feature("novelty", "substance", 0, lambda c: relation.novelty(c.answer, c.question)),
    Feature("news", "substance", 0, lambda c: relation.novelty(c.answer, c.earlier_answer)),
    Feature("vocabulary", "substance", 0, lambda c: form.vocabulary(c.answer)),
    Feature("coverage", "focus", 1, lambda c: relation.coverage(c.answer, c.question)),
    Feature("drift", "focus", -1, lambda c: relation.drift(c.answer, c.question)),
    Feature("echo", "focus", -1, lambda c: relation.copied(c.answer, c.question)),
    Feature("topic", "the answer before", 0, lambda c: relation.coverage(c.answer, c.earlier_question), _later),
    Feature("again", "the answer before", -1, lambda c: relation.copied(c.answer, c.earlier_answer), _later),
    Feature("repeat", "repetition", -1, lambda c: form.repeated_grams(c.answer)),
    Feature("lines", "repetition", -1, lambda c: form.repeated_lines(c.answer)),
    Feature("distinct", "repetition", 0, lambda c: form.distinct_words(c.answer)),
    Feature("function", "wording", 0, lambda c: form.function_words(c.answer)),
    Feature("sentence", "wording", 0, lambda c: form.sentence_length(c.answer)),
    Feature("wordlen", "wording", 0, lambda c: form.word_length(c.answer)),
    Feature("capitals", "wording", 0, lambda c: form.share(c.answer.capitals, len(c.answer.head))),
    Feature("grammar", "grammar", -1, lambda c: form.broken_grammar(c.answer)),
    Feature("starts", "grammar", -1, lambda c: form.small_starts(c.answer)),
    Feature("gibberish", "legibility", -1, lambda c: form.gibberish(c.answer)),
    Feature("foreign", "language", -1, lambda c: relation.foreignness(c.answer, c.question)),
    Feature("leaks", "leaks", -1, lambda c: form.leaks(c.answer)),
    Feature("addresses", "addresses", -1, lambda c: relation.addresses(c.answer, c.question)),
    Feature("cut", "ending", -1, lambda c: form.cut_off(c.answer)),
    Feature("refusal", "refusal", -1, lambda c: form.refusals(c.answer)),
    Feature("paragraphs", "layout", 0, lambda c: min(20, c.answer.head.count("\n\n"))),
    Feature("markdown", "layout", 0, lambda c: form.markdown(c.answer)),
    Feature("list", "layout", 0, lambda c: min(20, c.answer.list_items)),
    Feature("missed", "format", -1, lambda c: wishes.missed(c.answer, c.question)),
    Feature("met", "format", 1, lambda c: wishes.met(c.answer, c.question)),
    Feature("code", "code", 0, lambda c: min(100, c.answer.code_size)),
    Feature("brackets", "code", -1, lambda c: form.brackets(c.answer)),
    Feature("refpairs", "agreement", 1, lambda c: _ref(c, relation.reference_pairs), _referenced),
    Feature("refterms", "agreement", 1, lambda c: _ref(c, relation.reference_terms), _referenced),
    Feature("refend", "agreement", 1, lambda c: _ref(c, relation.reference_conclusion), _referenced),
    Feature("refbeside", "agreement", 0, lambda c: _ref(c, relation.beside_reference), _referenced),
    Feature("refnumbers", "numbers", 1, lambda c: _ref(c, relation.reference_numbers), _referenced),
    Feature("reffinal", "numbers", 1, lambda c: relation.final_number(c.answer, c.reference), _referenced),
    Feature("referenced", CONTEXT, 0, lambda c: int(_referenced(c))),
    Feature("turn", CONTEXT, 0, lambda c: min(c.turn, 3)),
    Feature("asked", CONTEXT, 0, lambda c: min(1000, len(c.question.words))),
    Feature("openness", CONTEXT, 0, lambda c: relation.openness(c.question)),
)

PHRASES = {  # how an explanation speaks of a name that counts for an answer, and against it
    "length": ("its length", "its length"),
    "substance": ("much substance", "little substance"),
    "focus": ("keeping to the question", "drifting from the question or echoing it"),
    "the answer before": ("building on the answer before", "repeating the answer before or leaving its topic"),
    "repetition": ("little repetition", "repetition"),
    "wording": ("its wording", "its wording"),
    "grammar": ("sound grammar", "broken grammar"),
    "legibility": ("legible characters", "illegible characters"),
    "language": ("the question's script", "another script than the question's"),
    "leaks": ("no role labels", "role labels of a transcript"),
    "addresses": ("no word to the judge", "words meant for a judge"),
    "ending": ("a complete ending", "an ending in mid-sentence"),
    "refusal": ("no refusal", "a refusal"),
    "layout": ("its layout", "its layout"),
    "format": ("the form that was asked for", "missing the form that was asked for"),
    "code": ("its code", "its code or the lack of it"),
    "agreement": ("agreement with the reference", "little agreement with the reference"),
    "numbers": ("the reference's numbers", "not having the reference's numbers"),
    CONTEXT: ("the question", "the question"),
}


def _ref(case: Case, measure: Callable[[Text, Text, Text], int]) -> int:
    """A measure of agreement with the reference, and the middle where there is none."""
    return measure(case.question, case.answer, case.reference) if case.reference.head else relation.HALF


def make_case(turns: Sequence[str], answers: Sequence[str], reference: str | None) -> Case:
    """The case of answers[-1], the answer to turns[len(answers) - 1]."""
    n = len(answers)
    return Case(
        question=known(turns[n - 1]),
        answer=lately(answers[-1]),
        earlier_question=known("\n".join(turns[: n - 1])),
        earlier_answer=lately(answers[-2] if n > 1 else ""),
        reference=known(reference or ""),
        turn=n,
    )


def measure(case: Case) -> list[int]:
    """The value of every feature, in the order of FEATURES."""
    return [feature.measure(case) for feature in FEATURES]
