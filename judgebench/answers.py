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
    by_id: dict[str, Question] = {}
    drafts: list[Answer] = []
    for question in questions:
        drawn = replace(question_set.category(question).sampling, **(overrides or {}))
        drafts.append(_draft(question, question_set.name, spec, model, drawn))
        by_id[drafts[-1].id] = question

    def produce(todo: Sequence[Answer]) -> Iterator[Answer]:
        requests = [Request(by_id[draft.id].turns, draft.sampling or Sampling()) for draft in todo]
        for reply in model.generate(requests):
            yield _answered(todo[reply.index], reply)

    return Stage(drafts, table, produce, getattr(model, "ready", lambda: 0))


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
