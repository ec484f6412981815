"""What a reader of imported reviews should be told; pure."""

import re
from collections.abc import Iterator, Sequence

from judgebench.interchange.fastchat.rows import READ_RANGE
from judgebench.tables.records import Review, Verdict
from judgebench.verdicts.text import from_scores, parse

_SAID = re.compile(r"^Assistant ([12]): (\d{1,2}(?:\.\d{1,2})?)\b", re.ASCII | re.MULTILINE)
_SHOWN = 10


def verdict_notes(reviews: Sequence[Review]) -> Iterator[str]:
    """How stored verdicts and texts disagree, and how many judgments hold none."""
    stored = [review for review in reviews if review.verdict_source == "stored" and review.reply is not None]
    contradicted = [review for review in stored if review.verdict and _said(review) not in (None, review.verdict)]
    if contradicted:
        yield f"{len(contradicted)} stored verdicts contradict their text and were kept: {_names(contradicted)}."
    silent = [review for review in stored if review.verdict and _parsed(review) is None]
    if silent:
        yield f"{len(silent)} stored verdicts do not stand in their text where the prompt asks for them."
    readable = [review for review in stored if not review.verdict and _parsed(review)]
    if readable:
        yield f"{len(readable)} reviews without a stored verdict have one in their text (--reparse reads it)."
    failures = [review.error.kind for review in reviews if review.error]
    for kind in sorted(set(failures)):
        yield f"{failures.count(kind)} judgments hold no verdict ({kind})."


def _parsed(review: Review) -> Verdict | None:
    return parse(review.kind, review.reply or "", review.scale or READ_RANGE)


def _said(review: Review) -> Verdict | None:
    """What the text says, also where only a person would look for it: `Assistant 1: 10` in the middle."""
    parsed = _parsed(review)
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
