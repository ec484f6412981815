"""Whose fault a complaint is, as an exception: everybody's (stop), this moment's (try again) or this request's."""

import re

from judgebench.errors import EndpointError
from judgebench.models.http.complaints import Complaint
from judgebench.models.http.endpoints import Endpoint
from judgebench.models.http.replies import RequestRefused
from judgebench.models.http.runner import TryAgain

FORBIDDEN = 20  # inputs in a row refused without a reason: it is not the inputs
_DOUBTED = 2  # inputs in a row refused with words of money
_VERSION = re.compile(r"\bapi[ _-]?version\b", re.I)
_WANTS_TLS = re.compile(
    r"\bhttp request was sent to (an )?https|\bhttp request to an https|\bhttps (port|server)\b", re.I
)


def exception_for(told: Complaint, endpoint: Endpoint, model: str) -> Exception:
    """The exception that a complaint becomes."""
    if told.fault == "money" and not (not told.of_money and _is_of_this_input(endpoint, _DOUBTED)):
        return EndpointError(
            f"the account's quota or credit is used up ({told.text}): top it up, then run the same command again"
        )
    lost = told.status < 400 and endpoint.address.is_without_version and not endpoint.health.answered
    if told.fault in ("busy", "failing") and not lost:
        return _passing(told)
    if told.fault == "key":
        return _key(told, endpoint)
    if told.fault == "address" and endpoint.health.succeeded:
        return _unknown(told, endpoint, model)
    unknown = told.of_no_model and not endpoint.health.succeeded
    if told.fault == "address" or lost or unknown:
        return EndpointError(_no_address(told, endpoint, model))
    return _refusal(told, endpoint)


def _passing(told: Complaint) -> TryAgain:
    if told.status < 400:
        return TryAgain("broken_reply", f"the endpoint sent no readable reply ({told.reason})")
    message = f"the endpoint answered with status {told.status} ({told.reason})"
    return TryAgain(f"http_{told.status}", message, told.after, busy=told.fault == "busy")


def _key(told: Complaint, endpoint: Endpoint) -> Exception:
    """A 401 is of the key. So is a 403, until something was answered: from then on it is of this input."""
    if told.status == 403 and _is_of_this_input(endpoint, FORBIDDEN):
        return RequestRefused(f"the endpoint refused the request ({told.text})")
    address = endpoint.address
    what = "access" if told.status == 403 and not told.of_key else "the key" if address.user is None else "the password"
    return EndpointError(f"the endpoint refuses {what} ({told.text}): check {address.key_variable}")


def _is_of_this_input(endpoint: Endpoint, most: int) -> bool:
    """Whether a refusal that may be of all is of one: some were answered, and not so many refused since."""
    health = endpoint.health
    if not health.succeeded or health.forbidden >= most:
        return False
    health.forbidden += 1
    return True


def _unknown(told: Complaint, endpoint: Endpoint, model: str) -> Exception:
    """A 404 where something was answered before: of this input or, from a machine in between, of the moment."""
    if not _is_of_this_input(endpoint, FORBIDDEN):
        return EndpointError(_no_address(told, endpoint, model))
    if not told.codes:
        return TryAgain(f"http_{told.status}", f"the endpoint answered with status {told.status} ({told.reason})")
    return RequestRefused(f"the endpoint refused the request ({told.text})")


def _no_address(told: Complaint, endpoint: Endpoint, model: str) -> str:
    advice = endpoint.address.advice
    if told.of_model:
        kind = "deployment" if endpoint.address.api_version else "model"
        return f"the endpoint knows no {kind} {model!r} ({told.text}): check its name and {endpoint.address.variable}"
    if endpoint.address.is_without_version or endpoint.address.api_version:
        return f"the endpoint knows no such address ({told.text}): {advice}"
    return f"the endpoint knows no model {model!r}, or no such address ({told.text}): check the name, and {advice}"


def _refusal(told: Complaint, endpoint: Endpoint) -> Exception:
    """Of this request, unless it is the first and speaks of what all requests have in common."""
    address = endpoint.address
    if not endpoint.health.succeeded:
        if address.api_version and _VERSION.search(told.reason):
            return EndpointError(f"the endpoint knows no such version ({told.text}): {address.advice}")
        if _WANTS_TLS.search(told.reason):
            return EndpointError(f"the endpoint speaks TLS ({told.text}): write https:// in {address.variable}")
        if told.of_key:
            return _key(told, endpoint)
    return RequestRefused(f"the endpoint refused the request ({told.text})")
