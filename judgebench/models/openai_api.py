"""`openai:NAME`: any endpoint that speaks Chat Completions, by `OPENAI_BASE_URL` and `OPENAI_API_KEY`."""

import asyncio
import math
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai
from openai.types.chat import ChatCompletion

from judgebench.errors import EndpointError, UsageError
from judgebench.models import Completion, Reply, Request, messages
from judgebench.records import Failure, Sampling, Usage, valid_text
from judgebench.runner import TryAgain, retrying, run_concurrently

UNREACHABLE = "unreachable"
_NO_KEY = "none"  # what an endpoint that wants no key is sent, since the client insists on one
_UNSUPPORTED = re.compile(r"unsupported|not (support|permit|allow)(t?ed)?\b|unrecognized|unknown|unexpected", re.I)


class RequestRefused(Exception):
    """The endpoint refuses this one request for good (a content filter, a context too long)."""


class OpenAIModel:
    """A model behind an OpenAI-compatible endpoint."""

    def __init__(self, name: str, *, parallel: int = 8, timeout: float = 300.0, tries: int = 5) -> None:
        self.name = name
        self.parallel = parallel
        self.timeout = timeout
        self.tries = tries
        self._refused: set[str] = set()  # parameters that this endpoint was found not to take

    @property
    def identity(self) -> Mapping[str, Any]:
        """The model as asked for; which endpoint or snapshot served it is noted, but is not what was asked."""
        return {"spec": f"openai:{self.name}"}

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """Hold the conversations, `parallel` at a time; see Model.generate."""
        if not requests:
            return
        client = self._client()

        async def hold(numbered: tuple[int, Request]) -> Reply:
            return await self._hold(client, *numbered)

        yield from run_concurrently(hold, list(enumerate(requests)), self.parallel, client)

    def _client(self) -> openai.AsyncOpenAI:
        url, key = os.environ.get("OPENAI_BASE_URL"), os.environ.get("OPENAI_API_KEY", "").strip()
        if url and not _is_url(url):
            raise UsageError(f"OPENAI_BASE_URL is {url!r}, but must be like http://127.0.0.1:8000/v1")
        if not key and not url:
            raise UsageError("openai: models need a key: set OPENAI_API_KEY (and OPENAI_BASE_URL for another endpoint)")
        if not (key.isascii() and key.isprintable()):
            raise UsageError("OPENAI_API_KEY holds characters that no key has: set it again")
        self._key = key
        return openai.AsyncOpenAI(api_key=key or _NO_KEY, max_retries=0, timeout=self.timeout)

    async def _hold(self, client: openai.AsyncOpenAI, index: int, request: Request) -> Reply:
        started, done = time.monotonic(), list[Completion]()
        failure = None
        try:
            while len(done) < len(request.turns):
                done.append(await self._complete(client, request, [completion.text for completion in done]))
        except RequestRefused as error:
            failure = Failure("refused", self._without_key(error))
        except TryAgain as error:
            if error.kind == UNREACHABLE:
                raise EndpointError(str(error)) from error
            failure = Failure(error.kind, self._without_key(error))
        return Reply(index, tuple(done), failure, round(time.monotonic() - started, 3))

    async def _complete(self, client: openai.AsyncOpenAI, request: Request, said: Sequence[str]) -> Completion:
        conversation = [{"role": message.role, "content": message.content} for message in messages(request, said)]
        async for attempt in retrying(self.tries):
            with attempt:
                return await self._call(client, conversation, request.sampling)
        raise AssertionError("unreachable: retrying either returns or raises")

    async def _call(self, client: openai.AsyncOpenAI, conversation: list[Any], sampling: Sampling) -> Completion:
        parameters = self._parameters(sampling)
        try:
            async with asyncio.timeout(self.timeout):
                response = await client.chat.completions.create(model=self.name, messages=conversation, **parameters)
            return _completion(response)
        except TimeoutError as error:
            raise _too_late() from error
        except openai.BadRequestError as error:
            self._learn(error, parameters)
            return await self._call(client, conversation, sampling)
        except openai.APIStatusError as error:
            raise self._sorted(error) from error
        except openai.APIConnectionError as error:
            raise _connection(error) from error
        except (ValueError, openai.APIError) as error:
            raise TryAgain("broken_reply", f"the endpoint sent no readable reply ({error})") from error

    def _parameters(self, sampling: Sampling) -> dict[str, Any]:
        length = "max_completion_tokens" if "max_tokens" in self._refused else "max_tokens"
        wanted = {"temperature": sampling.temperature, length: sampling.max_tokens}
        return {name: value for name, value in wanted.items() if name not in self._refused}

    def _learn(self, error: openai.BadRequestError, sent: Mapping[str, Any]) -> None:
        """Remember the parameter that a 400 names as unsupported, so that it isn't sent again; raise for any other."""
        named = [name for name in sent if error.param == name or f"'{name}'" in error.message]
        if not named or not _UNSUPPORTED.search(f"{error.code} {error.message}"):
            raise RequestRefused(f"the endpoint refused the request ({error.message})") from error
        self._refused.update(named)

    def _sorted(self, error: openai.APIStatusError) -> Exception:
        """Whose fault a status is: everybody's (stop), this moment's (try again) or this request's."""
        status = error.status_code
        if status in (401, 403):
            return EndpointError(f"the endpoint refuses the key (status {status}): check OPENAI_API_KEY")
        if status == 404:
            return EndpointError(
                f"the endpoint knows no model {self.name!r} (status 404): check name and OPENAI_BASE_URL"
            )
        if error.code == "insufficient_quota":
            return EndpointError("the account's quota is used up: top it up, then run the same command again")
        if status in (408, 409, 429) or status >= 500:
            return TryAgain(f"http_{status}", f"the endpoint answered with status {status}", _retry_after(error))
        return RequestRefused(f"the endpoint refused the request (status {status}: {error.message})")

    def _without_key(self, error: Exception) -> str:
        text = valid_text(str(error))
        return (text.replace(self._key, "[key]") if self._key else text)[:500]


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an unclosed bracket, a port out of range
        return False


