"""The report on a terminal: what matters first, and tables that fit its width; pure."""

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from judgebench.report import captions, rubrics, slices
from judgebench.report.captions import number, percent, with_interval
from judgebench.report.table import Row, Table, judge_of
from judgebench.report.tables import notes, rank, rate, tables
from judgebench.terminal import printable, shortened, width_of

Report = Mapping[str, Any]
Entry = Mapping[str, Any]
COLUMNS = 100  # of a wide terminal, and of what is none
MODELS, BOARDS = 8, 4  # so many are shown one by one
FEW = 3  # rows that stand side by side, a line for each of their figures, where a table is too wide
CRITERIA = 10  # rows of a table about rubrics
_GAP = 2
_LEAST = 12  # columns that a name keeps


def whole(report: Report, width: int) -> str:
    """All tables of a report, and what a reader has to know, in lines of this width."""
    return "\n\n".join([fitted(table, width) for table in tables(report)] + list(_wrapped(notes(report), width)))


def first(report: Report, width: int) -> str:
    """Who is better, by how much and how sure, for each question set and judge; then what a reader has to know."""
    boards = list(dict.fromkeys(_board(entry) for entry in [*report["pairs"], *report["scores"]]))
    graded = [replace(table, rows=table.rows[:CRITERIA]) for table in rubrics.tables(report) if table.rows]
    blocks = [fitted(table, width) for table in graded[: 3 * BOARDS]]
    blocks += ["\n".join(_block(report, board, width)) for board in boards[:BOARDS]]
    blocks += [fitted(table, width) for table in slices.tables(report.get("slices", ()))]
    if len(boards) > BOARDS:
        more = "; ".join(f"{questions} by {judge}" for questions, judge in boards[BOARDS:])
        blocks.append(_filled(f"More with --questions and --judge: {more}.", width))
    names = dict.fromkeys(table.name for table in tables(report))
    blocks += _wrapped(notes(report), width)
    return "\n\n".join([*blocks, _filled(f"All figures: --full. One table: --table {', '.join(names)}.", width)])


def fitted(table: Table, width: int) -> str:
    """A table in columns no wider than that, with what it says under it.

    What is the same in all rows stands in the title. Of few rows each figure then has a line; of many, columns are
    shown a few at a time, and names are shortened.
    """
    head, rows = [printable(cell) for cell in table.head], [[printable(cell) for cell in row] for row in table.rows]
    title = printable(table.title)
    lines: list[Row] = [head, *rows]
    pad = _pad
    if _wide(lines) > width:
        same = [
            place
            for place in range(table.keys)
            if head[place] and len(rows) > 1 and len({row[place] for row in rows}) == 1
        ]
        title += "".join(f", {head[place]} {rows[0][place]}" for place in same)
        lines = [[cell for place, cell in enumerate(line) if place not in same] for line in lines]
        keys = table.keys - len(same)
        parts, pad = ([_turned(lines)], _left) if len(rows) <= FEW else (list(_chunks(lines, keys, width)), _pad)
    else:
        parts = [lines]
    shown = ["\n".join(_aligned(_narrowed(part, width), pad)) for part in parts]
    return "\n".join([_filled(title, width), "\n\n".join(shown), *_wrapped(map(printable, table.says), width)])


# ---- what matters first ----------------------------------------------------------------------------------------


def _board(entry: Entry) -> tuple[str, str]:
    return entry["question_set"], judge_of(entry)


def _block(report: Report, board: tuple[str, str], width: int) -> Iterator[str]:
    """What one judge says on one question set."""
    pairs = [pair for pair in report["pairs"] if _board(pair) == board]
    scores = [one for one in report["scores"] if _board(one) == board and not (one["turn"] or one["category"])]
    ratings = [one for one in report["ratings"] if _board(one) == board and one["rating"] is not None]
    questions = max([pair["questions"] for pair in pairs] + [one["n"] for one in scores])
    yield _filled(f"{board[0]}, judged by {board[1]}: {captions.counted(questions, 'question', 'questions')}", width)
    indented = width - _GAP
    found = list(_duel(pairs[0], scores, indented)) if len(pairs) == 1 else list(_ranking(ratings, scores, indented))
    if pairs and not found:
        found = _wrapped(captions.of_pairs(pairs), indented)
    health = [one for one in report["judges"] if _board(one) == board and one["pairwise"]]
    found += _wrapped(captions.of_judges(health), indented) if health else []
    yield from textwrap.indent("\n".join(found), " " * _GAP).splitlines()


