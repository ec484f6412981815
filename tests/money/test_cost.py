"""Prices, quotes, bills, and the limit that no run passes."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.running import KEY, chat_server

from judgebench.errors import UsageError
from judgebench.judging import judge
from judgebench.judging.matches import Match
from judgebench.models import Completion, Message, Options, Reply, Request, load_model, parse_spec
from judgebench.money.budget import Budget, BudgetedModel, MeteredModel, OverBudget
from judgebench.money.cost import (
    PLAIN,
    TYPICAL_REPLY,
    Quote,
    Terms,
    bill,
    estimate,
    most,
    quote,
    tokens_in,
    typical_replies,
)
from judgebench.money.prices import FREE, Price, check_limit, listed_price, money, parse_dollars, parse_prices, price_of
from judgebench.money.spending import Spending
from judgebench.prompts import find_prompt
from judgebench.tables.records import Answer, Failure, Question, Review, Sampling, Usage, Verdict
from judgebench.tables.store import Table

TWO_EIGHT = Price(Decimal(2), Decimal(8))
OPENAI = "https://api.openai.com/v1"


def request(text: str = "Is 4 right?", max_tokens: int = 100, turns: int = 1) -> Request:
    """A request with a short prompt."""
    return Request((text,) * turns, Sampling(max_tokens=max_tokens))


def review(**fields: Any) -> Review:
    """A finished review."""
    told = {
        "id": "1", "mode": "single", "kind": "rating", "question_set": "s", "question_id": "q", "turn": 1,
        "models": ("m",), "answer_ids": ("a",), "judge": "j", "prompt": "rating", "reply": "Rating: [[5]]",
        "verdict": Verdict((5.0,)), "usage": Usage(1000, 100),
    }  # fmt: skip
    return Review(**{**told, **fields})


class Scripted:
    """A model that takes what it is told for each call, and remembers what it was asked."""

    def __init__(self, usages: Sequence[Usage | None] = (), failure: Failure | None = None) -> None:
        self.usages = iter(usages)
        self.failure = failure
        self.portions: list[int] = []

    @property
    def identity(self) -> Mapping[str, Any]:
        """Itself."""
        return {"spec": "scripted"}

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """Reply to the last request first."""
        self.portions.append(len(requests))
        for index in reversed(range(len(requests))):
            done = () if self.failure else (Completion("Yes.", usage=next(self.usages)),)
            yield Reply(index, done, self.failure)


# Prices


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2.50/10", ("2.5", "10")), ("$2/$8", ("2", "8")), ("0/0", ("0", "0")), (" 0.0000001/1 ", ("0.0000001", "1"))],
)
def test_an_own_price_is_two_numbers(text: str, expected: tuple[str, str]) -> None:
    """INPUT/OUTPUT, in dollars per million tokens, exactly as written."""
    assert parse_prices([text]) == {"": Price(Decimal(expected[0]), Decimal(expected[1]))}


@pytest.mark.parametrize("text", ["", "2", "2,5/10", "-1/2", "nan/1", "1/inf", "1e3/1", "a=", "a=b/c", "1/2/3", "٣/٤"])
def test_what_is_no_price_is_refused(text: str) -> None:
    """With the form of one."""
    with pytest.raises(UsageError, match="write INPUT/OUTPUT"):
        parse_prices([text])


def test_each_model_may_have_its_own_price() -> None:
    """By its name or its spec; one without a name is for all that have none of their own."""
    own = parse_prices(["openai:a=1/2", "strict=3/4", "5/6"])
    assert price_of(parse_spec("openai:a"), own) == Price(Decimal(1), Decimal(2))
    assert price_of(parse_spec("strict=openai:b"), own) == Price(Decimal(3), Decimal(4))
    assert price_of(parse_spec("hf:c"), own) == Price(Decimal(5), Decimal(6))
    with pytest.raises(UsageError, match="two prices"):
        parse_prices(["1/2", "3/4"])


def test_prices_come_from_the_list_by_endpoint_and_model() -> None:
    """Snapshots cost what their model costs; an endpoint or a model that isn't listed has no price, not 0."""
    assert price_of(parse_spec("openai:gpt-4o"), {}) == Price(Decimal("2.5"), Decimal(10))
    assert listed_price("gpt-4.1-mini-2025-04-14", OPENAI) == Price(Decimal("0.4"), Decimal("1.6"))
    assert price_of(parse_spec("openai:gpt-4-nonsense"), {}) is None
    assert price_of(parse_spec("openai:gpt-4o"), {}, ["http://127.0.0.1:8000/v1"]) is None
    assert price_of(parse_spec("openai:gpt-4o"), {}, [OPENAI, "http://127.0.0.1:8000/v1"]) is None
    assert price_of(parse_spec("azure:gpt-4o"), {}, ["https://x.openai.azure.com"])
    assert price_of(parse_spec("openai:o3?effort=low"), {}, [None, OPENAI]) == TWO_EIGHT
    assert price_of(parse_spec("openai:o3?service_tier=flex"), {}) is None
    assert TWO_EIGHT.times(Decimal("0.5")) == Price(Decimal(1), Decimal(4))
    assert price_of(parse_spec("hf:./checkpoint"), {}) == FREE


