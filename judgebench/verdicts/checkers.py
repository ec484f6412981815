"""Answer and reference -> right or wrong, by rule and without a judge; pure.

Only the end of an answer is read (READ characters, for `regex` READ_BY_REGEX), so that no answer takes long. An
answer makes one claim, picked without a look at the reference, so that naming every candidate gains nothing.

exact: the claim is the whole answer, or what follows a lead (`Answer:`, `The final answer is`) at the beginning of a
line, up to the end of the answer; leads that are followed by different things make no claim. It is compared without
regard to case, white space, width, enclosing quotes, markdown emphasis and final punctuation.

regex: the reference, a Python regular expression, is found in the answer. What the expression admits is its author's
part: end it with `\\Z` where it has to be the last word. One that goes on for REGEX_SECONDS (nested repetition can take
for ever) is given up: no answer is wrong for that, and none is right.

numeric: the last number equals the reference: a number, `3.14 ± 0.01` or `12..15`. Separated thousands (1,234.5,
1.234,5, 1'234), signs that touch the number, fractions, powers, 1.2e3, 1.2 x 10^3 and any script's digits are read.
Units are not. A percent sign on one side only may be a unit or a hundredth. Digits that belong to a word (m2) are
no number, and one that can be read in two ways (3,14) is a wrong one.
"""

import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import regex

from judgebench.extensions import extension, names
from judgebench.tables.records import Failure

NAME = "checker"
VERSION = "checker-1"  # reviews depend on it: change it with any rule, and everything is checked again
SCALE = (0.0, 1.0)
BY_CODE = ("checks", "unit-tests")  # rules that are code of the set (judgebench.checks), not of the reference alone
BY_QUESTION = (*BY_CODE, "ifeval", "ifeval-loose")  # and those that are about what else the question says
READ = 4_000
READ_BY_REGEX = 2_000
REGEX_SECONDS = 2.0
_LONGEST_REGEX = 4_000
_FUZZY = re.compile(
    r"(?<!\\)(?:\\\\)*\{[^{}]*[deis][^{}]*\}"
)  # "nearly so" to the engine, and plain text to Python's own

# Curly quotes, dashes (not the long one, which separates), the fraction slash, Arabic decimal and thousands separators.
_TYPOGRAPHY = str.maketrans("\u2018\u2019\u201c\u201d\u2010\u2012\u2013\u2212\u2044\u066b\u066c", "''\"\"----/.,")
_EMPHASIS = "*_` "
_FINAL = ".,;:!?…。"
_QUOTES = {'"': '"', "'": "'", "«": "»", "„": '"', "(": ")"}
_LAYERS = 4  # of quotes and punctuation around a claim; more is no honest wrapping
_LEAD = re.compile(
    r"^[ \t*_#>-]{0,8}(?:(?:so|thus|hence|therefore),? )?(?:(?:the|my) )?(?:(?:final|correct|right) )?"
    r"answer(?:[*_]{0,3} ?:| is\b:?)[*_]{0,3}",
    re.IGNORECASE | re.MULTILINE,
)

