"""The report as text, for people and for programs."""

import csv
import io
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from report.reviewing import choice, everything, grade, workspace_at

from judgebench import report
from judgebench.report.planning import build_plan

JOINER = "\u2060"  # shows nothing, and keeps GitHub from making a link of what it stands in
ENDS = ("_low", "_high")
HOSTILE = "\x1b[2J\x07m|\\|\u202e\n\r# <b>"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> report.Report:
    """The report on a workspace that has something of everything."""
    return report.build(everything(tmp_path_factory.mktemp("w")), report.Options(own={"j": {"new"}}))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> report.Report:
    """A report on models, a judge and a snapshot whose names would like to be more than text."""
    about = {"judge": HOSTILE + "j"}
    rows = [choice(n, "A" if n % 3 else "B", HOSTILE + "a", HOSTILE + "b", **about) for n in range(1, 5)]
    rows += [choice(n, "A", HOSTILE + "a", HOSTILE + "c", **about, served_by=f"{HOSTILE}{n}") for n in range(1, 5)]
    rows += [grade(n, 5 + n, HOSTILE + m, judge=judge) for n in (1, 2) for m in "ab" for judge in (HOSTILE + "j", "k")]
    return report.build(workspace_at(tmp_path_factory.mktemp("h"), rows))


def blocks(text: str) -> list[list[dict[str, str]]]:
    """The tables of a CSV report, a list of rows each."""
    return [list(csv.DictReader(io.StringIO(block))) for block in text.split("\n\n")]


def test_json_is_the_report_and_has_no_nan(built: report.Report) -> None:
    """What json.loads gives back is the report itself: nothing in it needed a conversion."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    assert json.loads(report.render(built, "json"), parse_constant=refuse) == built


def test_no_entry_holds_a_number_that_is_none(built: report.Report) -> None:
    """What is unknown is None: never NaN, infinite, or a numpy scalar."""

    def check(value: Any) -> None:
        if isinstance(value, dict):
            assert all(type(key) is str for key in value)
            list(map(check, value.values()))
        elif isinstance(value, list):
            list(map(check, value))
        else:
            assert type(value) in (str, int, float, bool, type(None)), value
            assert not (isinstance(value, float) and not math.isfinite(value))

    check(built)


def test_csv_has_one_column_for_each_end_of_an_interval(built: report.Report) -> None:
    """And no cell that holds a list of two numbers."""
    for rows in blocks(report.render(built, "csv")):
        names = list(rows[0])
        assert len(set(names)) == len(names)
        lows, highs = ({name.removesuffix(end) for name in names if name.endswith(end)} for end in ENDS)
        assert lows == highs
        assert not [name for name in names if name.endswith(("interval", "bounds", "range", "bootstrap"))]
        assert not [cell for row in rows for cell in row.values() if cell and cell.startswith(("[", "{"))]


def test_csv_figures_are_unrounded(built: report.Report) -> None:
    """Each is what JSON has."""
    pairs = blocks(report.render(built, "csv"))[0]
    for row, entry in zip(pairs, built["pairs"], strict=True):
        assert [row["models_a"], row["models_b"]] == entry["models"]
        assert row["win_rate"] == ("" if entry["win_rate"] is None else repr(entry["win_rate"]))
        assert row["win_rate_interval_low"] == repr(entry["win_rate_interval"][0])


def test_csv_of_a_plan_has_a_column_for_each_figure(tmp_path: Path) -> None:
    """No cell holds a Python dict."""
    plan = build_plan(everything(tmp_path), report.Options())
    for rows in blocks(report.render(plan, "csv")):
        assert not [cell for row in rows for cell in row.values() if cell and "{" in cell]


def cells(text: str) -> list[list[int]]:
    """How many cells the rows of each Markdown table have, as a renderer sees it."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    found: list[list[int]] = []
    for token in tokens:
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append(0)
        elif token.type in ("td_open", "th_open"):
            found[-1][-1] += 1
    return found


def test_markdown_rows_have_as_many_cells_as_their_head(built: report.Report) -> None:
    """Every table is one, with all of its rows."""
    found = cells(report.render(built, "markdown"))
    assert [len(rows) - 1 for rows in found] == [len(table.rows) for table in report.tables(built)]
    assert all(len(set(rows)) == 1 for rows in found)


