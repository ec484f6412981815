"""A question set, its answers and its score pairs as a folder of FastChat's 2023 `table` format."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from judgebench.errors import UsageError
from judgebench.interchange.fastchat.prompts import GENERAL, prompt_name
from judgebench.interchange.fastchat.rows import NO_SCORE
from judgebench.interchange.fastchat.writing import Row, judgment, named, number, write
from judgebench.interchange.lines import ERROR_TEXT
from judgebench.tables.records import IMPORTED_FROM, Answer, Question, Review
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

_PROMPT = prompt_name("")  # what a prompt's name begins with that the format's category is the rest of
_OURS = (IMPORTED_FROM, "model_id", "answer_id", "reviewer_id", "review_id")  # in `extra`, and written anew


def export_table(folder: Path, workspace: Workspace, questions: str, judge: str | None = None) -> dict[str, int]:
    """Write `question.jsonl`, `answer/`, `review/`, `reviewer.jsonl` and `model.jsonl`; how many rows of each.

    A failure is `$ERROR$`, and a reply without scores has -1 for both. Left out are ratings, choices, votes, second
    samples, and the judge prompts. Raises UsageError for questions of several turns, which the format has no place for.
    """
    held = workspace.check().question_set(questions)
    if any(len(question.turns) > 1 for question in held.questions):
        raise UsageError(f"{questions} has questions of several turns, and FastChat's 2023 table has one: use fastchat")
    reviews = [
        row
        for row in in_force(workspace.all_reviews(questions)).values()
        if row.kind == "score_pair" and judge in (None, row.judge) and not row.choice and not row.repeat
    ]
    answers = _answers(workspace, questions, reviews)
    ids = _model_ids(answers)
    parts: dict[str, list[Row]] = {
        "question.jsonl": list(map(_question, held.questions)),
        **named("answer/answer_{}", ((row.model, _answer(row, ids)) for row in answers)),
        **named("review/review_{}", ((_pair(row), _review(row)) for row in reviews)),
        "reviewer.jsonl": list(_reviewers(reviews)),
        "model.jsonl": [{"model_id": model, "model_name": name} for name, model in ids.items() if model != name],
    }
    return write(folder, parts)


def _answers(workspace: Workspace, questions: str, reviews: Sequence[Review]) -> list[Answer]:
    """Those in force, and before them those that a review is about still."""
    rows = [row for row in workspace.all_answers(questions) if not row.choice]
    wanted = {row.id for row in in_force(rows).values()} | {name for row in reviews for name in row.answer_ids}
    return list({row.id: row for row in rows if row.id in wanted}.values())


def _model_ids(answers: Sequence[Answer]) -> dict[str, str]:
    """By model the id that it came with, where it is that model's alone; else its name."""
    own = {row.model: row.extra.get("model_id") for row in answers}
    taken = [*own, *own.values()]
    return {
        name: str(model) if isinstance(model, str) and taken.count(model) == 1 else name for name, model in own.items()
    }


def _extra(row: Question | Answer | Review, made: Row) -> Row:
    return {name: value for name, value in row.extra.items() if name not in (*made, *_OURS)} | made


def _question(row: Question) -> Row:
    return _extra(row, {"question_id": number(row.id), "text": row.turns[0], "category": row.category})


def _answer(row: Answer, ids: Mapping[str, str]) -> Row:
    about = {"answer_id": row.id, "question_id": number(row.question_id), "model_id": ids[row.model]}
    return _extra(row, about | {"text": row.turns[0] if row.turns else ERROR_TEXT, "metadata": {}})


def _pair(row: Review) -> str:
    return "_".join(row.models[::-1] if row.swapped else row.models)


def _review(row: Review) -> Row:
    ids = [name or f"{model}:{row.question_id}" for name, model in zip(_shown(row), row.models, strict=True)]
    about = {
        **{"review_id": row.extra.get("review_id", row.id), "question_id": number(row.question_id)},
        **{"answer1_id": ids[0], "answer2_id": ids[1], "text": judgment(row)},
        **{"score": list(row.verdict.scores) if row.verdict else [NO_SCORE, NO_SCORE]},
        **{"reviewer_id": _reviewer(row), "metadata": {}},
    }
    return _extra(row, about)


def _shown(row: Review) -> Sequence[str]:
    return row.answer_ids or ("",) * len(row.models)


def _category(prompt: str) -> str:
    """What kind of question a prompt is for, as a reviewer's id says it; "" where nothing is known of the prompt."""
    return prompt.removeprefix(_PROMPT)


def _reviewer(row: Review) -> str:
    return f"{row.judge}-{_category(row.prompt)}" if row.prompt else row.judge


def _reviewers(reviews: Sequence[Review]) -> Iterator[Row]:
    for name, prompt in sorted({(_reviewer(row), row.prompt) for row in reviews if row.prompt}):
        yield {"reviewer_id": name, "metadata": {}, "description": prompt, "category": _category(prompt) or GENERAL}
