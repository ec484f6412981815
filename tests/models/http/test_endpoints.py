"""Endpoints that are down, overloaded, picky or several, against real servers."""

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from servers.chat_server import digest
from servers.running import chat_server

from judgebench.errors import EndpointError, UsageError
from judgebench.models import Options, Request, load_model, parse_spec
from judgebench.models.http import health, runner, waiting
from judgebench.models.http.openai_api import OpenAIModel
from judgebench.tables.records import Sampling

pytestmark = pytest.mark.usefixtures("in_a_hurry")


def use(monkeypatch: pytest.MonkeyPatch, *urls: str, key: str = "sk-test") -> None:
    """Have the environment name these endpoints."""
    monkeypatch.setenv("OPENAI_BASE_URL", ",".join(urls))
    monkeypatch.setenv("OPENAI_API_KEY", key)


def requests(number: int, **fields: Any) -> list[Request]:
    """So many that differ."""
    return [Request((f"Question {place}.",), Sampling(), **fields) for place in range(number)]


def test_a_dead_endpoint_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the 21st call on all fail: what was done is yielded, one error follows, and few calls are burnt."""
    monkeypatch.setattr(health, "BLIP", 0.0)
    monkeypatch.setattr(runner, "_backoff", lambda state: 0.1)
    with chat_server(tmp_path, faults=[{"do": "status", "status": 500, "after": 20}]) as server:
        use(monkeypatch, server.url)
        with pytest.raises(EndpointError, match=r"is down: no reply for .* \(injected\)"):
            list(OpenAIModel("m", parallel=4, tries=2, give_up=1.0).generate(requests(500)))
        assert len(server.calls()) < 60


def test_replies_before_the_end_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the 20 good calls has its reply before the error comes."""
    good = 0
    with chat_server(tmp_path, faults=[{"do": "reset", "after": 20}]) as server:
        use(monkeypatch, server.url)
        try:
            for reply in OpenAIModel("m", parallel=4, tries=2, give_up=0.5).generate(requests(500)):
                good += reply.failure is None
        except EndpointError:
            pass
    assert good == 20


def test_one_of_two_endpoints_may_be_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one does all the work, and nothing fails."""
    dead = {"do": "status", "status": 500}
    with chat_server(tmp_path / "a", faults=[dead]) as bad, chat_server(tmp_path / "b", latency=0.02) as good:
        use(monkeypatch, bad.url, good.url)
        replies = list(OpenAIModel("m", parallel=4).generate(requests(60)))
        assert [reply.failure for reply in replies] == [None] * 60
        assert len(good.calls()) == 60
        assert len(bad.calls()) < 20


def test_an_endpoint_that_refuses_its_key_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nobody: str
) -> None:
    """As long as another works; nobody listening counts the same."""
    fault = {"do": "status", "status": 401}
    with chat_server(tmp_path / "a", faults=[fault]) as bad, chat_server(tmp_path / "b") as good:
        use(monkeypatch, bad.url, good.url, f"http://{nobody}/v1")
        replies = list(OpenAIModel("m", parallel=4, tries=1).generate(requests(30)))
        assert [reply.failure for reply in replies] == [None] * 30
        assert len(bad.calls()) <= 4


def test_two_endpoints_share_the_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half each, while neither has answered; in the end all is done once."""
    with chat_server(tmp_path / "a", held=3) as first, chat_server(tmp_path / "b", held=3) as second:
        use(monkeypatch, first.url, second.url)
        list(OpenAIModel("m", parallel=6).generate(requests(60)))
        assert min(len(first.calls()), len(second.calls())) >= 3
        assert len(first.calls()) + len(second.calls()) == 60


def test_an_endpoint_that_sends_pages_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A maintenance page with status 200 for every call from the first on stops the run before --give-up."""
    monkeypatch.setattr(health, "BLIP", 0.0)
    monkeypatch.setattr(waiting, "FIRST", 0.5)
    with chat_server(tmp_path, faults=[{"do": "not_json", "text": "<html>Back soon", "type": "text/html"}]) as server:
        use(monkeypatch, server.url)
        with pytest.raises(EndpointError, match=r"down.*Back soon"):
            list(OpenAIModel("m", parallel=4, tries=2).generate(requests(500)))
        assert len(server.calls()) < 60


def test_as_many_keys_as_endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two keys for three endpoints are a usage error."""
    use(monkeypatch, *(f"http://127.0.0.1:{port}/v1" for port in (7, 8, 9)), key="sk-a,sk-b")
    with pytest.raises(UsageError, match="3 endpoints and 2 keys"):
        list(OpenAIModel("m").generate(requests(1)))


