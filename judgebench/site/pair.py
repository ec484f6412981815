"""The page of a pair: two models on one question set, by one judge."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from judgebench.site import charts, entries, slugs
from judgebench.site.charts import label
from judgebench.site.entries import Entry
from judgebench.site.source import Source
from judgebench.site.views import (
    NO_CATEGORY,
    OUTCOMES,
    UNKNOWN,
    Chart,
    Fact,
    Page,
    Table,
    called,
    counted,
    excerpt,
    figure,
    head,
    number,
    outcome_name,
    short,
    text,
)
from judgebench.statistics import summary

_RANK = {"a": 0, "inconsistent": 1, "tie": 2, "b": 3, "incomplete": 4}  # most telling first, where scores are equal


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One match of the pair: a question's turn, and how it came out."""

    question: str
    href: str | None
    excerpt: str
    category: str
    turn: str
    outcome: str
    outcome_name: str
    score_a: str
    score_b: str
    difference: str


@dataclass(frozen=True, slots=True)
class Pair:
    """The page of a pair; `a` is the one that was named first."""

    address: str
    question_set: str
    judge: str
    a: str
    b: str
    lead: str
    facts: tuple[Fact, ...]
    charts: tuple[Chart, ...]
    matches: tuple[MatchRow, ...]
    scored: bool
    outcomes: tuple[tuple[str, str], ...]
    categories: tuple[str, ...]


def pages(source: Source) -> Iterator[Page]:
    """The page of every pair that was reviewed."""
    for pair in pairs(source):
        yield Page(pair.address, "pair.html", {"pair": pair})


def pairs(source: Source) -> Iterator[Pair]:
    """What the page of every pair shows."""
    frame = source.matches.copy()
    frame["category"] = frame["category"].astype(object).where(frame["category"].notna(), NO_CATEGORY)
    by_key = frame.groupby(["question_set", "judge", "kind", "model_a", "model_b"], sort=False)
    excerpts = {
        (found.name, question.id): (excerpt(question.turns[0]), len(question.turns))
        for found, question in source.questions()
    }
    for _, group in by_key:
        yield _pair(source, group, summary.pairs(group)[0], excerpts)


def _pair(source: Source, group: pd.DataFrame, entry: Entry, excerpts: Mapping[Any, tuple[str, int]]) -> Pair:
    a, b = entry["models"]
    scored = entry["totals"] is not None
    rows = sorted(group.to_dict("records"), key=_telling)
    present = [one for one in reversed(OUTCOMES) if one in set(group["outcome"])]
    return Pair(
        address=entries.address(entry),
        question_set=entry["question_set"],
        judge=entry["judge"],
        a=a,
        b=b,
        lead=_lead(entry),
        facts=_facts(entry),
        charts=tuple(_charts(group, entry)),
        matches=tuple(_match(source, row, excerpts) for row in rows),
        scored=scored,
        outcomes=tuple((one, outcome_name(one, a, b)) for one in present),
        categories=tuple(dict.fromkeys(group["category"])),
    )


def _lead(entry: Entry) -> str:
    a, b = map(called, entry["models"])
    told = f"{b} wins {entry['wins'][1]}, ties {entry['ties']} and loses {entry['wins'][0]}"
    ratio = entries.ratio_words(entry)
    told = f"{told} of {counted(entry['matches'], 'match', 'matches')} against {a}"
    told = f"{told}, and {ratio}." if ratio else f"{told}."
    flips, unknown = entry["inconsistent"], entry["incomplete"]
    if flips:
        told += f" In {counted(flips, 'match', 'matches')} the verdict changes with the order of the answers."
    return f"{told} {counted(unknown, 'match has', 'matches have')} no verdict." if unknown else told


def _facts(entry: Entry) -> tuple[Fact, ...]:
    a, b = map(called, entry["models"])
    totals = entry["totals"]
    scores = (
        (
            Fact(f"Total of {a}", figure(totals[0], 1)),
            Fact(f"Total of {b}", figure(totals[1], 1)),
            Fact("Ratio of the totals", entries.percent(entry["ratio"])),
        )
        if totals
        else ()
    )
    return (
        *scores,
        Fact(f"{b} wins", str(entry["wins"][1])),
        Fact("Ties", str(entry["ties"])),
        Fact(f"{a} wins", str(entry["wins"][0])),
        Fact("Inconsistent", str(entry["inconsistent"])),
        Fact("No verdict", str(entry["incomplete"])),
    )


def _telling(row: Mapping[Any, Any]) -> tuple[bool, float, int]:
    """Sorts the largest score difference against b first, and matches without a verdict last."""
    difference = row["score_a"] - row["score_b"]
    unknown = difference != difference
    return row["outcome"] == "incomplete", 0.0 if unknown else -difference, _RANK[row["outcome"]]


def _match(source: Source, row: Mapping[Any, Any], excerpts: Mapping[Any, tuple[str, int]]) -> MatchRow:
    a, b, place = row["model_a"], row["model_b"], (row["question_set"], row["question_id"])
    beginning, turns = excerpts.get(place, ("", 1))
    linked = slugs.question_page(*place) + slugs.pair_fragment(a, b) if source.has_page(*place) else None
    repeat = f", repeat {row['repeat'] + 1}" if row["repeat"] else ""
    return MatchRow(
        question=row["question_id"],
        href=linked,
        excerpt=beginning,
        category=row["category"],
        turn=f"turn {row['turn']}{repeat}" if turns > 1 or repeat else "",
        outcome=row["outcome"],
        outcome_name=outcome_name(row["outcome"], a, b),
        score_a=_score(row["score_a"]),
        score_b=_score(row["score_b"]),
        difference=_signed(row["score_b"] - row["score_a"]),
    )


def _score(value: float) -> str:
    return UNKNOWN if value != value else short(value)


def _signed(value: float) -> str:
    """A difference with its sign; a minus sign as long as a plus."""
    sign = "" if value == 0 else "+" if value > 0 else "\N{MINUS SIGN}"
    return UNKNOWN if value != value else sign + short(abs(value))


def _charts(group: pd.DataFrame, entry: Entry) -> Iterator[Chart]:
    parts = {one: group[group["category"] == one] for one in dict.fromkeys(group["category"])}
    rows = [(one, label(one), entries.counts(summary.pairs(part)[0])) for one, part in parts.items()]
    yield entries.outcome_chart("outcomes", "Outcome in each category", "Category", tuple(entry["models"]), rows)
    if entry["totals"]:
        names = ["all", *parts]
        yield _score_chart(entry, names, [part[_KEYS].mean() for part in (group, *parts.values())])


def _score_chart(entry: Entry, names: Sequence[str], means: Sequence[Any]) -> Chart:
    a, b = entry["models"]
    scores = [[None if mean[key] != mean[key] else float(mean[key]) for mean in means] for key in _KEYS]
    rows = tuple(
        (text(name), number(of_a, 2), number(of_b, 2)) for name, of_a, of_b in zip(names, *scores, strict=True)
    )
    title = "Mean score in each category"
    series = [(label(name), values[1:]) for name, values in zip((a, b), scores, strict=True)]
    return Chart(
        "scores",
        title,
        f"The mean of the scores that the judge gave {called(a)} and {called(b)} when it compared them.",
        charts.grouped([label(name) for name in names[1:]], series),
        Table(title, head("Category", a, b, numbers=2), rows),
        charts.pair_keys((a, b)),
    )


_KEYS = ["score_a", "score_b"]
