"""What rubrics say, as tables for people: the criteria that a model lost first, then scores and tags."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from judgebench.report.captions import number, percent, with_interval
from judgebench.report.table import Entry, Table, judge_of

SHOWN = 30  # criteria of a pair; the JSON report has all
_LONGEST = 100  # characters of a criterion in a cell


def tables(report: Mapping[str, Any]) -> Iterator[Table]:
    """The tables of a report; none where no review is by a rubric."""
    for (question_set, judge, *models), entries in _grouped(report.get("rubric_criteria", ()), _pair):
        yield _criteria(entries, f"on {question_set} by {judge}", *models)
    for (question_set, judge), entries in _grouped(report.get("rubric_scores", ()), _board):
        yield _scores(entries, f"on {question_set} by {judge}")
    for (question_set, judge, *models), entries in _grouped(report.get("rubric_differences", ()), _pair):
        yield _differences(entries, f"on {question_set} by {judge}", *models)


def leaders(report: Mapping[str, Any]) -> list[str]:
    """Who is ahead, in a sentence for each two models; with one model, its score."""
    pairs = [entries for _, entries in _grouped(report.get("rubric_differences", ()), _pair)]
    if pairs:
        return [_of_differences(entries, *entries[0]["models"])[0] for entries in pairs]
    whole = [entry for entry in report.get("rubric_scores", ()) if _part(entry) == "score"]
    return [f"{entry['model']} scores {number(entry['mean'], 3)} by rubrics." for entry in whole]


def _board(entry: Entry) -> tuple[str, ...]:
    return (str(entry["question_set"]), judge_of(entry))


def _pair(entry: Entry) -> tuple[str, ...]:
    return (*_board(entry), *map(str, entry["models"]))


def _grouped(entries: Sequence[Entry], key: Any) -> Iterator[tuple[tuple[str, ...], list[Entry]]]:
    for place in dict.fromkeys(map(key, entries)):
        yield place, [entry for entry in entries if key(entry) == place]


def _criteria(entries: Sequence[Entry], where: str, a: str, b: str) -> Table:
    """The criteria that differ, those that b lost first."""
    moved = [entry for entry in entries if entry["worse"] or entry["better"]]
    rows = [
        (
            *(_short(entry["criterion"]), f"{entry['points']:g}", ", ".join(entry["tags"]) or "-"),
            *(percent(rate, 0) for rate in entry["rates"]),
            with_interval(f"{100 * entry['difference']:+.0f} %", entry["interval"], 100, 0),
            *(entry["worse"], entry["better"], _told(entry)),
        )
        for entry in _shown(moved)
    ]
    head = ("criterion", "points", "tags", f"met by {a}", f"met by {b}", "difference")
    title = f"Criteria that {b} lost against {a} {where}"
    return Table(
        title,
        (*head, "b worse on", "b better on", "beyond chance"),
        rows,
        _of_criteria(entries, moved, a, b),
        "criteria",
    )


def _shown(moved: Sequence[Entry]) -> Sequence[Entry]:
    """The first and the last of many: what was lost most, and what was gained most."""
    return moved if len(moved) <= SHOWN else [*moved[: SHOWN * 2 // 3], *moved[-SHOWN // 3 :]]


def _of_criteria(entries: Sequence[Entry], moved: Sequence[Entry], a: str, b: str) -> list[str]:
    lost, gained = (sum(sign * entry["lost"] > 0 for entry in moved) for sign in (1, -1))
    sure = sum(entry["changed"] and entry["lost"] > 0 for entry in moved)
    are = "is" if sure == 1 else "are"
    left_out = f" The table has {SHOWN} of the {len(moved)} that differ." if len(moved) > SHOWN else ""
    return [
        f"Of {len(entries)} criteria {b} does worse than {a} on {lost} and better on {gained}; {sure} of the losses "
        f"{are} beyond chance, false discoveries held to 5 %.{left_out} A criterion with points below 0 is lost where "
        "it is met more often; one that a single question has says nothing of others."
    ]


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"


def _told(entry: Entry) -> str:
    return "-" if entry["p"] is None else "yes" if entry["changed"] else "no"


def _scores(entries: Sequence[Entry], where: str) -> Table:
    """A row per model, the best first; a column for all, each category and each tag."""
    by_model = {model[0]: {_part(one): one for one in found} for model, found in _grouped(entries, _model)}
    parts = [
        part for part in dict.fromkeys(_part(one) for one in entries if one["mean"] is not None) if part != "score"
    ]
    ranked = sorted(by_model.values(), key=lambda found: -(found["score"]["uncut"] or 0))
    rows = [
        (
            *(found["score"]["model"], with_interval(number(found["score"]["mean"], 3), found["score"]["interval"])),
            *(number(found[part]["mean"], 3) if part in found else "-" for part in parts),
            *(found["score"][name] for name in ("questions", "missing")),
            percent(found["score"]["unfound"]),
        )
        for found in ranked
    ]
    head = ("model", "score", *parts, "questions", "missing", "quotes not in the answer")
    return Table(
        f"Scores by rubrics {where}", head, rows, _of_scores([found["score"] for found in ranked]), "rubric-scores"
    )


def _model(entry: Entry) -> tuple[str, ...]:
    return (str(entry["model"]),)


def _part(entry: Entry) -> str:
    if entry["tag"] is not None:
        return f"tag {entry['tag']}"
    return "score" if entry["category"] is None else str(entry["category"])


def _of_scores(ranked: Sequence[Entry]) -> list[str]:
    known = [entry for entry in ranked if entry["mean"] is not None]
    if not known:
        return ["No review by a rubric has a verdict, so nothing can be said of these models."]
    says = "A score is the points earned over the points that there are to earn; means are cut to 0 to 1."
    below = [entry for entry in known if entry["uncut"] < 0]
    cut = [f"{one['model']}'s mean is {number(one['uncut'], 3)}, and shown as 0." for one in below]
    return [says, *cut]


def _differences(entries: Sequence[Entry], where: str, a: str, b: str) -> Table:
    """b's scores less a's, as they are."""
    rows = [
        (
            *(_part(entry), with_interval(f"{entry['difference']:+.3f}", entry["interval"], 1, 3)),
            *(entry["questions"], _told(entry)),
        )
        for entry in entries
        if entry["difference"] is not None
    ]
    head = ("", "difference", "questions", "beyond chance")
    return Table(
        f"{b}'s scores less {a}'s {where}",
        head,
        rows,
        _of_differences(entries, a, b) if rows else (),
        "rubric-differences",
    )


def _of_differences(entries: Sequence[Entry], a: str, b: str) -> list[str]:
    whole = entries[0]
    if whole["interval"] is None:
        number = whole["questions"]
        return [f"{a} and {b} share {number} question{'s' * (number != 1)}: too few to tell them apart."]
    better = b if whole["difference"] > 0 else a
    if whole["changed"]:
        said = f"{better}'s mean score is higher: the interval of the paired difference leaves out 0."
    else:
        said = f"The mean scores of {a} and {b} are not told apart: the paired difference may be chance."
    sure = [entry for entry in entries if entry["tag"] is not None and entry["changed"]]
    lost = [entry["tag"] for entry in sure if entry["difference"] < 0]
    return [said, *([f"{b} is worse on the tags {', '.join(lost)}."] if lost else [])]