def test_long_prompts_cost_what_the_list_says() -> None:
    """Above a number of prompt tokens the whole call costs more."""
    price = listed_price("gpt-5.5", OPENAI)
    assert price
    ((above, dearer),) = price.longer
    assert (price.input, price.output, dearer.input, dearer.output) == (5, 30, 10, 45)
    assert price.of(Usage(above, 0)) == above * Decimal(5) / 10**6
    assert price.of(Usage(above + 1, 0)) == (above + 1) * Decimal(10) / 10**6


def test_every_listed_price_is_what_the_list_itself_computes() -> None:
    """For each of OpenAI's models and for short and long prompts, or else the price counts as unknown."""
    from genai_prices import Usage as Counts
    from genai_prices import calc_price
    from genai_prices.data_snapshot import get_snapshot

    (models,) = (provider.models for provider in get_snapshot().providers if provider.id == "openai")
    found = [(model.id, price) for model in models if (price := listed_price(model.id, OPENAI))]
    assert len(found) > 40
    for model, price in found:
        for asked, said in ((1000, 10), (300_000, 7)):
            theirs = calc_price(Counts(input_tokens=asked, output_tokens=said), model, provider_api_url=OPENAI)
            assert price.of(Usage(asked, said)) == theirs.total_price


def test_the_list_is_read_without_a_network_and_not_for_help() -> None:
    """No socket is opened, no thread begun; the command line doesn't load it."""
    code = (
        "import sys, threading, judgebench.cli, judgebench.money.prices as p\n"
        "assert 'genai_prices' not in sys.modules\n"
        "opened = []; sys.addaudithook(lambda event, _: event.startswith('socket.') and opened.append(event))\n"
        "print(p.listed_price('gpt-4o', p._OPENAI).input, threading.active_count(), opened)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "2.5 1 []\n"


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=50))
def test_a_bill_is_exact(counts: list[tuple[int, int]]) -> None:
    """To the last digit, in whatever order it is summed."""
    price = parse_prices(["0.123456789/9.87654321"])[""]
    micro = sum(asked * 123456789 + said * 9876543210 for asked, said in counts)
    total = bill([review(usage=Usage(*count)) for count in counts], price).dollars
    assert total == Decimal(micro).scaleb(-15)


@pytest.mark.parametrize(
    ("dollars", "text"),
    [
        ("0", "$0"),
        ("5", "$5"),
        ("1234.5", "$1,234.50"),
        ("0.1", "$0.10"),
        ("0.01234", "$0.012"),
        ("3E-7", "$0.00000030"),
    ],
)
def test_money_is_written_with_digits_that_count(dollars: str, text: str) -> None:
    """Cents, or two digits of less than ten cents; never an exponent."""
    assert money(Decimal(dollars)) == text


def test_an_amount_is_above_nothing() -> None:
    """`--max-cost 0` and the like are mistakes."""
    assert parse_dollars("$2.50") == Decimal("2.5")
    for text in ("0", "-1", "nan", "inf", "", "five"):
        with pytest.raises(UsageError, match="write dollars above 0"):
            parse_dollars(text)


