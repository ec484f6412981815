"""An endpoint's faults, one by one, against a real server: what is tried again, what is a failed row, what stops."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from servers.chat_server import digest
from servers.running import KEY, ChatServer, chat_server, files_that_hold, judgebench, make_workspace

from judgebench.errors import EndpointError, UsageError
from judgebench.models import Reply, Request
from judgebench.models.http import waiting
from judgebench.models.http.openai_api import OpenAIModel
from judgebench.tables.records import Question, Sampling, Usage

HELLO = ("Say hello.",)


pytestmark = pytest.mark.usefixtures("in_a_hurry")


class Endpoint:
    """Starts servers with given faults and asks them through an OpenAIModel."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._environment = monkeypatch
        self.server: ChatServer

    @contextmanager
    def serving(self, *faults: dict[str, Any], key: str = KEY, **script: Any) -> Iterator[ChatServer]:
        """A server that the environment names."""
        with chat_server(self._folder, faults=faults, **script) as self.server:
            self._environment.setenv("OPENAI_BASE_URL", self.server.url)
            self._environment.setenv("OPENAI_API_KEY", key)
            yield self.server

    def ask(self, *faults: dict[str, Any], turns: Sequence[str] = HELLO, tries: int = 3, **options: Any) -> Reply:
        """The model's reply to one request to a server with these faults."""
        with self.serving(*faults):
            return ask(turns, tries=tries, **{"timeout": 20.0, **options})


@pytest.fixture
def endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    """Not started yet."""
    return Endpoint(tmp_path / "server", monkeypatch)


def ask(turns: Sequence[str] = HELLO, **options: Any) -> Reply:
    """The reply to one request."""
    (reply,) = OpenAIModel("scripted", **options).generate([Request(tuple(turns), Sampling())])
    return reply


def texts(reply: Reply) -> list[str]:
    """What was said."""
    return [completion.text for completion in reply.completions]


LIMITS: dict[str, dict[str, Any]] = {
    "http_429": {"do": "status", "status": 429, "retry_after": 0.01},
    "http_429 (no hint)": {"do": "status", "status": 429},
    "http_503": {"do": "status", "status": 503},
    "http_529": {"do": "status", "status": 529},
}
FAILURES: dict[str, dict[str, Any]] = {  # none of which counts tokens
    "http_500": {"do": "status", "status": 500},
    "http_408": {"do": "status", "status": 408},
    "connection": {"do": "cut"},
    "connection (reset)": {"do": "reset"},
    "broken_reply (page)": {"do": "not_json", "text": "<html>Bad gateway", "type": "text/html"},
}
UNREADABLE: dict[str, dict[str, Any]] = {  # which may be paid for
    "broken_reply": {"do": "not_json"},
    "broken_reply (no choices)": {"do": "no_choices"},
    "broken_reply (null)": {"do": "changed", "body": {"choices": None, "usage": None}},
    "broken_reply (choice)": {"do": "changed", "body": {"choices": ["Yes."], "usage": None}},
    "broken_reply (message)": {"do": "changed", "body": {"choices": [{"message": "Yes."}], "usage": None}},
    "broken_reply (content)": {"do": "changed", "body": {"choices": [{"message": {"content": 7}}], "usage": None}},
}


@pytest.mark.parametrize("fault", [*LIMITS.values(), *FAILURES.values()], ids=[*LIMITS, *FAILURES])
def test_what_may_pass_is_tried_again(endpoint: Endpoint, fault: dict[str, Any]) -> None:
    """After two such faults the third try brings the reply, and its tokens are counted once."""
    reply = endpoint.ask({**fault, "calls": [1, 2]})
    assert (texts(reply), reply.failure) == (["Yes."], None)
    assert len(endpoint.server.calls()) == 3
    assert reply.usage == Usage(2, 1)


@pytest.mark.parametrize("fault", UNREADABLE.values(), ids=UNREADABLE)
def test_a_reply_that_holds_nothing_is_asked_for_once_more(endpoint: Endpoint, fault: dict[str, Any]) -> None:
    """A second may be as it should; a third is not asked for, since each may be paid for."""
    reply = endpoint.ask({**fault, "calls": [1]})
    assert (texts(reply), reply.failure, len(endpoint.server.calls())) == (["Yes."], None, 2)
    again = endpoint.ask({**fault, "calls": [1, 2]}, tries=9)
    assert (again.failure and again.failure.kind, len(endpoint.server.calls())) == ("broken_reply", 2)


