"""Which words of a reply are the judge's own; pure.

What it thought before, quotes or cites is blanked, place for place: block quotes, code, passages in quotation marks,
echoed blocks of the prompt, links. Where quotation can't be told from the judge's own words, it counts as quotation:
the answer that is quoted may itself hold fences and quotation marks, and be written to break out of them.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from judgebench.models import reasoning

Span = tuple[int, int]
BLANK = "\0"

LABEL = r"[^\W\d_]++(?: [^\W\d_]++){0,5}+[\s*_]*+[:=：]"  # "Final verdict:"
_BEFORE = re.compile(rf"[\s*_#|-]*+(?:{LABEL})?+[\s*_]*+")
_AFTER = re.compile(r"[\s*_.!。！|]*+")

_QUOTED_LINE = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?>")
_NO_PARAGRAPH = re.compile(r"\s*$|[ \t]*(?:```|~~~|#{1,6}[ \t]|[-*+][ \t]|\d{1,3}[.)][ \t]|(?:[-*_][ \t]*){3,}$|\|)")
_INDENTED = re.compile(r"(?<=\S)[ \t\r]*\n[ \t\r]*\n((?:(?: {4}|\t)[^\n]*(?:\n|$))+)")
_FENCES = (re.compile(r"`{3,}"), re.compile(r"^[ \t]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?(~{3,})", re.MULTILINE))
_INFO = re.compile(r"[^\s`]+[ \t]*$", re.MULTILINE)
_BLOCKS = (  # what opens and what closes them; without an end they go on to the end of the reply
    (
        re.compile(r"<(?:(?:blockquote|pre|code)\b|(?:assistant|user|reference)\s)[^<>\n]{0,80}>", re.IGNORECASE),
        re.compile(r"</(?:blockquote|pre|code|assistant|user|reference)\b[^<>\n]{0,80}>", re.IGNORECASE),
    ),
    (
        re.compile(r"[\[<]\|?the start of [^\]\n>]{1,60}[\]>]", re.IGNORECASE),
        re.compile(r"[\[<]\|?the end of [^\]\n>]{1,60}[\]>]", re.IGNORECASE),
    ),
    (
        re.compile(r"<(?:scratchpad|reflection|analysis|draft|notes|plan)>", re.IGNORECASE),
        re.compile(r"</(?:scratchpad|reflection|analysis|draft|notes|plan)>", re.IGNORECASE),
    ),
    (re.compile("<!--"), re.compile("-->")),
)
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

_MARKS = re.compile(  # around what the reply ends in, tightly
    rf"(?P<marks>(?:```|~~~)[a-z]{{0,10}}\s*|[\"＂“„«»「『‘'`]{{1,2}})[*_]*(?:{LABEL}[\s*_]*)?\Z"
)
_SHUTS: Mapping[str, str] = {"“": "”", "„": "“”", "«": "»", "»": "«", "「": "」", "『": "』", "‘": "’"}
_REST = re.compile(r"[\s*_.!。！)\]\"＂”“»«」』’'`~]*")
_SENTENCE_ENDS = re.compile(r"(?:[.!?][\"”’)*_]*\s|[。！？][\"”’)]*)\s*")
_OWN = re.compile(
    r"\b(?:i|my|we|our)\b.*\b(?:rat|scor|grad|verdict|give|judg|choose|conclu|deci|say\b|vote|prefer|pick)"
    r"|\b(?:should|would|could|must|can|is|are)(?: be)? (?:rated|scored|graded)\b"
    r"|^\W*(?:(?:so|thus|therefore|hence|my|the|final|overall|in|conclusion|and|is)\b\W*)*"
    r"(?:rating|score|verdict|judge?ment|grade|decision|choice|winner)\b(?: is)?\W*$"
    r"|我.*(?:评|打)?分|评分|评价|打分",
    re.IGNORECASE | re.DOTALL,
)
ATTRIBUTED = re.compile(
    r"\b(?:says?|said|saying|claims?|claimed|asks?|asked|demands?|wants?|tells?|told|instructs?|writes?|wrote|ends?"
    r"|ended|closes|begins|quotes?|quoted|contains?|reads?|states?|requests?|requires?|itself|themselves|line|format"
    r"|prompt|injection)\b",
    re.IGNORECASE,
)


def own(reply: str, verdict: re.Pattern[str]) -> str:
    """The reply with all that isn't the judge's own words blanked, as long as before, line for line.

    `verdict` is what a verdict looks like: where one stands decides in cases of doubt.
    """
    text = _blanked(reply, [(0, reasoning.answer_begins(reply))])
    text = _unwrapped(text, verdict)
    text = _blanked(text, _block_quotes(text, verdict))
    text = _blanked(text, _fenced(text, verdict))
    for places in (_links, _marked_blocks, _in_code, _in_quotes, reasoning.blocks):
        text = _blanked(text, places(text))
    return text


def alone(text: str, start: int, end: int) -> bool:
    """Whether what stands at that place is alone on its line, but for a label and emphasis."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    return bool(_BEFORE.fullmatch(text[first:start]) and _AFTER.fullmatch(text[end : last if last >= 0 else None]))