def test_a_limit_needs_a_price() -> None:
    """What can't be counted can't be kept; without a limit nothing is asked for."""
    check_limit([TWO_EIGHT, FREE], Decimal(5))
    check_limit([None], None)
    with pytest.raises(UsageError, match="--price INPUT/OUTPUT"):
        check_limit([TWO_EIGHT, None], Decimal(5))


# Quotes and bills


def test_tokens_are_guessed_by_script() -> None:
    """Four Latin letters, two of other alphabets, one East Asian character; rounded up."""
    assert [tokens_in(text) for text in ("", "a", "abcd", "abcde", "да", "你好", "😀")] == [0, 1, 1, 2, 1, 2, 1]


def test_each_turn_is_asked_with_what_was_said_before() -> None:
    """The prompt of the second turn holds the first, and its reply."""
    assert estimate(request("abcd"), 50) == Usage(5, 50)
    assert estimate(request("abcd", turns=2), 50) == Usage(5 + (5 + 4 + 5) + 50, 100)
    assert estimate(request("abcd", max_tokens=7)) == Usage(5, 7)


def test_replies_are_expected_to_be_as_long_as_they_were() -> None:
    """By kind of verdict; failures and rows without usage say nothing."""
    rows = [
        review(usage=Usage(1, 100)),
        review(usage=Usage(1, 201)),
        review(usage=None),
        review(usage=Usage(1, 9999), error=Failure("unparsed", "")),
        review(kind="choice", usage=Usage(1, 7)),
    ]
    assert typical_replies(rows) == {"rating": 151, "choice": 7}
    answer = Answer(
        id="a", question_set="s", question_id="q", question_digest="d", model="m", turns=("x", "y"), usage=Usage(9, 30)
    )
    assert typical_replies([answer]) == {"answer": 15}


def test_a_quote_fits_a_screen() -> None:
    """Matches, calls, tokens and dollars; quotes of several tables add up."""
    one = quote(5, [("rating", request("a" * 4000, 2048))] * 2, {"rating": 100}, Terms(TWO_EIGHT))
    assert (one.calls, one.prompt_tokens, one.completion_tokens) == (2, 2008, 200)
    assert one.dollars == Decimal("0.005616")
    assert list(one.lines()) == [
        "matches   5, of which 3 need no call",
        "calls     2",
        "tokens    about 2,008 in and 200 out (an estimate)",
        "cost      about $0.0056, at most $0.049 (without retries)",
    ]
    assert (one + one).dollars == 2 * Decimal("0.005616")
    assert quote(1, [("choice", request())], {}, PLAIN).completion_tokens == min(TYPICAL_REPLY, 100)


def test_an_unknown_price_makes_the_whole_quote_unknown() -> None:
    """It is not 0, and the quote says what to give."""
    known, unknown = quote(1, [("a", request())], {}, Terms(TWO_EIGHT)), quote(1, [("a", request())], {}, PLAIN)
    assert (known + unknown).dollars is None
    assert list(unknown.lines())[-1].startswith("cost      unknown: give --price")
    assert next((known + Quote(7, 7)).lines()) == "matches   8, of which 7 need no call"
    assert list(Quote(7, 7).lines())[-1] == "cost      $0"
    assert list(quote(1, [("a", request())], {}, Terms(FREE)).lines())[-1] == "cost      $0"


def test_a_bill_counts_calls_and_says_what_it_could_not_count() -> None:
    """What no call was made for costs nothing; a call without usage is named."""
    rows = [
        review(),
        review(error=Failure("unparsed", ""), verdict=None),
        review(usage=None, reply=None, error=Failure("timeout", ""), verdict=None),
        review(usage=None),
        review(usage=None, reply=None, error=Failure("unanswered", ""), verdict=None),
        review(usage=None, reply=None, verdict=Verdict(winner="tie")),
        review(usage=None, verdict_source="computed"),
    ]
    made = bill(rows, TWO_EIGHT)
    assert (made.calls, made.prompt_tokens, made.completion_tokens) == (2, 2000, 200)
    assert made.dollars == Decimal("0.0056")
    assert made.uncounted == {"timeout": 1, "done": 1}
    assert list(made.lines()) == [
        "$0.0056: 2 calls, 2,000 tokens in and 200 out",
        "not in the bill: 2 that the endpoint gave no usage for (done 1, timeout 1)",
    ]
    assert bill(rows, None).dollars is None
    assert bill(rows[4:], None).dollars == 0


