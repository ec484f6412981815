"""One text, cut to a bounded size and split once into what the features count."""

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

LIMIT = 20_000  # characters read of one text: answers are hostile, and a grade must stay cheap
LONG_WORD = 30  # characters; longer runs of letters are not words of a language
_CJK = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7ff"  # scripts that put no blank between words
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+(?:['\u2019][^\W\d_]+)?")
_NUMBER = re.compile(r"(?<![\w.])-?\d{1,15}(?:,\d{3}){0,5}(?:\.\d{1,12})?")
# A run of marks is tried from its start only, so that the search stays linear.
_SENTENCE_END = re.compile(r"(?<![.!?\u3002\uff01\uff1f])[.!?\u3002\uff01\uff1f]+[\"'\u201d\u2019)\]]?(?=\s|$)|\n")
_LIST_ITEM = re.compile(r"[ \t]{0,12}(?:[-*+\u2022\u2013]|\(?\d{1,3}[.):]|\(?[A-Za-z][.)])[ \t]+\S")
_CODE_LINE = re.compile(
    r"[ \t]*(?:def |class |import |from \w+ import|return\b|for ?\(|while ?\(|if ?\(|#include|using |public |"
    r"int |void |var |let |const |print\(|elif |else:|try:|\}|</?[a-z]{1,10}[ >]|\w{1,40}\(.{0,80}\);$|.{1,80}[;{]$)"
)

_STOPWORDS = """
a about above after again against all also am an and any are as at be because been before being below between both but
by can could did do does doing down during each few for from further had has have having he her here hers him his how i
if in into is it its just like made make many may me might more most much must my no nor not now of off on once one only
or other our out over own per please same shall she should so some such than that the their them then there these they
this those through to too under until up upon us use used using very was we well were what when where which while who
whom why will with within without would yes you your
"""
STOPWORDS = frozenset(_STOPWORDS.split())


@dataclass(frozen=True)
class Text:
    """A text and its parts, each computed when first asked for and from the first LIMIT characters only."""

    full: str

    @cached_property
    def head(self) -> str:
        """The first LIMIT characters, line ends made one kind."""
        return self.full[:LIMIT].replace("\r\n", "\n").replace("\r", "\n").strip()

    @cached_property
    def tail(self) -> str:
        """The last 300 characters of the whole text, without what it ends on in blanks."""
        return self.full[-LIMIT:].rstrip()[-300:]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words in lower case; a CJK character is a word of its own."""
        return tuple(match.group().lower().replace("\u2019", "'") for match in _WORD.finditer(self.head))

    @cached_property
    def content(self) -> frozenset[str]:
        """The distinct stems of the words that carry meaning."""
        return frozenset(stem(word) for word in self.words if is_content(word))

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines that are not blank, stripped on the right."""
        return tuple(line.rstrip() for line in self.head.split("\n") if line.strip())

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The sentences of the text outside code, a line end ending one too."""
        parts = _SENTENCE_END.split("\n".join(self.prose_lines))
        return tuple(part.strip() for part in parts if part.strip())

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        """The numbers in order, thousands separators taken out."""
        return tuple(float(match.group().replace(",", "")) for match in _NUMBER.finditer(self.head))

    @cached_property
    def code_flags(self) -> tuple[bool, ...]:
        """For each line whether it is code: fenced, or with the look of a statement."""
        flags, fenced = [], False
        for line in self.lines:
            fence = line.lstrip().startswith(("```", "~~~"))
            fenced = fenced != fence
            flags.append(fenced or fence or _CODE_LINE.match(line[:200]) is not None)
        return tuple(flags)

    @cached_property
    def code_lines(self) -> tuple[str, ...]:
        """The lines that are code."""
        return tuple(line for line, is_code in zip(self.lines, self.code_flags, strict=True) if is_code)

    @cached_property
    def prose_lines(self) -> tuple[str, ...]:
        """The lines that are not code."""
        return tuple(line for line, is_code in zip(self.lines, self.code_flags, strict=True) if not is_code)

    @cached_property
    def list_items(self) -> int:
        """How many lines are items of a list."""
        return sum(1 for line in self.prose_lines if _LIST_ITEM.match(line))

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """The distinct pairs of neighbouring words."""
        return frozenset(pairwise(self.words))

    @cached_property
    def grams(self) -> tuple[tuple[str, ...], ...]:
        """The runs of four words, in order."""
        words = self.words
        return tuple(words[i : i + 4] for i in range(len(words) - 3))


def is_content(word: str) -> bool:
    """Whether a lower-case word carries meaning: no stop word, no single letter, no overlong run."""
    return word not in STOPWORDS and (1 < len(word) <= LONG_WORD or word > "\u2e80")


def stem(word: str) -> str:
    """A word without its commonest English endings, so that "cats" meets "cat"."""
    for ending in ("'s", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 3:
            return word[: -len(ending)]
    return word
