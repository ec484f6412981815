"""What may stand behind a `?` in a spec, and what requests then hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.errors import UsageError
from judgebench.models import Options, Request, load_model, parse_spec
from judgebench.models.http.dialect import Dialect
from judgebench.models.http.parameters import parameters_of, reply_limit, unbounded
from judgebench.tables.records import Sampling

ASKED = Request(("Is 4 right?",), Sampling(max_tokens=100))


def test_values_are_json_where_they_can_be() -> None:
    """And text elsewhere; `effort` is short for what the API calls it."""
    found = parameters_of('effort=high&temperature=0.5&stop=["a"]&user=me&response_format={"type":"text"}&seed=')
    assert found == {
        "reasoning_effort": "high", "temperature": 0.5, "stop": ["a"], "user": "me",
        "response_format": {"type": "text"}, "seed": "",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["[" * 200_000, "9" * 5000, '{"a":' * 100_000, "NaN!", "\x00", "%ff"])
def test_no_value_is_too_odd_to_be_read(text: str) -> None:
    """What is no JSON is text."""
    assert isinstance(parameters_of(f"user={text}")["user"], str)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        *((f"n={value}", "n is 1") for value in ("50", "0", "-1", "2.0", "1.0", "true", '"50"', "", "[1]", "1&n=50")),
        ("%6E=50", "n is 1"),
        *((f"{name}=x", f"{name} is not for a spec") for name in ("model", "messages", "stream")),
        *(
            (f"{name}={value}", f"{name} takes a whole number")
            for name in ("max_tokens", "max_completion_tokens")
            for value in ("-1", "0", "null", "1e5", "100.0", '"100"', "true", "", "9" * 5000, "1000000001", "[9]")
        ),
    ],
)
def test_what_no_request_can_have_is_refused(query: str, told: str) -> None:
    """Before any call: several replies to one request, no limit, or what judgebench says itself."""
    with pytest.raises(UsageError, match=told):
        parameters_of(query)
    with pytest.raises(UsageError, match=told):
        load_model(parse_spec(f"openai:m?{query}"), Options())


@pytest.mark.parametrize("refused", [(), ("max_tokens",), ("max_completion_tokens",)])
@pytest.mark.parametrize("query", ["", "max_tokens=7", "max_completion_tokens=7", "temperature=1"])
def test_a_request_has_one_limit(query: str, refused: tuple[str, ...]) -> None:
    """The spec's or its own, by a name that the endpoint takes."""
    dialect, extra = Dialect(), parameters_of(query)
    dialect.refused |= set(refused)
    body = dialect.body("m", ASKED, [], extra)
    limits = {name: body[name] for name in ("max_tokens", "max_completion_tokens") if name in body}
    assert list(limits.values()) == [reply_limit(extra) or 100]
    assert limits.keys().isdisjoint(refused)
    assert dialect.notes(ASKED, extra) == ()


def test_an_endpoint_that_takes_no_limit_gets_none_and_the_row_says_so() -> None:
    """By either name."""
    dialect = Dialect()
    dialect.refused |= {"max_tokens", "max_completion_tokens"}
    assert dialect.body("m", ASKED, [], {}).keys() == {"model", "messages", "temperature"}
    assert dialect.notes(ASKED, {}) == ("max_tokens not sent: the endpoint refuses it",)


@given(st.dictionaries(st.sampled_from(["max_tokens", "max_completion_tokens"]), st.integers(1, 10**9)))
def test_the_limit_is_the_larger_one(parameters: dict[str, int]) -> None:
    """None where the spec says none."""
    assert reply_limit(parameters) == max(parameters.values(), default=None)


def test_what_a_parameter_costs_is_known_or_not() -> None:
    """Those of which it is: a reply's limit, how it is drawn, and what only makes the prompt longer."""
    known = parameters_of("effort=low&max_tokens=9&temperature=1&top_p=0.5&seed=1&n=1&logit_bias={}")
    assert unbounded(known) == []
    assert unbounded(parameters_of("best_of=20&top_p=0.5&web_search_options={}")) == ["best_of", "web_search_options"]
