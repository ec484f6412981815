"""A Chat Completions endpoint with faults: `python chat_server.py SCRIPT.json LOG.jsonl` prints its port and serves.

The script is a JSON object:

- `replies`: pairs of a substring of the last user message and the reply to it; the first that fits is given.
- `default`: the reply to every other message (default: "Yes."), or an object with one for each model.
- `latency`: seconds before each reply (default: 0).
- `held`: no reply is sent before so many calls have come, or GET /release (default: 0).
- `seed`: what faults with a `rate` are drawn from (default: 0).
- `paths`: where it is called, as patterns (default: OpenAI's and Azure's). `elsewhere`: how calls of other paths are
  answered, as by the fault `answer` (default: 404).
- `tls`: whether it speaks TLS, with the certificate in loopback.pem.
- `faults`: objects with `do` (a name in FAULTS and what it takes) and any of the conditions `calls` (numbers of
  calls, from 1), `after` (a call's number; only later ones), `match` (a substring of the last user message), `role`
  (of the first message), `has` (a parameter of the request, or the beginning of one's JSON: `"seed": 1`), `rate` (a
  probability), `each` (at most so often for the same messages), `lasts` (seconds since it first happened) and
  `window` ([calls, seconds]: only what is more than so many calls in so many seconds). The first that applies happens.

The log gets one line per call, before the reply is sent; of the Authorization header it says only whether there
was one, and its first word. endpoints.toml has scripts for all that endpoints do.
"""

import base64
import email.utils
import hashlib
import json
import random
import re
import socket
import ssl
import struct
import sys
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Json = dict[str, Any]
_PATHS = ("/v1/chat/completions", "/openai/deployments/.*")
CERTIFICATE = Path(__file__).with_name("loopback.pem")


def digest(messages: Sequence[Mapping[str, str]]) -> str:
    """What the log calls a conversation."""
    return hashlib.sha256(json.dumps(list(messages), sort_keys=True).encode()).hexdigest()


def usage_of(messages: Sequence[Mapping[str, str]], text: str) -> tuple[int, int]:
    """The tokens of a call as this endpoint counts them: words."""
    return sum(len(message["content"].split()) for message in messages), len(text.split())


