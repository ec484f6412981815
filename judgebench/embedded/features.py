"""The features that the embedded judge grades by: one row each, no names of models, judges or categories.

All are whole numbers: sums and comparisons of such are the same on every machine, as those of fractions need not be.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from judgebench.embedded import form, relation, wishes
from judgebench.embedded.batch import Batch
from judgebench.embedded.cases import Case
from judgebench.embedded.relation import CONCLUSION, EARLIER_ANSWER, QUESTION, REFERENCE
from judgebench.embedded.text import Text
from judgebench.embedded.vocabulary import Array

DEFINITION_VERSION = "3"  # raise it when a feature changes its meaning: coefficients belong to one version


Measure = Callable[[Batch], Array]


def _always(_: Case) -> bool:
    return True


def _later(case: Case) -> bool:
    return case.turn > 1


def _referenced(case: Case) -> bool:
    return bool(case.reference.head)


def _text(measure: Callable[[Text], int]) -> Measure:
    """A measure of the answer's text alone, one after the other."""
    return lambda batch: batch.each(lambda case: measure(case.answer))


def _each(measure: Callable[[Case], int]) -> Measure:
    """A measure of a case, one after the other."""
    return lambda batch: batch.each(measure)


@dataclass(frozen=True)
class Feature:
    """A number that describes a case, and how to speak of it."""

    key: str
    name: str  # features may share one: their points are then told as one
    direction: int  # +1: more of it never lowers a grade; -1: more of it never raises one; 0: free
    measure: Measure
    applies: Callable[[Case], bool] = _always  # where it does not, its points belong to the kind of question


CONTEXT = "the kind of question"  # a name for what is nearly the same for every answer to a question


FEATURES: tuple[Feature, ...] = (
    Feature("words", "length", 0, lambda b: np.minimum(1000, b.sizes)),
    Feature("novelty", "substance", 0, lambda b: relation.novelty(b, QUESTION)),
    Feature("news", "substance", 0, lambda b: relation.novelty(b, EARLIER_ANSWER)),
    Feature("vocabulary", "substance", 0, form.vocabulary),
    Feature("coverage", "focus", 1, lambda b: relation.coverage(b, QUESTION)),
    Feature("echo", "focus", -1, lambda b: relation.copied(b, QUESTION)),
    Feature("again", "the answer before", -1, lambda b: relation.copied(b, EARLIER_ANSWER), _later),
    Feature("repeat", "repetition", -1, lambda b: form.repeated_runs(b, 4)),
    Feature("phrases", "repetition", -1, lambda b: form.repeated_runs(b, 3)),
    Feature("distinct", "repetition", 0, form.distinct_words),
    Feature("function", "wording", 0, form.function_words),
    Feature("sentence", "wording", 0, form.sentence_length),
    Feature("wordlen", "wording", 0, form.word_length),
    Feature("grammar", "grammar", -1, form.broken_grammar),
    Feature("starts", "grammar", -1, form.small_starts),
    Feature("gibberish", "legibility", -1, form.gibberish),
    Feature("foreign", "language", -1, _each(relation.foreignness)),
    Feature("leaks", "leaks", -1, form.leaks),
    Feature("addresses", "addresses", -1, relation.addresses),
    Feature("cut", "ending", -1, _text(form.cut_off)),
    Feature("refusal", "refusal", -1, form.refusals),
    Feature("paragraphs", "layout", 0, form.paragraphs),
    Feature("list", "layout", 0, _text(lambda text: min(20, text.long_items))),
    Feature("missed", "format", -1, _each(lambda case: wishes.missed(case.answer, case.question))),
    Feature("met", "format", 1, _each(lambda case: wishes.met(case.answer, case.question))),
    Feature("code", "code", 0, _text(lambda text: min(100, text.code_size))),
    Feature("refpairs", "agreement", 1, lambda b: relation.reference_runs(b, 2), _referenced),
    Feature("reftriples", "agreement", 1, lambda b: relation.reference_runs(b, 3), _referenced),
    Feature("refterms", "agreement", 1, lambda b: relation.reference_terms(b, REFERENCE), _referenced),
    Feature("refend", "agreement", 1, lambda b: relation.reference_terms(b, CONCLUSION), _referenced),
    Feature("refbeside", "agreement", 0, relation.beside_reference, _referenced),
    Feature("reffinal", "numbers", 1, lambda b: relation.final_number(b, 3), _referenced),
    Feature("reflast", "numbers", 1, lambda b: relation.final_number(b, 1), _referenced),
    Feature("referenced", CONTEXT, 0, lambda b: relation.referenced(b).astype(np.int64)),
    Feature("turn", CONTEXT, 0, _each(lambda case: min(case.turn, 3))),
    Feature("asked", CONTEXT, 0, _each(lambda case: min(1000, len(case.question.words)))),
    Feature("openness", CONTEXT, 0, _each(lambda case: relation.openness(case.question))),
)

PHRASES = {  # how an explanation speaks of a name that counts for an answer, and against it
    "length": ("its length", "its length"),
    "substance": ("much substance", "little substance"),
    "focus": ("keeping to the question", "not taking up the question, or echoing it"),
    "the answer before": ("going on from the answer before", "repeating the answer before"),
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


def measure(batch: Batch) -> Array:
    """The values of the features: a row a case, a column a feature."""
    return np.column_stack([feature.measure(batch) for feature in FEATURES])
