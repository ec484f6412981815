"""People's pairwise votes and Chatbot Arena battles -> reviews by a judge called "people".

Two formats, told apart by their first character: one JSON list (LMSYS' battles of the Arena's first weeks), or one JSON
object a line (MT-bench's human judgments, LLMBar's, the votes of our own page). Their rows are alike: `model_a` (shown
first), `model_b`, `winner`, and where known `question_id`, `turn`, `voter` or `judge`, `tstamp`. A row with `anony` is
an Arena battle; without a `question_id` it is a question of its own.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from judgebench.errors import DataError, UsageError
from judgebench.interchange.fastchat import Imported
from judgebench.interchange.fastchat.lines import Line, Log, Row, Unusable, created, identifier, lines, rest, text
from judgebench.tables.records import Review, Verdict, Winner, content_id, valid_text
from judgebench.tables.store import Table
from judgebench.workspace import Workspace

Match: TypeAlias = tuple[str, int, frozenset[str]]
_WINNERS: Mapping[str, Winner] = {
    **{"model_a": "A", "A": "A", "model_b": "B", "B": "B"},
    **{"tie": "tie", "tie (bothbad)": "tie"},
}
_READ = ("question_set", "question_id", "turn", "model_a", "model_b", "winner", "voter", "answer_ids", "tstamp")
_CONVERSATIONS = ("conversation_a", "conversation_b")
_MEANT_OTHERWISE = ("label", "chance", "repair", "awaiting_repair", "logprobs", "notes")  # in a review's `extra`
_BOM, _SHOWN = b"\xef\xbb\xbf", 5
_ENTRY = re.compile(r"[^\s,]")


def import_votes(
    file: Path, workspace: Workspace, questions: str | None = None, judge: str = "people", everyone: bool = False
) -> Imported:
    """Add each vote of a file that the workspace doesn't hold yet, as a pairwise review by `judge`.

    The question set is what a row names, or else `questions`, or else the file's name; with `questions` rows that name
    another set are left out. Of Arena battles only anonymous ones count, unless `everyone` is set. A match is a
    question, a turn and two models in either order; each vote on it is a `repeat`, numbered as votes come in, so that
    a longer file adds only what is new. Raises UsageError where there is no such file, and DataError, with file and
    line, for a vote that can't be used: then nothing is imported.
    """
    workspace.check()
    if not file.is_file():
        raise UsageError(f"no file at {file}")
    log, default = Log(), questions or valid_text(file.stem)
    votes = _counting(_votes(file, default, judge, log), questions, everyone, log)
    once: dict[str, Review] = {}
    by_set: dict[str, list[Review]] = {} if votes else {default: []}
    for vote in votes:
        if once.setdefault(vote.id, vote) is vote:
            by_set.setdefault(vote.question_set, []).append(vote)
    _note(log, len(votes) - len(once), "votes stand more than once (same voter, time and verdict): each is one vote.")
    _note(log, _again(once.values()), "votes are by somebody who had voted on that match before: all of them count.")
    for name, ours in by_set.items():
        _compare(name, ours, workspace, log)
    new = sum(_add(ours, workspace.reviews(name, judge)) for name, ours in by_set.items())
    return Imported(", ".join(by_set), {"votes": len(votes)}, {"votes": new}, (), tuple(log.notes))


def _votes(file: Path, question_set: str, judge: str, log: Log) -> list[Review]:
    """Every vote of the file, or DataError for the first that can't be used."""
    made = []
    talks = 0
    for line in _lines(file, log):
        try:
            made.append(_vote(line.row, question_set, judge))
        except Unusable as problem:
            log.refuse(line, str(problem))
        talks += any(line.row.get(name) for name in _CONVERSATIONS)
    if log.refused:
        first = min(log.refused, key=lambda refused: refused.line)
        more = f", and {len(log.refused) - 1} more can't be used" if len(log.refused) > 1 else ""
        raise DataError(f"{file}:{first.line}: this vote {first.reason}{more}; nothing was imported")
    if not made:
        raise DataError(f"{file}: holds no votes: neither a JSON list of battles nor a JSON object a line")
    _note(log, talks, "votes carry their conversations, which are not imported.")
    return made


def _lines(file: Path, log: Log) -> Iterator[Line]:
    with file.open("rb") as opened:
        first = opened.read(1 << 16).removeprefix(_BOM).lstrip()[:1]
    return _listed(file, log) if first == b"[" else lines(file, log)


def _listed(file: Path, log: Log) -> Iterator[Line]:
    """Every object of a JSON list, with the line that it begins on."""
    try:
        whole = file.read_bytes().removeprefix(_BOM).decode("utf-8")
        found = json.loads(whole)
    except json.JSONDecodeError as error:
        raise DataError(f"{file}:{error.lineno}: is not JSON ({error.msg}); nothing was imported") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file}: is not JSON ({error}); nothing was imported") from error
    decoder, begun, place, number = json.JSONDecoder(), 0, whole.index("[") + 1, 1
    for row in _mended(found, log):
        start = next(_ENTRY.finditer(whole, place)).start()
        number += whole.count("\n", begun, start)
        begun, (_, place) = start, decoder.raw_decode(whole, start)
        line = Line(file, number, row if isinstance(row, dict) else {})
        if isinstance(row, dict):
            yield line
        else:
            log.refuse(line, "is not a JSON object")


def _mended(rows: list[Any], log: Log) -> list[Any]:
    """The rows without lone surrogates, which can't be written as UTF-8."""
    said = json.dumps(rows, ensure_ascii=False)
    valid = valid_text(said)
    if said == valid:
        return rows
    log.note("Half characters (lone surrogates) became U+FFFD.")
    mended: list[Any] = json.loads(valid)
    return mended