@pytest.mark.parametrize("fault", LIMITS.values(), ids=LIMITS)
def test_a_limit_uses_no_tries_up(endpoint: Endpoint, fault: dict[str, Any]) -> None:
    """However few there are: after five such answers the sixth call brings the reply."""
    reply = endpoint.ask({**fault, "calls": [1, 2, 3, 4, 5]}, tries=1)
    assert (texts(reply), reply.failure) == (["Yes."], None)


@pytest.mark.parametrize("fault", LIMITS.values(), ids=LIMITS)
def test_a_limit_is_waited_out_until_it_is_enough(endpoint: Endpoint, fault: dict[str, Any]) -> None:
    """Then the run ends, with the endpoint's reason."""
    with pytest.raises(EndpointError, match=r"lets no call through.*injected"):
        endpoint.ask(fault, give_up=0.2)


@pytest.mark.parametrize(("kind", "fault"), [*FAILURES.items(), *UNREADABLE.items()], ids=[*FAILURES, *UNREADABLE])
def test_what_does_not_pass_becomes_a_failure(endpoint: Endpoint, kind: str, fault: dict[str, Any]) -> None:
    """When the tries are used up, the reply is a failure of a kind that says what it was, without text."""
    reply = endpoint.ask(fault, tries=2)
    assert reply.completions == ()
    assert reply.failure is not None
    assert reply.failure.kind == kind.partition(" ")[0]
    assert reply.failure.message
    assert len(endpoint.server.calls()) == 2


@pytest.mark.parametrize("fault", ["slow", "drip"])
def test_a_reply_that_takes_too_long_is_a_timeout(endpoint: Endpoint, fault: str) -> None:
    """The timeout is for the whole call: a reply that arrives byte by byte doesn't stretch it, so that it comes."""
    reply = endpoint.ask({"do": fault, "seconds": 60}, tries=1, timeout=0.3)
    assert reply.failure is not None
    assert reply.failure.kind == "timeout"


def test_a_slow_reply_is_tried_again(endpoint: Endpoint) -> None:
    """A second try that is quick enough is as good as a first."""
    reply = endpoint.ask({"do": "slow", "seconds": 60, "calls": [1]}, timeout=1.0, tries=9)
    assert (texts(reply), reply.failure) == (["Yes."], None)


def test_a_failure_ends_only_its_own_request(endpoint: Endpoint) -> None:
    """Of three requests one fails for good; the others have their replies."""
    requests = [Request((text,), Sampling()) for text in ("one", "two", "three")]
    with endpoint.serving({"do": "status", "status": 500, "match": "two"}):
        replies = list(OpenAIModel("scripted", tries=2).generate(requests))
    assert {reply.index: reply.failure is None for reply in replies} == {0: True, 1: False, 2: True}


def test_retry_after_is_respected(endpoint: Endpoint) -> None:
    """The next try comes no sooner than the endpoint asked."""
    endpoint.ask({"do": "status", "status": 429, "retry_after": 0.4, "calls": [1]})
    first, second = (call["at"] for call in endpoint.server.calls())
    assert second - first >= 0.4


@pytest.mark.parametrize("value", ["nan", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "-5"])
def test_an_odd_retry_after_is_no_obstacle(endpoint: Endpoint, value: str) -> None:
    """What is no number of seconds to wait is passed over."""
    reply = endpoint.ask({"do": "status", "status": 503, "retry_after": value, "calls": [1]})
    assert texts(reply) == ["Yes."]


@pytest.mark.parametrize("fault", [{"do": "content_filter"}, {"do": "status", "status": 422}])
def test_a_request_refused_for_good_is_not_tried_again(endpoint: Endpoint, fault: dict[str, Any]) -> None:
    """A content filter and a bad request cost one call each."""
    reply = endpoint.ask(fault)
    assert reply.failure is not None
    assert reply.failure.kind == "refused"
    assert len(endpoint.server.calls()) == 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_every_call_would_meet_stops_the_run(endpoint: Endpoint, status: int) -> None:
    """A bad key or an unknown model is an EndpointError at the first call."""
    with pytest.raises(EndpointError, match=str(status)):
        endpoint.ask({"do": "status", "status": status})
    assert len(endpoint.server.calls()) == 1


