"""The money of one command: the price of each model that it asks, the limit that they share, quotes and bills."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from judgebench.answers import broken_off, rest
from judgebench.errors import UsageError
from judgebench.judging.judge import Judge, resumed
from judgebench.judging.matches import Match
from judgebench.models import Model, Options, Request, Spec, load_model
from judgebench.money.budget import Budget, BudgetedModel, MeteredModel
from judgebench.money.cost import ANSWER, Bill, Quote, Terms, quote, sum_of, typical_replies
from judgebench.money.prices import FREE, IN_A_BATCH, Price, check_limit, parse_dollars, parse_prices, price_of
from judgebench.tables.records import Answer, Review
from judgebench.tables.store import Table, unfinished
from judgebench.tables.tally import NO_CALL

if TYPE_CHECKING:
    from judgebench.models.http.openai_api import OpenAIModel


class Spending:
    """What `--price`, `--max-cost` and `--batch` say; UsageError for what can't be kept."""

    def __init__(self, prices: Iterable[str] = (), max_cost: str | None = None, batch: bool = False) -> None:
        self._own = parse_prices(prices)
        self._budget = Budget(parse_dollars(max_cost)) if max_cost is not None else None
        self._batch = batch
        self._terms: dict[str, Terms] = {}
        self._meters: dict[str, MeteredModel] = {}
        self._models: dict[tuple[Spec, Options, Path | None], Model] = {}
        self._called: dict[str, None] = {}

    def model(self, spec: Spec, options: Options, state: Path) -> Model:
        """The model of a spec, within the limit, once for all who ask; `state` is where it remembers its batches."""
        key = spec, options, state if self._batch else None
        if key not in self._models:
            self._models[key] = self._loaded(spec, options, state)
        return self._models[key]

    def _loaded(self, spec: Spec, options: Options, state: Path) -> Model:
        model = load_model(spec, options)
        price = self._priced(spec)
        terms = self._terms[spec.name] = Terms.of(price, getattr(model, "extra", {}))
        check_limit([price], self._budget.limit if self._budget else None)
        if self._batch:
            model = _batched(spec, model, state)
        metered = self._meters[spec.name] = MeteredModel(model, price)
        if not self._budget or not price:
            return metered
        _check_open(spec, terms)
        return BudgetedModel(metered, self._budget, price, terms)

    def price(self, name: str) -> Price | None:
        """What the model of that name in the tables costs; `embedded` and `checker` nothing."""
        return self._terms_of(name).price

    def price_of_rows(self, name: str) -> Price | None:
        """What calls of the judge of that name cost; of one that is not asked, by its own --price alone."""
        return self._terms[name].price if name in self._terms else self._own.get(name)

    def _terms_of(self, name: str) -> Terms:
        return self._terms.get(name, Terms(FREE))

    def _priced(self, spec: Spec) -> Price | None:
        price = price_of(spec, self._own, _urls(spec))
        return price.times(IN_A_BATCH) if price and self._batch else price

    def quote_reviews(
        self, judge: Judge, matches: Sequence[Match], question_set: str, table: Table[Review], anew: bool = False
    ) -> Quote:
        """What it would take to review what the table doesn't hold yet, or all of it `anew`; nothing is written."""
        rows, ask = table.read(), _asking(judge)
        drafted = [(match, judge.draft(match, question_set)) for match in matches]
        by_id = {draft.id: match for match, draft in drafted}
        done = [] if anew else rows
        todo = unfinished([draft for _, draft in drafted], done)[0]
        called = [draft for draft in todo if not draft.error and draft.verdict_source not in NO_CALL] if ask else []
        asked = ((draft.kind, ask(by_id[draft.id], draft)) for draft in resumed(called, done)) if ask else ()
        return self._quoted(judge.name, quote(len(drafted), asked, typical_replies(rows), self._terms_of(judge.name)))

    def quote_answers(self, name: str, drafted: Sequence[tuple[Answer, Request]], table: Table[Answer]) -> Quote:
        """What it would take to get the answers that the table doesn't hold yet; nothing is written."""
        rows, requests = table.read(), {draft.id: request for draft, request in drafted}
        todo, begun = unfinished([draft for draft, _ in drafted], rows)[0], broken_off(rows)
        asked = ((ANSWER, rest(requests[draft.id], begun.get(draft.id))) for draft in todo)
        return self._quoted(name, quote(len(drafted), asked, typical_replies(rows), self._terms_of(name)))

    def _quoted(self, name: str, found: Quote) -> Quote:
        if found.calls:
            self._called[name] = None
        return found

    def check(self) -> None:
        """Before anything is computed: UsageError with all that the quoted calls need and there isn't.

        Of one model alone the first call tells.
        """
        if len(self._called) < 2:
            return
        meters = [self._meters[name] for name in self._called if name in self._meters]
        lacks = list(dict.fromkeys(filter(None, (meter.lack() for meter in meters))))
        if lacks:
            raise UsageError("; ".join(lacks))

    def total(self) -> Bill:
        """The bill so far, of all models together."""
        return sum_of([meter.bill() for meter in self._meters.values()])

    def bill(self) -> Iterator[str]:
        """The bill so far, a part for each model that was called."""
        for name, meter in self._meters.items():
            total = meter.bill()
            if total.calls or total.uncounted:
                yield from (f"{name}: {line}" for line in total.lines())


def _batched(spec: Spec, model: Model, state: Path) -> Model:
    from judgebench.models.batch import BatchModel

    if spec.kind != "openai":
        raise UsageError(f"--batch is for openai: models, and {spec.text} is none")
    single: OpenAIModel = model  # type: ignore[assignment]
    return BatchModel(single.name, state, extra=single.extra, identity=single.identity)


def _check_open(spec: Spec, terms: Terms) -> None:
    """Refuse a limit that a parameter may break."""
    if terms.open and terms.price != FREE:
        raise UsageError(
            f"--max-cost can't be kept for {spec.text}: nobody knows what {', '.join(terms.open)} may make a call cost;"
            " leave it out, or --max-cost"
        )


def _urls(spec: Spec) -> list[str | None]:
    """Where calls would go; a quote can be had before there is a key."""
    from judgebench.models.http.endpoints import azure_addresses, openai_addresses

    try:
        return [address.url for address in (azure_addresses() if spec.kind == "azure" else openai_addresses())]
    except UsageError:  # which says at the first call what to set
        return [None] if spec.kind == "openai" and not os.environ.get("OPENAI_BASE_URL") else []


def _asking(judge: Judge) -> Callable[[Match, Review], Request] | None:
    """What a judge asks a model about a match, whatever it is wrapped in; None for one that asks none."""
    while inner := getattr(judge, "inner", None):
        judge = inner
    return getattr(judge, "request", None)
