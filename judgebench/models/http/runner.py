"""Run many calls at once: concurrency and retries, with each result handed over as soon as it is there."""

import asyncio
import signal
import sys
import threading
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from itertools import islice
from types import FrameType
from typing import Any, Generic, NamedTuple, TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    wait_exponential,
    wait_random,
)

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

FEW = 8  # calls begun at a time
SPARE = 8  # calls at most that others are begun for while they wait,
SPARE_LONG = 64  # and so many where it is known what for
MANY = 16  # with so many calls in flight, others are about to be finished when one is,
LINGER = 0.01  # and after so many seconds they are handed over, and written to disk, together

_backoff = wait_exponential(multiplier=0.5, max=30.0) + wait_random(0.0, 1.0)


class TryAgain(Exception):
    """A call failed in a way that may pass. `after` is the number of seconds the endpoint asked to wait.

    `busy`: it has too much to do, so that waiting is what helps. `billed`: a reply came that can't be read, and that
    may be paid for.
    """

    def __init__(
        self, kind: str, message: str, after: float | None = None, busy: bool = False, billed: bool = False
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.after = after
        self.busy = busy
        self.billed = billed


class Stopped(Exception):
    """A call was not made, or not tried again, since the run is being stopped; it has no result."""


class StoppingWarning(UserWarning):
    """Ctrl-C was pressed; calls in flight are finished first."""


class EndpointWarning(UserWarning):
    """What an endpoint makes a run wait for or do without."""


def say(message: str) -> None:
    """Tell whoever watches the run; where warnings are errors it goes on all the same."""
    with suppress(EndpointWarning):
        warnings.warn(message, EndpointWarning, stacklevel=2)


class Aside:
    """The calls that wait for their next try: some others may begin in their place."""

    def __init__(self) -> None:
        self.number = 0
        self.most = SPARE_LONG
        self.changed: Callable[[], None] = lambda: None

    @property
    def spare(self) -> int:
        """How many others."""
        return min(self.number, self.most)

    def let(self, most: int) -> None:
        """Have so many begun at the most."""
        if most != self.most:
            self.most = most
            self.changed()

    @contextmanager
    def wait(self) -> Iterator[None]:
        """Meanwhile, one more waits."""
        self.number += 1
        self.changed()
        try:
            yield
        finally:
            self.number -= 1


def retrying(
    tries: int,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    enough: Callable[[float], bool] = lambda wait: False,
    failures: Callable[[int], int] = lambda attempts: attempts,
) -> AsyncRetrying:
    """A tenacity policy: retry on TryAgain, wait as asked or exponentially, and raise the last TryAgain.

    `enough` says, given the wait that would come next, that it has taken too long already. `failures` is how many of
    so many attempts count as tries.
    """
    return AsyncRetrying(
        retry=retry_if_exception_type(TryAgain),
        stop=lambda state: failures(state.attempt_number) >= tries or enough(state.upcoming_sleep),
        wait=_wait,
        sleep=sleep,
        reraise=True,
    )


class _Tried(NamedTuple):
    """As much as a backoff asks for."""

    attempt_number: int


def backoff(tries: int) -> float:
    """Seconds to wait after so many tries."""
    return float(_backoff(_Tried(tries)))  # type: ignore[arg-type]


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.after if isinstance(error, TryAgain) else None
    return _backoff(state) if asked is None else max(0.0, asked)


def run_concurrently(
    call: Callable[[ItemT], Awaitable[ResultT]],
    items: Sequence[ItemT],
    parallel: int,
    resource: AbstractAsyncContextManager[Any],
) -> Iterator[ResultT]:
    """Call with each item, and yield results one by one in the order of completion; see `run_in_bursts`."""
    for burst in run_in_bursts(call, items, parallel, resource):
        yield from burst


def run_in_bursts(
    call: Callable[[ItemT], Awaitable[ResultT]],
    items: Sequence[ItemT],
    parallel: int,
    resource: AbstractAsyncContextManager[Any],
    stop: Callable[[], None] = lambda: None,
    aside: Aside | None = None,
) -> Iterator[list[ResultT]]:
    """Call with each item, at most `parallel` at a time, and yield whatever is finished, in the order of completion.

    Of those that wait `aside`, some are not counted.

    When a call raises, or at Ctrl-C, no further one is begun; those in flight are finished and their results
    yielded, since they are paid for, and then the exception (KeyboardInterrupt) is raised. `stop` is called first:
    it may end calls that only wait, with Stopped. A second Ctrl-C cancels what is in flight. `resource` (a client,
    say) is open meanwhile. The event loop only turns while the caller waits for a result.
    """
    run = _Run(call, items, parallel, stop, aside or Aside())
    with asyncio.Runner() as loop, _interrupts(loop.get_loop(), run):
        bursts = run.bursts(resource)
        try:
            while True:
                yield loop.run(_next(bursts))
        except StopAsyncIteration:
            return
        finally:
            loop.run(bursts.aclose())


async def _next(bursts: AsyncGenerator[list[ResultT], None]) -> list[ResultT]:
    return await anext(bursts)


class _Run(Generic[ItemT, ResultT]):
    """The calls of one run: those not begun, those in flight, those finished and not handed over yet."""

    def __init__(
        self,
        call: Callable[[ItemT], Awaitable[ResultT]],
        items: Sequence[ItemT],
        parallel: int,
        stop: Callable[[], None],
        aside: Aside,
    ) -> None:
        self._call, self._waiting, self._parallel, self._stop = call, iter(items), parallel, stop
        self._aside = aside
        self._running: set[asyncio.Future[ResultT]] = set()
        self._finished: list[asyncio.Future[ResultT]] = []
        self._wake = asyncio.Event()
        aside.changed = self._wake.set
        self._left = True  # whether there may be calls not begun
        self.fault: BaseException | None = None

    async def bursts(self, resource: AbstractAsyncContextManager[Any]) -> AsyncGenerator[list[ResultT], None]:
        """What is finished each time that something is; raises the fault when all is done."""
        async with resource:
            try:
                while self._begin():
                    await self._something()
                    if burst := self._collect():
                        yield burst
            finally:
                await self._cancel()
        if self.fault is not None:
            raise self.fault

    def halt(self, fault: BaseException) -> None:
        """Begin no further call; the first reason counts."""
        if self.fault is None and not isinstance(fault, Stopped):
            self.fault = fault
            self._stop()
            self._wake.set()

    @property
    def in_flight(self) -> int:
        """How many calls are not finished, but for those that only wait."""
        return len(self._running) - self._aside.number

    async def _something(self) -> None:
        """Until a call is finished, or more may be begun."""
        await (asyncio.sleep(0) if self._room() and self._left else self._wake.wait())
        if not self._room() and len(self._running) >= MANY:
            await asyncio.sleep(LINGER)
        self._wake.clear()

    def _room(self) -> int:
        room = self._parallel + self._aside.spare - len(self._running)
        return max(0, room) if self.fault is None else 0

    def _begin(self) -> bool:
        """Begin some calls, not all that there is room for: the first are sent while the next are prepared."""
        for item in self._next(min(self._room(), FEW)):
            task = asyncio.ensure_future(self._call(item))
            self._running.add(task)
            task.add_done_callback(self._note)
        return bool(self._running or self._finished)

    def _next(self, number: int) -> list[ItemT]:
        items = list(islice(self._waiting, number))
        self._left = len(items) == number
        return items

    def _note(self, task: asyncio.Future[ResultT]) -> None:
        self._running.discard(task)
        self._finished.append(task)
        self._wake.set()

    def _collect(self) -> list[ResultT]:
        finished, self._finished = self._finished, []
        for task in finished:
            fault = None if task.cancelled() else task.exception()
            if fault is not None:
                self.halt(fault)
        return [task.result() for task in finished if not task.cancelled() and task.exception() is None]

    def cancel(self) -> None:
        """End the calls in flight without results."""
        for task in self._running:
            task.cancel()

    async def _cancel(self) -> None:
        left = list(self._running)
        self.cancel()
        await asyncio.gather(*left, return_exceptions=True)


@contextmanager
def _interrupts(loop: asyncio.AbstractEventLoop, run: _Run[Any, Any]) -> Iterator[None]:
    """Meanwhile, the first Ctrl-C halts the run, and the second cancels what is in flight.

    A program that handles the signal in its own way, or runs us in a thread, keeps its way.
    """
    usual, pressed = signal.getsignal(signal.SIGINT), threading.Event()
    if threading.current_thread() is not threading.main_thread() or usual is not signal.default_int_handler:
        yield
        return

    def interrupted(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, interrupted_again)
        pressed.set()
        loop.call_soon_threadsafe(halt)

    def interrupted_again(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, usual)
        loop.call_soon_threadsafe(run.cancel)

    def halt() -> None:
        run.halt(KeyboardInterrupt())
        if not sys.stderr.isatty():
            return  # nobody there to wait and wonder
        message = f"stopping: {run.in_flight} calls in flight are finished first (Ctrl-C again stops at once)"
        warnings.warn(message, StoppingWarning, stacklevel=1)

    signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if pressed.is_set():  # after the last call was finished, so that the loop did not get to halt
        raise KeyboardInterrupt
