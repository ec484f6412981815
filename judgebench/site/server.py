"""A small server to look at a built site; it shows that folder and nothing else."""

import os
import socket
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from judgebench.errors import JudgebenchError
from judgebench.site.policy import POLICY

_HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",  # which counts in a header only
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # a rebuilt page is shown at once
}


def serve(folder: Path, host: str, port: int) -> None:
    """Serve a built site until Ctrl-C; port 0 takes any free one."""
    with listen(folder, host, port) as server:
        print(f"Serving {folder} at {address(server)} (Ctrl-C ends it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("\nStopped.", flush=True)


def listen(folder: Path, host: str, port: int) -> ThreadingHTTPServer:
    """A server that listens and doesn't serve yet; JudgebenchError where there is no site, or no such address."""
    if not (folder / "index.html").is_file():
        raise JudgebenchError(f"{folder} holds no site: run `judgebench build-site` first")
    try:
        family, *_, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        server_type = type("_Server", (_Server,), {"address_family": family})
        names = frozenset({host.lower(), "localhost", socket.gethostname().lower()})
        server: ThreadingHTTPServer = server_type(where[:2], partial(_Handler, names, directory=os.fspath(folder)))
    except OSError as error:
        problem = f"can't listen at {host}, port {port} ({error.strerror or error})"
        raise JudgebenchError(f"{problem}: name another --port, or 0 for any free one") from error
    return server


def address(server: ThreadingHTTPServer) -> str:
    """Where to point a browser."""
    host, port = server.server_address[:2]
    name = host.decode() if isinstance(host, bytes | bytearray) else str(host)
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without the name look-up of the standard library's, which can wait for a DNS server."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])


class _Handler(SimpleHTTPRequestHandler):
    server_version = "judgebench"
    sys_version = ""

    def __init__(self, names: frozenset[str], *arguments: Any, **settings: Any) -> None:
        self._names = names  # by which this machine may be called
        super().__init__(*arguments, **settings)

    def send_head(self) -> Any:
        """The file that is asked for, if it lies in the folder when all symbolic links are followed."""
        if not self._is_ours(self.headers.get("Host", "")):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, explain="Call this server by its address or by its name.")
            return None
        if "\0" in unquote(self.path) or not self._is_inside():
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def list_directory(self, path: str | os.PathLike[str]) -> None:
        """No listings: a folder without an index is not found."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Our headers with every reply, errors as well."""
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a page is a dozen requests, and what they ask for is of no interest."""

    def _is_ours(self, host: str) -> bool:
        """Whether a request is meant for this machine: somebody else's name may be made to lead here, an address can't.

        A page from elsewhere could else read the site by a name of its own (DNS rebinding).
        """
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        try:
            ip_address(name.strip("[]"))
        except ValueError:
            return name.lower() in self._names
        return True

    def _is_inside(self) -> bool:
        root, path = os.path.realpath(self.directory), self.translate_path(self.path)
        hidden = any(part.startswith(".") for part in Path(os.path.relpath(path, self.directory)).parts)
        real = os.path.realpath(path)
        return not hidden and (real == root or real.startswith(root.rstrip(os.sep) + os.sep))
