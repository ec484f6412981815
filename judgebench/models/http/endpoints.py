"""Which endpoints stand behind a model, what is known of each, and which one a call goes to."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from judgebench.errors import EndpointError, UsageError
from judgebench.models.http.dialect import Dialect
from judgebench.models.http.limits import Gate, Health


@dataclass(frozen=True, slots=True)
class Address:
    """Where to call, and with which key; without a URL it is OpenAI itself."""

    url: str | None
    key: str
    api_version: str | None = None  # Azure's


@dataclass(slots=True)
class Endpoint:
    """An address and what is known of it."""

    address: Address
    gate: Gate
    dialect: Dialect = field(default_factory=Dialect)
    health: Health = field(default_factory=Health)
    out: EndpointError | None = None  # why it gets no further call


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
            endpoint.health.well()

    def others_work(self, endpoint: Endpoint) -> bool:
        """Whether there is another to turn to at once."""
        return any(not (each is endpoint or each.out or each.health.shunned) for each in self.several)

    def leave_out(self, endpoint: Endpoint, reason: EndpointError) -> bool:
        """Send no further call to an endpoint; whether another is left."""
        endpoint.out = endpoint.out or reason
        return any(other.out is None for other in self.several)


def openai_addresses() -> list[Address]:
    """`OPENAI_BASE_URL` and `OPENAI_API_KEY`, each of which may be a list with commas: as many, or one for all."""
    urls, keys = _listed("OPENAI_BASE_URL"), _listed("OPENAI_API_KEY")
    for url in urls:
        _check_url("OPENAI_BASE_URL", url, "http://127.0.0.1:8000/v1")
    if not keys and not urls:
        raise UsageError("openai: models need a key: set OPENAI_API_KEY (and OPENAI_BASE_URL for another endpoint)")
    _check_keys("OPENAI_API_KEY", keys)
    return [Address(url, key) for url, key in _paired(urls or [None], keys or [""])]


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
    return [Address(url, key, version) for url, key in _paired(list(urls), keys)]


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
    if not _is_url(url):
        raise UsageError(f"{name} is {url!r}, but must be like {example}")


def _check_keys(name: str, keys: Sequence[str]) -> None:
    if not all(key.isascii() and key.isprintable() for key in keys):
        raise UsageError(f"{name} holds characters that no key has: set it again")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an unclosed bracket, a port out of range
        return False
