"""Code -> HTML with its comments, strings, numbers and keywords marked: by rule, in one pass, nothing more.

No full grammar: what a reader needs is to tell code from its comments and strings. The text itself is never changed.
"""

import re
from functools import lru_cache
from html import escape

CLASSES = ("hl-comment", "hl-string", "hl-number", "hl-keyword")
LONGEST = 8_000  # characters; longer code is shown without marks, so that a page stays small
_C_LIKE = (
    "c cc cpp c++ h hpp cs csharp java kotlin kt swift scala go golang rust rs js javascript jsx ts typescript tsx php"
)
_HASH = (
    "python py python3 ruby rb bash sh shell zsh console perl r yaml yml toml julia jl elixir dockerfile make makefile"
)
_DASH = "sql lua haskell hs"
_MARKUP = "html xml svg vue"
_COMMENTS = {
    _C_LIKE: r"//[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/)?",
    _HASH: r"#[^\n]*",
    _DASH: r"--[^\n]*",
    _MARKUP: r"<!--(?:[^-]|-(?!->))*(?:-->)?",
    "css scss less": r"/\*(?:[^*]|\*(?!/))*(?:\*/)?",
    "json": r"(?!)",
}
_STRING = r'"""(?:[^"]|"(?!""))*(?:""")?|"(?:[^"\\\n]|\\.)*"?|\'(?:[^\'\\\n]|\\.)*\'?'
_QUOTED = r'"[^"\n]*"|\'[^\'\n]*\''  # an apostrophe in the words of a document begins no string
_NUMBER = r"(?<![\w.])\d[\w.]*"
_WORDS = (
    "abstract and as assert async await break case catch class const continue def default defer del delete do elif else"
    " end enum except export extends extern false False final finally fn for foreach from func function global go goto"
    " if impl implements import in include instanceof interface is lambda let local loop match mod mut"
    " namespace new nil"
    " None nonlocal not null operator or override package pass private protected pub public raise return"
    " self static struct"
    " super switch template then this throw trait true True try type typedef typeof union unless until use using var"
    " virtual void volatile where while with yield bool boolean byte char double float int long short signed size_t"
    " string String unsigned"
)
_SQL_WORDS = (
    "select from where group by order having join left right inner outer on as and or not null insert"
    " into values update"
    " set delete create table primary key foreign references distinct count sum avg min max limit union case when then"
    " else end with in is like between exists drop alter index"
)
_KEYWORDS, _SQL = frozenset(_WORDS.split()), frozenset(_SQL_WORDS.split())


def html(code: str, language: str) -> str:
    """The code, escaped, with spans of CLASSES around what its language marks; as it is where that isn't known."""
    pattern = _pattern(language.lower())
    if pattern is None or len(code) > LONGEST:
        return str(escape(code, quote=False))
    parts, end = [], 0
    for found in pattern.finditer(code):
        kind = _kind(found, language.lower())
        if kind:
            marked = f'<span class="hl-{kind}">{escape(found[0], quote=False)}</span>'
            parts += [str(escape(code[end : found.start()], quote=False)), marked]
            end = found.end()
    return "".join([*parts, str(escape(code[end:], quote=False))])


def _kind(found: re.Match[str], language: str) -> str | None:
    kind = found.lastgroup
    if kind != "word":
        return kind
    known = found[0].lower() in _SQL if language == "sql" else found[0] in _KEYWORDS
    return "keyword" if known and language not in _MARKUP.split() else None


@lru_cache
def _pattern(language: str) -> re.Pattern[str] | None:
    comments = next((rule for names, rule in _COMMENTS.items() if language in names.split()), None)
    if comments is None:
        return None
    string = _QUOTED if language in _MARKUP.split() else _STRING
    return re.compile(
        f"(?P<comment>{comments})|(?P<string>{string})|(?P<number>{_NUMBER})|(?P<word>[A-Za-z_][A-Za-z_0-9]*)"
    )
