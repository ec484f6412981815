"""Who beat whom: the Vicuna blog's bars and totals, and every pair at a glance."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from judgebench.report import captions
from judgebench.site import entries
from judgebench.site.boards import Board
from judgebench.site.drawing import charts
from judgebench.site.drawing.charts import Axis, Label, label
from judgebench.site.entries import Entry, spoken
from judgebench.site.views import (
    OUTCOMES,
    UNKNOWN,
    Cell,
    Chart,
    Table,
    called,
    figure,
    head,
    number,
    outcome_name,
    text,
)

_EACH = 12  # more pairs than that aren't drawn one by one
_LISTED = 40  # nor listed
_RATE = "{}'s win rate, %"
_INTERVAL = "95\N{NO-BREAK SPACE}% interval"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of outcomes: what a row is, what a and b are called, and of each row its name, its label, its counts."""

    kind: str
    sides: tuple[str, str]
    rows: Sequence[tuple[str, Label, Mapping[str, int]]]


def comparisons(board: Board) -> Iterator[Chart]:
    """All that a board shows of its pairs, by kind of verdict."""
    for kind in board.kinds:
        pairs = [pair for pair in board.pairs if pair["kind"] == kind]
        id_ = f"{board.id}--{kind}"
        yield _outcomes(pairs, id_)
        yield from _ratios(pairs, id_, board)
        yield from _matrix(pairs, id_, _order(board, kind))
        yield from _pair_table(pairs, id_)


def outcome_chart(id_: str, title: str, sentence: str, shown: Rows) -> Chart:
    """Stacked bars of outcomes, and the table behind them."""
    used = [outcome for outcome in OUTCOMES if any(tally[outcome] for _, _, tally in shown.rows)]
    names = {outcome: outcome_name(outcome, *shown.sides) for outcome in used}
    series = {outcome: (label(name), [tally[outcome] for _, _, tally in shown.rows]) for outcome, name in names.items()}
    cells = tuple(
        (text(name), *(number(tally[outcome]) for outcome in used), number(sum(tally.values())))
        for name, _, tally in shown.rows
    )
    table = Table(title, head(shown.kind, *names.values(), "all", numbers=len(used) + 1), cells)
    drawn = charts.outcomes([one for _, one, _ in shown.rows], series)
    return Chart(id_, title, sentence, drawn, table, charts.outcome_keys(names))


def in_all(pairs: Sequence[Entry]) -> str | None:
    """The model that every pair has; of a single pair, the second, which is the candidate."""
    shared = set.intersection(*(set(pair["models"]) for pair in pairs))
    return next((model for model in reversed(pairs[0]["models"]) if model in shared), None)


def _outcomes(pairs: Sequence[Entry], id_: str) -> Chart:
    """The chart of the Vicuna blog; a model that is in every pair gives it its point of view."""
    focus = in_all(pairs)
    if focus is not None:
        return _from(focus, pairs, id_)
    if len(pairs) <= _EACH:
        rows = [(_versus(pair), charts.versus(*pair["models"]), entries.counts(pair)) for pair in pairs]
        shown, title = Rows("Pair", ("the first model", "the second model"), rows), "Won, tied and lost in each pair"
        return outcome_chart(f"{id_}--outcomes", title, "How many matches the second model won, tied and lost.", shown)
    tallies = _by_model(pairs)
    rows = [(model, label(model), tally) for model, tally in tallies.items()]
    shown = Rows("Model", ("another model", "the model"), rows)
    sentence = f"{called(rows[0][0])} won the largest share of its matches; all opponents of a model are put together."
    return outcome_chart(f"{id_}--outcomes", "Won, tied and lost against all others", sentence, shown)


