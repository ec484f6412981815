"""Whose doing a failed try was, as what happens next to other calls tells; by a clock of the test's own."""

import pytest
from models.http.timeless import Clock

from judgebench.models.http import health
from judgebench.models.http.health import BLIP, DOWN, PATIENCE, UNREACHABLE, Health, Setback


@pytest.fixture(autouse=True)
def _moments(clock: Clock) -> None:
    """One thing happens after the other."""
    clock.step = 0.001


def now() -> float:
    """A moment later."""
    return health.time.monotonic()


def fail(health: Health, *calls: int, kind: str = "http_500", **more: bool) -> list[Setback]:
    """A try of each of these calls, one begun after the other, has failed."""
    return [health.failed(call, now(), kind, **more) for call in calls]


def test_an_endpoint_that_answers_others_is_not_to_blame() -> None:
    """A call that began later was answered: the one that failed before is at fault itself."""
    one = Health()
    (setback,) = fail(one, 1)
    assert setback.own is None
    assert one.well(now())
    assert setback.own is True


def test_an_answer_to_an_earlier_call_tells_nothing() -> None:
    """It may have been given before the trouble began."""
    one, began = Health(), now()
    (setback,) = fail(one, 1)
    one.well(began)
    assert setback.own is None


def test_what_fails_after_a_later_call_was_answered_is_known_at_once() -> None:
    """A slow call whose younger neighbours are answered is no sign of trouble."""
    one, began = Health(), now()
    one.well(now())
    assert one.failed(1, began, "timeout").own is True
    assert one.since is None


def test_what_fails_while_an_endpoint_is_down_is_forgiven(clock: Clock) -> None:
    """So many different calls failed, and for so long, that it isn't them."""
    one = Health()
    setbacks = fail(one, *range(DOWN))
    clock.now += BLIP
    assert one.down
    one.well(now())
    assert [setback.own for setback in setbacks] == [False] * DOWN
    assert not one.down


def test_calls_that_failed_before_tell_nothing(clock: Clock) -> None:
    """Where others were answered and the same ones fail again, it is their doing, on the way or at the end of it."""
    one = Health()
    fail(one, *range(DOWN), kind="http_502")
    one.well(now())
    setbacks = fail(one, *range(DOWN), kind="http_502")
    clock.now += BLIP
    assert not one.down
    one.well(now())
    assert [setback.own for setback in setbacks] == [True] * DOWN


def test_a_moment_is_no_outage() -> None:
    """Of calls that failed at once and others that were answered, each is to blame for its own."""
    one = Health()
    setbacks = fail(one, *range(DOWN))
    one.well(now())
    assert [setback.own for setback in setbacks] == [True] * DOWN


def test_the_same_call_again_and_again_is_no_outage() -> None:
    """However often it fails."""
    one = Health()
    fail(one, *[1] * 10)
    assert not one.down


@pytest.mark.parametrize("kind", ["connection", "http_502"])
def test_two_calls_that_find_nobody_behind_the_door_are_an_outage(kind: str) -> None:
    """A restart breaks all connections; one alone may be that call's doing."""
    one = Health()
    first, second = fail(one, 1, 2, kind=kind)
    assert (first.own, second.own) == (False, False)
    assert fail(Health(), 1, kind=kind)[0].own is None


def test_nobody_listening_is_nobody_s_doing() -> None:
    """One such try is enough to know."""
    one = Health()
    (setback,) = fail(one, 1, kind=UNREACHABLE)
    assert (setback.own, one.down) == (False, True)


def test_a_limit_is_over_when_a_call_of_after_it_is_answered() -> None:
    """Those that were let in before say nothing of it."""
    one, began = Health(), now()
    fail(one, 1, kind="http_429", busy=True)
    assert not one.well(began)
    assert one.since is not None
    assert one.well(now())
    assert one.since is None


def test_calls_in_flight_when_it_began_are_one_failure() -> None:
    """Tries in a row are counted by those begun after the one before had failed."""
    one, began = Health(), now()
    for call in range(100):
        one.failed(call, began, "http_500")
    assert one.tries == 1
    fail(one, 1, 2)
    assert one.tries == 3


def test_doubt_has_an_end(clock: Clock) -> None:
    """What is down is waited for, at most for most of --give-up, before that is taken for the doing of all calls."""
    one = Health()
    fail(one, *range(DOWN))
    assert not one.doubtful(900.0)
    clock.now += BLIP
    assert one.doubtful(900.0)
    assert not one.doubtful(BLIP)
    clock.now += PATIENCE
    assert not one.doubtful(900.0)