def test_a_used_up_quota_stops_the_run(endpoint: Endpoint) -> None:
    """A 429 that no waiting mends isn't waited for."""
    with pytest.raises(EndpointError, match="quota"):
        endpoint.ask({"do": "status", "status": 429, "error": {"code": "insufficient_quota"}})
    assert len(endpoint.server.calls()) == 1


def test_nobody_listening_stops_the_run(monkeypatch: pytest.MonkeyPatch, nobody: str) -> None:
    """After a few seconds, a port where nobody listens is an EndpointError that names OPENAI_BASE_URL."""
    monkeypatch.setattr(waiting, "FIRST", 0.2)
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://{nobody}/v1")
    with pytest.raises(EndpointError, match="OPENAI_BASE_URL"):
        ask(tries=2)


@pytest.mark.parametrize("bare", [False, True], ids=["coded", "message only"])
def test_an_unsupported_parameter_is_learnt_once(endpoint: Endpoint, bare: bool) -> None:
    """A 400 that names temperature, or max_tokens, is met once per model object; later calls go without."""
    faults = [{"do": "unsupported", "parameter": name, "bare": bare} for name in ("temperature", "max_tokens")]
    with endpoint.serving(*faults) as server:
        model = OpenAIModel("scripted", parallel=1)
        for text in ("one", "two"):
            (reply,) = model.generate([Request((text,), Sampling(max_tokens=77))])
            assert texts(reply) == ["Yes."]
    assert server.did() == ["unsupported", "unsupported", "reply", "reply"]
    sent = [call["parameters"] for call in server.calls()]
    assert [parameters.get("temperature") for parameters in sent] == [0.0, None, None, None]
    assert [parameters.get("max_tokens") for parameters in sent] == [77, 77, None, None]
    assert [parameters.get("max_completion_tokens") for parameters in sent] == [None, None, 77, 77]


def test_parallel_calls_learn_together(endpoint: Endpoint) -> None:
    """Calls that are in flight while the first 400 comes don't fail, however many there are."""
    with endpoint.serving({"do": "unsupported", "parameter": "max_tokens"}, held=4) as server:
        replies = list(OpenAIModel("scripted", parallel=4).generate([Request(HELLO, Sampling())] * 8))
    assert [texts(reply) for reply in replies] == [["Yes."]] * 8
    assert server.did().count("unsupported") == 4


def test_a_limit_that_is_too_high_is_not_taken_for_an_unsupported_one(endpoint: Endpoint) -> None:
    """A 400 about one long request's max_tokens fails that request, and the next still carries its limit."""
    message = "'max_tokens' is too large: 1024. This model supports at most 512 tokens and you asked for more."
    error = {"message": message, "param": "max_tokens", "code": "invalid_value"}
    with endpoint.serving({"do": "status", "status": 400, "error": error, "calls": [1]}) as server:
        model = OpenAIModel("scripted", parallel=1)
        first, second = model.generate([Request((text,), Sampling()) for text in ("long", "short")])
    assert first.failure is not None
    assert "too large" in first.failure.message
    assert texts(second) == ["Yes."]
    assert server.calls()[1]["parameters"]["max_tokens"] == 1024


def test_a_missing_key_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without key and URL no call is tried; the message names OPENAI_API_KEY."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        ask()


