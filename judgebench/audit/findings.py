"""What is looked at in a judge, and how a figure becomes a grade; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Grade: TypeAlias = Literal["fine", "beware", "broken", "not known"]
Figure = Mapping[str, Any]
Finding = dict[str, Any]
ORDER: tuple[Grade, ...] = ("broken", "beware", "not known", "fine")  # what needs a look first


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a fault may be: nobody need mind one up to `bearable`; from `grave` on verdicts can't be used as such.

    In the figure's own unit. They are judgements, not theorems: docs/audit.md says why they are where they are.
    """

    bearable: float
    grave: float

    def grade(self, fault: float | None, interval: Iterable[float] | None) -> Grade:
        """Of a fault (0: none) with its interval.

        broken: surely more than bearable, and likely grave. not known: the interval has room for a bearable one and for
        a grave one. fine: likely bearable, or no more than chance. beware: all between.
        """
        if fault is None or interval is None:
            return "not known"
        low, high = interval
        if low >= self.bearable and fault >= self.grave:
            return "broken"
        if low < self.bearable and high >= self.grave:
            return "not known"
        return "fine" if fault <= self.bearable or low <= 0 else "beware"


FAULTS: Mapping[str, Limits] = {
    "position": Limits(0.05, 0.4),  # gain of one place, in wins
    "inconsistent": Limits(1 / 3, 0.48),  # of matches, with the order; a coin without ties has one half
    "length": Limits(0.1, 0.4),  # share of decided matches that the longer answer won, less one half
    "length beyond people": Limits(0.05, 0.3),  # the same, less people's on the same matches
    "length of scores": Limits(0.3, 0.8),  # correlation
    "own": Limits(0.05, 0.2),  # gain of own models, in wins
    "repeats": Limits(0.15, 0.4),  # of matches judged several times
    "repeated scores": Limits(0.3, 0.8),  # of answers scored several times: a point up or down is much less than a flip
    "attack": Limits(0.05, 0.2),  # gain, as a share of the scale
    "attack in pairs": Limits(0.05, 0.3),  # share of the pairs that it wins, less one half
    "people": Limits(0.25, 0.4),  # share of decided votes that are otherwise; two people: a fifth
    "missing": Limits(0.05, 0.2),  # of the reviews
}


def figure(name: str, found: Figure | None, of: str, unit: str = "share") -> Figure | None:
    """A figure of a finding, over `n` things `of` a kind; None where nothing is known.

    `found` has value, interval, n and questions. `unit`: share, wins, points or correlation.
    """
    if not found:
        return None
    return {
        "name": name,
        **{key: found[key] for key in ("value", "interval", "n", "questions")},
        "of": of,
        "unit": unit,
    }


def finding(aspect: str, grade: Grade, figures: Iterable[Figure | None] = (), **about: Any) -> Finding:
    """A finding; `about` is what its sentence is made of besides."""
    return {"aspect": aspect, "grade": grade, "figures": [one for one in figures if one], "about": about}


def worst(grades: Iterable[Grade]) -> Grade:
    """The worst of several: not known where nothing else is."""
    found = set(grades)
    return next((grade for grade in ("broken", "beware", "fine") if grade in found), "not known")


def fault_of(found: Figure | None, null: float = 0.0, sided: bool = True) -> tuple[float | None, list[float] | None]:
    """How far a figure is above `null`, with its interval; not `sided`: on whichever side it is."""
    if not found:
        return None, None
    value, ends = found["value"] - null, found["interval"]
    interval = None if ends is None else [end - null for end in ends]
    if value >= 0 or sided:
        return value, interval
    return -value, interval and [-end for end in reversed(interval)]
