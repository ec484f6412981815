"""What both of FastChat's formats share: the folder's protocol, and stored verdicts; pure but for the folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from judgebench.interchange.fastchat.prompts import JudgePrompt
from judgebench.interchange.lines import ERROR_TEXT, Line, Log, Row, Unusable, identifier, lines, tables
from judgebench.tables.records import Answer, Failure, Question, Review, Verdict, content_id
from judgebench.verdicts.closing import Range
from judgebench.verdicts.text import parse

MadeT = TypeVar("MadeT")
READ_RANGE: Range = (0, 10)  # the prompts ask for 1 to 10, but real judges gave 0 as well
NO_SCORE = -1.0  # what FastChat stores where it read none
OFF_SCALE = "off_scale"


@dataclass(frozen=True, slots=True)
class Target:
    """Where rows are going: the question set, its questions by id, and how reviews are read.

    With `reparse` stored verdicts are left aside; `scale` is the lowest and the highest score.
    """

    question_set: str
    questions: Mapping[str, Question]
    reparse: bool = False
    scale: Range = READ_RANGE

    def question(self, line: Line) -> Question:
        """The question that a line is about."""
        number = identifier(line.row, "question_id")
        if number not in self.questions:
            raise Unusable(f"is about question {number!r}, which {self.question_set} does not hold")
        return self.questions[number]


def part_of(row: Row) -> str | None:
    """Which part of a FastChat folder a row belongs in; None for one that isn't told from others' rows."""
    if {"question_id", "judge", "turn"} <= row.keys() and not {"judgment", "g1_judgment"}.isdisjoint(row):
        return "model_judgment"
    if {"answer1_id", "answer2_id", "reviewer_id"} <= row.keys():
        return "review"
    if {"question_id", "choices", "answer_id"} <= row.keys():
        return "model_answer"
    return "answer" if {"answer_id", "question_id", "model_id", "text"} <= row.keys() else None


def part_of_file(path: Path) -> str | None:
    """Which part of a folder a file is, by its first row."""
    first = next(lines(path, Log()), None) if path.is_file() else None
    return part_of(first.row) if first else None


def files(path: Path, part: str) -> list[Path]:
    """The files of a part of a folder, or the file itself, if it is one of that part."""
    if path.is_dir():
        return tables(path, part)
    return [path] if part_of_file(path) == part else []


def each_once(make: Callable[[Line], MadeT], key: Callable[[MadeT], str]) -> Callable[[Line], list[MadeT]]:
    """`make`, which refuses what has a key that it made before."""
    seen: set[str] = set()

    def once(line: Line) -> list[MadeT]:
        made = make(line)
        if key(made) in seen:
            raise Unusable(f"is the second called {key(made)!r}; the first is used")
        seen.add(key(made))
        return [made]

    return once


class Folder(Protocol):
    """A FastChat folder of one format; each part may be missing."""

    temperatures: Mapping[str, float]

    def questions(self) -> list[Question] | None:
        """The questions, or None without a question file."""
        ...

    def prompts(self) -> list[JudgePrompt]:
        """The judge prompts."""
        ...

    def answers(self, target: Target) -> list[Answer]:
        """Every answer, file by file."""
        ...

    def reviews(self, target: Target, answers: Sequence[Answer], prompts: Sequence[JudgePrompt]) -> list[Review]:
        """Every review, file by file; `answers` carry the ids that they are stored by."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """The verdict that a file holds next to the text; None where FastChat found none, or where `outside` says why."""

    verdict: Verdict | None
    outside: str = ""


def reading(kind: str, reply: str, stored: Stored | None, target: Target) -> dict[str, Any]:
    """What a review says: its reply and its verdict, the stored one unless there is none or the text is to be read."""
    if reply.strip() == ERROR_TEXT:
        return {"error": failed("the judge"), "verdict_source": "stored"}
    from_text = stored is None or target.reparse
    verdict = parse(kind, reply, target.scale) if stored is None or target.reparse else stored.verdict
    failure = Failure("unparsed", "FastChat found no verdict")
    if stored is None or target.reparse:
        failure = Failure("unparsed", f"the text holds no {kind} verdict where the prompt asks for it")
    elif stored.outside:
        failure = Failure(OFF_SCALE, stored.outside)
    return {
        "verdict": verdict,
        "error": None if verdict else failure,
        "reply": reply,
        "verdict_source": "text" if from_text else "stored",
    }


def failed(whom: str) -> Failure:
    """The error of a call that FastChat gave up."""
    return Failure("fastchat_error", f"FastChat's call to {whom} failed ({ERROR_TEXT})")


def stored_scores(scores: Sequence[float], make: Callable[..., Verdict], scale: Range) -> Stored:
    """The verdict that `make` makes of stored scores; none where FastChat stored -1 or NaN for it, or off the scale."""
    low, high = scale
    if all(low <= score <= high for score in scores):
        return Stored(make(*scores))
    if any(score == NO_SCORE or score != score for score in scores):
        return Stored(None)
    said = " and ".join(f"{score:g}" for score in scores)
    return Stored(None, f"{said} is outside the scale from {low:g} to {high:g} (--scale LOW-HIGH says another)")


def number(value: Any, name: str) -> float:
    """A stored score."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value in (float("inf"), float("-inf")):
        raise Unusable(f"has a {name} that is not a number")
    try:
        return float(value)
    except OverflowError as error:
        raise Unusable(f"has a {name} that is not a number") from error


def review_id(review: Review, stamp: object) -> str:
    """What tells a judgment from every other: its slot, what was asked and said, when, and what was read from it."""
    asked = review.messages[-1].content if review.messages else None
    verdict = (review.verdict.scores, review.verdict.winner) if review.verdict else None
    error = review.error.kind if review.error else None
    told = (asked, review.reply, str(stamp), review.verdict_source, verdict, error)
    return content_id("fastchat review", review.slot, review.prompt, review.swapped, told)
