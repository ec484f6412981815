"""Reviews of a pair as the JSON that LLM Comparator opens (https://github.com/PAIR-code/llm-comparator)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from judgebench.errors import UsageError
from judgebench.tables.records import Answer, Question, Review
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

_WORDS: Mapping[float, str] = {
    **{1.5: "A is much better", 1.0: "A is better", 0.0: "same", -1.0: "B is better", -1.5: "B is much better"},
}
Place = tuple[str, int]


def comparison(
    workspace: Workspace, questions: str | None = None, judge: str | None = None, pair: tuple[str, str] | None = None
) -> dict[str, Any]:
    """The pairwise reviews of two models on a question set, each judge's calls as raters of their match.

    Score: 1 where a is better (1.5: clearly), -1 where b is, 0 for a tie; a match has the mean of its reviews'. A turn
    is an example of its own, with the conversation up to it. Raises UsageError where what is asked for leaves several
    sets or pairs, or none.
    """
    reviews = [
        row
        for row in in_force(workspace.check().all_reviews(questions)).values()
        if row.mode == "pairwise" and row.choice == 0 and judge in (None, row.judge)
    ]
    name = _one("question set", {row.question_set for row in reviews}, "--questions")
    chosen = pair or _pair(reviews)
    ours = [row for row in reviews if set(row.models) == set(chosen)]
    if not ours:
        raise UsageError(f"no review compares {' and '.join(chosen)}; there is {_there(reviews)}")
    answers = {
        (row.model, row.question_id): row for row in in_force(workspace.all_answers(name)).values() if not row.choice
    }
    asked = {question.id: question for question in workspace.question_set(name).questions}
    by_match: dict[Place, list[Review]] = {}
    for row in ours:
        by_match.setdefault((row.question_id, row.turn), []).append(row)
    examples = [_example(place, rows, chosen, asked, answers) for place, rows in by_match.items()]
    judges = sorted({row.judge for row in ours})
    return {
        "metadata": {"source_path": f"judgebench: {name} by {', '.join(judges)}", "custom_fields_schema": []},
        "models": [{"name": model} for model in chosen],
        "examples": [example for example in examples if example is not None],
    }


def _pair(reviews: Sequence[Review]) -> tuple[str, str]:
    found = {tuple(sorted(row.models)): row.models[::-1] if row.swapped else row.models for row in reviews}
    if len(found) != 1:
        raise UsageError(f"say which pair by --pair A B; there is {_there(reviews)}")
    (first, second) = next(iter(found.values()))
    return first, second


def _there(reviews: Iterable[Review]) -> str:
    return ", ".join(sorted({" and ".join(sorted(row.models)) for row in reviews})) or "none"


def _one(what: str, names: set[str], option: str) -> str:
    if len(names) != 1:
        raise UsageError(
            f"say which {what} by {option}; there is {', '.join(sorted(names)) or 'none with such reviews'}"
        )
    return next(iter(names))


def _example(
    place: Place,
    rows: Sequence[Review],
    pair: tuple[str, str],
    asked: Mapping[str, Question],
    answers: Mapping[tuple[str, str], Answer],
) -> dict[str, Any] | None:
    """A match; None where its question or an answer is not here."""
    (name, turn), question = place, asked.get(place[0])
    said = [answers.get((model, name)) for model in pair]
    texts = [answer.turns[turn - 1] for answer in said if answer and len(answer.turns) >= turn]
    if question is None or len(texts) < len(pair):
        return None
    raters = [_rater(row, pair) for row in rows if row.verdict and row.verdict.winner]
    scores = [rater["score"] for rater in raters]
    return {
        "input_text": "\n\n".join(question.turns[:turn]),
        "tags": [question.category],
        "output_text_a": texts[0],
        "output_text_b": texts[1],
        "score": sum(scores) / len(scores) if scores else None,
        "individual_rater_scores": raters,
        "custom_fields": {},
    }


def _rater(row: Review, pair: tuple[str, str]) -> dict[str, Any]:
    flipped, verdict = row.models != pair, row.verdict
    size = 1.5 if verdict and (verdict.strength or 0) > 1 else 1.0
    winner = verdict.winner if verdict else None
    score = 0.0 if winner == "tie" else size * (1 if winner == "A" else -1) * (-1 if flipped else 1)
    return {"score": score, "rating_label": _WORDS[score], "is_flipped": flipped, "rationale": row.reply or ""}
