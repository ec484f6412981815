"""Which words of a reply are the judge's own; pure.

What it thought before, quotes or cites is blanked, place for place: block quotes, code, passages in quotation marks,
echoed blocks of the prompt, links. Where quotation can't be told from the judge's own words, it counts as quotation:
the answer that is quoted may itself hold fences and quotation marks, and be written to break out of them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from judgebench.models import reasoning
from judgebench.verdicts.closing import ATTRIBUTED, BLANK, Span

LABEL = r"[^\W\d_]++(?: [^\W\d_]++){0,5}+[\s*_]*+[:=：]"  # "Final verdict:"
_BEFORE = re.compile(rf"[\s*_#|-]*+(?:{LABEL})?+[\s*_]*+")
_AFTER = re.compile(r"[\s*_.!。！|]*+")

_QUOTED_LINE = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?>")
_INDENTED = re.compile(r"(?<=\S)[ \t\r]*\n[ \t\r]*\n((?:(?: {4}|\t)[^\n]*(?:\n|$))+)")
_FENCES = (re.compile(r"`{3,}"), re.compile(r"^[ \t]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?(~{3,})", re.MULTILINE))
_INFO = re.compile(r"[\w{][^\s`]*[ \t]*$", re.MULTILINE)
_ELEMENT = re.compile(  # blocks of the prompt, and what begins a line; FastChat's and BBCode's blocks likewise
    r"(?P<first>^[ \t]{0,20})?(?:<(?P<ends>/?)(?P<name>[a-z][\w-]{0,30})(?P<rest>\s[^<>\n]{0,200})?>"
    r"|[\[<]\|?(?:the )?(?:start|begin(?:ning)?|(?P<end>end))(?: of)? [^\]\n>]{1,60}[\]>]"
    r"|\[(?P<stroke>/?)(?P<block>quote|answer|response)\b[^\]\n]{0,60}\])",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTING = {"blockquote", "pre", "code", "scratchpad", "reflection", "analysis", "draft", "notes", "plan"}
_OF_THE_PROMPT = ("assistant", "user", "reference")
_NEVER_CLOSED = {
    *("br", "hr", "img", "p", "li", "input", "meta", "link", "tr", "td", "th", "dt", "dd", "option", "source", "area"),
    *("base", "col", "wbr", "think", "thinking"),
}
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SPANS = (
    re.compile(r"<(q|quote|a|sup|s|del|kbd|samp)\b[^<>\n]{0,200}>[^<\n]{0,200}</\1>", re.IGNORECASE),
    re.compile(r"(?<!~)~~(?!~)[^~\n]{1,200}~~"),
)
_TICKS = re.compile(r"`{1,2}")
_STRAIGHT = re.compile(r'["＂]')
_OPENING = re.compile(r"(?:^|[\W_]|[\u3000-\u9fff\uac00-\ud7af])\Z")  # before a straight mark that may open
_CLOSING = re.compile(r"(?:$|[\W_]|[\u3000-\u9fff\uac00-\ud7af])")  # after one that may close
_CURLY: Mapping[str, str] = {"“": "”", "„": "“”", "«": "»", "»": "«", "‹": "›", "「": "」", "『": "』"}
_ANY_CURLY = re.compile(f"[{''.join({*_CURLY, *''.join(_CURLY.values())})}]")
_SINGLE_OPENS = re.compile(r"(?:(?<=[\s(\[:,*_])|^)['‘](?=\S)", re.MULTILINE)
_SINGLE_CLOSES = re.compile(r"(?<=\S)['’](?!\w)")
_LINK = re.compile(
    r"\[\[[^\[\]\n]{1,40}\]\](?:"
    r"\((?:<[^<>\n]*>|[^\s()]*)(?:[ \t]+[\"'(][^\n]{0,200}?[\"')])?\)"  # (https://... "title")
    r"|\[(?!\[)[^\[\]\n]*\]"  # [source]
    r"|[ \t]*+[:(<-]{0,2}[ \t]*+(?:https?://|www\.))"
    r"|^[ \t]*(?:[-*][ \t]+)?\[\[[^\[\]\n]{1,40}\]\](?=[^\n]*https?://)",  # an entry of a list of references
    re.MULTILINE,
)


def own(text: str, verdict: re.Pattern[str]) -> str:
    """The text with all that isn't the judge's own words blanked, as long as before, line for line.

    `verdict` is what a verdict looks like: where one stands decides in cases of doubt.
    """
    text = blanked(text, _block_quotes(text))
    text = blanked(text, _fenced(text, verdict))
    for places in (links, _marked_blocks, _in_code, _in_quotes, reasoning.blocks):
        text = blanked(text, places(text))
    return text


def alone(text: str, start: int, end: int) -> bool:
    """Whether what stands at that place is alone on its line, but for a label and emphasis."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    return bool(_BEFORE.fullmatch(text[first:start]) and _AFTER.fullmatch(text[end : last if last >= 0 else None]))