def test_a_429_holds_up_all_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After one Retry-After no call begins for that long, neither that one nor another; all are done in the end.

    Three others may be on their way when it comes, and arrive in that time: a fourth of it is without any call.
    """
    fault = {"do": "status", "status": 429, "retry_after": 1.0, "calls": [5]}
    with chat_server(tmp_path, faults=[fault], latency=0.02) as server:
        use(monkeypatch, server.url)
        replies = list(OpenAIModel("m", parallel=4).generate(requests(60)))
        calls = server.calls()
    assert all(reply.failure is None for reply in replies)
    others = [call["at"] for call in calls if call["messages"] != calls[4]["messages"]]
    assert max(later - earlier for earlier, later in pairwise(others)) >= 0.25


def test_requests_per_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 600 a minute 20 calls take no less than about a second (ten come at once)."""
    with chat_server(tmp_path) as server:
        use(monkeypatch, server.url)
        started = time.monotonic()
        list(OpenAIModel("m", parallel=20, rpm=600).generate(requests(20)))
    assert time.monotonic() - started >= 0.8


def test_trying_again_has_an_end_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Retry-After beyond the time that is left fails the call at once."""
    with chat_server(tmp_path, faults=[{"do": "status", "status": 429, "retry_after": 1000}]) as server:
        use(monkeypatch, server.url)
        (reply,) = OpenAIModel("m", give_up=5.0).generate(requests(1))
        assert len(server.calls()) == 1
    assert reply.failure is not None


SYSTEM_REFUSALS = (
    "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
    "System role not supported",
    "Conversation roles must alternate user/assistant/user/assistant/...",
)


@pytest.mark.parametrize("message", SYSTEM_REFUSALS)
def test_a_refused_system_role_is_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str) -> None:
    """Its text goes in front of the first user message, and the completion says so."""
    fault = {"do": "status", "status": 400, "role": "system", "error": {"message": message}}
    with chat_server(tmp_path, faults=[fault]) as server:
        use(monkeypatch, server.url)
        replies = list(OpenAIModel("m", parallel=1).generate(requests(2, system="Be brief.")))
        assert server.did() == ["status 400", "reply", "reply"]
        expected = digest([{"role": "user", "content": "Be brief.\n\nQuestion 0."}])
        assert server.calls()[1]["messages"] == expected
    assert "system" in replies[0].completions[0].notes[0]


@pytest.mark.parametrize(
    "message",
    [
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
        "This response_format type is unavailable now",
    ],
)
def test_a_refused_schema_is_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str) -> None:
    """It is sent strict, and not again after the 400."""
    fault = {"do": "status", "status": 400, "calls": [1], "error": {"message": message}}
    with chat_server(tmp_path, faults=[fault]) as server:
        use(monkeypatch, server.url)
        (reply,) = OpenAIModel("m").generate(requests(1, schema={"type": "object"}))
        sent = [call["parameters"].get("response_format") for call in server.calls()]
    assert sent == [
        {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": {"type": "object"}}},
        None,
    ]
    assert reply.completions[0].notes == ("response_format not sent: the endpoint refuses it",)


def test_refused_logprobs_are_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parameters go together."""
    with chat_server(tmp_path, faults=[{"do": "unsupported", "parameter": "logprobs"}]) as server:
        use(monkeypatch, server.url)
        (reply,) = OpenAIModel("m").generate(requests(1, logprobs=5))
        first, second = [call["parameters"] for call in server.calls()]
    assert (first["logprobs"], first["top_logprobs"]) == (True, 5)
    assert not {"logprobs", "top_logprobs"} & set(second)
    assert len(reply.completions[0].notes) == 2


def test_logprobs_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Token by token, with the alternatives."""
    content = [{"token": "7", "logprob": -0.1, "top_logprobs": [{"token": "7", "logprob": -0.1}, {"token": "8", "logprob": -2}]}]  # fmt: skip # noqa: E501
    choice = {"finish_reason": "stop", "message": {"content": "7"}, "logprobs": {"content": content}}
    with chat_server(tmp_path, faults=[{"do": "changed", "body": {"choices": [choice]}}]) as server:
        use(monkeypatch, server.url)
        (reply,) = OpenAIModel("m").generate(requests(1, logprobs=2))
    (token,) = reply.completions[0].logprobs
    assert (token.token, token.alternatives) == ("7", {"7": -0.1, "8": -2.0})


def test_parameters_behind_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are sent, under the endpoint's names, and belong to the model's identity."""
    with chat_server(tmp_path) as server:
        use(monkeypatch, server.url)
        model = load_model(parse_spec("openai:o3?effort=high&seed=7"), Options())
        list(model.generate(requests(1)))
        sent = server.calls()[0]["parameters"]
    assert (sent["model"], sent["reasoning_effort"], sent["seed"]) == ("o3", "high", 7)
    assert model.identity == {"spec": "openai:o3?effort=high&seed=7"}


def test_azure_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that it needs, in one line."""
    for name in ("AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY", "OPENAI_API_VERSION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_API_KEY, OPENAI_API_VERSION"):
        list(load_model(parse_spec("azure:gpt"), Options()).generate(requests(1)))


def test_azure_is_called_by_its_own_path_and_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deployment stands in the path, and the answer is read like any other."""
    with chat_server(tmp_path) as server:
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", server.url.removesuffix("/v1"))
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", "azure-key")
        monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
        (reply,) = load_model(parse_spec("azure:gpt"), Options()).generate(requests(1))
        (call,) = server.calls()
    assert call["path"] == "/openai/deployments/gpt/chat/completions"
    assert reply.completions[0].text == "Yes."
