"""Many calls at once: how many, in which order results come, and what a fault or an abandoned run leaves behind.

The seconds that calls take are those of a clock that no machine is too slow for.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import islice

import pytest
from models.http.timeless import TimelessLoop

from judgebench.models.http import runner
from judgebench.models.http.runner import TryAgain, retrying, run_concurrently

Delays = Sequence[float]


@pytest.fixture(autouse=True)
def _timeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every loop that the runner makes."""
    monkeypatch.setattr(asyncio, "Runner", partial(asyncio.Runner, loop_factory=TimelessLoop))


class Calls:
    """Calls that take as long as their item says, and fail for an item in `broken`; it notes what happened."""

    def __init__(self, broken: Sequence[float] = ()) -> None:
        self.broken = broken
        self.begun: list[float] = []
        self.finished: list[float] = []
        self.cancelled: list[float] = []
        self.most = 0
        self.open = False

    async def call(self, seconds: float) -> float:
        """Sleep, and then return the item or fail."""
        assert self.open
        self.begun.append(seconds)
        self.most = max(self.most, len(self.begun) - len(self.finished))
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled.append(seconds)
            raise
        self.finished.append(seconds)
        if seconds in self.broken:
            raise ValueError(f"{seconds} is broken")
        return seconds

    @asynccontextmanager
    async def resource(self) -> AsyncIterator[None]:
        """What has to be open during the calls."""
        self.open = True
        try:
            yield
        finally:
            self.open = False

    def run(self, delays: Delays, parallel: int) -> list[float]:
        """Every result."""
        return list(run_concurrently(self.call, delays, parallel, self.resource()))


@pytest.mark.parametrize("parallel", [1, 3, 100])
def test_at_most_so_many_at_a_time(parallel: int) -> None:
    """Of 10 calls exactly `parallel` are in flight at the busiest moment, or all 10; each is made once."""
    calls = Calls()
    delays = [0.01 + place / 1000 for place in range(10)]
    assert sorted(calls.run(delays, parallel)) == delays
    assert sorted(calls.begun) == delays
    assert calls.most == min(parallel, 10)
    assert not calls.open


def test_results_come_in_the_order_of_completion() -> None:
    """A slow first call does not hold up the quick ones behind it."""
    assert Calls().run([0.12, 0.06, 0.0], parallel=3) == [0.0, 0.06, 0.12]


def test_a_result_is_handed_over_before_the_next_call_begins() -> None:
    """What was paid for can be stored before anything else happens."""
    calls = Calls()
    results = run_concurrently(calls.call, [0.001, 0.002, 0.003], 1, calls.resource())
    for number, _ in enumerate(results, start=1):
        assert len(calls.begun) == number


def test_nothing_to_do() -> None:
    """No items, no calls, no results."""
    assert Calls().run([], parallel=4) == []


def test_an_item_may_be_anything() -> None:
    """None is an item like any other."""

    async def same(item: int | None) -> int | None:
        return item

    assert list(run_concurrently(same, [1, None, 2], 1, Calls().resource())) == [1, None, 2]


def test_an_exception_lets_calls_in_flight_finish_and_begins_no_other() -> None:
    """Results of the calls in flight come first, then the exception; of the rest none is begun."""
    calls = Calls(broken=[0.01])
    results = run_concurrently(calls.call, [0.04, 0.01, 0.02, 0.5, 0.6], 3, calls.resource())
    assert list(islice(results, 2)) == [0.02, 0.04]
    with pytest.raises(ValueError, match=r"0\.01 is broken"):
        next(results)
    assert calls.begun == [0.04, 0.01, 0.02]
    assert not calls.open


def test_of_several_exceptions_the_first_is_raised() -> None:
    """A second fault among the calls in flight does not hide the first."""
    calls = Calls(broken=[0.01, 0.03])
    with pytest.raises(ValueError, match=r"0\.01 is broken"):
        calls.run([0.03, 0.01], parallel=2)


def test_abandoning_the_results_cancels_the_calls_in_flight() -> None:
    """Closing the iterator ends the run at once: calls in flight are cancelled, and no other is begun."""
    calls = Calls()
    results = run_concurrently(calls.call, [0.0, 5.0, 6.0, 7.0], 3, calls.resource())
    assert next(results) == 0.0
    results.close()  # type: ignore[attr-defined]
    assert sorted(calls.cancelled) == [5.0, 6.0]
    assert calls.begun == [0.0, 5.0, 6.0]
    assert not calls.open


def _failing(times: int, **fault: float) -> tuple[list[int], Callable[[], Awaitable[str]]]:
    tries: list[int] = []

    async def call() -> str:
        tries.append(len(tries) + 1)
        if len(tries) <= times:
            raise TryAgain("busy", "not now", **fault)
        return "done"

    return tries, call


async def _retried(call: Callable[[], Awaitable[str]], tries: int) -> str:
    async for attempt in retrying(tries):
        with attempt:
            return await call()
    raise AssertionError


def test_a_call_is_tried_again_until_it_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two failures that may pass, then success: three tries."""
    monkeypatch.setattr(runner, "_backoff", lambda state: 0.0)
    tries, call = _failing(2)
    assert asyncio.run(_retried(call, tries=3)) == "done"
    assert tries == [1, 2, 3]


def test_the_last_failure_is_raised_when_tries_are_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """No retry is without an end."""
    monkeypatch.setattr(runner, "_backoff", lambda state: 0.0)
    tries, call = _failing(9)
    with pytest.raises(TryAgain, match="not now"):
        asyncio.run(_retried(call, tries=3))
    assert tries == [1, 2, 3]


def test_a_wait_that_was_asked_for_takes_the_place_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `after`, the backoff isn't consulted at all."""
    monkeypatch.delattr(runner, "_backoff")
    tries, call = _failing(1, after=0.01)
    assert asyncio.run(_retried(call, tries=2)) == "done"
    assert tries == [1, 2]


def test_our_own_waits_grow_and_have_an_end() -> None:
    """Half a second, doubled each time, up to 30, and up to a second at random on top."""

    class State:
        """What tenacity tells a wait."""

        attempt_number = 1

    waits = []
    for State.attempt_number in (1, 2, 3, 4, 20):
        waits.append(runner._backoff(State()))  # type: ignore[arg-type]
    for wait, least in zip(waits, (0.5, 1.0, 2.0, 4.0, 30.0), strict=True):
        assert least <= wait <= least + 1.0