def blanked(text: str, places: Iterable[Span], blank: str = BLANK) -> str:
    """The text without what stands there; line ends stay."""
    pieces, done = list[str](), 0
    for start, end in sorted(places):
        start = max(start, done)
        if start < end:
            pieces += [text[done:start], re.sub(r"[^\n]", blank, text[start:end])]
            done = end
    return "".join([*pieces, text[done:]])


def _block_quotes(text: str) -> Iterator[Span]:
    """Lines that begin with `>` outside fences, with all that follows up to a blank line; code by its indent."""
    quoted = fenced = False
    for place, line in _lines(text):
        fenced ^= not quoted and line.startswith(("```", "~~~"))
        quoted = not fenced and bool(_QUOTED_LINE.match(line) or (quoted and line.strip()))
        if quoted:
            yield place, place + len(line)
    yield from (found.span(1) for found in _INDENTED.finditer(text))


def _fenced(text: str, verdict: re.Pattern[str]) -> Iterator[Span]:
    """From the first fence to the last: what lies between may be an answer that holds fences of its own."""
    for mark in _FENCES:
        found = list(mark.finditer(text))
        if found:
            yield found[0].start(), len(text) if _opens(text, found, verdict) else found[-1].end()


def _opens(text: str, fences: list[re.Match[str]], verdict: re.Pattern[str]) -> bool:
    """Whether the last fence may open a block that is never closed.

    It does so as the only one, with a language, or, as the third (fifth, ...), unless an answer's own fence let a
    verdict out of its quotation, which this one then ends; what announces another quotation speaks against that.
    """
    last, many = fences[-1], len(fences)
    begin, end = text.rfind("\n", 0, last.start()) + 1, text.find("\n", last.end())
    if many == 1 or (end >= 0 and _INFO.match(text, last.end(), end)):
        return True
    before, after = text[:begin].rstrip().rpartition("\n")[2], text[end + 1 :].partition("\n")[0] if end >= 0 else ""
    introduced = before.endswith((":", "："))
    if many % 2 == 0:
        return introduced and _is_verdict(after, verdict)
    return bool(introduced or ATTRIBUTED.search(before)) or not verdict.search(text, fences[0].end(), last.start())


def _is_verdict(line: str, verdict: re.Pattern[str]) -> bool:
    found = verdict.search(line)
    return bool(found and alone(line, *found.span()))


def _marked_blocks(text: str) -> Iterator[Span]:
    """From where an element or block begins to where the last of its name ends; without an end, to the text's end."""
    found = list(_ELEMENT.finditer(text))
    ends = {_kind(each): each.end() for each in found if _is_end(each)}
    begun = dict[str, int]()
    for each in found:
        kind = _kind(each)
        ours = kind in _QUOTING or not each["name"] or (kind in _OF_THE_PROMPT and each["rest"])
        opens = ours or (kind not in _NEVER_CLOSED and each["first"] is not None)
        if opens and not _is_end(each) and not each[0].endswith("/>") and kind not in begun:
            begun[kind] = each.start()
            yield each.start(), ends[kind] if ends.get(kind, 0) > each.end() else len(text)
    for pattern in (*_SPANS, _COMMENT):
        yield from (span.span() for span in pattern.finditer(text))


