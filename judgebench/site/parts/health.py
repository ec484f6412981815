"""Can a judge be trusted? What its verdicts depend on besides the answers, what is missing, and what people say."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from judgebench.audit import advice
from judgebench.audit.findings import Grade, worst
from judgebench.money.prices import money
from judgebench.report import captions
from judgebench.site import entries
from judgebench.site.boards import Board, Tally
from judgebench.site.entries import Entry, spoken
from judgebench.site.views import (
    UNKNOWN,
    Cell,
    Chart,
    Fact,
    Table,
    called,
    counted,
    figure,
    head,
    kinds,
    listed,
    number,
    text,
)

_PAIRS = {
    "orders agree": (("position", "consistency"), "the same verdict whichever answer is shown first; 100 % is ideal"),
    "gain of being shown first": (("position", "net_first"), "in wins, from \N{MINUS SIGN}1 to 1; 0 is ideal"),
    "ties": (("ties",), "of the complete matches"),
    "inconsistent": (("inconsistent",), "of the complete matches; they count as half a win each"),
    "the longer answer won": (("longer_won",), "of the decided matches; 50 % if length didn't matter"),
    "repeats differ": (("flips",), "of the matches judged several times; 0 % is ideal"),
    "own models' gain": (("own", "difference"), "the share of wins for its own models, less that of other judges"),
    "no verdict": (("missing",), "of the reviews; the reasons are in the note above"),
}
_SINGLE = {
    "score and length": (("length_within",), "correlation between answers to one question; 0 if length didn't matter"),
    "top score": (("ceiling",), "of the scores; answers there can't be told apart"),
    "lowest score": (("floor",), "of the scores"),
    "repeats differ": (("flips",), "of the answers scored several times; 0 % is ideal"),
    "no score": (("missing",), "of the reviews"),
}
_LOOK = {"broken": "out of order", "beware": "beware"}
_TOKENS = ("tokens read", "tokens written")
_PLAIN = ("net_first", "length_within", "difference")


def facts(tally: Tally | None) -> tuple[Fact, ...]:
    """How much there is."""
    if tally is None:
        return ()
    return (
        Fact("Questions", f"{len(tally.questions):,}"),
        Fact("Models", f"{len(tally.models):,}"),
        Fact("Reviews", f"{tally.reviews:,}"),
        Fact("Without a verdict", f"{len(tally.failed):,}"),
    )


def word(board: Board) -> str | None:
    """Whether the judge is in order, in a word, and what about it needs a look; None where there is no judge."""
    grade = _grade(board)
    if board.audit is None or grade not in _LOOK:
        return grade
    named = dict.fromkeys(advice.TITLES[one["aspect"]] for one in board.audit["findings"] if one["grade"] == grade)
    return f"{_LOOK[grade]} ({', '.join(named).lower()})"


def broken(board: Board) -> bool:
    """Whether its verdicts can't be used as such."""
    return _grade(board) == "broken"


def _grade(board: Board) -> Grade | None:
    """The worst of an audit's; None where there is no judge."""
    if board.audit is None or board.tally is None or board.tally.sources & {"checked", "voted"}:
        return None
    return worst(one["grade"] for one in board.audit["findings"])


def cost(tally: Tally | None) -> str | None:
    """What the judge took, as far as it is known: nothing, or tokens."""
    if tally is None or not (tally.asked == 0 or tally.counted):
        return None
    return f"{sum(tally.tokens):,} tokens" if tally.asked else money(Decimal(0))


def trust(board: Board) -> str:
    """Whether the figures can be trusted, in a sentence or two."""
    if board.judges:
        return f"Over the matches that all of {listed(board.judges)} judged; for each judge's own figures see below."
    said = [] if board.voted or board.health is None else captions.of_judges(spoken([board.health]))
    if board.voted and board.tally:
        said = [f"{counted(board.tally.reviews, 'vote')} by people, each on one match."]
    human = [one for one in board.agreement if "vote" in one["kinds"] and not board.voted]
    if human and any(one["setup"] == "S2" and one["turn"] is None and one["votes"] for one in human):
        said += captions.of_agreement(spoken(human))
    unsure = sum(pair["open"] for pair in board.pairs)
    if unsure:
        said.append(f"{counted(unsure, 'conclusion')} on a pair could turn round with the missing verdicts.")
    return " ".join(said)


