"""`openai:NAME`: any endpoint that speaks Chat Completions, by `OPENAI_BASE_URL` and `OPENAI_API_KEY`.

`azure:DEPLOYMENT` is the same at Azure. Behind the name may stand parameters: `openai:o3?effort=high`.
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any

import httpx2
import openai

try:
    import aiohttp
except ImportError:  # it is a wish, not a need
    aiohttp = None  # type: ignore[assignment]

from judgebench.errors import EndpointError
from judgebench.models import Completion, Options, Reply, Request
from judgebench.models.http.dialect import Body, estimated_tokens
from judgebench.models.http.endpoints import Address, Endpoint, Endpoints, azure_addresses, openai_addresses
from judgebench.models.http.limits import FAILURES, Gate
from judgebench.models.http.parameters import parameters_of
from judgebench.models.http.replies import RequestRefused, completion, retry_after
from judgebench.models.http.runner import Stopped, TryAgain, retrying, run_in_bursts
from judgebench.tables.records import Failure, valid_text

UNREACHABLE = "unreachable"
_NO_KEY = "none"  # what an endpoint that wants no key is sent, since the client insists on one
_DOWN = ("connection", "timeout", "broken_reply", UNREACHABLE)  # what, with 5xx, speaks for an endpoint that is down

Client = openai.AsyncOpenAI


class OpenAIModel:
    """A model behind one or more OpenAI-compatible endpoints."""

    def __init__(self, target: str, kind: str = "openai", options: Options | None = None, **several: Any) -> None:
        self.target, self.kind = target, kind
        self.options = replace(options or Options(), **several)
        self.name, _, parameters = target.partition("?")
        self._extra = parameters_of(parameters)
        self._ready = 0
        self._stop = asyncio.Event()
        self._clients: dict[int, Client] = {}

    @property
    def identity(self) -> Mapping[str, Any]:
        """The model as asked for; which endpoint or snapshot served it is noted, but is not what was asked."""
        return {"spec": f"{self.kind}:{self.target}"}

    def ready(self) -> int:
        """How many replies are there already and follow without a wait."""
        return self._ready

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """Hold the conversations, `parallel` at a time; see Model.generate."""
        if not requests:
            return
        self._stop = asyncio.Event()

        async def hold(index: int) -> Reply:
            return await self._hold(index, requests[index])

        numbers = range(len(requests))
        self.endpoints.begin()
        opened = self._opened(self.endpoints)
        try:
            for burst in run_in_bursts(hold, numbers, self.options.parallel, opened, self._end_waiting):
                for self._ready, reply in zip(reversed(range(len(burst))), burst, strict=True):
                    yield reply
        finally:
            self._ready = 0

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

    def _end_waiting(self) -> None:
        """The run is being stopped: only calls that an endpoint works on go on."""
        self._stop.set()
        for endpoint in self.endpoints.several:
            endpoint.gate.abandon(Stopped())

    async def _sleep(self, seconds: float) -> None:
        """Between tries."""
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return
        raise Stopped

    async def _hold(self, index: int, request: Request) -> Reply:
        started, done = time.monotonic(), list[Completion]()
        failure = None
        try:
            while len(done) < len(request.turns) and not (done and done[-1].failure):
                said = await self._complete(request, [completion.text for completion in done])
                done.append(replace(said, problem=said.problem and self._without_key(said.problem)))
        except RequestRefused as error:
            failure = Failure("refused", self._without_key(error))
        except TryAgain as error:
            if self._stop.is_set():
                raise Stopped from error
            failure = Failure(error.kind, self._without_key(error))
        return Reply.of(index, done, failure, round(time.monotonic() - started, 3))

    async def _complete(self, request: Request, said: Sequence[str]) -> Completion:
        call = _Call(self, request, said)
        async for attempt in retrying(self.options.tries, self._sleep, call.enough):
            with attempt:
                call.last = attempt.retry_state.attempt_number >= self.options.tries
                return await call.make()
        raise AssertionError("unreachable: retrying either returns or raises")

    def _without_key(self, error: Exception | str) -> str:
        text = valid_text(str(error))
        for endpoint in self.endpoints.several:
            key = endpoint.address.key
            text = text.replace(key, "[key]") if key else text
        return text[:500]

    def client(self, endpoint: Endpoint) -> Client:
        """The open client of an endpoint."""
        return self._clients[id(endpoint)]

    def choose(self, begun: bool) -> Endpoint:
        """Where the next try goes; Stopped where the run is, but for a conversation that has begun: it is paid for."""
        if self._stop.is_set() and not begun:
            raise Stopped
        return self.endpoints.choose()

    def give_up(self, endpoint: Endpoint, reason: EndpointError) -> None:
        """Make no further call to an endpoint; raises the reason where there is no other."""
        if not self.endpoints.leave_out(endpoint, reason):
            raise reason

    @property
    def extra(self) -> Mapping[str, Any]:
        """The parameters that stand in the spec."""
        return self._extra


class _Call:
    """One turn of a request, until it is answered or given up."""

    def __init__(self, model: OpenAIModel, request: Request, said: Sequence[str]) -> None:
        self.model, self.request, self.said = model, request, said
        self.last = False  # whether no other try follows
        self._first: float | None = None
        self._tokens = estimated_tokens(request, said)

    def enough(self, wait: float) -> bool:
        """Whether the time for tries will be over after that wait; it begins with the first one."""
        return self._first is not None and time.monotonic() + wait - self._first > self.model.options.give_up

    async def make(self) -> Completion:
        """Try once; an endpoint that turns out to refuse every call, or not to be there, costs no try of its own."""
        while True:
            endpoint = self.model.choose(begun=bool(self.said))
            try:
                return await self._try(endpoint)
            except EndpointError as error:
                self.model.give_up(endpoint, error)
            except TryAgain as error:
                if error.kind != UNREACHABLE or not self.model.endpoints.others_work(endpoint):
                    raise

    async def _try(self, endpoint: Endpoint) -> Completion:
        began = await endpoint.gate.enter(self._tokens)
        self._first = self._first or began
        try:
            result = await self._ask(endpoint)
        except TryAgain as error:
            self._failed(endpoint, began, error)
            raise
        except RequestRefused:
            endpoint.health.well()
            raise
        finally:
            endpoint.gate.leave()
        self._went_well(endpoint, result)
        return result

    def _went_well(self, endpoint: Endpoint, result: Completion) -> None:
        endpoint.health.well()
        endpoint.gate.grow()
        if result.usage:
            endpoint.gate.correct(self._tokens, result.usage.prompt_tokens + result.usage.completion_tokens)

    def _failed(self, endpoint: Endpoint, began: float, error: TryAgain) -> None:
        if error.kind in ("http_429", "http_503"):
            endpoint.gate.slow_down(began, error.after)
        if error.kind not in _DOWN and not error.kind.startswith("http_5"):
            return
        endpoint.health.failed(began)
        if error.kind == UNREACHABLE:
            endpoint.health.shun()
            if self.last and not self.model.endpoints.others_work(endpoint):
                self.model.give_up(endpoint, EndpointError(str(error)))
        if endpoint.health.down(self.last):
            message = f"the endpoint is down: {FAILURES} tries in a row failed, the last since {error}; try again later"
            self.model.give_up(endpoint, EndpointError(message))

    async def _ask(self, endpoint: Endpoint) -> Completion:
        """Call, and again at once without what the endpoint refuses."""
        while True:
            body = endpoint.dialect.body(self.model.name, self.request, self.said, self.model.extra)
            notes = endpoint.dialect.notes(self.request, self.model.extra)
            try:
                return completion(await self._post(endpoint, body), notes)
            except openai.BadRequestError as error:
                if not endpoint.dialect.learn(body, error.param, f"{error.code} {error.message}"):
                    raise RequestRefused(f"the endpoint refused the request ({error.message})") from error

    async def _post(self, endpoint: Endpoint, body: Body) -> bytes:
        try:
            async with asyncio.timeout(self.model.options.timeout):
                client = self.model.client(endpoint)  # its typed methods cost twice the CPU of the bare post
                return (await client.post("/chat/completions", cast_to=httpx2.Response, body=body)).content
        except TimeoutError as error:
            raise _too_late() from error
        except openai.BadRequestError:
            raise
        except openai.APIStatusError as error:
            raise _sorted(error, self.model) from error
        except openai.APIConnectionError as error:
            raise _connection(error) from error
        except (ValueError, openai.APIError) as error:
            raise TryAgain("broken_reply", f"the endpoint sent no readable reply ({error})") from error


def _client(address: Address, options: Options) -> Client:
    """A client of an address; over aiohttp, where it is installed, since that takes half the CPU."""
    limits = httpx2.Limits(max_connections=options.parallel, max_keepalive_connections=options.parallel)
    kind = openai.DefaultAioHttpClient if aiohttp else openai.DefaultAsyncHttpxClient
    http = kind(limits=limits, timeout=options.timeout)
    common: dict[str, Any] = {"max_retries": 0, "timeout": options.timeout, "http_client": http}
    if address.api_version:
        return openai.AsyncAzureOpenAI(
            azure_endpoint=address.url or "", api_key=address.key, api_version=address.api_version, **common
        )
    return openai.AsyncOpenAI(base_url=address.url, api_key=address.key or _NO_KEY, **common)


def _sorted(error: openai.APIStatusError, model: OpenAIModel) -> Exception:
    """Whose fault a status is: everybody's (stop), this moment's (try again) or this request's."""
    status = error.status_code
    if status in (401, 403):
        named = "AZURE_OPENAI_API_KEY" if model.kind == "azure" else "OPENAI_API_KEY"
        return EndpointError(f"the endpoint refuses the key (status {status}): check {named}")
    if status == 404:
        named = "AZURE_OPENAI_ENDPOINT" if model.kind == "azure" else "OPENAI_BASE_URL"
        return EndpointError(f"the endpoint knows no model {model.name!r} (status 404): check name and {named}")
    if error.code == "insufficient_quota":
        return EndpointError("the account's quota is used up: top it up, then run the same command again")
    if status in (408, 409, 429) or status >= 500:
        return TryAgain(
            f"http_{status}", f"the endpoint answered with status {status}", retry_after(error.response.headers)
        )
    return RequestRefused(f"the endpoint refused the request (status {status}: {error.message})")


def _too_late() -> TryAgain:
    return TryAgain("timeout", "the endpoint did not answer in time")


def _connection(error: openai.APIConnectionError) -> TryAgain:
    """By the innermost cause: what the layers above call it differs from one transport to the other."""
    causes = list(_causes(error))
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return _too_late()
    if any(isinstance(cause, (httpx2.ConnectError, ConnectionRefusedError, socket.gaierror)) for cause in causes):
        return TryAgain(UNREACHABLE, "the endpoint can't be reached: check OPENAI_BASE_URL and the network")
    return TryAgain("connection", "the connection broke before the reply was complete")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
