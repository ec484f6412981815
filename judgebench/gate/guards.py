"""Guards: what can be said of answers without a judge, as points of the same test that sets go through; pure.

A guard's points of a question lie from 0 to 1, and their mean is above a threshold where the limit holds. So a guard
is read as a set is: at any time, at the same error rate. Each question counts once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from judgebench.gate.policy import LIMITS, Guard
from judgebench.gate.refusals import is_refusal
from judgebench.question_sets import QuestionSet
from judgebench.question_sets.sets import JUDGE
from judgebench.statistics.clusters import Floats, Interval
from judgebench.statistics.sequential import Evidence, Trial
from judgebench.tables.records import Answer, Question
from judgebench.verdicts import checkers

Measure: TypeAlias = Callable[[Answer, Question], float | None]
Read: TypeAlias = Callable[[Floats], Evidence]
LARGEST = 1e3  # the largest factor that is told from none
_HALVINGS = 30


@dataclass(frozen=True, eq=False)
class Measured:
    """What a guard measures of both models' answers, each (questions,) in the order drawn; NaN: not to be had."""

    baseline: Floats
    candidate: Floats

    def points(self, guard: Guard) -> tuple[Floats, float]:
        """Of each question, NaN where either is not to be had; and the threshold that their mean is to be above.

        Of a difference they are 1/2 where there is none. Of a factor, l b / (c + l b) for the limit l: their mean is
        1/2 where c is typically l times b, each question counting alike however long its answers are.
        """
        kind, difference = LIMITS[guard.name], self.candidate - self.baseline
        if kind == "at_most_points":
            return (1 - difference) / 2, (1 - guard.limit) / 2
        if kind == "at_least_points":
            return (1 + difference) / 2, (1 + guard.limit) / 2
        allowed = guard.limit * self.baseline
        both = allowed + self.candidate
        return np.where(both > 0, allowed / np.where(both > 0, both, 1.0), both + 0.5), 0.5

    def trial(self, guard: Guard, read: Read) -> Trial:
        """The evidence for the limit, and against it; a question that is not to be had counts against either."""
        return Trial.of(self.points(guard)[0], read)

    def value(self, guard: Guard) -> float | None:
        """The factor, or the difference as a share; None where no question tells."""
        known = ~np.isnan(self.baseline + self.candidate)
        if not known.any():
            return None
        if LIMITS[guard.name] != "at_most":
            return float((self.candidate - self.baseline)[known].mean())
        if not (self.baseline + self.candidate)[known].any():  # all are empty, and so as long
            return 1.0

        def is_less(factor: float) -> bool:
            points, middle = self.points(Guard(guard.name, factor))
            return float(points[known].mean()) > middle

        return _turning(is_less)

    def interval(self, guard: Guard, read: Read, held: float, broken: float) -> Interval:
        """Of that value; its lower end is wrong with a chance of at most `broken`, its upper one of `held`."""
        if LIMITS[guard.name] != "at_most":
            trial, sign = self.trial(guard, read), 1 if LIMITS[guard.name] == "at_least_points" else -1
            if sign > 0:
                return 2 * trial.lower(2 * held) - 1, 2 * trial.upper(2 * broken) - 1
            return 1 - 2 * trial.upper(2 * broken), 1 - 2 * trial.lower(2 * held)

        def at(factor: float) -> Trial:
            return self.trial(Guard(guard.name, factor), read)

        low = _turning(lambda factor: np.isnan(at(factor).stopping(0.5, 2 * broken)[1]).item())
        high = _turning(lambda factor: not np.isnan(at(factor).stopping(0.5, 2 * held)[0]).item())
        return low, high


def _turning(holds: Callable[[float], bool]) -> float:
    """The factor from which on something holds, between 1 / LARGEST and LARGEST."""
    low, high = -np.log(LARGEST), np.log(LARGEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(float(np.exp(middle))) else (middle, high)
    return float(np.exp(high))


def measured(
    guard: Guard,
    question_set: QuestionSet,
    questions: Sequence[Question | None],
    answers: Sequence[Mapping[str, Answer]],
) -> Measured:
    """Of these questions (None: one that is gone), by the baseline's and the candidate's answers to each."""
    measure = _measures(question_set)[guard.name]
    found = [[_of(answer.get(one.id) if one else None, one, measure) for one in questions] for answer in answers]
    return Measured(*np.array(found, np.float64))


def asked(guard: Guard, question_set: QuestionSet, questions: Sequence[Question]) -> Iterator[Question]:
    """Those of the questions that the guard looks at: for `checked` those of categories that a checker scores."""
    checked = guard.name == "checked"
    return (one for one in questions if not checked or question_set.category(one).scorer != JUDGE)


def _of(answer: Answer | None, question: Question | None, measure: Measure) -> float:
    if question is None:
        return np.nan
    found = None if answer is None or answer.question_digest != question.digest else measure(answer, question)
    return np.nan if found is None else found


def _measures(question_set: QuestionSet) -> Mapping[str, Measure]:
    def checked(answer: Answer, question: Question) -> float | None:
        return _right(question_set.category(question).scorer, answer, question)

    return {"answer_length": _length, "refused": _refused, "empty_or_cut": _empty_or_cut, "checked": checked}


def _length(answer: Answer, question: Question) -> float | None:
    """In characters, all turns together."""
    return None if answer.error else float(sum(map(len, answer.turns)))


def _refused(answer: Answer, question: Question) -> float | None:
    """The share of turns; all of it where the endpoint's content filter refused."""
    if answer.error:
        return 1.0 if answer.error.kind == "refused" else None
    return _share(map(is_refusal, answer.turns))


def _empty_or_cut(answer: Answer, question: Question) -> float | None:
    """The share of turns without any text, or stopped at their token limit."""
    if answer.error:
        return None
    return _share(not text.strip() or answer.is_cut(turn) for turn, text in enumerate(answer.turns, 1))


def _right(scorer: str, answer: Answer, question: Question) -> float | None:
    """The share of turns that a checker finds right, of those that have a reference to compare with."""
    if answer.error:
        return None
    references = [question.reference(turn) for turn in range(1, len(answer.turns) + 1)]
    try:
        return _share(
            checkers.check(scorer, reference, text).right
            for reference, text in zip(references, answer.turns, strict=True)
            if reference is not None and not checkers.problem(scorer, reference)
        )
    except checkers.Broken:
        return None


def _share(found: "Iterator[bool] | map[bool]") -> float | None:
    listed = list(found)
    return sum(listed) / len(listed) if listed else None