def _too_late() -> TryAgain:
    return TryAgain("timeout", "the endpoint did not answer in time")


def _connection(error: openai.APIConnectionError) -> Exception:
    if isinstance(error, openai.APITimeoutError):
        return _too_late()
    if isinstance(error.__cause__, httpx2.ConnectError):
        return TryAgain(UNREACHABLE, "the endpoint can't be reached: check OPENAI_BASE_URL and the network")
    return TryAgain("connection", "the connection broke before the reply was complete")


def _retry_after(error: openai.APIStatusError) -> float | None:
    try:
        asked = float(error.response.headers["retry-after"])
    except (KeyError, ValueError):
        return None
    return asked if math.isfinite(asked) else None


def _completion(response: ChatCompletion) -> Completion:
    """What a response says; raises TryAgain for one without a message. The client has checked no field's type."""
    try:
        choice = response.choices[0]
        if choice.finish_reason == "content_filter":
            raise RequestRefused("the endpoint's content filter stopped the reply")
        text = valid_text(choice.message.content or choice.message.refusal or "")
    except (AttributeError, LookupError, TypeError) as error:
        raise TryAgain("broken_reply", "the endpoint sent a reply without a message") from error
    return Completion(
        text=text,
        finish_reason=str(choice.finish_reason or "stop"),
        usage=_usage(response),
        served_by=" ".join(str(part) for part in (response.model, response.system_fingerprint) if part) or None,
    )


def _usage(response: ChatCompletion) -> Usage | None:
    counts = [getattr(response.usage, name, None) for name in ("prompt_tokens", "completion_tokens")]
    known = [count for count in counts if isinstance(count, int)]
    return Usage(*known) if len(known) == len(counts) else None
