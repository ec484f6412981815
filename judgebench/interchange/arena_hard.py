"""Arena-Hard (v0.1 and v2): questions, answers, and judgments in five steps, each pair judged in both orders."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from judgebench.interchange.bundle import Bundle, keep
from judgebench.interchange.imported import Imported
from judgebench.interchange.keeping import set_name
from judgebench.interchange.lines import (
    Line,
    Log,
    Row,
    Unusable,
    convert,
    created,
    identifier,
    objects,
    optional_text,
    rest,
    tables,
    text,
)
from judgebench.tables.records import Failure, Question, Verdict, Winner
from judgebench.workspace import Workspace

NAME = "arena-hard"
_ORDERS: Mapping[str, tuple[Winner, int | None]] = {
    **{"A>>B": ("A", 2), "A>B": ("A", 1), "A=B": ("tie", None), "B>A": ("B", 1), "B>>A": ("B", 2)},
    **{"A<<B": ("B", 2), "A<B": ("B", 1), "B=A": ("tie", None), "B<A": ("A", 1), "B<<A": ("A", 2)},
}
_PARTS = ("question.jsonl", "model_answer", "model_judgment")


def is_row(row: Row) -> bool:
    """Whether a row is a question, an answer or a judgment of Arena-Hard."""
    turns = row.get("turns")
    question = isinstance(turns, list) and bool(turns) and isinstance(turns[0], dict)
    return question or "games" in row or ("uid" in row and ("prompt" in row or "messages" in row))


def is_folder(path: Path) -> bool:
    """Whether a folder's first row is one of them."""
    found = [file for part in _files(path) for file in part]
    return any(is_row(line.row) for file in found[:1] for line in _first(file))


def _first(path: Path) -> list[Line]:
    return [line for line in [next(objects(path, Log()), None)] if line]


def _files(path: Path) -> list[list[Path]]:
    """Questions, answers, judgments; or the file itself."""
    if path.is_file():
        return [[path]]
    questions = [path / _PARTS[0]] if (path / _PARTS[0]).is_file() else []
    return [questions, tables(path, _PARTS[1]), tables(path, _PARTS[2])]


def import_arena_hard(
    path: Path, workspace: Workspace, questions: str | None = None, pair: tuple[str, str] | None = None
) -> Imported:
    """Add what a folder or a file holds to a set that is called after it, unless `questions` names it.

    `pair` names the baseline and the model where judgments don't. A verdict's two steps become the `strength` of its
    winner.
    """
    reader = _Reader(questions or (set_name(path) if path.is_dir() else NAME), workspace, pair)
    log = Log()
    for part in _files(path):
        convert(part, reader.take, log, objects)
    return keep(reader.bundle, path, workspace, log)


