"""The server that shows a built site."""

import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.waiting import PATIENCE

from judgebench.errors import JudgebenchError
from judgebench.site import server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder like a site, with secrets beside and below it."""
    folder = tmp_path / "webpage"
    (folder / "questions").mkdir(parents=True)
    (folder / "pairs").mkdir()
    (folder / "index.html").write_text("<p>hello</p>")
    (folder / "questions" / "index.html").write_text("list")
    (folder / ".building-x").mkdir()
    (folder / ".building-x" / "index.html").write_text("half")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "webpage-other").mkdir()
    (tmp_path / "webpage-other" / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "linked").symlink_to(tmp_path)
    return folder


@pytest.fixture
def port(folder: Path) -> Iterator[int]:
    """The port of a running server."""
    with server.listen(folder, "127.0.0.1", 0) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running.server_address[1]
        running.shutdown()
        thread.join()


def get(port: int, path: str, host: str | None = None) -> tuple[int, str, dict[str, str]]:
    """One request, its path sent as it stands."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.putrequest("GET", path, skip_host=host is not None)
    if host is not None:
        connection.putheader("Host", host)
    connection.endheaders()
    reply = connection.getresponse()
    body = reply.read().decode()
    connection.close()
    return reply.status, body, dict(reply.getheaders())


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:{port}", "127.0.0.1:{port}", "[::1]:{port}", "192.168.1.7"])
def test_a_machine_is_called_by_its_address_or_by_its_name(port: int, host: str) -> None:
    """Whatever the port says, which may be another one where it was forwarded."""
    assert get(port, "/", host.format(port=port))[0] == 200


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example:{port}", "1:2:3"],
)
def test_a_name_of_somebody_else_s_is_refused(port: int, host: str) -> None:
    """It could be made to lead here, and a page of that name would read the site."""
    status, body, headers = get(port, "/", host.format(port=port))
    assert status == 421
    assert "hello" not in body
    assert "Content-Security-Policy" in headers


def test_pages_come_with_a_policy(port: int) -> None:
    """Nothing from elsewhere, no guessing of types, no frames."""
    status, body, headers = get(port, "/")
    assert (status, body) == (200, "<p>hello</p>")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert get(port, "/questions/")[1] == "list"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/../webpage-other/secret.txt",
        "/link.txt",
        "/linked/secret.txt",
        "/linked/",
        "//etc/passwd",
        "/pairs/",
        "/.building-x/index.html",
        "/%00",
        "/missing.html",
    ],
)
def test_nothing_else_is_shown(port: int, path: str) -> None:
    """Not by dots, not by links, and no listing of a folder; an error has the headers as well."""
    status, body, headers = get(port, path)
    assert status == 404
    assert "secret" not in body
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_folder_without_a_site_says_what_to_do(tmp_path: Path) -> None:
    """Rather than an empty list."""
    with pytest.raises(JudgebenchError, match="run `judgebench build-site` first"):
        server.serve(tmp_path, "127.0.0.1", 0)


def test_a_taken_port_says_what_to_do(folder: Path) -> None:
    """Another server may well be running."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(JudgebenchError, match="--port"):
        server.serve(folder, "127.0.0.1", taken.getsockname()[1])


def test_an_unknown_host_says_what_to_do(folder: Path) -> None:
    """A name that has no address."""
    with pytest.raises(JudgebenchError, match="can't listen at"):
        server.serve(folder, "256.0.0.1", 0)


def test_ctrl_c_ends_it(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a traceback, and after it said where it was."""

    def interrupted(self: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(server.ThreadingHTTPServer, "serve_forever", interrupted)
    server.serve(folder, "127.0.0.1", 0)
    told = capsys.readouterr().out
    assert "http://127.0.0.1:" in told
    assert told.endswith("Stopped.\n")
