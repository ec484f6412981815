"""The page of a pair: two models on one question set, by one judge; what b lost, and why to believe it or not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judgebench.report import captions
from judgebench.site import entries, slugs
from judgebench.site.boards import Board, boards
from judgebench.site.entries import Entry, spoken
from judgebench.site.pages import compare
from judgebench.site.parts import chooser, contrasts, slices, telling
from judgebench.site.parts.chooser import Chooser
from judgebench.site.parts.telling import Row, Telling
from judgebench.site.source import Source
from judgebench.site.views import (
    NO_CATEGORY,
    OUTCOMES,
    UNKNOWN,
    Cell,
    Chart,
    Fact,
    Link,
    Page,
    Piece,
    Table,
    called,
    excerpt,
    head,
    number,
    outcome_name,
    short,
    text,
)

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


@dataclass(frozen=True, slots=True)
class Pair:
    """The page of a pair; `a` is the one that was named first. `first`: how many matches to look at first."""

    address: str
    question_set: str
    judge: str
    a: str
    b: str
    lead: str
    facts: tuple[Fact, ...]
    rates: Chart
    charts: tuple[Chart, ...]
    matches: tuple[MatchRow, ...]
    first: int
    scored: bool
    outcomes: tuple[tuple[str, str], ...]
    categories: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    chooser: Chooser | None = None
    others: tuple[Link, ...] = ()


def pages(source: Source) -> Iterator[Page | Piece]:
    """The page of every pair that was reviewed, and those on which single scores are compared."""
    for pair in pairs(source):
        yield Page(pair.address, "pair.html", {"pair": pair})
    yield from compare.pages(source)


def pairs(source: Source) -> Iterator[Pair]:
    """What the page of every pair shows."""
    matches = telling.matches_of(source)
    site = _Site(source, matches)
    for board in boards(source):
        for entry in board.pairs if board.judges is None else ():
            yield _pair(site, board, entry)


class _Site:
    """What all pages of pairs share, made once."""

    def __init__(self, source: Source, matches: Mapping[telling.Key, list[Row]]) -> None:
        self.source, self.matches = source, matches
        self.context = telling.context(source, matches)
        self.beginnings: Beginnings = {
            (found.name, question.id): tuple(excerpt(turn, _EXCERPT) for turn in question.turns)  # type: ignore[misc]
            for found, question in source.questions()
        }
        self.judged: dict[tuple[Any, ...], list[Entry]] = {}
        for entry in source.report.get("pairs", ()):
            if "judges" not in entry:
                self.judged.setdefault((entry["question_set"], *entry["models"]), []).append(entry)

    def rows(self, entry: Entry) -> list[Row]:
        """The matches of a pair."""
        key = (entry["question_set"], entry["judge"], entry["kind"], *entry["models"])
        found = self.matches.get(key, [])
        return [{**row, "category": _category(row["category"])} for row in found]


def _category(name: Any) -> str:
    return name if isinstance(name, str) else NO_CATEGORY


def _pair(site: _Site, board: Board, entry: Entry) -> Pair:
    a, b = entry["models"]
    rows = site.rows(entry)
    ranked = telling.ordered(rows, site.context)
    found = {reason for one in ranked for reason in one.reasons}
    came = {row["outcome"] for row in rows}
    return Pair(
        address=entries.address(entry) or "",
        question_set=entry["question_set"],
        judge=entry["judge"],
        a=a,
        b=b,
        lead=_lead(entry),
        facts=_facts(entry),
        rates=_rates(entry),
        charts=(*contrasts.category_charts(entry, rows), *slices.table(site.source.slices.get(_place(entry), ()))),
        matches=tuple(_match(site, one) for one in ranked),
        first=sum(one.points > telling.NOTHING for one in ranked[:FIRST]),
        scored=entry["totals"] is not None,
        outcomes=tuple((one, outcome_name(one, a, b)) for one in reversed(OUTCOMES) if one in came),
        categories=tuple(dict.fromkeys(row["category"] for row in rows)),
        reasons=tuple((key, name) for key, name in telling.REASONS.items() if key in found),
        chooser=chooser.chooser(board, (a, b)),
        others=tuple(_others(site, board, entry)),
    )


def _place(entry: Entry) -> tuple[str, ...]:
    return (entry["question_set"], entry["judge"], entry["kind"], *entry["models"])


def _lead(entry: Entry) -> str:
    told = spoken([entry])
    if entry["win_rate"] is None:
        return captions.of_pairs([])[0]
    return captions.of_pairs(told)[0]


def _facts(entry: Entry) -> tuple[Fact, ...]:
    a, b = map(called, entry["models"])
    totals = entry["totals"]
    ratio = (Fact("Ratio of the total scores", entries.percent(entry["ratio"])),) if totals else ()
    return (
        Fact(f"{b}'s win rate", entries.percent_with(entry["win_rate"], None)),
        Fact(f"{b} wins", str(entry["wins"][1])),
        Fact("Ties", str(entry["ties"])),
        Fact(f"{a} wins", str(entry["wins"][0])),
        Fact("Inconsistent", str(entry["inconsistent"])),
        Fact("No verdict", str(entry["incomplete"])),
        *ratio,
    )


_RATES = {
    "win_rate": ("as it is", "ties and inconsistent matches as half a win"),
    "consistent_win_rate": ("orders agree", "only matches in which both orders say the same"),
    "order_corrected_win_rate": ("mean of orders", "with either answer shown first"),
    "length_controlled_win_rate": ("at equal length", "if both answers were equally long"),
    "style_controlled_win_rate": ("at equal style", "if both answers had the same length and Markdown"),
}


def _rates(entry: Entry) -> Chart:
    """b's win rate by every definition that there is, and how far the orders agree."""
    b = called(entry["models"][1])
    rows = [
        (text(name), *_figures(entry, key), text(meaning))
        for key, (name, meaning) in _RATES.items()
        if entry.get(key) is not None
    ]
    if entry["win_rate_bounds"]:
        bounds = entries.reach(entry["win_rate_bounds"], 100, 1)
        rows.append((text("missing verdicts"), number(None), bounds, text("if all of them were lost, and all won")))
    if entry["consistency"] is not None:
        rows.append((text("orders agree in"), *_figures(entry, "consistency"), text("of the matches, not a win rate")))
    sentence = " ".join(captions.of_win_rates(spoken([entry])))
    title = f"{b}'s win rate, by what is held equal"
    heads = (Cell("What is counted"), *head("Win rate, %", "95\N{NO-BREAK SPACE}% interval", numbers=2), Cell("How"))
    return Chart("rates", title, sentence, None, Table(title, heads, tuple(rows)), wide=True)