class Script:
    """What to answer and which fault to inject; the same for the same calls, in whatever order they arrive."""

    def __init__(self, script: Json, log: Path) -> None:
        self.script = script
        self.log = log
        self.changed = threading.Condition()
        self.held = script.get("held", 0)
        self.number = 0
        self.now = 0
        self.seen: Counter[str] = Counter()
        self.done: Counter[tuple[int, str]] = Counter()
        self.begun: dict[int, float] = {}  # when a fault that lasts first happened, by its place
        self.windows: dict[int, tuple[float, int]] = {}  # the beginning of a fault's window, and the calls in it
        self.down = 0.0  # seconds for which nobody listens after a restart

    def reply(self, body: Json) -> str:
        """The text that a call is answered with when all goes well."""
        last = body["messages"][-1]["content"]
        fitting = (text for part, text in self.script.get("replies", []) if part in last)
        default = self.script.get("default", "Yes.")
        return next(fitting, default[body["model"]] if isinstance(default, dict) else default)

    def begin(self, body: Json, authorization: str, path: str) -> tuple[Json, str]:
        """Number and log a call; returns the fault to inject (or `{"do": "reply"}`) and the text to answer with."""
        with self.changed:
            self.number += 1
            self.now += 1
            self.changed.notify_all()
            key = digest(body["messages"])
            self.seen[key] += 1
            fault = self._fault(body, key)
            text = fault["text"] if fault["do"] == "wrong" else self.reply(body)
            word = authorization.partition(" ")[0]
            self._write(body, key, fault, text, {"authorized": bool(word), "scheme": word, "path": path})
        return fault, text

    def wait(self) -> None:
        """Until the call may be answered."""
        with self.changed:
            self.changed.wait_for(lambda: self.number >= self.held)
        time.sleep(self.script.get("latency", 0))

    def release(self) -> None:
        """Hold no call any more."""
        with self.changed:
            self.held = 0
            self.changed.notify_all()

    def end(self) -> None:
        """Count a call as answered."""
        with self.changed:
            self.now -= 1

    def _fault(self, body: Json, key: str) -> Json:
        for place, fault in enumerate(self.script.get("faults", [])):
            if self._applies(fault, body, key, place) and self._in_time(fault, place):
                self.done[place, key] += 1
                return {**fault, "left": self._left(fault, place)}
        return {"do": "reply"}

    def _applies(self, fault: Json, body: Json, key: str, place: int) -> bool:
        return (
            self.number in fault.get("calls", [self.number])
            and self.number > fault.get("after", 0)
            and fault.get("match", "") in body["messages"][-1]["content"]
            and self.done[place, key] < fault.get("each", 10**9)
            and (fault["do"] != "unsupported" or fault["parameter"] in body)
            and ("has" not in fault or fault["has"] in body or fault["has"] in json.dumps(body))
            and fault.get("role", body["messages"][0]["role"]) == body["messages"][0]["role"]
            and self._drawn(f"{place} {key} {self.seen[key]}") < fault.get("rate", 1.0)
        )

    def _in_time(self, fault: Json, place: int) -> bool:
        """Whether a fault still lasts, or a call is one too many in its window."""
        now = time.monotonic()
        if "lasts" in fault:
            return now < self.begun.setdefault(place, now) + fault["lasts"]
        if "window" not in fault:
            return True
        most, seconds = fault["window"]
        began, calls = self.windows.get(place, (now, 0))
        if now - began >= seconds:
            began, calls = now, 0
        self.windows[place] = (began, calls + 1)
        return calls >= most

    def _left(self, fault: Json, place: int) -> float:
        """Seconds until a fault is over, where it says so."""
        now = time.monotonic()
        if "lasts" in fault:
            return self.begun[place] + fault["lasts"] - now
        return self.windows[place][0] + fault["window"][1] - now if "window" in fault else 0.0

    def _drawn(self, key: str) -> float:
        return random.Random(f"{self.script.get('seed', 0)} {key}").random()

    def _write(self, body: Json, key: str, fault: Json, text: str, seen: Json) -> None:
        line = {
            "number": self.number,
            "at": time.monotonic(),
            "messages": key,
            "roles": [message["role"] for message in body["messages"]],
            "parameters": {name: value for name, value in body.items() if name != "messages"},
            "did": f"status {fault['status']}" if fault["do"] in ("status", "answer") else fault["do"],
            "at_once": self.now,
            "usage": usage_of(body["messages"], text),
            **seen,
        }
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


class Handler(BaseHTTPRequestHandler):
    """Answers one connection's calls."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    script: Script

    def log_message(self, *args: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        """List the models: /v1/models; count the calls not answered yet: /v1/in-flight; answer those held: /release."""
        if self.path == "/v1/in-flight":
            self.send(200, {"calls": self.script.now})
            return
        if self.path == "/release":
            self.script.release()
            self.send(200, {})
            return
        known = self.path == "/v1/models"
        self.send(200 if known else 404, {"object": "list", "data": [{"id": "scripted", "object": "model"}]})

    def do_POST(self) -> None:
        """Complete a conversation: /v1/chat/completions."""
        length = int(self.headers["Content-Length"])
        data = self.rfile.read(length)
        if len(data) < length:
            raise ConnectionAbortedError("the client was killed while it sent its request")
        body = json.loads(data)
        path = self.path.partition("?")[0]
        if not any(re.fullmatch(known, path) for known in self.script.script.get("paths", _PATHS)):
            no_path = {"status": 404, "body": json.dumps({"error": {"message": f"no such path: {self.path}"}})}
            answer(self, self.script.script.get("elsewhere", no_path), {})
            return
        fault, text = self.script.begin(body, self.headers.get("Authorization", ""), path)
        try:
            self.script.wait()
            FAULTS[fault["do"]](self, fault, completion(body, text))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client has gone: killed, or out of patience
        finally:
            self.script.end()

    def send(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        """Send a JSON body."""
        self.send_raw(status, json.dumps(body).encode(), headers=headers)

    def send_raw(
        self, status: int, data: bytes, kind: str = "application/json", headers: Mapping[str, str] | None = None
    ) -> None:
        """Send bytes as a body."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def completion(body: Json, text: str) -> Json:
    """A reply in the endpoint's form."""
    asked, said = usage_of(body["messages"], text)
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": f"{body['model']}-0613",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said},
    }


