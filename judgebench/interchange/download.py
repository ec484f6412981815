"""Download pinned files: bounded, resumed where they broke off, and named only once their SHA-256 is right.

A file's only name in the cache is its hash, so what has a name there is whole and is never downloaded again.
"""

import os
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPException, HTTPResponse, InvalidURL
from pathlib import Path
from socket import gaierror
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, quote, unquote, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from judgebench.errors import DataError, JudgebenchError
from judgebench.tables.store import exclusive

Say = Callable[[str], None]
_PAUSES = (1.0, 2.0, 4.0)  # seconds before each further try
_SILENCE = 30.0  # a try is given up after so many seconds without a byte,
_LIMIT = 300.0  # or altogether; the next one goes on where it stopped
_HOPELESS = (ConnectionRefusedError, gaierror, InvalidURL, ValueError)  # a bad certificate is a ValueError
HINT = "behind a proxy set HTTPS_PROXY, or give a mirror's URL or a folder that holds the files with --from"


@dataclass(frozen=True, slots=True)
class File:
    """A pinned file: where it is, where an import looks for it, and what it must hold."""

    remote: str
    local: str
    sha256: str
    size: int

    def fits(self, data: bytes) -> bool:
        """Whether this is the file that was pinned."""
        return sha256(data).hexdigest() == self.sha256

    def differs(self, data: bytes, where: str) -> DataError:
        """The error that says what was expected and what was found."""
        found = f"{len(data)} bytes" if len(data) <= self.size else f"more than {self.size} bytes"
        return DataError(
            f"{where} is not the {self.local} that was pinned, and nothing was taken: expected {self.size} bytes"
            f" with SHA-256 {self.sha256}, found {found} with {sha256(data).hexdigest()}; {HINT}"
        )


def cached(file: File) -> tuple[Path, bytes | None]:
    """Where a file's content is kept, and that content where it is there."""
    path = _cache() / file.sha256
    return path, _kept(file, path)


def _cache() -> Path:
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))  # its standard wants what is not absolute to be ignored
    return (named if named.is_absolute() else Path.home() / ".cache") / "judgebench" / "fetch"


def _kept(file: File, path: Path) -> bytes | None:
    data = path.read_bytes() if path.is_file() else None
    return data if data is not None and file.fits(data) else None


def download(file: File, base: SplitResult, say: Say) -> bytes:
    """Fetch a file from below a URL into the cache; if another process is doing so, wait and take what it got.

    Raises JudgebenchError where it can't be had, and DataError where what came is not what was pinned.
    """
    kept = _cache() / file.sha256
    part, url = kept.with_name(f"{kept.name}.part"), f"{base.path.rstrip('/')}/{quote(file.remote)}"
    with exclusive(kept.with_name(f"{kept.name}.lock"), lambda: say(f"{file.local}: waiting for another process")):
        data = _kept(file, kept)
        if data is None:
            data = _whole(file, _Address(base._replace(path=url)), part, say)
            part.replace(kept)
    return data


def _whole(file: File, address: "_Address", part: Path, say: Say) -> bytes:
    """What the part holds once it is filled and right; a wrong one is deleted."""
    continued = part.exists()
    _fill(file, address, part, say)
    data = part.read_bytes()
    if file.fits(data):
        say(f"{file.local}: {len(data)} bytes from {address}")
        return data
    part.unlink()
    if not continued:
        raise file.differs(data, str(address))
    return _whole(file, address, part, say)  # its beginning may have come from another server


def _fill(file: File, address: "_Address", part: Path, say: Say) -> None:
    for pause in (*_PAUSES, None):
        try:
            return _go_on(file, address, part)
        except _BrokenOffError as problem:
            if problem.start_over:
                part.unlink(missing_ok=True)
            if pause is None:
                raise JudgebenchError(f"{address}: {problem}, {len(_PAUSES) + 1} times; {HINT}") from problem
            say(f"{file.local}: {problem}; trying again in {pause:g} s")
            time.sleep(pause)


