"""The fake endpoint itself: what its table plays is what it says, over real connections."""

import http.client
import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from servers.chat_server import CERTIFICATE, FAULTS
from servers.endpoints import ENDPOINTS, FAMILIES, changed
from servers.running import ChatServer, chat_server

_HELLO = {"model": "m", "messages": [{"role": "user", "content": "Question 5?"}], "seed": 1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the server's files lie."""
    return tmp_path / "server"


def asked(server: ChatServer, **headers: str) -> tuple[int, dict[str, str], str]:
    """The status, headers and body of the answer to one call."""
    where = urlsplit(server.url)
    assert where.hostname
    context = ssl.create_default_context(cafile=CERTIFICATE)
    https = http.client.HTTPSConnection(where.hostname, where.port, timeout=20, context=context)
    plain = http.client.HTTPConnection(where.hostname, where.port, timeout=20)
    connection = https if where.scheme == "https" else plain
    try:
        connection.request("POST", f"{where.path}/chat/completions", json.dumps(_HELLO), headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def statuses(server: ChatServer) -> Iterator[int]:
    """The status of one call after the other."""
    while True:
        yield asked(server)[0]


def test_every_entry_names_a_fault_and_has_a_name_of_its_own() -> None:
    """None hides another, and none is of a kind that the server doesn't know."""
    assert sum(map(len, FAMILIES.values())) == len(ENDPOINTS)
    assert {fault["do"] for script in ENDPOINTS.values() for fault in script["faults"]} <= FAULTS.keys()


@pytest.mark.parametrize("name", ["a list", "plain", "a page", "nothing at all", "401 for all"])
def test_an_entry_is_answered_as_it_stands(folder: Path, name: str) -> None:
    """Its status, its body, and as JSON what begins as such; the others as a page or plain text."""
    (fault,) = ENDPOINTS[name]["faults"]
    with chat_server(folder, **changed(name, match="", after=0)) as server:
        status, headers, body = asked(server, Authorization="Bearer sk-1")
    assert (status, body) == (fault["status"], fault["body"].replace("{key}", "sk-1"))
    assert ("json" in headers["Content-Type"]) == body.startswith(("{", "[", '"'))


def test_a_window_lets_so_many_through(folder: Path) -> None:
    """Two a second: the third is told how long to wait, and after that it is let through."""
    with chat_server(folder, **changed("a window, in milliseconds", window=[2, 1])) as server:
        each = statuses(server)
        assert [next(each), next(each)] == [200, 200]
        status, headers, _ = asked(server)
        assert (status, 0 < int(headers["retry-after-ms"]) <= 1000) == (429, True)
        time.sleep(int(headers["retry-after-ms"]) / 1000)
        assert next(each) == 200


def test_a_restart_breaks_what_there_is_and_listens_again_at_the_same_port(folder: Path) -> None:
    """In between nobody listens."""
    with chat_server(folder, **changed("a restart", calls=[1], seconds=0.5)) as server:
        errors: list[Any] = []
        answered = None
        while answered is None:
            try:
                answered = next(statuses(server))
            except OSError as error:
                errors.append(type(error))
        assert answered == 200
    assert errors[0] in (http.client.RemoteDisconnected, ConnectionResetError)
    assert ConnectionRefusedError in errors


def test_a_fault_lasts_from_when_it_first_happened(folder: Path) -> None:
    """Half a second, however many calls are made."""
    with chat_server(folder, **changed("a gateway without its server", after=1, lasts=0.5)) as server:
        each = statuses(server)
        assert [next(each), next(each), next(each)] == [200, 502, 502]
        assert 200 in each


def test_a_fault_is_for_requests_that_have_something(folder: Path) -> None:
    """A parameter, or a parameter with a value."""
    with chat_server(folder, **ENDPOINTS["seed: extra_forbidden"]) as server:
        assert asked(server)[0] == 422
    with chat_server(folder, **changed("seed: extra_forbidden", has='"seed": 2')) as server:
        assert asked(server)[0] == 200


def test_it_speaks_tls(folder: Path) -> None:
    """With a certificate that only those trust who know it."""
    with chat_server(folder, **ENDPOINTS["TLS"]) as server:
        assert server.url.startswith("https://")
        assert asked(server)[0] == 200


def test_secrets_come_back_in_every_form(folder: Path) -> None:
    """The caller's key, as it is and encoded."""
    with chat_server(folder, **ENDPOINTS["the key, escaped"]) as server:
        assert json.loads(asked(server, Authorization="Bearer sk-1")[2]) == {"error": {"message": "bad key sk-1"}}
    with chat_server(folder, **ENDPOINTS["the key, in base64"]) as server:
        assert asked(server, Authorization="Bearer sk-1")[2] == "token c2stMQ=="
