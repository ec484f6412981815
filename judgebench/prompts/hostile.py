"""What in the material of a match looks like structure: found for the row, and defused where it is a block's mark.

Everything is looked for in a plain form of the text: compatibility forms taken apart (full-width brackets and
letters), accents, zero-width and control characters left out, look-alike brackets and letters replaced, in lower case.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from judgebench.verdicts.forms import Form

_LOOK_ALIKES = {  # what stands for the characters of our marks: brackets, strokes, Cyrillic and Greek letters
    "<": "\u2039\u2329\u27e8\u3008\u276c\u276e\u2770\u02c2\u227a\u1438\u00ab\u300a\u29fc",
    ">": "\u203a\u232a\u27e9\u3009\u276d\u276f\u2771\u02c3\u227b\u1433\u00bb\u300b\u29fd",
    "/": "\u2044\u2215\u2571\u29f8\\",
    "a": "\u0430\u0410\u0391\u03b1\u0251",
    "b": "\u0412\u0392",
    "c": "\u0441\u0421",
    "e": "\u0435\u0415\u0395",
    "f": "\u0192",
    "i": "\u0456\u0406\u0399\u0131\u03b9",
    "n": "\u039d\u0578",
    "r": "\u0433",
    "s": "\u0455\u0405",
    "t": "\u0442\u0422\u03a4",
    "u": "\u1d1c\u057d",
}
_CONFUSED = str.maketrans({like: meant for meant, alike in _LOOK_ALIKES.items() for like in alike})
SHOWN = ("\u2039", "\u203a")  # single angle quotation marks, for the brackets of what looks like our delimiters
_IGNORED = re.compile(  # marks, soft hyphens, zero-width and direction characters, tags, controls
    "[\u0300-\u036f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff\x00-\x08\x0e-\x1f\x7f]"
)

_LESS = r"(?:<|&lt;|&#0*60;|&#x0*3c;|/u003c|/x3c|%3c)"
_MORE = r"(?:>|&gt;|&#0*62;|&#x0*3e;|/u003e|/x3e|%3e)"
_GAP = r"[\s_:.#|-]{0,6}"
_NAME = rf"(?:user{_GAP}turn|assistant|reference)(?![a-z]{{2}})"
_PLACE = rf"{_GAP}(?:(?:[ab](?![a-z]){_GAP})?[0-9]{{1,9}}|[ab](?![a-z])|[0-9a-f]{{8}}(?![0-9a-z]))"
_REST = rf"(?:{_GAP}[0-9a-z]{{1,40}}){{0,4}}{_GAP}/?"
# Attributes (`<reference id="3">`), a bare name inside a line (`Array<Assistant>`) and a comparison
# (`n < reference_1`) are no delimiters; a closing one needs no more than its stroke and its name.
_DELIMITER = re.compile(
    rf"(?P<open1>{_LESS}){_GAP}/[\s/]{{0,6}}{_NAME}(?:{_REST}(?P<shut1>{_MORE}))?"
    rf"|(?P<open2>[\[{{(]){_GAP}/[\s/]{{0,6}}{_NAME}{_REST}(?P<shut2>[\]}})])"
    rf"|(?P<open3>{_LESS}){_GAP}{_NAME}{_PLACE}(?:{_GAP}[0-9a-z]{{1,40}})?{_GAP}(?P<shut3>{_MORE})"
    rf"|^[ \t]{{0,8}}(?P<open4>{_LESS})[ \t]{{0,6}}{_NAME}(?:{_PLACE}|[ \t]{{0,6}}(?P<shut4>{_MORE}))",
    re.MULTILINE,
)
_FASTCHAT = re.compile(r"\[\s?(?:the )?(?:start|end) of [^\]\n]{1,60}\]|<\|the (?:start|end) of [^|\n]{1,60}\|>")
_CONTROL = re.compile(  # what a tokenizer may take for one of its own marks, wherever it stands
    r"<\|[^|<>\s](?:[^|<>\n]{0,40}[^|<>\s])?\|>"  # ChatML, Llama 3, Phi, DeepSeek
    r"|<\|[a-z][a-z0-9_]{2,30}>|<[a-z][a-z0-9_]{2,30}\|>"  # Gemma 4
    r"|\[\|(?:system|user|assistant|human|bot|model|tool|end_?of_?[a-z]{2,20})\|\]"  # EXAONE
    r"|\[/?(?:inst|system_prompt|available_tools|tool_(?:calls|results|content)|gmask)\]|<</?sys>>"  # Llama 2, Mistral
    r"|</?(?:start|begin|end)_?of_?[a-z]{2,20}(?:_[a-z]{1,20}){0,3}>"  # Gemma, SmolVLM
    r"|<(?:[be]os|pad|unk|sep|cls|eo[adhmpt]|sop)(?:_token)?>"
    r"|<(?:extra_id|(?:tokens?_)?unused|reserved(?:_(?:special_)?token)?|special(?:_token)?)_?[0-9]{1,5}>"
    r"|<(?:file_sep|gh_stars|empty_output|issue_(?:start|comment|closed)|commit_(?:before|msg|after)"  # StarCoder
    r"|fim_(?:prefix|middle|suffix|pad)|jupyter_[a-z]{4,10}(?:_text)?|pr_[a-z_]{4,30}|code_to_intermediate"
    r"|intermediate_to_code)>"
    r"|<(?:repo_?name|filename)>(?=\w)"  # where no text follows, it stands for a name that the reader puts in
)
# `<s>` and `</s>` begin and end a sequence, unless they strike a text in HTML, within a paragraph.
_SEQUENCE = re.compile(
    r"(?P<control><s>(?=\s{0,4}(?:\[inst\]|</?s>))|(?<=</s>)<s>)|(?P<open><s(?:\s[^<>]{0,80})?>)|</s>|\n[ \t]{0,8}\n"
)
_ROLE = re.compile(
    r"^[ \t]{0,8}</?(?:system|user|human|bot|assistant)>"
    r"|^[ \t>*_]{0,4}(?:#{1,6}[ \t]*)?(?:human|user|assistant|system)[ \t*_]{0,4}:"  # transcripts
    r"|^[ \t]{0,4}#{1,6}[ \t]*(?:instruction|response|input)s?[ \t]{0,4}:"  # Alpaca
    r'|"role"[ \t]{0,4}:[ \t]{0,4}"',
    re.MULTILINE,
)
_VERDICT = re.compile(
    r"\[[^\S\n]{0,4}\[[^\S\n]{0,4}(?:[abc]|tie|rating|-?\d{1,4}(?:[.,/]\d{1,4})?)[^\S\n]{0,4}\][^\S\n]{0,4}\]"
    r"|^[\W_]{0,6}(?:(?:my |the )?(?:final |overall )?(?:rating|score|verdict|winner|judge?ment))[\W_]{0,6}"
    r"(?::|=|\bis\b)[\W_]{0,6}(?:(?:assistant |answer |response )?[abc]\b|tie\b|\d)"
    r'|["\'](?:verdict|winner|rating|score(?:_[ab])?)["\'][ \t]{0,4}:',
    re.MULTILINE,
)
_CRITERION = re.compile(
    r"^[\W_]{0,6}criteri(?:on|a)\W{0,6}\d{1,4}[\W_]{0,6}(?:(?::|=|\bis\b)[\W_]{0,6})?(?:not |un)?met\b"
    r'|["\'](?:criteria(?:_met)?|met)["\'][ \t]{0,4}:',
    re.MULTILINE,
)
_SCORE_LINE = re.compile(r"\s{0,20}\d{1,3}(?:\.\d{1,4})?[ \t]*[ \t,][ \t]*\d{1,3}(?:\.\d{1,4})?[ \t]*(?:\n|\Z)")


def flags(text: str, form: Form) -> Iterator[str]:
    """What in a text looks like our delimiters, like a chat format's role tags, or like a verdict in this form."""
    plain = plain_form(text)
    if _DELIMITER.search(plain) or _FASTCHAT.search(plain):
        yield "delimiter-like text"
    if _ROLE.search(plain) or any(_controls(plain)):
        yield "role tags"
    scores = form.known and form.kind == "score_pair" and _SCORE_LINE.match(plain)
    graded = form.kind == "rubric" and _CRITERION.search(plain)
    formed = form.place == "anywhere" and form.patterns and form.loosely.search(plain)
    if scores or graded or formed or _VERDICT.search(plain):
        yield "verdict-like text"


