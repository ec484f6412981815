"""`--batch`: OpenAI's Batch API as a Model: half the price, within a day, and whoever waits may stop and come back."""

import json
import re
import time
import uuid
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import openai
from openai.types import Batch

from judgebench.errors import EndpointError, JudgebenchError, UsageError
from judgebench.models import Reply, Request
from judgebench.models.batch.ledger import Ledger
from judgebench.models.batch.outcomes import Outcome, ids_in, read_file
from judgebench.models.http.complaints import complaint
from judgebench.models.http.concealed import Secrets
from judgebench.models.http.dialect import Dialect
from judgebench.models.http.endpoints import Address, openai_addresses
from judgebench.models.http.replies import limited
from judgebench.models.http.run import concealed
from judgebench.tables.records import Failure, content_id, valid_text

PATH: Final = "/v1/chat/completions"
NOTE = "batch"
_NO_KEY = "none"  # the client insists on one
_RETRIES = 5
_ROUNDS = 4  # batches at the most for one request, where the endpoint refuses parameters
_PER_BATCH = 50_000  # requests, and
_BYTES_PER_BATCH = 100 * 10**6  # the endpoint takes twice as many
_ENDED = ("completed", "expired", "cancelled")
_SAME = {  # what some say in place of OpenAI's words
    "completed": "complete|success|succeeded|done|finished|ended",
    "failed": "error|errored|failure|invalid|rejected",
    "cancelled": "canceled|aborted|stopped",
    "expired": "timed_?out|timeout",
}
_WAITING = re.compile(
    r"validat|progress|finaliz|cancel(l?ing)|queue|pending|running|creat|start|submit|process|wait|init|accept"
)
_LOOKS = 3  # at what a batch came to, in one run

Json = dict[str, Any]


class Pending(JudgebenchError):
    """Batches are submitted and not done: run the same command again, today or tomorrow."""


class StrangeBatchWarning(UserWarning):
    """Something that is kept of a batch, here or at the endpoint, can't be read; all else of it was."""


