"""Sets of human preferences as votes: LLMBar, PandaLM, Auto-J, FairEval, and votes that carry their conversations.

Each comes with its questions and, where it has them, its answers, so that a judge can be asked about the same pairs.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from judgebench.errors import UsageError
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
    text,
)
from judgebench.tables.records import Verdict, Winner, content_id
from judgebench.workspace import Workspace

PEOPLE = "people"
_LLMBAR = {"input", "output_1", "output_2", "label"}
_AUTO_J = {"prompt", "response 1", "response 2", "label"}
_PANDALM = {"instruction", "response1", "response2", "annotator1"}
_TALKS = {"model_a", "model_b", "winner", "conversation_a", "conversation_b"}
_VOTED: Mapping[str, Winner] = {"model_a": "A", "model_b": "B", "tie": "tie", "tie (bothbad)": "tie"}


def fits(row: Row) -> bool:
    """Whether a row is of a set that is told by its fields."""
    return any(fields <= row.keys() for fields in (_LLMBAR, _AUTO_J, _PANDALM, _TALKS))


def import_preferences(
    path: Path, workspace: Workspace, questions: str | None = None, judge: str = PEOPLE, everyone: bool = False
) -> Imported:
    """Add questions, answers and votes to a set that is called after the file, unless `questions` names it.

    Of the Arena's conversations only anonymous ones count, unless `everyone` is set.
    """
    bundle, log = Bundle(questions or set_name(path), "Pairs on which people voted."), Log()
    told: set[str] = set()

    def take(line: Line) -> Iterator[None]:
        row = line.row
        again = content_id(row) in told
        told.add(content_id(row))
        if again:
            log.note("Rows that stand more than once, word for word, were taken once.")
        elif row.get("anony") is False and not everyone:
            log.note("Battles whose models were named (not anonymous) were left out; --all takes them.")
        elif row.keys() >= _TALKS:
            _talk(row, bundle, judge)
        elif row.keys() >= _PANDALM:
            _pandalm(row, bundle, judge)
        elif row.keys() >= _AUTO_J:
            said = _label(row, {0: "A", 1: "B", 2: "tie"})
            category = optional_text(row, "scenario") or "auto-j"
            pair = text(row, "response 1"), text(row, "response 2")
            _pair(bundle, [text(row, "prompt")], category, ("response 1", "response 2"), pair, judge, said)
        elif row.keys() >= _LLMBAR:
            pair = text(row, "output_1"), text(row, "output_2")
            said = _label(row, {1: "A", 2: "B"})
            _pair(bundle, [text(row, "input")], "llmbar", ("output_1", "output_2"), pair, judge, said)
        else:
            raise Unusable(
                "is a row of none of the sets that are read: LLMBar, PandaLM, Auto-J, votes with conversations"
            )
        yield None

    convert([path], take, log, objects)
    return keep(bundle, path, workspace, log)


def _pair(
    bundle: Bundle,
    turns: Sequence[str],
    category: str,
    models: tuple[str, str],
    said: tuple[str, str],
    judge: str,
    winner: Winner,
) -> None:
    if not all(turn.strip() for turn in turns):
        raise Unusable("has an empty question")
    question = bundle.ask(turns, category)
    answers = [bundle.answer(question, model, [text]) for model, text in zip(models, said, strict=True)]
    ids = tuple(answer.id for answer in answers)
    vote(bundle, question.id, models, judge, winner, answer_ids=ids)


def vote(bundle: Bundle, question: str, models: tuple[str, str], judge: str, winner: Winner, **about: Any) -> None:
    """Add a vote; the next on the same match is its next repeat."""
    match = (question, about.get("turn", 1), frozenset(models))
    repeat = bundle.votes[match]
    bundle.votes[match] += 1
    given = {"turn": 1, "answer_ids": (), **about}
    bundle.review(
        bundle.questions[question],
        judge,
        mode="pairwise",
        kind="choice",
        models=models,
        prompt="vote",
        verdict=Verdict(winner=winner),
        verdict_source="voted",
        repeat=repeat,
        **given,
    )


def _label(row: Row, words: Mapping[int, Winner]) -> Winner:
    label = row.get("label")
    if isinstance(label, bool) or not isinstance(label, int) or label not in words:
        raise Unusable(f"has a label that is none of {', '.join(map(str, words))}")
    return words[label]


def _pandalm(row: Row, bundle: Bundle, judge: str) -> None:
    """Three annotators' votes (1, 2, or 0 for a tie) on the answers of two models."""
    asked = "\n\n".join(filter(str.strip, (text(row, "instruction"), optional_text(row, "input"))))
    names = tuple(optional_text(row, "cmp_key").split("_"))
    models = (names[0], names[1]) if len(names) == 2 and all(names) else ("response1", "response2")
    words: Mapping[int, Winner] = {0: "tie", 1: "A", 2: "B"}
    said = [(name, row[name]) for name in sorted(row) if name.startswith("annotator")]
    votes = [(name, _label({"label": given}, words)) for name, given in said]
    if not asked.strip():
        raise Unusable("has an empty question")
    question = bundle.ask([asked], "pandalm")
    ids = tuple(bundle.answer(question, m, [text(row, f"response{n}")]).id for n, m in enumerate(models, start=1))
    for name, winner in votes:
        vote(bundle, question.id, models, judge, winner, answer_ids=ids, extra={"voter": name})