def _kind(element: re.Match[str]) -> str:
    return (element["name"] or element["block"] or "").lower()


def _is_end(element: re.Match[str]) -> bool:
    return bool(element["ends"] or element["end"] or element["stroke"])


def _in_code(text: str) -> Iterator[Span]:
    return _in_lines(text, _TICKS)


def _in_quotes(text: str) -> Iterator[Span]:
    yield from _in_lines(text, _STRAIGHT)
    yield from _nested(text)
    yield from _across_lines(text)
    yield from _curly(text)
    for start, line in _lines(text):
        opened = _SINGLE_OPENS.search(line)
        closed = list(_SINGLE_CLOSES.finditer(line, opened.end())) if opened else []
        if opened and closed:
            yield start + opened.start(), start + closed[-1].end()
        elif opened and not text[: start + opened.start()].strip():  # elsewhere it may be an apostrophe ('tis)
            yield start + opened.start(), len(text)


def _in_lines(text: str, mark: re.Pattern[str]) -> Iterator[Span]:
    """Between the marks of a line, pair by pair, or, where one is left over, from the first to the last."""
    for start, line in _lines(text):
        marks = [found.span() for found in mark.finditer(line)]
        pairs = zip(marks[::2], marks[1::2], strict=True) if len(marks) % 2 == 0 else [(marks[0], marks[-1])]
        yield from ((start + first[0], start + last[1]) for first, last in pairs)


def _nested(text: str) -> Iterator[Span]:
    """From a straight mark that can only open to the one that closes it, whatever marks lie between."""
    for start, line in _lines(text):
        opened = list[int]()
        for mark in (start + found.start() for found in _STRAIGHT.finditer(line)):
            opens, closes = _may_open(text, mark), _may_close(text, mark)
            if opens and not (closes and opened):
                opened.append(mark)
            elif closes and opened:
                yield opened.pop(), mark + 1


def _across_lines(text: str) -> Iterator[Span]:
    """From a straight mark that a line leaves open to the next that closes it; without one, to the end."""
    opened = None
    for start, line in _lines(text):
        marks = [start + found.start() for found in _STRAIGHT.finditer(line)]
        if len(marks) % 2 == 0:
            continue
        if opened is not None and (closing := [mark for mark in marks if _may_close(text, mark)]):
            yield opened, closing[0] + 1
            opened = None
        elif opened is None:
            opened = _left_open(text, marks)
    if opened is not None:
        yield opened, len(text)


def _left_open(text: str, marks: Iterable[int]) -> int | None:
    """The mark of a line that opens a passage which the line doesn't close; an inch (5") is none."""
    opened = None
    for mark in marks:
        if opened is None:
            opened = mark if _may_open(text, mark) else None
        elif _may_close(text, mark):
            opened = None
    return opened


def _may_open(text: str, mark: int) -> bool:
    return bool(_OPENING.search(text[max(0, mark - 1) : mark]) and text[mark + 1 : mark + 2].strip())


def _may_close(text: str, mark: int) -> bool:
    return bool(_CLOSING.match(text[mark + 1 : mark + 2]) and text[mark - 1 : mark].strip())


def _curly(text: str) -> Iterator[Span]:
    """From a mark that opens to the one that closes it; “ without an end goes on to the end."""
    opened, mark, depth = 0, "", 0
    for found in _ANY_CURLY.finditer(text):
        if mark and found[0] in _CURLY[mark]:
            depth -= 1
            if depth == 0:
                yield opened, found.end()
                mark = ""
        elif found[0] == mark:
            depth += 1
        elif not mark and found[0] in _CURLY:
            opened, mark, depth = found.start(), found[0], 1
    if mark in ("“", "„", "「", "『") or (mark and not text[:opened].strip()):
        yield opened, len(text)


def links(text: str) -> Iterator[Span]:
    """Where brackets are a link, or an entry of a list of sources."""
    return (found.span() for found in _LINK.finditer(text))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    place = 0
    for line in text.split("\n"):
        yield place, line
        place += len(line) + 1
