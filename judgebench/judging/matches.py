"""Which matches a review run consists of: what one judge call looks at; pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal, TypeAlias

from judgebench.tables.records import Answer, Mode, Question, Verdict, content_id

Answers = Mapping[tuple[str, str], Sequence[Answer]]  # by (model, question id), one or several samples
Pair = tuple[str, str]
Orders: TypeAlias = Literal["both", "named", "random", "adaptive"]


@dataclass(frozen=True, slots=True)
class Design:
    """In which orders pairs are shown, and how often a match is judged.

    `random` shows each match in one order, drawn by `seed`. `adaptive` begins like it, and then shows in the
    other order those with a tie or scores at most `close` points apart, and a random `share` of the rest.
    """

    orders: Orders = "both"
    repeats: int = 1
    seed: int = 0
    share: float = 0.2
    close: float = 1.0


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
    choice: int = 0

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


def samples(answers: Iterable[Answer]) -> dict[tuple[str, str], list[Answer]]:
    """By model and question id the samples that belong together, from the answers in force to one set.

    Those made like the first one: after a question or a checkpoint has changed, what is left of more samples drawn
    before is none of them.
    """
    found: dict[tuple[str, str], list[Answer]] = {}
    for answer in sorted(answers, key=lambda one: one.choice):
        held = found.setdefault((answer.model, answer.question_id), [])
        if answer.choice == 0 or (held and _made(answer) == _made(held[0])):
            held.append(answer)
    return {place: held for place, held in found.items() if held}


def _made(answer: Answer) -> tuple[object, ...]:
    provenance = {name: value for name, value in answer.provenance.items() if name != "served_by"}
    return answer.question_digest, answer.spec, answer.sampling, provenance


def sample(drawn: Sequence[Answer], choice: int) -> Answer | None:
    """The sample that stands for a choice: where a model has fewer than another, its own begin again."""
    return drawn[choice % len(drawn)] if drawn else None


def single(questions: Sequence[Question], answers: Answers, models: Sequence[str], repeats: int = 1) -> Iterator[Match]:
    """Every turn of every question, one model at a time, each sample, and all of them as often as `repeats` says."""
    for repeat in range(repeats):
        for question, turn in _turns(questions):
            for model in models:
                for choice, found in _drawn(question, (model,), answers):
                    yield Match("single", question, turn, (model,), found, repeat=repeat, choice=choice)


def _drawn(
    question: Question, models: Sequence[str], answers: Answers
) -> Iterator[tuple[int, tuple[Answer | None, ...]]]:
    """Each choice of a question, and the models' samples for it: as many as the model with most has."""
    held = [answers.get((model, question.id), ()) for model in models]
    for choice in range(max(1, *map(len, held))):
        yield choice, tuple(sample(one, choice) for one in held)


def pairwise(
    questions: Sequence[Question],
    answers: Answers,
    pairs: Sequence[Pair],
    design: Design = Design(),
    places: Mapping[str, int] | None = None,
) -> Iterator[Match]:
    """Every turn and sample of every question for each pair, in the orders and as often as the design says.

    `places` are those of the questions in the whole set, where `questions` is a part of it. Of an adaptive design
    these are the first orders; `second_orders` has the others.
    """
    known = place_in_category(questions) if places is None else places
    for repeat in range(design.repeats):
        for question, turn in _turns(questions):
            for pair in pairs:
                for shown in _shown(question, turn, pair, design, known[question.id]):
                    for choice, found in _drawn(question, shown, answers):
                        yield Match("pairwise", question, turn, shown, found, shown != pair, repeat, choice)


def place_in_category(questions: Sequence[Question]) -> dict[str, int]:
    """How many questions of its category stand before each question of a set: a limit doesn't change it."""
    before: Counter[str] = Counter()
    places = {}
    for question in questions:
        places[question.id] = before[question.category]
        before[question.category] += 1
    return places


def second_orders(
    first: Sequence[Match], verdicts: Sequence[Verdict | None], design: Design
) -> Iterator[tuple[Match, float]]:
    """The other order of the close matches and of a random share of the rest, each with its chance to be chosen.

    A match is close when one of its repeats is, and all its repeats are shown again. One without any verdict waits.
    """
    judged: dict[tuple[object, ...], list[Verdict]] = defaultdict(list)
    for match, verdict in zip(first, verdicts, strict=True):
        if verdict:
            judged[_about(match)].append(verdict)
    for match in first:
        found = judged[_about(match)]
        chance = 1.0 if any(_close(verdict, design.close) for verdict in found) else design.share
        if found and _draw("second", design.seed, *_about(match)) < chance:
            yield _turned(match), chance


def _turns(questions: Sequence[Question]) -> Iterator[tuple[Question, int]]:
    for question in questions:
        for turn in range(1, len(question.turns) + 1):
            yield question, turn


def _shown(question: Question, turn: int, pair: Pair, design: Design, place: int) -> tuple[Pair, ...]:
    if design.orders == "both":
        return pair, pair[::-1]
    if design.orders == "named":
        return (pair,)
    first, second = sorted(pair)
    coin = _draw("order", design.seed, first, second, question.category, place // 2) < 0.5
    return ((first, second) if coin ^ bool((place + turn) % 2) else (second, first),)


def _draw(*about: object) -> float:
    """A number from 0 up to 1 that is as good as random, and always the same for the same things."""
    return int(content_id(*about)[:12], 16) / 16**12


def _about(match: Match) -> tuple[object, ...]:
    return match.question.id, match.turn, tuple(sorted(match.models)), *([match.choice] if match.choice else [])


def _close(verdict: Verdict, points: float) -> bool:
    if len(verdict.scores) == 2:
        return abs(verdict.scores[0] - verdict.scores[1]) <= points
    return verdict.winner == "tie"


def _turned(match: Match) -> Match:
    return replace(match, models=match.models[::-1], answers=match.answers[::-1], swapped=not match.swapped)


def pairs_of(models: Sequence[str], baseline: str | None = None) -> list[Pair]:
    """The baseline with each other model, or, without a baseline, every pair in the order given."""
    if baseline is None:
        return list(combinations(models, 2))
    return [(baseline, model) for model in models if model != baseline]
