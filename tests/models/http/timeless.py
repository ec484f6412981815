"""A clock of the test's own, and an event loop whose time passes only when all wait, and then at once."""

import asyncio
import selectors
from collections.abc import Sequence
from dataclasses import dataclass

Found = Sequence[tuple[selectors.SelectorKey, int]]


@dataclass
class Clock:
    """Stands in for the module `time`; it passes where it is told to, and by so many seconds whenever it is read."""

    now: float = 1000.0
    step: float = 0.0

    def monotonic(self) -> float:
        """Seconds since something or other."""
        self.now += self.step
        return self.now


class TimelessLoop(asyncio.SelectorEventLoop):
    """Timers are due in their order, however slow the machine is, and none is really waited for."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        super().__init__(_Selector(self._clock))

    def time(self) -> float:
        """What the clock says."""
        return self._clock.now


class _Selector(selectors.SelectSelector):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> Found:
        """What has happened already, or else the time passes; without a timeout, what happens next."""
        found: Found = super().select(None if timeout is None else 0)
        if not found:
            self._clock.now += timeout or 0.0
        return found
