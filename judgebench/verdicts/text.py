"""Reply text -> Verdict; pure.

A verdict is read only from where the prompt told the judge to put it, in its own words, and it is certain or none:
it is what the reply ends in (see `closing`), it doesn't stand in a quotation or in what was thought before (see
`quotation`), and the reply says nothing else beside it. No text makes a parser raise.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from judgebench.models import reasoning
from judgebench.tables.records import Verdict, Winner
from judgebench.verdicts import closing, quotation
from judgebench.verdicts.closing import LABEL, STRICT, Range
from judgebench.verdicts.forms import FORMS, Form

_REPEATED = 3  # how often the same verdict may stand at the end
_BRACKETED = re.compile(
    r"(?:\\?[\[［]){2}[^\[\]［］\n]{0,60}(?:\\?[\]］]){2}|【{1,2}[^【】\n]{0,60}】|⟦[^⟦⟧\n]{0,60}⟧"  # [[one]], 【8】
)
_BEGINS = r"(?:^|[.!?;。！？][ \t]*)[ \t*_#>|-]*"
_WORDS = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|none|n/a|tie)\b"
_VALUE = rf"(?P<value>\d{{1,3}}(?:\.\d+)?(?!\d)|{_WORDS}|(?:assistant |answer )?[A-D]\b(?! ))"
_CLEARLY = r"(?: (?:clearly|easily|much|far|overall))?"
_ONE = r"(?:it|this|the (?:answer|response)|this (?:answer|response))"
_ELSEWHERE = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        rf"{_BEGINS}{LABEL}[ \t*_]*(?:[:：=|]|\bis\b|[是为]|\n)[\s*_]*(?:boxed|[^\w\s])*{_VALUE}",  # Rating: **1**
        r"^[ \t*_>#-]*(?:\[|\$?\\boxed\{|\*\*|\(\()(?P<value>[A-D]|\d{1,3})(?:\]|\}|\*\*|\)\))[ \t*_.$]*$",
        rf"\b(?:I(?:'d| would| will)? (?:rate|score|grade|give)|{_ONE} (?:deserves|gets|earns))(?: {_ONE})?"
        rf"(?: an?| only)* {_VALUE}",
        r"\bI (?:choose|prefer|pick|go with|vote for) (?:assistant |answer )?(?P<value>[AB])\b(?! )",
        rf"{_BEGINS}(?:assistant |answer )?(?P<value>[AB])(?:'s (?:answer|response))?{_CLEARLY} (?:wins|is{_CLEARLY}"
        r" (?:the )?(?:better|best|winner|superior))(?: (?:one|answer|overall|in every way))?[.!]?$",
        rf"{_BEGINS}(?:the )?(?:better|best|winning|superior) (?:answer|response|one|assistant) is"
        r" (?:assistant |answer )?(?P<value>[AB])[.!]?$",
        r"(?<![\d.])(?P<value>\d{1,3}(?:\.\d+)?)(?:/| out of )(?:5|10|100)\b(?![\d/.,]\d)",
    )
)
_PREFERRED = re.compile(
    r"\b(?P<value>[AB]|(?i:first|second|former|latter))(?: (?:one|answer|assistant|response|reply|model))?"
    r"(?:'s(?: \w+)?)? (?:is|was|wins|deserves)\b[^.!?\n]{0,40}\b(?:better|best|win)"
)
_PLACES = {"first": "a", "former": "a", "second": "b", "latter": "b"}
_TAKEN_BACK = re.compile(  # by what is said behind a verdict,
    r"\b(?:second|further) thoughts?\b|\bcorrection\b|\bkidding\b|\bI (?:meant|mixed|confused|misread|take|changed?)\b"
    r"|\b(?:scratch|ignore|disregard|strike|forget) (?:that|this|it|my|the (?:above|rating|score|verdict))\b"
    r"|(?:^|[.!?]\s)[\s*_]{0,9}(?:wait|oops|hm+|sorry|p\. ?s|not)[.,:!]",
    re.IGNORECASE | re.MULTILINE,
)
_SPOKEN_OF = re.compile(  # or by what is said of it
    r"\btoo (?:generous|harsh|lenient|strict)\b|\b(?:rating|score|verdict) (?:is|was|should|must)\b"
    r"|\b(?:this|that|the above|it)(?:'s| is| was) (?:the (?:rating|score|verdict)|what|quoted|copied|taken|for the"
    r" other)\b",
    re.IGNORECASE,
)
_ENGLISH = re.compile(r"\b(?:the|is|it|and|of|to|are|an?)\b", re.IGNORECASE)  # in another language nobody tells
_GOES_ON = re.compile(r"[ \t*_]*\n[ \t*_]*(?:[a-z]|[-\u2212\u2013][ \t]?\d|\w+:?[ \t]{1,3}\d)")  # "[[9]]\n- 5 points"
_INTRODUCED = re.compile(r"(?:[:：=]|\bis)[\s*_\[［]*\Z")  # by a label
_FIRST = re.compile(r"^(?:[^\w]|assistant |answer |the )*")
_UNREADABLE = re.compile(  # what is said to be the rating, and is none that is read
    rf"{_BEGINS}{STRICT}[ \t*_]*(?:[:：=]|[ \t][-–—][ \t])[ \t*_]*(?=[^\s*_])(?P<value>[^\n]{{1,20}})",
    re.IGNORECASE | re.MULTILINE,
)


def parse(kind: str, reply: str, allowed: Range) -> Verdict | None:
    """The verdict of a reply in the usual form of its kind, or None where it holds none.

    `kind` is `rating` (`[[7]]`), `choice` (`[[A]]`, `[[B]]` or `[[C]]` for a tie) or `score_pair` (two numbers alone
    on the first line). `allowed` is the lowest and highest score.
    """
    return read(FORMS[kind], reply, allowed)


def read(form: Form, reply: str, allowed: Range) -> Verdict | None:
    """The verdict of a reply in any form, or None where it holds none."""
    found = said(form, reply, allowed)
    inside = found and all(allowed[0] <= score <= allowed[1] for score in found.verdict.scores)
    return found.verdict if found and inside else None


def is_complete(form: Form, reply: str) -> bool:
    """Whether a reply that was cut has all of its verdict: on the first line, and with that line's end."""
    line, start = first_line(_without_reasoning(reply))
    return form.place == "first line" and "\n" in reply[start + len(line) :]


