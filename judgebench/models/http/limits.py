"""How many calls an endpoint is given, and when: adaptive concurrency, rates per minute, and times without a call."""

import asyncio
import math
import time
from dataclasses import dataclass

AN_INSTANT = 1e-6  # seconds; of less, a clock may know nothing
WINDOW = 1.0  # seconds in which the calls in flight are halved at most once


class Pace:
    """So many units a minute, evenly: GCRA, a token bucket told by the time at which it is full again."""

    def __init__(self, per_minute: float | None, burst: float = 1.0) -> None:
        self._each = 60.0 / per_minute if per_minute else 0.0
        self._burst = burst
        self._free_at = -math.inf

    def wait(self, now: float) -> float:
        """Seconds until the next unit may be spent."""
        return max(0.0, self._free_at - now) if self._each else 0.0

    def spend(self, units: float, now: float) -> None:
        """Take units, or give back (negative); one call may take more than there is, and the next ones wait."""
        if self._each:
            self._free_at = max(self._free_at, now - self._burst) + units * self._each


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A call that waits to be let through, and the word that it is."""

    age: int
    tokens: float
    failed: int
    free: asyncio.Future[None]


class Gate:
    """Lets calls to one endpoint through: at most `limit` at once, none while it asked to wait, none above its rates.

    The limit is halved when the endpoint says that it is too much, at most once in a window and never by a call
    begun before the last halving; each success lets it grow, by a tenth (and at least one) per round of calls.
    """

    def __init__(self, most: int, rpm: float | None = None, tpm: float | None = None) -> None:
        self.most = most
        self.limit = float(most)
        self.narrow = False  # whether one call at a time is let through, however many could be
        self.running = 0
        self._requests, self._tokens = Pace(rpm), Pace(tpm)
        self._waiting: list[Place] = []
        self._resume_at = self._halved_at = -math.inf
        self._timer: asyncio.TimerHandle | None = None

    @property
    def load(self) -> float:
        """How busy the endpoint is for what it can take."""
        return (self.running + len(self._waiting)) / self.limit

    @property
    def paused(self) -> float:
        """Seconds for which no call is let through."""
        now = time.monotonic()
        return max(0.0, self._resume_at - now, self._requests.wait(now), self._tokens.wait(now))

    async def enter(self, tokens: float, age: int = 0, failed: int = 0) -> float:
        """Wait for a place for a call of about so many tokens; returns when it began.

        The call with the smallest `age` comes first; where one at a time is let through, one that `failed` least.
        """
        place = Place(age, tokens, failed, asyncio.get_running_loop().create_future())
        self._waiting.append(place)
        self._let_in()
        try:
            await place.free
        except asyncio.CancelledError:
            if place.free.done() and not place.free.cancelled():
                self.leave()
            raise
        return time.monotonic()

    def leave(self) -> None:
        """A call has ended, however."""
        self.running -= 1
        self._let_in()

    def correct(self, estimated: float, counted: float) -> None:
        """What a call really took, in tokens."""
        self._tokens.spend(counted - estimated, time.monotonic())

    def grow(self) -> None:
        """A call went well."""
        self.limit = min(self.most, self.limit + max(1.0 / self.limit, 0.1))

    def slow_down(self, began: float, after: float | None) -> None:
        """The endpoint had too much of a call that began then, and asked that no other comes for `after` seconds."""
        now = time.monotonic()
        self.hold(after or 0.0)
        if began > self._halved_at and now - self._halved_at >= WINDOW:
            self.limit, self._halved_at = max(1.0, self.limit / 2), now

    def hold(self, seconds: float) -> None:
        """Let no call through for so long."""
        self._resume_at = max(self._resume_at, time.monotonic() + seconds)

    def reopen(self) -> None:
        """Let as many through as there may be, and at once."""
        self.narrow, self._resume_at = False, -math.inf
        self._let_in()

    def abandon(self, error: Exception) -> None:
        """Whoever still waits gets the error in place of a turn."""
        waiting, self._waiting = self._waiting, []
        for place in waiting:
            if not place.free.done():
                place.free.set_exception(error)

    def _let_in(self) -> None:
        while self._waiting and self.running < (1 if self.narrow else int(self.limit)):
            pause = self.paused
            if pause > AN_INSTANT:
                self._call_again(pause)
                return
            place = min(self._waiting, key=lambda place: (place.failed if self.narrow else 0, place.age))
            self._waiting.remove(place)
            if not place.free.done():  # else its call was cancelled while it waited
                self.running += 1
                now = time.monotonic()
                self._requests.spend(1, now)
                self._tokens.spend(place.tokens, now)
                place.free.set_result(None)

    def _call_again(self, pause: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(pause, self._let_in)