def notes(board: Board) -> Iterator[str]:
    """What a reader of these figures has to know."""
    tally = board.tally
    if tally is None:
        return
    if "checked" in tally.sources:
        yield (
            "Nobody judged this: each answer was compared with its reference. 1 is right and 0 is wrong, so that a"
            " mean is the share of right answers and a total their number."
        )
    if tally.failed:
        yield (
            f"{counted(len(tally.failed), 'review')} of {tally.reviews:,} gave no verdict ({kinds(tally.failed)}). They"
            " count neither as wins, ties or losses nor in a mean; each is shown on the page of its question."
        )
    once, matches = (sum(pair[name] for pair in board.pairs) for name in ("one_order", "matches"))
    if once and not board.voted:
        yield (
            f"{once:,} of {counted(matches, 'match', 'matches')} were judged in one order only, so an advantage"
            " of the answer that is shown first isn't evened out."
        )
    if tally.lost:
        yield (
            f"{counted(tally.lost, 'review')} on questions that the question set doesn't hold (any more) count as well."
        )
    yield from map(_noted, spoken(board.notes))


def _noted(note: Entry) -> str:
    if note["kind"] == "prompt_cut":
        return f"{captions.of_cut_prompts(note)}."
    if note["kind"] == "not_english":
        return f"{captions.of_other_languages(note)}."
    counts = ", ".join(f"{called(name)} ({count:,})" for name, count in note["counts"].items())
    return f"The judge changed: these reviews were made by {counts}; the figures mix these."


def health(board: Board) -> Iterator[Chart]:
    """The judge's figures with their intervals, what each of them should be, and what it used."""
    if board.health is None or board.voted:
        return
    parts = {name: board.health[name] for name in ("pairwise", "single")}
    rows = [
        *_rows(parts["pairwise"], _PAIRS, "pairs"),
        *_rows(parts["single"], _SINGLE, "single scores"),
        *_usage(board.tally),
    ]
    title = "The judge"
    sentence = " ".join(captions.of_judges(spoken([board.health])))
    columns = ("Value", "95\N{NO-BREAK SPACE}% interval")
    heads = (Cell("Figure"), *head(*columns, numbers=2), Cell("What it is"))
    yield Chart(f"{board.id}--judge", title, sentence, None, Table(title, heads, tuple(rows)), wide=True)


def _rows(found: Entry | None, names: Mapping[str, Any], what: str) -> Iterator[tuple[Cell, ...]]:
    for name, (path, meaning) in names.items():
        value: Any = found
        for step in path:
            value = (value or {}).get(step)
        if value:
            plain = path[-1] in _PLAIN
            shown = f"{value['value']:+.2f}" if plain else f"{100 * value['value']:.1f}\N{NO-BREAK SPACE}%"
            shown = shown.replace("-", "\N{MINUS SIGN}")
            cell = entries.reach(value["interval"], 1 if plain else 100, 2 if plain else 1)
            yield text(name, note=what), Cell(shown, number=True), cell, text(meaning)


def _usage(tally: Tally | None) -> Iterator[tuple[Cell, ...]]:
    """Tokens, where the endpoint counted them, and dollars, where they are certain: nothing where nobody was called.

    A review keeps the name of its judge, and that may be any model of any endpoint, in a batch or with a discount.
    """
    if tally is None or not (tally.counted or tally.asked == 0):
        return
    where = f"in {tally.counted:,} of {counted(tally.asked, 'call')}, as the endpoint counted them"
    rows = [(name, f"{tokens:,}", where) for name, tokens in zip(_TOKENS, tally.tokens, strict=True) if tally.asked]
    if tally.asked:
        rows.append(("dollars", UNKNOWN, "not known: reviews keep neither their endpoint nor what it charged"))
    else:
        rows.append(("dollars", money(Decimal(0)), "no model was called"))
    for name, value, meaning in rows:
        yield text(name, note="cost"), Cell(value, number=True), Cell(UNKNOWN, number=True), text(meaning)


def agreement(board: Board) -> Iterator[Chart]:
    """How often this judge agrees with people and with other judges, over all turns."""
    known = [entry for entry in board.agreement if entry["turn"] is None and entry["votes"]]
    if not known:
        return
    rows = tuple(
        (
            text(" and ".join(_rater(entry, place) for place in (0, 1))),
            text({"S1": "ties count", "S2": "decided votes only"}[entry["setup"]]),
            entries.share(entry["agreement"]),
            entries.reach(entry["interval"], 100, 1),
            Cell(figure(100 * entry["chance"]), number=True),
            number(entry["kappa"], 2),
            entries.reach(entry["kappa_interval"]),
            number(entry["votes"]),
        )
        for entry in known
    )
    interval = "95\N{NO-BREAK SPACE}% interval"
    names = ("Agree, %", interval, "By chance, %", "Cohen's kappa", f"kappa's {interval}", "Pairs of votes")
    title = "Agreement with people and other judges"
    table = Table(title, head("Raters", "Votes", *names, numbers=len(names)), rows)
    sentence = " ".join(captions.of_agreement(spoken(known)))
    yield Chart(f"{board.id}--agreement", title, sentence, None, table, wide=True)


def _rater(entry: Entry, place: int) -> str:
    kind, name = entry["kinds"][place], called(entry["raters"][place])
    return name if kind == "vote" else f"{name} ({kind})"
