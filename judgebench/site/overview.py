"""The first page: what was evaluated, and for each question set and judge what came of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from judgebench.site import charts, entries, slugs
from judgebench.site.charts import label
from judgebench.site.entries import Entry
from judgebench.site.source import Source
from judgebench.site.views import (
    Cell,
    Chart,
    Fact,
    Link,
    Page,
    Table,
    called,
    counted,
    head,
    kinds,
    listed,
    number,
    text,
)
from judgebench.statistics import summary
from judgebench.statistics.frames import matches_frame, reviews_frame, scores_frame

_MOST_LINES = 6  # more lines than this in one chart can't be told apart
_HIGHEST = 10.0  # the usual top of a rating; bars of the leaderboard are drawn to this scale,
_RIGHT = 1.0  # or to that of a checker, whose scores are 1 and 0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One question set by one judge."""

    id: str
    question_set: str
    judge: str
    facts: tuple[Fact, ...]
    computed: str | None
    notes: tuple[str, ...] = ()
    leaderboard: Table | None = None
    score_charts: tuple[Chart, ...] = ()
    pairs: Table | None = None
    pair_charts: tuple[Chart, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page."""

    lead: str
    evaluations: tuple[Evaluation, ...]
    unreviewed: tuple[str, ...] = ()
    contents: tuple[Link, ...] = field(default=())


def pages(source: Source) -> Iterator[Page]:
    """The first page of a site."""
    yield Page("index.html", "overview.html", {"overview": overview(source)})


def overview(source: Source) -> Overview:
    """What the first page shows."""
    evaluations = tuple(_evaluations(source))
    contents = tuple(
        Link(f"{called(one.question_set)}, judged by {called(one.judge)}", f"#{one.id}") for one in evaluations
    )
    reviewed = {one.question_set for one in evaluations}
    unreviewed = tuple(
        f"{listed(source.models(name))} answered questions of {called(name)}; nothing has been reviewed yet."
        for name in source.set_names
        if name not in reviewed
    )
    return Overview(_lead(source), evaluations, unreviewed, contents if len(contents) > 1 else ())


def _lead(source: Source) -> str:
    models = {model for name in source.set_names for model in source.models(name)}
    judges = {row.judge for row in source.reviews}
    sets = source.set_names
    told = f"{counted(len(models), 'model')} on {counted(len(sets), 'question set')} ({listed(sets)})"
    return f"{told}, judged by {listed(sorted(judges))}." if judges else f"{told}, not judged yet."


def _evaluations(source: Source) -> Iterator[Evaluation]:
    for name in source.set_names:
        for judge in source.judges(name):
            yield _evaluation(source, name, judge)


def _evaluation(source: Source, name: str, judge: str) -> Evaluation:
    reviews = [row for row in source.reviews_on(name) if row.judge == judge]
    frame = reviews_frame(reviews, source.categories)
    matches, scores = matches_frame(frame), scores_frame(frame)
    pairs, means = summary.pairs(matches), summary.scores(scores)
    id_ = slugs.slug(name, judge)
    checked = any(row.verdict_source == "checked" for row in reviews)
    computed = next((row.served_by or judge for row in reviews if row.verdict_source == "computed"), None)
    return Evaluation(
        id_,
        name,
        judge,
        _facts(source, name, reviews),
        computed,
        notes=tuple(_notes(source, reviews, matches)),
        leaderboard=leaderboard(means, _RIGHT if checked else _HIGHEST) if means else None,
        score_charts=tuple(_category_charts(means, id_)),
        pairs=_pair_table(pairs) if pairs else None,
        pair_charts=tuple(_pair_charts(pairs, id_)),
    )


def _facts(source: Source, name: str, reviews: Sequence[Any]) -> tuple[Fact, ...]:
    questions = {row.question_id for row in reviews}
    models = {model for row in reviews for model in row.models}
    known = {source.categories.get((name, question)) for question in questions} - {None}
    missing = sum(row.verdict is None for row in reviews)
    return (
        Fact("Questions", f"{len(questions):,}"),
        Fact("Categories", f"{len(known):,}"),
        Fact("Models", f"{len(models):,}"),
        Fact("Reviews", f"{len(reviews):,}"),
        Fact("Without a verdict", f"{missing:,}"),
    )


def _notes(source: Source, reviews: Sequence[Any], matches: pd.DataFrame) -> Iterator[str]:
    if any(row.verdict_source == "checked" for row in reviews):
        yield (
            "Nobody judged this: each answer was compared with its reference. 1 is right and 0 is wrong, so that a"
            " mean is the share of right answers and a total their number."
        )
    failed = [row.error for row in reviews if row.verdict is None]
    if failed:
        yield (
            f"{counted(len(failed), 'review')} of {len(reviews):,} gave no verdict ({kinds(failed)}). They count"
            " neither as wins, ties or losses nor in a mean; each is shown on the page of its question."
        )
    once = int((matches["reviews"] + matches["missing"] == 1).sum())
    if once:
        yield (
            f"{once:,} of {counted(len(matches), 'match', 'matches')} were judged in one order only, so an advantage"
            " of the answer that is shown first isn't evened out."
        )
    lost = sum(not source.has_page(row.question_set, row.question_id) for row in reviews)
    if lost:
        yield f"{counted(lost, 'review')} on questions that the question set doesn't hold (any more) count as well."


def leaderboard(means: Sequence[Entry], highest: float = _HIGHEST) -> Table:
    """Models by mean score, best first, from the entries of `summary.scores`; bars are drawn to the highest score."""
    turns = sorted({one["turn"] for one in means if one["turn"]})
    columns = turns if len(turns) > 1 else []
    overall = [one for one in means if one["turn"] is None and one["category"] is None]
    ranked = sorted(overall, key=lambda one: (one["mean"] is None, -(one["mean"] or 0)))
    by_turn = {(one["model"], one["turn"]): one["mean"] for one in means if one["category"] is None}
    scale = max([highest, *(one["mean"] or 0 for one in overall)])
    rows = tuple(
        (
            text(one["model"]),
            number(one["mean"], 2, bar=100 * (one["mean"] or 0) / scale),
            *(number(by_turn.get((one["model"], turn)), 2) for turn in columns),
            number(one["n"]),
            number(one["missing"]),
        )
        for one in ranked
    )
    names = ("Model", "Mean score", *(f"Turn {turn}" for turn in columns), "Scores", "Missing")
    return Table("Mean scores of single reviews, best first", head(*names, numbers=len(names) - 1), rows)


def _pair_table(pairs: Sequence[Entry]) -> Table:
    scored = any(pair["totals"] for pair in pairs)
    scores = ("Total a", "Total b", "b / a") if scored else ()
    names = (*scores, "b wins", "Ties", "a wins", "Inconsistent", "No verdict")
    rows = tuple(_pair_row(pair, scored) for pair in pairs)
    return Table("Each pair of models", head("Pair (a, b)", *names, numbers=len(names)), rows)


def _pair_row(pair: Entry, scored: bool) -> tuple[Cell, ...]:
    ratio = entries.ratio_words(pair)
    note = f"{called(pair['models'][1])} {ratio}" if ratio else None
    totals = [number(total, 1) for total in pair["totals"] or (None, None)]
    return (
        text(_versus(pair), entries.address(pair), note),
        *([*totals, Cell(entries.percent(pair["ratio"]), number=True)] if scored else []),
        number(pair["wins"][1]),
        number(pair["ties"]),
        number(pair["wins"][0]),
        number(pair["inconsistent"]),
        number(pair["incomplete"]),
    )


def _pair_charts(pairs: Sequence[Entry], id_: str) -> Iterator[Chart]:
    """The chart of the Vicuna blog; a model that is in every pair gives it its point of view."""
    if not pairs:
        return
    focus = _in_all(pairs)
    if focus is None:
        rows = [(_versus(pair), charts.versus(*pair["models"]), entries.counts(pair)) for pair in pairs]
        sides, title = ("the first model", "the second model"), "Each pair of models"
    else:
        seen = [entries.turned(pair) if focus == pair["models"][0] else pair for pair in pairs]
        others = [pair["models"][0] for pair in seen]
        rows = [(other, label(f"vs. {other}"), entries.counts(pair)) for other, pair in zip(others, seen, strict=True)]
        sides = (others[0] if len(others) == 1 else "the other model", focus)
        title = f"{called(focus)} against {'the' if len(others) == 1 else 'each'} other model"
    yield entries.outcome_chart(f"{id_}--pairs", title, "Pair", sides, rows)


def _versus(pair: Entry) -> str:
    return " vs. ".join(map(called, pair["models"]))


def _in_all(pairs: Sequence[Entry]) -> str | None:
    """The model that every pair has; of a single pair, the second, which is the candidate."""
    shared = set.intersection(*(set(pair["models"]) for pair in pairs))
    return next((model for model in reversed(pairs[0]["models"]) if model in shared), None)


def _category_charts(means: Sequence[Entry], id_: str) -> Iterator[Chart]:
    """Mean scores by category: lines around a circle for a few models, a field each for more."""
    by_place = {(one["model"], one["category"]): one["mean"] for one in means if one["turn"] is None}
    categories = list(dict.fromkeys(category for _, category in by_place if category))
    if not categories:
        return
    models = sorted({model for model, _ in by_place}, key=lambda model: -(by_place[model, None] or 0))
    series = [(label(model), [by_place.get((model, one)) for one in categories]) for model in models]
    rows = tuple((text(model), *(number(by_place.get((model, one)), 2) for one in categories)) for model in models)
    title = "Mean score in each category"
    table = Table(title, head("Model", *categories, numbers=len(categories)), rows)
    circle = len(models) <= _MOST_LINES and len(categories) > 2
    draw = charts.radar if circle else charts.heatmap
    how = "a line for each model; further out is better" if circle else "a row for each model, the best first"
    drawn = draw([label(category) for category in categories], series)
    keys = charts.line_keys(models) if circle else ()
    yield Chart(f"{id_}--categories", title, f"Mean score by category, {how}.", drawn, table, keys, not circle)
