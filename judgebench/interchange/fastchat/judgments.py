"""The judgments of FastChat's `llm_judge` format -> reviews; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from judgebench.interchange.fastchat.rows import Stored, Target, number, reading, review_id, stored_scores
from judgebench.interchange.lines import Line, Row, Unusable, created, identifier, rest, text, texts
from judgebench.tables.records import Message, Question, Review, Verdict, Winner, content_id

_WINNERS: Mapping[str, Mapping[str, Winner | None]] = {  # g2_winner names models too, not positions
    "g1": {"model_1": "A", "model_2": "B", "tie": "tie", "error": None},
    "g2": {"model_2": "A", "model_1": "B", "tie": "tie", "error": None},
}
_SINGLE = ("question_id", "model", "judge", "user_prompt", "judgment", "score", "turn", "tstamp")
_PAIR = ("question_id", "model_1", "model_2", "judge", "turn", "tstamp")
_GAMES = tuple(f"{game}_{part}" for game in _WINNERS for part in ("winner", "user_prompt", "judgment"))


@dataclass(frozen=True, slots=True)
class Game:
    """One call of the judge: the fields that hold what it was asked and replied, and the stored verdict."""

    asked: str
    reply: str
    stored: Stored | None


def judgments(line: Line, target: Target) -> Iterator[Review]:
    """The review of a single judgment, or the two of a pairwise one."""
    return _pair(line, target) if "model_1" in line.row else _single(line, target)


def _single(line: Line, target: Target) -> Iterator[Review]:
    row = line.row
    stored = _score(row["score"], target) if row.get("score") is not None else None
    about = {"mode": "single", "kind": "rating", "models": (identifier(row, "model"),), "extra": rest(row, *_SINGLE)}
    yield _review(line, target, about, Game("user_prompt", "judgment", stored))


def _pair(line: Line, target: Target) -> Iterator[Review]:
    row = line.row
    if "m1_score" in row:
        raise Unusable("holds two single gradings, not a pairwise judgment")
    pair = identifier(row, "model_1"), identifier(row, "model_2")
    about = {"mode": "pairwise", "kind": "choice", "extra": rest(row, *_PAIR, *_GAMES)}
    for game, shown in (("g1", pair), ("g2", pair[::-1])):
        stored = _winner(row, game) if row.get(f"{game}_winner") is not None else None
        order = {"models": shown, "swapped": game == "g2"}
        yield _review(line, target, about | order, Game(f"{game}_user_prompt", f"{game}_judgment", stored))


def _review(line: Line, target: Target, about: Mapping[str, Any], game: Game) -> Review:
    row, question = line.row, target.question(line)
    judge, prompt = _judge(row)
    asked = _asked(row, game.asked, question)
    review = Review(
        id="",
        question_set=target.question_set,
        question_id=question.id,
        turn=_turn(row, question),
        answer_ids=(),
        judge=judge,
        prompt=prompt,
        messages=None if asked is None else (Message("user", asked),),
        created=created(row),
        scale=None if about["kind"] == "choice" else target.scale,
        **about,
        **reading(about["kind"], text(row, game.reply), game.stored, target),
    )
    return replace(review, id=review_id(review, row.get("tstamp")))


def _asked(row: Row, name: str, question: Question) -> str | None:
    """What the judge was asked; files of other sets use the same numbers for other questions."""
    if row.get(name) is None:
        return None
    asked = text(row, name)
    if question.turns[0].strip() not in asked:
        raise Unusable(f"has a {name} that does not hold the text of question {question.id!r}: it is of another set")
    return asked


def _judge(row: Row) -> tuple[str, str]:
    judge = texts(row, "judge")
    if len(judge) != 2 or not judge[0]:
        raise Unusable("has a judge that is not a model and a prompt name")
    return judge[0], judge[1]


def with_system(review: Review, systems: Mapping[str, str]) -> Review:
    """The review with the system prompt that its judge prompt is known to have."""
    if review.messages is None or review.prompt not in systems:
        return review
    system = systems[review.prompt]
    messages = (*((Message("system", system),) if system else ()), *review.messages)
    digest = content_id([(message.role, message.content) for message in messages])
    return replace(review, messages=messages, prompt_digest=digest)


def _turn(row: Row, question: Question) -> int:
    turn = row.get("turn")
    if isinstance(turn, bool) or not isinstance(turn, int) or not 1 <= turn <= len(question.turns):
        raise Unusable(f"has turn {turn!r}, where the question has {len(question.turns)}")
    return turn


def _score(value: object, target: Target) -> Stored:
    return stored_scores([number(value, "score")], lambda score: Verdict(scores=(score,)), target.scale)


def _winner(row: Row, game: str) -> Stored:
    name = text(row, f"{game}_winner")
    if name not in _WINNERS[game]:
        raise Unusable(f"has a {game}_winner that is neither a model, nor tie, nor error")
    winner = _WINNERS[game][name]
    return Stored(Verdict(winner=winner) if winner else None)
