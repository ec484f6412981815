"""What becomes of calls to an endpoint that is busy, down or picky, told by the hour in a world of its own time.

`live` asks so many questions of an endpoint that does what a function of the time and of the question's number says.
A minute there takes no time here.
"""

import math

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from models.http.worlds import BROKEN, GONE, REPLY, Behaviour, World, live, status

from judgebench.models.http.health import CERTAIN
from judgebench.models.http.run import Response
from judgebench.models.http.runner import EndpointWarning, TryAgain

MINUTE = 60.0
OUTAGES = {
    "nobody listens": GONE,
    "connections break": BROKEN,
    "a gateway": status(502),
    "it fails": status(500),
    "it loads": status(503),
    "pages": Response(200, {}, b"<html>Back soon</html>"),
}
JUNK = ["", "OK", "<html>Hi</html>", "{}", "[]", "null", '{"choices": []}', '{"output": [{"text": "Yes."}]}']

pytestmark = pytest.mark.filterwarnings("ignore::judgebench.models.http.runner.EndpointWarning")


def junk(body: str) -> Response:
    """What is no reply, and no error either."""
    return Response(200, {}, body.encode())


def down(answer: Response | TryAgain, start: float, end: float = math.inf) -> Behaviour:
    """An endpoint that answers so for a time."""
    return lambda at, number: answer if start <= at < end else REPLY


def poison(answer: Response | TryAgain, *numbers: int) -> Behaviour:
    """An endpoint that answers so to these questions."""
    return lambda at, number: answer if number in numbers else REPLY


def once(answer: Response | TryAgain, number: int) -> Behaviour:
    """An endpoint that answers so to a question, in its first second."""
    return lambda at, asked: answer if asked == number and at < 1.0 else REPLY


