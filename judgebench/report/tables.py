"""The report as tables for people, each with what it says in a sentence."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from judgebench import embedded
from judgebench.report import captions, rubrics, slices
from judgebench.report.captions import number, percent, signed, with_interval
from judgebench.report.table import Entry, Row, Table, judge_of
from judgebench.terminal import printable

Report = Mapping[str, Any]
_COUNTED = {
    "one_order": ("was judged in one order only", "were judged in one order only"),
    "repeat_flips": ("came out differently when repeated",) * 2,
}


def tables(report: Report) -> list[Table]:
    """The report as people read it; a table without rows isn't there."""
    found = [_plan(report["power"])] if "power" in report else _tables(report)
    return [table for table in found if table.rows]


def _tables(report: Report) -> Iterator[Table]:
    yield from rubrics.tables(report)
    yield _pairs(report["pairs"])
    yield _win_rates(report["pairs"])
    yield from slices.tables(report.get("slices", ()))
    for board in dict.fromkeys((entry["question_set"], judge_of(entry)) for entry in report["scores"]):
        yield _leaderboard(_of(report["scores"], *board), _of(report["score_differences"], *board), *board)
        yield _turns(_of(report["turn_differences"], *board), *board)
    for place in dict.fromkeys((entry["question_set"], entry["judge"], entry["kind"]) for entry in report["ratings"]):
        entries = [e for e in report["ratings"] if (e["question_set"], e["judge"], e["kind"]) == place]
        if len(entries) > 2:
            yield _ratings(entries, *place[:2])
    yield _judges(report["judges"])
    yield _agreement(report["agreement"])
    yield _calibration(report["calibration"])


def _of(entries: Sequence[Entry], question_set: str, judge: str) -> list[Entry]:
    return [entry for entry in entries if (entry["question_set"], judge_of(entry)) == (question_set, judge)]


def _pairs(pairs: Sequence[Entry]) -> Table:
    about = ("question set", "judge", "verdicts", "a", "b", "totals a/b", "b/a", "b wins-ties-losses")
    head, rows = (*about, "b's win rate", "inconsistent", "reviews", "missing"), [_pair_row(pair) for pair in pairs]
    says = captions.of_pairs([pair for pair in pairs if pair["win_rate"] is not None])
    return Table("Pairs", head, rows, says, "pairs", keys=5)


def _pair_row(pair: Entry) -> Row:
    totals = "/".join(f"{total:.1f}" for total in pair["totals"]) if pair["totals"] else "-"
    ratio = with_interval(percent(pair["ratio"], 2), pair["ratio_interval"], 100, 1)
    outcomes = f"{pair['wins'][1]}-{pair['ties']}-{pair['wins'][0]}"
    about = (pair["question_set"], judge_of(pair), pair["kind"], *pair["models"])
    rate = with_interval(percent(pair["win_rate"]), pair["win_rate_interval"], 100, 1)
    return (*about, totals, ratio, outcomes, rate, pair["inconsistent"], pair["reviews"], pair["missing"])


def _leaderboard(scores: Sequence[Entry], differences: Sequence[Entry], question_set: str, judge: str) -> Table:
    """A row per model, the best mean first; a column for all, each turn (where there are several) and category."""
    turns = sorted({entry["turn"] for entry in scores if entry["turn"]})
    categories = dict.fromkeys(entry["category"] for entry in scores if entry["category"])
    places = [*((turn, None) for turn in turns if len(turns) > 1), *((None, name) for name in categories)]
    by_model: dict[str, dict[tuple[int | None, str | None], Entry]] = {}
    for entry in scores:
        by_model.setdefault(entry["model"], {})[entry["turn"], entry["category"]] = entry
    ranked = sorted((found[None, None] for found in by_model.values()), key=lambda entry: -(entry["mean"] or 0))
    rows = [
        (
            *(entry["model"], with_interval(number(entry["mean"]), entry["interval"])),
            *(_mean(by_model[entry["model"]].get(place)) for place in places),
            *(entry["n"], entry["missing"]),
        )
        for entry in ranked
    ]
    head = ["model", "all", *(f"turn {turn}" for turn in turns if len(turns) > 1), *categories, "reviews", "missing"]
    title = f"Mean scores on {question_set} by {judge}"
    return Table(title, head, rows, captions.of_leaderboard(ranked, differences), "scores")


def _turns(turns: Sequence[Entry], question_set: str, judge: str) -> Table:
    rows = [
        (entry["model"], entry["turn"], number(entry["first"]), number(entry["mean"]),
         with_interval(signed(entry["difference"]), entry["interval"]))
        for entry in turns
    ]  # fmt: skip
    head = ("model", "turn", "turn 1", "this turn", "difference")
    title = f"Later turns against the first on {question_set} by {judge}"
    return Table(title, head, rows, captions.of_turns(turns), "turns", keys=2)


def _mean(entry: Entry | None) -> str:
    return "-" if entry is None else number(entry["mean"])


