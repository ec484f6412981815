"""GitHub's API for the comments of a pull request, in memory on the loopback, with its real paths and statuses."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

OWNER, NUMBER, TOKEN = "team/project", 7, "ghs_0123456789abcdefghijklmnopqrstuvwxyz"
_LIST = re.compile(r"/repos/team/project/issues/7/comments")
_ONE = re.compile(r"/repos/team/project/issues/comments/(\d+)")
Fault = Mapping[str, Any]


@dataclass
class GitHub:
    """What there is, and what was asked.

    `faults` are met one call after the other, before anything else: `status` with `headers` and `message`, `slow`: no
    answer while the server lives, `lost`: it is done, and then the connection ends; {}: none.
    """

    url: str = ""
    page: int = 100
    links: bool = True
    comments: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    read_only: bool = False

    def put(self, body: str, kind: str = "Bot", association: str = "NONE") -> None:
        """A comment that is there already."""
        author = {"login": "somebody", "type": kind}
        number = len(self.comments) + 1
        self.comments.append({"id": number, "body": body, "user": author, "author_association": association})

    def environ(self) -> dict[str, str]:
        """What the runner says of itself."""
        return {"GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": OWNER, "GITHUB_TOKEN": TOKEN}


class _Handler(BaseHTTPRequestHandler):
    hub: GitHub

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PATCH(self) -> None:
        self._answer("PATCH")

    def _answer(self, method: str) -> None:
        hub = self.hub
        hub.calls.append((method, self.path))
        data = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        fault = hub.faults.pop(0) if hub.faults else None
        if fault and "status" in fault:
            self._send(fault["status"], {"message": fault.get("message", "no")}, fault.get("headers"))
            return
        if fault and "slow" in fault:
            hub.over.wait()
            return
        status, found, headers = self._done(method, data)
        if not fault:
            self._send(status, found, headers)

    def _done(self, method: str, data: Mapping[str, Any]) -> tuple[int, Any, Mapping[str, str]]:
        hub, parts = self.hub, urlsplit(self.path)
        one = _ONE.fullmatch(parts.path)
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials"}, {}
        if method != "GET" and hub.read_only:
            return 403, {"message": "Resource not accessible by integration"}, {}
        if method == "GET" and _LIST.fullmatch(parts.path):
            return self._page(parse_qs(parts.query))
        if method == "POST" and _LIST.fullmatch(parts.path):
            hub.put(data["body"])
            return 201, hub.comments[-1], {}
        if method == "PATCH" and one:
            found = next(comment for comment in hub.comments if comment["id"] == int(one[1]))
            found["body"] = data["body"]
            return 200, found, {}
        return 404, {"message": "Not Found"}, {}

    def _page(self, asked: Mapping[str, list[str]]) -> tuple[int, Any, Mapping[str, str]]:
        hub = self.hub
        size, number = min(int(asked["per_page"][0]), hub.page), int(asked.get("page", ["1"])[0])
        path = f"{hub.url}/repos/{OWNER}/issues/{NUMBER}/comments"
        there = number * size < len(hub.comments)
        links = {"Link": f'<{path}?per_page={size}&page={number + 1}>; rel="next", <{path}?page=9>; rel="last"'}
        return 200, hub.comments[(number - 1) * size : number * size], links if there and hub.links else {}

    def _send(self, status: int, found: Any, headers: Mapping[str, str] | None = None) -> None:
        text = json.dumps(found).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(text)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def github(**settings: Any) -> Iterator[GitHub]:
    """The server, as long as it is wanted."""
    hub = GitHub(**settings)
    handler = type("Handler", (_Handler,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        hub.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            hub.over.set()
            server.shutdown()
            thread.join()
