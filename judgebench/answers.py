"""Questions -> answers."""

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any

from judgebench.models import Model, Reply, Request, Spec
from judgebench.models.prompt_cut import PROMPT_CUT, cut_prompts
from judgebench.question_sets import QuestionSet
from judgebench.tables.records import Answer, Message, Question, Sampling, content_id
from judgebench.tables.store import Stage, Table, TornLineWarning, in_force


@dataclass(frozen=True, slots=True)
class Drawing:
    """How answers are drawn: `changes` replace fields of each category's Sampling; so many samples of each answer."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    choices: int = 1


def get_answers(
    question_set: QuestionSet,
    questions: Sequence[Question],
    spec: Spec,
    model: Model,
    table: Table[Answer],
    drawing: Drawing = Drawing(),
) -> Stage[Answer]:
    """The answers of a model that the table doesn't hold yet; iterate to make them."""
    _settle(model, table)
    drafted = drafts(question_set, questions, spec, model, drawing)
    requests = {draft.id: request for draft, request in drafted}

    def produce(todo: Sequence[Answer]) -> Iterator[Answer]:
        begun = broken_off(_stored(table))
        asked = [rest(requests[draft.id], begun.get(draft.id)) for draft in todo]
        for reply in model.generate(asked):
            draft = todo[reply.index]
            row = _answered(draft, reply, list(cut_prompts(asked[reply.index], reply)))
            yield _gone_on(begun[draft.id], row) if draft.id in begun else row

    ready = getattr(model, "ready", lambda: 0)
    return Stage([draft for draft, _ in drafted], table, produce, ready, lambda: getattr(model, "drawn", 0))


def _settle(model: Model, table: Table[Answer]) -> None:
    """Tell a model that can be made in several ways how the answers were made that there are."""
    settle = getattr(model, "settle", None)
    if settle:
        settle(row.provenance for row in _stored(table) if not row.error)


def _stored(table: Table[Answer]) -> Iterator[Answer]:
    """The rows that there are; what can't be read is said when the stage reads them."""
    with warnings.catch_warnings(action="ignore", category=TornLineWarning):
        for batch in table.batches():
            yield from batch


def overrides(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the names that are fields of Sampling and were given a value."""
    names = [one.name for one in fields(Sampling)]
    return {name: asked[name] for name in names if asked.get(name) not in (None, ())}


def drafts(
    question_set: QuestionSet,
    questions: Sequence[Question],
    spec: Spec,
    model: Model,
    drawing: Drawing = Drawing(),
) -> list[tuple[Answer, Request]]:
    """The rows before any call, each with what would be asked; see `get_answers`."""
    made = []
    for question in questions:
        drawn = replace(question_set.category(question).sampling, **drawing.changes)
        for choice in range(drawing.choices):
            request = Request(question.turns, drawn, drawn.system, choice=choice)
            made.append((_draft(question, question_set.name, spec, model, request), request))
    return made


def _draft(question: Question, question_set: str, spec: Spec, model: Model, request: Request) -> Answer:
    identity = model.identity
    draft = Answer(
        id="",
        question_set=question_set,
        question_id=question.id,
        question_digest=question.digest,
        model=spec.name,
        turns=(),
        spec=spec.text,
        sampling=request.sampling,
        choice=request.choice,
        provenance=identity,
    )
    parts = ("answer", draft.slot, question.digest, identity, request.sampling.content)
    return replace(draft, id=content_id(*parts))


def known_as(spec: Spec, drafted: Iterable[Answer], rows: Iterable[Answer]) -> Spec:
    """The spec, which has no name of its own, under the name that the very answers drafted are known by.

    That is the name with most of them: the same model, asked the same in the same way. A spec with a name of its own,
    or with answers under its text, stays as it is.
    """
    if spec.name != spec.text:
        return spec
    asked, held = {_content(row) for row in drafted}, [row for row in in_force(rows).values() if not row.error]
    if any(row.model == spec.name for row in held):
        return spec
    found = Counter(row.model for row in held if _content(row) in asked)
    return replace(spec, name=min(found, key=lambda name: (-found[name], name))) if found else spec


def _content(row: Answer) -> str:
    """What an answer depends on besides the name of its model."""
    made = {name: value for name, value in row.provenance.items() if name != "served_by"}
    return content_id(row.question_id, row.choice, row.question_digest, made, row.sampling and row.sampling.content)


def broken_off(rows: Iterable[Answer]) -> dict[str, Answer]:
    """By its id, each conversation that failed on its way: the turns that were answered are paid for."""
    return {row.id: row for row in rows if row.error and row.turns}


def rest(request: Request, begun: Answer | None) -> Request:
    """What is still to be asked of a conversation, which an earlier run may have begun."""
    if begun is None:
        return request
    number = len(begun.turns)
    held = zip(request.turns, begun.turns, strict=False)
    before = [Message(role, text) for turn in held for role, text in zip(("user", "assistant"), turn, strict=True)]
    return replace(request, turns=request.turns[number:], before=(*request.before, *before))


def _gone_on(begun: Answer, row: Answer) -> Answer:
    """The row of a whole conversation, of which an earlier one has the beginning."""
    number = len(begun.turns)
    notes = [*dict.fromkeys((*begun.extra.get("notes", ()), *row.extra.get("notes", ())))]
    cut = [{**each, "turn": each["turn"] + number} for each in row.extra.get(PROMPT_CUT, ())]
    kept = {"notes": notes, PROMPT_CUT: [*begun.extra.get(PROMPT_CUT, ()), *cut]}
    served = sorted({*begun.provenance.get("served_by", ()), *row.provenance.get("served_by", ())})
    return replace(
        row,
        turns=(*begun.turns, *row.turns),
        reasoning=_thought(begun) + _thought(row) if begun.reasoning or row.reasoning else (),
        finish_reasons=(*begun.finish_reasons, *row.finish_reasons),
        usage=begun.usage + row.usage if begun.usage and row.usage else None,
        seconds=round((begun.seconds or 0.0) + (row.seconds or 0.0), 3),
        provenance={**row.provenance, **({"served_by": served} if served else {})},
        extra={**row.extra, **{name: several for name, several in kept.items() if several}},
    )


def _thought(row: Answer) -> tuple[str | None, ...]:
    return row.reasoning or (None,) * len(row.turns)


def _answered(draft: Answer, reply: Reply, cut: Sequence[Mapping[str, Any]]) -> Answer:
    served_by = sorted({completion.served_by for completion in reply.completions if completion.served_by})
    notes = list(dict.fromkeys(note for completion in reply.completions for note in completion.notes))
    return replace(
        draft,
        turns=tuple(completion.text for completion in reply.completions),
        error=reply.failure,
        reasoning=reply.reasoning,
        finish_reasons=tuple(completion.finish_reason for completion in reply.completions),
        usage=reply.usage,
        seconds=reply.seconds,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        provenance={**draft.provenance, "served_by": served_by} if served_by else draft.provenance,
        extra={**draft.extra, **({"notes": notes} if notes else {}), **({PROMPT_CUT: cut} if cut else {})},
    )
