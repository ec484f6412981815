"""People's pairwise votes and Chatbot Arena battles -> reviews by a judge called "people".

Two formats, told apart by their first character: one JSON list (LMSYS' battles of the Arena's first weeks), or one JSON
object a line (MT-bench's human judgments, LLMBar's, the votes of our own page). Their rows are alike: `model_a` (shown
first), `model_b`, `winner`, and where known `question_id`, `turn`, `voter` or `judge`, `tstamp`. A row with `anony` is
an Arena battle; without a `question_id` it is a question of its own.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from judgebench.errors import DataError, UsageError, nearest
from judgebench.interchange.fastchat import Imported
from judgebench.interchange.keeping import name_of
from judgebench.interchange.lines import Line, Log, Row, Unusable, amiss, created, identifier, objects, rest, text
from judgebench.tables.records import IMPORTED_FROM, Review, Verdict, Winner, content_id, valid_text
from judgebench.tables.store import Table
from judgebench.workspace import Workspace

Cast: TypeAlias = tuple[int, Review]  # the line on which a vote stands, and what it becomes
Match: TypeAlias = tuple[str, int, frozenset[str]]
_WINNERS: Mapping[str, Winner] = {
    **{"model_a": "A", "A": "A", "model_b": "B", "B": "B"},
    **{"tie": "tie", "tie (bothbad)": "tie"},
}
_READ = ("question_set", "question_id", "turn", "model_a", "model_b", "winner", "voter", "answer_ids", "tstamp")
_CONVERSATIONS = ("conversation_a", "conversation_b")
_MEANT_OTHERWISE = ("label", "chance", "repair", "awaiting_repair", "logprobs", "notes")  # in a review's `extra`
_CERTAIN = 10  # votes without a voter that are the same by chance hardly ever


def import_votes(
    file: Path,
    workspace: Workspace,
    questions: str | None = None,
    judge: str = "people",
    everyone: bool = False,
    new_models: bool = False,
) -> Imported:
    """Add each vote of a file that the workspace doesn't hold yet, as a pairwise review by `judge`.

    The question set is what a row names, else `questions`, else the only one that holds what was voted on; with
    `questions` rows that name another set are left out. A vote on a question or a model that the workspace doesn't know
    is refused (`new_models` takes the latter). Arena battles are each a question of their own, in a set called after
    the file; of these only anonymous ones count, unless `everyone`. A match is a question, a turn and two models in
    either order; each vote on it is a `repeat`, numbered as votes come in, so that a longer file adds only what is new.
    Raises UsageError where there is no such file, or the set isn't known, and DataError, with file and line, for a
    vote that can't be used, or where all are in the workspace under another name: then nothing is imported.
    """
    if not file.is_file():
        raise UsageError(f"no file at {file}")
    with workspace.importing():
        return _import(file, workspace, judge, Wanted(questions, everyone, new_models), Log())


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which votes count: on this question set, those where models were named too, and on models that are news."""

    questions: str | None
    everyone: bool
    new_models: bool


def _import(file: Path, workspace: Workspace, judge: str, wanted: Wanted, log: Log) -> Imported:
    found = _votes(file, wanted.questions, judge, workspace, log)
    votes = _known(_counting(found, wanted, log), file, workspace, wanted, log)
    once: dict[str, Review] = {}
    by_set: dict[str, list[Review]] = {} if votes else {wanted.questions or valid_text(file.stem): []}
    for vote in votes:
        if once.setdefault(vote.id, vote) is vote:
            by_set.setdefault(vote.question_set, []).append(vote)
    _note(log, len(votes) - len(once), "votes stand more than once (same voter, time and verdict): each is one vote.")
    _note(log, _again(once.values()), "votes are by somebody who had voted on that match before: all of them count.")
    _refuse_doubles(list(once.values()), file, judge, workspace)
    new = sum(_add(ours, workspace.reviews(name, judge), name_of(file)) for name, ours in by_set.items())
    if log.refused and not votes:
        log.vain.append("no vote was taken")
    return log.imported(", ".join(by_set), {"votes": len(votes)}, {"votes": new})


def _votes(file: Path, questions: str | None, judge: str, workspace: Workspace, log: Log) -> list[Cast]:
    """Every vote of the file, or DataError for the first that can't be used."""
    made: list[Cast] = []
    problem = amiss(file)
    if problem:
        raise DataError(f"{file}: holds no votes: it {problem}")
    read = list(objects(file, log))
    for line in read:
        try:
            made.append((line.number, _vote(line.row, questions or _own(file), judge)))
        except Unusable as problem:
            log.refuse(line, str(problem))
    if log.refused:
        first = min(log.refused, key=lambda refused: refused.line)
        more = f", and {len(log.refused) - 1} more can't be used" if len(log.refused) > 1 else ""
        raise DataError(f"{file}:{first.line}: this vote {first.reason}{more}; nothing was imported")
    if not made:
        raise DataError(f"{file}: holds no votes: neither a JSON list of battles nor a JSON object a line")
    talks = sum(any(line.row.get(name) for name in _CONVERSATIONS) for line in read)
    _note(log, talks, "votes carry their conversations, which are not imported.")
    homeless = [] if questions else [line for line in read if _is_homeless(line.row)]
    if not homeless:
        return made
    home = _home(homeless, file, workspace)
    return [(line.number, _vote(line.row, home if _is_homeless(line.row) else _own(file), judge)) for line in read]


def _is_homeless(row: Row) -> bool:
    """Whether a row names no question set, and is no battle, which is a question of its own."""
    return "anony" not in row and row.get("question_set") is None


