"""A judge is tried with attacks on answers of the workspace itself: every reply is a row, and asked for once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from judgebench.attacks import ATTACKS
from judgebench.audit.gains import ATTACK, ATTACKED, BASELINE, OF, ORIGINAL, PART
from judgebench.judge import Judge, Task
from judgebench.matches import Match
from judgebench.question_sets import QuestionSet
from judgebench.records import Answer, Question, Review, content_id
from judgebench.store import in_force
from judgebench.workspace import Workspace

TURN = 1  # attacks are on first turns: later ones would need the rest of the conversation to fit


class Marked:
    """A judge whose rows say of which attack, part and model they are: what gains are computed from."""

    def __init__(self, judge: Judge) -> None:
        self.inner = judge
        self.name = judge.name
        self.ready: Callable[[], int] = getattr(judge, "ready", lambda: 0)

    def draft(self, match: Match, question_set: str) -> Review:
        """The judge's own, and what the answer is."""
        draft = self.inner.draft(match, question_set)
        marks = next((answer.extra for answer in match.answers if answer), {})
        return replace(draft, extra={**draft.extra, **marks})

    def judge(self, tasks: Sequence[Task]) -> Iterator[Review]:
        """What the judge says."""
        return self.inner.judge(tasks)


def attacked(workspace: Workspace, question_set: QuestionSet, sample: int, seed: int = 0) -> list[Match]:
    """What the judge is asked: of a random sample of answers each as it is, attacked in every way, and the baselines.

    One answer to each question drawn, of a model drawn as well; of questions that judges are asked about. A larger
    sample of the same seed holds the smaller one.
    """
    answers = [row for row in in_force(workspace.all_answers(question_set.name)).values() if _usable(row)]
    by_question: dict[str, list[Answer]] = {}
    for row in answers:
        by_question.setdefault(row.question_id, []).append(row)
    asked = [
        question
        for question in question_set.questions
        if question_set.category(question).scorer == "judge" and question.id in by_question
    ]
    drawn = sorted(asked, key=lambda question: content_id("audit", seed, question.id))[:sample]
    chosen = (
        (question, min(by_question[question.id], key=lambda row: content_id("audit", seed, row.question_id, row.model)))
        for question in drawn
    )
    return [match for question, answer in chosen for match in _matches(question, answer, seed)]


def _usable(row: Answer) -> bool:
    return row.choice == 0 and len(row.turns) >= TURN and bool(row.turns[TURN - 1].strip())


def _matches(question: Question, answer: Answer, seed: int) -> Iterator[Match]:
    turns, text = question.turns[:TURN], answer.turns[TURN - 1]
    yield _match(question, answer, text, {PART: ORIGINAL})
    for attack in ATTACKS:
        draw = int(content_id("attack", seed, question.id, attack.name)[:8], 16)
        yield _match(question, answer, attack.make(turns, text, draw), {PART: ATTACKED, ATTACK: attack.name})
        if attack.baseline is not None:
            yield _match(question, answer, attack.baseline, {PART: BASELINE, ATTACK: attack.name})


def _match(question: Question, answer: Answer, text: str, marks: dict[str, Any]) -> Match:
    """One answer, named by what it is, so that each has a slot of its own."""
    model = ":".join(["attack", marks.get(ATTACK, ""), marks[PART], answer.model])
    made = replace(
        answer,
        id=content_id("attack", question.digest, text),
        model=model,
        turns=(text,),
        error=None,
        question_digest=question.digest,
        extra={**marks, OF: answer.model},
    )
    return Match("single", question, TURN, (model,), (made,))
