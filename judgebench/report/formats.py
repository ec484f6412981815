"""The report as text: aligned tables, Markdown, CSV and JSON."""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from judgebench.errors import UsageError, instead
from judgebench.report import markdown, screen
from judgebench.report.build import Report
from judgebench.report.table import Table
from judgebench.report.tables import notes, tables
from judgebench.terminal import printable

_UNLIMITED = sys.maxsize  # columns
_PAIRED = ("models", "totals", "wins", "rates")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(report: Report, form: str) -> str:
    """The report (or a plan) as `table`, `markdown`, `csv` or `json`."""
    return _FORMATS[form](report)


def render_one(report: Report, form: str, name: str, width: int = _UNLIMITED) -> str:
    """One of the report's tables, by its name; of `table` no wider than that. Not as `json`, which is whole."""
    found = [table for table in tables(report) if table.name == name]
    if not found and report.get(name) == []:
        raise UsageError(f"the table {name!r} is empty: {' '.join(notes(report)[-1:]) or 'nothing is known of it'}")
    if not found:
        raise UsageError(f"no table {name!r}; {instead(name, (table.name for table in tables(report)))}")
    if form == "json":
        raise UsageError("--table is about the formats table, markdown and csv: JSON is whole")
    if form == "csv":
        return _csv({_ENTRIES.get(name, name): report[_ENTRIES.get(name, name)]})
    return "\n\n".join(screen.fitted(table, width) if form == "table" else as_markdown(table) for table in found)


_ENTRIES = {"win-rates": "pairs", "turns": "turn_differences", "plan": "power"}  # what a table's rows are made of


def _table(report: Report) -> str:
    return screen.whole(report, _UNLIMITED)


def as_text(table: Table) -> str:
    """A table in columns, as wide as it is, with what it says under it."""
    return screen.fitted(table, _UNLIMITED)


def _markdown(report: Report) -> str:
    return "\n\n".join([*map(as_markdown, tables(report)), *map(markdown.plain, notes(report))])


def as_markdown(table: Table) -> str:
    """A table in Markdown, with what it says under it."""
    head, *rows = ([markdown.cell(cell) for cell in row] for row in (table.head, *table.rows))
    said = (f"\n{markdown.plain(sentence)}" for sentence in table.says)
    return "\n".join([f"### {markdown.cell(table.title)}\n", markdown.table(head, rows), *said])


def _csv(report: Report) -> str:
    """The entries with their unrounded figures, one table after the other."""
    parts = (entries for name, entries in report.items() if entries and name not in _NOT_IN_CSV)
    return "\n".join(_csv_table([row for entry in entries for row in _rows(entry)]) for entries in parts)


_NOT_IN_CSV = ("win_matrix", "notes", "imports")


def _rows(entry: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """The entry as rows: a plan has one for each difference."""
    needed = entry.get("needed")
    if not isinstance(needed, list):
        yield entry
        return
    rest = {key: value for key, value in entry.items() if key != "needed"}
    yield from ({**rest, **{f"needed_{key}": value for key, value in need.items()}} for need in needed)


def _csv_table(entries: Sequence[Mapping[str, object]]) -> str:
    out, rows = io.StringIO(), flat_rows(entries)
    writer = csv.DictWriter(out, list(dict.fromkeys(key for row in rows for key in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _value(value) for key, value in row.items()} for row in rows)
    return out.getvalue()


def flat_rows(entries: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """The entries as rows of plain cells."""
    return [dict(_flat(entry)) for entry in entries]


def _value(value: object) -> object:
    """A cell without what a terminal obeys."""
    cell = no_formula(value)
    return printable(cell) if isinstance(cell, str) else cell


def no_formula(value: object) -> object:
    """A cell; a text that a spreadsheet would take for a formula gets an apostrophe before it, as it shows texts."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _flat(entry: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Fields as columns: a pair's two values become KEY_a and KEY_b, an interval KEY_low and KEY_high."""
    for key, value in entry.items():
        name = prefix + key
        if isinstance(value, dict):
            yield from _flat(value, f"{name}_")
        elif key in _PAIRED:
            yield from zip((f"{name}_a", f"{name}_b"), value or (None, None), strict=True)  # type: ignore[call-overload]
        elif key.endswith(("interval", "bounds", "range", "bootstrap")):
            yield from zip((f"{name}_low", f"{name}_high"), value or (None, None), strict=True)  # type: ignore[call-overload]
        else:
            yield name, "; ".join(map(_item, value)) if isinstance(value, list) else value


def _item(value: object) -> str:
    """An item of a list in one cell; of a distribution FROM..TO: NUMBER."""
    return f"{value[0]:g}..{value[1]:g}: {value[2]}" if isinstance(value, list) else str(value)


def _json(report: Report) -> str:
    """What a terminal would obey is written by its number, which says the same."""
    text = json.dumps(report, ensure_ascii=False, indent=2, allow_nan=False)
    return "".join(c if c.isprintable() or c in "\n " else json.dumps(c)[1:-1] for c in text)


_FORMATS: Mapping[str, Callable[[Report], str]] = {
    "table": _table,
    "markdown": _markdown,
    "csv": _csv,
    "json": _json,
}
FORMATS = tuple(_FORMATS)
