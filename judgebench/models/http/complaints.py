"""What an endpoint says where it gives no reply: why, of what, how long to wait, and whose fault it is; pure."""

import html
import http
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from judgebench.models.http.hints import asked_wait, can_never_pass

Fault: TypeAlias = Literal["money", "key", "address", "busy", "failing", "request"]

_LONGEST = 4000  # characters of a reason, of which a row keeps fewer
_OF_A_PAGE = 300
_SAYING = ("message", "msg", "detail", "error", "errors", "error_description", "reason", "title", "metadata", "raw")
_CODED = ("code", "type", "status", "reason", "error_type", "errorCode")
_BUSY = (429, 503, 529)
_PASSING = (408, 409, 425)
_NO_TEXT = re.compile(r"<(style|script|title)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.I | re.S)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.I | re.S)
_USED_UP = re.compile(
    r"\b(credits?|balance|funds?|budget|spend(ing)?( limit)?|billing( hard limit)?)\b[^.]{0,60}?"
    r"\b(too low|insufficient|not enough|exhausted|used up|run out|depleted|exceeded|overdue|reached|negative)\b|"
    r"\b(insufficient|not enough|out of|no remaining|used all|reached [^.]{0,20}|exceeded [^.]{0,20})\W*"
    r"\b(available )?(credits?|balance|funds|budget|spend(ing)? limit)\b|"
    r"\bmore credits\b|\baccount [^.]{0,20}\b(arrears|overdue|in good standing)",
    re.I,
)
_NO_MONEY = re.compile(  # a budget of something else, and what is quoted
    r"\b(tokens?|thinking|thoughts?|reasoning|context|prompt|input|output|time|latency|compute|retry)[ _-]?budgets?\b"
    r"|\bbudgets?[ _-](tokens?|of \d+ tokens?)\b"
    r"|(?<!\w)'.*?'(?!\w)|\".*?\"|`.*?`|\u2018.*?\u2019|\u201c.*?\u201d|\u00ab.*?\u00bb",
    re.I,
)
_MONEY_CODE = re.compile(
    r"insufficient_?(quota|balance|credit|fund)|billing|budget_?exceeded|exceeded_?budget|arrear|payment_?required"
)
_CONTENT = re.compile(
    r"content(?![ -]type)|moderat|flagged|safety|harm|guardrail|inappropriate|sensitive|violat|jailbreak|"
    r"\bprompt\b|\byour input\b",
    re.I,
)
_KEY = re.compile(r"\bapi[ _-]?keys?\b|authenti|unauthori[sz]ed|\bcredentials?\b|\baccess token\b", re.I)
_NO_MODEL = re.compile(
    r"\b(?:invalid|unknown|unrecogni[sz]ed|incorrect|no such) (?:model|deployment)\b(?! (?:input|output|param|conf))"
    r"|\bmodel (?:name |id )?(?:is |was |does )?(?:not (?:found|exist)|unknown|invalid)\b|\bnot a valid model\b"
    r"|\bmodel_not_(?:found|exist)",
    re.I,
)
_MODEL = re.compile(r"\bmodels?\b|\bdeployment|\bengine\b", re.I)


@dataclass(frozen=True, slots=True)
class Complaint:
    """A response without a reply: its status (or the one that its body has), its reason for a person, and its codes.

    `param` is the field of the request that it names by itself. `after` is the number of seconds that it asks to wait.
    """

    status: int
    reason: str
    codes: frozenset[str] = frozenset()
    param: str | None = None
    after: float | None = None

    @property
    def text(self) -> str:
        """Its status and reason, as they stand in messages."""
        return f"status {self.status}: {self.reason}" if self.reason else f"status {self.status}"

    @property
    def fault(self) -> Fault:
        """Whose it is: the account's, the key's, the address', that of the moment or of this request."""
        if self._used_up():
            return "money"
        if self.status in _BUSY:
            return "request" if can_never_pass(self.reason) else "busy"
        if self.status < 400 or self.status in _PASSING or self.status >= 500:
            return "failing"
        if self.status == 401 or (self.status == 403 and not self.of_content):
            return "key"
        return "address" if self.status in (404, 405) else "request"

    @property
    def of_content(self) -> bool:
        """Whether it speaks of what the request says, and not of who sends it."""
        return bool(_CONTENT.search(f"{self.reason} {' '.join(self.codes)}")) and not self.of_key

    @property
    def of_key(self) -> bool:
        """Whether it speaks of who sends the request."""
        return bool(_KEY.search(f"{self.reason} {' '.join(self.codes)}"))

    @property
    def of_model(self) -> bool:
        """Whether it speaks of the model."""
        return bool(_MODEL.search(f"{self.reason} {' '.join(self.codes)}"))

    @property
    def of_money(self) -> bool:
        """Whether its status or a code says that money is used up, so that it can't be about the request."""
        return self.status == 402 or any(_MONEY_CODE.search(code) for code in self.codes)

    @property
    def of_no_model(self) -> bool:
        """Whether it says that there is no such model."""
        return bool(_NO_MODEL.search(f"{self.reason} {' '.join(self.codes)}"))

    def _used_up(self) -> bool:
        """Whether money or a quota is used up for good; a limit that is over after a while says so."""
        if self.of_money:
            return True
        if self.status >= 500 or self.after is not None or "rate_limit_exceeded" in self.codes or self.of_content:
            return False
        return bool(_USED_UP.search(_NO_MONEY.sub("", self.reason)))


def complaint(status: int, headers: Mapping[str, str], data: bytes, now: float) -> Complaint:
    """What a response says that holds no reply; `now` is the time since 1970."""
    text = data.decode("utf-8", "replace").strip()
    body = _json(text)
    reason = " ".join(_reason(body, text).split())[:_LONGEST]
    codes = frozenset(code.lower() for code in _fields(body, _CODED))
    return Complaint(
        _status(status, codes),
        reason or _phrase(status),
        codes,
        next(_params(body), None),
        asked_wait(headers, f"{reason}\n{text[:_LONGEST]}", now),
    )


def _json(text: str) -> Any:
    """The JSON that a text is; the text itself where it is none."""
    if not text.startswith(("{", "[", '"')):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _reason(body: Any, text: str) -> str:
    """Everything that a body says in words, or all of it where it has words of its own."""
    found = dict.fromkeys(said.strip() for said in _said(body) if said.strip())
    return ": ".join(found) or ("" if body in ({}, [], None) else text)


def _said(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _said(each)
    elif isinstance(value, dict):
        place = _place(value.get("loc"))
        for name in _SAYING:
            yield from (f"{place}: {said}" if place else said for said in _said(value.get(name)))
    elif isinstance(value, str):
        inner = _json(value.strip())
        yield from (_said(inner) if inner != value.strip() else [_words(value)])


def _words(text: str) -> str:
    """What a person reads of a text that may be a page."""
    if not re.search(r"<(!doctype|html|head|body|title)\b", text[:1000], re.I):
        return text
    title = _TITLE.search(text)
    told = [title[1] if title else "", _NO_TEXT.sub(" ", text)]
    return " ".join(html.unescape(" ".join(told)).split())[:_OF_A_PAGE]


def _fields(value: Any, names: tuple[str, ...]) -> Iterator[str]:
    """The short texts and numbers under these names, however deep; also in texts that are JSON."""
    if isinstance(value, str):
        inner = _json(value.strip())
        yield from (_fields(inner, names) if inner != value.strip() else ())
    elif isinstance(value, list):
        for each in value:
            yield from _fields(each, names)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name in names and isinstance(each, (str, int)) and len(str(each)) < 100:
                yield str(each)
            elif name != "input":  # what was sent, in pydantic's words
                yield from _fields(each, names)


def _params(value: Any) -> Iterator[str]:
    """The fields of the request that are named by themselves: `param`, and pydantic's `loc`."""
    if isinstance(value, str):
        inner = _json(value.strip())
        yield from (_params(inner) if inner != value.strip() else ())
    elif isinstance(value, list):
        for each in value:
            yield from _params(each)
    elif isinstance(value, dict):
        named = value.get("param")
        if isinstance(named, str) and named.lower() not in ("", "none", "null"):
            yield named
        if place := _place(value.get("loc")):
            yield place
        for name, each in value.items():
            yield from _params(each) if name != "input" else ()


def _place(loc: Any) -> str:
    """`body.messages.0` without the body."""
    if not isinstance(loc, list):
        return ""
    return ".".join(str(part) for part in loc if part != "body")


def _status(status: int, codes: frozenset[str]) -> int:
    """The status; of a 200, the one that its body has."""
    if status >= 400:
        return status
    inner = [int(code) for code in codes if code.isdecimal() and len(code) == 3 and 400 <= int(code) <= 599]
    return max(inner, default=status)


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""
