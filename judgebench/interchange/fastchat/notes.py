"""What a reader of imported reviews should be told; pure."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from judgebench.interchange.fastchat.rows import OFF_SCALE, READ_RANGE
from judgebench.tables.records import Review, Verdict
from judgebench.verdicts.text import from_scores, parse

_SAID = re.compile(r"^Assistant ([12]): (\d{1,2}(?:\.\d{1,2})?)\b", re.ASCII | re.MULTILINE)
_NUMBER = r"(\d{1,3}(?:\.\d{1,4})?)"
_FIRST = re.compile(rf"{_NUMBER}[ ,]{{1,2}}{_NUMBER}\n", re.ASCII)
_LAST = re.compile(r"(?:\A|\n|[.:] )(?:Rating: )?\[\[(\d{1,3}(?:\.\d{1,4})?|[ABC])\]\]\.?\s*\Z", re.ASCII)
_WINNERS = {"A": "A", "B": "B", "C": "tie"}
_SHOWN = 10


def verdict_notes(reviews: Sequence[Review]) -> Iterator[str]:
    """How stored verdicts and texts disagree, and how many judgments hold none."""
    stored = [review for review in reviews if review.verdict_source == "stored" and review.reply is not None]
    read = [(review, _parsed(review)) for review in stored if not _says_it_plainly(review)]
    contradicted = [one for one, parsed in read if one.verdict and _said(one, parsed) not in (None, one.verdict)]
    if contradicted:
        yield f"{len(contradicted)} stored verdicts contradict their text and were kept: {_names(contradicted)}."
    silent = sum(review.verdict is not None and parsed is None for review, parsed in read)
    if silent:
        yield f"{silent} stored verdicts do not stand in their text where the prompt asks for them."
    readable = sum(review.verdict is None and parsed is not None for review, parsed in read)
    if readable:
        yield f"{readable} reviews without a stored verdict have one in their text (--reparse reads it)."
    failures = Counter(review.error.kind for review in reviews if review.error)
    example = next((one.error.message for one in reviews if one.error and one.error.kind == OFF_SCALE), "")
    for kind, count in sorted(failures.items()):
        yield f"{count} judgments hold no verdict ({f'{kind}: {example}' if kind == OFF_SCALE else kind})."


def _says_it_plainly(review: Review) -> bool:
    """Whether the text has its stored verdict, and no other, where nobody could take it for something else.

    Most have: of these it takes no reading of the whole text.
    """
    reply, verdict = review.reply or "", review.verdict
    if verdict is None:
        return False
    if review.kind == "score_pair":
        pair = _FIRST.match(reply)
        return pair is not None and verdict.scores == tuple(map(float, pair.groups()))
    found = _LAST.search(reply) if reply.count("[[") == 1 else None
    if found is None:
        return False
    return verdict.winner == _WINNERS[found[1]] if found[1] in _WINNERS else verdict.scores == (float(found[1]),)


def _parsed(review: Review) -> Verdict | None:
    return parse(review.kind, review.reply or "", review.scale or READ_RANGE)


def _said(review: Review, parsed: Verdict | None) -> Verdict | None:
    """What the text says, also where only a person would look for it: `Assistant 1: 10` in the middle."""
    if parsed is not None or review.kind != "score_pair":
        return parsed
    scores = {place: float(score) for place, score in _SAID.findall(review.reply or "")}
    return from_scores(scores["1"], scores["2"]) if len(scores) == 2 else None


def _names(reviews: Sequence[Review]) -> str:
    more = f" and {len(reviews) - _SHOWN} more" if len(reviews) > _SHOWN else ""
    return "; ".join(map(_name, reviews[:_SHOWN])) + more


def _name(review: Review) -> str:
    number = review.extra.get("review_id", review.id)
    return f"question {review.question_id}, turn {review.turn}, {' and '.join(review.models)} ({number})"
