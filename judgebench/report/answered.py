"""What became of the answers that a report rests on: how many failed, and how many were cut off."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from judgebench.models.prompt_cut import PROMPT_CUT
from judgebench.tables.records import INCOMPLETE, Answer


def is_incomplete(answer: Answer) -> bool:
    """Whether an import brought some of an answer's turns, and not all."""
    return answer.error is not None and answer.error.kind == INCOMPLETE and bool(answer.turns)


def answered(answers: Iterable[Answer], used: Collection[tuple[str, str, str]] = ()) -> list[dict[str, Any]]:
    """One entry per question set and model, from the answers in force.

    `answers`: samples of answers, and those of them that `failed`, before all turns were there; those that are
    incomplete, but `used` (by set, question and model) for the turns that they have, did not. `turns`: texts, and
    those of them that are `empty`, were `cut` (stopped at their token limit) or have `reasoning` kept apart from them;
    `prompt_cut`: to prompts of which the server read a part. `missing`: questions that another model answered.
    `completion_tokens`: of the answers whose model counted them; None where none did.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    answered_by: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for answer in answers:
        entry = found.setdefault((answer.question_set, answer.model), _nothing(answer))
        entry["answers"] += 1
        place = (answer.question_set, answer.question_id, answer.model)
        entry["failed"] += answer.error is not None and not (is_incomplete(answer) and place in used)
        entry["turns"] += len(answer.turns)
        entry["empty"] += sum(not text.strip() for text in answer.turns)
        entry["cut"] += sum(answer.is_cut(turn) for turn in range(1, len(answer.turns) + 1))
        entry["prompt_cut"] += len(answer.extra.get(PROMPT_CUT, ()))
        entry["reasoning"] += sum(thought is not None for thought in answer.reasoning)
        if answer.usage:
            entry["completion_tokens"] = (entry["completion_tokens"] or 0) + answer.usage.completion_tokens
        answered_by[answer.question_set][answer.model].add(answer.question_id)
    for (question_set, model), entry in found.items():
        by_model = answered_by[question_set]
        entry["missing"] = len(set().union(*by_model.values()) - by_model[model])
    return list(found.values())


def _nothing(answer: Answer) -> dict[str, Any]:
    counts = dict.fromkeys(("answers", "failed", "turns", "empty", "cut", "prompt_cut", "reasoning", "missing"), 0)
    return {"question_set": answer.question_set, "model": answer.model, **counts, "completion_tokens": None}
