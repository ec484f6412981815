"""Figures for plotly.js. Colours are names of the style sheet's, which static/charts.js fills in by light and dark.

Plotly reads a little HTML in every label, so names are escaped; and as categories of an axis equal ones would
be merged, so axes count and names are only tick labels. The site carries the smallest bundle of plotly.js, which
draws bars and lines: a radar is lines on plain axes, and what is shaded is a table.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, NewType

from judgebench.site.views import Key

Figure = Mapping[str, Any]
Values = Sequence[float | None]
Ends = Sequence[Sequence[float] | None]
Label = NewType("Label", str)  # made by `label` or `versus`, so that what plotly reads as HTML is ours
MOST_LINES = 6  # more than that in one chart can't be told apart
_LABEL = 30  # characters of a name that a chart shows
_TURNS = re.compile("[\0-\x1f\u202a-\u202e]")  # what would turn the letters after it around
_BREAK = "<br>"
_ROW = 30  # pixels of a bar with the gap after it
_TOKENS = {"b": "win", "tie": "tie", "inconsistent": "flip", "incomplete": "none", "a": "loss"}
_PATTERNS = {"inconsistent": "/", "incomplete": "x"}
_DASHES = ("", "8px,4px", "2px,3px", "8px,3px,2px,3px", "14px,4px", "14px,3px,2px,3px")
_RINGS = 4  # of a radar
_ROOM = (1.75, 1.25)  # how far a radar's axes reach, across and up, where its outer ring is 1


def outcome_keys(names: Mapping[str, str]) -> tuple[Key, ...]:
    """The legend of `outcomes`: `names` maps an outcome to what it is called."""
    return tuple(Key(name, _TOKENS[outcome]) for outcome, name in names.items())


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


@dataclass(frozen=True, slots=True)
class Axis:
    """How a value is drawn: its title, the value of the line that means no difference, and plotly's format of it."""

    title: str
    middle: float | None = None
    hover: str = ".2f"
    ends: tuple[float, float] | None = None


def intervals(labels: Sequence[Label], values: Values, ends: Ends, axis: Axis) -> Figure:
    """A dot per label with its interval; a label without an interval has the dot alone."""
    known = [place for place, value in enumerate(values) if value is not None and math.isfinite(value)]
    reaches = [(values[place], ends[place] or (values[place], values[place])) for place in known]
    dots = dict(
        type="scatter",
        x=[values[place] for place in known],
        y=known,
        mode="markers",
        marker={"size": 9},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [max(reach[1] - value, 0) for value, reach in reaches],  # type: ignore[operator]
            "arrayminus": [max(value - reach[0], 0) for value, reach in reaches],  # type: ignore[operator]
            "thickness": 2,
            "width": 5,
        },
        customdata=[list(reach) for _, reach in reaches],
        hovertemplate=f"%{{x:{axis.hover}}}, %{{customdata[0]:{axis.hover}}} to %{{customdata[1]:{axis.hover}}}"
        "<extra></extra>",
        meta={"color": "win"},
    )
    across = {"title": _title(axis.title), "fixedrange": True, "zeroline": False}
    if axis.ends:
        across["range"] = list(axis.ends)
    margin = {"margin": {"l": 8, "r": 12, "t": 12, "b": 52}}
    size = {"height": _height(len(labels), 0.9, 76), **margin, "shapes": _line(axis.middle)}
    return _figure([dots], {**size, "xaxis": across, "yaxis": _names(labels)})


def histogram(bins: Sequence[Label], counts: Sequence[int], title: str) -> Figure:
    """A bar per bin, upright."""
    bars = dict(
        type="bar",
        x=list(range(len(bins))),
        y=list(counts),
        hovertext=list(bins),
        hovertemplate="%{hovertext}: %{y}<extra></extra>",
        meta={"color": "win"},
    )
    across = {
        "tickvals": list(range(len(bins))),
        "ticktext": list(bins),
        "fixedrange": True,
        "title": _title(title),
        "showgrid": False,
        "zeroline": False,
    }
    up = {"rangemode": "tozero", "fixedrange": True, "automargin": True, "nticks": 5}
    size = {"height": 260, "bargap": 0.15, "margin": {"l": 8, "r": 12, "t": 12, "b": 52}}
    return _figure([bars], {**size, "xaxis": across, "yaxis": up})


def radar(labels: Sequence[Label], series: Sequence[tuple[Label, Values]], scale: tuple[float, float]) -> Figure:
    """A line per series around a circle of labels, for a handful of series; the rings go from low to high."""
    lines = [_around(labels, values, number, name, scale) for number, (name, values) in enumerate(series)]
    plain = {"visible": False, "fixedrange": True}
    axes = {
        "xaxis": {**plain, "range": [-_ROOM[0], _ROOM[0]]},
        "yaxis": {**plain, "range": [-_ROOM[1], _ROOM[1]], "scaleanchor": "x"},
    }
    texts = [*_spoke_names(labels), *_ring_names(scale)]
    size = {"height": 400, "margin": {"l": 4, "r": 4, "t": 4, "b": 4}}
    return _figure(lines, {**size, **axes, "shapes": _web(len(labels)), "annotations": texts})


