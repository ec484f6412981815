"""What single scores look like: by category, by turn, and how they spread."""

from collections.abc import Iterator, Mapping, Sequence

from judgebench.report import captions
from judgebench.site import entries
from judgebench.site.boards import Board
from judgebench.site.drawing import charts
from judgebench.site.drawing.charts import Axis, label
from judgebench.site.entries import Entry, Scale, spoken
from judgebench.site.views import Cell, Chart, Table, called, figure, head, number, short, text

_SHADES = 10
_MANY = 0.2  # a larger share of scores at the top is told
_COLUMNS = 21  # of a table of scores, at most
Means = Mapping[tuple[str, str | None], Entry]


def categories(board: Board) -> Iterator[Chart]:
    """Mean scores by category: lines around a circle for a few models, a shaded table for more."""
    means = {(one["model"], one["category"]): one for one in board.scores if one["turn"] is None}
    names = [name for name in dict.fromkeys(category for _, category in means) if name]
    if len(names) < 2:
        return
    models = [entry["model"] for entry in board.ranked]
    circle = len(models) <= charts.MOST_LINES and len(names) > 2
    known = [entry["mean"] for entry in means.values() if entry["mean"] is not None]
    span = (min(known, default=0.0), max(known, default=1.0))  # so that what differs is seen to
    rows = tuple(
        (text(model), *(_field(means.get((model, name)), span) for name in (None, *names))) for model in models
    )
    title = "Mean score in each category"
    table = Table(title, head("Model", "all", *names, numbers=len(names) + 1), rows)
    id_, sentence = f"{board.id}--categories", f"{_weakest(means, models[0], names)} {_how(circle)}"
    figure_ = _radar(means, models, names, board.scale) if circle else None
    keys = charts.line_keys(models) if circle else ()
    yield Chart(id_, title, sentence, figure_, table, keys, not circle)


def _how(circle: bool) -> str:
    return (
        "A line for each model; further out is better."
        if circle
        else "A row for each model, the best first; the darker, the higher. The saved table has the intervals."
    )


def _radar(means: Means, models: Sequence[str], names: Sequence[str], scale: Scale) -> charts.Figure:
    values = [[_mean(means.get((model, name))) for name in names] for model in models]
    series = [(label(model), found) for model, found in zip(models, values, strict=True)]
    return charts.radar([label(name) for name in names], series, scale)


def _mean(entry: Entry | None) -> float | None:
    return entry["mean"] if entry else None


def _field(entry: Entry | None, scale: Scale) -> Cell:
    if entry is None or entry["mean"] is None:
        return number(None)
    low, high = scale
    shade = round(_SHADES * (entry["mean"] - low) / ((high - low) or 1))
    ends = entries.reach(entry["interval"]).ends
    said = captions.with_interval(figure(entry["mean"], 2), entry["interval"])
    return Cell(figure(entry["mean"], 2), number=True, heat=shade, ends=ends, title=f"{said}, {entry['n']} scores")


def _weakest(means: Means, model: str, names: Sequence[str]) -> str:
    """Where the best model is weakest and strongest."""
    known = sorted((means[model, name]["mean"], name) for name in names if _mean(means.get((model, name))) is not None)
    if len(known) < 2 or known[0][0] == known[-1][0]:
        return ""
    (low, worst), (high, best) = known[0], known[-1]
    return f"{called(model)} does best in {called(best)} ({high:.2f}) and worst in {called(worst)} ({low:.2f})."


def turns(board: Board) -> Iterator[Chart]:
    """How each later turn's mean differs from the first turn's, the largest drop first."""
    changed = sorted(board.turn_differences, key=lambda entry: entry["difference"])
    if not changed:
        return
    several = len({entry["turn"] for entry in changed}) > 1
    names = [f"{entry['model']}, turn {entry['turn']}" if several else entry["model"] for entry in changed]
    rows = tuple(
        (
            text(name),
            number(entry["first"], 2),
            number(entry["mean"], 2),
            Cell(captions.number(entry["difference"]).replace("-", "\N{MINUS SIGN}"), number=True),
            entries.reach(entry["interval"]),
        )
        for name, entry in zip(names, changed, strict=True)
    )
    columns = ("Turn 1", "Later turn", "Difference", "95\N{NO-BREAK SPACE}% interval")
    title = "Later turns against the first"
    sentence = f"{' '.join(captions.of_turns(spoken(changed)))} Left of the line: worse than in the first turn."
    values = [entry["difference"] for entry in changed]
    axis = Axis("later turn less first turn, points", 0)
    drawn = charts.intervals([label(name) for name in names], values, [one["interval"] for one in changed], axis)
    yield Chart(f"{board.id}--turns", title, sentence, drawn, Table(title, head("Model", *columns, numbers=4), rows))


def distribution(board: Board) -> Iterator[Chart]:
    """How the scores spread over the scale, all models together and each by itself."""
    single = board.health["single"] if board.health else None
    if not single or not single["counts"]:
        return
    bins = [short(low) if low == high else f"{short(low)} to {short(high)}" for low, high, _ in single["counts"]]
    counts = [count for _, _, count in single["counts"]]
    title = "How the scores spread"
    yield Chart(
        f"{board.id}--scores",
        title,
        _spread(board),
        charts.histogram([label(name) for name in bins], counts, "score"),
        Table(title, head("Score", "Scores", "Share, %", numbers=2), tuple(_bin_rows(bins, counts))),
    )
    yield from _by_model(board)


def _bin_rows(bins: Sequence[str], counts: Sequence[int]) -> Iterator[tuple[Cell, ...]]:
    whole = sum(counts)
    for name, count in zip(bins, counts, strict=True):
        yield text(name), number(count), entries.share(count / whole)


def _spread(board: Board) -> str:
    single = board.health["single"] if board.health else {}
    common = single["commonest"]
    value = short(single["commonest_value"])
    told = f"{figure(100 * common['value'])} % of the scores are {value}, the most common one."
    top = single["ceiling"]
    if top and single["commonest_value"] >= board.scale[1]:
        return f"{told} It is the top of the scale, where better answers can't be told apart."
    if top and top["value"] > _MANY:
        told += f" {figure(100 * top['value'])} % are at the top of the scale, where answers can't be told apart."
    return told


def _by_model(board: Board) -> Iterator[Chart]:
    """Each model's shares of the scores, rounded to whole points where they are many."""
    tally = board.tally.scores if board.tally else {}
    values = sorted({round(value) for scores in tally.values() for value in scores})
    if len(tally) < 2 or not 1 < len(values) <= _COLUMNS:
        return
    rows = []
    for entry in board.ranked:
        scores: Mapping[float, int] = tally.get(entry["model"], {})
        whole = sum(scores.values())
        found = {value: sum(n for score, n in scores.items() if round(score) == value) for value in values}
        rows.append((text(entry["model"]), *(_portion(found[value], whole) for value in values)))
    title = "How each model's scores spread"
    sentence = "The share of each score in per cent, rounded to whole points; the darker, the more often."
    table = Table(title, head("Model", *map(str, values), numbers=len(values)), tuple(rows))
    yield Chart(f"{board.id}--spread", title, sentence, None, table, wide=True)


def _portion(count: int, whole: int) -> Cell:
    if not count:
        return Cell("0", number=True, heat=0)
    share = count / whole
    return Cell(figure(100 * share), number=True, heat=min(_SHADES, round(1.5 * _SHADES * share)))