def reply(handler: Handler, fault: Json, body: Json) -> None:
    """No fault; `wrong` is one as well, with a `text` of its own."""
    handler.send(200, body)


def status(handler: Handler, fault: Json, body: Json) -> None:
    """Send `status`, with `retry_after` seconds and an `error` object; {key} in its message is the caller's key."""
    error = {"message": "injected", "type": "injected", "param": None, "code": None} | fault.get("error", {})
    key = handler.headers.get("Authorization", "").removeprefix("Bearer ")
    error["message"] = error["message"].replace("{key}", key)
    headers = {"Retry-After": str(fault["retry_after"])} if "retry_after" in fault else {}
    handler.send(fault["status"], {"error": error}, headers)


def answer(handler: Handler, fault: Json, body: Json) -> None:
    """Send `status`, `headers` and a `body` as it stands, after `seconds`; it is JSON where it begins as such.

    What stands in braces is filled in: see `_fillings`.
    """
    time.sleep(fault.get("seconds", 0))
    told, headers = fault.get("body", ""), json.dumps(fault.get("headers", {}))
    for name, value in _fillings(handler, fault).items():
        told, headers = told.replace(name, value), headers.replace(name, value)
    kinds = {"<": "text/html", "{": "application/json", "[": "application/json", '"': "application/json"}
    handler.send_raw(fault["status"], told.encode(), kinds.get(told[:1], "text/plain"), json.loads(headers))


def _fillings(handler: Handler, fault: Json) -> dict[str, str]:
    """What `answer` puts in place of names: the caller's key in several forms, and when a fault is over."""
    given = handler.headers.get("Authorization", handler.headers.get("api-key", ""))
    key, left = given.rpartition(" ")[2], fault.get("left", 0.0)
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in key)
    return {
        "{key}": key,
        "{key quoted}": "".join(f"%{ord(letter):02X}" for letter in key),
        "{key in base64}": base64.b64encode(key.encode()).decode(),
        "{header in base64}": base64.b64encode(f"Authorization: {given}".encode()).decode(),
        "{key escaped}": escaped,
        "{key escaped twice}": escaped.replace("\\", "\\\\"),
        "{left}": f"{left:.1f}",
        "{left ms}": f"{left * 1000:.0f}",
        "{until}": email.utils.formatdate(time.time() + left, usegmt=True),
        "{until ms}": f"{(time.time() + left) * 1000:.0f}",
        "{until s}": f"{time.time() + left:.0f}",
        "{brackets}": "[" * 200_000,
    }


def restart(handler: Handler, fault: Json, body: Json) -> None:
    """Break all connections in place of a reply, and listen again after `seconds`."""
    handler.script.down = fault["seconds"]
    handler.close_connection = True
    handler.server.shutdown()


def alert(handler: Handler, fault: Json, body: Json) -> None:
    """Send what TLS says to plain HTTP."""
    handler.wfile.write(bytes([21, 3, 1, 0, 2, 2, 70]))
    handler.close_connection = True


def unsupported(handler: Handler, fault: Json, body: Json) -> None:
    """Refuse a request that has `parameter`, the way OpenAI does; `bare` leaves param and code out."""
    name = fault["parameter"]
    message = f"Unsupported parameter: '{name}' is not supported with this model."
    coded = {"param": name, "code": fault.get("code", "unsupported_parameter")}
    handler.send(400, {"error": {"message": message} | ({} if fault.get("bare") else coded)})


def slow(handler: Handler, fault: Json, body: Json) -> None:
    """Reply after `seconds`."""
    time.sleep(fault["seconds"])
    handler.send(200, body)