def _go_on(file: File, address: "_Address", part: Path) -> None:
    """Append what the part lacks, and at most one byte more: that is enough to see that the file is another one."""
    held = part.stat().st_size if part.exists() else 0
    if held >= file.size:
        return
    with address.open(held) as response:
        if response.status != 206:
            held = 0
        elif not str(response.headers["Content-Range"]).startswith(f"bytes {held}-"):
            raise _BrokenOffError("the server sends another part than the one asked for", start_over=True)
        announced, begun = response.length, held
        with part.open("ab" if held else "wb") as out:
            for piece in _pieces(response, address, file.size + 1 - held):
                held += out.write(piece)
                out.flush()  # whatever stops us, the next try finds it
            os.fsync(out.fileno())
    if held < file.size and held - begun != announced and not response.chunked:
        raise _BrokenOffError("the connection ended early")


def _pieces(response: HTTPResponse, address: "_Address", room: int) -> Iterator[bytes]:
    """The body as it comes, up to its announced end and as far as there is room."""
    room, end = min(room, response.length or room), time.monotonic() + _LIMIT
    while room:
        with _network(address):
            piece = response.read1(min(room, 1 << 16))
        if not piece:
            return
        yield piece
        room -= len(piece)
        if room and time.monotonic() > end:
            raise _BrokenOffError(f"not done after {_LIMIT:g} s")


class _BrokenOffError(Exception):
    """A try that failed where the next one may not."""

    def __init__(self, reason: str, start_over: bool = False) -> None:
        super().__init__(reason)
        self.start_over = start_over


@dataclass(frozen=True, slots=True)
class _Address:
    """The URL of a file; as text it has neither the user's name and password nor the query, which may hold a token."""

    url: SplitResult

    def __str__(self) -> str:
        return urlunsplit((self.url.scheme, self._host, self.url.path, "", ""))

    @property
    def _host(self) -> str:
        return self.url.netloc.rpartition("@")[2]

    def open(self, held: int) -> HTTPResponse:
        """The server's answer to a request for what follows the bytes that are held."""
        asked = Request(urlunsplit(self.url._replace(netloc=self._host, fragment="")))  # noqa: S310 - see _place
        asked.add_header("User-Agent", "judgebench")
        if held:
            asked.add_header("Range", f"bytes={held}-")
        if "@" in self.url.netloc:  # to this host only, wherever it sends us
            user = unquote(self.url.netloc.rpartition("@")[0])
            asked.add_unredirected_header("Authorization", f"Basic {b64encode(user.encode()).decode()}")
        with _network(self):
            response: HTTPResponse = build_opener(_Redirects()).open(asked, timeout=_SILENCE)
            return response


class _Redirects(HTTPRedirectHandler):
    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        fp.close()  # or else all of its body would be read, however long it is
        if not newurl.lower().startswith(("http://", "https://")):
            raise HTTPError(newurl, code, msg, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextmanager
def _network(address: _Address) -> Iterator[None]:
    """Tell what a further try may mend from what it won't."""
    try:
        yield
    except HTTPError as error:
        error.close()
        reason = f"the server answers with status {error.code}"
        reason += " and a redirect that is not followed" if 300 <= error.code < 400 else ""
        if error.code in (408, 416, 429) or error.code >= 500:
            raise _BrokenOffError(reason, start_over=error.code == 416) from error
        raise JudgebenchError(f"{address}: {reason}; {HINT}") from error
    except (OSError, HTTPException, ValueError) as error:
        cause = error.reason if isinstance(error, URLError) and isinstance(error.reason, Exception) else error
        if not isinstance(cause, _HOPELESS):
            raise _BrokenOffError(_reason(cause)) from error
        raise JudgebenchError(f"{address}: {_reason(cause)}; {HINT}") from error


def _reason(error: Exception) -> str:
    """What an error says, without control characters of a server's; not what may quote a URL with its secrets."""
    said = str(error.strerror or error) if isinstance(error, OSError) else ""
    return "".join(char if char.isprintable() else " " for char in said) or type(error).__name__
