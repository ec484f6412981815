"""The form in which a prompt asks for its verdict: a pattern with names where the verdict's parts stand; pure.

A pattern is text: `[RESULT] {rating}`, `[[{verdict}]]`, `{score_a} {score_b}`. It is no regular expression, so that
no reply can keep it busy: what is made of it has neither nested nor unbounded repetition.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Literal, TypeAlias

from judgebench.tables.records import Verdict

Place: TypeAlias = Literal["anywhere", "first line", "last line"]

FIELDS: Mapping[str, tuple[str, ...]] = {
    "rating": ("rating",),
    "choice": ("verdict",),
    "score_pair": ("score_a", "score_b"),
    "rubric": ("criteria",),
}
KINDS = tuple(FIELDS)
_LONGEST = 200  # characters of a pattern, or of a word for an outcome
_MOST = 20  # patterns of a prompt, and words for outcomes
_NUMBER = r"\d{1,3}(?:\.\d{1,4})?"
_NO_MORE = r"(?![\d/%]|[.,:]\d|[ \t]{0,2}[-–][ \t]{0,2}\d)"  # 8/10, 8.5.1 and 7-8 are no 8 or 7
_NO_LESS = r"(?<![\d.,/-])"
_NAME = re.compile(r"\{(rating|verdict|score_a|score_b)\}")
_PARTS = re.compile(r"(\{(?:rating|verdict|score_a|score_b)\}|\s+)")
_THREE = {"A": Verdict(winner="A"), "B": Verdict(winner="B"), "C": Verdict(winner="tie")}


@dataclass(frozen=True)
class Form:
    """How a verdict of a kind reads, where it stands, and what each word of a choice means."""

    kind: str
    patterns: tuple[str, ...]
    place: Place = "anywhere"
    outcomes: Mapping[str, Verdict] = field(default_factory=lambda: _THREE)

    @property
    def known(self) -> bool:
        """Whether it is the usual one of its kind."""
        return self == FORMS[self.kind]

    @cached_property
    def expressions(self) -> tuple[re.Pattern[str], ...]:
        """A regular expression a pattern, with a group for each part."""
        words = tuple(sorted(self.outcomes, key=len, reverse=True)) if self.kind == "choice" else ()
        return tuple(_compiled(pattern, words) for pattern in self.patterns)

    @cached_property
    def any(self) -> re.Pattern[str]:
        """Whatever looks like a verdict in this form."""
        return re.compile("|".join(re.sub(r"\(\?P<\w+>", "(?:", each.pattern) for each in self.expressions))

    @cached_property
    def loosely(self) -> re.Pattern[str]:
        """The same in any case."""
        return re.compile(self.any.pattern, re.ASCII | re.IGNORECASE)

    def examples(self) -> Iterator[str]:
        """A verdict in each pattern, as a reply would have it."""
        said = {"verdict": next(iter(self.outcomes)), "rating": "1", "score_a": "1", "score_b": "2"}
        return (_NAME.sub(lambda found: said[found[1]], pattern) for pattern in self.patterns)

    def shown(self) -> str:
        """The form, for whoever is to keep to it."""
        if self.kind == "choice":
            return ", ".join(self.patterns[0].replace("{verdict}", word) for word in self.outcomes)
        return re.sub(r"\{\w+\}", "N", self.patterns[0])


FORMS: Mapping[str, Form] = {
    "rating": Form("rating", ("[[{rating}]]",)),
    "choice": Form("choice", ("[[{verdict}]]",)),
    "score_pair": Form("score_pair", ("{score_a} {score_b}", "{score_a} , {score_b}"), "first line"),
    "rubric": Form("rubric", ()),  # a JSON object, however it is asked for
}


def problem(form: Form) -> str | None:
    """What is wrong with a form, in a few words; None where nothing is."""
    if form.outcomes != _THREE and form.kind != "choice":
        return f"outcomes are for prompts whose kind is choice, and this one's is {form.kind}"
    if form.kind == "rubric" and form.patterns:
        return "the verdict by a rubric is always a JSON object: leave pattern out"
    if len(form.patterns) > _MOST or len(form.outcomes) > _MOST:
        return f"a prompt has {_MOST} patterns and {_MOST} outcomes at the most"
    faults = [*map(_word_problem, form.outcomes), *(_pattern_problem(pattern, form) for pattern in form.patterns)]
    missing = [winner for winner in ("A", "B") if winner not in {said.winner for said in form.outcomes.values()}]
    if missing:
        faults.append(f"no word among its outcomes says that {missing[0]} is better")
    return next(filter(None, faults), None)


def _word_problem(word: str) -> str | None:
    if not word.strip() or "\n" in word or len(word) > _LONGEST:
        return f"the outcome {word[:40]!r} is no word that a judge could write"
    return None


def _pattern_problem(pattern: str, form: Form) -> str | None:
    named, wanted = _NAME.findall(pattern), FIELDS[form.kind]
    called = f"the pattern {pattern[:80]!r}"
    for name in wanted:
        if named.count(name) != 1:
            often = "lacks" if name not in named else "repeats"
            shown = FORMS[form.kind].patterns[0]
            return f"{called} {often} {{{name}}}: a pattern is the verdict as it is to read, such as {shown}"
    strangers = [name for name in named if name not in wanted]
    if strangers:
        return f"{called} has {{{strangers[0]}}}, but a {form.kind} is {' and '.join(f'{{{name}}}' for name in wanted)}"
    if "\n" in pattern or len(pattern) > _LONGEST or "\0" in pattern:
        return f"{called} is no text of one line and {_LONGEST} characters at the most"
    if "}{" in re.sub(r"\{\w+\}", "{}", pattern):
        return f"{called} has nothing between its two scores"
    if form.place == "anywhere" and not re.sub(r"\{\w+\}|[\s,;:.]", "", pattern):
        return f'{called} has no text to know it by: add some, or say place = "first line" or "last line"'
    return None


@lru_cache
def _compiled(pattern: str, words: tuple[str, ...]) -> re.Pattern[str]:
    """Capitals count in words only; emphasis and blanks may stand where the pattern has a blank."""
    parts = [part for part in _PARTS.split(pattern.strip()) if part]
    around = zip(["", *parts], parts, [*parts[1:], ""], strict=False)
    return re.compile("".join(_expression(*three, words) for three in around), re.ASCII)


def _expression(before: str, part: str, after: str, words: tuple[str, ...]) -> str:
    """That of a part of a pattern between two others: a name, a blank, or text."""
    if part == "{verdict}":
        return f"(?P<verdict>{'|'.join(map(_word, words))})"
    if _PARTS.fullmatch(part) and part.strip():
        return f"{'' if before else _NO_LESS}(?P<{part[1:-1]}>{_NUMBER}){'' if after else _NO_MORE}"
    if not part.strip():
        return r"[ \t]{1,9}" if _PARTS.fullmatch(before) and _PARTS.fullmatch(after) else r"[\s*_]{0,9}"
    return f"(?i:{re.escape(part)})"


def _word(word: str) -> str:
    left, right = (r"(?<!\w)" if word[0].isalnum() else ""), (r"(?!\w)" if word[-1].isalnum() else "")
    return f"{left}{re.escape(word)}{right}"