def drip(handler: Handler, fault: Json, body: Json) -> None:
    """Send the reply byte by byte over `seconds`, so that no single read takes long."""
    data = json.dumps(body).encode()
    handler.send_raw(200, b"", headers={"Content-Length": str(len(data))})
    for place in range(len(data)):
        time.sleep(fault["seconds"] / len(data))
        handler.wfile.write(data[place : place + 1])


def cut(handler: Handler, fault: Json, body: Json) -> None:
    """Close the connection in the middle of the body."""
    data = json.dumps(body).encode()
    handler.send_raw(200, data[: len(data) // 2], headers={"Content-Length": str(len(data))})
    handler.close_connection = True


def reset(handler: Handler, fault: Json, body: Json) -> None:
    """Reset the connection in place of a reply."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.shutdown(socket.SHUT_RD)
    handler.connection.close()
    handler.close_connection = True


def not_json(handler: Handler, fault: Json, body: Json) -> None:
    """Send status 200 and half a JSON document; `text` and `type` replace it and its media type."""
    handler.send_raw(200, fault.get("text", '{"id": "x", "choices": [').encode(), fault.get("type", "application/json"))


def no_choices(handler: Handler, fault: Json, body: Json) -> None:
    """Send a reply whose list of choices is empty, and which counts no tokens."""
    handler.send(200, body | {"choices": [], "usage": None})


def content_filter(handler: Handler, fault: Json, body: Json) -> None:
    """Send a reply that a content filter stopped."""
    choice = {"index": 0, "finish_reason": "content_filter", "message": {"role": "assistant", "content": ""}}
    handler.send(200, body | {"choices": [choice]})


def changed(handler: Handler, fault: Json, body: Json) -> None:
    """Send the reply with the fields in `body` replaced, and with `headers`; {large} in one is 70,000 letters."""
    headers = {name: told.replace("{large}", "a" * 70_000) for name, told in fault.get("headers", {}).items()}
    handler.send_raw(200, json.dumps(body | fault["body"]).encode(), headers=headers)


def flood(handler: Handler, fault: Json, body: Json) -> None:
    """Send a body without end, until the client hangs up."""
    handler.send_raw(200, b"", headers={"Content-Length": str(10**12)})
    while True:
        handler.wfile.write(b" " * 2**20)


FAULTS: Mapping[str, Callable[[Handler, Json, Json], None]] = {
    "reply": reply,
    "wrong": reply,
    "status": status,
    "answer": answer,
    "restart": restart,
    "alert": alert,
    "unsupported": unsupported,
    "slow": slow,
    "drip": drip,
    "cut": cut,
    "reset": reset,
    "not_json": not_json,
    "no_choices": no_choices,
    "content_filter": content_filter,
    "changed": changed,
    "flood": flood,
}


class Server(ThreadingHTTPServer):
    """A thread per connection, and room for many that come at once."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, handler: type[Handler]) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.open = weakref.WeakSet[socket.socket]()
        if handler.script.script.get("tls"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def get_request(self) -> tuple[socket.socket, Any]:
        """A connection."""
        connection, address = super().get_request()
        self.open.add(connection)
        return connection, address

    def hang_up(self) -> None:
        """Break every connection, as the end of a process does."""
        for connection in self.open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *args: Any) -> None:
        """A client that hangs up, or speaks no TLS, is no error."""
        if not isinstance(sys.exception(), (ConnectionError, ssl.SSLError)):
            super().handle_error(*args)


def main(handler: type[Handler], scripted: type[Script], script: Path, log: Path) -> None:
    """Print the port and serve until killed, also after a restart."""
    handler.script = scripted(json.loads(script.read_text(encoding="utf-8")), log)
    port = 0
    while True:
        with Server(port, handler) as server:
            if not port:
                print(server.server_port, flush=True)
            port = server.server_port
            server.serve_forever(poll_interval=0.05)
        server.hang_up()
        time.sleep(handler.script.down)


if __name__ == "__main__":
    main(Handler, Script, Path(sys.argv[1]), Path(sys.argv[2]))
