"""Which matches a review run consists of: what one judge call looks at; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from judgebench.records import Answer, Mode, Question

Answers = Mapping[tuple[str, str], Answer]  # by (model, question id)
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Match:
    """A question, a turn (counted from 1), and one answer, or two in the order in which they are shown."""

    mode: Mode
    question: Question
    turn: int
    models: tuple[str, ...]
    answers: tuple[Answer | None, ...]
    swapped: bool = False
    repeat: int = 0

    @property
    def obstacle(self) -> str | None:
        """Why no judge can be asked: an answer is missing, failed, or belongs to an older wording; or None."""
        return next(filter(None, map(self._obstacle, self.models, self.answers)), None)

    def conversation(self) -> list[dict[str, str | None]]:
        """The turns up to the judged one as judge prompts see them: question, reference and answer(s)."""
        names = ("answer",) if self.mode == "single" else ("answer_a", "answer_b")
        return [
            {"question": self.question.turns[turn], "reference": self.question.reference(turn + 1)}
            | {name: answer.turns[turn] for name, answer in zip(names, self.answers, strict=True) if answer}
            for turn in range(self.turn)
        ]

    def _obstacle(self, model: str, answer: Answer | None) -> str | None:
        if answer is None:
            return f"{model} has no answer to this question"
        if answer.question_digest != self.question.digest:
            return f"{model}'s answer is to an older wording of this question"
        if len(answer.turns) < self.turn:
            return f"{model}'s answer failed ({answer.error.kind if answer.error else 'turns are missing'})"
        return None


def single(questions: Sequence[Question], answers: Answers, models: Sequence[str]) -> Iterator[Match]:
    """Every turn of every question, one model at a time."""
    for question in questions:
        for turn in range(1, len(question.turns) + 1):
            for model in models:
                yield Match("single", question, turn, (model,), (answers.get((model, question.id)),))


def pairwise(
    questions: Sequence[Question], answers: Answers, pairs: Sequence[Pair], both_orders: bool = True
) -> Iterator[Match]:
    """Every turn of every question for each pair, as named and, with `both_orders`, the other way round as well."""
    for question in questions:
        for turn in range(1, len(question.turns) + 1):
            for pair in pairs:
                for swapped in (False, True)[: 1 + both_orders]:
                    shown = pair[::-1] if swapped else pair
                    found = tuple(answers.get((model, question.id)) for model in shown)
                    yield Match("pairwise", question, turn, shown, found, swapped)


def pairs_of(models: Sequence[str], baseline: str | None = None) -> list[Pair]:
    """The baseline with each other model, or, without a baseline, every pair in the order given."""
    if baseline is None:
        return list(combinations(models, 2))
    return [(baseline, model) for model in models if model != baseline]
