"""Lines and intervals as SVG of our own, which is there without script: where everything stands; pure.

Places are per cent of a box, across from the left and down from the top, so that a drawing takes any width.
`templates/lines.html` makes SVG of them, and the style sheet gives the colours.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

Scale: TypeAlias = tuple[float, float]
Mark: TypeAlias = Literal["good", "bad", "open"]
_STEPS = (1, 2, 2.5, 5, 10)  # times a power of ten: from tick to tick
_TICKS = 5  # about so many
_NEAR = 15.0  # per cent from an edge: a label there stays inside


@dataclass(frozen=True, slots=True)
class Value:
    """A figure to be drawn at `x`, with its interval, what it came to, and what is told where one points at it.

    `band`: what is shaded around the line, where that isn't the interval.
    """

    x: float
    value: float
    ends: tuple[float, float] | None
    mark: Mark
    told: str
    band: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, and what stands there. `anchor`: which part of the label stands at the place.

    `minor`: left out where the drawing is narrow.
    """

    at: float
    label: str
    anchor: str = "middle"
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A line to hold figures against: the style sheet's name of its kind (`tie`, `limit`), and what it is called."""

    at: float
    label: str
    kind: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Dot:
    """A figure in its place, with the ends of its interval."""

    x: float
    y: float
    low: float
    high: float
    mark: Mark
    told: str


@dataclass(frozen=True, slots=True)
class Run:
    """Figures that are joined: the points of the line, and those around its band."""

    line: str
    band: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart of lines; `breaks` are where nothing is joined, under the number that the text has for it."""

    dots: tuple[Dot, ...]
    runs: tuple[Run, ...]
    rules: tuple[Rule, ...]
    breaks: tuple[Tick, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure with its interval on a scale: where the interval begins and ends, and where the figure stands."""

    reach: tuple[float, float] | None
    at: float | None
    rules: tuple[Rule, ...]
    ends: tuple[str, str]
    told: str


def bar(
    value: float | None, ends: Sequence[float] | None, rules: Sequence[Rule], scale: Scale, labels: tuple[str, str]
) -> Bar:
    """A bar on which a figure is held against rules, whose `at` are values of the scale."""
    told = "; ".join(f"{rule.label}" for rule in rules)
    placed = tuple(Rule(at := _place(rule.at, scale), rule.label, rule.kind, _anchor(at)) for rule in rules)
    reach = (_place(ends[0], scale), _place(ends[1], scale)) if ends else None
    return Bar(reach, None if value is None else _place(value, scale), placed, labels, told)


def lines(
    runs: Sequence[Sequence[Value]], rules: Sequence[Rule], across: Sequence[Tick], ends: Scale, unit: str = ""
) -> Drawing:
    """A drawing of runs of figures, each joined in itself alone; between two of them is a numbered break.

    `across` has ticks at values of x, which goes from one of `ends` to the other. `rules` are at values. Every figure,
    interval and rule lies within the scale, which ends at ticks.
    """
    up = _ticks(*_reach(runs, rules))
    scale = (up[0], up[-1])
    dots = [[_dot(value, ends, scale) for value in run] for run in runs]
    bands = [[_band(value, scale) for value in run] for run in runs]
    between = [(before[-1].x + after[0].x) / 2 for before, after in pairwise(dots)]
    return Drawing(
        dots=tuple(dot for run in dots for dot in run),
        runs=tuple(map(_run, dots, bands)),
        rules=tuple(Rule(100 - _place(rule.at, scale), rule.label, rule.kind) for rule in rules),
        breaks=tuple(Tick(at, str(number)) for number, at in enumerate(between, start=1)),
        across=tuple(Tick(at := _place(tick.at, ends), tick.label, _anchor(at), tick.minor) for tick in across),
        up=tuple(Tick(100 - _place(value, scale), f"{value:g}{unit}") for value in up),
    )


def spread(number: int, most: int) -> list[int]:
    """At most so many of 0, 1, ... number - 1, evenly, the first and the last among them."""
    if number <= most:
        return list(range(number))
    return [round(place * (number - 1) / (most - 1)) for place in range(most)]


def ticks(low: float, high: float) -> list[float]:
    """Round numbers from `low` to `high`, none of them outside."""
    return [value for value in _ticks(low, high) if low <= value <= high]


def _reach(runs: Sequence[Sequence[Value]], rules: Sequence[Rule]) -> Scale:
    values = [end for run in runs for value in run for end in (value.value, *(value.ends or ()), *(value.band or ()))]
    values += [rule.at for rule in rules]
    return min(values), max(values)


def _ticks(low: float, high: float) -> list[float]:
    """From the last round number at or below `low` to the first at or above `high`."""
    raw = ((high - low) or abs(high) or 1.0) / _TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in _STEPS if factor * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(place * step, 10) for place in range(first, max(last, first + 1) + 1)]


def _dot(value: Value, ends: Scale, scale: Scale) -> Dot:
    low, high = value.ends or (value.value, value.value)
    down, bottom, top = (100 - _place(one, scale) for one in (value.value, low, high))
    return Dot(_place(value.x, ends), down, bottom, top, value.mark, value.told)


def _band(value: Value, scale: Scale) -> Scale:
    low, high = value.band or value.ends or (value.value, value.value)
    return 100 - _place(low, scale), 100 - _place(high, scale)


def _run(dots: Sequence[Dot], bands: Sequence[Scale]) -> Run:
    lower, upper = ([(dot.x, band[side]) for dot, band in zip(dots, bands, strict=True)] for side in (0, 1))
    return Run(_points([(dot.x, dot.y) for dot in dots]), _points([*upper, *reversed(lower)]))


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in places)


def _place(value: float, scale: Scale) -> float:
    low, high = scale
    return round(min(max(100 * (value - low) / ((high - low) or 1), 0.0), 100.0), 2)


def _anchor(at: float) -> str:
    return "start" if at < _NEAR else "end" if at > 100 - _NEAR else "middle"
