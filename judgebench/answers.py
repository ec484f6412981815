"""Questions -> answers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from judgebench.models import Model, Reply, Request, Spec
from judgebench.question_sets import QuestionSet
from judgebench.records import Answer, Question, Sampling, content_id
from judgebench.store import Stage, Table


def get_answers(
    question_set: QuestionSet,
    questions: Sequence[Question],
    spec: Spec,
    model: Model,
    table: Table[Answer],
    overrides: Mapping[str, Any] | None = None,
) -> Stage[Answer]:
    """The answers of a model that the table doesn't hold yet; iterate to make them.

    `overrides` replaces fields of each category's Sampling.
    """
    drafted = drafts(question_set, questions, spec, model, overrides)
    requests = {draft.id: request for draft, request in drafted}

    def produce(todo: Sequence[Answer]) -> Iterator[Answer]:
        for reply in model.generate([requests[draft.id] for draft in todo]):
            yield _answered(todo[reply.index], reply)

    return Stage([draft for draft, _ in drafted], table, produce, getattr(model, "ready", lambda: 0))


def drafts(
    question_set: QuestionSet,
    questions: Sequence[Question],
    spec: Spec,
    model: Model,
    overrides: Mapping[str, Any] | None = None,
) -> list[tuple[Answer, Request]]:
    """The rows before any call, each with what would be asked; see `get_answers`."""
    made = []
    for question in questions:
        drawn = replace(question_set.category(question).sampling, **(overrides or {}))
        made.append((_draft(question, question_set.name, spec, model, drawn), Request(question.turns, drawn)))
    return made


def _draft(question: Question, question_set: str, spec: Spec, model: Model, sampling: Sampling) -> Answer:
    identity = model.identity
    draft = Answer(
        id="",
        question_set=question_set,
        question_id=question.id,
        question_digest=question.digest,
        model=spec.name,
        turns=(),
        spec=spec.text,
        sampling=sampling,
        provenance=identity,
    )
    parts = ("answer", draft.slot, question.digest, identity, msgspec.to_builtins(sampling))
    return replace(draft, id=content_id(*parts))


def _answered(draft: Answer, reply: Reply) -> Answer:
    served_by = sorted({completion.served_by for completion in reply.completions if completion.served_by})
    return replace(
        draft,
        turns=tuple(completion.text for completion in reply.completions),
        error=reply.failure,
        finish_reasons=tuple(completion.finish_reason for completion in reply.completions),
        usage=reply.usage,
        seconds=reply.seconds,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        provenance={**draft.provenance, "served_by": served_by} if served_by else draft.provenance,
    )
