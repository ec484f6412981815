"""A judge is tried with attacks on answers of the workspace itself: every reply is a row, and asked for once."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from judgebench.attacks import ATTACKS
from judgebench.audit.gains import ATTACK, ATTACKED, BASELINE, OF, ORIGINAL, PAIR, PART, name_of
from judgebench.judging.judge import Wrapped
from judgebench.judging.matches import Match
from judgebench.question_sets import QuestionSet
from judgebench.tables.records import Answer, Mode, Question, Review, content_id
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

TURN = 1  # attacks are on first turns: later ones would need the rest of the conversation to fit


class Marked(Wrapped):
    """A judge whose rows say of which attack, part and model they are: what gains are computed from."""

    def draft(self, match: Match, question_set: str) -> Review:
        """The judge's own, and what the answer is."""
        draft = self.inner.draft(match, question_set)
        marks = {name: mark for answer in match.answers if answer for name, mark in answer.extra.items()}
        part = {PART: PAIR} if match.mode == "pairwise" else {}
        return replace(draft, extra={**draft.extra, **marks, **part})


def attacked(
    workspace: Workspace, question_set: QuestionSet, sample: int, seed: int, modes: Collection[Mode]
) -> list[Match]:
    """What the judge is asked: of a random sample of answers each as it is, attacked in every way, and the baselines.

    One answer to each question drawn, of a model drawn as well; of questions that judges are asked about. A larger
    sample of the same seed holds the smaller one. `single`: each is rated by itself; `pairwise`: the attacked one is
    shown beside what it is compared with, in both orders.
    """
    rows = in_force(workspace.all_answers(question_set.name)).values()
    by_question: dict[str, list[Answer]] = {}
    for row in filter(_usable, rows):
        by_question.setdefault(row.question_id, []).append(row)
    found = []
    for question in sorted(question_set.questions, key=lambda one: content_id("audit", seed, one.id)):
        answers = [row for row in by_question.get(question.id, ()) if row.question_digest == question.digest]
        if answers and question_set.category(question).scorer == "judge":
            found.append(
                (question, min(answers, key=lambda row: content_id("audit", seed, row.question_id, row.model)))
            )
    return [match for question, answer in found[:sample] for match in _matches(question, answer, seed, modes)]


def _usable(row: Answer) -> bool:
    return row.choice == 0 and len(row.turns) >= TURN and bool(row.turns[TURN - 1].strip())


def _matches(question: Question, answer: Answer, seed: int, modes: Collection[Mode]) -> Iterator[Match]:
    original = _answer(question, answer, answer.turns[TURN - 1], {PART: ORIGINAL})
    singles, pairs = [original], []
    for attack in ATTACKS:
        draw = int(content_id("attack", seed, question.id, attack.name)[:8], 16)
        text = attack.make(question.turns[:TURN], original.turns[0], draw)
        made = _answer(question, answer, text, {PART: ATTACKED, ATTACK: attack.name})
        compared = original
        if attack.baseline is not None:
            compared = _answer(question, answer, attack.baseline, {PART: BASELINE, ATTACK: attack.name})
            singles.append(compared)
        singles.append(made)
        pairs.append((compared, made))
    if "single" in modes:
        yield from (Match("single", question, TURN, (one.model,), (one,)) for one in singles)
    if "pairwise" in modes:
        for pair in pairs:
            for swapped, shown in ((False, pair), (True, pair[::-1])):
                yield Match("pairwise", question, TURN, tuple(one.model for one in shown), shown, swapped)


def _answer(question: Question, answer: Answer, text: str, marks: dict[str, Any]) -> Answer:
    """What a model said, or what was made of it, named by what it is."""
    return replace(
        answer,
        id=content_id("attack", question.digest, text),
        model=name_of(marks.get(ATTACK, ""), marks[PART], answer.model),
        turns=(text,),
        error=None,
        extra={**marks, OF: answer.model},
    )