def _from(focus: str, pairs: Sequence[Entry], id_: str) -> Chart:
    seen = [entries.seen_by(focus, pair) for pair in pairs]
    rows = [(pair["models"][0], label(f"vs. {pair['models'][0]}"), entries.counts(pair)) for pair in seen]
    other = rows[0][0] if len(rows) == 1 else "the other model"
    better, worse = (
        sum(captions.leader(pair) == pair["models"][place] for pair in seen)
        for place in (1, 0)
    )  # fmt: skip
    sure = f"better than {better} of them and worse than {worse} by more than chance would explain."
    sentence = f"How many matches {called(focus)} won, tied and lost"
    sentence = f"{sentence} against {'the' if len(rows) == 1 else 'each'} other model"
    sentence = f"{sentence}." if len(rows) == 1 else f"{sentence}: {sure}"
    title = f"{called(focus)} against {called(other) if len(rows) == 1 else 'each other model'}"
    return outcome_chart(f"{id_}--outcomes", title, sentence, Rows("Against", (other, focus), rows))


def _by_model(pairs: Sequence[Entry]) -> dict[str, Mapping[str, int]]:
    """Each model's outcomes against all others, with it as b; the largest share of points first."""
    found: dict[str, Counter[str]] = {}
    for pair in pairs:
        for one in (pair, entries.turned(pair)):
            found.setdefault(one["models"][1], Counter()).update(entries.counts(one))

    def points(tally: Mapping[str, int]) -> float:
        complete = sum(tally.values()) - tally["incomplete"]
        return (tally["b"] + (tally["tie"] + tally["inconsistent"]) / 2) / max(complete, 1)

    return dict(sorted(found.items(), key=lambda item: -points(item[1])))


def _ratios(pairs: Sequence[Entry], id_: str, board: Board) -> Iterator[Chart]:
    """Total scores against those of one model, or of the other one of each pair; with intervals."""
    scored = [pair for pair in pairs if pair["ratio"] is not None]
    if not scored:
        return
    focus = in_all(scored)
    best = board.ratings[0]["model"] if board.ratings else scored[0]["models"][0]
    base = focus or (best if len(scored) > _EACH else None)
    if base is not None:
        scored = [entries.turned(entries.seen_by(base, pair)) for pair in scored if base in pair["models"]]
    if base is not None and len(scored) == 1:
        scored, base = [pair for pair in pairs if pair["ratio"] is not None][:1], None
    yield _ratio_chart(f"{id_}--totals", scored, base)


def _ratio_chart(id_: str, scored: Sequence[Entry], base: str | None) -> Chart:
    ranked = sorted(scored, key=lambda pair: -pair["ratio"])
    names = [pair["models"][1] if base else _versus(entries.turned(pair)) for pair in ranked]
    labels = [label(pair["models"][1]) if base else charts.versus(*pair["models"][::-1]) for pair in ranked]
    rows = tuple(
        (
            text(name),
            *(number(total, 1) for total in pair["totals"][::-1]),
            number(100 * pair["ratio"], 2),
            entries.reach(pair["ratio_interval"], 100, 1),
        )
        for name, pair in zip(names, ranked, strict=True)
    )
    whose = f"{called(base)}'s" if base else "the other model's"
    title = f"Total score in per cent of {whose}"
    axis = Axis(f"total score, % of {whose}", 100, hover=".1f")
    ends = [pair["ratio_interval"] and [100 * end for end in pair["ratio_interval"]] for pair in ranked]
    drawn = charts.intervals(labels, [100 * pair["ratio"] for pair in ranked], ends, axis)
    columns = ("Total", f"Total of {called(base)}" if base else "Total of the other", "Ratio, %", _INTERVAL)
    best = entries.spoken(ranked[:1])[0]
    first = f"{best['models'][1]} has {entries.percent(best['ratio'])} of {best['models'][0]}'s total score"
    sentence = f"{first}{'' if len(ranked) == 1 else ', the highest'}. Right of the line: more than {whose}."
    return Chart(id_, title, sentence, drawn, Table(title, head("Model", *columns, numbers=4), rows))


