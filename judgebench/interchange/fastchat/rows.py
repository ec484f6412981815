"""What both of FastChat's formats share: the folder's protocol, and stored verdicts; pure but for the folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from judgebench.interchange.fastchat.lines import ERROR_TEXT, Line, Unusable, identifier
from judgebench.interchange.fastchat.prompts import JudgePrompt
from judgebench.tables.records import Answer, Failure, Question, Review, Verdict, content_id
from judgebench.verdicts.closing import Range
from judgebench.verdicts.text import parse

MadeT = TypeVar("MadeT")
READ_RANGE: Range = (0, 10)  # the prompts ask for 1 to 10, but real judges gave 0 as well


@dataclass(frozen=True, slots=True)
class Target:
    """Where rows are going: the question set, its questions by id, and whether stored verdicts are left aside."""

    question_set: str
    questions: Mapping[str, Question]
    reparse: bool = False

    def question(self, line: Line) -> Question:
        """The question that a line is about."""
        number = identifier(line.row, "question_id")
        if number not in self.questions:
            raise Unusable(f"is about question {number!r}, which {self.question_set} does not hold")
        return self.questions[number]


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
    """The verdict that a file holds next to the text; None where FastChat found none."""

    verdict: Verdict | None


def reading(kind: str, reply: str, stored: Stored | None, reparse: bool) -> dict[str, Any]:
    """What a review says: its reply and its verdict, the stored one unless there is none or `reparse` is set."""
    if reply.strip() == ERROR_TEXT:
        return {"error": failed("the judge"), "verdict_source": "stored"}
    from_text = stored is None or reparse
    verdict = parse(kind, reply, READ_RANGE) if stored is None or reparse else stored.verdict
    where = (
        f"the text holds no {kind} verdict where the prompt asks for it" if from_text else "FastChat found no verdict"
    )
    return {
        "verdict": verdict,
        "error": None if verdict else Failure("unparsed", where),
        "reply": reply,
        "verdict_source": "text" if from_text else "stored",
    }


def failed(whom: str) -> Failure:
    """The error of a call that FastChat gave up."""
    return Failure("fastchat_error", f"FastChat's call to {whom} failed ({ERROR_TEXT})")


def number(value: Any, name: str) -> float:
    """A stored score; one below 0 or NaN stands for none."""
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
