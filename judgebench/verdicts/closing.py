"""How a reply ends in its verdict; pure.

A list of the words that make a verdict doubtful ("not", "if", "it says", in any language) is never complete. So it
is the other way round: what counts is a reply's last words, and these where they are of a form that is known here.
What the forms miss costs a second request, and never a wrong score.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from judgebench.tables.records import Verdict

Range = tuple[float, float]
Span = tuple[int, int]
BLANK = "\0"  # stands in place of words that are not the judge's own

_LONGEST = 400  # characters of a closing sentence
_NOUN = (
    r"(?:rating|score|verdict|judge?ment|grade|decision|winner|choice|evaluation|assessment|final|overall"
    r"|bewertung|gesamtbewertung|urteil|note|punktzahl|entscheidung|évaluation|jugement|puntuación|calificación"
    r"|veredicto|nota|valoración|voto|valutazione|punteggio|verdetto|giudizio|pontuação|avaliação|beoordeling|oordeel"
    r"|cijfer|оценка|рейтинг|вердикт|балл|решение|ocena|werdykt|puan|karar|điểm"
    r"|评分|打分|评级|评价|得分|分数|总分|判决|裁决|结论|裁定|判定|評分|評級|評價|判決|裁決|結論|評価|採点|スコア|点数"
    r"|평가|점수|평점|판정|결론)"
)
_MODIFIER = (
    r"(?:my|our|the|final|overall|total|single|numeric(?:al)?|general|quality|mein|meine|das|die|der|finale?s?"
    r"|endgültige[rs]?|abschließende[rs]?|gesamte?|ma|mon|la|le|el|mi|globale?|générale?|моя|мой|итоговая"
    r"|итоговый|окончательная|окончательный|общая|финальная|最终的?|最后的?|最終的な|最終|总体|总的|总|综合|整体|総合|我的|최종)"
)
_THING = r"(?:overall )?(?:answer|response|reply|performance|output|assistant)"
_ONE = rf"(?:it|this|(?:(?:the|this|its) )?(?:ai )?(?:assistant's )?{_THING})"
_SCALE = r"(?: ?[(（](?:[\d ,/–-]|from|out of|of|to|scale){1,12}[)）])?"
LABEL = rf"(?:{_MODIFIER} ?){{0,4}}{_NOUN}(?: (?:finale?|globale?|total))?(?: (?:for|of) {_ONE})?{_SCALE}"
STRICT = rf"(?:{_MODIFIER} ?){{0,4}}(?:rating|score|verdict|grade|评分|打分|得分|评级|bewertung|urteil|оценка){_SCALE}"
_LIKE = r"(?: (?:as follows|as|at|with|an?|the|of))*"
_SO = (
    r"(?:(?:so|thus|therefore|hence|finally|accordingly|consequently|in (?:conclusion|summary|sum|short|total|the end)"
    r"|overall|all in all|to (?:conclude|sum up)|as a result|for (?:this|these|that|those) reasons?"
    r"|(?:given|based on|considering|despite|in view of|in light of|due to|because of|after (?:comparing|considering"
    r"|weighing)) [^.:;!?\"“”]{1,200},) ?[,:]? )*"
)
_RESULT = rf"(?:{_ONE} (?:is|was) [^.:;!?\"“”]{{1,150}}, so )?"
_MARK = r"(?: (?:rating|score|grade)(?: of)?)?"
_I = r"(?:i|we)(?: would|'d| will|'ll| shall| can| must| have to)?(?: therefore| thus| also)?"
_SENTENCES = (
    rf"{_SO}",
    rf"{_SO}{LABEL}(?: (?:is|would be|will be))?(?: as follows)?",
    rf"{_RESULT}{_SO}{_I} (?:rate|score|grade|give|assign|award)(?: {_ONE})?{_LIKE}{_MARK}",
    rf"{_SO}{_ONE} (?:(?:is|should be|would be|can be) (?:rated|scored|graded)|deserves|gets|earns|receives|merits)"
    rf"{_LIKE}{_MARK}",
    rf"{_SO}{_I} (?:choose|prefer|pick|vote for|go with|say|decide for)",
    r"(?:(?:因此|所以|总的来说|综上所述|综上|总之|总体而言|总体来说|最后|最终)[,，]? ?)?我?会?"
    r"(?:[给对](?:这个|该|此)?(?:助手的)?(?:回答|答案|回复|助手))?的?(?:评分|打分|得分)[是为]?",
)
_TIE = r"(?:it is |it's )?(?:a )?(?:tie|draw)"
_BETTER = r"(?:'s (?:answer|response))?(?: is)?(?: (?:slightly|much|significantly|clearly))?(?: better| wins)"
_LABELLED = re.compile(rf"(?<!\w){LABEL}[\s*_]*[:：=]?[\s*_]*\Z", re.IGNORECASE)

_BULLET = re.compile(r"[ \t]{0,3}(?:(?:[-*+•]|\d{1,2}[.)])[ \t]+(?=[^\s\[]))?")
_CLOSERS = r"[)\]\"'”’»」*_]{0,6}"
_ENDS = re.compile(rf"(?P<word>[^\W\d_]*)\.{_CLOSERS}[ \t]+|[!?;…]{_CLOSERS}[ \t]+|[。！？；…]{_CLOSERS}[ \t]*|\n")
_SHORT = {"vs", "cf", "approx", "ca", "no", "nr", "fig", "ej", "ex", "np", "напр", "bijv", "bv", "resp", "bzw", "sog"}
_QUOTED = re.compile(rf"{BLANK}[ \t]*(?!{BLANK})(?P<word>)")
_COMPLETE = re.compile(rf"[.!?;。！？；…]{_CLOSERS}\Z")
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,2}[.)])[ \t].*[^\s:：,，]")
_NUMBER = re.compile(r"[ \t>]*\d{1,2}\.")  # of an item that the verdict is
_ROW = re.compile(r"[ \t]*(?:\|.*\||[-*_=]{3,})[ \t]*")
_OPEN_END = re.compile(r"[^\W\d_]\Z|[:：,，(\[{=-]\Z")
_COLON = re.compile(r"[:：][ \t*_]*\r?\n(?![ \t]*(?:[-*+•|\0]|\d{1,2}[.)]))")
_SPOKEN = re.compile(  # "Answer: ..." and "Assistant B: ...", behind which another speaks
    r"^[ \t>*_#(\[]{0,9}(?:(?:the )?(?:assistant|user|ai|model|student|author)(?: [AB])?"
    r"(?:['’]s (?:answer|response|reply))?"
    r"|(?:full |original |quoted )?(?:answer|response|reply|quote|quotation|output|text))[*_]{0,3}[ \t]?[:：)\]]",
    re.IGNORECASE | re.MULTILINE,
)
_EMPHASIS = re.compile(r"[*_#|]+")

_MARKS: Mapping[str, str] = {
    **{'"': '"', "“": "”", "„": "“”", "«": "»", "»": "«", "「": "」", "『": "』", "‘": "’", "'": "'", "`": "`"},
    **{"$": "$", "\\boxed{": "}", "|": "|"},
}
_QUOTING = ('"', "“", "„", "«", "»", "「", "『", "‘", "'")
_CODE = ("`", "~~~", "<answer>")
_OPENS = re.compile(
    r"(?:(?P<fence>```|~~~)[a-z]{0,10}\s{0,9}"
    r"|<(?P<element>b|strong|answer|verdict|rating|score|decision)>\s{0,9}"
    r"|(?P<mark>\\boxed\{|[\"“„«»「『‘'`$|])[ \t]{0,9})[*_]{0,3}\Z",
    re.IGNORECASE,
)
_INNER = re.compile(r"[\s*_]{0,9}[.。!！]?[\s*_]{0,9}")
_END_TOKENS = r"(?:<\|(?:im_end|eot_id|end|return|endoftext|end_of_box)\|>|</s>)?"
_SOURCES = r"(?:\[\[?\d{1,3}\]?\]\(https?://[^\s()]{1,300}\)[\s,;]{0,9})*+"
_LAST = rf"[\s*_]*+[.!。！]?[\s*_]*+{_SOURCES}{_END_TOKENS}\s*"
ATTRIBUTED = re.compile(
    r"\b(?:says?|said|saying|claims?|claimed|asks?|asked|demands?|wants?|tells?|told|instructs?|writes?|wrote|ends?"
    r"|ended|closes|begins|quotes?|quoted|contains?|reads?|states?|requests?|requires?|itself|themselves|line|format"
    r"|prompt|injection)\b|写道|写着|写了|说道|声称|宣称|要求|给自己|自己打|结尾|末尾|最后一[句行]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a verdict stands, with the label and the quotation marks that are its own, and where these are."""

    said: Span
    start: int
    end: int
    marks: tuple[Span, ...]
    opened: tuple[str, ...]