def _order(board: Board, kind: str) -> list[str]:
    """Models by rating, or by their share of points where not all have one (a panel has none)."""
    entries_ = [entry for entry in board.ratings if entry["kind"] == kind]
    rated = [entry["model"] for entry in entries_ if entry["rating"] is not None]
    return (
        rated
        if rated and len(rated) == len(entries_)
        else list(_by_model([pair for pair in board.pairs if pair["kind"] == kind]))
    )


def _matrix(pairs: Sequence[Entry], id_: str, models: Sequence[str]) -> Iterator[Chart]:
    """Each model's win rate against each other, with a way to the page of the pair."""
    if len(models) < 3:
        return
    cells = {tuple(one["models"]): _rate_cell(one, pair) for pair in pairs for one in (pair, entries.turned(pair))}
    rows = tuple(
        (text(model), *(cells.get((other, model), Cell("", number=True)) for other in models)) for model in models
    )
    title = "Win rates, each model against each"
    told = spoken(pairs)
    known = sum(captions.leader(pair) is not None for pair in told)
    unsure = sum(pair["open"] for pair in told)
    sentence = (
        "The row's win rate against the column in per cent, ties and inconsistent matches as half."
        f" Blue: above 50; orange: below; bold: its interval leaves out 50, as in {known} of {len(pairs)} pairs."
    )
    if unsure:
        sentence += f" A question mark: the missing verdicts could turn that round ({unsure})."
    table = Table(title, head("", *models, numbers=len(models)), rows, "rate")
    yield Chart(f"{id_}--matrix", title, sentence, None, table, wide=True)


def _rate_cell(one: Entry, pair: Entry) -> Cell:
    if one["win_rate"] is None:
        return Cell(UNKNOWN, entries.address(pair), number=True)
    doubt = "?" if one["open"] else ""
    shown = f"{figure(100 * one['win_rate'])}{doubt}"
    sure = captions.leader(one) is not None and not one["open"]
    return Cell(shown, entries.address(pair), number=True, heat=round(10 * one["win_rate"]), strong=sure)


def _pair_table(pairs: Sequence[Entry], id_: str) -> Iterator[Chart]:
    if len(pairs) > _LISTED:
        return
    names = ("b's win rate, %", _INTERVAL, "b wins", "Ties", "a wins", "Inconsistent", "No verdict")
    rows = tuple(
        (
            text(_versus(pair), entries.address(pair), _remark(pair)),
            Cell(entries.share(pair["win_rate"]).text, number=True, strong=captions.leader(pair) is not None),
            entries.reach(pair["win_rate_interval"], 100, 1),
            number(pair["wins"][1]),
            number(pair["ties"]),
            number(pair["wins"][0]),
            number(pair["inconsistent"]),
            number(pair["incomplete"]),
        )
        for pair in pairs
    )
    table = Table("Each pair of models", head("Pair (a, b)", *names, numbers=len(names)), rows)
    yield Chart(f"{id_}--pairs", "Pairs", _known(pairs), None, table, wide=True)


def _known(pairs: Sequence[Entry]) -> str:
    if len(pairs) == 1:
        return " ".join(captions.of_pairs([pair for pair in spoken(pairs) if pair["win_rate"] is not None]))
    sure = sum(captions.leader(pair) is not None for pair in pairs)
    return f"In {sure} of {len(pairs)} pairs one model is better by more than chance would explain: those in bold."


def _remark(pair: Entry) -> str | None:
    """What a row of a pair has to add: its ratio of totals, that it is open, that a panel disagrees."""
    b, a = called(pair["models"][1]), called(pair["models"][0])
    ratio = f"{b} has {entries.percent(pair['ratio'])} of {a}'s total score" if pair["ratio"] is not None else None
    open_ = "open: the missing verdicts could turn it round" if pair["open"] else None
    apart = pair.get("disagreement")
    panel = f"the judges differ in {figure(100 * apart)} % of the matches" if apart is not None else None
    return "; ".join(filter(None, (ratio, open_, panel))) or None


def _versus(pair: Entry) -> str:
    return " vs. ".join(map(called, pair["models"]))
