"""The passage that a point against an answer is about, quoted so that it is nothing but a quotation."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from judgebench.embedded import form, wishes
from judgebench.embedded.cases import Case
from judgebench.embedded.text import LONG_WORD, Text, stem

LENGTH = 80  # characters of a quotation
# A quotation ends where ours does, and holds no verdict in any form that we read: no brackets, no label and value.
_HARMLESS = str.maketrans(
    {
        **dict.fromkeys('"`\u201c\u201d', "'"),
        **dict(zip("[]{}<>:=", "()()();-", strict=True)),
        **dict.fromkeys("|*#", " "),
    }
)


def quoted(text: str) -> str:
    """A piece of a hostile text on one line, cut to LENGTH, between quotation marks that it has none of."""
    flat = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * LENGTH]).split())
    flat = " ".join(flat.translate(_HARMLESS).split())
    return f'"{flat}"' if len(flat) <= LENGTH else f'"{flat[: LENGTH - 1].rstrip()}\u2026"'


def passage(name: str, case: Case) -> str:
    """What there is to show of what counts against an answer under that name; empty where there is nothing."""
    found = _PASSAGES.get(name)
    return found(case) if found else ""


def _repetition(case: Case) -> str:
    """The line or run of words that stands there most often."""
    runs: Counter[str] = Counter(part for part in case.answer.sentences if len(part) > 15)
    if not runs or runs.most_common(1)[0][1] == 1:
        runs = Counter(map(" ".join, _fours(case.answer.words)))
    return next((f"{quoted(run)} stands {n} times" for run, n in runs.most_common(1) if n > 1), "")


def _found(pattern: re.Pattern[str], text: Text) -> str:
    """The first match of a pattern, and a little of what stands around it."""
    found = pattern.search("\n" + text.lower)
    return quoted(text.head[max(0, found.start() - 21) : found.end() + 40]) if found else ""


def _ending(case: Case) -> str:
    return f"it ends on {quoted(case.answer.tail[-50:])}"


def _refusal(case: Case) -> str:
    return next((quoted(part) for part in case.answer.sentences[:20] if form.refuses(part)), "")


def _legibility(case: Case) -> str:
    return next((quoted(word) for word in case.answer.words if len(word) > LONG_WORD), "")


def _grammar(case: Case) -> str:
    return next((quoted(" ".join(pair)) for pair in form.broken_pairs(case.answer)), "")


def _copied(answer: Text, source: Text) -> str:
    """The first run of four words that stands in the source too."""
    before = set(_fours(source.words))
    return next((f"{quoted(' '.join(run))} was there before" for run in _fours(answer.words) if run in before), "")


def _fours(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(words, words[1:], words[2:], words[3:], strict=False)


def _numbers(case: Case) -> str:
    missing = {*case.reference.numbers}.difference(case.answer.numbers, case.question.numbers)
    return f"{min(missing, key=case.reference.numbers.index)} is missing" if missing else ""


def _agreement(case: Case) -> str:
    wanted = case.reference.content - case.question.content - case.answer.content
    missing = [word for word in case.reference.words if stem(word) in wanted][:3]
    return f"{', '.join(map(quoted, dict.fromkeys(missing)))} of the reference not found" if missing else ""


def _format(case: Case) -> str:
    return wishes.first_missed(case.answer, case.question)


def _length(case: Case) -> str:
    n = len(case.answer.words)
    return f"{n} word{'s' * (n != 1)}"


_PASSAGES: Mapping[str, Callable[[Case], str]] = {
    "length": _length,
    "repetition": _repetition,
    "focus": lambda case: _copied(case.answer, case.question),
    "the answer before": lambda case: _copied(case.answer, case.earlier_answer),
    "leaks": lambda case: _found(form.LEAK, case.answer),
    "addresses": lambda case: _found(form.ADDRESS, case.answer),
    "ending": _ending,
    "refusal": _refusal,
    "legibility": _legibility,
    "grammar": _grammar,
    "numbers": _numbers,
    "agreement": _agreement,
    "format": _format,
}
