"""Endpoints as they are found in the world, played by real servers: what rows, errors and the screen say of each."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from servers.chat_server import CERTIFICATE
from servers.endpoints import ENDPOINTS, FAMILIES, Script, changed
from servers.running import KEY, ChatServer, chat_server, files_that_hold, judgebench, make_workspace

from judgebench.errors import EndpointError, UsageError
from judgebench.models import Reply, Request, load_model, parse_spec
from judgebench.models.http import transport, waiting
from judgebench.models.http.openai_api import OpenAIModel
from judgebench.models.http.runner import EndpointWarning
from judgebench.tables.endings import ending
from judgebench.tables.records import Question, Sampling, Usage

pytestmark = [
    pytest.mark.usefixtures("in_a_hurry"),
    pytest.mark.filterwarnings("ignore::judgebench.models.http.runner.EndpointWarning"),
]
NUMBER = 8


class Played:
    """Plays scripts, and asks what they play."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder, self._environment = folder, monkeypatch
        self.server: ChatServer

    @contextmanager
    def playing(self, script: Script, cut: str = "", user: str = "", scheme: str = "") -> Iterator[str]:
        """A server that the environment names, without the end of its address, with a user, or by another scheme."""
        with chat_server(self._folder, **script) as self.server:
            url = self.server.url.removesuffix(cut).replace("://", f"://{user}")
            url = scheme + url[url.index("://") :] if scheme else url
            self._environment.setenv("OPENAI_BASE_URL", url)
            self._environment.setenv("OPENAI_API_KEY", KEY)
            yield url

    def ask(self, script: Script, request: Request | None = None, **options: Any) -> list[Reply]:
        """The replies to eight questions, in their order; the number of the fifth is 5."""
        with self.playing(script):
            return replies(request, **options)

    def error(self, script: Script, **address: str) -> str:
        """The error that ends the run."""
        with self.playing(script, **address), pytest.raises((EndpointError, UsageError)) as caught:
            replies()
        return str(caught.value)


def replies(request: Request | None = None, **options: Any) -> list[Reply]:
    """The replies to eight questions, in their order."""
    requests = [request or Request((f"Question {place + 1}?",), Sampling()) for place in range(NUMBER)]
    found = list(OpenAIModel("scripted", **{"tries": 2, **options}).generate(requests))
    return sorted(found, key=lambda reply: reply.index)


def failures(found: list[Reply]) -> dict[int, str]:
    """What was said of those that failed, by the number of their question."""
    return {reply.index + 1: f"{reply.failure.kind}: {reply.failure.message}" for reply in found if reply.failure}


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    """Nothing is played yet."""
    return Played(tmp_path / "server", monkeypatch)


@pytest.mark.parametrize("name", ["a list", "nested", "plain", "a page", "names of its own"])
def test_a_reason_is_never_lost(played: Played, name: str) -> None:
    """It stands in the row's error, whatever body it came in."""
    assert all("reason" in told for told in failures(played.ask(ENDPOINTS[name])).values())


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("500 with a reason", "http_500", "Internal: CUDA error"),
        ("200 with a reason", "broken_reply", "upstream gave up on this prompt"),
        ("200 with a status", "http_502", "No provider could be reached"),
        ("one input flagged", "refused", "flagged for"),
        ("one input blocked by a page", "refused", "you have been blocked"),
        ("a plain 403 for one", "refused", "Forbidden"),
        ("a filter with a code", "refused", "The response was filtered"),
        ("a context that is too small", "refused", "maximum context length"),
        ("one request is too large for the limit", "refused", "Requested ~12903"),
        ("no provider for one input, 404", "refused", "No endpoints found"),
        ("a way lost for a moment, 404", "http_404", "default backend"),
        ("a budget of tokens", "refused", "token budget"),
        ("a budget for thinking", "refused", "budget exceeded"),
        ("an input about money, quoted", "refused", "billing system"),
        ("an input about money, flagged", "refused", "bank account"),
        ("a canned text about money", "refused", "balance"),
        ("one request breaks it", "http_500", "index out of range"),
    ],
)
def test_what_concerns_one_input_is_its_row_s_failure(played: Played, name: str, kind: str, reason: str) -> None:
    """The others have their answers."""
    found = failures(played.ask(changed(name, match="Question 5?", each=9, calls=[*range(1, 99)]), parallel=2))
    assert found.keys() == {5}
    assert found[5].startswith(f"{kind}: ")
    assert reason in found[5]


def test_a_404_of_a_moment_is_tried_again(played: Played) -> None:
    """As from a machine in between, while another is put in its place."""
    assert failures(played.ask(ENDPOINTS["a way lost for a moment, 404"], parallel=1)) == {}