def test_bars_in_names_make_no_cells(hostile: report.Report) -> None:
    """A renderer drops surplus cells, so the lines themselves are counted: bars that no backslash escapes."""
    lines = [line for line in report.render(hostile, "markdown").splitlines() if line.startswith("|")]
    assert len(lines) == sum(len(table.rows) + 2 for table in report.tables(hostile))
    bars = iter(lines)
    for table in report.tables(hostile):
        for _ in range(len(table.rows) + 2):
            assert len(re.findall(r"(?<!\\)\|", next(bars))) == len(table.head) + 1


@pytest.mark.parametrize("form", report.FORMATS)
def test_no_format_holds_what_a_terminal_obeys(hostile: report.Report, form: str) -> None:
    """Neither do files that are looked at on one; JSON says the same by number."""
    text = report.render(hostile, form)
    assert [c for c in text if not c.isprintable() and c not in ("\n", JOINER)] == []
    if form == "json":
        assert json.loads(text) == hostile


LOADED = [
    "<img src=https://x.invalid/a.png>",
    "![a](https://x.invalid/a.png)",
    "[a](https://x.invalid)",
    "`<b>`",
    "&lt;",
]


@pytest.mark.parametrize("name", [*LOADED, "https://x.invalid", "_a_ *b*", "@somebody", "# a", "- a", "1. a"])
def test_a_name_in_markdown_is_its_letters(tmp_path: Path, name: str) -> None:
    """No image, link, HTML or emphasis comes of it, and a page that renders it loads nothing."""
    built = report.build(workspace_at(tmp_path, [choice(n, "A", name, "base", judge=name) for n in range(1, 5)]))
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(report.render(built, "markdown"))
    inline = [inner for token in tokens for inner in token.children or ()]
    assert {token.type for token in inline} <= {"text", "softbreak", "text_special"}
    assert {token.type.partition("_")[0] for token in tokens} <= {
        *("heading", "inline", "paragraph", "table"),
        *"t",
    } | {*("thead", "tbody", "tr", "th", "td")}
    shown = "".join(token.content for token in inline).replace(JOINER, "")
    assert name in shown


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_spreadsheet_takes_a_name_for_a_formula(tmp_path: Path, start: str) -> None:
    """It is text, with an apostrophe before it; numbers below zero stay numbers."""
    name = f"{start}HYPERLINK(1)"
    built = report.build(workspace_at(tmp_path, [choice(n, "A", name, "base") for n in range(1, 5)]))
    cells = [cell for block in blocks(report.render(built, "csv")) for row in block for cell in row.values() if cell]
    assert f"'{name}" in cells
    starting = [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert all(map(float, starting)) or not starting


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_hostile_names_are_inert(hostile: report.Report, form: str) -> None:
    """In cells, titles, sentences and notes: shown, not obeyed."""
    text = report.render(hostile, form)
    assert "The judge changed" in text
    assert [c for c in text if not c.isprintable() and c not in ("\n", JOINER)] == []
    assert [line for line in text.splitlines() if line.startswith("# <b>")] == []


def test_every_table_has_a_sentence(built: report.Report, hostile: report.Report, tmp_path: Path) -> None:
    """Also where no review has a verdict."""
    failed = report.build(workspace_at(tmp_path, [choice(1, None), choice(2, None), grade(1, None), grade(2, None)]))
    for one in (built, hostile, failed):
        for table in report.tables(one):
            assert [sentence for sentence in table.says if sentence], table.title
            assert all(sentence.endswith(".") for sentence in table.says)
            assert all(len(row) == len(table.head) for row in table.rows)


def test_columns_of_the_table_stand_below_one_another(built: report.Report) -> None:
    """Every row of a table is as wide as its columns say."""
    table = next(table for table in report.tables(built) if table.title == "Pairs")
    lines = report.render(built, "table").splitlines()[1 : len(table.rows) + 2]
    assert len(lines) == len(table.rows) + 1
    assert len({re.sub(r"\S.*", "", line[line.index("base") :]) for line in lines[1:] if "base" in line}) == 1
