"""How long an endpoint that has too much to do, or is down, is waited for, and what is said of it."""

import time
from dataclasses import dataclass, replace

from judgebench.models import Options
from judgebench.models.http.endpoints import Endpoint
from judgebench.models.http.health import UNREACHABLE
from judgebench.models.http.runner import TryAgain, backoff

FIRST = 6.0  # seconds after which an endpoint that never answered is given up: more likely it's set up wrongly
SURE = 3  # tries in a row that fail before an endpoint is given up
LONGEST = 10.0  # seconds between two tries of an endpoint that doesn't say how long to wait
_CALENDAR = 10**9  # seconds; what lies beyond has no date
SILENT = 3.0  # seconds of waiting that nobody needs to be told of


@dataclass(frozen=True, slots=True)
class Wait:
    """What follows a try that failed by an endpoint's doing, at a time on the monotonic clock."""

    endpoint: Endpoint
    error: TryAgain
    options: Options
    now: float
    pause: float  # seconds for which no call is let through

    @classmethod
    def of(cls, endpoint: Endpoint, error: TryAgain, options: Options) -> "Wait":
        """As long as was asked and, since that may be too little, longer each time; at most until the deadline."""
        rounds, wait = endpoint.health.rounds, cls(endpoint, error, options, time.monotonic(), 0.0)
        asked = error.after if error.after is not None and wait.heeded else None
        own = min(backoff(max(rounds, 1)), LONGEST) if asked is None or rounds > 1 else 0.0
        pause = max(asked or 0.0, own)
        left = wait.deadline - wait.now
        return replace(wait, pause=min(pause, left) if left > 0 else pause)

    @property
    def allowed(self) -> float:
        """Seconds of trouble after which the endpoint is given up."""
        patient = self.endpoint.health.answered or self.error.busy
        return self.options.give_up if patient else min(self.options.give_up, FIRST)

    @property
    def deadline(self) -> float:
        """When that is."""
        since = self.endpoint.health.since
        return (self.now if since is None else since) + self.allowed

    @property
    def beyond(self) -> bool:
        """Whether it asks to wait for longer than anyone waits."""
        return self.error.after is not None and self.error.after > self.allowed

    @property
    def heeded(self) -> bool:
        """Whether it said how long to wait, so that as many calls as usual may follow."""
        return self.error.after is not None and not self.beyond

    @property
    def over(self) -> bool:
        """Whether it is given up."""
        return self.endpoint.health.tries >= SURE and (self.beyond or self.now >= self.deadline)

    @property
    def until(self) -> float:
        """The end of this wait or, where nobody knows it, of all."""
        return self.now + self.pause if self.heeded else self.deadline

    @property
    def is_news(self) -> bool:
        """Whether whoever watches should be told, and was not."""
        health, after = self.endpoint.health, self.error.after
        if not self.heeded and not (health.answered or self.error.busy):
            return False  # it is over in a moment
        lasted = after if self.heeded and after is not None else self.now - (health.since or self.now)
        return lasted >= SILENT and self.until > self.endpoint.told_until + 1.0

    @property
    def told(self) -> str:
        """What it is waited for, and until when."""
        if self.heeded:
            return f"{self.error}: no call before {_clock(self.pause)} ({spoken(self.pause)}), as it asks"
        left = self.deadline - self.now
        return f"{self.error}: tried again, one call at a time, until {_clock(left)} at the latest (--give-up)"

    @property
    def too_long(self) -> str:
        """Why a call doesn't wait."""
        asked, give_up = self.error.after or 0.0, self.options.give_up
        return (
            f"{self.error}, and asks to wait until {_clock(asked)} ({spoken(asked)}): longer than --give-up"
            f" ({give_up:g} s); run the same command again then"
        )

    @property
    def given_up(self) -> str:
        """Why an endpoint gets no further call."""
        health, tries = self.endpoint.health, self.endpoint.health.tries
        if self.beyond:
            return self.too_long
        if not health.answered and not self.error.busy:
            if self.error.kind == UNREACHABLE:
                return f"{self.error}: {self.endpoint.address.advice}"
            told = f"the endpoint is down: {tries} tries in a row failed, the last since {self.error}"
            return f"{told}; {self.endpoint.address.advice}"
        lasted = (
            f"no reply for {spoken(self.now - (health.since or self.now))} (--give-up), the last since {self.error}"
        )
        return f"the endpoint {'lets no call through' if self.error.busy else 'is down'}: {lasted}; try again later"


def _clock(seconds: float) -> str:
    """The time of day in so many seconds."""
    moment = time.localtime(time.time() + min(seconds, _CALENDAR))
    return time.strftime("%H:%M:%S" if seconds < 43200 else "%Y-%m-%d %H:%M", moment)


def spoken(seconds: float) -> str:
    """`40 s`, `12 min`, `3.2 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