def test_a_404_of_all_that_is_left_ends_the_run(played: Played) -> None:
    """A model that was taken away in the middle of it; so does money that goes without a code."""
    asked = OpenAIModel("scripted", parallel=1).generate([Request((f"{place}?",), Sampling()) for place in range(40)])
    with played.playing(ENDPOINTS["404 for all from the fifth on"]), pytest.raises(EndpointError, match="no model"):
        list(asked)
    assert len(played.server.calls()) == 4 + 3
    assert "used up (status 400" in played.error(changed("credit balance", after=2))


@pytest.mark.parametrize("name", FAMILIES["money"])
def test_used_up_money_ends_the_run_at_once(played: Played, name: str) -> None:
    """With the reason, and without asking on."""
    assert "used up (status " in played.error(changed(name, after=0))
    assert len(played.server.calls()) <= NUMBER


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("401 for all", "refuses the key (status 401: Incorrect API key provided: [key].): check OPENAI_API_KEY"),
        ("403 for all", "refuses access (status 403: Country, region, or territory not supported)"),
        ("400 for a wrong key", "refuses the key (status 400: API key not valid."),
        ("400 for an unknown model", "knows no model 'scripted' (status 400: /chat/completions: Invalid model name"),
        ("404 with a reason", "knows no model 'scripted' (status 404: The model `scripted` does not exist"),
    ],
)
def test_what_concerns_all_ends_the_run(played: Played, name: str, told: str) -> None:
    """Before anything was answered, with the reason and what to look at."""
    assert told in played.error(ENDPOINTS[name])
    assert len(played.server.calls()) <= NUMBER


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("no path, said by FastAPI", "no such address (status 404: Not Found)"),
        ("no path, said by Go", "no such address (status 404: 404 page not found)"),
        ("no path, with status 200", "no such address (status 200: Unexpected endpoint or method."),
        ("a web page at every path", "no such address (status 200: Open Chat)"),
        ("no posts", "no such address (status 405: Method Not Allowed)"),
    ],
)
def test_a_base_url_without_its_version(played: Played, name: str, told: str) -> None:
    """Is said to be one, with the one to try."""
    said = played.error(ENDPOINTS[name], cut="/v1")
    assert told in said
    assert said.endswith(f"try {played.server.url}")


@pytest.mark.parametrize("end", ["/chat/completions", "/chat/completions/", "?key=sk-1234567890"])
def test_a_base_url_with_too_much(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    """Is a usage error, before any call."""
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:9/v1{end}")
    with pytest.raises(UsageError, match="leave out") as caught:
        replies()
    assert "sk-1234567890" not in str(caught.value)


@pytest.mark.parametrize(("name", "told"), [("no such version", "2023-99-99"), ("a version not supported", "2023-99-99"), ("no such deployment", "no deployment 'gpt'")])  # fmt: skip # noqa: E501
def test_a_wrong_version_or_deployment_at_azure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, told: str
) -> None:
    """Is named."""
    with chat_server(tmp_path, **ENDPOINTS[name]) as server:
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", server.url.removesuffix("/v1"))
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", "azure-key")
        monkeypatch.setenv("OPENAI_API_VERSION", "2023-99-99")
        with pytest.raises(EndpointError, match=told):
            list(load_model(parse_spec("azure:gpt"), OpenAIModel("m").options).generate([Request(("Hi",), Sampling())]))


def test_tls_at_the_wrong_port(played: Played) -> None:
    """Either way round, and with a certificate that nobody knows."""
    assert "speaks no TLS" in played.error({}, scheme="https")
    assert "speaks TLS: write https://" in played.error(ENDPOINTS["TLS"], scheme="http")
    assert "speaks TLS: write https://" in played.error(ENDPOINTS["an alert of TLS"])
    assert "write https://" in played.error(ENDPOINTS["HTTP at a port for TLS"])
    assert "certificate is not trusted" in played.error(ENDPOINTS["TLS"])


