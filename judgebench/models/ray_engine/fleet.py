"""All replicas of a model: place them, hand out requests, hear replies, and replace those that die."""

import os
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from judgebench.errors import EndpointError, JudgebenchError
from judgebench.models import Options, Reply, Request
from judgebench.models.loading.telling import first_line
from judgebench.models.ray_engine import cluster
from judgebench.models.ray_engine.replica import Placed, Ready, Replica, Said
from judgebench.models.ray_engine.shapes import shape
from judgebench.models.ray_engine.work import TRIES, Work
from judgebench.tables.records import Failure

_LOOK = 1.0  # seconds without news after which to look whether there is room for replicas at all
_PATIENCE = 10.0  # and to say that there is none yet
# A replica holds two batches of requests: one under way and one that waits, so that a place in the batch that gets free
# is taken at once and not after a message there and back. More would only make the queue of a slow one longer at the
# end. Before it has counted how many fit its memory, it gets as many as its engine looks ahead.
_BATCHES = 2
_AT_FIRST = 64


class WaitingForRoomWarning(UserWarning):
    """The cluster's GPUs or cores are in use."""


@dataclass(eq=False)
class _Member:
    """A replica as seen from here."""

    actor: Any
    news: Any  # the stream of what it tells
    node: str | None = None  # where it has a place
    most: int = 0  # requests that it may hold; none before it is loaded

    def answers(self, batch: int | None) -> None:
        """So many at a time."""
        self.most = _BATCHES * batch if batch else _AT_FIRST


class Fleet:
    """The replicas of one model: placed when there is something to answer, and ended with it unless they are kept."""

    def __init__(self, target: str, options: Options, identity: Mapping[str, Any]) -> None:
        self._ray = cluster.connect(options.address)
        self._shape = shape(cluster.nodes(), options.replicas, options.device)
        self._options = options
        self._asked = (target, options, dict(identity), os.getcwd())
        self._members: list[_Member] = []
        self._deaths = 0  # since anything was answered
        self._began = 0.0

    def answer(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """A reply per request as each is done; see Model.generate."""
        work = Work(requests)
        with self._at_work():
            while work:
                for member in self._members:
                    self._hand_out(member, work)
                for member in self._with_news():
                    yield from self._hear(member, work)

    def end(self) -> None:
        """Let all replicas go."""
        while self._members:
            self._kill(self._members[0])

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Replicas are there; after Ctrl-C or a fault none goes on with what nobody waits for any more."""
        whole = False
        try:
            self._place()
            yield
            whole = True
        finally:
            if whole and self._options.keep:
                _kept.append(self)
            else:
                self.end()

    def _place(self) -> None:
        """Ask for the replicas that are missing; those that find no room come when there is some."""
        self._deaths, self._began = 0, time.monotonic()
        if self in _kept:
            _kept.remove(self)
        missing = self._shape.replicas - len(self._members)
        if missing and not cluster.has_room(self._shape):
            while _kept:
                _kept.pop().end()
        self._members += [self._member() for _ in range(missing)]

    def _member(self) -> _Member:
        asked = {"num_cpus": self._shape.cpus, "num_gpus": self._shape.gpus, "scheduling_strategy": "SPREAD"}
        made = self._ray.remote(Replica).options(max_concurrency=2, **asked)  # a thread for each of its methods
        actor = made.remote(*self._asked)
        return _Member(actor, actor.news.remote())

    def _hand_out(self, member: _Member, work: Work) -> None:
        among = sum(bool(other.node) for other in self._members)  # those that still load want their share as well
        more = work.take(member, member.most, among) if member.most else []
        if more:
            member.actor.give.remote(more)

    def _with_news(self) -> list[_Member]:
        """Those that told something, after waiting for one; JudgebenchError where there won't ever be one."""
        by_stream = {member.news: member for member in self._members}
        ready, _ = self._ray.wait(list(by_stream), timeout=_LOOK)
        if ready:  # one: whoever else there is by now
            ready, _ = self._ray.wait(list(by_stream), num_returns=len(by_stream), timeout=0)
        else:
            self._look_for_room()
        return [by_stream[stream] for stream in ready]

    def _look_for_room(self) -> None:
        if any(member.node for member in self._members):
            return
        if not any(self._shape.fits(node) for node in cluster.nodes()):
            raise EndpointError(
                f"no node of the Ray cluster has {self._shape.asked} for a replica: start one and run the same command"
                " again to go on"
            )
        if time.monotonic() - self._began > _PATIENCE:
            self._began = float("inf")
            warnings.warn(f"waiting for {self._shape.asked} of the cluster to be free", WaitingForRoomWarning, 2)

    def _hear(self, member: _Member, work: Work) -> Iterator[Reply]:
        """What a replica told: mostly a reply."""
        errors = self._ray.exceptions
        try:
            told = self._ray.get(next(member.news))
        except errors.RayTaskError as error:
            if isinstance(error.cause, JudgebenchError):
                raise self._on_its_node(member, error.cause) from None
            yield from self._bury(member, work, f"{type(error.cause).__name__}: {first_line(error.cause)}")
        except (errors.RayError, StopIteration):
            yield from self._bury(member, work, "its process or its node died")
        else:
            yield from self._take(member, work, told)

    def _take(self, member: _Member, work: Work, told: Placed | Ready | Said) -> Iterator[Reply]:
        if isinstance(told, Placed):
            member.node = told.node
            return
        member.answers(told.batch)
        if isinstance(told, Said):
            self._deaths = 0
            work.done(member, told.reply.index)
            yield told.reply

    def _bury(self, member: _Member, work: Work, why: str) -> Iterator[Reply]:
        """Put another in the place of one that died, and what it held back to what waits, up to a bound."""
        self._kill(member)
        self._deaths, self._began = self._deaths + 1, time.monotonic()
        for index in work.lost(member):
            self._deaths = 0
            yield Reply(index, (), Failure("replica_died", f"{TRIES} replicas died over it; the last: {why}"))
        if self._deaths >= TRIES * self._shape.replicas:
            raise EndpointError(
                f"{self._deaths} replicas died and nothing was answered; the last{self._where(member)}: {why} (too"
                " little memory, or nodes that are gone?)"
            )
        self._members.append(self._member())

    def _kill(self, member: _Member) -> None:
        self._members.remove(member)
        self._ray.kill(member.actor)

    def _on_its_node(self, member: _Member, error: JudgebenchError) -> JudgebenchError:
        """What a replica raised while it loaded; on this machine it is as clear without a name."""
        return type(error)(f"{error}{self._where(member)}" if self._options.address else str(error))

    def _where(self, member: _Member) -> str:
        name = next((node.name for node in cluster.nodes() if node.id == member.node), member.node)
        return f" on node {name}" if name and self._options.address else ""


_kept: list[Fleet] = []  # whose replicas wait for the next questions; they give way where another needs their room
