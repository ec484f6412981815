"""`openai:NAME`: any endpoint that speaks Chat Completions, by `OPENAI_BASE_URL` and `OPENAI_API_KEY`.

`azure:DEPLOYMENT` is the same at Azure. Behind the name may stand parameters: `openai:o3?effort=high`.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx2
import openai

try:
    import aiohttp
except ImportError:  # it is a wish, not a need
    aiohttp = None  # type: ignore[assignment]

from judgebench.errors import EndpointError, UsageError
from judgebench.models import Completion, Options, Reply, Request
from judgebench.models.http.calls import Call
from judgebench.models.http.concealed import Secrets
from judgebench.models.http.dialect import Body
from judgebench.models.http.endpoints import (
    Address,
    Endpoint,
    Endpoints,
    azure_addresses,
    openai_addresses,
    unreached,
)
from judgebench.models.http.health import CONNECTION, UNREACHABLE
from judgebench.models.http.limits import Gate
from judgebench.models.http.parameters import parameters_of
from judgebench.models.http.replies import RequestRefused
from judgebench.models.http.run import Response, Run
from judgebench.models.http.runner import Stopped, TryAgain, run_in_bursts
from judgebench.models.http.transport import PACKED, TooLarge, bound

CONNECT = 15.0  # seconds in which a connection must come about
_ALERT = "\\x15\\x03"  # how what TLS says to plain HTTP begins, as it stands in an error
_OPENAI = "https://api.openai.com"
_NO_KEY = "none"  # what an endpoint that wants no key is sent, since the client insists on one

Client = openai.AsyncOpenAI


class OpenAIModel:
    """A model behind one or more OpenAI-compatible endpoints."""

    def __init__(self, target: str, kind: str = "openai", options: Options | None = None, **several: Any) -> None:
        self.target, self.kind = target, kind
        self.options = replace(options or Options(), **several)
        self.name, _, parameters = target.partition("?")
        self._extra = parameters_of(parameters)
        self._ready = 0
        self._clients: dict[int, Client] = {}

    @property
    def identity(self) -> Mapping[str, Any]:
        """The model as asked for; which endpoint or snapshot served it is noted, but is not what was asked."""
        return {"spec": f"{self.kind}:{self.target}"}

    @property
    def extra(self) -> Mapping[str, Any]:
        """The parameters that stand in the spec."""
        return self._extra

    def ready(self) -> int:
        """How many replies are there already and follow without a wait."""
        return self._ready

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """Hold the conversations, `parallel` at a time; see Model.generate."""
        if not requests:
            return
        run = self._run(len(requests))

        async def hold(index: int) -> Reply:
            with run.holding(index):
                return await _held(run, index, requests[index])

        numbers = range(len(requests))
        self.endpoints.begin()
        opened = self._opened(self.endpoints)
        try:
            for burst in run_in_bursts(hold, numbers, self.options.parallel, opened, run.stop, run.aside):
                for self._ready, reply in zip(reversed(range(len(burst))), burst, strict=True):
                    yield reply
            if run.lost:
                raise run.lost
        finally:
            self._ready = 0

    def _run(self, number: int) -> Run:
        secrets = Secrets(secret for endpoint in self.endpoints.several for secret in endpoint.address.secrets)
        return Run(self.name, self._extra, self.options, self.endpoints, secrets, self._post, number)

    def lack(self) -> str | None:
        """What calls need and there isn't: a key, or an endpoint that listens. None where there is all of it."""
        try:
            addresses = [endpoint.address for endpoint in self.endpoints.several]
        except UsageError as error:
            return str(error)
        return unreached(addresses)

    @cached_property
    def endpoints(self) -> Endpoints:
        """Those that the environment names, and what is known of each."""
        addresses = azure_addresses() if self.kind == "azure" else openai_addresses()
        options = self.options
        return Endpoints([Endpoint(each, Gate(options.parallel, options.rpm, options.tpm)) for each in addresses])

    @asynccontextmanager
    async def _opened(self, endpoints: Endpoints) -> AsyncIterator[None]:
        """One client per endpoint for the whole run, with room for as many connections as there are calls."""
        async with AsyncExitStack() as stack:
            for endpoint in endpoints.several:
                client = _client(endpoint.address, self.options)
                self._clients[id(endpoint)] = await stack.enter_async_context(client)
            yield

    async def _post(self, endpoint: Endpoint, body: Body) -> Response:
        """Send a request; TryAgain where no response came, EndpointError where none ever will."""
        client = self._clients[id(endpoint)]
        try:
            async with asyncio.timeout(self.options.timeout):
                # its typed methods cost twice the CPU of the bare post
                answer = await client.post("/chat/completions", cast_to=httpx2.Response, body=body)
        except openai.APIStatusError as error:
            answer = error.response
        except Exception as error:
            if not endpoint.health.answered:
                await _check_tls(endpoint.address, error)
            raise await _unanswered(endpoint.address, error) from error
        return Response(answer.status_code, answer.headers, answer.content)