def window(calls: int, seconds: float, hint: bool) -> Behaviour:
    """An endpoint that takes so many calls in so many seconds."""
    seen = dict[int, int]()

    def behaviour(at: float, number: int) -> Response:
        which = int(at // seconds)
        seen[which] = seen.get(which, 0) + 1
        left = (which + 1) * seconds - at
        return REPLY if seen[which] <= calls else status(429, f"try again in {left:.2f}s" if hint else "no")

    return behaviour


def everything(world: World, number: int) -> None:
    """All were answered, each once."""
    assert (world.error, world.failed) == (None, {})
    assert world.done == set(range(number))
    assert len(world.answered) == number


@pytest.mark.parametrize("answer", OUTAGES.values(), ids=OUTAGES)
@pytest.mark.parametrize("options", [{}, {"parallel": 1}, {"tries": 1}, {"parallel": 1, "tries": 1}], ids=str)
def test_an_outage_is_waited_out(answer: Response | TryAgain, options: dict[str, int]) -> None:
    """Ten minutes of it cost nothing: no row, no try, and no call is answered twice."""
    everything(live(down(answer, 5.0, 10 * MINUTE), 100, **options), 100)


@pytest.mark.parametrize("answer", OUTAGES.values(), ids=OUTAGES)
def test_while_it_is_down_it_is_tried_gently(answer: Response | TryAgain) -> None:
    """One call at a time, every ten seconds or so, and none of them many times."""
    world = live(down(answer, 5.0, 10 * MINUTE), 100)
    later = world.between(30.0, 10 * MINUTE)
    assert 30 <= len(later) <= 80
    assert {asked.together for asked in later} == {1}
    assert len(world.between(5.0, 30.0)) <= 60
    assert max(world.calls_for(number) for number in range(100)) <= 10


@pytest.mark.parametrize("answer", OUTAGES.values(), ids=OUTAGES)
@pytest.mark.parametrize("give_up", [60.0, 900.0])
def test_an_outage_without_end_ends_the_run(answer: Response | TryAgain, give_up: float) -> None:
    """As long after its beginning as --give-up says, with the reason; what was answered before is there."""
    world = live(down(answer, 20.0), 1000, give_up=give_up)
    assert world.error is not None
    assert "--give-up" in str(world.error)
    assert 20.0 + give_up <= world.passed <= 20.0 + give_up + 15.0
    assert (len(world.done), world.failed) == (len(world.answered), {})


@pytest.mark.parametrize("answer", [GONE, status(500), *map(junk, JUNK)], ids=["nobody", "fails", *JUNK])
def test_an_endpoint_that_never_answered_is_given_up_soon(answer: Response | TryAgain) -> None:
    """Within ten seconds, whatever --give-up says: more likely the address is wrong, which is named."""
    world = live(down(answer, 0.0), 100)
    assert world.passed <= 10.0
    assert "127.0.0.1:9/v1" in str(world.error)


def test_a_server_that_still_loads_is_waited_for_from_the_start() -> None:
    """It says itself that it will answer later."""
    everything(live(down(status(503), 0.0, 5 * MINUTE), 20), 20)


@pytest.mark.parametrize("hint", [True, False], ids=["hint", "no hint"])
@pytest.mark.parametrize("parallel", [1, 8, 32])
def test_a_limit_is_waited_out(hint: bool, parallel: int) -> None:
    """Four calls a minute for forty questions take ten minutes, and cost no row, however few tries there are."""
    world = live(window(4, MINUTE, hint), 40, parallel=parallel, tries=1)
    everything(world, 40)
    assert world.passed <= 11 * MINUTE
    assert len(world.asked) - 40 <= 20 * 10 + 2 * parallel


def test_a_hint_is_kept_to() -> None:
    """No call comes before the time that was asked for."""
    world = live(down(status(429, retry_after="30"), 5.0, 6.0), 100)
    everything(world, 100)
    assert world.between(6.1, 34.9) == []


def test_one_absurd_wait_holds_nobody_up() -> None:
    """An hour asked of one call: the others go on, and it is tried again, since they are answered."""
    world = live(once(status(429, retry_after="3600"), 3), 100)
    everything(world, 100)
    assert world.passed <= MINUTE


def test_an_hour_asked_of_all_ends_the_run_at_once() -> None:
    """It is longer than anyone waits; the message says until when."""
    world = live(down(status(429, "daily limit", retry_after="3600"), 10.0), 1000)
    assert "daily limit), and asks to wait until" in str(world.error)
    assert world.passed <= MINUTE


def test_an_hour_asked_of_the_last_call_is_its_failure() -> None:
    """With nobody left to tell by, it isn't waited for."""
    world = live(lambda at, number: status(429, retry_after="3600") if at > 5.5 else REPLY, 7, parallel=1)
    assert (world.error, world.failed) == (None, {6: "http_429"})
    assert world.calls_for(6) == 1


@pytest.mark.parametrize("kind", ["http_500", "http_502", "connection", "timeout", "http_408"])
@pytest.mark.parametrize("parallel", [1, 8])
def test_a_question_that_breaks_it_is_its_own_failure(kind: str, parallel: int) -> None:
    """After as many tries as there are, while the others are answered as if nothing were."""
    answer = status(int(kind[5:])) if kind.startswith("http") else TryAgain(kind, "so it is")
    world = live(poison(answer, 30), 100, parallel=parallel, tries=3)
    assert world.failed == {30: kind}
    assert (world.error, world.calls_for(30)) == (None, 3)
    assert world.passed <= 100 / parallel + MINUTE


@pytest.mark.parametrize("parallel", [1, 8])
@pytest.mark.parametrize(
    "numbers", [range(20, 40), range(1, 100, 2), range(96, 100)], ids=["a block", "every other one", "the last"]
)
def test_many_that_break_it_are_no_outage(numbers: range, parallel: int) -> None:
    """Side by side, every other one, or all that are left: each fails by itself, and the run ends well."""
    world = live(poison(status(500), *numbers), 100, parallel=parallel, tries=3)
    assert world.error is None
    assert world.failed == dict.fromkeys(numbers, "http_500")
    assert world.done == set(range(100)) - set(numbers)
    assert world.passed <= 100 / parallel + 5 * MINUTE


def test_one_that_meets_a_limit_each_time_waits_alone() -> None:
    """It holds nobody up, uses no tries up, and fails when --give-up is over."""
    world = live(poison(status(429), 3), 100, give_up=120.0, tries=1)
    assert (world.error, world.failed) == (None, {3: "http_429"})
    assert max(asked.at for asked in world.answered) <= 30.0
    assert 110.0 <= world.passed <= 160.0


def test_a_single_question_has_its_tries() -> None:
    """With nothing to tell by, what fails is taken for its own doing."""
    world = live(poison(status(500), 0), 1, tries=3)
    assert (world.failed, len(world.asked)) == ({0: "http_500"}, 3)


def test_whoever_watches_is_told_of_each_change() -> None:
    """What is waited for and until when, and that it is over: two lines in ten minutes."""
    with pytest.warns(EndpointWarning) as said:
        live(down(status(502, "bad gateway"), 5.0, 10 * MINUTE), 100)
    first, second = (str(warning.message) for warning in said)
    assert first.startswith("the endpoint answered with status 502 (bad gateway): tried again, one call at a time, ")
    assert first.endswith("at the latest (--give-up)")
    assert second == "the endpoint answers again"


def test_a_wait_that_was_asked_for_is_told_with_its_end() -> None:
    """By the clock, and in seconds."""
    with pytest.warns(EndpointWarning, match=r"no call before \d\d:\d\d:\d\d \(30 s\), as it asks"):
        live(down(status(429, retry_after="30"), 5.0, 6.0), 100)


def test_a_short_wait_is_not_worth_a_word(recwarn: pytest.WarningsRecorder) -> None:
    """Two seconds of a limit."""
    live(window(8, 2.0, hint=True), 40)
    assert [warning for warning in recwarn if warning.category is EndpointWarning] == []


@given(
    outages=st.lists(
        st.tuples(st.sampled_from([*OUTAGES.values()]), st.floats(40, 1000), st.floats(0.1, 600)), max_size=3
    ),
    poisoned=st.sets(st.integers(0, 59), max_size=5),
    parallel=st.integers(1, 16),
    latency=st.floats(0.05, 30.0),
)
@example([(BROKEN, 40.0, 99.0), (status(500), 40.0, 407.0), (BROKEN, 454.0, 43.0)], set(), 6, 14.0)
@example([(status(502), 60.0, 422.0), (status(500), 510.0, 582.0)], {17, 50, 54}, 6, 23.0)
@settings(max_examples=40, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # to shrink one takes minutes
def test_nothing_stops_stalls_or_empties_a_run(
    outages: list[tuple[Response | TryAgain, float, float]], poisoned: set[int], parallel: int, latency: float
) -> None:
    """Whatever outages there are, none as long as --give-up: the run ends well, and no call is answered twice.

    Who breaks nothing is answered, but for a few that are left last in an outage, with those that break it: nothing
    tells then whose doing it is.
    """

    def behaviour(at: float, number: int) -> Response | TryAgain:
        now = (answer for answer, start, length in outages if start <= at < start + length)
        return next(now, status(500) if number in poisoned else REPLY)

    world = live(behaviour, 60, latency, parallel=parallel, give_up=3600.0)
    assert world.error is None
    assert world.done | world.failed.keys() == set(range(60))
    numbers = [asked.number for asked in world.answered]
    assert len(numbers) == len(set(numbers))
    innocent = [place for place, reply in enumerate(world.replies) if reply.failure and reply.index not in poisoned]
    assert not innocent or innocent[0] > 60 - len(poisoned) - CERTAIN
