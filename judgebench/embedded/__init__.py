"""The embedded judge: an offline stand-in for an LLM judge, a small regression on features of the texts."""

from judgebench.embedded.explaining import compare
from judgebench.embedded.grading import NAME, SCALE, Grade, Grader, Item, built_in, grade, load
from judgebench.embedded.language import NOT_ENGLISH, other_language

__all__ = [
    "NAME",
    "NOT_ENGLISH",
    "SCALE",
    "Grade",
    "Grader",
    "Item",
    "built_in",
    "compare",
    "grade",
    "load",
    "other_language",
]
