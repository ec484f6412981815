"""Run many calls at once: concurrency and retries, with each result handed over as soon as it is there."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import islice
from typing import Any, TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

_backoff = wait_exponential(multiplier=0.5, max=30.0) + wait_random(0.0, 1.0)


class TryAgain(Exception):
    """A call failed in a way that may pass. `after` is the number of seconds the endpoint asked to wait."""

    def __init__(self, kind: str, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.after = after


def retrying(tries: int) -> AsyncRetrying:
    """A tenacity policy: retry on TryAgain, wait as asked or exponentially, and raise the last TryAgain."""
    return AsyncRetrying(
        retry=retry_if_exception_type(TryAgain), stop=stop_after_attempt(tries), wait=_wait, reraise=True
    )


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.after if isinstance(error, TryAgain) else None
    return _backoff(state) if asked is None else min(asked, 60.0)


def run_concurrently(
    call: Callable[[ItemT], Awaitable[ResultT]],
    items: Sequence[ItemT],
    parallel: int,
    resource: AbstractAsyncContextManager[Any],
) -> Iterator[ResultT]:
    """Call with each item, at most `parallel` at a time, and yield results in the order of completion.

    When a call raises, no further one is begun; those in flight are finished and their results yielded, since
    they are paid for, and then the exception is raised. `resource` (a client, say) is open meanwhile. The event
    loop only turns while the caller waits for a result.
    """
    with asyncio.Runner() as loop:
        results = _completed(call, items, parallel, resource)
        try:
            while True:
                yield loop.run(_next(results))
        except StopAsyncIteration:
            return
        finally:
            loop.run(results.aclose())


async def _next(results: AsyncGenerator[ResultT, None]) -> ResultT:
    return await anext(results)


async def _completed(
    call: Callable[[ItemT], Awaitable[ResultT]],
    items: Sequence[ItemT],
    parallel: int,
    resource: AbstractAsyncContextManager[Any],
) -> AsyncGenerator[ResultT, None]:
    waiting, fault = iter(items), None
    running: set[asyncio.Future[ResultT]] = set()
    async with resource:
        try:
            while True:
                room = parallel - len(running) if fault is None else 0
                running.update(asyncio.ensure_future(call(item)) for item in islice(waiting, room))
                if not running:
                    break
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if task.exception() is None:
                        yield task.result()
                    else:
                        fault = fault or task.exception()
        finally:
            for task in running:
                task.cancel()
    if fault is not None:
        raise fault
