"""What came of each request of a batch, line by line of the files that the endpoint made of it; pure."""

import json
import re
from dataclasses import dataclass
from typing import Any

from judgebench.models import Completion
from judgebench.models.http.bodies import Json, object_of, value_of
from judgebench.models.http.complaints import complaint
from judgebench.models.http.replies import RequestRefused, completion
from judgebench.models.http.runner import TryAgain
from judgebench.tables.records import Failure, valid_text

ID = re.compile(r"[0-9a-f]{20}-[0-9]{1,9}")  # as our ledger makes them
_ID_IN_A_LINE = re.compile(rb'"custom_id"\s*:\s*"([0-9a-f]{20}-[0-9]{1,9})"')
_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one request of a batch; `param`, `told` and `status` are the endpoint's where it refused it."""

    completion: Completion | None = None
    failure: Failure | None = None
    param: str | None = None
    told: str = ""
    status: int = 400


def read_file(data: bytes) -> tuple[dict[str, Outcome], int]:
    """What a file of outputs or errors says of each request, and how many lines nobody can tell the request of.

    Every line is taken by itself. Of several on one request a completion counts, or else the first.
    """
    found, strange = dict[str, Outcome](), 0
    for id_, outcome in map(_read_line, filter(bytes.strip, data.split(b"\n"))):
        if id_ is None:
            strange += 1
        elif id_ not in found or (outcome.completion and not found[id_].completion):
            found[id_] = outcome
    return found, strange


def ids_in(data: bytes) -> list[str]:
    """The ids of the requests in a file that we submitted."""
    return [match[1].decode() for line in data.split(b"\n") if (match := _ID_IN_A_LINE.search(line))]


def _read_line(line: bytes) -> tuple[str | None, Outcome]:
    try:
        row = object_of(value_of(line))
    except ValueError as error:
        named = _ID_IN_A_LINE.search(line)
        failure = Failure("broken_reply", f"its line in the endpoint's file can't be read ({error})"[:500])
        return named[1].decode() if named else None, Outcome(failure=failure)
    id_ = row.get("custom_id")
    return id_ if isinstance(id_, str) and ID.fullmatch(id_) else None, read_outcome(row)


def read_outcome(row: Json) -> Outcome:
    """What a line of a file of outputs or errors says."""
    response, error = object_of(row.get("response")), row.get("error")
    body, status, code = response.get("body"), _status(response), object_of(error).get("code")
    if status == 200 and not error:
        return _answered(body)
    said = complaint(status, {}, json.dumps([error, body]).encode(), 0.0)
    told = valid_text(said.reason)[:500]
    if code:
        return Outcome(failure=Failure(code if _is_kind(code) else "refused", told))
    if status in (408, 409, 429) or status >= 500:
        return Outcome(failure=Failure(f"http_{status}", f"the endpoint answered with status {status} ({told})"))
    refused = Failure("refused", f"the endpoint refused the request ({told})")
    return Outcome(None, refused, said.param, f"{' '.join(sorted(said.codes))} {told}", status)


def _status(response: Json) -> int:
    """The status of a response; 500 for what is none."""
    text = str(response.get("status_code"))
    return int(text) if re.fullmatch("[1-5][0-9][0-9]", text) else 500


def _is_kind(code: object) -> bool:
    return isinstance(code, str) and bool(_KIND.fullmatch(code))


def _answered(body: Any) -> Outcome:
    try:
        return Outcome(completion(json.dumps(body).encode()))
    except RecursionError:
        return Outcome(failure=Failure("broken_reply", "the endpoint sent a reply that is nested too deeply"))
    except TryAgain as error:
        return Outcome(failure=Failure(error.kind, str(error)))
    except RequestRefused as error:
        return Outcome(failure=Failure("refused", str(error)))
