"""The report: what the reviews of a workspace add up to, as data and as text."""

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from judgebench import checkers, embedded
from judgebench.errors import UsageError
from judgebench.loading import load_reviews
from judgebench.statistics import summary
from judgebench.statistics.frames import matches_frame, scores_frame
from judgebench.terminal import printable
from judgebench.workspace import Workspace

Report = dict[str, Any]
Row = Sequence[object]
_COUNTED = {"one_order": "were judged in one order only", "repeat_flips": "came out differently when repeated"}
_NO_PANEL = (checkers.NAME,)


@dataclass(frozen=True, slots=True)
class Table:
    """A table for people: cells as they are shown."""

    title: str
    head: Row
    rows: Sequence[Row]


def build(workspace: Workspace, question_set: str | None = None, judge: str | None = None) -> Report:
    """The report as the JSON interface has it: {"pairs": [...], "scores": [...], "notes": [...]}.

    See `statistics.summary`; entries of a panel stand after those of its judges. Raises UsageError where there are no
    such reviews.
    """
    reviews = load_reviews(workspace, question_set, judge)
    if reviews.empty:
        raise UsageError("no reviews to report on: make some with `judgebench review`, or import some")
    matches, scores = matches_frame(reviews), scores_frame(reviews)
    return {
        "pairs": summary.pairs(matches) + summary.pair_panels_of(matches, _NO_PANEL),
        "scores": summary.scores(scores) + summary.score_panels_of(scores, _NO_PANEL),
        "notes": snapshots(reviews),
    }


def snapshots(reviews: pd.DataFrame) -> list[dict[str, Any]]:
    """A note for each judge and set whose reviews were made by more than one snapshot of the judge, with counts."""
    tables = reviews.groupby(["question_set", "judge"], sort=False, observed=True)["served_by"]
    counts = {
        place: found[found > 0].to_dict()
        for place, found in ((key, part.value_counts(sort=False)) for key, part in tables)
    }
    return [
        {"kind": "snapshots", "question_set": place[0], "judge": place[1], "counts": found}
        for place, found in counts.items()
        if len(found) > 1
    ]


def render(report: Report, form: str) -> str:
    """The report as `table`, `markdown`, `csv` or `json`."""
    return _FORMATS[form](report)


def tables(report: Report) -> list[Table]:
    """The report as people read it: the pairs, then per question set and judge a leaderboard of mean scores."""
    boards = dict.fromkeys((entry["question_set"], _judge(entry)) for entry in report["scores"])
    found = [_pairs_table(report["pairs"]), *(_leaderboard(report["scores"], *board) for board in boards)]
    return [table for table in found if table.rows]


def _pairs_table(pairs: Sequence[Mapping[str, Any]]) -> Table:
    head = ("question set", "judge", "verdicts", "a", "b", "totals a/b", "b/a", "b wins-ties-losses")
    rows = [_pair_row(pair) for pair in pairs]
    return Table("Pairs", (*head, "inconsistent", "reviews", "missing"), rows)


def _pair_row(pair: Mapping[str, Any]) -> Row:
    totals = "/".join(f"{total:.1f}" for total in pair["totals"]) if pair["totals"] else "-"
    ratio = "-" if pair["ratio"] is None else f"{100 * pair['ratio']:.2f} %"
    outcomes = f"{pair['wins'][1]}-{pair['ties']}-{pair['wins'][0]}"
    about = (pair["question_set"], _judge(pair), pair["kind"], *pair["models"])
    return (*about, totals, ratio, outcomes, pair["inconsistent"], pair["reviews"], pair["missing"])


def _leaderboard(scores: Sequence[Mapping[str, Any]], question_set: str, judge: str) -> Table:
    """A row per model, the best mean first; a column for all, each turn (where there are several) and category."""
    chosen = [entry for entry in scores if (entry["question_set"], _judge(entry)) == (question_set, judge)]
    turns = sorted({entry["turn"] for entry in chosen if entry["turn"]})
    categories = dict.fromkeys(entry["category"] for entry in chosen if entry["category"])
    places = [(None, None), *((turn, None) for turn in turns if len(turns) > 1), *((None, name) for name in categories)]
    by_model: dict[str, dict[tuple[int | None, str | None], Mapping[str, Any]]] = {}
    for entry in chosen:
        by_model.setdefault(entry["model"], {})[entry["turn"], entry["category"]] = entry
    ranked = sorted(by_model.items(), key=lambda item: -(item[1][None, None]["mean"] or 0))
    rows = [
        (model, *(_mean(found.get(place)) for place in places), found[None, None]["n"], found[None, None]["missing"])
        for model, found in ranked
    ]
    head = ["model", "all", *(f"turn {turn}" for turn in turns if len(turns) > 1), *categories, "reviews", "missing"]
    return Table(f"Mean scores on {question_set} by {judge}", head, rows)