class BatchModel:
    """A model behind an endpoint that has OpenAI's Batch API; `extra` are parameters for every request.

    `patience` is how many seconds to wait for batches before Pending is raised; None: for as long as it takes.
    What the endpoint refuses of a request (a temperature, say) is left out of a second batch.
    """

    def __init__(
        self,
        name: str,
        state: Path,
        *,
        extra: Mapping[str, Any] | None = None,
        identity: Mapping[str, Any] | None = None,
        poll: float = 30.0,
        patience: float | None = None,
    ) -> None:
        self.name = name
        self.extra = extra or {}
        self.poll = poll
        self.patience = patience
        self._state = state
        self._identity = identity or {"spec": f"openai:{name}"}
        self._dialect = Dialect()

    @property
    def identity(self) -> Mapping[str, Any]:
        """That of the model of single calls: what is asked doesn't depend on how it is sent."""
        return self._identity

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """Submit what isn't submitted, wait, and yield a reply per request as batches are done; see Model.generate."""
        if not requests:
            return
        if any(len(request.turns) > 1 for request in requests):
            raise UsageError("a batch holds requests of one turn: leave --batch out where questions have several")
        address = openai_addresses()[0]  # a batch belongs to one account
        secrets = Secrets(address.secrets)
        with _speaking(secrets.hide), _client(address) as client:
            for reply in self._rounds(client, Ledger(self._state), dict(enumerate(requests))):
                yield _concealed(reply, secrets)

    def _rounds(self, client: openai.OpenAI, ledger: Ledger, todo: Mapping[int, Request]) -> Iterator[Reply]:
        _recover(client, ledger, {self._digest(request) for request in todo.values()})
        for left in reversed(range(_ROUNDS)):
            again = {}
            wanted = self._submitted(client, ledger, todo)
            for id_, outcome in self._replies(client, ledger, wanted):
                index = wanted[id_]
                if outcome.completion:
                    self._dialect.accept(self._body(self._dialect, todo[index]))
                if left and self._learnt(todo[index], outcome):
                    again[index] = todo[index]
                else:
                    yield self._reply(index, todo[index], outcome)
                if not outcome.unread:
                    ledger.note(done=id_)  # whoever asked has it by now, on disk
            todo = again

    def _learnt(self, request: Request, outcome: Outcome) -> bool:
        """Whether a request was refused for a parameter that can be left out; it is from now on."""
        if not outcome.told:
            return False
        sent = self._body(Dialect(), request) | self._body(self._dialect, request)
        return self._dialect.learn(sent, outcome.param, outcome.told, outcome.status)

    def _reply(self, index: int, request: Request, outcome: Outcome) -> Reply:
        notes = (NOTE, *self._dialect.notes(request, self.extra))
        sent = self._body(self._dialect, request)
        done = [limited(replace(outcome.completion, notes=notes), sent)] if outcome.completion else []
        return Reply.of(index, done, outcome.failure)

    def _digest(self, request: Request) -> str:
        return content_id(NOTE, self._body(Dialect(), request))

    def _body(self, dialect: Dialect, request: Request) -> Json:
        return dialect.body(self.name, request, [], self.extra)

    def _submitted(self, client: openai.OpenAI, ledger: Ledger, todo: Mapping[int, Request]) -> dict[str, int]:
        """The index of each request by its id; what is in no batch yet is sent.

        The id is of the request as meant, so that it is found again whatever was learnt since.
        """
        waiting, wanted, new = ledger.waiting(), dict[str, int](), dict[str, Json]()
        for index, request in todo.items():
            digest = self._digest(request)
            if waiting[digest]:
                wanted[waiting[digest].pop(0)] = index
            else:
                id_ = ledger.unused(digest, new)
                wanted[id_], new[id_] = index, self._body(self._dialect, request)
        for part in _parts(new):
            _submit(client, ledger, part)
        return wanted

    def _replies(
        self, client: openai.OpenAI, ledger: Ledger, wanted: Mapping[str, int]
    ) -> Iterator[tuple[str, Outcome]]:
        mine = dict.fromkeys((batch for batch, ids in ledger.batches.items() if not wanted.keys().isdisjoint(ids)), 0)
        started = time.monotonic()
        while mine:
            for batch in _ended(client, ledger, list(mine)):
                mine[batch.id] += 1
                last = mine[batch.id] >= _LOOKS
                todo = [id_ for id_ in ledger.batches[batch.id] if id_ in wanted and id_ not in ledger.done]
                yield from _outcomes(client, batch, todo, ledger if last else None)
                if last or ledger.done.issuperset(todo):
                    del mine[batch.id]
                if ledger.done.issuperset(ledger.batches[batch.id]):
                    ledger.note(over=batch.id)
            if mine:
                self._wait(list(mine), time.monotonic() - started)

    def _wait(self, batches: Sequence[str], waited: float) -> None:
        if self.patience is not None and waited >= self.patience:
            raise Pending(f"not done yet: {', '.join(batches)}; run the same command again to fetch the replies")
        time.sleep(self.poll)


def _recover(client: openai.OpenAI, ledger: Ledger, wanted: Collection[str]) -> None:
    """Ask the endpoint for what the ledger lacks: it isn't known whether a batch was submitted before the process died,
    or a line can't be read, which may have said that one was. `wanted` are the hashes of what is asked for now.
    """
    if ledger.strange:
        _warn(f"{ledger.path}: {len(ledger.strange)} lines can't be read; the endpoint is asked for what they said")
    if ledger.marked or ledger.bare or ledger.strange:
        there = {mark: known for known in _all(client) if (mark := _mark(known))}
        for mark in list(ledger.marked):
            ledger.note(**({"mark": mark, "batch": there[mark].id} if mark in there else {"lost": mark}))
        for batch, mark in list(ledger.bare.items()):
            _adopt(client, ledger, mark, there.get(mark) or client.batches.retrieve(batch))
        for mark, known in there.items() if ledger.strange else ():
            if not (ledger.knows(mark) or ledger.knows(known.id)):
                _adopt(client, ledger, mark, known, wanted)
    ledger.set_aside()


