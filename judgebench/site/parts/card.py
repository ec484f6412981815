"""The card that opens a page: who is better, by how much, and how sure that is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from judgebench.site.drawing.lines import Bar, Rule, Scale, bar
from judgebench.site.entries import SHARE, Ends
from judgebench.site.views import Fact, figure

State: TypeAlias = Literal["sure", "open", "out of order"]
# Of what is sure, whether it is wanted, or only shown, where nothing says which is wanted; never of a figure.
Tone: TypeAlias = Literal["good", "bad", "shown", "open", "broken"]
PERCENT = "\N{NO-BREAK SPACE}%"
_SHARES = (f"0{PERCENT}", f"100{PERCENT}")


@dataclass(frozen=True, slots=True)
class Card:
    """`title` says it in a sentence, `verdict` in the command's word; `figure` is by how much, `reach` within what.

    `said` is why, `facts` what it rests on, and `notes` what can't be said, or is missing.
    """

    title: str
    state: State
    tone: Tone
    verdict: str = ""
    figure: str = ""
    reach: str = ""
    bar: Bar | None = None
    said: str = ""
    facts: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = ()


def state(tone: Tone) -> State:
    """How sure that is."""
    return "out of order" if tone == "broken" else "open" if tone == "open" else "sure"


def ratio(rate: float | None) -> str:
    """How the points are shared: the candidate's, and the other's."""
    return "" if rate is None else f"{figure(100 * rate)} : {figure(100 - round(100 * rate))}"


def reach(ends: Ends, factor: float = 100, digits: int = 1, unit: str = PERCENT) -> str:
    """An interval with its unit, "" where there is none."""
    if ends is None:
        return ""
    shown = (figure(factor * end, digits).replace("-", "\N{MINUS SIGN}") for end in ends)
    return f"{' to '.join(shown)}{unit}"


def rate_rules(margin: float | None) -> tuple[Rule, ...]:
    """What a win rate is held against: a tie, and the margin where there is one."""
    tie = Rule(0.5, f"tie 50{PERCENT}", "tie")
    return (tie, Rule(0.5 - margin, f"limit {100 * (0.5 - margin):g}{PERCENT}", "limit")) if margin else (tie,)


def rate_bar(rate: float | None, ends: Ends, margin: float | None, scale: Scale = SHARE) -> Bar:
    """A win rate with its interval, beside a tie and the margin, from 0 to 100 % or on another scale."""
    labels = _SHARES if scale == SHARE else (f"{100 * scale[0]:g}{PERCENT}", f"{100 * scale[1]:g}{PERCENT}")
    return bar(rate, ends, rate_rules(margin), scale, labels)


def known(facts: Iterable[tuple[str, str | None]]) -> tuple[Fact, ...]:
    """The facts of which something is known."""
    return tuple(Fact(name, value) for name, value in facts if value)
