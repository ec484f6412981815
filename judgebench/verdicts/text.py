"""Reply text -> Verdict; pure.

A verdict is read only from where the prompt told the judge to put it, in its own words, and it is certain or none:
what it thought before, quotes, cites or gives as an example is no verdict, nor is one outside the allowed range, and
a reply that says two different things says neither. No text makes a parser raise.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from judgebench.models import reasoning
from judgebench.tables.records import Verdict, Winner
from judgebench.verdicts import quotation
from judgebench.verdicts.forms import FORMS, Form

Range = tuple[float, float]

_HYPOTHETICAL = re.compile(  # after a verdict: a condition, a question, or a second thing to choose
    r"[\s*_`]{0,6}(?:\?|(?:only )?(?:if|when|whenever|unless)\b|would\b|[-–]\d"
    r"|(?:to|or)\s{1,3}\[{0,2}\d|or\s{1,3}\[{0,2}[ABC]\b)"
)
_NO_VERDICT = re.compile(  # before one: a denial, an example, or a call in code
    r"(?:\b(?:not|never|neither|nor|than|instead of|without)"
    r"|\b(?:e\.g\.|for example|for instance|an example|such as|like this)|例如|比如|\w\()"
    rf"[\s*_`,:：]{{0,6}}(?:{quotation.LABEL}[\s*_]*)?\Z",
    re.IGNORECASE,
)
_NEAR = 80  # characters before a verdict in which words decide whether it is one


def parse(kind: str, reply: str, allowed: Range) -> Verdict | None:
    """The verdict of a reply in the usual form of its kind, or None where it holds none.

    `kind` is `rating` (`[[7]]`), `choice` (`[[A]]`, `[[B]]` or `[[C]]` for a tie) or `score_pair` (two numbers alone
    on the first line). `allowed` is the lowest and highest score.
    """
    return read(FORMS[kind], reply, allowed)


def read(form: Form, reply: str, allowed: Range) -> Verdict | None:
    """The verdict of a reply in any form, or None where it holds none."""
    found = said(form, reply)
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


def bracketed(kind: str, reply: str) -> Said | None:
    """What a reply says in double square brackets as its `rating` or `choice`, whatever the allowed range."""
    return said(FORMS[kind], reply)


def said(form: Form, reply: str) -> Said | None:
    """What a reply says in this form, whatever the allowed range; None where it says nothing, or several things."""
    anywhere = form.place == "anywhere"
    own, matches = (_anywhere if anywhere else _on_line)(form, reply)
    found = [_meaning(form, match) for match in matches]
    if len({one.verdict for one in found}) != 1:
        return None
    last_first = zip(reversed(found), reversed(matches), strict=True)
    return next((one for one, match in last_first if not anywhere or _is_certain(own, match)), None)


def _anywhere(form: Form, reply: str) -> tuple[str, list[re.Match[str]]]:
    """The judge's own words, and all that looks like a verdict in them."""
    own = quotation.own(reply, form.any)
    return own, sorted(
        (match for each in form.expressions for match in each.finditer(own)), key=lambda one: one.start()
    )


def _is_certain(own: str, match: re.Match[str]) -> bool:
    """Whether it is no example, condition or denial."""
    before = own[max(0, match.start() - _NEAR) : match.start()]
    return not (_HYPOTHETICAL.match(own, match.end()) or _NO_VERDICT.search(before))


def _on_line(form: Form, reply: str) -> tuple[str, list[re.Match[str]]]:
    """The same of what stands alone on the first or the last line of the answer."""
    if form.place == "first line":
        own = _without_reasoning(reply)
        line, start = first_line(own)
    else:
        own = quotation.own(reply, form.any).rstrip(f" \t\r\n{quotation.BLANK}")
        start = own.rfind("\n") + 1
        line = own[start:]
    inner = line.strip(" \t\r*_")
    start += line.find(inner)
    matches = (each.fullmatch(own, start, start + len(inner)) for each in form.expressions)
    return own, [match for match in matches if match]


def _without_reasoning(reply: str) -> str:
    """The reply with blanks in place of what was thought before it."""
    begins = reasoning.answer_begins(reply)
    return " " * begins + reply[begins:]


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
