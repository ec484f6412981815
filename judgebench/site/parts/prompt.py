"""What a judge was shown: its messages as stored, or rendered again where that gives what the review was made from.

A prompt holds the question and the answers, which a hundred thousand reviews repeat. So each distinct frame of words is
kept once per question, with slots for these texts and for the mark that our prompts put around them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from judgebench.errors import JudgebenchError
from judgebench.judging import asking
from judgebench.judging.matches import Match
from judgebench.prompts import Conversation, Prompt, find_prompt, nonce_of
from judgebench.site.parts import verdicts
from judgebench.site.text.markdown import LIMIT
from judgebench.site.views import counted
from judgebench.tables.records import Answer, Message, Question, Review, content_id, valid_text
from judgebench.verdicts import rubrics

Slot: TypeAlias = tuple[str, int]  # q, r, a or b with its turn, or n (the mark) with 0
Part: TypeAlias = str | Slot
Frame: TypeAlias = tuple[tuple[str, tuple[Part, ...]], ...]  # of each message its role, and its words and slots

_SHORTEST = 24  # characters: a shorter text may well stand in a prompt's own words
_TRIED = 4  # frames of a prompt and a turn: with and without a reference, with and without defused marks
_NAMES = {"question": "q", "reference": "r", "answer": "a", "answer_a": "a", "answer_b": "b"}
_NO_PROMPT = ("computed", "checked", "identical", "voted", "reward")


@dataclass(frozen=True, slots=True)
class Shown:
    """Which frame a judge was shown, with which models' answers in it, by which mark.

    `again`: neither the messages nor their digest was stored, so that this is the prompt of that name as it is now.
    """

    frame: int
    models: tuple[str, ...]
    mark: str = ""
    again: bool = False


@dataclass
class Prompts:
    """The frames of one question's reviews; `folder` has the judge prompts of its set."""

    folder: Path | None = None
    frames: dict[Frame, int] = field(default_factory=dict)
    known: dict[tuple[str, str, int], list[Frame]] = field(default_factory=dict)
    in_vain: Counter[tuple[str, str, int]] = field(default_factory=Counter)

    def shown(self, row: Review, question: Question, answers: Mapping[str, Answer]) -> Shown | None:
        """What the judge of a review was shown; None where nobody was, or where it can't be told any more."""
        conversation = _conversation(row, question, answers)
        if row.messages:
            return self._kept(row, _frame(row.messages, _slots(conversation or ())), "")
        if conversation is None or row.verdict_source in _NO_PROMPT:
            return None
        texts = {("n", 0): nonce_of(conversation), **_texts(conversation)}
        frame = self._known(row, texts) or self._made(row, question, conversation, texts)
        return self._kept(row, frame, texts["n", 0]) if frame else None

    def piece(self, question: Question, answers: Mapping[str, Answer]) -> dict[str, Any]:
        """The frames, and the texts for their slots."""
        references = [question.reference(turn) or "" for turn in range(1, len(question.turns) + 1)]
        return {
            "frames": [[[role, list(parts)] for role, parts in frame] for frame in self.frames],
            "answers": {model: list(map(_cut, answer.turns)) for model, answer in answers.items()},
            "question": list(map(_cut, question.turns)),
            "reference": list(map(_cut, references)),
        }

    def _kept(self, row: Review, frame: Frame, mark: str) -> Shown:
        used = mark if any(part == ("n", 0) for _, parts in frame for part in parts) else ""
        again = row.messages is None and row.prompt_digest is None
        return Shown(self.frames.setdefault(frame, len(self.frames)), row.models, used, again)

    def _known(self, row: Review, texts: Mapping[Slot, str]) -> Frame | None:
        """A frame of an earlier review that gives what this one was made from: much quicker than to render it."""
        known = self.known.get((row.prompt, row.mode, row.turn), ()) if row.prompt_digest else ()
        return next((frame for frame in known if _digest(_filled(frame, texts)) == row.prompt_digest), None)

    def _made(
        self, row: Review, question: Question, conversation: Conversation, texts: Mapping[Slot, str]
    ) -> Frame | None:
        """The frame of the prompt as it is now, if its digest is the one that was stored, or none was stored.

        A prompt that was edited since gives none of its old reviews: after a few it isn't tried again.
        """
        place = (row.prompt, row.mode, row.turn)
        prompt = _prompt(row.prompt, self.folder) if self.in_vain[place] < _TRIED else None
        if prompt and (question.rubric or prompt.kind != rubrics.KIND):
            prompt = prompt.about(question, question.rubric)
        found = next(_as_stored(prompt, conversation, row.prompt_digest), None) if prompt else None
        if found is None:
            self.in_vain[place] += 1
            return None
        self.in_vain[place] = 0
        frame = _frame(found, [(texts["n", 0], ("n", 0)), *_slots(conversation)])
        known = self.known.setdefault(place, [])
        if len(known) < _TRIED:
            known.append(frame)
        return frame