def label(name: str) -> Label:
    """A name as a label: cut to length, and inert where plotly would read HTML."""
    shown = _TURNS.sub("\ufffd", name if len(name) <= _LABEL else name[: _LABEL - 1] + "…")
    return Label(escape(shown, quote=False))


def versus(a: str, b: str) -> Label:
    """A pair as a label of two lines."""
    return Label(f"{label(a)}{_BREAK}vs. {label(b)}")


def _outcome_bar(outcome: str, name: Label, counts: Sequence[int]) -> dict[str, Any]:
    token = _TOKENS[outcome]
    return dict(
        type="bar",
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


def _around(
    labels: Sequence[Label], values: Values, number: int, name: Label, scale: tuple[float, float]
) -> dict[str, Any]:
    """A radar's line; where a value isn't known, it has a gap."""
    places = [*range(len(labels)), 0]
    points = [_point(place, len(labels), _radius(values[place], scale)) for place in places]
    return dict(
        type="scatter",
        x=[x for x, _ in points],
        y=[y for _, y in points],
        name=name,
        mode="lines+markers",
        text=[labels[place] for place in places],
        customdata=[values[place] for place in places],
        line={"width": 2, "dash": _DASHES[number] or "solid"},
        marker={"size": 6},
        hovertemplate="%{text}: %{customdata:.2f}",
        meta={"color": f"series-{number}"},
    )


def _radius(value: float | None, scale: tuple[float, float]) -> float | None:
    low, high = scale
    return None if value is None else min(max((value - low) / ((high - low) or 1), 0.0), 1.0)


def _point(place: int, places: int, radius: float | None) -> tuple[float | None, float | None]:
    """From the top, clockwise."""
    if radius is None:
        return None, None
    angle = 2 * math.pi * place / places
    return round(radius * math.sin(angle), 4), round(radius * math.cos(angle), 4)


def _web(places: int) -> list[dict[str, Any]]:
    """The rings and spokes of a radar."""
    thin = {"layer": "below", "line": {"width": 1}}
    radii = [(ring + 1) / _RINGS for ring in range(_RINGS)]
    rings = [{"type": "circle", "x0": -one, "y0": -one, "x1": one, "y1": one, **thin} for one in radii]
    tips = [_point(place, places, 1.0) for place in range(places)]
    return rings + [{"type": "line", "x0": 0, "y0": 0, "x1": x, "y1": y, **thin} for x, y in tips]


def _spoke_names(labels: Sequence[Label]) -> list[dict[str, Any]]:
    found = []
    for place, name in enumerate(labels):
        x, y = _point(place, len(labels), 1.06)
        side = "center" if abs(x or 0) < 0.2 else "left" if (x or 0) > 0 else "right"
        up = "bottom" if (y or 0) > 0.9 else "top" if (y or 0) < -0.9 else "middle"
        found.append({"x": x, "y": y, "text": name, "showarrow": False, "xanchor": side, "yanchor": up})
    return found


def _ring_names(scale: tuple[float, float]) -> list[dict[str, Any]]:
    low, high = scale
    shown = {"showarrow": False, "xanchor": "left", "yanchor": "middle", "font": {"size": 11}, "name": "muted"}
    radii = [(ring + 1) / _RINGS for ring in range(_RINGS)]
    return [{"x": 0.02, "y": one, "text": f"{low + one * (high - low):g}", **shown} for one in radii]


def _line(value: float | None) -> list[dict[str, Any]]:
    """The upright line at a value that means no difference."""
    if value is None:
        return []
    upright = {"type": "line", "x0": value, "x1": value, "yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
    return [{**upright, "name": "strong", "line": {"width": 1.5, "dash": "4px,3px"}}]


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


def _title(words: str) -> dict[str, Any]:
    return {"text": escape(words, quote=False), "font": {"size": 13}}


def _height(rows: int, factor: float = 1, around: int = 60) -> int:
    return round(around + factor * _ROW * max(rows, 2))


def _figure(data: Sequence[Mapping[str, Any]], layout: Mapping[str, Any]) -> Figure:
    """The figure as plotly.js reads it."""
    common: dict[str, Any] = {"margin": {"l": 8, "r": 12, "t": 12, "b": 36}, "hovermode": "closest"}
    common["showlegend"] = False  # the page has its own, which wraps and can be read aloud
    return {"data": list(data), "layout": {**common, **layout}}
