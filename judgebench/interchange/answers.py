"""Answers that were made elsewhere, as rows of a set that the workspace has."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from judgebench.interchange.imported import Imported, Refused
from judgebench.interchange.keeping import name_of
from judgebench.interchange.merge import merge
from judgebench.tables.records import IMPORTED_FROM, Answer, Question, content_id
from judgebench.workspace import Workspace


def import_answers(
    workspace: Workspace, question_set: str, model: str, texts: Mapping[str, Sequence[str]], origin: Path
) -> Imported:
    """Add a model's answers, by question id a text for each turn, to a set of the workspace; twice adds nothing.

    Answers to questions that the set lacks, or to more or fewer turns than a question has, are refused, counted by
    their place among `texts` as lines of `origin`.
    """
    questions = {one.id: one for one in workspace.check().question_set(question_set).questions}
    refused, rows = [], []
    for line, (name, turns) in enumerate(texts.items(), start=1):
        question = questions.get(name)
        if question is None:
            refused.append(Refused(origin, line, f"{question_set} has no question {name}"))
        elif len(turns) != len(question.turns):
            refused.append(Refused(origin, line, f"{len(turns)} texts for the {len(question.turns)} turns of {name}"))
        else:
            rows.append(_row(question_set, question, model, tuple(turns), origin))
    table = workspace.answers(question_set, model)
    with table.claim():
        new = merge(rows, table.read()).rows
        table.append(new)
    return Imported(question_set, {"answers": len(rows)}, {"answers": len(new)}, tuple(refused))


def _row(question_set: str, question: Question, model: str, turns: tuple[str, ...], origin: Path) -> Answer:
    return Answer(
        id=content_id("imported answer", question_set, question.id, question.digest, model, turns),
        question_set=question_set,
        question_id=question.id,
        question_digest=question.digest,
        model=model,
        turns=turns,
        extra={IMPORTED_FROM: name_of(origin)},
    )
