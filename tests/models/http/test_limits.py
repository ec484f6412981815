"""Adaptive concurrency, rates per minute, and times without a call; by a clock of the test's own."""

import asyncio

import pytest
from models.http.timeless import Clock, TimelessLoop

from judgebench.models.http.limits import WINDOW, Gate, Pace


def test_a_pace_lets_through_so_many_a_minute() -> None:
    """At 60 a minute one is let through a second, after a burst of one second's worth."""
    pace, now, spent = Pace(60.0), 1000.0, []
    for _ in range(5):
        now += pace.wait(now)
        pace.spend(1, now)
        spent.append(now)
    assert spent == pytest.approx([1000.0, 1000.0, 1001.0, 1002.0, 1003.0])


def test_a_pace_without_a_rate_never_waits() -> None:
    """No limit, no wait."""
    pace = Pace(None)
    pace.spend(10**9, 0.0)
    assert pace.wait(0.0) == 0.0


def test_a_pace_is_corrected_by_what_was_counted() -> None:
    """What was estimated too high is given back, what was too low is waited for."""
    pace = Pace(60.0)
    pace.spend(10, 1000.0)
    assert pace.wait(1000.0) == pytest.approx(9.0)
    pace.spend(-4, 1000.0)
    assert pace.wait(1000.0) == pytest.approx(5.0)


def test_the_limit_is_halved_once_for_all_calls_in_flight(clock: Clock) -> None:
    """Of eight calls in flight that meet a 429, the first halves; one begun later halves again, not below 1."""
    gate, began = Gate(8), clock.now
    for _ in range(8):
        clock.now += WINDOW
        gate.slow_down(began, None)
    assert gate.limit == 4.0
    for expected in (2.0, 1.0, 1.0):
        clock.now += WINDOW
        gate.slow_down(clock.now, None)
        assert gate.limit == expected


def test_the_limit_is_halved_once_in_a_window(clock: Clock) -> None:
    """Calls that begin and are refused one after the other are no several reasons."""
    gate = Gate(8)
    for _ in range(4):
        gate.slow_down(clock.now, None)
        clock.now += WINDOW / 5
    assert gate.limit == 4.0


def test_the_limit_grows_back(clock: Clock) -> None:
    """Success by success, and never above where it began."""
    gate = Gate(8)
    gate.slow_down(clock.now, None)
    for _ in range(100):
        gate.grow()
    assert gate.limit == 8.0


def test_nobody_passes_while_the_endpoint_asked_to_wait(clock: Clock) -> None:
    """A Retry-After holds up every call, not only the one that met it, and no longer than it says."""
    began = clock.now

    async def enter() -> None:
        gate = Gate(8)
        gate.slow_down(clock.now, 50.0)
        await asyncio.gather(*(gate.enter(1) for _ in range(4)))

    with asyncio.Runner(loop_factory=lambda: TimelessLoop(clock)) as loop:
        loop.run(enter())
    assert clock.now - began == pytest.approx(50.0)


def test_a_cancelled_call_gives_its_place_back() -> None:
    """Whether it was cancelled while it waited, or just when its turn came."""

    async def enter() -> int:
        gate = Gate(1)
        await gate.enter(1)
        waiting = [asyncio.create_task(gate.enter(1)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        gate.leave()  # the turn of the second, that is cancelled before it notices
        waiting[1].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return gate.running

    assert asyncio.run(enter()) == 1


def test_one_at_a_time_while_it_is_narrow() -> None:
    """However many there could be; when it is opened again, they pass at once, whatever it was held for."""

    async def enter() -> tuple[int, int]:
        gate = Gate(8)
        gate.narrow = True
        waiting = [asyncio.create_task(gate.enter(1)) for _ in range(4)]
        await asyncio.sleep(0)
        narrow = gate.running
        gate.hold(60.0)
        gate.leave()
        gate.reopen()
        await asyncio.gather(*waiting)
        return narrow, gate.running

    assert asyncio.run(enter()) == (1, 3)


@pytest.mark.parametrize(("narrow", "order"), [(False, ["old", "fresh", "new"]), (True, ["fresh", "new", "old"])])
def test_who_is_let_in_first(narrow: bool, order: list[str]) -> None:
    """The one that came first, though it was sent back; while it is narrow, the one that was so least often."""

    async def enter() -> list[str]:
        gate, came = Gate(1), list[str]()

        async def come(name: str, age: int, failed: int) -> None:
            await gate.enter(1, age, failed)
            came.append(name)
            gate.leave()

        await gate.enter(1)
        gate.narrow = narrow
        waiting = [come("new", 3, 0), come("fresh", 2, 0), come("old", 1, 1)]
        tasks = [asyncio.create_task(one) for one in waiting]
        await asyncio.sleep(0)
        gate.leave()
        await asyncio.gather(*tasks)
        return came

    assert asyncio.run(enter()) == order