def place_of(text: str, said: Span) -> Place:
    """The place of a verdict: alone, or behind a label ("Rating:"), in quotation marks or code or not."""
    inner = _unwrapped(text, said)
    left, right = inner[-1]
    labelled = _LABELLED.search(text, max(0, left - _LONGEST), left)
    outer = _unwrapped(text, (labelled.start(), right)) if labelled else []
    left, right = outer[-1] if len(outer) > 1 else inner[-1]
    marks = tuple(mark for spans in (inner, outer) for mark in _between(spans))
    return Place(said, left, right, marks, tuple(text[slice(*mark)].lower() for mark in marks[::2]))


def ends(text: str, place: Place, verdict: Verdict, allowed: Range) -> bool:
    """Whether a text ends with the verdict at that place, but for what it is out of, or its meaning in words."""
    return bool(_tail(verdict, allowed).fullmatch(text, place.end))


def beginning(text: str, own: str, place: Place, verdict: Verdict) -> int | None:
    """Where the closing sentence begins, in the judge's own words; None where it is of no known form."""
    for begin in _beginnings(text, own, place.start):
        lead = _lead(own, begin, place)
        if lead is not None and _leads(verdict).fullmatch(f"{lead} ") and follows_an_end(text, own, begin, bool(lead)):
            return None if place.marks and not lead and _is_anothers(text[:begin], place) else begin
    return None