def _own(file: Path) -> str:
    """The set of battles, which are each a question of their own."""
    return valid_text(file.stem)


def _home(read: Sequence[Line], file: Path, workspace: Workspace) -> str:
    """The one question set that holds all that was voted on."""
    asked = {str(line.row["question_id"]) for line in read}
    sets = workspace.question_sets()
    able = [found.name for found in sets if asked <= {question.id for question in found.questions}]
    if len(able) != 1:
        which = "several question sets hold" if able else "no question set holds"
        names = ", ".join(able or [found.name for found in sets]) or "none"
        raise UsageError(f"{file}: {which} all that was voted on; say which by --questions NAME: there is {names}")
    return able[0]


def _known(votes: Sequence[Cast], file: Path, workspace: Workspace, wanted: Wanted, log: Log) -> list[Review]:
    """The votes on questions and models that there are; battles are their own."""
    by_set: dict[str, tuple[Mapping[str, int], set[str]]] = {}
    kept = []
    for number, vote in votes:
        if "anony" not in vote.extra:
            if vote.question_set not in by_set:
                by_set[vote.question_set] = _what_there_is(vote.question_set, workspace)
            problem = _unknown(vote, *by_set[vote.question_set], wanted.new_models)
            if problem:
                log.refuse(Line(file, number, {}), problem)
                continue
        kept.append(vote)
    return kept


def _what_there_is(question_set: str, workspace: Workspace) -> tuple[Mapping[str, int], set[str]]:
    """How many turns each question has, and the models that answered or were reviewed; UsageError for no such set."""
    questions = {question.id: len(question.turns) for question in workspace.question_set(question_set).questions}
    reviewed = {model for row in workspace.all_reviews(question_set) for model in row.models}
    return questions, reviewed.union(workspace.models(question_set))


def _unknown(vote: Review, questions: Mapping[str, int], models: set[str], new_models: bool) -> str | None:
    """What a vote is about that the workspace doesn't know."""
    if vote.question_id not in questions:
        return f"is about question {vote.question_id!r}, which {vote.question_set} does not hold"
    if vote.turn > questions[vote.question_id]:
        return f"is about turn {vote.turn}, where question {vote.question_id!r} has {questions[vote.question_id]}"
    news = [] if new_models else [model for model in vote.models if model not in models]
    if not news:
        return None
    near = nearest(news[0], models)
    meant = f"did you mean {near!r}? " if near else ""
    return (
        f"names model {news[0]!r}, of which {vote.question_set} has neither answers nor reviews"
        f" ({meant}--new-models takes votes on others)"
    )


def _refuse_doubles(votes: Sequence[Review], file: Path, judge: str, workspace: Workspace) -> None:
    """DataError where all of these votes are in the workspace under another name: they would weigh double."""
    wanted = set(map(_content, votes))
    if not wanted or (len(wanted) < _CERTAIN and any("voter" not in vote.extra for vote in votes)):
        return
    ours = {workspace.reviews(name, judge).path for name in {vote.question_set for vote in votes}}
    for table in workspace.tables("reviews", None, Review):
        held = [] if table.path in ours else [row for row in table.read() if row.verdict_source == "voted"]
        if wanted <= set(map(_content, held)):
            where = f"by {held[0].judge!r} on {held[0].question_set!r}"
            raise DataError(
                f"{file}: all {len(votes)} votes are in the workspace already, {where}; nothing was imported"
                " (`judgebench remove` takes them away there)"
            )


def _content(vote: Review) -> tuple[object, ...]:
    """What a vote says, whatever its judge and its set are called."""
    return vote.question_id, vote.turn, vote.models, vote.verdict, vote.extra.get("voter"), vote.created


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


def _counting(votes: Sequence[Cast], wanted: Wanted, log: Log) -> list[Cast]:
    """The votes that count; a note says how many do not, and why."""
    left_out: tuple[tuple[Callable[[Review], bool], str], ...] = (
        (
            lambda vote: wanted.questions not in (None, vote.question_set),
            f"votes on other question sets than {wanted.questions}",
        ),
        (
            lambda vote: not (wanted.everyone or vote.extra.get("anony", True)),
            "battles whose models were named (not anonymous)",
        ),
        (lambda vote: vote.models[0] == vote.models[1], "votes on a model against itself"),
    )
    for leave, what in left_out:
        before = len(votes)
        votes = [cast for cast in votes if not leave(cast[1])]
        _note(log, before - len(votes), f"{what} were left out.")
    return list(votes)


def _again(votes: Iterable[Review]) -> int:
    by_voter = Counter((vote.extra["voter"], *_match(vote)) for vote in votes if "voter" in vote.extra)
    return by_voter.total() - len(by_voter)


def _add(votes: Sequence[Review], table: Table[Review], origin: str) -> int:
    """Append the votes that the table lacks, each as the next repeat of its match; how many that were."""
    with table.claim():
        held = table.read()
        known, repeats = {row.id for row in held}, Counter[Match]()
        for row in held:
            repeats[_match(row)] = max(repeats[_match(row)], row.repeat + 1)
        fresh = []
        for vote in (vote for vote in votes if vote.id not in known):
            extra = {**vote.extra, IMPORTED_FROM: origin}
            fresh.append(replace(vote, repeat=repeats[_match(vote)], extra=extra))
            repeats[_match(vote)] += 1
        table.append(fresh)
    return len(fresh)


def _match(vote: Review) -> Match:
    return vote.question_id, vote.turn, frozenset(vote.models)


def _note(log: Log, number: int, what: str) -> None:
    if number:
        log.note(f"{number} {what}")