def test_no_key_is_needed_where_there_is_nothing_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """No requests, no client."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert list(OpenAIModel("scripted").generate([])) == []


def test_an_endpoint_of_ones_own_needs_no_key(endpoint: Endpoint) -> None:
    """With a URL but without a key the call is made, and messages stay as they are."""
    fault = {"do": "status", "status": 422, "error": {"message": "none of the tools fit"}, "calls": [1]}
    with endpoint.serving(fault, key=""):
        refused, reply = ask(), ask()
    assert refused.failure is not None
    assert "none of the tools fit" in refused.failure.message
    assert texts(reply) == ["Yes."]


@pytest.mark.parametrize("url", ["localhost:8000/v1", "http://", "http://[::1", "http://127.0.0.1:99999/v1", "no url"])
def test_a_malformed_url_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """What is no http URL is said to be none before any call."""
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with pytest.raises(UsageError, match="OPENAI_BASE_URL"):
        ask()


def test_a_key_that_can_not_be_sent_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key with a letter that no header takes is refused without being shown; a line end after it is no harm."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-gehe\u00efm")
    with pytest.raises(UsageError, match="OPENAI_API_KEY") as caught:
        ask()
    assert "sk-" not in str(caught.value)


def test_a_line_end_after_the_key_is_no_harm(endpoint: Endpoint) -> None:
    """As when the key was read from a file."""
    with endpoint.serving(key=KEY + "\n") as server:
        assert texts(ask()) == ["Yes."]
    assert server.calls()[0]["authorized"]


@pytest.mark.parametrize("status", [400, 422])
def test_a_key_that_the_endpoint_echoes_is_struck_out(endpoint: Endpoint, status: int) -> None:
    """The message of the failure holds [key] in its place."""
    reply = endpoint.ask({"do": "status", "status": status, "error": {"message": "no credit for {key}, sorry"}})
    assert reply.failure is not None
    assert "no credit for [key], sorry" in reply.failure.message
    assert KEY not in repr(reply)


def test_a_later_turn_is_asked_after_the_earlier_replies(endpoint: Endpoint) -> None:
    """The second call carries the first turn, the model's own reply and the second turn, in that order."""
    replies = [["Name a colour", "Blue."], ["Why that one", "The sky."]]
    with endpoint.serving(replies=replies) as server:
        request = Request(("Name a colour.", "Why that one?"), Sampling(), system="Be brief.")
        (reply,) = OpenAIModel("scripted").generate([request])
    conversation = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Name a colour."},
        {"role": "assistant", "content": "Blue."},
        {"role": "user", "content": "Why that one?"},
    ]
    assert texts(reply) == ["Blue.", "The sky."]
    assert [call["messages"] for call in server.calls()] == [digest(conversation[:2]), digest(conversation)]
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == server.usage()


def test_a_failure_in_a_later_turn_keeps_the_earlier_ones(endpoint: Endpoint) -> None:
    """The first turn was paid for and stays; the failure stands beside it."""
    reply = endpoint.ask({"do": "status", "status": 500, "match": "second"}, turns=("first", "second"), tries=2)
    assert texts(reply) == ["Yes."]
    assert reply.failure is not None


@pytest.mark.parametrize("usage", [None, {}, 5, {"prompt_tokens": None, "completion_tokens": "many"}])
def test_an_endpoint_that_does_not_count_tokens(endpoint: Endpoint, usage: Any) -> None:
    """Counts that are missing or no numbers are unknown, not zeros, and the row can be read again."""
    reply = endpoint.ask({"do": "changed", "body": {"usage": usage}})
    assert (texts(reply), reply.usage) == (["Yes."], None)


def test_a_reply_that_is_no_unicode_text(endpoint: Endpoint) -> None:
    """Half a surrogate pair is replaced, so that the reply can be stored."""
    choice = {"finish_reason": "length", "message": {"content": "a\ud800b"}}
    reply = endpoint.ask({"do": "changed", "body": {"choices": [choice]}})
    assert texts(reply) == ["a\ufffdb"]
    assert reply.completions[0].finish_reason == "length"


ENDED_BADLY = {
    "failed": {"finish_reason": "error", "error": {"code": 502, "message": f"upstream wants {KEY}"}},
    "refused": {"finish_reason": "content_filter"},
}


@pytest.mark.parametrize(("kind", "choice"), ENDED_BADLY.items(), ids=ENDED_BADLY)
def test_a_reply_that_ended_badly_is_a_failure_that_keeps_its_text(
    endpoint: Endpoint, kind: str, choice: dict[str, Any]
) -> None:
    """It costs one call, whose tokens count, and no answer is made of it; the key is in no message."""
    fault = {"do": "changed", "body": {"choices": [{"message": {"content": "I"}, **choice}]}}
    reply = endpoint.ask(fault, turns=("one", "two"))
    assert reply.failure is not None
    assert (reply.failure.kind, reply.completions, reply.broken and reply.broken.text) == (kind, (), "I")
    assert reply.usage == Usage(1, 1)
    assert KEY not in reply.failure.message
    assert len(endpoint.server.calls()) == 1


