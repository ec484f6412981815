"""What came of each request of a batch, line by line of the files that the endpoint made of it; pure."""

import codecs
import json
import re
from collections.abc import Iterable, Iterator
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
_BEGINS = re.compile(r"[\s,\[]*\{")  # an object, and what may stand before it
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one request of a batch; `param`, `told` and `status` are the endpoint's where it refused it."""

    completion: Completion | None = None
    failure: Failure | None = None
    param: str | None = None
    told: str = ""
    status: int = 400
    unread: bool = False  # there is a reply, which may be read another time


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file of outputs or errors says of each request, which ones it only names, and how many lines name none."""

    found: dict[str, Outcome]
    garbled: dict[str, Outcome]
    strange: int

    @property
    def is_whole(self) -> bool:
        """Whether all of it could be read, and there is anything."""
        return bool(self.found) and not (self.garbled or self.strange)


def read_file(data: bytes) -> Contents:
    """What a file of outputs or errors says.

    Every line is taken by itself. Of several on one request a completion counts, or else the first. A file that is no
    lines is read value by value, whatever stands between them.
    """
    told = _contents(filter(bytes.strip, data.removeprefix(codecs.BOM_UTF8).split(b"\n")))
    return told if told.found else max(told, _contents(_values(data)), key=lambda each: len(each.found))


def _contents(rows: Iterable[bytes]) -> Contents:
    found, garbled, strange = dict[str, Outcome](), dict[str, Outcome](), 0
    for id_, outcome, is_read in map(_read_line, rows):
        if id_ is None:
            strange += 1
        elif not is_read:
            garbled[id_] = outcome
        elif id_ not in found or (outcome.completion and not found[id_].completion):
            found[id_] = outcome
    return Contents(found, {id_: outcome for id_, outcome in garbled.items() if id_ not in found}, strange)


def _values(data: bytes) -> Iterator[bytes]:
    """The objects of a JSON array, or written over several lines each; up to one that can't be read."""
    text, place = data.decode("utf-8-sig", "replace"), 0
    while begins := _BEGINS.match(text, place):
        try:
            value, place = _DECODER.raw_decode(text, begins.end() - 1)
        except (ValueError, RecursionError):
            return
        yield json.dumps(value).encode()


def ids_in(data: bytes) -> list[str]:
    """The ids of the requests in a file that we submitted."""
    return [match[1].decode() for line in data.split(b"\n") if (match := _ID_IN_A_LINE.search(line))]


def _read_line(line: bytes) -> tuple[str | None, Outcome, bool]:
    """The request, what came of it, and whether that could be read."""
    try:
        row = object_of(value_of(line))
    except ValueError as error:
        named = _ID_IN_A_LINE.search(line)
        failure = Failure("broken_reply", f"its line in the endpoint's file can't be read ({error})"[:500])
        return named[1].decode() if named else None, Outcome(failure=failure), False
    id_ = row.get("custom_id")
    return id_ if isinstance(id_, str) and ID.fullmatch(id_) else None, read_outcome(row), True


def read_outcome(row: Json) -> Outcome:
    """What a line of a file of outputs or errors says."""
    response, error = object_of(row.get("response")), row.get("error")
    if isinstance(error, dict) and not any(error.values()):
        error = None
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
