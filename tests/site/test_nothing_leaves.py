"""Nothing leaves the machine: a listener stands in for every other host.

Whatever Chromium would send to another host, or to another port of this one, goes to the listener, as to a proxy.
"""

import contextlib
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hostile import workspaces
from hostile.looking import pages_of, watched
from hostile.texts import families

from judgebench import site

pytestmark = pytest.mark.slow

# What Chromium itself asks its maker for, whatever it shows: about:blank as well.
OWN = ("accounts.google.com", "clients2.google.com", "update.googleapis.com")
CONTROL = "heard.invalid"  # a host that a page of the test's own asks for, so that silence means something
OUTWARD = ("dns-prefetch", "preconnect", "prefetch", "prerender", "preload", "modulepreload", "manifest", "pingback")


@dataclass
class Listener:
    """A port that takes whatever comes and answers nothing; `heard` has the first line of each connection."""

    heard: list[str] = field(default_factory=list)
    _socket: socket.socket = field(default_factory=partial(socket.create_server, ("127.0.0.1", 0)))

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._socket.getsockname()[1])

    def listen(self) -> None:
        """Take connections until the socket is closed."""
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self._socket.accept()
                with caller, contextlib.suppress(OSError):
                    caller.settimeout(2)
                    self.heard.append(caller.recv(4096).split(b"\r\n")[0].decode("latin-1"))

    def of_pages(self) -> list[str]:
        """What it heard that isn't the browser's own."""
        return [line for line in self.heard if not re.search(rf"//({'|'.join(OWN)})/|CONNECT ({'|'.join(OWN)}):", line)]

    def close(self) -> None:
        """End `listen`."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    """A running one."""
    listening = Listener()
    thread = threading.Thread(target=listening.listen)
    thread.start()
    yield listening
    listening.close()
    thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a workspace whose texts ask for other hosts in every way, and a page that gets through."""
    asking = [text for family in ("links", "mutated", "styles", "handlers") for text in families()[family]]
    return site.build(workspaces.with_texts(tmp_path_factory.mktemp("asking"), asking)).folder


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[str]:
    """The site as `python -m http.server` serves it: without any header of ours."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def browser(listener: Listener, served: str) -> Iterator[Any]:
    """A Chromium of which the listener hears all that isn't for the site's own port."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium")
    if not path:
        pytest.skip("there is no chromium on the path")
    flags = [
        *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync", f"--proxy-server=http://127.0.0.1:{listener.port}"),
        f"--proxy-bypass-list=<-loopback>;{served.removeprefix('http://')}",
        # The browser's maker offers to fill in forms and to translate: its services, on a profile that has them on.
        "--disable-features=AutofillServerCommunication,OptimizationHints,MediaRouter,Translate",
    ]
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=path, args=flags)
        yield started
        started.close()


@dataclass
class Seen:
    """As the fixture of that name."""

    asked: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    hits: list[str] = field(default_factory=list)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["file", "http"])
def test_a_site_asks_nobody_for_anything(
    browser: Any, listener: Listener, folder: Path, served: str, scheme: str
) -> None:
    """Every page, opened and used: exports, copies, votes, searches, hostile texts; then the control is heard."""
    root = folder.as_uri() if scheme == "file" else served
    page, seen = browser.new_context().new_page(), Seen()
    page.context.on("request", lambda request: seen.asked.append(request.url))
    with watched(page, seen) as watch:
        for path in pages_of(folder):
            page.goto(f"{root}/{path.relative_to(folder).as_posix()}")
            watch.use()
    assert [url for url in seen.asked if not url.startswith((f"{root}/", "data:", "blob:"))] == []
    assert listener.of_pages() == []
    page.route("**/control.html", lambda route: route.fulfill(body=_CONTROL, content_type="text/html"))
    page.goto(f"{served}/control.html")
    assert listener.of_pages() == [f"GET http://{CONTROL}/pixel.png HTTP/1.1"]
    listener.heard.clear()


_CONTROL = f"<img src=http://{CONTROL}/pixel.png>"


def test_no_page_names_a_host_to_prepare_for(folder: Path) -> None:
    """No hint to look up, connect to or fetch from anywhere, and no look-up of links ahead of a click."""
    for path in pages_of(folder):
        html = path.read_text(encoding="utf-8")
        hints = [one for one in re.findall(r"<link\b[^>]*>", html) if any(word in one for word in OUTWARD)]
        assert hints == [], path.name
        assert re.search(r'<meta http-equiv="x-dns-prefetch-control" content="off">', html), path.name


def test_no_script_or_style_of_ours_can_ask(folder: Path) -> None:
    """No file that isn't a library's holds the name of what asks a host, or an address of one."""
    asks = r"fetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts|new Worker|RTCPeerConnection|@import"
    address = r"(?:https?:)?//(?!www\.w3\.org/)[a-z0-9-]+\.[a-z]"
    ours = [
        path for path in (folder / "static").iterdir() if path.suffix in (".js", ".css") and "plotly" not in path.name
    ]
    assert ours
    for path in ours:
        assert re.findall(f"{asks}|['\"(]{address}", path.read_text(encoding="utf-8")) == [], path.name
