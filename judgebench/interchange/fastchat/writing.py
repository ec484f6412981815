"""A question set, its answers and its reviews as a folder of FastChat's `llm_judge` data."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from judgebench.interchange.lines import ERROR_TEXT
from judgebench.tables.records import Answer, Failure, Question, Review
from judgebench.tables.store import file_name, in_force, replace_file
from judgebench.workspace import Workspace

Row = dict[str, Any]
_GAMES = ({"A": "model_1", "B": "model_2", "tie": "tie"}, {"A": "model_2", "B": "model_1", "tie": "tie"})
_NO_SCORE = -1  # what FastChat writes where it read none


def export_fastchat(folder: Path, workspace: Workspace, questions: str, judge: str | None = None) -> dict[str, int]:
    """Write `question.jsonl`, `reference_answer/`, `model_answer/` and `model_judgment/`; how many rows of each.

    Ratings become single judgments; choices pairwise ones, both orders in a row. A failure is `$ERROR$`, as FastChat
    has it. Left out are score pairs, people's votes and second samples of reviews, which this format has no place for.
    """
    held = workspace.check().question_set(questions)
    answers = [row for row in in_force(workspace.all_answers(questions)).values()]
    reviews = [
        row
        for row in in_force(workspace.all_reviews(questions)).values()
        if judge in (None, row.judge) and row.verdict_source != "voted" and not row.choice and not row.repeat
    ]
    known = {question.id: question for question in held.questions}
    parts = {
        "question.jsonl": list(map(_question, held.questions)),
        "reference_answer/reference.jsonl": [_reference(one) for one in held.questions if one.references],
        **named("model_answer/{}", ((row.model, line) for row, line in _answers(answers, known))),
        **named("model_judgment/{}_single", ((row.judge, _single(row)) for row in reviews if row.kind == "rating")),
        **named("model_judgment/{}_pair", ((rows[0].judge, _pair(rows)) for rows in _matches(reviews))),
    }
    return write(folder, parts)


def named(path: str, rows: Iterable[tuple[str, Row]]) -> dict[str, list[Row]]:
    """Rows by the file that each goes to: the `path` with the row's name in it."""
    found: dict[str, list[Row]] = {}
    for name, row in rows:
        found.setdefault(f"{path.format(file_name(name))}.jsonl", []).append(row)
    return found


def write(folder: Path, parts: Mapping[str, Sequence[Row]]) -> dict[str, int]:
    """Write a folder's files; how many rows of each kind."""
    counts: dict[str, int] = {}
    for name, rows in parts.items():
        if rows:
            _write(folder / name, rows)
            what = name.partition("/")[0].removesuffix(".jsonl")
            counts[what] = counts.get(what, 0) + len(rows)
    return counts


def _write(path: Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    replace_file(path, text.encode("utf-8"))


def _question(question: Question) -> Row:
    about = {"question_id": number(question.id), "category": question.category, "turns": list(question.turns)}
    return about | {name: value for name, value in question.extra.items() if name not in about}


def number(name: str) -> int | str:
    """An id as FastChat has it: a number, where it is one."""
    return int(name) if name.isascii() and name.isdecimal() and str(int(name)) == name else name


def _reference(question: Question) -> Row:
    turns = [reference if reference is not None else ERROR_TEXT for reference in question.references]
    return {"question_id": number(question.id), "model_id": "reference", "choices": [{"index": 0, "turns": turns}]}


def _answers(answers: Sequence[Answer], known: Mapping[str, Question]) -> Iterator[tuple[Answer, Row]]:
    """A row for each model and question, with all samples as its choices."""
    by_place: dict[tuple[str, str], list[Answer]] = {}
    for row in sorted(answers, key=lambda row: row.choice):
        if row.question_id in known:
            by_place.setdefault((row.model, row.question_id), []).append(row)
    for (model, name), rows in by_place.items():
        choices = [{"index": row.choice, "turns": _turns(row, len(known[name].turns))} for row in rows]
        about = {"question_id": number(name), "answer_id": rows[0].id, "model_id": model, "choices": choices}
        yield rows[0], about | {"tstamp": _stamp(rows[0].created)}


def _turns(answer: Answer, wanted: int) -> list[str]:
    """All turns; those that failed are FastChat's word for it."""
    return [*answer.turns, *[ERROR_TEXT] * (wanted - len(answer.turns))]


def _single(review: Review) -> Row:
    return _about(review) | {
        "model": review.models[0],
        "user_prompt": _asked(review),
        "judgment": judgment(review),
        "score": review.verdict.scores[0] if review.verdict else _NO_SCORE,
    }


def _matches(reviews: Sequence[Review]) -> Iterator[list[Review]]:
    """The orders of each choice, the one in which the pair was named first."""
    by_match: dict[tuple[object, ...], list[Review]] = {}
    for row in reviews:
        if row.kind == "choice":
            place = (row.judge, row.question_id, row.turn, tuple(sorted(row.models)))
            by_match.setdefault(place, []).append(row)
    return (sorted(rows, key=lambda row: row.swapped) for rows in by_match.values())


def _pair(rows: Sequence[Review]) -> Row:
    first = rows[0]
    pair = first.models[::-1] if first.swapped else first.models
    made = _about(first) | {"model_1": pair[0], "model_2": pair[1]}
    for place in (0, 1):
        row = next((row for row in rows if row.swapped == bool(place)), None)
        winner = row.verdict.winner if row and row.verdict else None
        made |= {
            f"g{place + 1}_winner": _GAMES[place][winner] if winner else "error",
            f"g{place + 1}_judgment": judgment(row) if row else ERROR_TEXT,
            f"g{place + 1}_user_prompt": _asked(row) if row else None,
        }
    return made


def _about(review: Review) -> Row:
    about = {"question_id": number(review.question_id), "judge": [review.judge, review.prompt], "turn": review.turn}
    return about | {"tstamp": _stamp(review.created)}


def judgment(review: Review) -> str:
    """The judge's reply, or FastChat's word for none."""
    return ERROR_TEXT if review.reply is None and isinstance(review.error, Failure) else review.reply or ""


def _asked(review: Review) -> str | None:
    return review.messages[-1].content if review.messages else None


def _stamp(created: str | None) -> float | None:
    return datetime.fromisoformat(created).timestamp() if created else None