def _duel(pair: Entry, scores: Sequence[Entry], width: int) -> Iterator[str]:
    """Who is the better of two, and by how much by each measure."""
    a, b = pair["models"]
    better = captions.leader(pair)
    other = b if better == a else a
    yield from _wrapped(
        [f"{better} is better than {other}." if better and not pair["open"] else _undecided(pair)], width
    )
    yield from _wrapped([captions.outcomes(pair)], width)
    means = {entry["model"]: with_interval(number(entry["mean"]), entry["interval"]) for entry in scores}
    told = [
        (f"{b}'s win rate", rate(pair, "win_rate")),
        ("  at equal length", rate(pair, "length_controlled_win_rate")),
        (f"  total score, of {a}'s", with_interval(percent(pair["ratio"]), pair["ratio_interval"], 100, 1)),
        *((f"mean score of {model}", means[model]) for model in (a, b) if model in means),
    ]
    yield from _aligned(_narrowed([row for row in told if row[1] != "-"], width), _left)


def _undecided(pair: Entry) -> str:
    a, b = pair["models"]
    if pair["open"]:
        return f"Open: the missing verdicts could turn round which of {a} and {b} is better."
    return f"Open: these questions don't tell which of {a} and {b} is better."


def _ranking(ratings: Sequence[Entry], scores: Sequence[Entry], width: int) -> Iterator[str]:
    """The models by rating, or by mean score where there is none."""
    means = {entry["model"]: entry for entry in scores}
    rated = {entry["model"]: entry for entry in ratings}
    order = list(rated) or sorted(means, key=lambda model: -(means[model]["mean"] or 0))
    columns = {
        "rank": [rank(rated.get(model)) for model in order],
        "model": order,
        "rating": [_of(rated.get(model), "rating", 0) for model in order],
        "mean score": [_of(means.get(model), "mean", 2) for model in order],
    }
    shown = {name: cells[:MODELS] for name, cells in columns.items() if set(cells) - {"-"}}
    if not order:
        return
    yield from _aligned(_narrowed([list(shown), *map(list, zip(*shown.values(), strict=True))], width), _pad)
    if len(order) > MODELS:
        yield f"... and {len(order) - MODELS} more"


def _of(entry: Entry | None, name: str, digits: int) -> str:
    return "-" if entry is None else with_interval(number(entry[name], digits), entry["interval"], 1, digits)


# ---- lines that fit --------------------------------------------------------------------------------------------


def _filled(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(printable(text), width, break_on_hyphens=False)) or ""


def _wrapped(sentences: Iterable[str], width: int) -> list[str]:
    return [_filled(sentence, width) for sentence in sentences if sentence]


def _wide(lines: Sequence[Row]) -> int:
    widths = _widths(lines)
    return sum(widths) + _GAP * (len(widths) - 1)


def _widths(lines: Sequence[Row]) -> list[int]:
    return [max(width_of(str(cell)) for cell in column) for column in zip(*lines, strict=True)]


def _turned(lines: Sequence[Row]) -> list[Row]:
    """Columns as lines."""
    return [list(column) for column in zip(*lines, strict=True)]


def _chunks(lines: Sequence[Row], keys: int, width: int) -> Iterator[list[Row]]:
    """As many columns at a time as fit beside those that name a row."""
    start = keys = min(keys, len(lines[0]) - 1)
    while start < len(lines[0]):
        end = start + 1
        while end < len(lines[0]) and _wide(_narrowed(_picked(lines, keys, start, end + 1), width)) <= width:
            end += 1
        yield _picked(lines, keys, start, end)
        start = end


def _picked(lines: Sequence[Row], keys: int, start: int, end: int) -> list[Row]:
    return [[*line[:keys], *line[start:end]] for line in lines]


def _narrowed(lines: Sequence[Row], width: int) -> list[Row]:
    """The lines with the longest cells shortened in the middle until they fit, as far as names stay names."""
    widths = _widths(lines)
    while sum(widths) + _GAP * (len(widths) - 1) > width and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1
    return [[shortened(str(cell), most) for cell, most in zip(line, widths, strict=True)] for line in lines]


def _aligned(lines: Sequence[Row], pad: Callable[[str, int], str]) -> list[str]:
    widths = _widths(lines)
    return [(" " * _GAP).join(map(pad, map(str, line), widths)).rstrip() for line in lines]


def _pad(cell: str, width: int) -> str:
    """A number to the right, a text to the left."""
    return " " * (width - width_of(cell)) + cell if cell[:1].isdigit() or cell == "-" else _left(cell, width)


def _left(cell: str, width: int) -> str:
    return cell + " " * (width - width_of(cell))
