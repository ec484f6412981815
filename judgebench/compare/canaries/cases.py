"""The frozen questions and answers (`canaries.jsonl`, written for this project), and the matches made of them."""

from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from judgebench.judging.matches import Design, Match, pairwise
from judgebench.tables.records import Answer, Question, content_id

Kind: TypeAlias = Literal["itself", "truncated", "empty", "off-topic", "injected", "padded", "people"]
QUESTION_SET = "canaries"
PAIR = ("canary:better", "canary:worse")
ITSELF = ("canary:answer", "canary:itself")
_FILE = Path(__file__).with_name("canaries.jsonl")


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A try of a canary: a question, a better and a worse answer, and why; without a worse one, it meets itself."""

    id: str
    canary: Kind
    category: str
    question: str
    better: str
    why: str
    worse: str | None = None
    reference: str | None = None

    @property
    def question_id(self) -> str:
        """What reviews call its question."""
        return f"canary:{self.id}"

    @property
    def models(self) -> tuple[str, str]:
        """What reviews call its answers, in the order in which they are named."""
        return ITSELF if self.worse is None else PAIR

    @property
    def texts(self) -> tuple[str, str]:
        """Both answers, in that order."""
        return (self.better, self.better if self.worse is None else self.worse)


@lru_cache
def cases() -> tuple[Case, ...]:
    """All tries, in the order of the file."""
    return tuple(msgspec.json.Decoder(Case).decode_lines(_FILE.read_bytes()))


def matches() -> list[Match]:
    """What the judge is asked: each pair in both orders, and an answer against itself once."""
    return [match for case in cases() for match in matches_of(case)]


def matches_of(case: Case) -> list[Match]:
    """What the judge is asked in one try."""
    question = Question(
        id=case.question_id, category=case.category, turns=(case.question,), references=(case.reference,)
    )
    named = zip(case.models, case.texts, strict=True)
    answers = {(model, question.id): [_answer(question, model, text)] for model, text in named}
    return list(pairwise([question], answers, [case.models], Design("named" if case.worse is None else "both")))


def _answer(question: Question, model: str, text: str) -> Answer:
    return Answer(
        id=content_id("canary", question.digest, text),
        question_set=QUESTION_SET,
        question_id=question.id,
        question_digest=question.digest,
        model=model,
        turns=(text,),
    )
