"""A report as a tracker's run."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from judgebench.report.build import Report
from judgebench.report.formats import flat_rows, render
from judgebench.trackers import Run
from judgebench.trackers.naming import figure_name

# By table of the report: the columns that say what an entry is about, and those of its figures, as CSV has them.
_COMMON = ("question_set", "judge", "judges", "kind")
_TABLES = {
    "pairs": (
        (*_COMMON, "models_a", "models_b"),
        (
            *("win_rate", "win_rate_interval_low", "win_rate_interval_high", "ratio", "ratio_interval_low"),
            *("ratio_interval_high", "totals_a", "totals_b", "wins_a", "wins_b", "ties", "inconsistent", "questions"),
            *("reviews", "missing", "consistency", "length_controlled_win_rate", "style_controlled_win_rate"),
        ),
    ),
    "scores": (
        (*_COMMON, "model", "turn", "category"),
        ("mean", "interval_low", "interval_high", "n", "missing"),
    ),
    "ratings": ((*_COMMON, "method", "model"), ("rating", "interval_low", "interval_high", "rank")),
    "answers": (("question_set", "model"), ("answers", "failed", "empty", "cut", "missing")),
}


def logged(report: Report, about: Mapping[str, str], site: Mapping[str, Path]) -> Run:
    """The figures, what they rest on (with `about`), and all of it, with the site, in files."""
    judges = sorted({str(entry["judge"]) for entry in report["judges"]})
    return Run(
        name="report",
        figures=dict(_figures(report)),
        params={"judge": ", ".join(judges), **about},
        tags={"command": "report"},
        texts={"report.json": render(report, "json"), "report.md": render(report, "markdown")},
        paths={f"site/{name}": path for name, path in site.items()},
    )


def _figures(report: Report) -> Iterator[tuple[str, float]]:
    for table, (about, columns) in _TABLES.items():
        for row in flat_rows(report[table]):
            place = [_said(name, row[name]) for name in about if row.get(name) is not None]
            for column in columns:
                value = row.get(column)
                if isinstance(value, int | float):
                    yield figure_name(table, *place, column), value


def _said(column: str, value: object) -> str:
    return f"turn {value}" if column == "turn" else str(value)
