"""What came of each request of a batch; pure."""

import json
from dataclasses import dataclass
from typing import Any

from judgebench.models import Completion
from judgebench.models.http.replies import RequestRefused, completion
from judgebench.models.http.runner import TryAgain
from judgebench.tables.records import Failure, valid_text


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one request of a batch; `param` and `told` are the endpoint's words where it refused it."""

    completion: Completion | None = None
    failure: Failure | None = None
    param: str | None = None
    told: str = ""


def read_outcome(row: dict[str, Any]) -> Outcome:
    """What a line of a file of outputs or errors says."""
    response, error = row.get("response") or {}, row.get("error") or {}
    body, status = response.get("body") or {}, response.get("status_code") or 500
    if status == 200 and not error:
        return _answered(body)
    refusal = body.get("error") or {}
    told = valid_text(str(error.get("message") or refusal.get("message") or "no reason given"))[:500]
    if error.get("code"):
        return Outcome(failure=Failure(str(error["code"]), told))
    if status in (408, 409, 429) or status >= 500:
        return Outcome(failure=Failure(f"http_{status}", f"the endpoint answered with status {status} ({told})"))
    refused = Failure("refused", f"the endpoint refused the request ({told})")
    return Outcome(None, refused, refusal.get("param"), f"{refusal.get('code')} {told}")


def _answered(body: dict[str, Any]) -> Outcome:
    try:
        return Outcome(completion(json.dumps(body).encode()))
    except TryAgain as error:
        return Outcome(failure=Failure(error.kind, str(error)))
    except RequestRefused as error:
        return Outcome(failure=Failure("refused", str(error)))
