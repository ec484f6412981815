"""What pages say of the entries of a report (`report.build`)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from judgebench.site import slugs
from judgebench.site.views import UNKNOWN, Cell, called, figure, number

Entry = Mapping[str, Any]
Ends = Sequence[float] | None  # an interval, [low, high]
Scale = tuple[float, float]  # the lowest and the highest value that are drawn
Addresses = Mapping[tuple[str, str, frozenset[str]], str]  # by question set, judge and the two models
SHARE: Scale = (0.0, 1.0)
_NAMES = ("question_set", "judge", "model")
_LISTS = ("models", "raters", "judges")
_RATES = ("win_rate", "consistent_win_rate", "order_corrected_win_rate")
_CONTROLLED = ("length_controlled_win_rate", "style_controlled_win_rate")


def address(pair: Entry) -> str | None:
    """The page of a pair, seen from the root of the site; a panel has none."""
    if "judges" in pair:
        return None
    return slugs.pair_page(pair["question_set"], pair["judge"], pair["kind"], *pair["models"])


def addresses(pairs: Iterable[Entry]) -> Addresses:
    """The pages of pairs; of several kinds of verdict the first."""
    found: dict[tuple[str, str, frozenset[str]], str] = {}
    for pair in pairs:
        if page := address(pair):
            found.setdefault((pair["question_set"], pair["judge"], frozenset(pair["models"])), page)
    return found


def spoken(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """The same entries with every name as sentences have it, so that none can turn the words after it around."""
    return [
        {
            **entry,
            **{key: called(entry[key]) for key in _NAMES if key in entry},
            **{key: [called(name) for name in entry[key]] for key in _LISTS if key in entry},
        }
        for entry in entries
    ]


def percent(ratio: float | None) -> str:
    """A ratio as a percentage."""
    return UNKNOWN if ratio is None else f"{figure(100 * ratio, 2)}\N{NO-BREAK SPACE}%"


def percent_with(value: float | None, ends: Ends) -> str:
    """A share and its interval: `51.4 % (43.0 to 59.7 %)`."""
    if value is None:
        return UNKNOWN
    shown = f"{100 * value:.1f}\N{NO-BREAK SPACE}%"
    return shown if ends is None else f"{shown} ({_between(ends, 100, 1)}\N{NO-BREAK SPACE}%)"


def share(value: float | None) -> Cell:
    """A share as a cell, in per cent: its column says so."""
    return number(None if value is None else 100 * value, 1)


def reach(ends: Ends, factor: float = 1, digits: int = 2) -> Cell:
    """An interval as a cell; a saved table has its ends in two columns."""
    if ends is None:
        return Cell(UNKNOWN, number=True)
    low, high = (f"{factor * end:.{digits + 2}f}" for end in ends)
    return Cell(_between(ends, factor, digits), number=True, ends=(low, high))


def drawn(value: float | None, ends: Ends, scale: Scale, digits: int = 2) -> Cell:
    """A figure as a cell, with its interval drawn beside it."""
    if value is None:
        return number(None)
    low, high = ends or (value, value)
    span = (_place(low, scale), _place(value, scale), _place(high, scale))
    return Cell(figure(value, digits), number=True, span=span)


def counts(pair: Entry) -> Mapping[str, int]:
    """How many matches came out in which way."""
    a, b = pair["wins"]
    others = {name: pair[name] for name in ("inconsistent", "incomplete")}
    return {"a": a, "b": b, "tie": pair["ties"], **others}


def turned(pair: Entry) -> dict[str, Any]:
    """The same pair seen from the other side."""
    lists = {key: pair[key][::-1] for key in ("models", "wins", "totals") if pair[key] is not None}
    entry = {**pair, **lists, **_inverse(pair)}
    for name in (*_RATES, *_CONTROLLED, "win_rate_bounds"):
        if name in pair:
            entry[name] = _less(pair[name])
        if f"{name}_interval" in pair:
            entry[f"{name}_interval"] = _less(pair[f"{name}_interval"])
    return entry


def seen_by(model: str, pair: Entry) -> Entry:
    """The pair with this model as b, the candidate."""
    return turned(pair) if pair["models"][0] == model else pair


def _inverse(pair: Entry) -> dict[str, Any]:
    """The ratio of the totals the other way round; a reciprocal keeps an interval's coverage."""
    if not pair["ratio"]:
        return {"ratio": None, "ratio_interval": None}
    ends = pair["ratio_interval"]
    whole = ends is not None and ends[0] > 0
    return {"ratio": 1 / pair["ratio"], "ratio_interval": [1 / end for end in reversed(ends)] if whole else None}


def _less(value: Any) -> Any:
    """One less a share, or the ends of one."""
    if value is None:
        return None
    return [1 - end for end in reversed(value)] if isinstance(value, Sequence) else 1 - value


def _place(value: float, scale: Scale) -> float:
    low, high = scale
    return min(max(100 * (value - low) / ((high - low) or 1), 0.0), 100.0)


def _between(ends: Sequence[float], factor: float, digits: int) -> str:
    return " to ".join(figure(factor * end, digits).replace("-", "\N{MINUS SIGN}") for end in ends)
