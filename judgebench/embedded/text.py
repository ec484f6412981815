"""One text, cut to a bounded size and taken apart once, in few passes: a grade is to cost next to nothing."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, TypeVar

LIMIT = 16_000  # characters read of one text: answers are hostile, and a grade must stay cheap
TAIL = 300  # characters at the end, where an answer's result is looked for first
LONG_WORD = 30  # characters; longer runs of letters are not words of a language
_CJK = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7ff"  # scripts that put no blank between words
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_CJK_CHAR, _BEYOND = re.compile(rf"[{_CJK}]"), re.compile(r"[^\x00-\x7f]")
FEW_MARKS = 20  # different characters beyond ASCII, up to which each is looked at by itself
_LOWER = bytes(ord(chr(code).lower()) if chr(code).isalnum() else 32 for code in range(128)) + bytes(range(128, 256))
_TYPOGRAPHIC = tuple(zip("\u2018\u2019\u201c\u201d\u2013\u2014\u2022\u2026\u00a0", "''\"\"--*. ", strict=True))
_NUMBER = re.compile(r"\d{1,15}(?:,\d{3}){0,5}(?:\.\d{1,12})?")
_ITEM_MARK = r"[ \t]{0,12}(?:[-*+]|\(?\d{1,3}[.):]|[A-Za-z][.)])[ \t]+\S"
_ITEM = re.compile(rf"\n{_ITEM_MARK}")
_LONG_ITEM = re.compile(rf"\n(?=[^\n]{{40}}){_ITEM_MARK}")  # a line so long says something
_CODE_MARKS = (";\n", "{\n", "):\n", ">\n<")

_STOPWORDS = """
a about above after again against all also am an and any are as at be because been before being below between both but
by can could did do does doing down during each few for from further had has have having he her here hers him his how i
if in into is it its just like made make many may me might more most much must my no nor not now of off on once one only
or other our out over own per please same shall she should so some such than that the their them then there these they
this those through to too under until up upon us use used using very was we well were what when where which while who
whom why will with within without would yes you your dont doesnt cant isnt its im ive id ill youre thats theyre lets
"""
STOPWORDS = frozenset(_STOPWORDS.split())


T = TypeVar("T")


class once(Generic[T]):
    """functools.cached_property without its lock, which costs more than half of what is cached here."""

    def __init__(self, compute: "Callable[[Text], T]") -> None:
        self.__doc__, self._name, self._compute = compute.__doc__, compute.__name__, compute

    def __get__(self, text: "Text", owner: "type[Text] | None" = None) -> T:
        """Compute, and stand back for what was found."""
        found = text.__dict__[self._name] = self._compute(text)
        return found


class Text:
    """A text and its parts, each computed when first asked for and from the first LIMIT characters only."""

    def __init__(self, full: str) -> None:
        self.full = full
        self.numbered: tuple[object, Any] | None = None  # whose numbers its words have, and these; see words.Vocabulary

    @once
    def head(self) -> str:
        """The first LIMIT characters, with plain quotes, dashes and line ends."""
        head = self.full[:LIMIT].strip()
        if "\r" in head:
            head = head.replace("\r\n", "\n").replace("\r", "\n")
        return head if head.isascii() else _plain_marks(head)

    @once
    def lower(self) -> str:
        """The head in lower case."""
        return self.head.lower()

    @once
    def raw(self) -> bytes:
        """The head in UTF-8, of which characters are counted."""
        return self.head.encode("utf-8", "surrogatepass")

    @once
    def tail(self) -> str:
        """The last 300 characters of the whole text, without what it ends on in blanks."""
        return self.full[-LIMIT:].rstrip()[-300:]

    @once
    def spaced(self) -> bytes:
        """The words in lower case, blanks between them, apostrophes left out; a CJK character is a word of its own."""
        if self.head.isascii():
            return self.raw.translate(_LOWER, b"'")
        text, beyond = self.lower, set(_BEYOND.findall(self.lower))
        if len(beyond) > FEW_MARKS:
            return " ".join(_WORD.findall(text.replace("'", ""))).encode()
        for char in beyond:  # a text of another script apart, there are but a few
            if _CJK_CHAR.match(char):
                text = text.replace(char, f" {char} ")
            elif not char.isalnum():
                text = text.replace(char, " ")
        return text.encode().translate(_LOWER, b"'")

    @once
    def words(self) -> list[str]:
        """The words; see `spaced`."""
        return self.spaced.decode().split()

    @once
    def most_words(self) -> int:
        """As many words as there can be: a word of ASCII has another character after it."""
        return (len(self.head) + 1) // 2 if self.head.isascii() else len(self.head)

    @once
    def content(self) -> set[str]:
        """The distinct stems of the words that carry meaning."""
        return set(map(stem, set(self.words))) - {""}

    @once
    def prose(self) -> "Text":
        """The text without what is fenced as code."""
        return self if len(self.parts) == 1 else Text("\n".join(self.parts[::2]))

    @once
    def parts(self) -> list[str]:
        """The text cut at code fences: prose, code, prose, and so on."""
        return self.head.split("```") if "`" in self.head else [self.head]

    @once
    def code(self) -> str:
        """What stands in code fences."""
        return "\n".join(self.parts[1::2])

    @once
    def code_size(self) -> int:
        """Lines of fenced code, or, where nothing is fenced, marks of statements."""
        if len(self.parts) > 1:
            return self.code.count("\n")
        return sum(self.head.count(mark) for mark in _CODE_MARKS if mark[0] in self.head)

    @once
    def sentences(self) -> list[str]:
        """The sentences outside code, a line end ending one too."""
        text = self.prose.head
        for mark in (". ", "? ", "! ", "\u3002"):
            if mark[0] in text:  # one character is found far sooner than two
                text = text.replace(mark, "\n")
        return [*filter(str.strip, text.split("\n"))]

    @once
    def numbers(self) -> tuple[str, ...]:
        """The numbers in order, thousands separators and the zeros after a point taken out."""
        return tuple(_plain(found) for found in _NUMBER.findall(self.head))

    def last_numbers(self, count: int) -> tuple[str, ...]:
        """The last of the numbers: found near the end, where there are enough."""
        near = self.head[-TAIL:]
        found = [*_NUMBER.finditer(near)]
        if len(found) > count or len(near) == len(self.head):  # the first may have been cut in two
            return tuple(_plain(match[0]) for match in found[-count:])
        return self.numbers[-count:]

    @once
    def list_items(self) -> int:
        """How many lines, the first left out, are items of a list."""
        return len(_ITEM.findall(self.head))

    @once
    def long_items(self) -> int:
        """How many of these are long enough to say something."""
        return len(_LONG_ITEM.findall(self.head))

    @once
    def foreign(self) -> int:
        """How many characters are not ASCII."""
        return 0 if self.head.isascii() else len(self.head) - len(self.head.encode("ascii", "ignore"))


def _plain_marks(head: str) -> str:
    """The text with typographic marks in ASCII, which makes most texts ASCII as a whole."""
    for mark, plain in _TYPOGRAPHIC:
        head = head.replace(mark, plain)
    return head


def _plain(number: str) -> str:
    if number.isdecimal() and number[0] != "0":
        return number
    number = number.replace(",", "")
    return (number.rstrip("0").rstrip(".") if "." in number else number).lstrip("0") or "0"


def stem(word: str) -> str:
    """A lower-case word without its commonest English endings, so that "cats" meets "cat"; empty without meaning."""
    if word in STOPWORDS or not (1 < len(word) <= LONG_WORD or word > "\u2e80"):
        return ""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 3:
            return word[: -len(ending)]
    return word


@lru_cache(maxsize=512)
def known(full: str) -> Text:
    """The text of a question or a reference, taken apart once for the many answers that are graded beside it."""
    return Text(full)


@lru_cache(maxsize=64)
def lately(full: str) -> Text:
    """The text of an answer, kept for a while: it is graded in several pairs, and is the next answer's context."""
    return Text(full)
