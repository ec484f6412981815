"""Conversations to token ids in which all control tokens are the chat template's, whatever the texts hold.

A tokenizer makes control tokens (`<|im_end|>`, `</s>`) of all that reads so, in an answer too. Which are the template's
own shows when the conversation is rendered once more with other letters in its texts: they stay what they were.
"""

import re
import string
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeAlias

from judgebench.errors import UsageError
from judgebench.models.loading.control import Read, Reader
from judgebench.models.loading.templating import rendered
from judgebench.tables.records import Message

Conversation: TypeAlias = Sequence[Message]
_ESCAPED = '"\\'  # by JSON, which some templates write texts as


class Encoder:
    """How conversations are put to a checkpoint: by its tokenizer's chat template, then as ids."""

    def __init__(self, tokenizer: Any, special_tokens: bool) -> None:
        """`special_tokens` is what to give the tokenizer as add_special_tokens for a rendered text."""
        self.tokenizer = tokenizer
        self.special_tokens = special_tokens
        self._usual: dict[tuple[tuple[str, bool], ...], list[int] | None] = {}

    def prompt(self, conversation: Conversation) -> tuple[str, tuple[int, ...]]:
        """A conversation as the model sees it, and its ids; UsageError where the template doesn't render it.

        The ids are the tokenizer's for the whole text, unless texts of the conversation make control tokens: these are
        read as plain text. Where the template itself takes such a text apart, or refuses it, the text is shown with
        other brackets.
        """
        try:
            text = rendered(self.tokenizer, conversation)
        except UsageError:
            shown = self._shown(conversation)
            if shown == conversation:
                raise
            return self.prompt(shown)
        ids = self._ids(text)
        if self._reader.controls_in(ids) == self._controls_of(conversation):
            return text, tuple(ids)
        return self._parted(conversation, text)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.tokenizer)

    @cached_property
    def _names(self) -> re.Pattern[str]:
        """Any control token's name, the longest first."""
        names = sorted(self._reader.names.values(), key=len, reverse=True)
        return re.compile("|".join(map(re.escape, names)) or "(?!)")

    @cached_property
    def _others(self) -> dict[int, str]:
        return _other_letters("".join(self._reader.names.values()))

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=self.special_tokens)["input_ids"])

    def _controls_of(self, conversation: Conversation) -> list[int] | None:
        """The control tokens of a conversation of the same shape that says next to nothing."""
        shape = tuple((message.role, bool(message.content.strip())) for message in conversation)
        if shape not in self._usual:
            try:
                text = rendered(self.tokenizer, [Message(role, "x" if said else "") for role, said in shape])
                self._usual[shape] = self._reader.controls_in(self._ids(text))
            except UsageError:
                self._usual[shape] = None
        return self._usual[shape]

    def _parted(self, conversation: Conversation, text: str) -> tuple[str, tuple[int, ...]]:
        """By exchanging all letters of the texts or, where the template goes by their words, those of names alone."""
        for change in (self._exchanged, self._with_other_names):
            try:
                other = rendered(self.tokenizer, _changed(conversation, change))
            except UsageError:
                continue
            if self._is_exchange(text, other):
                return text, tuple(self._joined(text, other))
        return self.prompt(self._shown(conversation))

    def _exchanged(self, text: str) -> str:
        return text.translate(self._others)

    def _with_other_names(self, text: str) -> str:
        return self._names.sub(lambda name: self._exchanged(name[0]), text)

    def _shown(self, conversation: Conversation) -> Conversation:
        """With other brackets about the names of control tokens."""
        return _changed(conversation, lambda text: self._names.sub(lambda name: f"\u2039{name[0][1:-1]}\u203a", text))

    def _is_exchange(self, text: str, other: str) -> bool:
        """Whether two texts are the same but for letters that were exchanged."""
        pairs = zip(text, other, self._exchanged(text), strict=False)
        return len(text) == len(other) and all(new in (old, exchanged) for old, new, exchanged in pairs)

    def _joined(self, text: str, other: str) -> list[int]:
        """The ids of a text of which those control tokens are the template's that stand in the other one as well."""
        read, changed = self._reader.read(text), self._reader.read(other)
        known = {(one.token, one.start, one.end): one.place for one in read.controls}
        joined, start = list[int](), 0
        first: int | None = 0
        for own in changed.controls:
            if text[own.start : own.end] == other[own.start : own.end]:
                last = known.get((own.token, own.start, own.end))
                joined += [*self._between(text, read, (start, own.start), (first, last)), own.token]
                start, first = own.end, None if last is None else last + 1
        joined += self._between(text, read, (start, len(text)), (first, len(read.ids)))
        before, after = self._around(other, changed.ids)
        return [*before, *joined, *after]

    def _between(
        self, text: str, read: Read, span: tuple[int, int], places: tuple[int | None, int | None]
    ) -> list[int]:
        """The ids from one control token of the template to the next: those that were read, as far as they are text.

        The places among these are where the two tokens are; None for one that was not read.
        """
        (start, end), (first, last) = span, places
        strange = next((one for one in read.controls if one.start < end and one.end > start), None)
        if first is None or (last is None and strange is None):
            return self._reader.inert(text[start:end])
        if strange is None:
            return self._reader.without(read.ids[first:last])
        if not read.certain:  # what was read up to there may be more than stands before it
            return self._reader.inert(text[start:end])
        return self._reader.without(read.ids[first : strange.place]) + self._reader.inert(text[strange.start : end])

    def _around(self, text: str, ids: list[int]) -> tuple[list[int], list[int]]:
        """What the tokenizer puts before and after the ids of a text, where it is asked to."""
        whole = self._ids(text) if self.special_tokens else ids
        starts = range(len(whole) - len(ids) + 1)
        start = next((place for place in starts if whole[place : place + len(ids)] == ids), None)
        return ([], []) if start is None else (whole[:start], whole[start + len(ids) :])


def _changed(conversation: Conversation, change: Callable[[str], str]) -> Conversation:
    return [Message(message.role, change(message.content)) for message in conversation]


def _other_letters(names: str) -> dict[int, str]:
    """Another letter for each that a name may have, of the same kind, so that cutting, capitals and JSON do the same.

    ASCII's is the next one of its kind; spaces and what JSON escapes stay.
    """
    marks = "".join(mark for mark in string.punctuation if mark not in _ESCAPED)
    rings = (string.ascii_lowercase, string.ascii_uppercase, string.digits, marks)
    others = {ord(old): new for ring in rings for old, new in zip(ring, ring[1:] + ring[:1], strict=True)}
    foreign = {letter for letter in names if not letter.isascii() and not letter.isspace()}
    return others | {ord(letter): _other(letter) for letter in foreign}


def _other(letter: str) -> str:
    """For a letter that is not ASCII's."""
    kind = "\u0436\u0449" if letter.islower() else "\u0416\u0429" if letter.isupper() else "\u203b\u2042"
    return kind[letter == kind[0]]
