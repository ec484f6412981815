"""Model output -> HTML that can't do anything: rendered at build time, then cut down to an allow-list.

Two independent walls: markdown-it passes no HTML through, and nh3 drops whatever isn't on the list.
And nothing that a judge could read is hidden from the reader: what Markdown would swallow (definitions of link
targets, words beside a code block's language, text nested too deeply) is shown as it was written.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup, escape

from judgebench.site.text import highlight
from judgebench.site.text.languages import language
from judgebench.tables.records import valid_text

LIMIT = 24_000  # characters that a page shows of one text; the longest of 640 real MT-bench answers has 5,000
_TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "blockquote", "ul", "ol", "li", "a", "pre", "code"),
    *("table", "thead", "tbody", "tr", "th", "td", "span"),
}
_ATTRIBUTES: dict[str, set[str]] = {
    **{"*": set(), "a": {"href", "title"}, "code": {"class"}, "span": {"class"}, "ol": {"start"}},
}
_NESTING = 30
_ADDRESS = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_LANGUAGE = re.compile(r"language-[\w+#.-]{1,30}", re.ASCII)
_MARKED = re.compile(  # whether a text holds anything that Markdown reads: most explanations of judges don't
    r"[*_`~|<>&\\\0\r\t]|\]\(|^ *(?:[#>+=-]|\d{1,9}[.)])|^ {4}|  $|[^\S\n ]", re.MULTILINE
)
_FORMULA = re.compile(  # mathematics: as it is written, since Markdown would take its backslashes and underscores away
    r"\\\(.{1,2000}?\\\)|\\\[.{1,2000}?\\\]|\$\$[^$]{1,2000}\$\$"
    # Between single dollars stand sums of money, too: only what has a mark that prose hasn't.
    r"|\$(?![\s\d])[^$\n]{0,400}[\\^_{][^$\n]{0,400}(?<!\s)\$(?!\d)",
    re.DOTALL,
)
_BETWEEN = re.compile(r"\n(?: *\n)+")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as safe HTML, how many characters of it were left out, and its language ("" where that isn't known)."""

    html: Markup
    cut: int = 0
    lang: str = ""


def render(text: str, limit: int = LIMIT) -> Rendered:
    """Markdown as safe HTML."""
    shown, cut = _shortened(text, limit)
    return Rendered(_clean(_html(shown)) if _MARKED.search(shown) else _paragraphs(shown), cut, language(shown))


def plain(text: str, limit: int = LIMIT) -> Rendered:
    """Text as it stands, for questions: they aren't Markdown, and their line ends count."""
    shown, cut = _shortened(text, limit)
    return Rendered(escape(shown), cut, language(shown))


def _paragraphs(text: str) -> Markup:
    """What Markdown makes of a text without marks; it takes a fraction of the time, and there are many of these."""
    found = ("<br>\n".join(line.strip(" ") for line in part.split("\n")) for part in _BETWEEN.split(text.strip(" \n")))
    paragraphs = (f"<p>{part}</p>\n" for part in found if part)
    return Markup("".join(paragraphs))  # noqa: S704  a text without < and & is HTML already


def _shortened(text: str, limit: int) -> tuple[str, int]:
    return valid_text(text[:limit]), max(0, len(text) - limit)


def _html(text: str) -> str:
    parser = _parser()
    tokens = parser.parse(text)
    if any(token.level >= _NESTING - 1 for token in tokens):  # the parser drops what is nested deeper
        return f"<pre>{escape(text)}</pre>"
    return str(parser.renderer.render(tokens, parser.options, {}))


def _clean(html: str) -> Markup:
    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
    )
    return Markup(cleaned)  # noqa: S704  nh3 has just made it safe


def _attribute(tag: str, name: str, value: str) -> str | None:
    """The attribute's value; no class but a code block's language or a mark in it, and no link that isn't absolute."""
    if name == "class" and tag == "span":
        return value if value in highlight.CLASSES else None
    if name == "class":
        return value if _LANGUAGE.fullmatch(value) else None
    if name == "href" and not _ADDRESS.match(value):
        return None
    return value


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:
        """Whether this becomes a link; what doesn't stays text."""
        return bool(_ADDRESS.match(url))


@lru_cache
def _parser() -> _Parser:
    options = {"html": False, "linkify": False, "breaks": True, "maxNesting": _NESTING}
    parser = _Parser("commonmark", options)
    parser.enable(["table", "strikethrough"]).disable("reference")
    parser.inline.ruler.before("escape", "formula", _formula)
    # `breaks`: judges write their scores on a line of their own, and models write addresses and verse.
    # An answer's headings would break the outline of the page, so they are bold paragraphs.
    parser.add_render_rule("heading_open", _fixed("<p><strong>"))
    parser.add_render_rule("heading_close", _fixed("</strong></p>\n"))
    parser.add_render_rule("image", _image)
    parser.add_render_rule("fence", _fence)
    return parser


def _formula(state: StateInline, silent: bool) -> bool:
    """A formula's text, whole: its words stay as they were written."""
    found = _FORMULA.match(state.src, state.pos, state.posMax) if state.src[state.pos] in "\\$" else None
    if found is None:
        return False
    if not silent:
        state.push("text", "", 0).content = found[0]
    state.pos = found.end()
    return True


def _fixed(html: str) -> Any:
    def rule(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return html

    return rule


def _fence(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A code block; what stands beside its language stays visible."""
    token = tokens[index]
    info = token.info.strip()
    known = f' class="language-{escape(info)}"' if _LANGUAGE.fullmatch(f"language-{info}") else ""
    beside = f"<p><code>{escape(info)}</code></p>" if info and not known else ""
    return f"{beside}<pre><code{known}>{highlight.html(token.content, info)}</code></pre>\n"


def _image(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A page loads nothing from elsewhere, so an image is shown as the text that it was written as."""
    token = tokens[index]
    return str(escape(f"![{token.content}]({token.attrGet('src')})"))
