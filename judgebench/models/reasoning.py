"""What a model thinks before it answers, apart from the answer; pure.

Models mark it in many ways: by tags (`<think>`, `<thinking>`, `<reasoning>`), by markers (`[THINK]`, `◁think▷`,
`<|begin_of_thought|>`), or by channels, of which only the final one is the answer.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

_NAMES = r"(?:seed:)?(?:think(?:ing)?|thoughts?|reasoning)"
_CHANNEL = r"<\|channel\|>\s{0,4}"
_HEAD = r"[^<\n]{0,80}(?:<\|constrain\|>[^<\n]{0,40})?<\|message\|>"
_TURN = r"(?:<\|(?:end|call|return)\|>\s{0,4})?(?:<\|start\|>[^<\n]{0,80})?"
_OPEN = re.compile(
    rf"<{_NAMES}(?:\s[^<>\n]{{0,80}})?>"
    r"|\[THINK\]|◁think▷|<unused94>thought|<\|channel>\s{0,4}thought"
    r"|<\|(?:begin_of_thought|START_THINKING|think(?:ing)?)\|>"
    rf"|(?:<\|start\|>assistant\s{{0,4}})?{_CHANNEL}(?:analysis|commentary){_HEAD}",
    re.IGNORECASE,
)
_CLOSE = re.compile(
    rf"</{_NAMES}\s{{0,4}}>"
    r"|\[/THINK\]|◁/think▷|<unused95>|<channel\|>"
    r"|<\|(?:end_of_thought\|>(?:\s{0,4}<\|begin_of_solution\|>)?|END_THINKING\|>(?:\s{0,4}<\|START_RESPONSE\|>)?)"
    r"|<\|/think(?:ing)?\|>"
    rf"|{_TURN}{_CHANNEL}final{_HEAD}",
    re.IGNORECASE,
)
_WHOLE = re.compile(  # what is known by both its ends
    r"\s{0,9}(?:(?P<channel>(?:assistant)?analysis.*?)assistantfinal"  # channels without their control tokens
    r"|Thinking\.\.\.(?P<spoken>\s.*?)\.\.\.done thinking\."
    r"|<details\s[^<>\n]{0,80}\btype=[\"']reasoning[\"'][^<>\n]{0,80}>(?P<folded>.*?)</details>"
    r"|&lt;think(?:ing)?&gt;(?P<escaped>.*?)&lt;/think(?:ing)?&gt;"
    r"|<(?P<name>antThinking|inner_monologue)>(?P<named>.*?)</(?P=name)>)",
    re.DOTALL | re.IGNORECASE,
)
_CHANNELS = ("<|channel|>", "<|message|>", "<|start|>", "<|end|>")
_ANY = re.compile(rf"{_OPEN.pattern}|{_CLOSE.pattern}", re.IGNORECASE)
_AFTER = re.compile(r"\s{0,9}<\|(?:end|return|END_RESPONSE|end_of_solution)\|>\s*\Z", re.IGNORECASE)
_BLANK = re.compile(r"\s*")
_MENTIONED = re.compile(r"(?:^|[\s(\[:,])[\"'`“‘]\Z")  # an opening quotation mark
_QUOTES = "\"'`“”‘’"
_LOOKS = 50  # ends without a beginning that are looked at
_PAIRED = re.compile(r"(?P<fence>```|~~~)|(?P<straight>\")")
_OPENS_QUOTATION = {"“": "”", "„": "“”", "«": "»", "»": "«", "「": "」", "『": "』", "‹": "›"}
_CURLY = re.compile(f"[{''.join({*_OPENS_QUOTATION, *''.join(_OPENS_QUOTATION.values())})}]")
_ELEMENT = re.compile(r"<(?P<ends>/?)(?P<name>[a-z]{1,20})\b|\[The (?:Start|(?P<end>End)) of ", re.IGNORECASE)
_QUOTED_LINE = re.compile(r"[ ]{0,3}(?: {4}|\t|>)")


def begins(prompt: str) -> bool:
    """Whether a rendered prompt ends where reasoning begins, as some chat templates do: the model only closes it."""
    told = prompt[-400:].rstrip()
    return any(found.end() == len(told) for found in _OPEN.finditer(told))


def is_mark(token: str, others: Collection[str] = ()) -> bool:
    """Whether a special token marks reasoning, so that it has to be seen in what a model said.

    Channels are marked by several tokens, which mean other things where there are no channels (`others`).
    """
    return bool(_ANY.fullmatch(token)) or ("<|channel|>" in others and token in _CHANNELS)


def split(text: str, begun: bool = False) -> tuple[str | None, str]:
    """Reasoning and answer; (None, text) where there is none.

    It is reasoning only where it stands first: one block or several, or all up to an end without a beginning, which
    the template gave (`begun`: wherever that end stands; else where it ends or begins a line, or stands between words
    without a blank). Reasoning that was cut off before its end leaves an empty answer. Tags inside an answer are the
    answer's.
    """
    end = answer_begins(text, begun)
    if end == 0:
        return None, text
    whole = _WHOLE.match(text)
    told = whole[str(whole.lastgroup)] + text[whole.end() : end] if whole else text[:end]
    return _AFTER.sub("", _ANY.sub("", told)).strip() or None, _AFTER.sub("", text[end:]).strip()


def answer_begins(text: str, begun: bool = False) -> int:
    """Where the reasoning that stands first has ended; 0 where there is none."""
    whole, marks = _WHOLE.match(text), _Marks(text)
    place = whole.end() if whole else 0
    while True:
        first = _BLANK.match(text, place)
        opened = _OPEN.match(text, first.end() if first else place)
        if opened or begun:
            closed = _CLOSE.search(text, opened.end() if opened else place)
        else:
            closed = marks.unopened(place)
            if closed is None:
                return place
        if closed is None:
            return len(text)
        place, begun = closed.end(), False


def blocks(text: str) -> Iterator[tuple[int, int]]:
    """Where, wherever it stands, there may be reasoning: from a beginning to its end, or up to an end without one.

    For whoever would rather miss an answer than take a thought for it.
    """
    opened: re.Match[str] | None = None
    place = 0
    for mark in _ANY.finditer(text):
        if _CLOSE.fullmatch(mark[0]):
            yield (opened.start() if opened else place), mark.end()
            opened, place = None, mark.end()
        else:
            opened = opened or mark
    if opened and not text[: opened.start()].rpartition("\n")[2].strip():  # in a line it is only spoken of
        yield opened.start(), len(text)


class _Marks:
    """The marks of a text: each is looked for once, however many ends of reasoning there are."""

    def __init__(self, text: str) -> None:
        self.text = text

    def unopened(self, place: int) -> re.Match[str] | None:
        """The first end of reasoning that has no beginning, unless it is only spoken of."""
        first = bisect_left(self._ends, place, key=re.Match.start)
        for closed in self._ends[first : first + _LOOKS]:
            if self._is_opened(place, closed.start()) or self._is_quoted(closed):
                return None
            if self._stands_as_an_end(closed, place):
                return closed
        return None

    @cached_property
    def _ends(self) -> list[re.Match[str]]:
        return list(_CLOSE.finditer(self.text))

    @cached_property
    def _beginnings(self) -> list[int]:
        return [found.start() for found in _OPEN.finditer(self.text)]

    @cached_property
    def _beginnings_of_lines(self) -> list[int]:
        return [start for start in self._beginnings if not self.text[self._line(start) : start].strip()]

    @cached_property
    def _pairs(self) -> Mapping[str, list[int]]:
        return _places((str(found.lastgroup), found.start()) for found in _PAIRED.finditer(self.text))

    @cached_property
    def _curly(self) -> Mapping[str, list[int]]:
        return _places((found[0], found.start()) for found in _CURLY.finditer(self.text))

    @cached_property
    def _elements(self) -> list[re.Match[str]]:
        return list(_ELEMENT.finditer(self.text))

    @cached_property
    def _shut(self) -> list[re.Match[str]]:
        return [found for found in self._elements if _kind(found).startswith("/")]

    @cached_property
    def _by_name(self) -> Mapping[str, list[int]]:
        return _places((_kind(found), found.start()) for found in self._elements)

    def _line(self, place: int) -> int:
        return self.text.rfind("\n", 0, place) + 1

    def _is_opened(self, place: int, end: int) -> bool:
        """Whether a beginning stands before: at the beginning of a line, or in the same line."""
        return _any(self._beginnings, max(place, self._line(end)), end) or _any(self._beginnings_of_lines, place, end)

    def _is_quoted(self, closed: re.Match[str]) -> bool:
        """Whether it stands in quotation marks, in a fence or in mark-up that is opened before it and closed behind."""
        start, end = closed.span()
        if _MENTIONED.search(self.text[max(0, start - 2) : start]) or _QUOTED_LINE.match(self.text, self._line(start)):
            return True
        if any(
            bisect_left(pair, start) % 2 and (len(pair) - bisect_left(pair, end)) % 2 for pair in self._pairs.values()
        ):
            return True
        return self._is_in_curly(start, end) or self._is_in_an_element(start, end)

    def _is_in_curly(self, start: int, end: int) -> bool:
        for opens in _OPENS_QUOTATION.keys() & self._curly.keys():
            opened = _last(self._curly[opens], start)
            shut = [self._curly.get(mark, []) for mark in _OPENS_QUOTATION[opens]]
            if opened > max(_last(places, start) for places in shut) and any(_any(places, end) for places in shut):
                return True
        return False

    def _is_in_an_element(self, start: int, end: int) -> bool:
        """Whether the first element or block that ends behind it begins before it."""
        number = bisect_left(self._shut, end, key=re.Match.start)
        if number == len(self._shut):
            return False
        ends = _kind(self._shut[number])
        return _last(self._by_name.get(ends[1:], []), start) > _last(self._by_name[ends], start)

    def _stands_as_an_end(self, closed: re.Match[str], place: int) -> bool:
        """At the end or the beginning of a line; of the first one also between words without a blank."""
        start, end = closed.span()
        stop = self.text.find("\n", end)
        before, after = self.text[max(place, self._line(start)) : start], self.text[end : stop if stop >= 0 else None]
        if place:
            return not before.strip() and not after.strip()
        apart = before[-1:].isspace() or after[:1] in _QUOTES
        return not before.strip() or not after.strip() or not apart


def _kind(element: re.Match[str]) -> str:
    """Its name, with a stroke where it ends; of FastChat's blocks an empty name."""
    return "/" * bool(element["ends"] or element["end"]) + (element["name"] or "").lower()


def _places(found: Iterable[tuple[str, int]]) -> Mapping[str, list[int]]:
    places = defaultdict[str, list[int]](list)
    for kind, place in found:
        places[kind].append(place)
    return places


def _last(places: list[int], before: int) -> int:
    number = bisect_left(places, before)
    return places[number - 1] if number else -1


def _any(places: list[int], start: int, end: int | None = None) -> bool:
    number = bisect_left(places, start)
    return number < len(places) and (end is None or places[number] < end)
