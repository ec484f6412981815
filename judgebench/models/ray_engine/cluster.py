"""Ray, without a word on the terminal: a cluster's, or started here for this run and ended with it."""

import os
import socket
from contextlib import suppress
from functools import cache
from typing import Any

from judgebench.errors import EndpointError, JudgebenchError, UsageError
from judgebench.models.loading.telling import first_line
from judgebench.models.ray_engine.shapes import Node, Shape

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # no call home
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # of what nodes say of themselves, nothing: deaths are told by us
    "RAY_IGNORE_UNHANDLED_ERRORS": "1",
    "RAY_SCHEDULER_EVENTS": "0",
}
# Ray's own way to use loopback alone; elsewhere it takes 127.0.0.1 for the machine's address in the network.
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
_STARTING = _LOOPBACK | {"RAY_worker_niceness": "0"}  # replicas are as important as whatever else runs here
_JOINING = {"RAY_NUM_REDIS_GET_RETRIES": "1"}  # it would try for minutes
_STORE = 100 * 2**20  # bytes of shared memory of a Ray started here: replies are small


@cache
def connect(address: str | None) -> Any:
    """The module `ray`, connected: to a cluster, or without address to one started here, which ends with the process.

    Raises UsageError for an address that is none, JudgebenchError where Ray is missing or can't be reached.
    """
    os.environ.update(_QUIET | (_joining(address) if address else _STARTING))
    try:
        import ray
    except ImportError as error:
        raise JudgebenchError("--engine ray needs Ray: pip install 'judgebench[ray]'") from error
    if not ray.is_initialized():  # a program that uses us may be connected already
        _begin(ray, address)
    return ray


def nodes() -> list[Node]:
    """The nodes that are alive."""
    import ray

    return [_node(found) for found in ray.nodes() if found["Alive"]]


def has_room(shape: Shape) -> bool:
    """Whether all replicas of a shape could have a place now."""
    import ray

    free = ray.available_resources()
    return all(free.get(what, 0) >= shape.replicas * each for what, each in (("CPU", shape.cpus), ("GPU", shape.gpus)))


def _node(found: dict[str, Any]) -> Node:
    has = found["Resources"]
    return Node(found["NodeID"], found["NodeName"], int(has.get("CPU", 0)), int(has.get("GPU", 0)))


def _begin(ray: Any, address: str | None) -> None:
    quiet = {"log_to_driver": False, "logging_level": "CRITICAL"}
    here = {} if address else {"include_dashboard": False, "object_store_memory": _STORE}
    try:
        ray.init(address=address or "local", **quiet, **here)
    except Exception as error:  # ConnectionError, RuntimeError for another version, AuthenticationError, ...
        raise EndpointError(_explained(address, error)) from error


def _explained(address: str | None, error: Exception) -> str:
    if address is None:
        return f"Ray can't be started here ({first_line(error)})"
    token = "; a cluster with tokens needs RAY_AUTH_MODE=token" * ("RAY_AUTH_MODE" not in os.environ)
    return (
        f"no Ray cluster can be joined at {address} ({first_line(error)}): run this on one of its machines, with the"
        f" same versions of Python and Ray{token}"
    )


def _joining(address: str) -> dict[str, str]:
    """How to join a cluster, where somebody listens; Ray itself would not come back from one that is on loopback."""
    if address == "auto":
        return _JOINING
    host, port = _parsed(address)
    outside = _own_address() if host in ("127.0.0.1", "localhost") else host
    if _refusal(outside, port) is None:
        return _JOINING
    refusal = _refusal(host, port)
    if refusal is None:
        return _JOINING | _LOOPBACK
    raise EndpointError(
        f"nobody listens at {address} ({refusal}): start a cluster with `ray start --head`, and give the address that"
        " it prints"
    )


def _parsed(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not (port.isdigit() and int(port) < 1 << 16):
        raise UsageError(f"--address {address} is no address: write HOST:PORT, as in 10.0.0.1:6379, or auto")
    return host.strip("[]"), int(port)


def _own_address() -> str:
    """This machine's in the network: where it would send from. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked, suppress(OSError):
        asked.connect(("192.0.2.1", 9))
        return str(asked.getsockname()[0])
    return "127.0.0.1"


def _refusal(host: str, port: int) -> str | None:
    """Why nobody can be reached there; None where somebody can."""
    try:
        socket.create_connection((host, port), timeout=10).close()
    except OSError as error:
        return first_line(error)
    return None
