"""Whose doing a failed try was, as what happens next to other calls tells; by a clock of the test's own."""

import pytest
from models.http.timeless import Clock

from judgebench.models.http import health
from judgebench.models.http.health import BLIP, DOWN, PATIENCE, UNREACHABLE, Health, Setback

OTHER = 99  # a call that never failed


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
    assert one.well(OTHER, now())
    assert setback.own is True


def test_an_answer_to_an_earlier_call_tells_nothing() -> None:
    """It may have been given before the trouble began."""
    one, began = Health(), now()
    (setback,) = fail(one, 1)
    one.well(OTHER, began)
    assert setback.own is None


def test_what_fails_after_a_later_call_was_answered_is_known_at_once() -> None:
    """A slow call whose younger neighbours are answered is no sign of trouble."""
    one, began = Health(), now()
    one.well(OTHER, now())
    assert one.failed(1, began, "timeout").own is True
    assert one.since is None


def test_what_fails_while_an_endpoint_is_down_is_forgiven(clock: Clock) -> None:
    """So many different calls failed, and for so long, that it isn't them."""
    one = Health()
    setbacks = fail(one, *range(DOWN))
    clock.now += BLIP
    assert one.down
    one.well(OTHER, now())
    assert [setback.own for setback in setbacks] == [False] * DOWN
    assert not one.down


def test_calls_that_failed_before_tell_nothing(clock: Clock) -> None:
    """Where others were answered and the same ones fail again, it is their doing, on the way or at the end of it."""
    one = Health()
    fail(one, *range(DOWN), kind="http_502")
    one.well(OTHER, now())
    setbacks = fail(one, *range(DOWN), kind="http_502")
    clock.now += BLIP
    assert not one.down
    one.well(OTHER, now())
    assert [setback.own for setback in setbacks] == [True] * DOWN


@pytest.fixture
def after_an_outage(clock: Clock) -> Health:
    """An endpoint that was down for calls 0 to 7, until another was answered."""
    one = Health()
    fail(one, *range(2 * DOWN))
    clock.now += BLIP
    one.well(OTHER, now())
    return one


def is_down_for(health: Health, clock: Clock, *calls: int) -> bool:
    """Whether failures of these are taken for the endpoint's doing."""
    fail(health, *calls)
    clock.now += BLIP
    return health.down


def test_an_outage_right_after_another_is_one(after_an_outage: Health, clock: Clock) -> None:
    """A single answer between the two doesn't tell whether it was the calls."""
    assert is_down_for(after_an_outage, clock, *range(1, 2 * DOWN))


def test_the_calls_of_an_outage_are_not_forgiven_twice(after_an_outage: Health, clock: Clock) -> None:
    """Where others are answered and the same ones fail again, it is their doing."""
    after_an_outage.well(OTHER + 1, now())
    assert not is_down_for(after_an_outage, clock, *range(2 * DOWN))


def test_nor_where_each_answer_is_the_end_of_a_trouble(after_an_outage: Health, clock: Clock) -> None:
    """Calls that break an endpoint, one after the other before the next is answered: once more, and then no more."""
    assert is_down_for(after_an_outage, clock, *range(2 * DOWN))
    after_an_outage.well(OTHER + 1, now())
    assert not is_down_for(after_an_outage, clock, *range(2 * DOWN))


def test_a_call_that_failed_and_is_answered_speaks_for_all_that_failed(after_an_outage: Health, clock: Clock) -> None:
    """Whatever it was, it has passed: in another outage they tell of it again, however many are answered between."""
    after_an_outage.well(0, now())
    after_an_outage.well(OTHER + 1, now())
    assert is_down_for(after_an_outage, clock, *range(1, 2 * DOWN))


def test_a_moment_is_no_outage() -> None:
    """Of calls that failed at once and others that were answered, each is to blame for its own."""
    one = Health()
    setbacks = fail(one, *range(DOWN))
    one.well(OTHER, now())
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
    assert not one.well(OTHER, began)
    assert one.since is not None
    assert one.well(OTHER, now())
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
