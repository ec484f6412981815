"""What a model thinks before it answers, apart from the answer; pure.

Models mark it in many ways: by tags (`<think>`, `<thinking>`, `<reasoning>`), by markers (`[THINK]`, `◁think▷`,
`<|begin_of_thought|>`), or by channels, of which only the final one is the answer.
"""

import re
from collections.abc import Collection, Iterator
from itertools import islice

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
_BARE_CHANNELS = re.compile(r"\s{0,9}(?:assistant)?analysis.*?assistantfinal", re.DOTALL)  # without control tokens
_CHANNELS = ("<|channel|>", "<|message|>", "<|start|>", "<|end|>")
_ANY = re.compile(rf"{_OPEN.pattern}|{_CLOSE.pattern}", re.IGNORECASE)
_AFTER = re.compile(r"\s*<\|(?:end|return|END_RESPONSE|end_of_solution)\|>\s*\Z", re.IGNORECASE)
_BLANK = re.compile(r"\s*")
_MENTIONED = re.compile(r"(?:^|[\s(\[:,])[\"'`“‘]\Z")  # an opening quotation mark
_QUOTES = "\"'`“”‘’"
_LOOKS = 50  # ends without a beginning that are looked at
_PAIRED = (re.compile(r"```|~~~"), re.compile('"'), re.compile("[“”]"))
_ELEMENT = re.compile(r"</(?P<name>[A-Za-z]{1,20})\b|\[The End of ", re.IGNORECASE)  # the latter is FastChat's


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
    bare = _BARE_CHANNELS.match(text)
    thought = _ANY.sub("", bare[0].removesuffix("assistantfinal") + text[bare.end() : end] if bare else text[:end])
    return _AFTER.sub("", thought).strip() or None, _AFTER.sub("", text[end:]).strip()


def answer_begins(text: str, begun: bool = False) -> int:
    """Where the reasoning that stands first has ended; 0 where there is none."""
    bare = _BARE_CHANNELS.match(text)
    place = bare.end() if bare else 0
    while True:
        first = _BLANK.match(text, place)
        opened = _OPEN.match(text, first.end() if first else place)
        if opened or begun:
            closed = _CLOSE.search(text, opened.end() if opened else place)
        else:
            closed = _unopened(text, place)
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


def _unopened(text: str, place: int) -> re.Match[str] | None:
    """The first end of reasoning that has no beginning, unless it is only spoken of."""
    for closed in islice(_CLOSE.finditer(text, place), _LOOKS):
        if _opened_before(text, place, closed) or _is_quoted(text, closed):
            return None
        if _stands_as_an_end(text, closed, place):
            return closed
    return None


def _opened_before(text: str, place: int, closed: re.Match[str]) -> bool:
    """Whether a beginning stands before: at the beginning of a line, or in the same line."""
    line = text.rfind("\n", 0, closed.start()) + 1
    openings = (found.start() for found in _OPEN.finditer(text, place, closed.start()))
    return any(start >= line or not text[:start].rpartition("\n")[2].strip() for start in openings)


def _is_quoted(text: str, closed: re.Match[str]) -> bool:
    """Whether it stands in quotation marks, in a fence or in mark-up that is opened before it and closed behind it."""
    before, after = text[: closed.start()], text[closed.end() :]
    if _MENTIONED.search(before[-2:]):
        return True
    if any(len(mark.findall(before)) % 2 and len(mark.findall(after)) % 2 for mark in _PAIRED):
        return True
    element, left = _ELEMENT.search(after), before.lower()
    if element is None:
        return False
    opens, closes = ("<", "</") if element["name"] else ("[the start of", "[the end of")
    name = (element["name"] or "").lower()
    return left.rfind(opens + name) > left.rfind(closes + name)


def _stands_as_an_end(text: str, closed: re.Match[str], place: int) -> bool:
    """At the end or the beginning of a line; of the first one also between words without a blank."""
    before, after = text[place : closed.start()], text[closed.end() :]
    alone_before, alone_after = not before.rpartition("\n")[2].strip(), not after.partition("\n")[0].strip()
    if place:
        return alone_before and alone_after
    return alone_before or alone_after or not (before[-1:].isspace() or after[:1] in _QUOTES)
