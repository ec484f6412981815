"""Dollars per token: own prices, or those of the list that genai-prices carries; nothing is fetched.

Dollars are Decimals from end to end, so that a bill is exact. A price that is not known is None: never 0.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from judgebench.errors import UsageError
from judgebench.models import Spec
from judgebench.tables.records import Usage

MILLION = 10**6
IN_A_BATCH = Decimal("0.5")  # the share of the price that OpenAI takes for a call in a batch
_OPENAI = "https://api.openai.com/v1"
_NOT_BY_TOKENS = ("requests_kcount", "output_reasoning_mtok")  # prices that two counts of tokens can't settle
_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"  # so few digits that no bill is ever rounded
_PRICE = re.compile(rf"(?:(?P<model>.+)=)?\$?(?P<input>{_NUMBER})/\$?(?P<output>{_NUMBER})")
_DOLLARS = re.compile(rf"\$?({_NUMBER})")


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens in and out; `longer` has what calls cost whose prompts exceed a number of tokens."""

    input: Decimal
    output: Decimal
    longer: tuple[tuple[int, "Price"], ...] = ()

    def of(self, usage: Usage) -> Decimal:
        """The dollars for one call, exactly; tokens that an endpoint bills at a discount (a cached prompt) are not."""
        price = self
        for above, dearer in self.longer:
            price = dearer if usage.prompt_tokens > above else price
        return (price.input * usage.prompt_tokens + price.output * usage.completion_tokens) / MILLION

    def times(self, share: Decimal) -> "Price":
        """The price at a discount: half of it in a batch."""
        longer = tuple((above, dearer.times(share)) for above, dearer in self.longer)
        return Price(self.input * share, self.output * share, longer)

    def __str__(self) -> str:
        return f"${self.input:f}/${self.output:f} per million tokens in/out"


FREE = Price(Decimal(0), Decimal(0))


def parse_dollars(text: str) -> Decimal:
    """An amount above 0: `5`, `0.25` or `$5`."""
    parts = _DOLLARS.fullmatch(text.strip())
    if not parts or not Decimal(parts[1]):
        raise UsageError(f"{text!r} is no amount: write dollars above 0, as in 5 or 0.25")
    return Decimal(parts[1])


def parse_prices(texts: Iterable[str]) -> dict[str, Price]:
    """Own prices, `INPUT/OUTPUT` or `NAME=INPUT/OUTPUT` in dollars per million tokens, by name ("": everybody's)."""
    found: dict[str, Price] = {}
    for text in texts:
        parts = _PRICE.fullmatch(text.strip())
        if not parts:
            raise UsageError(
                f"{text!r} is no price: write INPUT/OUTPUT or NAME=INPUT/OUTPUT in dollars per million tokens,"
                " as in 2.50/10"
            )
        name = parts["model"] or ""
        if name in found:
            raise UsageError(f"two prices for {name or 'every model'}: give one")
        found[name] = Price(Decimal(parts["input"]), Decimal(parts["output"]))
    return found


def price_of(spec: Spec, own: Mapping[str, Price], urls: Sequence[str | None] = (None,)) -> Price | None:
    """What a model costs: by its name in the tables or by its spec, else everybody's own price, else the list's.

    `urls` are those of the endpoints that share its load (None: OpenAI's). `hf:` models cost nothing. None where the
    list doesn't have an endpoint or the model, where endpoints differ, or where the spec asks for another tier.
    """
    model, _, parameters = spec.target.partition("?")
    named = [own[name] for name in (spec.name, spec.text, model, "") if name in own]
    if named or spec.kind == "hf":
        return next(iter(named), FREE)
    listed = {listed_price(model, url or _OPENAI) for url in urls}
    return listed.pop() if len(listed) == 1 and "service_tier" not in parameters else None


@lru_cache
def listed_price(model: str, base_url: str) -> Price | None:
    """Today's price of a model at an endpoint by the list that is installed, or None."""
    from genai_prices.data_snapshot import get_snapshot

    try:
        _, found = get_snapshot().find_provider_model(model, None, None, base_url)
    except LookupError:
        return None
    rates = found.get_prices(datetime.now(UTC))
    if any(getattr(rates, name) is not None for name in _NOT_BY_TOKENS):
        return None
    return _stepped(rates.input_mtok, rates.output_mtok)


def _stepped(input_: Any, output: Any) -> Price | None:
    """A price from two rates, each one of genai-prices' Decimals or TieredPrices, or missing."""
    if input_ is None or output is None:
        return None
    starts = sorted({tier.start for rate in (input_, output) for tier in getattr(rate, "tiers", ())})
    longer = tuple((start, Price(_rate(input_, start), _rate(output, start))) for start in starts)
    return Price(_rate(input_, -1), _rate(output, -1), longer)


def _rate(rate: Any, above: int) -> Decimal:
    """The rate for prompts of more than `above` tokens."""
    passed = [Decimal(tier.price) for tier in getattr(rate, "tiers", ()) if tier.start <= above]
    return passed[-1] if passed else Decimal(getattr(rate, "base", rate))


def check_limit(prices: Sequence[Price | None], limit: Decimal | None) -> None:
    """Refuse a limit that nothing could keep, since a price isn't known."""
    if limit is not None and None in prices:
        raise UsageError("--max-cost needs the price: give --price INPUT/OUTPUT, in dollars per million tokens")


def money(dollars: Decimal) -> str:
    """Dollars and cents, and of less than ten cents two digits that count."""
    if not dollars or dollars >= Decimal("0.1"):
        return f"${dollars:,.2f}" if dollars % 1 else f"${dollars:,.0f}"
    return f"${dollars.quantize(Decimal(1).scaleb(dollars.adjusted() - 1)):f}"
