"""Where lines and intervals stand, in per cent of a box."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.site.drawing.lines import Rule, Tick, Value, bar, lines, spread, ticks

LIMITS = (Rule(50, "tie", "tie"), Rule(45, "limit", "limit"))


def value(x: float, shown: float, **fields: Any) -> Value:
    """A figure with five to either side."""
    return Value(x, shown, (shown - 5, shown + 5), "open", "told", **fields)


def test_figures_stand_where_their_values_are() -> None:
    """From the left, and from the top: 40 to 60 are the ends of the scale."""
    drawn = lines([[value(0, 45), value(1, 55)]], LIMITS, [Tick(0, "a"), Tick(1, "b")], (0, 1), " %")
    assert (drawn.up[0].label, drawn.up[-1].label) == ("40 %", "60 %")
    assert [(dot.x, dot.y) for dot in drawn.dots] == [(0, 75), (100, 25)]
    assert (drawn.dots[0].low, drawn.dots[0].high) == (100, 50)
    assert [rule.at for rule in drawn.rules] == [50, 75]
    assert [tick.anchor for tick in drawn.across] == ["start", "end"]
    assert drawn.runs[0].line == "0.00,75.00 100.00,25.00"
    assert drawn.runs[0].band == "0.00,50.00 100.00,0.00 100.00,50.00 0.00,100.00"


def test_between_two_runs_nothing_is_joined() -> None:
    """A line each, and a numbered break halfway."""
    drawn = lines([[value(0, 50)], [value(1, 50), value(2, 50)], [value(3, 50)]], (), [], (0, 4))
    assert [run.line.count(",") for run in drawn.runs] == [1, 2, 1]
    assert [(one.at, one.label) for one in drawn.breaks] == [(12.5, "1"), (62.5, "2")]


def test_a_band_may_be_wider_than_the_interval() -> None:
    """It is what is shaded, and lies within the scale."""
    drawn = lines([[value(0, 50, band=(20.0, 80.0))]], (), [], (0, 1))
    assert (drawn.up[0].label, drawn.up[-1].label) == ("20", "80")
    assert drawn.runs[0].band == "0.00,0.00 0.00,100.00"


def test_an_interval_without_a_figure_is_drawn() -> None:
    """And nothing is, where neither is known; a label at an edge stays inside."""
    shown = bar(None, (0.25, 0.75), [Rule(0.95, "limit", "limit")], (0, 1), ("", ""))
    assert (shown.reach, shown.at, shown.rules[0].anchor) == ((25, 75), None, "end")
    assert bar(None, None, (), (0, 1), ("", "")).reach is None


@pytest.mark.parametrize(("number", "most", "places"), [(3, 4, [0, 1, 2]), (100, 4, [0, 33, 66, 99]), (0, 4, [])])
def test_few_of_many_are_spread(number: int, most: int, places: list[int]) -> None:
    """The first and the last among them."""
    assert spread(number, most) == places


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_ticks_are_few_and_inside(one: float, other: float) -> None:
    """Whatever the ends are."""
    low, high = sorted((one, other))
    found = ticks(low, high)
    assert len(found) <= 12
    assert all(low <= tick <= high for tick in found)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 50)), min_size=1, max_size=9))
def test_all_that_is_drawn_lies_in_the_box(shown: list[tuple[float, float]]) -> None:
    """Figures, intervals and rules."""
    run = [Value(x, at, (at - reach, at + reach), "good", "") for x, (at, reach) in enumerate(shown)]
    drawn = lines([run], LIMITS, [], (0, len(run)))
    for dot in drawn.dots:
        assert 0 <= dot.high <= dot.y <= dot.low <= 100
    assert all(0 <= rule.at <= 100 for rule in drawn.rules)
