"""Which endpoints stand behind a model, what is known of each, and which one a call goes to."""

import base64
import os
import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import getproxies

from judgebench.errors import EndpointError, UsageError
from judgebench.models.http.concealed import without_user
from judgebench.models.http.dialect import Dialect
from judgebench.models.http.health import Health
from judgebench.models.http.limits import Gate

_OPENAI = "https://api.openai.com/v1"
_PATIENCE = 10.0  # seconds
_PATHS = ("/chat/completions", "/completions", "/responses")  # which the client puts behind a base URL
_VERSIONED = re.compile(r"/v\d+\w*(/|$)")


@dataclass(frozen=True, slots=True)
class Address:
    """Where to call, and with which key; without a URL it is OpenAI itself. The URL is without user and password."""

    url: str | None
    key: str = field(repr=False)
    api_version: str | None = None  # Azure's
    user: str | None = field(default=None, repr=False)
    password: str = field(default="", repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What says who calls, where that is not the key."""
        if self.user is None:
            return {}
        return {"Authorization": f"Basic {base64.b64encode(f'{self.user}:{self.password}'.encode()).decode()}"}

    @property
    def secrets(self) -> Iterator[tuple[str, str]]:
        """What must not be shown, with its name."""
        yield self.key, "key"
        if self.user is not None:
            yield f"{self.user}:{self.password}", "password"
            yield self.password, "password"

    @property
    def variable(self) -> str:
        """Where the URL comes from."""
        return "AZURE_OPENAI_ENDPOINT" if self.api_version else "OPENAI_BASE_URL"

    @property
    def key_variable(self) -> str:
        """Where the key comes from, or what goes before it."""
        if self.user is not None:
            return f"user and password in {self.variable}"
        return "AZURE_OPENAI_API_KEY" if self.api_version else "OPENAI_API_KEY"

    @property
    def advice(self) -> str:
        """What to look at where this seems to be the wrong address."""
        if self.api_version:
            return f"check AZURE_OPENAI_ENDPOINT and OPENAI_API_VERSION ({self.api_version})"
        shown = without_user(self.url or "")
        if self.is_without_version:
            return f"OPENAI_BASE_URL is {shown}, and most end in /v1: try {shown.rstrip('/')}/v1"
        return "check OPENAI_BASE_URL" + (f", which is {shown}" if shown else "")

    @property
    def is_without_version(self) -> bool:
        """Whether the path lacks what most have."""
        return not self.api_version and bool(self.url) and not _VERSIONED.search(urlsplit(self.url or "").path)


@dataclass(slots=True)
class Endpoint:
    """An address and what is known of it."""

    address: Address
    gate: Gate
    dialect: Dialect = field(default_factory=Dialect)
    health: Health = field(default_factory=Health)
    out: EndpointError | None = None  # why it gets no further call
    told_until: float = 0.0  # until when whoever watches knows that it is waited for,
    told_of_outage: bool = False  # and that it is down,
    told_ignored: set[str] = field(default_factory=set)  # and what it ignores


class Endpoints:
    """Several that share the load of one model."""

    def __init__(self, several: Sequence[Endpoint]) -> None:
        self.several = several

    def choose(self) -> Endpoint:
        """The least busy of those that work; raises the reason where there is none left."""
        left = [endpoint for endpoint in self.several if endpoint.out is None]
        if not left:
            raise next(endpoint.out for endpoint in reversed(self.several) if endpoint.out)
        return min(left, key=lambda each: (each.health.shunned, each.gate.paused > 0, each.gate.load))

    def begin(self) -> None:
        """A new run: what was down may be up again; what was learnt of parameters and limits stays."""
        for endpoint in self.several:
            endpoint.out = None
            endpoint.health.begin()
            endpoint.gate.narrow = False

    def others_work(self, endpoint: Endpoint) -> bool:
        """Whether there is another to turn to at once."""
        return any(not (each is endpoint or each.out or each.health.shunned) for each in self.several)

    def leave_out(self, endpoint: Endpoint, reason: EndpointError) -> bool:
        """Send no further call to an endpoint; whether another is left."""
        endpoint.out = endpoint.out or reason
        return any(other.out is None for other in self.several)


def unreached(addresses: Sequence[Address]) -> str | None:
    """Why no call can come through, where nobody listens at any of these; None where a proxy is between."""
    if getproxies().keys() & {"http", "https", "all"}:
        return None
    closed = [reason for address in addresses if (reason := _closed(address))]
    return closed[0] if len(closed) == len(addresses) else None


def _closed(address: Address) -> str | None:
    parts = urlsplit(address.url or _OPENAI)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    try:
        socket.create_connection((parts.hostname or "", port), _PATIENCE).close()
    except OSError as error:
        return f"the endpoint can't be reached ({error.strerror or error}): {address.advice}"
    return None


def openai_addresses() -> list[Address]:
    """`OPENAI_BASE_URL` and `OPENAI_API_KEY`, each of which may be a list with commas: as many, or one for all."""
    urls, keys = _listed("OPENAI_BASE_URL"), _listed("OPENAI_API_KEY")
    for url in urls:
        _check_url("OPENAI_BASE_URL", url, "http://127.0.0.1:8000/v1")
    if not keys and not urls:
        raise UsageError("openai: models need a key: set OPENAI_API_KEY (and OPENAI_BASE_URL for another endpoint)")
    _check_keys("OPENAI_API_KEY", keys)
    return [_address(url, key) for url, key in _paired(urls or [None], keys or [""])]


def azure_addresses() -> list[Address]:
    """The same of `AZURE_OPENAI_ENDPOINT` and `AZURE_OPENAI_API_KEY`, with `OPENAI_API_VERSION`."""
    urls, keys = _listed("AZURE_OPENAI_ENDPOINT"), _listed("AZURE_OPENAI_API_KEY")
    version = os.environ.get("OPENAI_API_VERSION", "").strip()
    named = {"AZURE_OPENAI_ENDPOINT": urls, "AZURE_OPENAI_API_KEY": keys, "OPENAI_API_VERSION": version}
    missing = [name for name, value in named.items() if not value]
    if missing:
        raise UsageError(f"azure: models need {', '.join(missing)}: set what is missing")
    for url in urls:
        _check_url("AZURE_OPENAI_ENDPOINT", url, "https://NAME.openai.azure.com")
    _check_keys("AZURE_OPENAI_API_KEY", keys)
    return [_address(url, key, version) for url, key in _paired(list(urls), keys)]


def _address(url: str | None, key: str, api_version: str | None = None) -> Address:
    parts = urlsplit(url or "")
    if parts.username is None:
        return Address(url, key, api_version)
    host = parts.netloc.rpartition("@")[2]
    plain = urlunsplit((parts.scheme, host, parts.path, "", ""))
    return Address(plain, key, api_version, unquote(parts.username), unquote(parts.password or ""))


def _listed(name: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


def _paired(urls: Sequence[str | None], keys: Sequence[str]) -> list[tuple[str | None, str]]:
    if len(urls) > 1 and len(keys) > 1 and len(urls) != len(keys):
        raise UsageError(
            f"there are {len(urls)} endpoints and {len(keys)} keys: give as many keys as endpoints, or one for all"
        )
    many = max(len(urls), len(keys))
    return [(urls[number % len(urls)], keys[number % len(keys)]) for number in range(many)]


def _check_url(name: str, url: str, example: str) -> None:
    """UsageError for what can't be the beginning of an endpoint's addresses; nothing secret in it is shown."""
    shown = without_user(url)
    if not _is_url(url):
        raise UsageError(f"{name} is {shown!r}, but must be like {example}")
    path = urlsplit(url).path.rstrip("/")
    for end in ("/openai/deployments", *_PATHS) if name.startswith("AZURE") else _PATHS:
        if end in f"{path}/" if end.startswith("/openai") else path.endswith(end):
            raise UsageError(f"{name} is {shown!r}: leave out {end} and what follows, as in {example}")
    if "?" in url or "#" in url:
        raise UsageError(f"{name} is {shown!r}: leave out what follows the path, as in {example}")


def _check_keys(name: str, keys: Sequence[str]) -> None:
    if not all(key.isascii() and key.isprintable() for key in keys):
        raise UsageError(f"{name} holds characters that no key has: set it again")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an unclosed bracket, a port out of range
        return False