def notes(report: Report) -> list[str]:
    """What a reader of these figures has to know about their judges, and how they were asked."""
    if "power" in report:
        return []
    entries = [*report["pairs"], *report["scores"]]
    surrogate = [embedded.built_in().note] if embedded.NAME in {entry["judge"] for entry in entries} else []
    changed = [_NOTES[note["kind"]](note) for note in report["notes"]]
    panels = [note for entry in entries for note in _disagreement(entry)]
    return (
        surrogate
        + changed
        + list(_counted(report))
        + panels
        + list(map(printable, captions.of_answers(report["answers"])))
        + list(map(printable, captions.of_imports(report["imports"])))
        + ([slices.NONE] if report.get("slices") == [] else [])
    )


def _changed(note: Entry) -> str:
    counts = ", ".join(f"{name} ({number})" for name, number in note["counts"].items())
    where = f"the reviews on {note['question_set']} by {note['judge']}"
    return printable(f"The judge changed: {where} were made by {counts}; their figures mix these.")


def _cut(note: Entry) -> str:
    return printable(f"{captions.of_cut_prompts(note)}.")


def _other(note: Entry) -> str:
    return printable(f"{captions.of_other_languages(note)}.")


_NOTES = {"snapshots": _changed, "prompt_cut": _cut, "not_english": _other}


def _counted(report: Report) -> Iterator[str]:
    """Of each judge, in how many matches one order only was judged, and in how many repeats differ."""
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for pair in report["pairs"]:
        found = {key: pair[key] for key in ("matches", *_COUNTED)}
        counts["matches", judge_of(pair), pair["question_set"]].update(found)
    for entry in report["scores"]:
        if not (entry["turn"] or entry["category"]):
            found = {"matches": entry["n"], "repeat_flips": entry["repeat_flips"]}
            counts["single scores", judge_of(entry), entry["question_set"]].update(found)
    for (what, judge, question_set), count in counts.items():
        for key, said in _COUNTED.items():
            if count[key]:
                where = printable(f"on {question_set} by {judge}")
                yield f"{count[key]} of {count['matches']} {what} {where} {said[count[key] > 1]}."


def _disagreement(entry: Entry) -> Iterator[str]:
    """How far a panel disagrees about a pair, or about all that a model said."""
    if entry.get("disagreement") is None or entry.get("turn") or entry.get("category"):
        return
    whom = " and ".join(entry["models"]) if "models" in entry else entry["model"]
    apart = f", on average {entry['spread']:.2f} points apart" if "spread" in entry else ""
    about = printable(f"{whom} on {entry['question_set']} by {judge_of(entry)}")
    yield f"{about}: the judges differ in {percent(entry['disagreement'])} of the matches{apart}."


def _win_rates(pairs: Sequence[Entry]) -> Table:
    """b's win rate by every definition, where there is more than the plain one."""
    rows = [
        (
            *(pair["question_set"], judge_of(pair), *pair["models"]),
            *(rate(pair, name) for name in _RATES),
            with_interval(percent(pair["consistency"]), pair["consistency_interval"], 100, 1),
            between_percent(pair["win_rate_bounds"]),
        )
        for pair in pairs
        if any(pair.get(name) is not None for name in [*list(_RATES)[1:], "win_rate_bounds"])
    ]
    head = ("question set", "judge", "a", "b", *_RATES.values(), "orders agree", "missing at worst and best")
    says = captions.of_win_rates(pairs) if rows else ()
    return Table("b's win rate, by what is held equal", head, rows, says, "win-rates", keys=4)


_RATES = {
    "consistent_win_rate": "orders agree only",
    "order_corrected_win_rate": "mean of orders",
    "length_controlled_win_rate": "at equal length",
    "style_controlled_win_rate": "at equal style",
}


def rate(pair: Entry, name: str) -> str:
    """A share of an entry, with its interval, as a percentage."""
    return with_interval(percent(pair.get(name)), pair.get(f"{name}_interval"), 100, 1)


def between_percent(ends: Sequence[float] | None) -> str:
    """Two shares as percentages, `-` where they aren't known."""
    return "-" if ends is None else f"{captions.between(ends, 100, 1)} %"


def _ratings(entries: Sequence[Entry], question_set: str, judge: str) -> Table:
    rows = [
        (
            *(rank(entry), entry["model"], with_interval(number(entry["rating"], 0), entry["interval"], 1, 0)),
            *(entry["matches"], entry["note"] or ""),
        )
        for entry in entries
    ]
    method = {"bradley-terry": "Bradley-Terry", "elo": "Elo"}[entries[0]["method"]]
    title = f"Ratings ({method}) on {question_set} by {judge}"
    head = ("rank", "model", "rating", "matches", "")
    return Table(title, head, rows, captions.of_ratings(entries), "ratings", keys=2)