def _as_stored(prompt: Prompt, conversation: Conversation, digest: str | None) -> Iterator[tuple[Message, ...]]:
    for way in ("text", "schema"):
        try:
            messages = asking.asked(prompt, conversation, "schema" if way == "schema" else "text")
        except JudgebenchError:
            return
        if digest in (None, _digest([(message.role, message.content) for message in messages])):
            yield messages


@lru_cache
def _prompt(name: str, folder: Path | None) -> Prompt | None:
    if name.endswith(".j2") or "/" in name or "\\" in name:
        return None  # a path on the machine where the review was made; what lies there now is no business of a site's
    try:
        return find_prompt(name, [folder] if folder else [])
    except JudgebenchError:
        return None


def _conversation(row: Review, question: Question, answers: Mapping[str, Answer]) -> Conversation | None:
    """What the prompt was made from, as far as that is still in force."""
    if row.turn > len(question.turns) or verdicts.older(row, answers):
        return None
    found = tuple(answers.get(model) for model in row.models)
    match = Match(row.mode, question, row.turn, row.models, found, row.swapped, row.repeat)
    return None if match.obstacle else match.conversation()


def _texts(conversation: Conversation) -> dict[Slot, str]:
    """The texts of a conversation by their slots."""
    return {
        (_NAMES[name], turn): text
        for turn, item in enumerate(conversation, start=1)
        for name, text in item.items()
        if text
    }


def _slots(conversation: Conversation) -> list[tuple[str, Slot]]:
    """The texts that get a slot, the longest first."""
    found = [(text, slot) for slot, text in _texts(conversation).items() if len(text) >= _SHORTEST]
    return sorted(found, key=lambda one: -len(one[0]))


def _frame(messages: Sequence[Message], slots: Sequence[tuple[str, Slot]]) -> Frame:
    return tuple((message.role, _parts(message.content, slots)) for message in messages)


def _filled(frame: Frame, texts: Mapping[Slot, str]) -> list[tuple[str, str]]:
    return [
        (role, "".join(part if isinstance(part, str) else texts.get(part, "") for part in parts))
        for role, parts in frame
    ]


def _digest(messages: Sequence[tuple[str, str]]) -> str:
    return content_id(messages)


def _parts(content: str, slots: Sequence[tuple[str, Slot]]) -> tuple[Part, ...]:
    parts: list[Part] = [content]
    for text, slot in slots:
        if text in content:
            parts = [piece for part in parts for piece in _split(part, text, slot)]
    return tuple(_cut(part) if isinstance(part, str) else part for part in parts)


def _split(part: Part, text: str, slot: Slot) -> Iterator[Part]:
    if not isinstance(part, str):
        yield part
        return
    first, *others = part.split(text)
    if first:
        yield first
    for other in others:
        yield slot
        if other:
            yield other


def _cut(text: str) -> str:
    left_out = len(text) - LIMIT
    shown = valid_text(text[:LIMIT])
    return shown if left_out <= 0 else f"{shown}\n\u2026 cut here, {counted(left_out, 'character')} more"
