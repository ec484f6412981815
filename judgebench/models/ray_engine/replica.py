"""A replica: a checkpoint in a process of its own on some node, and what it tells the command that runs it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import Any

from judgebench.errors import JudgebenchError
from judgebench.models import Options, Reply, Request
from judgebench.models.hf import HFModel


@dataclass(frozen=True, slots=True)
class Placed:
    """A replica has a place on a node, and begins to load."""

    node: str


@dataclass(frozen=True, slots=True)
class Ready:
    """It is loaded, and answers so many requests at a time, where that is known before the first."""

    batch: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """A reply, and how many requests it answers at a time."""

    reply: Reply
    batch: int | None


class Inbox:
    """Requests as they come in. Iterating ends when there is none for now, and may be gone on with later."""

    def __init__(self) -> None:
        self._queue = SimpleQueue[tuple[int, Request]]()
        self._first: list[tuple[int, Request]] = []

    def put(self, several: list[tuple[int, Request]]) -> None:
        """Add some."""
        for item in several:
            self._queue.put(item)

    def wait(self) -> None:
        """Until there is one."""
        self._first.append(self._queue.get())

    def __iter__(self) -> "Inbox":
        return self

    def __next__(self) -> tuple[int, Request]:
        if self._first:
            return self._first.pop()
        if self._queue.empty():  # nobody else takes from it
            raise StopIteration
        return self._queue.get()


class Replica:
    """The actor: `give` fills its inbox from one thread while `news` answers in another."""

    def __init__(self, target: str, options: Options, identity: Mapping[str, Any], folder: str) -> None:
        """`folder` is where the command runs: paths are relative to it, on whatever node has it too."""
        with suppress(OSError):
            os.chdir(folder)
        self._target = target
        self._identity = identity
        self._model = HFModel(target, replace(options, keep=True))
        self._inbox = Inbox()

    def give(self, several: list[tuple[int, Request]]) -> None:
        """More to answer."""
        self._inbox.put(several)

    def news(self) -> Iterator[Placed | Ready | Said]:
        """Where it is, that it is ready, and then replies without end; raises what loading raises."""
        yield Placed(_node())
        self._check()
        yield Ready(self._model.batch_size())
        while True:
            self._inbox.wait()
            for reply in self._model.stream(self._inbox):
                yield Said(reply, self._model.batch_size())

    def _check(self) -> None:
        """Answers are stored under the identity of the checkpoint that the command sees: it has to be the same here."""
        try:
            same = dict(self._model.identity) == dict(self._identity)
        except JudgebenchError as error:
            raise type(error)(f"{error}; every node needs the checkpoint at the same place") from error
        if not same:
            raise JudgebenchError(f"{self._target} is another checkpoint than here: copy it anew")


def _node() -> str:
    import ray

    return str(ray.get_runtime_context().get_node_id())
