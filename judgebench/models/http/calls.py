"""One call until it is answered: tried again, held back, asked differently, or given up."""

import time
from collections.abc import Sequence
from dataclasses import replace

from judgebench.errors import EndpointError
from judgebench.models import Completion, Request
from judgebench.models.http.complaints import Complaint, complaint
from judgebench.models.http.dialect import Body, Dialect, estimated_tokens, ignored
from judgebench.models.http.endpoints import Endpoint
from judgebench.models.http.faults import exception_for
from judgebench.models.http.health import UNREACHABLE, Setback
from judgebench.models.http.replies import RequestRefused, completion
from judgebench.models.http.run import Elsewhere, Response, Run
from judgebench.models.http.runner import TryAgain, retrying
from judgebench.models.http.waiting import Wait

_ONCE_MORE = 1  # how often a reply that can't be read is paid for again
_GLANCE = 1.0  # seconds between two looks at whether something tells of a failed try


class Call:
    """One turn of a conversation, which has a number."""

    def __init__(self, run: Run, number: int, request: Request, said: Sequence[str]) -> None:
        self._run, self._number, self._request, self._said = run, number, request, said
        self._tokens, self._age = estimated_tokens(request, said), next(run.ages)
        self._setbacks = list[Setback]()
        self._since: float | None = None  # when it first failed by what may be its own doing
        self._refused: float | None = None  # the beginning of the last try that met a limit
        self._error: TryAgain | None = None
        self._failed = 0  # how many tries did, by whose doing ever
        self._paid = 0  # how many of them may have been billed
        self._hopeless = False  # whether no waiting helps

    async def answered(self) -> Completion:
        """The answer; raises TryAgain, RequestRefused, Stopped or EndpointError where there will be none."""
        tries = self._run.options.tries
        async for attempt in retrying(tries, self._wait, self._too_long, lambda _: self._counted()):
            with attempt:
                return await self._made()
        raise AssertionError("unreachable: retrying either returns or raises")

    def _counted(self) -> int:
        """How many tries failed by this call's own doing, as far as is known or anything could tell."""
        open_ = self._run.others_tell(self._number) or self._run.doubtful
        return sum(setback.own is True or (setback.own is None and not open_) for setback in self._setbacks)

    def _undecided(self) -> bool:
        """Whether it depends on what is not known yet if there are tries left."""
        possible = sum(setback.own is not False for setback in self._setbacks)
        return self._counted() < self._run.options.tries <= possible

    def _too_long(self, wait: float) -> bool:
        """Whether the time for tries will be over after that wait: of this call, if it is not the endpoint's doing."""
        late = self._since is not None and time.monotonic() + wait - self._since > self._run.options.give_up
        return self._hopeless or (late and not self._run.down)

    async def _wait(self, seconds: float) -> None:
        """Before the next try others are begun, which may tell whose doing this was."""
        with self._run.aside.wait():
            self._run.tell()
            await self._run.rest(seconds)
            while self._undecided() and self._run.others_begin(self._number):
                await self._run.news(_GLANCE)

    async def _made(self) -> Completion:
        """Try until it is answered or fails by its own doing: what an endpoint is to blame for costs no try."""
        while True:
            if self._error and self._counted() >= self._run.options.tries:
                raise self._error
            endpoint = self._run.choose(begun=bool(self._said))
            try:
                result = await self._tried(endpoint)
            except EndpointError as error:
                self._run.give_up(endpoint, EndpointError(self._run.hide(str(error))))
            except Elsewhere:
                continue
            else:
                if result is not None:
                    return result

    async def _tried(self, endpoint: Endpoint) -> Completion | None:
        """Try once; None where the endpoint is to blame, and is waited for at its gate."""
        began = await self._entered(endpoint)
        try:
            result = await self._asked(endpoint)
        except TryAgain as error:
            self._error, self._failed = error, self._failed + 1
            self._run.tried.add(self._number)
            self._paid += error.billed
            self._hopeless = self._hopeless or self._paid > _ONCE_MORE
            if self._is_to_blame(endpoint, began, error) and not self._hopeless:
                return None
            self._since = self._since or time.monotonic()
            raise self._error from error
        except RequestRefused:
            self._well(endpoint, began, success=False)
            raise
        finally:
            endpoint.gate.leave()
            self._run.tell()
        self._well(endpoint, began, success=True)
        endpoint.gate.grow()
        if result.usage:
            endpoint.gate.correct(self._tokens, result.usage.prompt_tokens + result.usage.completion_tokens)
        return result

    async def _entered(self, endpoint: Endpoint) -> float:
        """Wait at the gate; others are begun in the place of one that has failed and comes again."""
        if self._error is None:
            return await endpoint.gate.enter(self._tokens, self._age)
        with self._run.aside.wait():
            return await endpoint.gate.enter(self._tokens, self._age, self._failed)

    def _well(self, endpoint: Endpoint, began: float, success: bool) -> None:
        if endpoint.health.well(self._number, began, success):
            endpoint.gate.reopen()
            if endpoint.told_of_outage:
                endpoint.told_of_outage, endpoint.told_until = False, 0.0
                self._run.say("the endpoint answers again")

    def _is_to_blame(self, endpoint: Endpoint, began: float, error: TryAgain) -> bool:
        """Whether a try failed since the endpoint has too much to do, or is down: its gate then holds calls back."""
        if error.busy:
            return self._is_limited(endpoint, began, error)
        health = endpoint.health
        setback = health.failed(self._number, began, error.kind)
        self._setbacks.append(setback)
        if self._run.endpoints.others_work(endpoint):
            setback.own = error.kind != UNREACHABLE
            return error.kind == UNREACHABLE
        told = self._run.others_tell(self._number) or self._run.doubtful or setback.own is False
        if health.since is None or not (health.down and told):
            return False
        self._hold(endpoint, began, error)
        return not self._undecided()

    def _is_limited(self, endpoint: Endpoint, began: float, error: TryAgain) -> bool:
        """The same of an endpoint that wants to be asked later; this call waits alone where others are let through."""
        health, refused, self._refused = endpoint.health, self._refused, began
        passed_over = refused is not None and health.latest > refused
        if not passed_over:
            health.failed(self._number, began, error.kind, busy=True)
            endpoint.gate.slow_down(began, None)
        wait = Wait.of(endpoint, error, self._run.options)
        alone = wait.over and health.answered and health.failing == {self._number}
        if alone or (wait.beyond and (passed_over or not self._run.others_tell(self._number))):
            self._hopeless, self._error = True, TryAgain(error.kind, wait.given_up, error.after, busy=True)
            return False
        if passed_over:
            self._tell(endpoint, wait)
            return False
        if self._run.endpoints.others_work(endpoint):
            endpoint.gate.hold(wait.pause)
            endpoint.gate.abandon(Elsewhere())
            return True
        self._hold(endpoint, began, error)
        return True

    def _hold(self, endpoint: Endpoint, began: float, error: TryAgain) -> None:
        """Let no call through for a while, or raise EndpointError where it was long enough."""
        endpoint.health.hold(began)
        wait = Wait.of(endpoint, error, self._run.options)
        if wait.over:
            raise EndpointError(wait.given_up)
        endpoint.gate.narrow = not wait.heeded
        endpoint.gate.hold(wait.pause)
        self._tell(endpoint, wait)

    def _tell(self, endpoint: Endpoint, wait: Wait) -> None:
        if wait.is_news:
            endpoint.told_until, endpoint.told_of_outage = wait.until, wait.error.kind != "http_429"
            self._run.say(wait.told)

    async def _asked(self, endpoint: Endpoint) -> Completion:
        """Call, and again at once without what the endpoint refuses; it is learnt where that helps."""
        run, trial, refusal = self._run, endpoint.dialect, ""
        while True:
            body = trial.body(run.model, self._request, self._said, run.extra)
            response = await run.post(endpoint, body)
            read = run.concealed(_read(response, body))
            if isinstance(read, Completion):
                self._learn(endpoint, trial, refusal, body, read)
                notes = (*trial.notes(self._request, run.extra), *ignored(body, read))
                return replace(read, notes=notes)
            trial, refusal = trial.copy(), read.text
            if read.fault in ("money", "busy") or not trial.learn(body, read.param, read.reason, read.status):
                raise exception_for(read, endpoint, run.model)

    def _learn(self, endpoint: Endpoint, trial: Dialect, refusal: str, body: Body, read: Completion) -> None:
        for change in trial.changes(endpoint.dialect):
            self._run.say(f"{change} ({refusal})")
        endpoint.dialect.add(trial)
        endpoint.dialect.accept(body)
        for note in ignored(body, read):
            if note not in endpoint.told_ignored:
                endpoint.told_ignored.add(note)
                self._run.say(f"{note}: where that is so, verdicts are read from the text")


def _read(response: Response, sent: Body) -> Completion | Complaint:
    """What a response to a request holds."""
    if response.status < 400:
        try:
            return completion(response.data, sent)
        except TryAgain as error:
            if error.billed:
                raise  # else it may say why
    return complaint(response.status, response.headers, response.data, time.time())
