"""A tokenizer's control tokens: which there are, where they stand in a text's ids, and a text's ids without any."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

_LEADS = ("\n", ".", "x", "0")  # what a text is read behind, so that it is read as one that goes on
_MARKED = re.compile(  # how names of control tokens look; what isn't special may be words added to a vocabulary
    r"<.*\w.*>|\[.*\w.*\]|\{.*\w.*\}|\|.*\w.*\||[\u25c1\u3010\u27e8\uff5f].*\w.*[\u25b7\u3011\u27e9\uff60]", re.DOTALL
)
_PIPED = re.compile(r"[<\[][|\uff5c][^<>]*\w[^<>]*[|\uff5c][>\]]")  # nothing else looks so, in any vocabulary
_TEXT = re.compile(r".?|\s*|<0x[0-9A-Fa-f]{2}>", re.DOTALL)
_HTML = re.compile(
    r"</?(?:a|abbr|address|article|aside|b|blockquote|body|br|button|caption|center|cite|code|col|colgroup|dd|del|dfn"
    r"|div|dl|dt|em|figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|img|input|ins|kbd|label|li|link"
    r"|main|mark|math|meta|nav|ol|option|p|pre|q|s|samp|script|section|select|small|span|strike|strong|style|su[bp]"
    r"|summary|svg|table|tbody|td|textarea|tfoot|th|thead|time|title|tr|tt|u|ul|var|video)/?>"
)


@dataclass(frozen=True, slots=True)
class Control:
    """A control token where it stands: in the text from `start` to `end`, and its place in the ids."""

    token: int
    start: int
    end: int
    place: int


@dataclass(frozen=True, slots=True)
class Read:
    """The ids that a tokenizer makes of a text, and the control tokens among them.

    It is `certain` where they stand if the tokenizer says so; else they were searched for by name.
    """

    ids: list[int]
    controls: list[Control]
    certain: bool = True

    def after(self, ids: int, letters: int) -> "Read":
        """What is left without so many ids at the beginning, which are so many letters."""
        later = [replace(one, start=max(0, one.start - letters), end=one.end - letters) for one in self.controls]
        return replace(self, ids=self.ids[ids:], controls=[replace(one, place=one.place - ids) for one in later])


def control_tokens(tokenizer: Any) -> dict[int, str]:
    """The ids and names of the tokens that stand for no text: special ones, and those that look so by their name.

    HTML's tags, which some vocabularies have, are text unless they are special or the chat template has them. So are
    spaces, bytes and single characters, which nothing else could stand for.
    """
    special, template = set(tokenizer.all_special_ids), str(tokenizer.chat_template)
    found = {token: name for name, token in tokenizer.get_vocab().items() if _is_piped(name)}
    for token, added in _added(tokenizer).items():
        if added.special or token in special or _is_marked(added.content, template):
            found[token] = added.content
    return {token: name for token, name in found.items() if not _TEXT.fullmatch(name)}


def _added(tokenizer: Any) -> dict[int, Any]:
    try:
        return dict(tokenizer.added_tokens_decoder)
    except NotImplementedError:  # by mistral-common, which takes all texts for text
        return {}


def _is_piped(name: object) -> bool:
    return isinstance(name, str) and name[:1] in ("<", "[") and bool(_PIPED.fullmatch(name))


def _is_marked(name: str, template: str) -> bool:
    return bool(_MARKED.fullmatch(name)) and (name in template or not _HTML.fullmatch(name))


class Reader:
    """Reads texts with a tokenizer of whatever kind: nothing is asked of it but ids, and where they stand."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.names = control_tokens(tokenizer)
        ends = (tokenizer.bos_token_id, tokenizer.eos_token_id)
        self._unknown = None if tokenizer.unk_token_id in ends else tokenizer.unk_token_id

    def controls_in(self, ids: Iterable[int]) -> list[int]:
        """The control tokens among some ids."""
        return [token for token in ids if token in self.names]

    def read(self, text: str, *, split: bool = False) -> Read:
        """A text's ids, without any that the tokenizer adds; `split` asks it to take special tokens for text."""
        asked = {"split_special_tokens": True} if split else {}
        found = self.tokenizer(text, add_special_tokens=False, **asked)
        if found.is_fast:
            return Read(found["input_ids"], list(self._placed(text, found)))
        tokens = self.tokenizer.tokenize(text, **asked)
        return Read(self.tokenizer.convert_tokens_to_ids(tokens), list(self._searched(text, tokens)), certain=False)

    def _placed(self, text: str, found: Any) -> Iterator[Control]:
        for place, token in enumerate(found["input_ids"]):
            span = found.token_to_chars(place) if token in self.names else None
            if span and (token != self._unknown or text[span.start : span.end].strip() == self.names[token]):
                yield Control(token, span.start, span.end, place)

    def _searched(self, text: str, tokens: list[str]) -> Iterator[Control]:
        """The same of a tokenizer that doesn't say where its tokens stand."""
        end = 0
        for place, name in enumerate(tokens):
            token, pattern = self._patterns.get(name, (0, None))
            found = pattern.search(text, end) if pattern else None
            if found:
                end = found.end()
                yield Control(token, *self._with_spaces(text, token, found.start(), end), place)

    @cached_property
    def _patterns(self) -> dict[str, tuple[int, re.Pattern[str]]]:
        """What each control token is made of: its name, whatever its capitals if they are nothing to the tokenizer."""
        heard = {name: name in self.tokenizer.tokenize(name.swapcase()) for name in self.names.values()}
        return {
            name: (token, re.compile(re.escape(name), re.IGNORECASE if heard[name] else re.NOFLAG))
            for token, name in self.names.items()
        }

    def _with_spaces(self, text: str, token: int, start: int, end: int) -> tuple[int, int]:
        """Where a token begins and ends with the spaces that it takes in."""
        added = self._added.get(token)
        if added and added.lstrip:
            start = len(text[:start].rstrip())
        if added and added.rstrip:
            end = len(text) - len(text[end:].lstrip())
        return start, end

    @cached_property
    def _added(self) -> dict[int, Any]:
        return _added(self.tokenizer)

    def without(self, ids: Iterable[int]) -> list[int]:
        """The ids that are no control tokens; the one for what is unknown stays."""
        return [token for token in ids if token not in self.names or token == self._unknown]

    def inert(self, text: str) -> list[int]:
        """The ids of a text that goes on with another one, none a control token.

        It is cut behind the first character of what is taken for one all the same, which then is none any more.
        """
        read = self._going_on(text)
        if not read.controls or len(text) < 2:
            return self.without(read.ids)
        cuts = [0, *(min(one.start + 1, len(text) - 1) for one in read.controls), len(text)]
        return [token for start, end in pairwise(cuts) for token in self.inert(text[start:end])]

    def _going_on(self, text: str) -> Read:
        """A text's ids behind a lead that they don't merge with, so that no beginning of a text is put before them."""
        for lead, before in self._leads.items():
            read = self.read(lead + text, split=True)
            if read.ids[: len(before)] == before:
                return read.after(len(before), len(lead))
        return self.read(text, split=True)

    @cached_property
    def _leads(self) -> dict[str, list[int]]:
        """Those that the tokenizer has something to say to."""
        read = {lead: self.read(lead, split=True).ids for lead in _LEADS}
        return {lead: ids for lead, ids in read.items() if ids and self._unknown not in ids}