def test_a_certificate_of_one_s_own(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is trusted where it is named."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    assert failures(played.ask(ENDPOINTS["TLS"])) == {}


def test_a_user_and_a_password_in_the_address(played: Played) -> None:
    """Are sent in place of the key, as they are meant."""
    with played.playing({}, user="us%40er:p%3Ass@"):
        assert failures(replies()) == {}
    assert {call["scheme"] for call in played.server.calls()} == {"Basic"}
    said = played.error(ENDPOINTS["401 for all"], user="someone:PASSWORD123@")
    assert "refuses the password" in said
    assert "PASSWORD123" not in said


@pytest.mark.parametrize(
    "url", ["ftp://user:PASS@host/v1", "user:PASS@host/v1", "http://user:PASS@", "http://[u:PASS@h"]
)
def test_no_password_is_shown_of_an_address_that_is_none(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """However malformed it is."""
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with pytest.raises(UsageError, match="OPENAI_BASE_URL") as caught:
        replies()
    assert "PASS" not in str(caught.value)


@pytest.mark.parametrize("name", FAMILIES["echoes"])
def test_a_key_that_comes_back_is_kept_nowhere(played: Played, name: str) -> None:
    """Plain, quoted, escaped or in base64, in a refusal or in a reply."""
    found = played.ask(changed(name, each=9))
    assert KEY not in repr(found)
    assert "[key]" in repr(found) or name == "the key, at the edge of what is kept"
    assert "not-to-be-seen" not in repr(found)


@pytest.mark.parametrize("key", ["test", "EMPTY", "sk-1234", "sk-no-key-required", "lm-studio", "1", "Yes", "your-key"])
def test_a_placeholder_for_a_key_changes_no_reply(played: Played, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """A word like any other, also as a user and a password; what a model says is kept as it is, and sent back so."""
    said = f"Write a {key} before the code: {key}."
    with played.playing({"default": said}, user=f"admin:{key}@"):
        monkeypatch.setenv("OPENAI_API_KEY", key)
        first, second = OpenAIModel("scripted").generate([Request(("Hi", "And?"), Sampling())] * 2)
    assert [done.text for done in first.completions + second.completions] == [said] * 4
    assert played.server.calls()[-1]["usage"][0] == len(f"Hi {said} And?".split())


@pytest.mark.parametrize("key", ["none", "sent", "text", "endpoint", "refuses", "seed"])
def test_a_placeholder_for_a_key_changes_no_word_of_ours(
    played: Played, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """What the screen says of an endpoint stays whole; in what it quotes of one the word is taken out."""
    request = Request(("Rate it.",), Sampling(seed=1), logprobs=20)
    for name, words in {
        "logprobs: ignored": "logprobs sent and none came back: where that is so, verdicts are read from the text",
        "seed: extra_forbidden": "the endpoint refuses seed: not sent any more",
    }.items():
        with played.playing(ENDPOINTS[name]):
            monkeypatch.setenv("OPENAI_API_KEY", key)
            with pytest.warns(EndpointWarning) as said:
                replies(request)
        assert str(said[0].message).startswith(words)


@pytest.mark.parametrize("name", FAMILIES["endings"])
def test_a_reply_that_ended_badly_is_known_by_whatever_says_it(played: Played, name: str) -> None:
    """It is a failure, or was cut; and it is not asked for again."""
    found = played.ask(ENDPOINTS[name])
    ended = {reply.failure.kind if reply.failure else ending(reply.completions[0].finish_reason) for reply in found}
    assert len(ended) == 1
    assert ended <= {"refused", "failed", "cut"}
    assert len(played.server.calls()) == NUMBER
    assert all(reply.billed[-1].text for reply in found)


@pytest.mark.parametrize("name", FAMILIES["forms"])
def test_a_reply_in_another_form_is_read(played: Played, name: str) -> None:
    """At the first call, with its usage."""
    found = played.ask(ENDPOINTS[name])
    assert failures(found) == {}
    assert {
        (reply.completions[0].text, reply.completions[0].finish_reason in ("stop", "end_turn")) for reply in found
    } == {("Yes.", True)}
    assert {reply.usage for reply in found} == {Usage(100, 20)}
    assert len(played.server.calls()) == NUMBER


@pytest.mark.parametrize("name", FAMILIES["billed"])
def test_what_was_billed_and_holds_no_reply_is_paid_for_once(played: Played, name: str) -> None:
    """It is a failure of its row, or an empty text that was cut, with the tokens that were counted."""
    found = played.ask(ENDPOINTS[name])
    kinds = {reply.failure.kind if reply.failure else ending(reply.completions[0].finish_reason) for reply in found}
    assert kinds <= {"failed", "refused", "cut"}
    assert {reply.usage and reply.usage.prompt_tokens for reply in found} == {100}
    assert len(played.server.calls()) == NUMBER


@pytest.mark.parametrize("name", FAMILIES["unreadable"])
def test_what_cannot_be_read_is_paid_for_at_most_once_more(
    played: Played, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """However many tries there are, and without a word of an outage; and no more of it is read than a reply can be."""
    monkeypatch.setattr(transport, "LARGEST", 3 * 2**20)
    found = failures(played.ask(ENDPOINTS[name], tries=9))
    assert found.keys() == {5}
    assert found[5].startswith("broken_reply: ")
    assert played.server.did().count("reply") == NUMBER - 1
    assert len(played.server.calls()) == NUMBER - 1 + 2


@pytest.mark.parametrize("name", FAMILIES["unreadable"])
def test_nothing_readable_for_anybody_is_paid_for_at_most_twice_each(
    played: Played, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The run ends, since there is nobody there who answers, or each row has its error."""
    monkeypatch.setattr(transport, "LARGEST", 3 * 2**20)
    monkeypatch.setattr(waiting, "FIRST", 0.5)
    with played.playing(changed(name, match="")), suppress(EndpointError):
        assert len(failures(replies(tries=9))) == NUMBER
    assert max(Counter(call["messages"] for call in played.server.calls()).values()) <= 2


@pytest.mark.parametrize("name", FAMILIES["free"])
def test_what_costs_nothing_is_tried_as_often_as_allowed(played: Played, name: str) -> None:
    """It is a row's error only then."""
    found = failures(played.ask(ENDPOINTS[name], tries=4))
    assert found.keys() == {5}
    assert len(played.server.calls()) == NUMBER - 1 + 4


def test_what_is_refused_is_left_out_and_said_once(played: Played) -> None:
    """On the screen and in each reply's notes."""
    with pytest.warns(EndpointWarning) as said:
        found = played.ask(ENDPOINTS["temperature: only 1"], parallel=1)
    assert [str(warning.message) for warning in said] == [
        "the endpoint refuses temperature: not sent any more (status 400: invalid temperature: only 1 is allowed for"
        " this model)"
    ]
    assert {reply.completions[0].notes for reply in found} == {("temperature not sent: the endpoint refuses it",)}
    assert played.server.did().count("status 400") == 1


def test_a_refusal_that_goes_on_without_what_it_names_teaches_nothing(played: Played) -> None:
    """What is left out helps, or it wasn't that."""
    named = changed("a plain 403 for one", match="Question 5?", body='{"detail": "no temperature for you"}')
    found = played.ask(named, parallel=1)
    assert failures(found).keys() == {5}
    assert found[7].completions[0].notes == ()


@pytest.mark.parametrize("name", ["logprobs: not allowed, 403", "schema: not this type, 500", "logprobs: ignored"])
def test_a_way_of_asking_that_is_refused_or_ignored(played: Played, name: str) -> None:
    """Every reply is there, and its notes say what was not done."""
    request = Request(("Rate it.",), Sampling(), schema={"type": "object"} if "schema" in name else None, logprobs=20)
    found = played.ask(ENDPOINTS[name], request)
    assert failures(found) == {}
    assert all(
        any("logprobs" in note or "response_format" in note for note in reply.completions[0].notes) for reply in found
    )


def test_how_a_reply_ended_is_not_hidden_by_a_proxy(played: Played) -> None:
    """It calls "stop" what the endpoint behind it had failed at, or cut."""
    assert set(failures(played.ask(ENDPOINTS["failed behind a proxy"])).values()) == {
        "failed: the endpoint ended the reply with 'error': 502 Upstream closed the connection"
    }
    cut = played.ask(ENDPOINTS["cut behind a proxy"])
    assert {reply.completions[0].finish_reason for reply in cut} == {"model_length"}


def test_an_answer_s_row_says_what_was_not_sent(tmp_path: Path) -> None:
    """In `extra.notes`."""
    workspace = make_workspace(tmp_path / "workspace", [Question(id="1", category="small", turns=("Question 1?",))])
    with chat_server(tmp_path / "server", **ENDPOINTS["temperature: only 1"]) as server:
        asked = ("get-answers", "--questions", "small", "--model", "me=openai:scripted")
        assert judgebench(workspace, *asked, url=server.url).returncode == 0
    (row,) = workspace.answers("small", "me").read()
    assert row.extra["notes"] == ["temperature not sent: the endpoint refuses it"]


def test_a_restart_is_waited_out_by_the_command(tmp_path: Path) -> None:
    """Every row is there, none was asked for twice but what the restart broke, and the screen says what happened."""
    questions = [Question(id=str(number), category="small", turns=(f"Question {number}?",)) for number in range(1, 17)]
    workspace = make_workspace(tmp_path / "workspace", questions)
    with chat_server(tmp_path / "server", **changed("a restart", seconds=6.0)) as server:
        asked = ("get-answers", "--questions", "small", "--model", "me=openai:scripted", "--parallel", "4")
        done = judgebench(workspace, *asked, url=server.url)
        assert done.returncode == 0
        assert len(server.calls()) <= 16 + 4
    assert "16 done" in done.stderr
    assert "can't be reached" in done.stderr
    assert "the endpoint answers again" in done.stderr
    assert sorted(int(row.question_id) for row in workspace.answers("small", "me").read()) == list(range(1, 17))
    assert not files_that_hold(KEY, tmp_path)


def test_nobody_listening_is_told_by_the_reason(monkeypatch: pytest.MonkeyPatch, nobody: str) -> None:
    """And by the address."""
    monkeypatch.setattr(waiting, "FIRST", 0.2)
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://user:PASSWORD@{nobody}/v1")
    with pytest.raises(EndpointError, match="can't be reached") as caught:
        replies()
    assert nobody in str(caught.value)
    assert "PASSWORD" not in str(caught.value)