async def _held(run: Run, index: int, request: Request) -> Reply:
    """A conversation, turn by turn, until its end or until a turn has failed; what was answered before is kept."""
    started, done = time.monotonic(), list[Completion]()
    failure = None
    try:
        while len(done) < len(request.turns) and not (done and done[-1].failure):
            done.append(await Call(run, index, request, [completion.text for completion in done]).answered())
    except RequestRefused as error:
        failure = run.failure("refused", error)
    except TryAgain as error:
        if run.stopping and not done:
            raise Stopped from error
        failure = run.failure(error.kind, error)
    except (EndpointError, Stopped) as error:
        if not done:
            raise
        run.lost = run.lost or (error if isinstance(error, EndpointError) else None)
        failure = run.failure("stopped", error)
    return Reply.of(index, done, failure, round(time.monotonic() - started, 3))


def _client(address: Address, options: Options) -> Client:
    """A client of an address; over aiohttp, where it is installed, since that takes half the CPU."""
    limits = httpx2.Limits(max_connections=options.parallel, max_keepalive_connections=options.parallel)
    kind = openai.DefaultAioHttpClient if aiohttp else openai.DefaultAsyncHttpxClient
    timeout = httpx2.Timeout(options.timeout, connect=min(options.timeout, CONNECT))
    http = bound(kind(limits=limits, timeout=timeout))
    common: dict[str, Any] = {
        "max_retries": 0,
        "timeout": timeout,
        "http_client": http,
        "default_headers": {"Accept-Encoding": PACKED, **address.headers},
    }
    if address.api_version:
        return openai.AsyncAzureOpenAI(
            azure_endpoint=address.url or "", api_key=address.key, api_version=address.api_version, **common
        )
    return openai.AsyncOpenAI(base_url=address.url, api_key=address.key or _NO_KEY, **common)


async def _check_tls(address: Address, error: Exception) -> None:
    """Raise EndpointError where an endpoint that never answered speaks TLS and is not spoken to so, or otherwise."""
    causes, why = list(_causes(error)), _words(error)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        raise EndpointError(f"the endpoint's certificate is not trusted ({why}): set SSL_CERT_FILE to its issuer's")
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        raise EndpointError(f"the endpoint speaks no TLS ({why}): write http:// in {address.variable}, or another port")
    parts = urlsplit(address.url or "")
    if parts.scheme != "http" or _nobody_listens(error):
        return
    if _ALERT in why or await _speaks_tls(parts.hostname, parts.port or 80):
        raise EndpointError(f"the endpoint speaks TLS: write https:// in {address.variable}")


async def _speaks_tls(host: str | None, port: int) -> bool:
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    try:
        await _connect(host, port, anyone)
    except (OSError, TimeoutError):
        return False
    return True


async def _connect(host: str | None, port: int, security: ssl.SSLContext | None = None) -> None:
    """Connect and hang up."""
    async with asyncio.timeout(CONNECT):
        _, writer = await asyncio.open_connection(host, port, ssl=security)
    writer.close()


async def _unanswered(address: Address, error: Exception) -> TryAgain:
    """By the innermost cause: what the layers above call it differs from one transport to the other."""
    why = _words(error)
    if any(isinstance(cause, TooLarge) for cause in _causes(error)):
        return TryAgain("broken_reply", why, billed=True)
    if any(isinstance(cause, TimeoutError) for cause in _causes(error)) and not _nobody_listens(error):
        return TryAgain("timeout", "the endpoint did not answer in time")
    if _nobody_listens(error) or await _has_gone(address):
        return TryAgain(UNREACHABLE, f"the endpoint can't be reached ({why})")
    return TryAgain(CONNECTION, f"the connection broke before the reply was complete ({why})")


async def _has_gone(address: Address) -> bool:
    """Whether nobody listens any more where a connection broke; it isn't known where a proxy stands between."""
    parts = urlsplit(address.url or _OPENAI)
    if getproxies().get(parts.scheme):
        return False
    try:
        await _connect(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
    except ConnectionRefusedError:
        return True
    except (OSError, TimeoutError):
        return False
    return False


def _nobody_listens(error: Exception) -> bool:
    gone: list[type[BaseException]] = [httpx2.ConnectError, ConnectionRefusedError, socket.gaierror]
    gone += [aiohttp.ConnectionTimeoutError] if aiohttp else [httpx2.ConnectTimeout]
    return any(isinstance(cause, tuple(gone)) for cause in _causes(error))


def _words(error: Exception) -> str:
    """What the innermost cause says that says anything."""
    told = [getattr(cause, "strerror", None) or str(cause) for cause in _causes(error)]
    return next((" ".join(text.split()) for text in reversed(told) if text), type(error).__name__)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
