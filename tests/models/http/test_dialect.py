"""What an endpoint refuses, learnt from its words in whatever language; pure."""

import pytest
from servers.endpoints import FAMILIES

from judgebench.models import Completion, Request
from judgebench.models.http.complaints import complaint
from judgebench.models.http.dialect import SYSTEM, Dialect, ignored
from judgebench.tables.records import Sampling

WHOLE = Request(("Hi",), Sampling(seed=1, stop=("x",)), system="Be brief.", schema={"type": "object"}, logprobs=20)
LOGPROBS = {"logprobs", "top_logprobs"}

LEARNT: dict[str, set[str]] = {
    "temperature: only 1": {"temperature"},
    "temperature: deprecated": {"temperature"},
    "temperature: incompatible": {"temperature"},
    "temperature: in Chinese": {"temperature"},
    "temperature: a value": {"temperature"},
    "temperature: by a string of JSON": {"temperature"},
    "max_tokens: use the other": {"max_tokens"},
    "max_tokens: by a string of Python": {"max_tokens"},
    "max_tokens: too many": set(),
    "seed: extra_forbidden": {"seed"},
    "stop: unknown to a strict parser": {"stop"},
    "logprobs: not enabled": LOGPROBS,
    "logprobs: not allowed, 403": LOGPROBS,
    "logprobs: at most five": set(),
    "schema: not this type, 500": {"response_format"},
    "schema: no integers in an enum": {"response_format"},
    "schema: an invalid argument": {"response_format", *LOGPROBS},
    "schema: unavailable": {"response_format"},
    "schema: a grammar fails": {"response_format"},
    "schema: no structured output": {"response_format"},
    "system: not supported": {SYSTEM},
    "logprobs: not supported, 500": LOGPROBS,
    "logprobs: not implemented, 501": LOGPROBS,
    "logprobs: the body is to blame": LOGPROBS,
    "temperature: strictly positive, 500": {"temperature"},
    "all its fields in the complaint": {"seed"},
    "a 500 that happens to say stop": set(),
    "a context that is too small": set(),
}


def learnt(told: str, param: str | None = None, status: int = 400) -> Dialect:
    """What a refusal of a request that has everything teaches."""
    dialect = Dialect()
    dialect.learn(dialect.body("m", WHOLE, [], {}), param, told, status)
    return dialect


def test_every_refusal_of_the_table_is_known_here() -> None:
    """A new entry says what is to be learnt from it."""
    refusals = {name for name, script in FAMILIES["refusals"].items() if "status" in script["faults"][0]}
    assert refusals == LEARNT.keys()


@pytest.mark.parametrize(("name", "refused"), LEARNT.items())
def test_what_a_refusal_names_is_what_is_refused(name: str, refused: set[str]) -> None:
    """In its param, in a place, in quotation marks, by its name or by another; whatever the sentence around it."""
    fault = FAMILIES["refusals"][name]["faults"][0]
    told = complaint(fault["status"], {}, fault["body"].encode(), 0.0)
    assert learnt(told.reason, told.param, told.status).refused == refused


@pytest.mark.parametrize(
    ("told", "refused"),
    [
        ("Gaudi doesn't support logprobs. Please remove 'logprobs'/'top_logprobs' from your request.", LOGPROBS),
        ("responseSchema is not allowed here", {"response_format"}),
        ("Invalid schema for response_format 'reply': 'additionalProperties' is required", {"response_format"}),
        ("Conversation roles must alternate user/assistant/user/assistant/...", {SYSTEM}),
        ("Unknown stop sequences", {"stop"}),
        ("'seed' ist hier nicht vorgesehen; temperature schon", {"seed"}),
    ],
)
def test_other_words_for_it(told: str, refused: set[str]) -> None:
    """Names as other interfaces have them; what is quoted goes before what is mentioned."""
    assert learnt(told).refused == refused


def test_a_role_named_by_its_place() -> None:
    """The system's text goes in front of the user's."""
    dialect = learnt("does not support 'system' with this model", "messages[0].role")
    assert dialect.refused == {SYSTEM}
    assert dialect.body("m", WHOLE, [], {})["messages"] == [{"role": "user", "content": "Be brief.\n\nHi"}]


def test_a_limit_of_alternatives_is_kept_to() -> None:
    """Fewer are better than none; where that is refused as well, none are asked for."""
    dialect = learnt("Requested sample logprobs of 20, which is greater than max allowed: 5")
    body = dialect.body("m", WHOLE, [], {})
    assert (body["logprobs"], body["top_logprobs"]) == (True, 5)
    assert dialect.notes(WHOLE, {}) == ("top_logprobs 5 in place of 20: the endpoint takes no more",)
    assert dialect.learn(body, None, "logprobs are not for you")
    assert dialect.refused == LOGPROBS


def test_a_limit_of_tokens_has_two_names() -> None:
    """The one that is refused is sent under the other, and the other way round where the spec has the newer one."""
    assert learnt("Unsupported parameter: max_tokens").body("m", WHOLE, [], {})["max_completion_tokens"] == 1024
    given, extra = Dialect(), {"max_completion_tokens": 7}
    body = given.body("m", WHOLE, [], extra)
    assert "max_tokens" not in body
    assert given.learn(body, None, "max_completion_tokens: Extra inputs are not permitted")
    assert given.body("m", WHOLE, [], extra)["max_tokens"] == 7
    assert given.notes(WHOLE, extra) == ()


def test_a_refusal_that_names_nothing_is_of_a_way_of_asking_that_is_new() -> None:
    """Not of one that was taken before, and not where it names something else."""
    dialect = Dialect()
    body = dialect.body("m", WHOLE, [], {})
    assert not dialect.learn(body, "messages", "Request contains an invalid argument.")
    dialect.accept(body)
    assert not dialect.learn(body, None, "Request contains an invalid argument.")


def test_what_is_tried_out_is_not_yet_learnt() -> None:
    """A copy knows more than its original, until that adds it."""
    dialect = Dialect()
    trial = dialect.copy()
    trial.learn(trial.body("m", WHOLE, [], {}), "seed", "no")
    assert dialect.refused == set()
    assert trial.changes(dialect) == ("the endpoint refuses seed: not sent any more",)
    dialect.add(trial)
    assert dialect.refused == {"seed"}
    assert trial.changes(dialect) == ()


def test_ways_that_are_ignored() -> None:
    """Sent, not refused, and yet nothing came of it."""
    sent = Dialect().body("m", WHOLE, [], {})
    assert len(ignored(sent, Completion("Rating: [[7]]"))) == 2
    assert len(ignored(sent, Completion('{"rating": 7}'))) == 1
    assert ignored(sent, Completion("")) == ()
