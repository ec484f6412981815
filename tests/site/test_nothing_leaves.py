"""Nothing leaves the machine: a listener stands in for every other host.

Whatever Chromium would send to another host, or to another port of this one, goes to the listener, as to a proxy.
"""

import contextlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, TCPServer, ThreadingTCPServer
from typing import Any

import pytest
from hostile import workspaces
from hostile.looking import pages_of, watched
from hostile.texts import families
from servers.browsing import chromium, window
from servers.waiting import wait_for

from judgebench import site

pytestmark = pytest.mark.slow

# What Chromium itself asks its maker for, whatever it shows: about:blank as well.
OWN = ("accounts.google.com", "clients2.google.com", "update.googleapis.com")
CONTROL = "heard.invalid"  # a host that a page of the test's own asks for, so that silence means something
OUTWARD = ("dns-prefetch", "preconnect", "prefetch", "prerender", "preload", "modulepreload", "manifest", "pingback")


class Listener(ThreadingTCPServer):
    """A port that takes whatever comes and answers nothing; `heard` has the first line of each connection."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Ear)
        self.heard: list[str] = []

    def of_pages(self) -> list[str]:
        """What it heard that isn't the browser's own."""
        return [line for line in self.heard if not re.search(rf"//({'|'.join(OWN)})/|CONNECT ({'|'.join(OWN)}):", line)]


class _Ear(StreamRequestHandler):
    server: Listener

    def handle(self) -> None:
        """A connection over which nothing comes is no word."""
        with contextlib.suppress(OSError):
            if line := self.rfile.readline(4096):
                self.server.heard.append(line.rstrip(b"\r\n").decode("latin-1"))


@contextlib.contextmanager
def running(server: TCPServer) -> Iterator[int]:
    """A server that serves; its port."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    """A running one."""
    listening = Listener()
    with running(listening):
        yield listening


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
    with running(ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def browser(listener: Listener, served: str) -> Iterator[Any]:
    """A Chromium of which the listener hears all that isn't for the site's own port."""
    flags = (
        f"--proxy-server=http://127.0.0.1:{listener.server_address[1]}",
        f"--proxy-bypass-list=<-loopback>;{served.removeprefix('http://')}",
        # The browser's maker offers to fill in forms and to translate: its services, on a profile that has them on.
        "--disable-features=AutofillServerCommunication,OptimizationHints,MediaRouter,Translate",
    )
    with chromium(*flags) as started:
        yield started


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
    seen = Seen()
    with window(browser) as page, watched(page, seen) as watch:
        page.context.on("request", lambda request: seen.asked.append(request.url))
        for path in pages_of(folder):
            page.goto(f"{root}/{path.relative_to(folder).as_posix()}")
            watch.use()
        assert [url for url in seen.asked if not url.startswith((f"{root}/", "data:", "blob:"))] == []
        assert listener.of_pages() == []
        page.route("**/control.html", lambda route: route.fulfill(body=_CONTROL, content_type="text/html"))
        page.goto(f"{served}/control.html")
        assert wait_for("the control", listener.of_pages) == [f"GET http://{CONTROL}/pixel.png HTTP/1.1"]
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