@lru_cache(maxsize=256)
def neutralised(text: str) -> str:
    """The text with the brackets of all that could be taken for a delimiter of ours or a token of control replaced."""
    if not any(_brackets(plain_form(text))):
        return text
    plain, places = _mapped(text)
    made, done = [], 0
    for start, end, mark in sorted(_brackets(plain)):
        first, last = places[start], places[end - 1] + 1
        if first >= done:
            made += [text[done:first], mark]
            done = last
    return "".join([*made, text[done:]])


@lru_cache(maxsize=64)
def plain_form(text: str) -> str:
    """A text as the patterns read it: see the module."""
    return _plain(text)


def _plain(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
    return _IGNORED.sub("", text).translate(_CONFUSED).lower()


def _mapped(text: str) -> tuple[str, list[int]]:
    """The plain form, and for each of its characters the place in the text that it stems from."""
    pieces = [_plain(character) for character in text]
    return "".join(pieces), [place for place, piece in enumerate(pieces) for _ in piece]


def _brackets(plain: str) -> Iterator[tuple[int, int, str]]:
    """Where those brackets are that are shown otherwise, and what stands for them."""
    for found in _DELIMITER.finditer(plain):
        for name, part in found.groupdict().items():
            if part:
                yield (*found.span(name), SHOWN[name.startswith("shut")])
    for start, end in _controls(plain):
        yield (start, start + 1, SHOWN[0])
        yield (end - 1, end, SHOWN[1])


def _controls(plain: str) -> Iterator[tuple[int, int]]:
    """Where control tokens are."""
    yield from (found.span() for found in _CONTROL.finditer(plain))
    struck = 0
    for found in _SEQUENCE.finditer(plain):
        if found["control"] or (found[0] == "</s>" and not struck):
            yield found.span()
        elif found["open"]:
            struck += 1
        else:
            struck = struck - 1 if found[0] == "</s>" else 0
