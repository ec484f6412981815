"""What is read of a response: not more than a reply can be, unpacked where its headers say so and it is."""

import zlib
from collections.abc import Sequence
from typing import Any

import httpx2

try:
    import aiohttp
except ImportError:  # it is a wish, not a need
    aiohttp = None  # type: ignore[assignment]

LARGEST = 64 * 2**20  # bytes of a response, packed or unpacked
PACKED = "gzip, deflate"  # how it may be sent
_HEADER = 2**20  # bytes of one header
_ANY = zlib.MAX_WBITS | 32  # gzip and zlib, told by how they begin


class TooLarge(Exception):
    """A response that goes on and on."""


class Bounded(httpx2.AsyncBaseTransport):
    """Reads each response to its end, or to where it is too large, before it is handed on."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, and read what comes back."""
        response = await self._inner.handle_async_request(request)
        try:
            data = await _read(response)
        finally:
            await response.aclose()
        packed = response.headers.pop("Content-Encoding", "")
        for header in ("Content-Length", "Transfer-Encoding"):
            response.headers.pop(header, None)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            content=unpacked(data, [word.strip().lower() for word in packed.split(",")]),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()


def bound(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """The client, which reads no more than that of a response, also through a proxy, and has room for large headers."""
    client._transport = _bounded(client._transport)
    client._mounts = {pattern: inner and _bounded(inner) for pattern, inner in client._mounts.items()}
    return client


def _bounded(inner: Any) -> Bounded:
    if aiohttp and getattr(inner, "client", inner) is None:
        inner.client = lambda: _session(inner)
    return Bounded(inner)


def _session(inner: Any) -> "aiohttp.ClientSession":
    """As the transport would make one; by itself it takes no header above 8 KB, though the reply is paid for."""
    limits = inner.limits
    connector = aiohttp.TCPConnector(
        limit=limits.max_connections or 0, keepalive_timeout=limits.keepalive_expiry, ssl=inner.ssl_context
    )
    return aiohttp.ClientSession(connector=connector, max_line_size=_HEADER, max_field_size=_HEADER)


async def _read(response: httpx2.Response) -> bytes:
    parts, size = list[bytes](), 0
    async for part in response.stream:  # type: ignore[union-attr]
        size += len(part)
        if size > LARGEST:
            raise TooLarge(f"the reply is larger than {LARGEST >> 20} MiB")
        parts.append(part)
    return b"".join(parts)


def unpacked(data: bytes, ways: Sequence[str]) -> bytes:
    """What was packed in these ways; as it is, where it was not: some servers say so of what they unpacked."""
    for way in reversed(ways):
        for form in {"gzip": (_ANY,), "x-gzip": (_ANY,), "deflate": (_ANY, -zlib.MAX_WBITS)}.get(way, ()):
            opened = zlib.decompressobj(form)
            try:
                found = opened.decompress(data, LARGEST)
            except zlib.error:
                continue
            if opened.unconsumed_tail:
                raise TooLarge(f"the reply is larger than {LARGEST >> 20} MiB")
            if opened.eof:  # else it only looks so
                data = found
                break
    return data