def follows_an_end(text: str, own: str, place: int, labelled: bool = False) -> bool:
    """Whether what stands before that place is complete: a sentence, a list, a table, a quotation by itself.

    In a paragraph of its own a label ("Rating:") may also follow what ends in no letter, such as an equation.
    """
    before = text[:place].rstrip(" \t\r\n*_#")
    if _NUMBER.fullmatch(before[before.rfind("\n") + 1 :]):
        before = before[: before.rfind("\n") + 1].rstrip(" \t\r\n*_#")
    apart = text[len(before) : place].count("\n")
    line = own[before.rfind("\n") + 1 : len(before)]
    if before and _announces(own, place):
        return False
    if not before or not line.strip(f"{BLANK} \t>") or _ROW.fullmatch(line):
        return True
    if _COMPLETE.search(before, max(0, len(before) - 9)):
        return bool(apart or labelled or line[-1] != BLANK)
    return apart > 1 and bool(_ITEM.fullmatch(line) or (labelled and not _OPEN_END.search(line)))


def _announces(own: str, place: int) -> bool:
    """Whether a line of the paragraph that goes on there ends in a colon, with no list behind it, or another speaks."""
    start = max(own.rfind("\n\n", 0, place), own.rfind("\n\r\n", 0, place)) + 1
    return any(pattern.search(own, start, place) for pattern in (_COLON, _SPOKEN))