def _all(client: openai.OpenAI) -> Iterator[Batch]:
    """Every batch of the account, page by page; an endpoint that knows no pages sends the same one again."""
    seen = set[str]()
    for batch in client.batches.list(limit=100):
        if batch.id in seen:
            return
        seen.add(batch.id)
        yield batch


def _mark(batch: Batch) -> str | None:
    return (batch.metadata or {}).get("judgebench")


def _adopt(
    client: openai.OpenAI, ledger: Ledger, mark: str, batch: Batch, wanted: Collection[str] | None = None
) -> None:
    """Write down what a batch asks for, by the file that was submitted; with `wanted`, only one that asks for such."""
    ids = ids_in(_content(client, batch.input_file_id) or b"")
    if not ids and wanted is None:
        raise EndpointError(
            f"what the batch {batch.id} asks for can't be read at the endpoint: run the same command again (without"
            f" {ledger.path} all is submitted, and paid for, again)"
        )
    if wanted is None or any(id_.partition("-")[0] in wanted for id_ in ids):
        ledger.note(mark=mark, ids=ids)
        ledger.note(mark=mark, batch=batch.id)


def _parts(bodies: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """Portions that the endpoint takes in one file."""
    part, size = dict[str, Json](), 0
    for id_, body in bodies.items():
        part[id_] = body
        size += len(json.dumps(body))
        if len(part) >= _PER_BATCH or size >= _BYTES_PER_BATCH:
            yield part
            part, size = {}, 0
    if part:
        yield part


def _submit(client: openai.OpenAI, ledger: Ledger, bodies: Mapping[str, Json]) -> None:
    lines = [
        json.dumps({"custom_id": id_, "method": "POST", "url": PATH, "body": body}) for id_, body in bodies.items()
    ]
    file = client.files.create(file=("requests.jsonl", "\n".join(lines).encode()), purpose="batch")
    mark = uuid.uuid4().hex
    ledger.note(mark=mark, ids=list(bodies))
    once = client.with_options(max_retries=0)  # a second try could be a second batch; it is found by its mark instead
    made = once.batches.create(
        input_file_id=file.id, endpoint=PATH, completion_window="24h", metadata={"judgebench": mark}
    )
    ledger.note(mark=mark, batch=made.id)


def _ended(client: openai.OpenAI, ledger: Ledger, names: Sequence[str]) -> list[Batch]:
    """The batches that are done; raises for one that was refused as a whole, and forgets it: it will be sent anew."""
    found = []
    for name in names:
        batch = _retrieved(client, ledger, name)
        status = _status(batch)
        if status == "failed":
            ledger.note(over=name)
            told = "; ".join(error.message or "" for error in (batch.errors and batch.errors.data) or [])
            raise EndpointError(f"the endpoint refused the batch {name} ({valid_text(told) or 'it does not say why'})")
        if status in _ENDED:
            found.append(batch)
        elif not _WAITING.search(status):
            raise EndpointError(
                f"the endpoint says {valid_text(status)[:40]!r} of the batch {name}, which nobody knows: run the same"
                " command later to look again"
            )
    return found


def _status(batch: Batch) -> str:
    """In OpenAI's words, whatever case or synonym it has; a batch that has an output is done."""
    word = re.sub(r"[\s_-]+", "_", str(batch.status).strip().lower())
    known = next((status for status, words in _SAME.items() if re.fullmatch(words, word)), word)
    unknown = known not in _ENDED and known != "failed" and not _WAITING.search(known)
    return "completed" if unknown and batch.output_file_id else known


def _retrieved(client: openai.OpenAI, ledger: Ledger, name: str) -> Batch:
    """A batch; one that the endpoint neither shows nor lists is lost, and forgotten: it will be sent anew."""
    try:
        return client.batches.retrieve(name)
    except openai.NotFoundError as error:
        listed = next((batch for batch in _all(client) if batch.id == name), None)
        if listed:
            return listed
        ledger.note(over=name)
        raise EndpointError(
            f"the endpoint has lost the batch {name}: run the same command to submit it anew"
        ) from error


def _outcomes(
    client: openai.OpenAI, batch: Batch, wanted: Sequence[str], last: Ledger | None
) -> Iterator[tuple[str, Outcome]]:
    """What came of each request that is wanted, by the files of outputs and of errors, in any order.

    What the first of them says is handed on before the other is asked for. What can't be read of them, or is not there
    though the batch is said to be done, is asked for again, and at the `last` time a failure that is asked for in
    another run: it is paid for.
    """
    left, garbled, whole, read = dict.fromkeys(wanted), dict[str, Outcome](), True, 0
    for file in filter(None, (batch.output_file_id, batch.error_file_id)):
        if not left:
            return
        told = read_file(_content(client, file) or b"")
        if told.strange and last:
            _warn(f"{batch.id}: {told.strange} lines of the file {file} name no request that can be read")
        whole, read, garbled = whole and told.is_whole, read + len(told.found), garbled | told.garbled
        for id_ in [id_ for id_ in left if id_ in told.found]:
            yield id_, told.found[id_]
            del left[id_]
    lost = _status(batch) == "completed" or not whole or read < _counted(batch)
    if not lost:
        yield from ((id_, _missing(batch)) for id_ in left)
    elif last:
        yield from ((id_, _unread(batch, garbled.get(id_), last.path)) for id_ in left)


def _counted(batch: Batch) -> int:
    """How many of its requests a batch is said to have worked on."""
    counts = batch.request_counts
    numbers = (counts.completed, counts.failed) if counts else ()
    return sum(number for number in numbers if isinstance(number, int))


def _missing(batch: Batch) -> Outcome:
    told = f"the batch {batch.id} ended without a reply to this request"
    return Outcome(failure=Failure(f"batch_{_status(batch)}", told))


def _unread(batch: Batch, garbled: Outcome | None, state: Path) -> Outcome:
    """What is not to be bought again, unless somebody says so."""
    known = garbled and garbled.failure
    kind, told = (known.kind, known.message) if known else (f"batch_{_status(batch)}", "no reply to it can be read")
    advice = f"the same command looks again (without {state} it would be submitted, and paid for, again)"
    return Outcome(failure=Failure(kind, f"the batch {batch.id} is done, but {told}: {advice}"), unread=True)


def _concealed(reply: Reply, secrets: Secrets) -> Reply:
    return replace(
        reply,
        completions=tuple(concealed(said, secrets) for said in reply.completions),
        broken=reply.broken and concealed(reply.broken, secrets),
        failure=reply.failure and Failure(reply.failure.kind, secrets.hide(reply.failure.message)),
    )


def _content(client: openai.OpenAI, file: str) -> bytes | None:
    """A file of the endpoint's, or None where it has it no longer; EndpointError for a page in place of it."""
    try:
        data = client.files.content(file).content
    except openai.NotFoundError:
        _warn(f"the endpoint has lost the file {file}")
        return None
    if data.lstrip()[:1] == b"<":
        raise EndpointError(f"in place of the file {file} the endpoint sends a page: run the same command again")
    return data


def _warn(message: str) -> None:
    warnings.warn(message, StrangeBatchWarning, stacklevel=2)


def _client(address: Address) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=address.url,
        api_key=address.key or _NO_KEY,
        max_retries=_RETRIES,
        default_headers=address.headers,
    )


@contextmanager
def _speaking(hide: Callable[[str], str]) -> Iterator[None]:
    """Turn what the endpoint refuses for all alike into a line; what was submitted is written down and goes on."""
    try:
        yield
    except EndpointError as error:
        raise EndpointError(hide(str(error))) from None
    except openai.APIStatusError as error:
        said = complaint(error.status_code, {}, error.response.content, 0.0)
        raise EndpointError(f"the endpoint refuses the batch: {hide(said.text)[:500]}") from error
    except openai.OpenAIError as error:
        raise EndpointError(
            f"the endpoint can't be reached ({type(error).__name__}): run the same command again"
        ) from error