def _blanked(text: str, places: Iterable[Span]) -> str:
    """The text without what stands there; line ends stay."""
    pieces, done = list[str](), 0
    for start, end in sorted(places):
        start = max(start, done)
        if start < end:
            pieces += [text[done:start], re.sub(r"[^\n]", BLANK, text[start:end])]
            done = end
    return "".join([*pieces, text[done:]])


def _unwrapped(text: str, verdict: re.Pattern[str]) -> str:
    """The text, where it ends in a verdict that the judge put into quotation marks or code as its own, without these.

    It does so as a sentence of its own, or after words like "I would rate it as follows:", telling nobody else's words.
    """
    last = next(iter(deque(verdict.finditer(text), maxlen=1)), None)
    rest = _REST.fullmatch(text, last.end()) if last else None
    wrapped = _MARKS.search(text, max(0, last.start() - 120), last.start()) if last and rest else None
    if not (last and wrapped and any(mark in text[last.end() :] for mark in _shutting(wrapped["marks"]))):
        return text
    before = text[: wrapped.start("marks")]
    *_, sentence, intro = "", *(part.replace(BLANK, " ").strip() for part in _SENTENCE_ENDS.split(before[-400:]))
    if ATTRIBUTED.search(intro or sentence) or (intro and not _OWN.search(intro)):
        return text
    opened = re.sub(r"[^\n]", " ", wrapped["marks"])
    closed = re.sub(r"[^\n.!。！]", " ", text[last.end() :])
    return f"{before}{opened}{text[wrapped.end('marks') : last.end()]}{closed}"


def _shutting(opened: str) -> tuple[str, ...]:
    """What closes a quotation that is opened so: a fence, or any of some marks."""
    return (opened[:3],) if opened[:3] in ("```", "~~~") else tuple(_SHUTS.get(opened[0], opened[0]))


def _block_quotes(text: str, verdict: re.Pattern[str]) -> Iterator[Span]:
    """Lines that begin with `>`, with the rest of their paragraph but for a verdict on a line; code by its indent."""
    quoted = False
    for place, line in _lines(text):
        goes_on = quoted and not (_NO_PARAGRAPH.match(line) or _is_verdict(line, verdict))
        quoted = bool(_QUOTED_LINE.match(line)) or goes_on
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
    for opens, closes in _BLOCKS:
        opened = opens.search(text)
        while opened:
            closed = closes.search(text, opened.end())
            yield opened.start(), closed.end() if closed else len(text)
            opened = opens.search(text, closed.end()) if closed else None
    for pattern in _SPANS:
        yield from (found.span() for found in pattern.finditer(text))


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
    if mark in ("“", "„", "「"):
        yield opened, len(text)


def _links(text: str) -> Iterator[Span]:
    return (found.span() for found in _LINK.finditer(text))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    place = 0
    for line in text.split("\n"):
        yield place, line
        place += len(line) + 1
