"""How many calls an endpoint is given, and when: adaptive concurrency, rates per minute, and whether it is down."""

import asyncio
import math
import time
from collections import deque

FAILURES = 10  # tries in a row, none of them well: the endpoint is down
PATIENCE = 5.0  # seconds that a row of failures must last before calls that have tries left give up as well
SHUN = 3  # failures in a row after which an endpoint is left out while another works
SHUN_SECONDS = 30.0  # and then tried again
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


class Gate:
    """Lets calls to one endpoint through: at most `limit` at once, none while it asked to wait, none above its rates.

    The limit is halved when the endpoint says that it is too much, at most once in a window and never by a call
    begun before the last halving; each success lets it grow, by a tenth (and at least one) per round of calls.
    """

    def __init__(self, most: int, rpm: float | None = None, tpm: float | None = None) -> None:
        self.most = most
        self.limit = float(most)
        self.running = 0
        self._requests, self._tokens = Pace(rpm), Pace(tpm)
        self._waiting: deque[tuple[asyncio.Future[None], float]] = deque()
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

    async def enter(self, tokens: float) -> float:
        """Wait for a place for a call of about so many tokens; returns when it began."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((place, tokens))
        self._let_in()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
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
        self._resume_at = max(self._resume_at, now + (after or 0.0))
        if began > self._halved_at and now - self._halved_at >= WINDOW:
            self.limit, self._halved_at = max(1.0, self.limit / 2), now

    def abandon(self, error: Exception) -> None:
        """Whoever still waits gets the error in place of a turn."""
        while self._waiting:
            place, _ = self._waiting.popleft()
            if not place.done():
                place.set_exception(error)

    def _let_in(self) -> None:
        while self._waiting and self.running < int(self.limit):
            pause = self.paused
            if pause > 0:
                self._call_again(pause)
                return
            place, tokens = self._waiting.popleft()
            if not place.done():  # else its call was cancelled while it waited
                self.running += 1
                now = time.monotonic()
                self._requests.spend(1, now)
                self._tokens.spend(tokens, now)
                place.set_result(None)

    def _call_again(self, pause: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(pause, self._let_in)


class Health:
    """A row of failures: how long it is, counting one for all calls that were in flight when it began."""

    def __init__(self) -> None:
        self.failures = 0
        self._since = self._last = -math.inf

    def well(self) -> None:
        """The endpoint answered; if only to refuse, it is there."""
        self.failures = 0

    def failed(self, began: float) -> None:
        """A try that began then met a 5xx, a broken connection, or no answer in time."""
        now = self._last = time.monotonic()
        if not self.failures:
            self.failures, self._since = 1, now
        elif began > self._since:
            self.failures += 1

    def shun(self) -> None:
        """Nobody listens there: one failure is enough to prefer others."""
        self.failures = max(self.failures, SHUN)

    @property
    def shunned(self) -> bool:
        """Whether another endpoint is to be preferred."""
        return self.failures >= SHUN and time.monotonic() - self._last < SHUN_SECONDS

    def down(self, last_try: bool) -> bool:
        """Whether to give the endpoint up, asked by a call whose try just failed."""
        return self.failures >= FAILURES and (last_try or time.monotonic() - self._since >= PATIENCE)
