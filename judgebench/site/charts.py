"""Figures for plotly.js. Colours are names of the style sheet's, which static/app.js fills in by light and dark.

Plotly reads a little HTML in every label, so names are escaped; and as categories of an axis equal ones would
be merged, so axes count and names are only tick labels.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, NewType

import plotly.graph_objects as go

from judgebench.site.views import Key

Figure = Mapping[str, Any]
Values = Sequence[float | None]
Label = NewType("Label", str)  # made by `label` or `versus`, so that what plotly reads as HTML is ours
_LABEL = 30  # characters of a name that a chart shows
_TURNS = re.compile("[\0-\x1f\u202a-\u202e]")  # what would turn the letters after it around
_BREAK = "<br>"
_ROW = 30  # pixels of a bar with the gap after it
_TOKENS = {"b": "win", "tie": "tie", "inconsistent": "flip", "incomplete": "none", "a": "loss"}
_PATTERNS = {"inconsistent": "/", "incomplete": "x"}
_DASHES = ("", "8px,4px", "2px,3px", "8px,3px,2px,3px", "14px,4px", "14px,3px,2px,3px")
PAIR = ("loss", "win")  # the colours of a and of b


def outcome_keys(names: Mapping[str, str]) -> tuple[Key, ...]:
    """The legend of `outcomes`: `names` maps an outcome to what it is called."""
    return tuple(Key(name, _TOKENS[outcome]) for outcome, name in names.items())


def pair_keys(names: Iterable[str]) -> tuple[Key, ...]:
    """The legend of `grouped`."""
    return tuple(Key(name, token) for name, token in zip(names, PAIR, strict=True))


def line_keys(names: Iterable[str]) -> tuple[Key, ...]:
    """The legend of `radar`."""
    return tuple(Key(name, f"series-{place}", _DASHES[place]) for place, name in enumerate(names))


def outcomes(labels: Sequence[Label], series: Mapping[str, tuple[Label, Sequence[int]]]) -> Figure:
    """Stacked bars, one per label: `series` maps an outcome to its name and its count for each label."""
    bars = [_outcome_bar(outcome, name, counts) for outcome, (name, counts) in series.items()]
    layout = {
        "barmode": "stack",
        "bargap": 0.3,
        "height": _height(len(labels), 1 if not any(_BREAK in one for one in labels) else 1.4),
    }
    axes = {"xaxis": {"rangemode": "tozero", "tickformat": "d", "fixedrange": True}, "yaxis": _names(labels)}
    return _figure(bars, {**layout, **axes, "uniformtext": {"minsize": 10, "mode": "hide"}})


def grouped(labels: Sequence[Label], series: Sequence[tuple[Label, Values]]) -> Figure:
    """Grouped bars of scores, a group per label; for two series, which the pair's two colours tell apart."""
    bars = [
        go.Bar(
            x=values,
            y=list(range(len(labels))),
            name=name,
            orientation="h",
            text=["" if value is None else f"{value:.1f}" for value in values],
            textposition="inside",
            textangle=0,
            hovertemplate="%{x:.2f}",
            meta={"color": token, "text": f"on-{token}"},
        )
        for (name, values), token in zip(series, PAIR, strict=True)
    ]
    layout = {"barmode": "group", "bargap": 0.25, "height": _height(len(labels), 1.5)}
    return _figure(bars, {**layout, "xaxis": {"rangemode": "tozero", "fixedrange": True}, "yaxis": _names(labels)})


def radar(labels: Sequence[Label], series: Sequence[tuple[Label, Values]]) -> Figure:
    """A line per series around a circle of labels; for a handful of series."""
    around = [*range(len(labels)), 0]
    lines = [
        go.Scatterpolar(
            r=[values[place] for place in around],
            theta=[_angle(place, len(labels)) for place in around],
            name=name,
            mode="lines+markers",
            text=[labels[place] for place in around],
            line={"width": 2, "dash": _DASHES[number] or "solid"},
            marker={"size": 6},
            hovertemplate="%{text}: %{r:.2f}",
            meta={"color": f"series-{number}"},
        )
        for number, (name, values) in enumerate(series)
    ]
    angular = {
        "tickvals": [_angle(place, len(labels)) for place in range(len(labels))],
        "ticktext": list(labels),
        "direction": "clockwise",
        "rotation": 90,
    }
    polar = {"angularaxis": angular, "radialaxis": {"rangemode": "tozero", "angle": 90, "tickangle": 90, "nticks": 5}}
    return _figure(lines, {"height": 400, "polar": polar, "margin": {"l": 88, "r": 88, "t": 36, "b": 36}})


def heatmap(columns: Sequence[Label], rows: Sequence[tuple[Label, Values]]) -> Figure:
    """A field per row and column, its value written in it; for more rows than lines could be told apart."""
    values = [list(row) for _, row in rows]
    field = go.Heatmap(
        z=values,
        x=list(range(len(columns))),
        y=list(range(len(rows))),
        meta={"scale": ["heat-low", "heat-high"]},
        texttemplate="%{z:.1f}",
        hovertemplate="%{z:.2f}<extra></extra>",
        xgap=1,
        ygap=1,
        showscale=False,
    )
    across = {
        "tickvals": list(range(len(columns))),
        "ticktext": list(columns),
        "side": "top",
        "tickangle": 0,
        "fixedrange": True,
        "showgrid": False,
    }
    size = {"height": 60 + 24 * len(rows), "margin": {"l": 8, "r": 12, "t": 36, "b": 8}}
    down = {**_names([name for name, _ in rows]), "showgrid": False}
    return _figure([field], {**size, "xaxis": across, "yaxis": down})


def label(name: str) -> Label:
    """A name as a label: cut to length, and inert where plotly would read HTML."""
    shown = _TURNS.sub("\ufffd", name if len(name) <= _LABEL else name[: _LABEL - 1] + "…")
    return Label(escape(shown, quote=False))


def versus(a: str, b: str) -> Label:
    """A pair as a label of two lines."""
    return Label(f"{label(a)}{_BREAK}vs. {label(b)}")


def _outcome_bar(outcome: str, name: Label, counts: Sequence[int]) -> Any:
    token = _TOKENS[outcome]
    return go.Bar(
        x=list(counts),
        y=list(range(len(counts))),
        name=name,
        orientation="h",
        text=[str(count) if count else "" for count in counts],
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        marker={"pattern": {"shape": _PATTERNS.get(outcome, ""), "size": 6, "solidity": 0.3}},
        hovertemplate="%{x}",
        meta={"color": token, "text": f"on-{token}"},
    )


def _names(labels: Sequence[Label]) -> dict[str, Any]:
    """An axis from top to bottom with a name at each count."""
    return {
        "tickvals": list(range(len(labels))),
        "ticktext": list(labels),
        "range": [len(labels) - 0.5, -0.5],
        "automargin": True,
        "fixedrange": True,
        "ticklen": 6,
        "zeroline": False,
    }


def _height(rows: int, factor: float = 1) -> int:
    return round(60 + factor * _ROW * max(rows, 2))


def _angle(place: int, places: int) -> float:
    return 360 * place / places


def _figure(data: Sequence[Any], layout: Mapping[str, Any]) -> Figure:
    common: dict[str, Any] = {"template": "none", "margin": {"l": 8, "r": 12, "t": 12, "b": 36}, "hovermode": "closest"}
    common["showlegend"] = False  # the page has its own, which wraps and can be read aloud
    figure: Figure = json.loads(go.Figure(list(data), {**common, **layout}).to_json())
    return figure
