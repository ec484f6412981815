"""A file of coefficients as a judge: grades, and their reasons in words."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from judgebench.embedded import people
from judgebench.embedded.batch import batches
from judgebench.embedded.cases import Case, make_case
from judgebench.embedded.explaining import explanation, largest_first, without_words
from judgebench.embedded.features import CONTEXT, DEFINITION_VERSION, FEATURES, measure
from judgebench.embedded.trees import UNIT, Forest, read_forest

COEFFICIENTS = Path(__file__).with_name("coefficients.json")
LARGEST = 2_000_000  # bytes of a file of coefficients that is read
SCALE = (1.0, 10.0)
NAME = "embedded"
NOTHING = -100.0  # the points of an answer without words: less than any other has
_CENT = UNIT // 100  # scores have 2 decimals
_ENDS = (int(SCALE[0]) * UNIT, int(SCALE[1]) * UNIT)

Item = tuple[Sequence[str], Sequence[str], str | None]  # turns, answers, and the reference if there is one


@dataclass(frozen=True, slots=True)
class Grade:
    """A score of 1.0 to 10.0 (2 decimals), what moved it (points, largest first), and that in sentences.

    `points` are the score before it is cut to its scale: of two answers at an end of it they still say the better one.
    """

    score: float
    points: float
    contributions: tuple[tuple[str, float], ...]
    explanation: str


@dataclass(frozen=True)
class Grader:
    """A judge of one file of coefficients; `version` is that file's content, and `head` what it says of itself."""

    forest: Forest
    version: str
    head: dict[str, Any]
    by_people: str = ""  # what is known of it and people's preferences, as a sentence

    def grade(self, turns: Sequence[str], answers: Sequence[str], reference: str | None = None) -> Grade:
        """Grade answers[-1], the answer to turns[len(answers)-1], given the conversation before it."""
        return next(self.grades([(turns, answers, reference)]))

    def grades(self, items: Iterable[Item]) -> Iterator[Grade]:
        """The grade of each item; those of one question are quickest beside each other."""
        for batch in batches(_cases(items)):
            for case, points in zip(batch.cases, self.forest.points(measure(batch)).tolist(), strict=True):
                yield self._grade(case, points)

    def _grade(self, case: Case, points: Sequence[int]) -> Grade:
        base = self.forest.base / UNIT
        if _is_empty(case):
            return Grade(SCALE[0], NOTHING, *without_words(base, SCALE[0]))
        score, moved = _score(self.forest.base + sum(points)), _by_name(case, points)
        return Grade(
            score, _rounded(self.forest.base + sum(points)), moved, explanation(case, score, SCALE[1], base, moved)
        )

    def scores(self, items: Iterable[Item]) -> Iterator[float]:
        """The score alone of each item."""
        for batch in batches(_cases(items)):
            for case, points in zip(batch.cases, self.forest.totals(measure(batch)).tolist(), strict=True):
                yield SCALE[0] if _is_empty(case) else _score(points)

    @property
    def note(self) -> str:
        """What reports say of it."""
        held_out = self.head["held out"]["judge"]
        return (
            f"{NAME} is no LLM but an offline surrogate for {self.head['judge']}: on models and questions that it was "
            f"not trained on, its scores correlate {held_out['answers']:.2f} with that judge's per answer and "
            f"{held_out['models']:.2f} per model, and it orders {held_out['pairs']:.1%} of the pairs right that the "
            f"judge separates by a point or more. {self.by_people}".rstrip()
        )


def _cases(items: Iterable[Item]) -> Iterator[Case]:
    for turns, answers, reference in items:
        if not 1 <= len(answers) <= len(turns):
            raise ValueError(f"{len(answers)} answers to {len(turns)} turns: there must be one to each turn so far")
        yield make_case(turns, answers, reference)


def _is_empty(case: Case) -> bool:
    return not any(map(str.isalnum, case.answer.head))


def _score(points: int) -> float:
    """Points in UNITs as a score: rounded to cents while they are whole numbers, and divided last."""
    return _rounded(min(_ENDS[1], max(_ENDS[0], points)))


def _rounded(points: int) -> float:
    return (points + _CENT // 2) // _CENT / 100


def _by_name(case: Case, points: Sequence[int]) -> tuple[tuple[str, float], ...]:
    """The points of the features added up by their human name, largest first, those that round to 0 left out."""
    sums: dict[str, int] = {}
    for feature, value in zip(FEATURES, points, strict=True):
        name = feature.name if feature.applies(case) else CONTEXT
        sums[name] = sums.get(name, 0) + value
    return largest_first((name, round(value / UNIT, 3)) for name, value in sums.items())


def version_of(coefficients: str, definition: str) -> str:
    """The version of a judge with these coefficients (the file's text) and this definition of its features."""
    return f"embedded-{definition}:" + hashlib.sha256(f"{definition}\n{coefficients}".encode()).hexdigest()[:12]


def read_grader(text: str) -> Grader:
    """The judge of a coefficient file's text; ValueError, in one line, where it is none, or one of other features."""
    try:
        head = json.loads(text)
        forest = read_forest(head.pop("model"))
        floats = [head["held out"]["judge"][name] for name in ("answers", "models", "pairs")]
        sound = isinstance(head["judge"], str) and all(isinstance(value, int | float) for value in floats)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        sound = False
    if not sound:
        raise ValueError("it holds no coefficients of an embedded judge")
    if forest.features != tuple(feature.key for feature in FEATURES):
        raise ValueError("its coefficients belong to another version of the features: train it again")
    return Grader(forest, version_of(text, DEFINITION_VERSION), head)


def load(path: Path) -> Grader:
    """The judge of a file; ValueError where it can't be read or holds none."""
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("it is too large for coefficients of an embedded judge")
        return read_grader(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError("it holds no coefficients of an embedded judge") from error
    except OSError as error:
        raise ValueError(f"it can't be read ({error.strerror})") from error


@lru_cache(maxsize=1)
def built_in() -> Grader:
    """The judge that is installed with the package."""
    return replace(load(COEFFICIENTS), by_people=people.sentence(people.measured()))


def grade(turns: Sequence[str], answers: Sequence[str], reference: str | None = None) -> Grade:
    """The built-in judge's grade of answers[-1], the answer to turns[len(answers)-1]; see Grader.grade."""
    return built_in().grade(turns, answers, reference)