def _talk(row: Row, bundle: Bundle, judge: str) -> None:
    """A vote of the Chatbot Arena or of MT-bench, with both conversations."""
    models = identifier(row, "model_a"), identifier(row, "model_b")
    said = text(row, "winner")
    if said not in _VOTED:
        raise Unusable(f"has a winner that is none of {', '.join(_VOTED)}")
    if models[0] == models[1]:
        raise Unusable("is a vote on a model against itself")
    talks = [_turns(row, f"conversation_{side}") for side in "ab"]
    turn = _turn(row, talks[0][0])
    if talks[0][0] != talks[1][0]:
        raise Unusable("has two conversations in which the user says different things")
    name = identifier(row, "question_id")
    voter = next((identifier(row, field) for field in ("voter", "judge") if row.get(field) is not None), None)
    question = bundle.ask(talks[0][0], optional_text(row, "language") or "conversation", name)
    ids = tuple(bundle.answer(question, model, talk[1]).id for model, talk in zip(models, talks, strict=True))
    known = rest(row, *_TALKS, "question_id", "judge", "voter", "turn", "tstamp")
    extra = known | ({"voter": voter} if voter else {}) | ({"label": said} if said == "tie (bothbad)" else {})
    vote(
        bundle, name, models, judge, _VOTED[said], answer_ids=ids, turn=turn,
        created=created(row), extra=extra,
    )  # fmt: skip


def _turns(row: Row, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the user and what the model said, turn by turn."""
    talk = row[name]
    if not isinstance(talk, list) or not talk or not all(isinstance(message, dict) for message in talk):
        raise Unusable(f"has a {name} that is not a list of messages")
    asked = tuple(text(message, "content") for message in talk if message.get("role") == "user")
    said = tuple(text(message, "content") for message in talk if message.get("role") == "assistant")
    if len(asked) != len(said) or not all(turn.strip() for turn in asked):
        raise Unusable(f"has a {name} whose turns are not a user's and a model's by turns, or empty")
    return asked, said


def _turn(row: Row, turns: Sequence[str]) -> int:
    """MT-bench's votes say the turn; the Arena's say how many turns there were, and are on the whole."""
    turn = len(turns) if row.get("turn") is None else row["turn"]
    if isinstance(turn, bool) or not isinstance(turn, int) or not 1 <= turn <= len(turns):
        raise Unusable(f"has turn {turn!r}, where the conversation has {len(turns)}")
    return turn


def import_faireval(
    path: Path, workspace: Workspace, questions: str | None, pair: tuple[str, str] | None, judge: str = PEOPLE
) -> Imported:
    """Add FairEval's verdicts, a line for each question of a set in its order: a label like a model's name, or TIE."""
    if questions is None or pair is None:
        raise UsageError(f"{path}: FairEval's lines name neither questions nor models: --questions SET --pair A B")
    held = workspace.question_set(questions)
    log, bundle = Log(), Bundle(questions)
    labels = path.read_text(encoding="utf-8-sig", errors="replace").split()
    if len(labels) != len(held.questions):
        raise UsageError(f"{path} holds {len(labels)} verdicts, where {questions} has {len(held.questions)} questions")
    winners = _winners(labels, pair, path)
    bundle.questions = {one.id: one for one in held.questions}
    for label, question in zip(labels, held.questions, strict=True):
        vote(bundle, question.id, pair, judge, winners[label])
    return keep(bundle, path, workspace, log)


def _winners(labels: Sequence[str], pair: tuple[str, str], path: Path) -> Mapping[str, Winner]:
    """Which label is which model: the one that begins as a model's name does, and the other by what is left."""
    words = sorted(set(labels) - {"TIE"})
    plain = ["".join(filter(str.isalnum, model.lower())) for model in pair]
    found: dict[str, Winner] = {"TIE": "tie"}
    for word in words:
        near = [place for place, name in enumerate(plain) if name.startswith(word.lower()) or word.lower() in name]
        if len(near) == 1:
            found[word] = "AB"[near[0]]  # type: ignore[assignment]
    if len(words) == 2 and len(found) == 2:
        (other,) = set(words) - set(found)
        found[other] = "B" if "A" in found.values() else "A"
    if set(words) - set(found) or len(set(found.values())) != len(found):
        raise UsageError(f"{path}: which of {', '.join(words)} is which of {', '.join(pair)} can't be told")
    return found
