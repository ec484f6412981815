"""The report: what the reviews of a workspace add up to, as data and as text."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from judgebench.errors import UsageError
from judgebench.statistics import summary
from judgebench.statistics.frames import Categories, matches_frame, scores_frame
from judgebench.workspace import Workspace

Report = dict[str, Any]
Row = Sequence[object]


def categories(workspace: Workspace) -> Categories:
    """The category of each question of the workspace."""
    return {(found.name, q.id): q.category for found in workspace.question_sets() for q in found.questions}


def build(workspace: Workspace, question_set: str | None = None, judge: str | None = None) -> Report:
    """The report as the JSON interface has it: {"pairs": [...], "scores": [...]}; see `statistics.summary`.

    Raises UsageError where there are no such reviews.
    """
    reviews = [row for row in workspace.all_reviews(question_set) if judge in (None, row.judge)]
    if not reviews:
        raise UsageError("no reviews to report on: make some with `judgebench review`, or import some")
    known = categories(workspace)
    return {
        "pairs": summary.pairs(matches_frame(reviews, known)),
        "scores": summary.scores(scores_frame(reviews, known)),
    }


def render(report: Report, form: str) -> str:
    """The report as `table`, `markdown`, `csv` or `json`."""
    return _FORMATS[form](report)


def pair_rows(report: Report) -> tuple[list[str], list[Row]]:
    """Head and rows of the table of pairs, as people read it."""
    head = ["question set", "judge", "verdicts", "a", "b", "totals a/b", "b/a", "b wins-ties-losses"]
    return [*head, "inconsistent", "reviews", "missing"], [_pair_row(pair) for pair in report["pairs"]]


def _pair_row(pair: Mapping[str, Any]) -> Row:
    totals = "/".join(f"{total:.1f}" for total in pair["totals"]) if pair["totals"] else "-"
    ratio = "-" if pair["ratio"] is None else f"{100 * pair['ratio']:.2f} %"
    outcomes = f"{pair['wins'][1]}-{pair['ties']}-{pair['wins'][0]}"
    about = (pair["question_set"], pair["judge"], pair["kind"], *pair["models"])
    return (*about, totals, ratio, outcomes, pair["inconsistent"], pair["reviews"], pair["missing"])


def score_rows(report: Report) -> tuple[list[str], list[Row]]:
    """Head and rows of the table of mean scores, as people read it: a column per model, missing reviews in brackets."""
    models = list(dict.fromkeys(entry["model"] for entry in report["scores"]))
    grouped: dict[tuple[str, ...], dict[str, str]] = {}
    for entry in _without_lone_turns(report["scores"]):
        about = (entry["question_set"], entry["judge"], entry["category"] or "all", str(entry["turn"] or "all"))
        grouped.setdefault(about, {})[entry["model"]] = _mean(entry)
    rows: list[Row] = [(*about, *(means.get(model, "-") for model in models)) for about, means in grouped.items()]
    return ["question set", "judge", "category", "turn", *models], rows


def _without_lone_turns(scores: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The entries without those of turn 1 where a set has no other turn: they repeat the ones over all turns."""
    several = {entry["question_set"] for entry in scores if (entry["turn"] or 1) > 1}
    return [entry for entry in scores if entry["turn"] is None or entry["question_set"] in several]


def _mean(entry: Mapping[str, Any]) -> str:
    mean = "-" if entry["mean"] is None else f"{entry['mean']:.2f}"
    return f"{mean} ({entry['missing']} missing)" if entry["missing"] else mean


def _titled(report: Report) -> list[tuple[str, list[str], list[Row]]]:
    tables = [("Pairs", *pair_rows(report)), ("Mean scores", *score_rows(report))]
    return [(title, head, rows) for title, head, rows in tables if rows]


def _table(report: Report) -> str:
    return "\n\n".join(f"{title}\n{_aligned(head, rows)}" for title, head, rows in _titled(report))


def _aligned(head: Row, rows: Sequence[Row]) -> str:
    cells = [[printable(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(_pad, row, widths)).rstrip() for row in cells)


def _pad(cell: str, width: int) -> str:
    return cell.rjust(width) if cell[:1].isdigit() or cell == "-" else cell.ljust(width)


def _markdown(report: Report) -> str:
    return "\n\n".join(
        "\n".join([f"### {title}", "", _line(head), _line(["---"] * len(head)), *map(_line, rows)])
        for title, head, rows in _titled(report)
    )


def _line(cells: Row) -> str:
    return "| " + " | ".join(printable(cell).replace("|", "\\|") for cell in cells) + " |"


def _csv(report: Report) -> str:
    """The entries with their unrounded figures, the two tables one after the other."""
    return "\n".join(_csv_table(entries) for entries in report.values() if entries)


def _csv_table(entries: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(key for key, value in _flat(entries[0]))
    writer.writerows([value for _, value in _flat(entry)] for entry in entries)
    return out.getvalue()


def _flat(entry: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Fields as columns: a pair's two values become KEY_a and KEY_b."""
    for key, value in entry.items():
        if key in ("models", "totals", "wins"):
            yield from zip((f"{key}_a", f"{key}_b"), value or (None, None), strict=True)
        else:
            yield key, value


def _json(report: Report) -> str:
    return json.dumps(report, ensure_ascii=False, indent=2, allow_nan=False)


_FORMATS: Mapping[str, Callable[[Report], str]] = {
    "table": _table,
    "markdown": _markdown,
    "csv": _csv,
    "json": _json,
}
FORMATS = tuple(_FORMATS)


def printable(value: object) -> str:
    """Text for a terminal: control characters, which could carry escape sequences, become visible."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in str(value))