def rank(entry: Entry | None) -> str:
    """A model's rank, with the range that it may have."""
    if entry is None or entry["rank"] is None:
        return "-"
    low, high = entry["rank_range"] or (entry["rank"], entry["rank"])
    return f"{entry['rank']}" if low == high else f"{entry['rank']} ({low} to {high})"


def _judges(judges: Sequence[Entry]) -> Table:
    """What each judge's verdicts depend on besides the answers."""
    rows = [
        (entry["question_set"], entry["judge"], what, *(_figure(entry[part], path) for path in _HEALTH.values()))
        for entry in judges
        for part, what in (("pairwise", "pairs"), ("single", "single scores"))
        if entry[part]
    ]
    head = ("question set", "judge", "", *_HEALTH)
    return Table("The judges", head, rows, captions.of_judges(judges), "judges", keys=3)


_HEALTH = {
    "orders agree": ("position", "consistency"),
    "gain of being first": ("position", "net_first"),
    "ties": ("ties",),
    "longer one won": ("longer_won",),
    "score and length": ("length_within",),
    "top score": ("ceiling",),
    "repeats differ": ("flips",),
    "own models' gain": ("own", "difference"),
    "no verdict": ("missing",),
}
_PLAIN = ("net_first", "length_within")


def _figure(health: Entry, path: Sequence[str]) -> str:
    found: Any = health
    for name in path:
        found = (found or {}).get(name)
    if not found:
        return "-"
    if path[-1] in _PLAIN:
        return with_interval(signed(found["value"]), found["interval"])
    return with_interval(percent(found["value"]), found["interval"], 100, 1)


def _agreement(agreement: Sequence[Entry]) -> Table:
    """How often two raters agree, over all turns."""
    rows = [
        (
            *(entry["question_set"], " and ".join(_rater(entry, place) for place in (0, 1)), entry["setup"]),
            *(with_interval(percent(entry["agreement"]), entry["interval"], 100, 1), percent(entry["chance"], 0)),
            *(with_interval(number(entry["kappa"]), entry["kappa_interval"]), entry["votes"]),
        )
        for entry in agreement
        if entry["turn"] is None and entry["votes"]
    ]
    head = ("question set", "raters", "setup", "agree", "by chance", "Cohen's kappa", "pairs of votes")
    return Table("Agreement", head, rows, captions.of_agreement(agreement) if rows else (), "agreement", keys=3)


def _rater(entry: Entry, place: int) -> str:
    kind = entry["kinds"][place]
    return str(entry["raters"][place]) if kind == "vote" else f"{entry['raters'][place]} ({kind})"


def _calibration(entries: Sequence[Entry]) -> Table:
    """b's win rate by the judge, by people's votes, and by both together."""
    rows = [
        (
            *(entry["question_set"], f"{entry['judge']} ({entry['kind']})", *entry["models"]),
            *(rate(entry, name) for name in ("judge_win_rate", "votes_win_rate", "win_rate")),
            *(entry["votes"], number(entry["worth"], 0)),
        )
        for entry in entries
        if entry["win_rate"] is not None
    ]
    head = ("question set", "judge", "a", "b", "b's win rate by the judge", "by votes", "by both", "votes", "worth")
    says = captions.of_calibration(entries) if rows else ()
    return Table("The judge calibrated by people's votes", head, rows, says, "calibration", keys=4)


def _plan(entries: Sequence[Entry]) -> Table:
    """What the questions at hand detect, and how many more it takes."""
    rows = [
        (
            *(entry["question_set"], entry["judge"], " and ".join(entry["models"]), entry["figure"]),
            *(entry["questions"], _shown(entry, entry["detects"])),
            *(
                _shown(entry, need["difference"]),
                need["questions"] or "-",
                need["calls"] or "-",
                _dollars(need["cost"]),
            ),
        )
        for entry in entries
        for need in entry["needed"]
    ]
    about = ("question set", "judge", "models", "figure", "questions", "they detect")
    head = (*about, "to detect", "takes questions", "calls", "dollars")
    return Table("Planning", head, rows, _planned(entries), "plan", keys=4)


def _shown(entry: Entry, difference: float | None) -> str:
    return percent(difference) if entry["figure"] == "win rate" else number(difference)


def _dollars(cost: float | None) -> str:
    return "-" if cost is None else f"{cost:.2f}"


def _planned(entries: Sequence[Entry]) -> list[str]:
    known = [entry for entry in entries if entry["detects"] is not None and entry["needed"]]
    if not known:
        notes = dict.fromkeys(entry["note"] for entry in entries if entry["note"])
        return [f"{note[0].upper()}{note[1:]}." for note in notes]
    entry = known[0]
    need = entry["needed"][0]
    more = f"{need['questions']}" if need["questions"] else "more than there can be"
    return [
        f"{entry['questions']} questions like these detect a difference of {_shown(entry, entry['detects'])} in the "
        f"{entry['figure']} of {' and '.join(entry['models'])} with 80 % power; {_shown(entry, need['difference'])} "
        f"would take {more}. A plan from few questions is rough."
    ]