def test_at_most_so_many_calls_at_a_time(endpoint: Endpoint) -> None:
    """The server sees `parallel` calls at once, and no more."""
    with endpoint.serving(held=3) as server:
        list(OpenAIModel("scripted", parallel=3).generate([Request(HELLO, Sampling())] * 9))
    assert max(call["at_once"] for call in server.calls()) == 3


def test_abandoned_replies_leave_nothing_open(endpoint: Endpoint) -> None:
    """Whoever stops listening ends the calls in flight, and no connection is left (a warning would be an error)."""
    with endpoint.serving({"do": "slow", "seconds": 60, "match": "slow"}) as server:
        requests = [Request((text,), Sampling()) for text in ("quick", "slow", "slow", "never")]
        replies = OpenAIModel("scripted", parallel=3).generate(requests)
        assert next(iter(replies)).index == 0
        del replies
        gc.collect()
        assert len(server.calls()) <= 3


QUESTIONS = [Question(id=str(number), category="small", turns=(f"Question {number}?",)) for number in range(1, 13)]
GET_ANSWERS = ("get-answers", "--questions", "small", "--model", "me=openai:scripted", "--tries", "1", "--parallel")


def test_the_command_stops_with_one_line_and_keeps_what_is_done(tmp_path: Path) -> None:
    """When the endpoint begins to refuse every call, the rows before are on disk, and the rest comes another time."""
    workspace = make_workspace(tmp_path / "workspace", QUESTIONS)
    table = workspace.answers("small", "me")
    fault = {"do": "status", "status": 401, "after": 7, "error": {"message": "{key} is wrong"}}
    with chat_server(tmp_path / "server", faults=[fault]) as server:
        stopped = judgebench(workspace, *GET_ANSWERS, "1", url=server.url)
    assert stopped.returncode == 1
    assert stopped.stderr.splitlines()[-1].startswith("judgebench: the endpoint ")
    assert stopped.stderr.count("judgebench:") == 1
    assert "401" in stopped.stderr
    assert [row.question_id for row in table.read()] == [str(number) for number in range(1, 8)]
    with chat_server(tmp_path / "server") as server:
        assert judgebench(workspace, *GET_ANSWERS, "4", url=server.url).returncode == 0
        assert len(server.calls()) == 5
    assert sorted(row.question_id for row in table.read()) == sorted(question.id for question in QUESTIONS)
    assert not files_that_hold(KEY, tmp_path)


def test_the_command_says_that_nobody_listens(tmp_path: Path, nobody: str) -> None:
    """Exit status 1, one line, no row."""
    workspace = make_workspace(tmp_path, QUESTIONS)
    stopped = judgebench(workspace, *GET_ANSWERS, "4", url=f"http://{nobody}/v1")
    assert (stopped.returncode, stopped.stderr.count("judgebench:")) == (1, 1)
    assert "can't be reached" in stopped.stderr
    assert workspace.answers("small", "me").read() == []


def test_the_command_says_that_a_key_is_missing(tmp_path: Path) -> None:
    """Exit status 2, one line."""
    stopped = judgebench(make_workspace(tmp_path, QUESTIONS), *GET_ANSWERS, "4", key=None)
    assert (stopped.returncode, stopped.stderr.count("judgebench:")) == (2, 1)
    assert "OPENAI_API_KEY" in stopped.stderr


def test_failed_rows_are_shown_kept_and_tried_again(tmp_path: Path) -> None:
    """A failed answer is a row with an error; the command ends well, counts it, and another run asks only for it."""
    workspace = make_workspace(tmp_path / "workspace", QUESTIONS)
    table = workspace.answers("small", "me")
    with chat_server(tmp_path / "server", faults=[{"do": "reset", "match": "Question 5?"}]) as server:
        first = judgebench(workspace, *GET_ANSWERS, "3", url=server.url)
    assert first.returncode == 0
    assert "11 done, 1 failed (connection 1)" in first.stderr
    failed = [row for row in table.read() if row.error]
    assert [(row.question_id, row.turns) for row in failed] == [("5", ())]
    with chat_server(tmp_path / "server") as server:
        judgebench(workspace, *GET_ANSWERS, "3", url=server.url)
        assert len(server.calls()) == 1
    assert len(table.read()) == 13
