"""Is the judge in order? It is tried on frozen questions and answers before anything that it says is believed."""

from judgebench.compare.canaries.cases import QUESTION_SET, Case, cases, matches
from judgebench.compare.canaries.expectations import Expected, expected_of, needed
from judgebench.compare.canaries.outcomes import results
from judgebench.compare.canaries.trial import ask, judge_for, prompt_for, try_judge

__all__ = [
    "QUESTION_SET",
    "Case",
    "Expected",
    "ask",
    "cases",
    "expected_of",
    "judge_for",
    "matches",
    "needed",
    "prompt_for",
    "results",
    "try_judge",
]
