"""What a run spends: a model that counts it, and one that makes no call which could take a run past `--max-cost`."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from threading import Lock
from typing import Any

from judgebench.errors import JudgebenchError
from judgebench.models import Model, Reply, Request, Requests
from judgebench.money.cost import PLAIN, Bill, Terms, bill_for, most
from judgebench.money.prices import Price, money
from judgebench.tables.records import Usage

_UNBILLED = "http_"  # the start of a failure's kind where the endpoint answered with a status, and bills nothing


class OverBudget(JudgebenchError):
    """The next call could pass the limit: every call before it is finished and its row made."""


class _Passed(Exception):
    """Nothing is left for a call that something was set aside for."""


class Budget:
    """The dollars of a run: spent, reserved for calls in flight, and left; several models may share it."""

    def __init__(self, limit: Decimal) -> None:
        self.limit = limit
        self.spent = Decimal(0)  # by the usage that endpoints counted
        self.uncounted = Decimal(0)  # at the most, for calls that gave no usage and may be billed
        self._reserved = Decimal(0)
        self._lock = Lock()

    def reserve(self, dollars: Decimal) -> bool:
        """Set dollars aside for a call about to be made, where they are left."""
        with self._lock:
            fits = self.spent + self.uncounted + self._reserved + dollars <= self.limit
            self._reserved += dollars if fits else 0
            return fits

    def settle(self, reserved: Decimal, spent: Decimal | None) -> None:
        """Put what a call cost in place of what was set aside for it; None: nobody knows, so all of it."""
        with self._lock:
            self._reserved -= reserved
            self.spent += spent or 0
            self.uncounted += reserved if spent is None else 0

    @property
    def is_passed(self) -> bool:
        """Whether calls that cost more than they could have left too little for those that are set aside for."""
        with self._lock:
            return self.spent + self.uncounted + self._reserved > self.limit

    def over(self, left: int, total: int) -> OverBudget:
        """The error that ends a run with so many of its calls not made."""
        unsure = f" and up to {money(self.uncounted)} for calls without usage" if self.uncounted else ""
        how = "before" if self.spent + self.uncounted <= self.limit else "when"
        return OverBudget(
            f"stopped {how} --max-cost {money(self.limit)} was passed: {money(self.spent)} spent{unsure},"
            f" {left:,} of {total:,} left; run again with more"
        )


class MeteredModel:
    """A model whose calls are counted, repairs and all: a row may hold those of an earlier run as well."""

    def __init__(self, model: Model, price: Price | None) -> None:
        self._model = model
        self._price = price
        self._counted: list[Usage] = []
        self._uncounted = Counter[str]()
        self.ready: Callable[[], int] = getattr(model, "ready", lambda: 0)

    @property
    def identity(self) -> Mapping[str, Any]:
        """The model's own."""
        return self._model.identity

    @property
    def drawn(self) -> int:
        """How many tokens the model has drawn, where it counts them."""
        return getattr(self._model, "drawn", 0)

    def lack(self) -> str | None:
        """What the model needs and there isn't, as far as it can tell before it is called."""
        found: str | None = getattr(self._model, "lack", lambda: None)()
        return found

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """What the model replies."""
        for reply in self._model.generate(requests):
            self._counted += [done.usage for done in reply.billed if done.usage]
            self._uncounted["done"] += sum(done.usage is None for done in reply.completions)
            if reply.failure and not (reply.broken and reply.broken.usage):
                self._uncounted[reply.failure.kind] += 1
            yield reply

    def bill(self) -> Bill:
        """The bill so far."""
        return bill_for(self._counted, +self._uncounted, self._price)


class BudgetedModel:
    """A model whose requests are handed on in portions that fit what is left, were each to cost the most it can.

    Each portion is as large as fits: all there is until the limit is near, so that the model's own concurrency is
    kept. What its calls cost less than feared is there for the next portion. Where they cost more, as at an endpoint
    that keeps to no limit of tokens, no other is begun. Raises OverBudget when nothing more fits and nothing is in
    flight.
    """

    def __init__(self, model: Model, budget: Budget, price: Price, terms: Terms = PLAIN) -> None:
        self._model = model
        self._budget = budget
        self._price = price
        self._terms = terms
        self.ready: Callable[[], int] = getattr(model, "ready", lambda: 0)

    @property
    def identity(self) -> Mapping[str, Any]:
        """The model's own: a limit changes no row."""
        return self._model.identity

    @property
    def drawn(self) -> int:
        """How many tokens the model has drawn, where it counts them."""
        return getattr(self._model, "drawn", 0)

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """Yield a reply per request for as long as the budget lasts; see Model.generate."""
        waiting = {index: most(request, self._price, self._terms) for index, request in enumerate(requests)}
        while waiting:
            portion = {index: cost for index, cost in waiting.items() if self._budget.reserve(cost)}
            if not portion:
                raise self._budget.over(len(waiting), len(requests))
            waiting = {index: cost for index, cost in waiting.items() if index not in portion}
            yield from self._portion(requests, portion)
            waiting = portion | waiting  # calls that were not made, since others cost more than they could

    def _portion(self, requests: Sequence[Request], portion: dict[int, Decimal]) -> Iterator[Reply]:
        """Make the calls of a portion, and take them out of it; none is begun any more where the limit is passed."""
        numbers = list(portion)
        unspent = None  # the run ends while they are in flight
        try:
            for reply in self._model.generate(
                Requests(len(numbers), lambda place: self._next(requests[numbers[place]]))
            ):
                number = numbers[reply.index]
                self._budget.settle(portion.pop(number), self._spent(reply))
                yield replace(reply, index=number)
        except _Passed:
            unspent = Decimal(0)
        finally:
            for reserved in portion.values():
                self._budget.settle(reserved, unspent)

    def _next(self, request: Request) -> Request:
        if self._budget.is_passed:
            raise _Passed
        return request

    def _spent(self, reply: Reply) -> Decimal | None:
        """What a reply cost by its usage; None where it may have cost more than that says."""
        counted = [completion.usage for completion in reply.billed if completion.usage]
        unsure = reply.failure and not reply.broken and not reply.failure.kind.startswith(_UNBILLED)
        if len(counted) < len(reply.billed) or unsure:
            return None
        return sum(map(self._price.of, counted), Decimal(0))
