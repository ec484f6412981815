"""What all calls of one run share: where they go, what they wait for, and what whoever watches is told."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from judgebench.errors import EndpointError
from judgebench.models import Completion, Options
from judgebench.models.http.complaints import Complaint
from judgebench.models.http.concealed import Secrets
from judgebench.models.http.dialect import Body
from judgebench.models.http.endpoints import Endpoint, Endpoints
from judgebench.models.http.limits import AN_INSTANT
from judgebench.models.http.runner import SPARE, SPARE_LONG, Aside, Stopped, say
from judgebench.tables.records import Failure, valid_text

LONGEST = 500  # characters of a message that are kept
REASON = 300  # and of what an endpoint says in it


class Elsewhere(Exception):
    """A call that waits for one endpoint is better sent to another."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, of whatever status."""

    status: int
    headers: Mapping[str, str]
    data: bytes


@dataclass(slots=True)
class Run:
    """The conversations of one `generate`, by their numbers, and the endpoints that they are held with."""

    model: str
    extra: Mapping[str, Any]
    options: Options
    endpoints: Endpoints
    secrets: Secrets
    post: Callable[[Endpoint, Body], Awaitable[Response]]
    left: int  # conversations not begun
    active: set[int] = field(default_factory=set)  # those begun and not finished,
    tried: set[int] = field(default_factory=set)  # and those of them of which a try has failed
    aside: Aside = field(default_factory=Aside)
    stopping: bool = False
    lost: EndpointError | None = None  # why the run ends, where a conversation in it was worth keeping
    ages: Iterator[int] = field(default_factory=count)  # one for each call, in the order in which they came
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """The run is being stopped: only calls that an endpoint works on go on."""
        self.stopping = True
        self.tell()
        for endpoint in self.endpoints.several:
            endpoint.gate.abandon(Stopped())

    @contextmanager
    def holding(self, number: int) -> Iterator[None]:
        """Meanwhile, a conversation is held."""
        self.left -= 1
        self.active.add(number)
        try:
            yield
        finally:
            self.active.discard(number)
            self.tried.discard(number)
            self.tell()

    def tell(self) -> None:
        """Something has happened, which may tell calls that wait what to do, and how many others are begun."""
        unclear = any(endpoint.health.unclear for endpoint in self.endpoints.several)
        self.aside.let(SPARE if unclear else SPARE_LONG)
        self._news.set()
        self._news = asyncio.Event()

    async def news(self, seconds: float) -> None:
        """Wait until something has happened, or so long; raises Stopped where the run is."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)
        if self.stopping:
            raise Stopped

    async def rest(self, seconds: float) -> None:
        """Wait so long; raises Stopped where the run is."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > AN_INSTANT:
            await self.news(left)

    def choose(self, begun: bool) -> Endpoint:
        """Where the next try goes; Stopped where the run is, but for a conversation that has begun: it is paid for."""
        if self.stopping and not begun:
            raise Stopped
        return self.endpoints.choose()

    def give_up(self, endpoint: Endpoint, reason: EndpointError) -> None:
        """Make no further call to an endpoint; raises the reason where there is no other."""
        if not self.endpoints.leave_out(endpoint, reason):
            raise reason
        endpoint.gate.abandon(Elsewhere())

    def others_tell(self, number: int) -> bool:
        """Whether another conversation can still tell if an endpoint answers: one of which no try has failed."""
        return self.left > 0 or not self.active <= {*self.tried, number}

    def others_begin(self, number: int) -> bool:
        """Whether one is on its way, or will be."""
        return (self.left > 0 and self.aside.number < self.aside.most) or not self.active <= {*self.tried, number}

    @property
    def down(self) -> bool:
        """Whether an endpoint is, so that no single call is given up."""
        return any(endpoint.health.down for endpoint in self.endpoints.several)

    @property
    def doubtful(self) -> bool:
        """Whether failed tries are taken for the endpoint's doing where nothing tells."""
        return any(endpoint.health.doubtful(self.options.give_up) for endpoint in self.endpoints.several)

    def say(self, message: str) -> None:
        """Tell whoever watches, without secrets."""
        say(self.hide(message))

    def hide(self, text: str) -> str:
        """What is kept of our own words: a key that is a word as well (`none`) was taken out of what they quote."""
        return self.secrets.unmistakable.hide(text)[:LONGEST]

    def failure(self, kind: str, error: Exception) -> Failure:
        """What is kept of an error."""
        return Failure(kind, self.hide(valid_text(str(error))) or "the run was stopped before this turn was answered")

    def concealed(self, read: Completion | Complaint) -> Completion | Complaint:
        """What a response says, without secrets; a reason is cut only then."""
        if isinstance(read, Complaint):
            return replace(read, reason=self.secrets.hide(read.reason)[:REASON])
        return concealed(read, self.secrets)


def concealed(said: Completion, secrets: Secrets) -> Completion:
    """A completion without secrets; what a model says stays as it is but for what it can't say by chance."""
    hide = secrets.unmistakable.hide
    return replace(
        said,
        text=hide(said.text),
        finish_reason=hide(said.finish_reason),
        reasoning=said.reasoning and hide(said.reasoning),
        served_by=said.served_by and hide(said.served_by),
        problem=said.problem and secrets.hide(said.problem)[:REASON],
    )