# The limit


def test_no_call_costs_more_than_the_most() -> None:
    """A byte is at least a token's share of a text; a second turn is asked with the longest first reply."""
    assert most(request("né", 10), TWO_EIGHT) == (2 * Decimal(16 + 3) + 8 * 10) / 10**6
    frame = (16 + 1) + (16 + 1 + 16 + 16 + 1 + 10)
    assert most(request("n", 10, turns=2), TWO_EIGHT) == (2 * Decimal(frame) + 8 * 20) / 10**6
    system = replace(request("n"), system="abc", before=(Message("user", "de"),))
    assert most(system, TWO_EIGHT) == (2 * Decimal(3 * 16 + 6) + 8 * 100) / 10**6


@given(st.data(), st.decimals("0.0001", "0.02", places=6))
def test_the_limit_is_never_passed(data: st.DataObject, limit: Decimal) -> None:
    """Whatever the calls take, up to the most; and every reply is the one to its request."""
    sizes = data.draw(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 400)), min_size=1, max_size=30))
    requests = [request("x" * length, max_tokens) for length, max_tokens in sizes]
    taken = Decimal(0)

    class Drawn(Scripted):
        def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
            nonlocal taken
            for index, asked in enumerate(requests):
                prompt = data.draw(st.integers(0, 16 + len(asked.turns[0])))
                usage = Usage(prompt, data.draw(st.integers(0, asked.sampling.max_tokens)))
                taken += TWO_EIGHT.of(usage)
                assert taken <= limit
                yield Reply(index, (Completion(asked.turns[0], usage=usage),))

    budget = Budget(limit)
    replies: list[Reply] = []
    try:
        replies.extend(BudgetedModel(Drawn(), budget, TWO_EIGHT).generate(requests))
    except OverBudget:
        left = limit - taken
        done = {reply.index for reply in replies}
        assert all(most(asked, TWO_EIGHT) > left for index, asked in enumerate(requests) if index not in done)
    assert budget.spent == taken <= limit
    assert len({reply.index for reply in replies}) == len(replies)
    assert all(reply.completions[0].text == requests[reply.index].turns[0] for reply in replies)


def test_all_that_fits_is_one_portion() -> None:
    """The limit costs no concurrency while it is far."""
    model = Scripted([Usage(10, 10)] * 500)
    assert len(list(BudgetedModel(model, Budget(Decimal(5)), TWO_EIGHT).generate([request()] * 500))) == 500
    assert model.portions == [500]


def test_portions_shrink_as_the_limit_comes_near() -> None:
    """What calls cost less than feared is spent on more; what is left at the end is less than one call could take."""
    worst = most(request(), TWO_EIGHT)
    model, budget = Scripted([Usage(10, 20)] * 1000), Budget(worst * 100)
    with pytest.raises(OverBudget) as caught:
        list(BudgetedModel(model, budget, TWO_EIGHT).generate([request()] * 1000))
    assert model.portions[0] == 100
    assert model.portions == sorted(model.portions, reverse=True)
    assert len(model.portions) < 30
    assert budget.limit - worst < budget.spent <= budget.limit
    left = 1000 - sum(model.portions)
    assert str(caught.value) == (
        f"stopped before --max-cost {money(budget.limit)} was passed: {money(budget.spent)} spent,"
        f" {left} of 1,000 left; run again with more"
    )


def test_a_call_too_large_does_not_keep_smaller_ones_from_being_made() -> None:
    """It is left for a run with more; nothing is asked when nothing fits."""
    model, budget = Scripted([Usage(1, 1)] * 2), Budget(most(request(), TWO_EIGHT) * 3)
    replies = BudgetedModel(model, budget, TWO_EIGHT).generate([request("x" * 10**5), request(), request()])
    assert [next(replies).index, next(replies).index] == [2, 1]
    with pytest.raises(OverBudget, match="1 of 3 left"):
        next(replies)
    assert model.portions == [2]


