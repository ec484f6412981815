"""The page of a pair: two models on one question set, by one judge; what b lost, and why to believe it or not."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from judgebench.report import captions
from judgebench.site import entries, slugs
from judgebench.site.boards import Board, boards
from judgebench.site.entries import Entry, spoken
from judgebench.site.parts import chooser, contrasts, glance, slices, telling
from judgebench.site.parts.card import Card
from judgebench.site.parts.chooser import Chooser
from judgebench.site.parts.matches import Matches, MatchRow, first
from judgebench.site.source import Source
from judgebench.site.views import (
    OUTCOMES,
    UNKNOWN,
    Cell,
    Chart,
    Fact,
    Link,
    Page,
    Table,
    called,
    head,
    number,
    outcome_name,
    text,
)


@dataclass(frozen=True, slots=True)
class Pair:
    """The page of a pair; `a` is the one that was named first. `first`: how many matches to look at first."""

    address: str
    question_set: str
    judge: str
    a: str
    b: str
    card: Card
    facts: tuple[Fact, ...]
    rates: Chart
    charts: tuple[Chart, ...]
    slices: tuple[Chart, ...]
    matches: tuple[MatchRow, ...]
    first: int
    scored: bool
    measured: Mapping[str, bool]
    outcomes: tuple[tuple[str, str], ...]
    categories: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    chooser: Chooser | None = None
    others: tuple[Link, ...] = ()


def parts(source: Source) -> list[Callable[[], Iterator[Page]]]:
    """What makes the page of every pair that was reviewed; each by itself."""
    return [partial(_page, *one) for one in _reviewed(source)]


def pairs(source: Source) -> Iterator[Pair]:
    """What the page of every pair shows."""
    return (_pair(*one) for one in _reviewed(source))


def _reviewed(source: Source) -> Iterator[tuple["_Site", Board, Entry]]:
    site = _Site(Matches(source), _by_models(source), source.slices)
    for board in boards(source):
        for entry in board.pairs if board.judges is None else ():
            yield site, board, entry


def _page(site: "_Site", board: Board, entry: Entry) -> Iterator[Page]:
    pair = _pair(site, board, entry)
    yield Page(pair.address, "pair.html", {"pair": pair})


@dataclass(frozen=True, slots=True)
class _Site:
    """What all pages of pairs share, made once. `judged`: what each judge says of a pair, by set and models."""

    matches: Matches
    judged: Mapping[tuple[str, ...], list[Entry]]
    slices: Mapping[tuple[str, ...], list[Entry]]


def _by_models(source: Source) -> dict[tuple[str, ...], list[Entry]]:
    found: dict[tuple[str, ...], list[Entry]] = {}
    for entry in source.report.get("pairs", ()):
        if "judges" not in entry:
            found.setdefault((entry["question_set"], *entry["models"]), []).append(entry)
    return found


def _pair(site: _Site, board: Board, entry: Entry) -> Pair:
    a, b = entry["models"]
    rows = site.matches.rows(entry)
    ranked = site.matches.ranked(rows)
    shown = tuple(map(site.matches.shown, ranked))
    found = {reason for one in ranked for reason in one.reasons}
    came = {row["outcome"] for row in rows}
    return Pair(
        address=entries.address(entry) or "",
        question_set=entry["question_set"],
        judge=entry["judge"],
        a=a,
        b=b,
        card=glance.of_pair(board, entry),
        facts=_facts(entry),
        rates=_rates(entry),
        charts=tuple(contrasts.category_charts(entry, rows)),
        slices=tuple(slices.table(site.slices.get(_place(entry), ()))),
        matches=shown,
        first=first(ranked),
        scored=entry["totals"] is not None,
        measured={name: any(getattr(one, name) != UNKNOWN for one in shown) for name in _MEASURED},
        outcomes=tuple((one, outcome_name(one, a, b)) for one in reversed(OUTCOMES) if one in came),
        categories=tuple(dict.fromkeys(row["category"] for row in rows)),
        reasons=tuple((key, name) for key, name in telling.REASONS.items() if key in found),
        chooser=chooser.chooser(board, (a, b)),
        others=tuple(_others(site, board, entry)),
    )


def _place(entry: Entry) -> tuple[str, ...]:
    return (entry["question_set"], entry["judge"], entry["kind"], *entry["models"])


def _facts(entry: Entry) -> tuple[Fact, ...]:
    a, b = map(called, entry["models"])
    return (
        Fact(f"{b} wins", str(entry["wins"][1])),
        Fact("Ties", str(entry["ties"])),
        Fact(f"{a} wins", str(entry["wins"][0])),
        Fact("Inconsistent", str(entry["inconsistent"])),
        Fact("No verdict", str(entry["incomplete"])),
    )


_MEASURED = ("characters", "seconds", "tokens")  # columns that are left out where nothing of the kind is known
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