class _Reader:
    """What has been read of a set so far, and what the workspace holds of it."""

    def __init__(self, question_set: str, workspace: Workspace, pair: tuple[str, str] | None) -> None:
        self.bundle = Bundle(question_set, "Prompts of Arena-Hard.")
        self._pair = pair
        there = workspace.question_set_folder(question_set).is_dir()
        self._held = {one.id: one for one in workspace.question_set(question_set).questions} if there else {}
        known = workspace.all_answers(question_set) if there else iter(())
        self._ids = {(row.model, row.question_id): row.id for row in known}

    def take(self, line: Line) -> Iterator[None]:
        """Make of a row what it is."""
        row = line.row
        if "games" in row:
            self._judgment(row)
        elif "messages" in row or "choices" in row:
            self._answer(row)
        else:
            self.bundle.ask(_prompts(row), optional_text(row, "category") or NAME, _name(row))
        yield None

    def _answer(self, row: Row) -> None:
        model = identifier(row, "model" if "model" in row else "model_id")
        asked, said = _conversation(row) if "messages" in row else ((), _choice(row))
        question = self._question(row, asked)
        if len(said) != len(question.turns):
            raise Unusable(f"has {len(said)} answers to the {len(question.turns)} turns of {question.id!r}")
        known = rest(row, "uid", "question_id", "model", "model_id", "messages", "choices", "tstamp")
        answer = self.bundle.answer(question, model, said, created=created(row), extra=known)
        self._ids[model, question.id] = answer.id

    def _judgment(self, row: Row) -> None:
        question, model = self._question(row, ()), identifier(row, "model")
        judge, games = identifier(row, "judge"), row["games"]
        baseline = self._baseline(row, model)
        if not isinstance(games, list) or not 1 <= len(games) <= 2 or not all(isinstance(game, dict) for game in games):
            raise Unusable("has games that are not one or two objects")
        pairs = (baseline, model), (model, baseline)
        made = [(shown, _verdict(game), _reply(game)) for shown, game in zip(pairs, games, strict=False)]
        for number, (shown, verdict, reply) in enumerate(made):
            self.bundle.review(
                question,
                judge,
                mode="pairwise",
                kind="choice",
                turn=1,
                models=shown,
                answer_ids=tuple(self._ids.get((one, question.id), "") for one in shown),
                prompt=NAME,
                verdict=verdict,
                error=None if verdict else Failure("unparsed", "Arena-Hard found no verdict"),
                reply=reply,
                verdict_source="stored",
                swapped=number == 1,
                created=created(row),
                extra=rest(row, "uid", "question_id", "model", "judge", "games", "tstamp", "baseline", "category"),
            )

    def _question(self, row: Row, asked: Sequence[str]) -> Question:
        """The question that a row is about, made of what it repeats of it where no other row holds it."""
        name = _name(row)
        known = self.bundle.questions.get(name) or self._held.get(name)
        if known is None and not asked:
            raise Unusable(f"is about question {name!r}, which {self.bundle.question_set} does not hold")
        if known and asked and known.turns != asked:
            raise Unusable(f"answers another text than that of question {name!r}")
        return known or self.bundle.ask(asked, NAME, name)

    def _baseline(self, row: Row, model: str) -> str:
        if row.get("baseline") is not None:
            return identifier(row, "baseline")
        if self._pair is None or self._pair[1] != model:
            raise Unusable("has no baseline; name it and the model by --pair BASELINE MODEL")
        return self._pair[0]


def _name(row: Row) -> str:
    return identifier(row, "uid" if row.get("uid") is not None else "question_id")


def _prompts(row: Row) -> tuple[str, ...]:
    turns = row.get("turns")
    said = [text(row, "prompt")] if turns is None else _contents(turns)
    if not said or not all(turn.strip() for turn in said):
        raise Unusable("has no prompt, or an empty one")
    return tuple(said)


def _contents(turns: Any) -> list[str]:
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise Unusable("has turns that are not a list of objects")
    return [text(turn, "content") for turn in turns]


def _conversation(row: Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the user and what the model said, in turns."""
    messages = row["messages"]
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise Unusable("has messages that are not a list of objects")
    asked = [text(message, "content") for message in messages if message.get("role") == "user"]
    said = [_said(message) for message in messages if message.get("role") == "assistant"]
    if not asked or not all(turn.strip() for turn in asked):
        raise Unusable("has messages without a user's, or with an empty one")
    return tuple(asked), tuple(said)


def _said(message: Row) -> str:
    content = message.get("content")
    return text(content, "answer") if isinstance(content, dict) else text(message, "content")


def _choice(row: Row) -> tuple[str, ...]:
    choices = row["choices"]
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise Unusable("has no choices")
    return tuple(_contents(choices[0].get("turns")))


def _verdict(game: Row) -> Verdict | None:
    said = game.get("score")
    if said is None or said == "error":
        return None
    if not isinstance(said, str) or said not in _ORDERS:
        raise Unusable(f"has a score that is none of {', '.join(list(_ORDERS)[:5])}")
    winner, strength = _ORDERS[said]
    return Verdict(winner=winner, strength=strength)


def _reply(game: Row) -> str | None:
    """The judge's words: text, or the object that v2 keeps them in."""
    said = game.get("judgment")
    return optional_text(said, "answer") if isinstance(said, dict) else optional_text(game, "judgment") or None