def _lead(own: str, begin: int, place: Place) -> str | None:
    """What leads up to a verdict, without emphasis; None where that is opened or closed half, or quoted."""
    before, after = own.count("*", begin, place.said[1]), own.count("*", place.said[1])
    if after > before or (before + after) % 2 or BLANK in own[begin : place.end]:
        return None
    return " ".join(_EMPHASIS.sub(" ", _BULLET.sub("", own[begin : place.start], count=1)).split())


def _beginnings(text: str, own: str, end: int) -> Iterator[int]:
    """Where the sentence that ends there may begin: behind the end of another, or with a line; the nearest first."""
    start = max(0, end - _LONGEST)
    found = [
        match.end()
        for match in (*_ENDS.finditer(text, start, end), *_QUOTED.finditer(own, start, end))
        if not match["word"] or (len(match["word"]) > 1 and match["word"].lower() not in _SHORT)
    ]
    yield from sorted({*([0] if start == 0 else []), *found}, reverse=True)


def _unwrapped(text: str, span: Span) -> list[Span]:
    """A span, and the wider ones with the quotation marks, the code or the elements that it stands in by itself."""
    spans = [span]
    while len(spans) < 4:
        left, right = spans[-1]
        opened, inner = _OPENS.search(text, max(0, left - 40), left), _INNER.match(text, right)
        place = inner.end() if inner else right
        shut = next((one for one in _shutting(opened) if text.startswith(one, place)), None) if opened else None
        if opened is None or shut is None:
            break
        spans.append((opened.start(), place + len(shut)))
    return spans


def _shutting(opened: re.Match[str]) -> tuple[str, ...]:
    if opened["fence"]:
        return (opened["fence"],)
    return (f"</{opened['element']}>",) if opened["element"] else tuple(_MARKS[opened["mark"]])


def _between(spans: list[Span]) -> Iterator[Span]:
    """What a wider span has on both sides that the one in it has not."""
    for narrow, wide in pairwise(spans):
        yield from ((wide[0], narrow[0]), (narrow[1], wide[1]))


def _is_anothers(before: str, place: Place) -> bool:
    """Whether a verdict in quotation marks or code that no words lead up to may be quoted after all."""
    sentence = re.split(r"[.!?。！？\n]", before[-_LONGEST:].rstrip(" \t\r\n.!?。！？"))[-1]
    code, quoted = (any(mark.startswith(kind) for mark in place.opened) for kind in (_CODE, _QUOTING))
    return bool(before.strip()) and (code or (quoted and bool(ATTRIBUTED.search(sentence))))


def _in_words(verdict: Verdict, behind: bool) -> str:
    """What a choice means; behind a label ("Final verdict:") or the verdict itself a letter is enough."""
    if verdict.winner not in ("A", "B"):
        return _TIE
    return rf"(?:(?:assistant|answer|response|model) )?{verdict.winner}(?:{_BETTER}){'?' if behind else ''}"


@lru_cache
def _leads(verdict: Verdict) -> re.Pattern[str]:
    """The sentences that lead up to a verdict."""
    words = rf"{LABEL}(?: is)?(?: ?[:：])? (?:that )?{_in_words(verdict, True)}|{_in_words(verdict, False)}"
    known = "|".join([*_SENTENCES, *([f"{_SO}(?:{words})"] if verdict.winner else [])])
    return re.compile(rf"(?:{known}) ?[:：=]? ?(?:{LABEL} ?[:：=]? )?", re.IGNORECASE)


@lru_cache
def _tail(verdict: Verdict, allowed: Range) -> re.Pattern[str]:
    """What may stand behind a verdict at the end of a reply: what it is out of, or a choice in words."""
    most = rf"{allowed[1]:g}"
    of = rf"(?:[ \t*]?/[ \t]?{most}|[ \t*]{{1,3}}(?:out )?of {most}|[ \t]?分)?(?:[ \t](?:points|stars))?"
    words = rf"(?:(?:,? for|:|[ \t][-–—])? (?:it is|{_in_words(verdict, True)}))?"
    return re.compile(rf"{words if verdict.winner else of}{_LAST}", re.IGNORECASE)