def from_scores(first: float, second: float, tie_width: float = 0.0) -> Verdict:
    """The verdict of two scores: the higher wins; a difference of at most `tie_width` points is a tie."""
    winner: Winner = "tie" if abs(first - second) <= tie_width else "A" if first > second else "B"
    return Verdict(scores=(first, second), winner=winner)


def flipped(verdict: Verdict) -> Verdict:
    """The same verdict for the two answers in the other order."""
    turned: Mapping[str | None, Winner] = {"A": "B", "B": "A", "tie": "tie"}
    return Verdict(scores=verdict.scores[::-1], winner=turned.get(verdict.winner), strength=verdict.strength)


@dataclass(frozen=True, slots=True)
class Said:
    """What a reply says as its verdict: the text of its first part, where that begins and ends, and what it means."""

    text: str
    start: int
    end: int
    verdict: Verdict


def said(form: Form, reply: str, allowed: Range) -> Said | None:
    """What a reply says in this form, within the range or not; None where it says nothing, or nothing certain."""
    text = _without_reasoning(reply)
    if form.place != "anywhere":
        return _on_line(form, text)
    thought = text != reply  # of which an answer that is quoted may hold the end
    return _at_the_end(form, text, allowed) or (None if thought else _at_the_beginning(form, text, allowed))


def _at_the_end(form: Form, text: str, allowed: Range) -> Said | None:
    """What a text ends in, if it says nothing else before."""
    links = {start for start, _ in quotation.links(text)}
    found = [one for pattern in form.expressions for one in pattern.finditer(text) if one.start() not in links]
    if not found:
        return None
    *before, last = sorted(found, key=re.Match.end)[-_REPEATED:]
    said, place = _meaning(form, last), closing.place_of(text, last.span())
    if not closing.ends(text, place, said.verdict, allowed) or _is_indented(text, place.start):
        return None
    text = quotation.blanked(text, place.marks, " ")
    own = quotation.own(text, form.any)
    begin = _begin(form, before, text, own, place, said.verdict)
    return None if begin is None or _says_else(form, own[:begin], said.verdict) else said


def _at_the_beginning(form: Form, text: str, allowed: Range) -> Said | None:
    """What the first line says behind a label, if a text says nothing else after it: the verdict, then the reasons."""
    line, start = first_line(text)
    end = start + len(line)
    said = _at_the_end(form, text[:end], allowed)
    if said is None or not _INTRODUCED.search(text[: said.start]):
        return None
    own = quotation.own(text, form.any)
    quoted = not own[:end].strip(f"{closing.BLANK} ")
    return said if not quoted and _are_reasons(form, own, end, said.verdict) else None


