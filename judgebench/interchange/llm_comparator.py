"""Reviews of a pair as the JSON that LLM Comparator opens (https://github.com/PAIR-code/llm-comparator), out and in."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from judgebench.errors import DataError, UsageError
from judgebench.interchange.bundle import Bundle, keep
from judgebench.interchange.imported import Imported
from judgebench.interchange.keeping import set_name
from judgebench.interchange.lines import Line, Log, Row, Unusable, identifier, text, whole_object
from judgebench.tables.records import Answer, Failure, Question, Review, Verdict
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace

_WORDS: Mapping[float, str] = {
    **{1.5: "A is much better", 1.0: "A is better", 0.0: "same", -1.0: "B is better", -1.5: "B is much better"},
}
JUDGE = "llm-comparator"
CLEARLY = 1.5
_MOST = 10.0  # raters give at most 1.5; other tools may give more
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


def import_comparison(
    path: Path, workspace: Workspace, questions: str | None = None, judge: str | None = None
) -> Imported:
    """Add the questions, answers and ratings of such a file: each rater's score is a review, or else the example's.

    A score above 0 is for the first model. Raises DataError for a file that is none.
    """
    log = Log()
    found = whole_object(path, log)
    names, examples = (found.get(part) for part in ("models", "examples"))
    if not isinstance(names, list) or not isinstance(examples, list) or len(names) != 2:
        raise DataError(f"{path}: is no file of LLM Comparator's: it needs two `models`, and `examples`")
    bundle = Bundle(questions or set_name(path), "Prompts of a comparison.")
    for number, example in enumerate(examples, start=1):
        line = Line(path, number, example if isinstance(example, dict) else {})
        try:
            pair = [identifier(name if isinstance(name, dict) else {}, "name") for name in names]
            _compared(line.row, (pair[0], pair[1]), bundle, judge or JUDGE)
        except Unusable as problem:
            log.refuse(line, f"is an example that {problem}")
    return keep(bundle, path, workspace, log)


def _compared(row: Row, pair: tuple[str, str], bundle: Bundle, judge: str) -> None:
    asked, said = text(row, "input_text"), (text(row, "output_text_a"), text(row, "output_text_b"))
    tags, raters = row.get("tags") or [], row.get("individual_rater_scores") or []
    if not asked.strip() or not isinstance(raters, list) or not all(isinstance(one, dict) for one in raters):
        raise Unusable("has an empty input_text, or raters that are no objects")
    scores = [(_score(one), one) for one in raters] or [(_score(row), row)]
    category = (
        tags[0] if isinstance(tags, list) and tags and isinstance(tags[0], str) and tags[0].strip() else "general"
    )
    question = bundle.ask([asked], category)
    answers = [bundle.answer(question, model, [answer]) for model, answer in zip(pair, said, strict=True)]
    times: Counter[bool] = Counter()
    for score, rater in scores:
        flipped = rater.get("is_flipped") is True
        order = slice(None, None, -1 if flipped else 1)
        bundle.review(
            question,
            judge,
            mode="pairwise",
            kind="choice",
            turn=1,
            models=pair[order],
            answer_ids=tuple(answer.id for answer in answers)[order],
            prompt=JUDGE,
            verdict=None if score is None else _verdict(-score if flipped else score),
            error=Failure("unparsed", "the example has no score") if score is None else None,
            reply=rater["rationale"] if isinstance(rater.get("rationale"), str) else None,
            verdict_source="stored",
            swapped=flipped,
            repeat=times[flipped],
        )
        times[flipped] += 1


def _score(row: Row) -> float | None:
    """A rating from -1.5 to 1.5; None for none."""
    score = row.get("score")
    if score is None:
        return None
    if isinstance(score, bool) or not isinstance(score, int | float) or not abs(score) <= _MOST:
        raise Unusable("has a score that is not a number that a rating can be")
    return float(score)


def _verdict(score: float) -> Verdict:
    strength = None if score == 0 else 2 if abs(score) >= CLEARLY else 1
    return Verdict(winner="tie" if score == 0 else "A" if score > 0 else "B", strength=strength)


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
    size = CLEARLY if verdict and (verdict.strength or 0) > 1 else 1.0
    winner = verdict.winner if verdict else None
    score = 0.0 if winner == "tie" else size * (1 if winner == "A" else -1) * (-1 if flipped else 1)
    return {"score": score, "rating_label": _WORDS[score], "is_flipped": flipped, "rationale": row.reply or ""}