def _figures(entry: Entry, key: str) -> tuple[Cell, Cell]:
    return entries.share(entry[key]), entries.reach(entry[f"{key}_interval"], 100, 1)


def _others(site: _Site, board: Board, entry: Entry) -> Iterator[Link]:
    """What other judges, or other kinds of verdict, say of the pair; and its single scores."""
    for other in site.judged[entry["question_set"], *entry["models"]]:
        if other is not entry and (other["judge"], other["kind"]) != (entry["judge"], entry["kind"]):
            rate = entries.percent_with(other["win_rate"], other["win_rate_interval"])
            who = called(other["judge"]) if other["judge"] != entry["judge"] else other["kind"]
            yield Link(f"{who}: {called(entry['models'][1])} wins {rate}", entries.address(other) or "")
    scored, page = {one["model"] for one in board.ranked}, chooser.scores_page(board)
    if page and scored.issuperset(entry["models"]):
        yield Link("their single scores", page + slugs.pair_fragment(*entry["models"]))


def _match(site: _Site, one: Telling) -> MatchRow:
    row = one.row
    a, b, place = row["model_a"], row["model_b"], (row["question_set"], row["question_id"])
    turns: Sequence[Any] = site.beginnings.get(place, ())
    linked = slugs.question_page(*place) + slugs.pair_fragment(a, b) if site.source.has_page(*place) else None
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
    )


def _score(value: float) -> str:
    return UNKNOWN if value != value else short(value)


def _signed(value: float) -> str:
    """A difference with its sign; a minus sign as long as a plus."""
    sign = "" if value == 0 else "+" if value > 0 else "\N{MINUS SIGN}"
    return UNKNOWN if value != value else sign + short(abs(value))