def _mean(entry: Mapping[str, Any] | None) -> str:
    return "-" if entry is None or entry["mean"] is None else f"{entry['mean']:.2f}"


def _judge(entry: Mapping[str, Any]) -> str:
    """How an entry's judge is called: its name, or those of a panel."""
    return f"{entry['judge']}({', '.join(entry['judges'])})" if "judges" in entry else str(entry["judge"])


def notes(report: Report) -> list[str]:
    """What a reader of these figures has to know about their judges, and how they were asked."""
    entries = [*report["pairs"], *report["scores"]]
    surrogate = [embedded.NOTE] if embedded.NAME in {entry["judge"] for entry in entries} else []
    changed = [_changed(note) for note in report["notes"]]
    panels = [note for entry in entries for note in _disagreement(entry)]
    return surrogate + changed + list(_counted(report)) + panels


def _changed(note: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{name} ({number})" for name, number in note["counts"].items())
    where = f"the reviews on {note['question_set']} by {note['judge']}"
    return printable(f"The judge changed: {where} were made by {counts}; their figures mix these.")


def _counted(report: Report) -> Iterator[str]:
    """Of each judge, in how many matches one order only was judged, and in how many repeats differ."""
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for pair in report["pairs"]:
        found = {key: pair[key] for key in ("matches", *_COUNTED)}
        counts["matches", _judge(pair), pair["question_set"]].update(found)
    for entry in report["scores"]:
        if not (entry["turn"] or entry["category"]):
            found = {"matches": entry["n"], "repeat_flips": entry["repeat_flips"]}
            counts["single scores", _judge(entry), entry["question_set"]].update(found)
    for (what, judge, question_set), number in counts.items():
        for key, words in _COUNTED.items():
            if number[key]:
                where = printable(f"on {question_set} by {judge}")
                yield f"{number[key]} of {number['matches']} {what} {where} {words}."


def _disagreement(entry: Mapping[str, Any]) -> Iterator[str]:
    """How far a panel disagrees about a pair, or about all that a model said."""
    if entry.get("disagreement") is None or entry.get("turn") or entry.get("category"):
        return
    whom = " and ".join(entry["models"]) if "models" in entry else entry["model"]
    apart = f", on average {entry['spread']:.2f} points apart" if "spread" in entry else ""
    about = printable(f"{whom} on {entry['question_set']} by {_judge(entry)}")
    yield f"{about}: the judges differ in {_percent(entry['disagreement'])} of the matches{apart}."


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _table(report: Report) -> str:
    parts = ["\n".join([printable(table.title), *_aligned([table.head, *table.rows])]) for table in tables(report)]
    return "\n\n".join(parts + notes(report))


def _aligned(rows: Sequence[Row]) -> list[str]:
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(_pad, row, widths)).rstrip() for row in cells]


def _pad(cell: str, width: int) -> str:
    return cell.rjust(width) if cell[:1].isdigit() or cell == "-" else cell.ljust(width)


def _markdown(report: Report) -> str:
    parts = [
        "\n".join(
            [f"### {printable(table.title)}\n", *map(_line, [table.head, ["---"] * len(table.head), *table.rows])]
        )
        for table in tables(report)
    ]
    return "\n\n".join(parts + notes(report))


def _line(cells: Row) -> str:
    return "| " + " | ".join(printable(cell).replace("|", "\\|") for cell in cells) + " |"


def _csv(report: Report) -> str:
    """The entries with their unrounded figures, the two tables one after the other."""
    return "\n".join(_csv_table(report[part]) for part in ("pairs", "scores") if report[part])


def _csv_table(entries: Sequence[Mapping[str, Any]]) -> str:
    out, rows = io.StringIO(), [dict(_flat(entry)) for entry in entries]
    columns = dict.fromkeys(key for row in rows for key in row)
    writer = csv.DictWriter(out, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _flat(entry: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Fields as columns: a pair's two values become KEY_a and KEY_b."""
    for key, value in entry.items():
        if key in ("models", "totals", "wins"):
            yield from zip((f"{key}_a", f"{key}_b"), value or (None, None), strict=True)
        elif key == "judges":
            yield key, "; ".join(value)
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
