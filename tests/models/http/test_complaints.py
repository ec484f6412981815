"""What an endpoint says where it gives no reply: its reason in every form of body, and whose fault it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.endpoints import FAMILIES

from judgebench.models.http.complaints import Complaint, complaint

NOW = 1_800_000_000.0
BODIES = {
    name: script["faults"][0] for name, script in FAMILIES["reasons"].items() if script["faults"][0]["status"] == 422
}


def told(status: int, body: object) -> Complaint:
    """The complaint of a JSON body."""
    return complaint(status, {}, json.dumps(body).encode(), NOW)


@pytest.mark.parametrize("name", [name for name in BODIES if name != "nothing at all"])
def test_the_reason_is_found_wherever_it_stands(name: str) -> None:
    """In lists, nested, as a text, as a page."""
    assert (
        "the reason is" in complaint(422, {}, BODIES[name]["body"].encode(), NOW).reason or name == "names of its own"
    )
    assert "reason" in complaint(422, {}, BODIES[name]["body"].encode(), NOW).reason


def test_where_nothing_is_said_the_status_is_named() -> None:
    """A bare 502 says as much; a number that nobody knows says nothing."""
    assert complaint(502, {}, b"", NOW).text == "status 502: Bad Gateway"
    assert complaint(599, {}, b"", NOW).text == "status 599"


def test_a_page_is_what_a_person_reads_of_it() -> None:
    """Without scripts, styles and tags, the title once, and not for ever."""
    page = "<!DOCTYPE html><title>Oh &amp; no</title><script>no()</script><p>Back <b>soon</b></p>" + "x " * 1000
    reason = complaint(503, {}, page.encode(), NOW).reason
    assert reason.startswith("Oh & no Back soon x")
    assert len(reason) <= 300


def test_equal_words_are_said_once() -> None:
    """As where an error repeats its detail."""
    assert told(422, {"detail": "no", "message": "no", "error": {"message": "never"}}).reason == "no: never"


def test_a_200_has_the_status_of_its_error() -> None:
    """As a number or as its digits; what is no status changes nothing."""
    assert told(200, {"error": {"message": "slow down", "code": 429}}).fault == "busy"
    assert told(200, {"error": {"message": "broke", "code": "502"}}).status == 502
    assert told(200, {"error": {"message": "broke", "code": 7}}).status == 200
    assert told(400, {"error": {"message": "odd", "code": 500}}).status == 400


@pytest.mark.parametrize("name", FAMILIES["money"])
def test_money_that_is_used_up(name: str) -> None:
    """By status, type, code or words."""
    fault = FAMILIES["money"][name]["faults"][0]
    assert complaint(fault["status"], {}, fault["body"].encode(), NOW).fault == "money"


@pytest.mark.parametrize("name", FAMILIES["limits"])
def test_a_limit_is_not_taken_for_money(name: str) -> None:
    """Though it speaks of a quota and of billing."""
    fault = FAMILIES["limits"][name]["faults"][0]
    body = fault["body"].replace("{left}", "2.0")
    assert complaint(fault["status"], {}, body.encode(), NOW).fault in ("busy", "request")


def test_what_fields_it_names_by_itself() -> None:
    """`param`, and the place of a value; also in a text that is JSON; never in what was sent."""
    assert told(400, {"error": {"message": "no", "param": "seed"}}).param == "seed"
    assert told(400, {"error": {"message": "no", "param": "None"}}).param is None
    forbidden = {"detail": [{"loc": ["body", "stop"], "msg": "no", "input": {"param": "seed"}}]}
    assert told(422, forbidden).param == "stop"
    assert told(422, {"message": json.dumps(forbidden)}).param == "stop"
    assert told(422, {"detail": [{"loc": ["body", "messages", 0, "role"], "msg": "no"}]}).param == "messages.0.role"


@pytest.mark.parametrize(
    ("status", "reason", "fault"),
    [
        (401, "no", "key"),
        (403, "no", "key"),
        (403, "Your input was flagged for violence", "request"),
        (404, "no", "address"),
        (405, "no", "address"),
        (408, "no", "failing"),
        (413, "no", "request"),
        (429, "Limit 10, Requested 20", "request"),
        (500, "no", "failing"),
        (503, "no", "busy"),
        (529, "no", "busy"),
    ],
)
def test_whose_fault_it_is(status: int, reason: str, fault: str) -> None:
    """By status, and by words where a status may mean either."""
    assert told(status, {"error": {"message": reason}}).fault == fault


@pytest.mark.parametrize(
    "reason",
    [
        "Invalid model name passed in model=nope. Call `/v1/models` to view available models for your key.",
        "Model Not Exist",
        "x/y is not a valid model ID",
        "Invalid model: nope",
        "Invalid model 'nope'. Permitted models can be found in the documentation",
        "Unknown model nope",
        "The model does not exist",
    ],
)
def test_that_there_is_no_such_model(reason: str) -> None:
    """In the words of several endpoints, which have a status of 400 for it."""
    assert told(400, {"error": {"message": reason}}).of_no_model


@pytest.mark.parametrize(
    "reason",
    [
        "`temperature` is deprecated for this model",
        "This model's maximum context length is 10 tokens",
        "invalid model input: too long",
        "The model does not support images",
    ],
)
def test_what_else_is_said_of_models(reason: str) -> None:
    """Concerns what was asked of it."""
    assert not told(400, {"error": {"message": reason}}).of_no_model


@given(st.integers(100, 999), st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_body_is_too_odd(status: int, data: bytes) -> None:
    """Something is always said, and nothing is raised."""
    found = complaint(status, {}, data, NOW)
    assert found.text
    assert found.fault


def test_brackets_without_end() -> None:
    """A body that no parser takes is read as text."""
    assert complaint(400, {}, b"[" * 200_000, NOW).reason.startswith("[[[")
    assert complaint(400, {}, json.dumps({"error": '{"a":' * 50_000}).encode(), NOW).reason
