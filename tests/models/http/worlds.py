"""An endpoint in a world of its own time: what it does by the hour, and what became of all that it was asked."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from time import localtime, strftime

import pytest
from models.http.timeless import Clock, TimelessLoop

from judgebench.errors import EndpointError
from judgebench.models import Reply, Request
from judgebench.models.http import calls, health, limits, openai_api, run, waiting
from judgebench.models.http.dialect import Body
from judgebench.models.http.endpoints import Endpoint
from judgebench.models.http.openai_api import OpenAIModel
from judgebench.models.http.run import Response
from judgebench.models.http.runner import TryAgain
from judgebench.tables.records import Sampling

REPLY = Response(200, {}, b'{"choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}]}')
GONE = TryAgain("unreachable", "the endpoint can't be reached")
BROKEN = TryAgain("connection", "the connection broke")
_AT_ONCE = 0.001  # seconds that anything else takes


def status(number: int, reason: str = "so it is", **headers: str) -> Response:
    """A response with a status and a reason."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(number, named, f'{{"error": {{"message": "{reason}"}}}}'.encode())


@dataclass
class WallClock(Clock):
    """The same with a time of day."""

    def time(self) -> float:
        """Seconds since 1970."""
        return 1_800_000_000.0 + self.now

    localtime, strftime = staticmethod(localtime), staticmethod(strftime)


@dataclass(frozen=True)
class Asked:
    """A call: when it came, whose it was, how many there were with it, and what it was answered."""

    at: float
    number: int
    together: int
    answer: Response | TryAgain


Behaviour = Callable[[float, int], Response | TryAgain]


@dataclass
class World:
    """What an endpoint does at a time (from 0 on) with a question's number; a reply takes `latency` seconds."""

    behaviour: Behaviour
    latency: float = 1.0
    clock: WallClock = field(default_factory=WallClock)
    asked: list[Asked] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    error: EndpointError | None = None
    _now: int = 0

    async def post(self, model: OpenAIModel, endpoint: Endpoint, body: Body) -> Response:
        """In place of the model's own."""
        self._now += 1
        try:
            at, number = self.passed, int(body["messages"][-1]["content"])
            answer = self.behaviour(at, number)
            self.asked.append(Asked(at, number, self._now, answer))
            await asyncio.sleep(self.latency if answer == REPLY else _AT_ONCE)
        finally:
            self._now -= 1
        if isinstance(answer, TryAgain):
            raise TryAgain(answer.kind, str(answer))
        return answer

    @property
    def passed(self) -> float:
        """Seconds since it began."""
        return self.clock.now - 1000.0

    @property
    def done(self) -> set[int]:
        """The questions that have an answer."""
        return {reply.index for reply in self.replies if not reply.failure}

    @property
    def failed(self) -> dict[int, str]:
        """The others, and the kinds of their failures."""
        return {reply.index: reply.failure.kind for reply in self.replies if reply.failure}

    @property
    def answered(self) -> list[Asked]:
        """The calls that got a reply."""
        return [asked for asked in self.asked if asked.answer == REPLY]

    def calls_for(self, number: int) -> int:
        """How often a question was asked."""
        return sum(asked.number == number for asked in self.asked)

    def between(self, start: float, end: float) -> list[Asked]:
        """The calls of a time."""
        return [asked for asked in self.asked if start <= asked.at < end]


def live(behaviour: Behaviour, number: int, latency: float = 1.0, **options: float) -> World:
    """Ask so many questions in a world, to the end."""
    world = World(behaviour, latency)
    with pytest.MonkeyPatch.context() as patch:
        for module in (calls, health, limits, openai_api, run, waiting):
            patch.setattr(module, "time", world.clock)
        patch.setattr(asyncio, "Runner", partial(asyncio.Runner, loop_factory=partial(TimelessLoop, world.clock)))
        patch.setattr(OpenAIModel, "_post", lambda model, *given: world.post(model, *given))
        patch.setattr(OpenAIModel, "_opened", _nothing)
        patch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        patch.setenv("OPENAI_API_KEY", "sk-test")
        try:
            for reply in OpenAIModel("m", **options).generate([Request((str(n),), Sampling()) for n in range(number)]):
                world.replies.append(reply)
        except EndpointError as error:
            world.error = error
    return world


@asynccontextmanager
async def _nothing(*_: object) -> AsyncIterator[None]:
    yield