def _are_reasons(form: Form, own: str, end: int, verdict: Verdict) -> bool:
    """Whether what follows a verdict leaves it as it is: it doesn't go on there, and nothing denies it, in English."""
    names = (found["value"].lower() for found in _PREFERRED.finditer(own, end))
    denied = form.kind == "choice" and {_PLACES.get(name, name) for name in names} - _names(verdict)
    doubtful = denied or any(each.search(own, end) for each in (_TAKEN_BACK, _SPOKEN_OF))
    clear = bool(_ENGLISH.search(own, end)) and not _GOES_ON.match(own, end)
    return clear and not doubtful and not _says_else(form, own[end:], verdict)


def _begin(
    form: Form, repeated: Sequence[re.Match[str]], text: str, own: str, place: closing.Place, verdict: Verdict
) -> int | None:
    """Where the closing words begin; the same verdict may stand before them, as closing words too."""
    for match in repeated:
        if closing.beginning(text, own, closing.place_of(text, match.span()), verdict) is not None:
            text, own = (one[: match.start()] + "。" * len(match[0]) + one[match.end() :] for one in (text, own))
    return closing.beginning(text, own, place, verdict)


def _on_line(form: Form, text: str) -> Said | None:
    """What stands alone on the first or the last line of the answer."""
    if form.place == "first line":
        line, start = first_line(text)
    else:
        own = quotation.own(text, form.any).rstrip()
        start = own.rfind("\n") + 1
        line = own[start:] if closing.follows_an_end(text, own, start) else ""
    inner = line.strip(" \t\r*_")
    start += line.find(inner)
    found = [match for each in form.expressions if (match := each.fullmatch(text, start, start + len(inner)))]
    if len({_meaning(form, match).verdict for match in found}) != 1:
        return None
    said = _meaning(form, found[0])
    return None if form.place == "first line" and _is_doubted(form, text, start + len(inner), said.verdict) else said


def _is_doubted(form: Form, text: str, end: int, verdict: Verdict) -> bool:
    """Whether what follows a first line takes it back, or has a line of its own with another verdict."""
    own = quotation.own(text, form.any)[end:]
    lines = (line.strip(" \t\r*_") for line in own.split("\n"))
    others = (match for line in lines for each in form.expressions if (match := each.fullmatch(line)))
    return bool(_TAKEN_BACK.search(own)) or any(_meaning(form, match).verdict != verdict for match in others)


def _says_else(form: Form, before: str, verdict: Verdict) -> bool:
    """Whether the judge's own words before its last ones hold a verdict of another value, or one that can't be read."""
    clear = [match for each in form.expressions for match in each.finditer(before)]
    if any(_meaning(form, match).verdict != verdict for match in clear):
        return True
    rest = quotation.blanked(before, (match.span() for match in clear), " ")
    values = {_value(found["value"]) for pattern in _ELSEWHERE for found in pattern.finditer(rest)}
    if form.kind != "choice":
        values = {value for value in values if len(value) > 1 or value.isdigit()}
    return bool(_BRACKETED.search(rest) or values - _names(verdict) or _unreadable(rest, verdict))


def _unreadable(text: str, verdict: Verdict) -> bool:
    """Whether something stands behind a label ("Rating:") that isn't the verdict in another form."""
    return any(
        not _FIRST.sub("", found["value"].lower()).startswith(tuple(_names(verdict)))
        for found in _UNREADABLE.finditer(text)
    )


def _value(said: str) -> str:
    """A number or letter as it is compared."""
    word = said.lower().rpartition(" ")[2]
    return f"{float(word):g}" if word[0].isdigit() else word


def _names(verdict: Verdict) -> set[str]:
    """A verdict as it may stand in other places."""
    letters = {"A": {"a"}, "B": {"b"}, "tie": {"c", "tie"}}
    return letters[verdict.winner] if verdict.winner else {f"{verdict.scores[0]:g}"}


def _is_indented(text: str, place: int) -> bool:
    """Whether the line is indented as code is."""
    line = text[text.rfind("\n", 0, place) + 1 :]
    return line.startswith(("    ", "\t"))


def _without_reasoning(reply: str) -> str:
    """The reply with blanks in place of what was thought before it."""
    begins = reasoning.answer_begins(reply)
    return " " * (begins - 1) + "\n" * bool(begins) + reply[begins:]


def first_line(text: str) -> tuple[str, int]:
    """The first line that isn't blank, and where it begins."""
    start = len(text) - len(text.lstrip())
    return text[start:].partition("\n")[0], start


def _meaning(form: Form, match: re.Match[str]) -> Said:
    parts = match.groupdict()
    name = next(iter(parts))
    if form.kind == "choice":
        verdict = form.outcomes[parts["verdict"]]
    elif form.kind == "rating":
        verdict = Verdict(scores=(float(parts["rating"]),))
    else:
        verdict = from_scores(float(parts["score_a"]), float(parts["score_b"]))
    return Said(parts[name], match.start(name), match.end(name), verdict)
