"""The matches of a pair as its page lists them, the most telling first; and the few to look at first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judgebench.site import slugs
from judgebench.site.entries import Entry
from judgebench.site.parts import telling
from judgebench.site.parts.telling import Row, Telling
from judgebench.site.source import Source
from judgebench.site.views import NO_CATEGORY, UNKNOWN, excerpt, outcome_name, short

Beginnings = Mapping[tuple[str, str], tuple[tuple[str, ...], ...]]
FIRST = 5  # matches to look at first
_EXCERPT = 90  # characters of a question, since there may be hundreds


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One match of the pair: a question's turn, how it came out, and what is telling about it."""

    question: str
    href: str | None
    excerpt: str
    category: str
    turn: str
    outcome: str
    outcome_name: str
    score_a: str
    score_b: str
    difference: str
    why: str
    reasons: tuple[str, ...]
    characters: str
    times_as_long: str
    seconds: str
    seconds_b: str
    tokens: str

    @property
    def searched(self) -> str:
        """What a search finds it by."""
        return " ".join((self.question, self.excerpt, self.category, self.why)).lower()


class Matches:
    """The matches of all pairs of a site, and what all of them share, made once."""

    def __init__(self, source: Source) -> None:
        self._source, self._context = source, telling.context(source)
        self._beginnings: Beginnings = {
            (found.name, question.id): tuple(excerpt(turn, _EXCERPT) for turn in question.turns)  # type: ignore[misc]
            for found, question in source.questions()
        }
        self._answers = {(*place, one.model): one for place, at in source.answers_at.items() for one in at[::-1]}
        self._tokens = _tokens(source)

    def rows(self, entry: Entry) -> list[Row]:
        """The matches of a pair."""
        question_set, judge, kind, (a, b) = (entry[name] for name in ("question_set", "judge", "kind", "models"))
        found = self._source.by_pair.get((question_set, judge, kind, a, b), [])
        return [{**row, "category": _category(row["category"])} for row in found]

    def ranked(self, rows: Sequence[Row]) -> list[Telling]:
        """The most telling first."""
        return telling.ordered(rows, self._context)

    def shown(self, one: Telling) -> MatchRow:
        """A match as a row."""
        row = one.row
        a, b, place = row["model_a"], row["model_b"], (row["question_set"], row["question_id"])
        turns: Sequence[Any] = self._beginnings.get(place, ())
        answers = [None if row["choice"] else self._answers.get((*place, name)) for name in (a, b)]
        lengths = [
            len(one.turns[row["turn"] - 1]) if one and len(one.turns) >= row["turn"] else None for one in answers
        ]
        seconds = [one.seconds if one else None for one in answers]
        spent = (*place, row["turn"], row["judge"], row["kind"], frozenset((a, b)))
        linked = slugs.question_page(*place) + slugs.pair_fragment(a, b) if self._source.has_page(*place) else None
        return MatchRow(
            question=row["question_id"],
            href=linked,
            excerpt=turns[row["turn"] - 1] if len(turns) >= row["turn"] else "",
            category=row["category"],
            turn=f"turn {row['turn']}" if len(turns) > 1 else "",
            outcome=row["outcome"],
            outcome_name=outcome_name(row["outcome"], a, b),
            score_a=_score(row["score_a"]),
            score_b=_score(row["score_b"]),
            difference=_signed(row["score_b"] - row["score_a"]),
            why=one.why,
            reasons=one.reasons,
            characters=_two(lengths, "{:,.0f}"),
            times_as_long=f"{lengths[1] / lengths[0]:.4f}" if lengths[0] and lengths[1] is not None else "",
            seconds=_two(seconds, "{:,.1f}"),
            seconds_b="" if seconds[1] is None else f"{seconds[1]:.3f}",
            tokens=f"{self._tokens[spent]:,}" if spent in self._tokens else UNKNOWN,
        )


def _tokens(source: Source) -> Mapping[tuple[Any, ...], int]:
    """What each judge read and wrote about each match, over orders and repeats, where it was counted."""
    found: dict[tuple[Any, ...], int] = {}
    for one in source.reviews:
        if one.mode == "pairwise" and one.usage:
            place = (one.question_set, one.question_id, one.turn, one.judge, one.kind, frozenset(one.models))
            found[place] = found.get(place, 0) + one.usage.prompt_tokens + one.usage.completion_tokens
    return found


def _two(values: Sequence[float | None], form: str) -> str:
    """Of a and of b; a dash where nothing is known of either."""
    known = [UNKNOWN if value is None else form.format(value) for value in values]
    return UNKNOWN if known == [UNKNOWN, UNKNOWN] else " : ".join(known)


def first(ranked: Sequence[Telling]) -> int:
    """How many of them to look at first."""
    return sum(one.points > telling.NOTHING for one in ranked[:FIRST])


def _category(name: Any) -> str:
    return name if isinstance(name, str) else NO_CATEGORY


def _score(value: float) -> str:
    return UNKNOWN if value != value else short(value)


def _signed(value: float) -> str:
    """A difference with its sign; a minus sign as long as a plus."""
    sign = "" if value == 0 else "+" if value > 0 else "\N{MINUS SIGN}"
    return UNKNOWN if value != value else sign + short(abs(value))
