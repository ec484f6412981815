"""Whether an endpoint answers, since when it doesn't, and whose doing each failed try was."""

import math
import time
from dataclasses import dataclass
from itertools import chain

DOWN = 4  # different calls that fail, and none is answered: the endpoint is down
PATIENCE = 60.0  # seconds at most for which it is waited for before that is taken for the doing of all calls left
CERTAIN = 16  # and so many can't all be to blame
BLIP = 2.0  # seconds without an answer that are no outage yet
SHUN = 3  # failures in a row after which an endpoint is left out while another works
SHUN_SECONDS = 30.0  # and then tried again
UNREACHABLE = "unreachable"
CONNECTION = "connection"
_ON_THE_WAY = (CONNECTION, "http_502", "http_504", "http_520", "http_521", "http_522", "http_523", "http_524")


@dataclass(slots=True, eq=False)
class Setback:
    """A try that failed. `own`: whether it was the call's doing and not the endpoint's; None while nothing tells."""

    began: float
    own: bool | None = None


class Health:
    """What became of the calls to one endpoint.

    It is in trouble from a failed try until a call is answered. Whose doing a failed try was is told by the next call
    that is answered, begun after it: the call's, unless the endpoint was down.
    """

    def __init__(self) -> None:
        self.answered = False  # ever, if only to refuse
        self.succeeded = False  # ever
        self.forbidden = 0  # refusals in a row that may be of the account
        self.latest = -math.inf  # the beginning of the latest call that was answered
        self.begin()

    def begin(self) -> None:
        """Another run, with other calls."""
        self._open = list[Setback]()
        self._known: set[int] = set()  # calls that failed in an earlier trouble: they tell nothing of the next,
        self._forgiven: set[int] = set()  # but for those of the last one, where that was an outage
        self._end()

    def _end(self) -> None:
        self.since: float | None = None  # when the trouble began
        self.tries = 0  # in a row that failed, each begun after the one before had
        self.rounds = 0  # how often calls were held back, each time after a try that was let through then
        self.failing: set[int] = set()  # the calls that failed since,
        self._suspect: set[int] = set()  # those of them that may have been at fault,
        self._stranded: dict[int, list[Setback]] = {}  # and those that failed on the way
        self.busy = self.gone = False  # whether it has too much to do; whether nobody listens
        self._failed = self._held = -math.inf

    def well(self, call: int, began: float, success: bool = True) -> bool:
        """A call that began then was answered; whether this is the end of a trouble: that of an earlier one is not."""
        self.answered, self.succeeded = True, self.succeeded or success
        self.forbidden = 0 if success else self.forbidden
        self.latest = max(self.latest, began)
        ends = self.since is not None and began >= self.since
        outage = ends and self.down
        for setback in self._open:
            if outage or began > setback.began:
                setback.own = not outage
        self._open = [setback for setback in self._open if setback.own is None]
        self._recognise(call, self._suspect if ends else set(), outage)
        if ends:
            self._end()
        return ends

    def _recognise(self, call: int, suspect: set[int], outage: bool) -> None:
        """Who may have been at fault tells nothing any more; those of an outage do, until yet another is answered.

        A call that is answered after it had failed with them shows that it wasn't them.
        """
        if call in self._forgiven | suspect:
            self._forgiven = set()
        else:
            self._known |= self._forgiven if outage else self._forgiven | suspect
            self._forgiven = suspect if outage else set()

    def failed(self, call: int, began: float, kind: str, busy: bool = False) -> Setback:
        """A try of a call that began then failed."""
        setback = Setback(began, False if busy or kind == UNREACHABLE else None)
        if self.latest > began and not busy:  # others that began later were answered
            setback.own = setback.own is None
            return setback
        self._count(began, time.monotonic())
        self.failing.add(call)
        self._suspect |= {call} if setback.own is None else set()
        self.busy, self.gone = busy, kind == UNREACHABLE
        self._open += [setback] if setback.own is None else []
        if kind in _ON_THE_WAY and call not in self._known:
            self._strand(call, setback)
        return setback

    def _strand(self, call: int, setback: Setback) -> None:
        """A call that fails on the way may have broken what is behind it; several calls tell that it is gone."""
        self._stranded.setdefault(call, []).append(setback)
        if len(self._stranded) > 1:
            for each in chain.from_iterable(self._stranded.values()):
                each.own = False
            self._open = [each for each in self._open if each.own is None]

    def _count(self, began: float, now: float) -> None:
        if self.since is None:
            self.since = now
        if began >= self._failed or not self.tries:
            self.tries, self._failed = self.tries + 1, now

    def hold(self, began: float) -> None:
        """Calls are held back, since a try that began then has failed."""
        if began >= self._held:
            self.rounds, self._held = self.rounds + 1, time.monotonic()

    @property
    def down(self) -> bool:
        """Whether nobody listens, or so many calls failed, for so long, that it is not them."""
        return self.gone or (self._telling >= DOWN and self._lasted >= BLIP)

    def doubtful(self, give_up: float) -> bool:
        """Whether, with no other call to tell by, a failed try is taken for the endpoint's doing."""
        patience = min(PATIENCE, 0.75 * give_up)
        return self.down and (self._lasted < patience or self._telling >= CERTAIN)

    @property
    def unclear(self) -> bool:
        """Whether it has just got into trouble, so that nothing is known of it yet."""
        return self.since is not None and self._lasted < BLIP

    @property
    def _telling(self) -> int:
        return len(self.failing - self._known)

    @property
    def _lasted(self) -> float:
        return 0.0 if self.since is None else time.monotonic() - self.since

    @property
    def shunned(self) -> bool:
        """Whether another endpoint is to be preferred."""
        bad = self.since is not None and (self.gone or self.tries >= SHUN)
        return bad and time.monotonic() - self._failed < SHUN_SECONDS
