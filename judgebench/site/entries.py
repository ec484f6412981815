"""What pages say of an entry of `statistics.summary.pairs`."""

from collections.abc import Mapping, Sequence
from typing import Any

from judgebench.site import charts, slugs
from judgebench.site.charts import Label
from judgebench.site.views import (
    OUTCOMES,
    UNKNOWN,
    Chart,
    Table,
    called,
    figure,
    head,
    number,
    outcome_name,
    text,
)

Entry = Mapping[str, Any]


def address(pair: Entry) -> str:
    """The page of a pair, seen from the root of the site."""
    return slugs.pair_page(pair["question_set"], pair["judge"], pair["kind"], *pair["models"])


def percent(ratio: float | None) -> str:
    """A ratio as a percentage."""
    return UNKNOWN if ratio is None else f"{figure(100 * ratio, 2)}\N{NO-BREAK SPACE}%"


def ratio_words(pair: Entry) -> str | None:
    """`has 92.06 % of a's total score`, which b does, where the verdicts have scores."""
    if pair["ratio"] is None:
        return None
    return f"has {percent(pair['ratio'])} of {called(pair['models'][0])}'s total score"


def counts(pair: Entry) -> Mapping[str, int]:
    """How many matches came out in which way."""
    a, b = pair["wins"]
    others = {name: pair[name] for name in ("inconsistent", "incomplete")}
    return {"a": a, "b": b, "tie": pair["ties"], **others}


def turned(pair: Entry) -> Entry:
    """The same pair seen from the other side; of its figures only the counts are right."""
    return {**pair, "models": pair["models"][::-1], "wins": pair["wins"][::-1]}


def outcome_chart(
    id_: str,
    title: str,
    kind: str,
    sides: tuple[str, str],
    rows: Sequence[tuple[str, Label, Mapping[str, int]]],
) -> Chart:
    """Stacked bars of outcomes, and the table behind them.

    `kind` says what a row is, `sides` what a and b are called; each row has a name, its label and its counts.
    """
    used = [outcome for outcome in OUTCOMES if any(tally[outcome] for _, _, tally in rows)]
    names = {outcome: outcome_name(outcome, *sides) for outcome in used}
    series = {
        outcome: (charts.label(name), [tally[outcome] for _, _, tally in rows]) for outcome, name in names.items()
    }
    cells = tuple(
        (text(name), *(number(tally[outcome]) for outcome in used), number(sum(tally.values())))
        for name, _, tally in rows
    )
    table = Table(title, head(kind, *names.values(), "all", numbers=len(used) + 1), cells)
    sentence = f"How many matches {called(sides[1])} won, tied and lost."
    drawn = charts.outcomes([label for _, label, _ in rows], series)
    return Chart(id_, title, sentence, drawn, table, charts.outcome_keys(names))