_MAX_DIGITS = 100  # longer ones are nobody's result, and arithmetic on them takes time
_MAX_POWER = 400
_DIGITS = r"\d(?:[\d.,'_]*\d)?"
_POWER = r"(?:\^|\*\*)[{(]?(?P<%s>[+-]?\d+)[})]?"
_TOKEN = re.compile(
    r"(?:(?<=[A-Za-z^])|(?<=\^[-+{(])|(?<=\^\{-))\d[\d.,'_]*"  # part of a word or an exponent: no number
    r"|(?P<sign>(?<![\w)\]}%^])(?<!\^\{)[+-])?[$€£¥]?"
    r"(?:(?P<whole>\d{1,9}) (?=\d+/\d))?"
    rf"(?P<body>(?:(?<![\w.])\.)?{_DIGITS})"
    rf"(?:(?P<under>(?:/\d+)+)|[eE](?P<exponent>[+-]?\d+)(?!\w)|{_POWER % 'power'}"
    rf"| ?(?:\*|x|\u00d7|·|\\times|\\cdot) ?10{_POWER % 'ten'})?"
    rf"(?: ?(?:±|\+/-|\\pm) ?(?P<within>{_DIGITS}))?"
    r"(?P<percent> ?(?:%|per ?cent\b))?",
    re.ASCII,
)
_PLAIN = re.compile(r"\d*\.?\d+", re.ASCII)
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:(?:,\d{2,3})*,\d{3}|(?:'\d{3})+|(?:_\d{3})+)(?:\.\d+)?", re.ASCII)
_GROUPED_BY_DOTS = re.compile(r"[1-9]\d{0,2}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Check:
    """Whether an answer is right, and a sentence that says what was found and what was expected."""

    right: bool
    explanation: str


@dataclass(frozen=True, slots=True)
class _Number:
    """A number as it was written; `value` is None where that can be read in several ways, or in none."""

    text: str
    value: Fraction | None
    within: Fraction | None
    percent: bool


class Broken(Exception):
    """A checker of another package failed on an answer, or an expression took too long on it."""


def scorers() -> list[str]:
    """The names of all rules: ours and those that other packages add."""
    return [*_RULES, *BY_QUESTION, *names("checkers")]


def known(scorer: str) -> bool:
    """Whether there is such a rule."""
    return scorer in BY_QUESTION or by_reference(scorer)


def by_reference(scorer: str) -> bool:
    """Whether it is a rule that compares an answer with a reference: one of those here."""
    return scorer in _RULES or scorer in names("checkers")


def version(scorer: str) -> str:
    """Which version of the rule: reviews depend on it."""
    return VERSION if scorer in _RULES else extension("checkers", scorer).version


def check(scorer: str, reference: str, answer: str) -> Check:
    """Whether the answer is right by the rule of the scorer: see the module's text, or what another package adds.

    Raises Broken where another package's fails on the answer, or an expression takes too long on it; nothing else does.
    A reference that `problem` objects to raises ValueError.
    """
    objection = problem(scorer, reference)
    if objection:
        raise ValueError(objection.message)
    return (_RULES.get(scorer) or _added(scorer))(reference, answer)


def _added(scorer: str) -> Callable[[str, str], Check]:
    one = extension("checkers", scorer)

    def checked(reference: str, answer: str) -> Check:
        try:
            right = bool(one.added(reference, answer))
        except Exception as error:  # somebody else's code, which may fail in any way
            raise Broken(f"{one.name} of {one.version}: {type(error).__name__}: {error}") from error
        return Check(right, f"{'right' if right else 'wrong'} by {one.name} of {one.version}")

    return checked


def problem(scorer: str, reference: str | None) -> Failure | None:
    """Why nothing can be checked against this reference: `no_reference` or `bad_reference`; or None."""
    if reference is None or not reference.strip():
        return Failure("no_reference", f"the scorer {scorer} compares with a reference, and this turn has none")
    objection = _OBJECTIONS.get(scorer)
    reason = objection(reference) if objection else None
    return Failure("bad_reference", f"{_shown(reference)} is no reference for {scorer}: {reason}") if reason else None


def _exact(reference: str, answer: str) -> Check:
    text = _typed(_end(answer))
    if len(answer) <= READ and _fold(text) == _fold(reference):
        return Check(True, f"The answer is {_shown(reference)}, as expected.")
    claims = _claims(text)
    if claims == {_fold(reference)}:
        return Check(True, f"The final answer is {_shown(reference)}, as expected.")
    if len(claims) > 1:
        several = ", ".join(map(_shown, sorted(claims)))
        return Check(False, f"The answer gives several final answers ({several[:200]}); expected {_shown(reference)}.")
    return Check(False, f"Found {_shown(claims.pop() if claims else answer)}; expected {_shown(reference)}.")


def _claims(text: str) -> set[str]:
    """What follows the leads, folded: the rest of the answer after the last, the same line or the next after others."""
    *others, last = [text[lead.end() :] for lead in _LEAD.finditer(text)] or [""]
    return {_fold(rest.strip().partition("\n")[0]) for rest in others} | ({_fold(last)} if last else set())


def _end(answer: str) -> str:
    """What is read of an answer; where it is cut, no line seems to begin and no part of a word or number is left."""
    return answer if len(answer) <= READ else "\u2026" + re.sub(r"\A\S+", "", answer[-READ:])


def _typed(text: str) -> str:
    """The text as a plain keyboard would have it: one width, straight quotes, no invisible characters."""
    plain = unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY)
    return "".join(char for char in plain if unicodedata.category(char) != "Cf")


def _fold(text: str) -> str:
    """What two texts have in common if they are the same answer; text of nothing but wrapping is left as it is."""
    folded = unicodedata.normalize("NFKC", " ".join(_typed(text).casefold().split()))
    bare = folded
    for _ in range(_LAYERS):
        bare = bare.strip(_EMPHASIS).rstrip(_FINAL)
        if len(bare) > 1 and _QUOTES.get(bare[0]) == bare[-1]:
            bare = bare[1:-1]
    return bare.strip() or folded


def _regex(reference: str, answer: str) -> Check:
    try:
        found = _compiled(reference).search(answer, max(0, len(answer) - READ_BY_REGEX), timeout=REGEX_SECONDS)
    except TimeoutError as error:
        what = f"the expression {_shown(reference)} took longer than {REGEX_SECONDS:g} s on an answer"
        raise Broken(f"{what}: free it of nested repetition, such as (a+)+") from error
    if found:
        return Check(True, f"Found {_shown(found[0])}, which the expression {_shown(reference)} asks for.")
    return Check(False, f"Found nothing like the expression {_shown(reference)} in {_shown(answer)}.")


@lru_cache
def _compiled(reference: str) -> "regex.Pattern[str]":
    """By an engine that can be stopped, which reads what Python's own takes as that one does."""
    return regex.compile(reference)


def _bad_expression(reference: str) -> str | None:
    if len(reference) > _LONGEST_REGEX:
        return f"it is longer than {_LONGEST_REGEX} characters"
    if "[:" in reference:
        return "it has [: (a class of characters to some engines): write the colon first"
    if _FUZZY.search(reference):
        return "it has letters between braces: write \\{ for a brace that is meant"
    try:
        with warnings.catch_warnings(action="ignore"):  # of sets within sets, which are as ever
            re.compile(reference)
            _compiled(reference)
    except (re.error, regex.error, OverflowError, RecursionError) as error:
        return f"it is no Python regular expression ({error})"
    return None


def _numeric(reference: str, answer: str) -> Check:
    expected = f"expected {_shown(reference)}."
    interval = _interval(reference)
    numbers = list(_numbers(_end(answer)))
    if not numbers or interval is None:
        return Check(False, f"Found no number; {expected}")
    last = numbers[-1]
    if last.value is None:
        return Check(False, f"The last number, {_shown(last.text)}, can't be read in one way only; {expected}")
    low, high, percent = interval
    values = [last.value]
    if last.percent != percent:
        values.append(last.value * (Fraction(1, 100) if last.percent else 100))
    right = any(low <= value <= high for value in values)
    return Check(right, f"The last number is {_shown(last.text)}; {expected}")


def _bad_number(reference: str) -> str | None:
    return None if _interval(reference) else "write one number, NUMBER ± TOLERANCE or LOW..HIGH"


def _interval(reference: str) -> tuple[Fraction, Fraction, bool] | None:
    """The lowest and the highest right value, and whether they are percentages; None for what is no reference."""
    low_text, dots, high_text = reference.partition("..")
    ends = [list(_numbers(text)) for text in ((low_text, high_text) if dots else (reference,))]
    if any(len(end) != 1 for end in ends) or ("±" in reference and not ends[0][0].within):
        return None
    low, high = ends[0][0], ends[-1][0]
    if low.value is None or high.value is None or low.within is None or high.within is None:
        return None
    interval = low.value - low.within, high.value + high.within, low.percent or high.percent
    return interval if interval[0] <= interval[1] else None


def _numbers(text: str) -> Iterator[_Number]:
    """The numbers of a text in order."""
    for found in _TOKEN.finditer(_arithmetic(text)):
        if found["body"]:
            tolerance = _plain_value(found["within"] or "0")
            yield _Number(found[0].strip(), _value(found), tolerance, bool(found["percent"]))


def _arithmetic(text: str) -> str:
    """The text with numbers in one notation: ASCII digits, `^` for raised ones, `/` in fractions, `-` for minus."""
    text = re.sub("(?<=\\d)[\u00a0\u2009\u202f](?=\\d{3}(?!\\d))", "_", text)
    text = re.sub("[⁰¹²³⁴-⁹⁺⁻]+", lambda raised: f"^{raised[0]}", text)
    text = re.sub("(?<=\\d)(?=[¼½¾⅐-⅞])", " ", text)
    digits = (str(unicodedata.decimal(char, char)) for char in _typed(text))
    text = "".join(digits).replace("{,}", ",").replace("\\%", "%")
    return re.sub(r"(?<!\d)\\[dt]?frac\{(\d{1,20})\}\{(\d{1,20})\}", r"\1/\2", text)


def _value(token: re.Match[str]) -> Fraction | None:
    body, power = _plain_value(token["body"]), _exponent(token["power"] or "1")
    scale = _exponent(token["exponent"] or token["ten"] or "0")
    under = _plain_value((token["under"] or "/1")[1:])
    if body is None or power is None or scale is None or not under or (power < 0 and not body):
        return None
    size = int(token["whole"] or 0) + body**power * Fraction(10) ** scale / under
    return -size if token["sign"] == "-" else size


def _plain_value(text: str) -> Fraction | None:
    """Digits with at most separators, or None where they are ambiguous (3,14), no number (1.2.3, 1/2/3) or too many."""
    if len(text) > _MAX_DIGITS:
        return None
    if _GROUPED_BY_DOTS.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    elif _GROUPED.fullmatch(text):
        text = re.sub("[,'_]", "", text)
    return Fraction(text) if _PLAIN.fullmatch(text) else None


def _exponent(text: str) -> int | None:
    return int(text) if len(text) <= len(str(_MAX_POWER)) + 1 and abs(int(text)) <= _MAX_POWER else None


def _shown(text: str) -> str:
    folded = " ".join(text.split())
    return f'"{folded}"' if len(folded) <= 80 else f'"… {folded[-78:]}"'


_RULES: Mapping[str, Callable[[str, str], Check]] = {"exact": _exact, "regex": _regex, "numeric": _numeric}
_OBJECTIONS: Mapping[str, Callable[[str], str | None]] = {
    "exact": lambda reference: f"it is longer than {READ} characters" if len(reference) > READ else None,
    "regex": _bad_expression,
    "numeric": _bad_number,
}