@pytest.mark.parametrize(
    ("failure", "charged"), [("timeout", True), ("refused", True), ("broken_reply", True), ("http_500", False)]
)
def test_a_call_without_usage_is_taken_for_the_most(failure: str, charged: bool) -> None:
    """It may be billed, unless the endpoint answered with a status; what isn't known is not called spent."""
    budget = Budget(Decimal(1))
    list(BudgetedModel(Scripted(failure=Failure(failure, "")), budget, TWO_EIGHT).generate([request()]))
    assert budget.spent == 0
    assert budget.uncounted == (most(request(), TWO_EIGHT) if charged else 0)


def test_a_reply_without_usage_is_taken_for_the_most() -> None:
    """And the message says so."""
    budget = Budget(most(request(), TWO_EIGHT))
    with pytest.raises(OverBudget, match=r"\$0 spent and up to \$0.00085 for calls without usage, 1 of 2 left"):
        list(BudgetedModel(Scripted([None]), budget, TWO_EIGHT).generate([request(), request()]))


def test_a_meter_counts_calls_and_not_rows() -> None:
    """What came without usage is named by what came of it."""
    scripted = Scripted([Usage(1000, 100), None])
    meter = MeteredModel(scripted, TWO_EIGHT)
    assert len(list(meter.generate([request()] * 2))) == 2
    scripted.failure = Failure("timeout", "")
    list(meter.generate([request()]))
    assert meter.bill() == bill([review(), review(usage=None), review(usage=None, error=scripted.failure)], TWO_EIGHT)
    assert (meter.identity, meter.ready()) == ({"spec": "scripted"}, 0)
    assert MeteredModel(scripted, None).bill().dollars == 0


def test_the_spec_may_allow_longer_replies() -> None:
    """Then they are what a call may cost."""
    terms = Terms.of(TWO_EIGHT, {"max_completion_tokens": 10**6, "reasoning_effort": "low"})
    limited = BudgetedModel(Scripted([Usage(1, 1)]), Budget(Decimal(5)), TWO_EIGHT, terms)
    assert limited.ready() == 0
    with pytest.raises(OverBudget):
        list(limited.generate([request()]))


def test_models_that_share_a_budget_keep_it_together() -> None:
    """What is in flight for one is not there for another; what a run leaves in flight counts as spent."""
    worst = most(request(), TWO_EIGHT)
    budget = Budget(worst * 2)
    first = BudgetedModel(Scripted([Usage(1, 1)] * 2), budget, TWO_EIGHT).generate([request()] * 2)
    next(first)
    second = BudgetedModel(Scripted([Usage(1, 1)]), budget, TWO_EIGHT)
    with pytest.raises(OverBudget):
        list(second.generate([request("x" * 20)] * 2))
    first.close()  # type: ignore[attr-defined]
    assert budget.uncounted == worst
    assert second.identity == {"spec": "scripted"}


# Through the real judge and a real server


def matches(number: int) -> list[Match]:
    """Matches about as many questions, each with an answer."""
    made = []
    for place in range(number):
        question = Question(id=str(place), category="c", turns=(f"What is {place} + 1? " * (1 + place % 5),))
        answer = Answer(
            id=f"a{place}", question_set="s", question_id=question.id, question_digest=question.digest,
            model="m", turns=(f"{place + 1}",),
        )  # fmt: skip
        made.append(Match("single", question, 1, ("m",), (answer,)))
    return made