def _vote(row: Row, question_set: str, judge: str) -> Review:
    models = identifier(row, "model_a"), identifier(row, "model_b")
    said = text(row, "winner")
    if said not in _WINNERS:
        raise Unusable(f"has a winner that is none of {', '.join(_WINNERS)}")
    voter = _optional(row, "voter") or _optional(row, "judge")
    label = said if said == "tie (bothbad)" else None
    when = _time(row)
    told = (models, _WINNERS[said], label, voter, when)
    review = Review(
        id="",
        mode="pairwise",
        kind="choice",
        question_set=_optional(row, "question_set") or question_set,
        question_id=_question(row, told),
        turn=_turn(row),
        models=models,
        answer_ids=_answer_ids(row),
        judge=judge,
        prompt="vote",
        verdict=Verdict(winner=_WINNERS[said]),
        verdict_source="voted",
        created=created(row),
        extra=_extra(row, voter, label),
    )
    # Where neither a voter nor a time tells votes apart, all else that the file says has to.
    other = (review.answer_ids, review.extra) if voter is None and when is None else None
    return replace(review, id=content_id("vote", review.slot, told, other))


def _optional(row: Row, name: str) -> str | None:
    return None if row.get(name) is None else identifier(row, name)


def _question(row: Row, told: object) -> str:
    if row.get("question_id") is not None or "anony" not in row:
        return identifier(row, "question_id")
    if row.get("tstamp") is None:
        raise Unusable("has neither a question_id nor a tstamp, so that nothing tells it from other battles")
    return f"battle-{content_id('battle', told)}"


def _turn(row: Row) -> int:
    turn = 1 if row.get("turn") is None else row["turn"]
    if isinstance(turn, bool) or not isinstance(turn, int) or turn < 1:
        raise Unusable("has a turn that is not a number from 1 on")
    return turn


def _time(row: Row) -> float | None:
    when = row.get("tstamp")
    if when is None:
        return None
    if isinstance(when, bool) or not isinstance(when, int | float) or created(row) is None:
        raise Unusable("has a tstamp that is not a time in seconds since 1970")
    return float(when)


def _answer_ids(row: Row) -> tuple[str, ...]:
    ids = row.get("answer_ids") or []
    if not isinstance(ids, list) or len(ids) not in (0, 2) or not all(isinstance(one, str) and one for one in ids):
        raise Unusable("has answer_ids that are not two texts")
    return tuple(ids)


def _extra(row: Row, voter: str | None, label: str | None) -> dict[str, Any]:
    """The voter and what else the file says; a field whose name means another thing in reviews becomes `file_NAME`."""
    if "anony" in row and not isinstance(row["anony"], bool):
        raise Unusable("has an anony that is neither true nor false")
    known = (*_READ, *_CONVERSATIONS, *(() if row.get("voter") is not None else ("judge",)))
    extra = {f"file_{name}" if name in _MEANT_OTHERWISE else name: said for name, said in rest(row, *known).items()}
    return extra | ({"voter": voter} if voter is not None else {}) | ({"label": label} if label else {})


def _counting(votes: Sequence[Review], questions: str | None, everyone: bool, log: Log) -> list[Review]:
    """The votes that count; a note says how many do not, and why."""
    left_out: tuple[tuple[Callable[[Review], bool], str], ...] = (
        (lambda vote: questions not in (None, vote.question_set), f"votes on other question sets than {questions}"),
        (
            lambda vote: not (everyone or vote.extra.get("anony", True)),
            "battles whose models were named (not anonymous)",
        ),
        (lambda vote: vote.models[0] == vote.models[1], "votes on a model against itself"),
    )
    for leave, what in left_out:
        before = len(votes)
        votes = [vote for vote in votes if not leave(vote)]
        _note(log, before - len(votes), f"{what} were left out.")
    return list(votes)


def _again(votes: Iterable[Review]) -> int:
    by_voter = Counter((vote.extra["voter"], *_match(vote)) for vote in votes if "voter" in vote.extra)
    return by_voter.total() - len(by_voter)


def _compare(name: str, votes: Sequence[Review], workspace: Workspace, log: Log) -> None:
    """Say which questions the workspace does not know."""
    asked = dict.fromkeys(vote.question_id for vote in votes)
    if not workspace.question_set_folder(name).is_dir():
        log.note(f"The workspace holds no question set {name!r}: these votes have no categories.")
        return
    held = {question.id for question in workspace.question_set(name).questions}
    unknown = [question_id for question_id in asked if question_id not in held]
    shown = ", ".join(unknown[:_SHOWN]) + (", ..." if len(unknown) > _SHOWN else "")
    _note(log, len(unknown), f"questions that were voted on are not in {name}: {shown}.")


def _add(votes: Sequence[Review], table: Table[Review]) -> int:
    """Append the votes that the table lacks, each as the next repeat of its match; how many that were."""
    with table.claim():
        held = table.read()
        known, repeats = {row.id for row in held}, Counter[Match]()
        for row in held:
            repeats[_match(row)] = max(repeats[_match(row)], row.repeat + 1)
        fresh = []
        for vote in (vote for vote in votes if vote.id not in known):
            fresh.append(replace(vote, repeat=repeats[_match(vote)]))
            repeats[_match(vote)] += 1
        table.append(fresh)
    return len(fresh)


def _match(vote: Review) -> Match:
    return vote.question_id, vote.turn, frozenset(vote.models)


def _note(log: Log, number: int, what: str) -> None:
    if number:
        log.note(f"{number} {what}")