def test_a_run_stops_before_the_limit_and_goes_on_with_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bill is what the server counted; rows made are on disk and not made again; no call passes the limit."""
    asked, table = matches(60), Table(tmp_path / "reviews.jsonl", Review)
    with chat_server(tmp_path / "server", default="It is right.\nRating: [[9]]") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)

        def run(limit: str) -> tuple[Budget, list[Review]]:
            budget, made = Budget(Decimal(limit)), list[Review]()
            model = BudgetedModel(load_model(parse_spec("openai:gpt-4"), Options()), budget, TWO_EIGHT)
            stage = judge.review(asked, judge.ModelJudge("j", model, lambda _: find_prompt("rating", [])), "s", table)
            try:
                made.extend(stage)
            except OverBudget:
                made = table.read()
            return budget, made

        budget, made = run("0.03")
        told = bill(made, TWO_EIGHT)
        assert 0 < len(made) == len(server.calls()) < 60
        assert (told.prompt_tokens, told.completion_tokens) == server.usage()
        assert told.dollars == budget.spent == TWO_EIGHT.of(Usage(*server.usage())) <= budget.limit
        more, rest = run("5")
        assert len(server.calls()) == len(table.read()) == 60 == len(made) + len(rest)
        assert budget.spent + more.spent == TWO_EIGHT.of(Usage(*server.usage()))


def test_what_a_command_says_of_money(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The quote counts what is not there yet and writes nothing; the bill afterwards is what the server counted."""
    if not hasattr(judge.ModelJudge, "request"):
        monkeypatch.setattr(judge.ModelJudge, "request", judge.ModelJudge._request, raising=False)
    asked, table = matches(6), Table(tmp_path / "reviews.jsonl", Review)
    with chat_server(tmp_path / "server", default="It is right.\nRating: [[9]]") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        spending = Spending(["j=2/8"], "5")
        model = spending.model(parse_spec("j=openai:gpt-4"), Options(), tmp_path / "batches.jsonl")
        named = judge.ModelJudge("j", model, lambda _: find_prompt("rating", []))
        before = spending.quote_reviews(named, asked, "s", table)
        assert (before.matches, before.calls, before.completion_tokens) == (6, 6, 6 * TYPICAL_REPLY)
        assert not server.calls()
        assert not table.path.exists()
        made = list(judge.review(asked[:4], named, "s", table))
        assert bill(made, TWO_EIGHT).dollars == TWO_EIGHT.of(Usage(*server.usage()))
        after = spending.quote_reviews(named, asked, "s", table)
        assert (after.matches, after.idle, after.calls, after.completion_tokens) == (6, 4, 2, 10)
        (line,) = spending.bill()
        taken = Usage(*server.usage())
        cost = money(TWO_EIGHT.of(taken))
        assert line == f"j: {cost}: 4 calls, {taken.prompt_tokens} tokens in and {taken.completion_tokens} out"
        ours = judge.EmbeddedJudge()
        assert spending.quote_reviews(ours, asked, "s", table) == Quote(6, 6)


def test_what_would_be_asked_for_answers() -> None:
    """An answer per question, a call per turn."""
    table = Table(Path("/nowhere/answers.jsonl"), Answer)
    draft = Answer(id="a", question_set="s", question_id="q", question_digest="d", model="m", turns=())
    told = Spending().quote_answers("m", [(draft, request(turns=2))], table)
    assert (told.matches, told.idle, told.calls, told.dollars) == (1, 0, 2, 0)


def test_a_command_that_could_not_keep_its_limit_does_not_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a price there is no limit; batches are half the price, and for `openai:` alone."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    state = tmp_path / "j.batches"
    assert Spending([], "5").model(parse_spec("openai:gpt-4o"), Options(), state)
    monkeypatch.delenv("OPENAI_API_KEY")
    free_to_look = Spending()
    free_to_look.model(parse_spec("openai:gpt-4o"), Options(), state)
    free_to_look.model(parse_spec("azure:gpt-4o"), Options(), state)
    assert free_to_look.price("openai:gpt-4o") == Price(Decimal("2.5"), Decimal(10))
    assert free_to_look.price("azure:gpt-4o") is None
    with pytest.raises(UsageError, match="--price INPUT/OUTPUT"):
        Spending([], "5").model(parse_spec("openai:nonsense"), Options(), state)
    spending = Spending(batch=True)
    model = spending.model(parse_spec("openai:gpt-4o?effort=low"), Options(), state)
    assert model.identity == {"spec": "openai:gpt-4o?effort=low"}
    assert spending.price("openai:gpt-4o?effort=low") == Price(Decimal("1.25"), Decimal(5))
    assert spending.price("embedded") == FREE
    with pytest.raises(UsageError, match="for openai: models"):
        spending.model(parse_spec("hf:./x"), Options(), state)
