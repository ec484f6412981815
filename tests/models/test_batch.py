"""OpenAI's Batch API, against a server on this machine that has its five calls."""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from judgebench.errors import EndpointError, UsageError
from judgebench.models import Reply, Request
from judgebench.models.batch import BatchModel, Pending
from judgebench.models.batch.ledger import Ledger
from judgebench.tables.records import Failure, Sampling, Usage

Json = dict[str, Any]


class Batches(ThreadingHTTPServer):
    """The endpoint: its files and batches. `polls` is how often a batch is asked for before it is done."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, str] = {}
        self.batches: dict[str, Json] = {}
        self.asked: dict[str, int] = {}
        self.polls = 2
        self.status = "completed"
        self.refused: dict[str, Json] = {}  # the lines of the error file, by a part of the prompt
        self.silent: set[str] = set()  # parts of prompts that get no line at all
        self.unsupported: list[str] = []  # parameters that are refused
        self.die_after_create = False

    def bodies(self) -> list[Json]:
        """Every request that was submitted."""
        files = [self.files[batch["input_file_id"]] for batch in self.batches.values()]
        return [json.loads(line)["body"] for text in files for line in text.splitlines()]

    def unsupported_in(self, line: Json) -> Json | None:
        """The refusal of a request that has what this endpoint doesn't take."""
        name = next((name for name in self.unsupported if name in line["body"]), None)
        told = {"message": f"Unsupported parameter: '{name}'", "param": name, "code": "unsupported_parameter"}
        return {"response": {"status_code": 400, "body": {"error": told}}, "error": None} if name else None

    def finish(self, batch: Json) -> None:
        """Write the files of outputs (last request first) and errors."""
        done, errors = [], []
        for line in map(json.loads, reversed(self.files[batch["input_file_id"]].splitlines())):
            prompt = line["body"]["messages"][-1]["content"]
            wrong = next((told for part, told in self.refused.items() if part in prompt), self.unsupported_in(line))
            if wrong:
                errors.append({"custom_id": line["custom_id"], **wrong})
            elif not any(part in prompt for part in self.silent):
                done.append({"custom_id": line["custom_id"], "error": None, "response": answered(prompt)})
        batch["status"] = self.status
        for kind, rows in (("output", done), ("error", errors)):
            if rows:
                self.files[f"{batch['id']}-{kind}"] = "\n".join(map(json.dumps, rows)) + "\n"
                batch[f"{kind}_file_id"] = f"{batch['id']}-{kind}"


def answered(prompt: str) -> Json:
    """A response as it stands in a file of outputs."""
    message = {"role": "assistant", "content": f"to {prompt}"}
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    body = {"model": "gpt-4-0613", "choices": [{"finish_reason": "stop", "message": message}], "usage": usage}
    return {"status_code": 200, "body": body}


class Handler(BaseHTTPRequestHandler):
    """The five calls."""

    server: Batches

    def log_message(self, *args: object) -> None:
        """Stay silent."""

    def do_POST(self) -> None:
        """Take a file, or make a batch."""
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/files":
            boundary = self.headers["Content-Type"].partition("boundary=")[2].encode()
            part = next(part for part in data.split(b"--" + boundary) if b"requests.jsonl" in part)
            name = f"file-{len(self.server.files)}"
            self.server.files[name] = part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n").decode()
            self.send({"id": name, "object": "file"})
            return
        name = f"batch-{len(self.server.batches)}"
        made = {"id": name, "object": "batch", "status": "validating", **json.loads(data)}
        self.server.batches[name] = made
        if self.server.die_after_create:
            self.send({"error": {"message": "gone", "code": "gone"}}, 400)
        else:
            self.send(made)

    def do_GET(self) -> None:
        """Show a batch, all batches, or a file."""
        kind, name = [*self.path.partition("?")[0].split("/")[2:], ""][:2]
        if kind == "files":
            self.send(self.server.files.get(name), 200 if name in self.server.files else 404)
        elif not name:
            self.send({"object": "list", "data": list(self.server.batches.values())})
        elif name not in self.server.batches:
            self.send({"error": {"message": "no such batch"}}, 404)
        else:
            self.poll(name)

    def poll(self, name: str) -> None:
        """Show a batch, which is done when it was asked for often enough."""
        batch = self.server.batches[name]
        self.server.asked[name] = self.server.asked.get(name, 0) + 1
        if batch["status"] == "validating" and self.server.asked[name] >= self.server.polls:
            self.server.finish(batch)
        self.send(batch)

    def send(self, body: object, status: int = 200) -> None:
        """Send JSON, or a file as it is."""
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Batches]:
    """The endpoint, running."""
    with Batches() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{running.server_port}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
        yield running
        running.shutdown()
        thread.join()


def requests(*prompts: str) -> list[Request]:
    """Requests of one turn."""
    return [Request((prompt,), Sampling(max_tokens=50), "Judge.") for prompt in prompts]


def model(folder: Path, **settings: Any) -> BatchModel:
    """A model that polls often."""
    return BatchModel("gpt-4", folder / "state.jsonl", **{"poll": 0.001, **settings})


def texts(replies: Sequence[Reply]) -> dict[int, str]:
    """What was said to each request."""
    return {reply.index: reply.completions[0].text for reply in replies}


def test_replies_come_back_to_their_requests(tmp_path: Path, server: Batches) -> None:
    """In whatever order the file has them; with usage, and a note that it was a batch."""
    replies = list(model(tmp_path).generate(requests("a", "b", "c")))
    assert texts(replies) == {0: "to a", 1: "to b", 2: "to c"}
    (done,) = replies[0].completions
    assert (done.usage, done.served_by, done.notes) == (Usage(10, 2), "gpt-4-0613", ("batch",))
    assert [body["messages"][0]["content"] for body in server.bodies()] == ["Judge."] * 3
    assert server.bodies()[0]["max_tokens"] == 50
    assert Ledger(tmp_path / "state.jsonl").batches == {}


def test_what_a_model_refuses_is_left_out_of_a_second_batch(tmp_path: Path, server: Batches) -> None:
    """Reasoning models take no temperature, and call max_tokens otherwise: learnt and noted, as in single calls."""
    server.unsupported = ["temperature", "max_tokens"]
    (reply, other) = model(tmp_path).generate(requests("a", "b"))
    assert {reply.index, other.index} == {0, 1}
    assert len(server.batches) == 3
    last = server.bodies()[-1]
    assert "temperature" not in last
    assert last["max_completion_tokens"] == 50
    assert reply.completions[0].notes == ("batch", "temperature not sent: the endpoint refuses it")
    server.unsupported = ["max_completion_tokens"]
    (reply,) = model(tmp_path, extra={"max_completion_tokens": 9}).generate(requests("c"))
    assert "max_completion_tokens" not in server.bodies()[-1]


def test_a_refusal_that_no_leaving_out_helps_ends(tmp_path: Path, server: Batches) -> None:
    """After a few batches."""
    told = {"message": "Unsupported parameter: 'temperature'", "param": "temperature", "code": "unsupported_parameter"}
    server.refused = {"a": {"response": {"status_code": 400, "body": {"error": told}}, "error": None}}
    (reply,) = model(tmp_path).generate(requests("a"))
    assert reply.failure is not None
    assert reply.failure.kind == "refused"
    assert len(server.batches) == 4


def test_all_that_a_single_call_asks_for_is_asked_for(tmp_path: Path, server: Batches) -> None:
    """A schema, logprobs and the spec's own parameters."""
    asked = [replace(request, schema={"type": "object"}, logprobs=5) for request in requests("a")]
    list(model(tmp_path, extra={"reasoning_effort": "low"}).generate(asked))
    (body,) = server.bodies()
    assert (body["logprobs"], body["top_logprobs"], body["reasoning_effort"]) == (True, 5, "low")
    assert body["response_format"]["json_schema"]["schema"] == {"type": "object"}


def test_large_runs_are_several_batches(tmp_path: Path, server: Batches, monkeypatch: pytest.MonkeyPatch) -> None:
    """By number and by size, as the endpoint takes them."""
    monkeypatch.setattr("judgebench.models.batch._PER_BATCH", 2)
    assert len(list(model(tmp_path).generate(requests("a", "b", "c", "d", "e")))) == 5
    assert len(server.batches) == 3
    monkeypatch.setattr("judgebench.models.batch._BYTES_PER_BATCH", 10)
    list(model(tmp_path).generate(requests("a", "b")))
    assert len(server.batches) == 5


def test_a_run_that_gives_up_waiting_is_gone_on_with(tmp_path: Path, server: Batches) -> None:
    """Days later, by another process: nothing is submitted twice, and what is new is submitted."""
    server.polls = 10
    with pytest.raises(Pending, match="batch-0; run the same command"):
        list(model(tmp_path, patience=0).generate(requests("a", "b")))
    server.polls = 1
    replies = list(model(tmp_path).generate(requests("b", "a", "c")))
    assert texts(replies) == {0: "to b", 1: "to a", 2: "to c"}
    assert [len(server.files[batch["input_file_id"]].splitlines()) for batch in server.batches.values()] == [2, 1]


def test_a_run_that_dies_while_it_takes_replies_takes_the_others_later(tmp_path: Path, server: Batches) -> None:
    """What was handed on (and asked past) is not handed on again, even where prompts are equal: repeats."""
    taking = model(tmp_path).generate(requests("a", "a", "a"))
    first = [next(taking), next(taking)]
    taking.close()  # type: ignore[attr-defined]
    assert len({reply.index for reply in first}) == 2
    waiting = Ledger(tmp_path / "state.jsonl").waiting()
    assert [len(ids) for ids in waiting.values()] == [2]  # the second was not asked past: it may not be on disk
    assert len(list(model(tmp_path).generate(requests("a", "a")))) == 2
    assert len(server.bodies()) == 3
    assert len(list(model(tmp_path).generate(requests("a")))) == 1  # asked for anew: a new call
    assert len(server.bodies()) == 4


def test_a_part_of_what_was_submitted_may_be_asked_for(tmp_path: Path, server: Batches) -> None:
    """The rest stays there until it is asked for."""
    with pytest.raises(Pending):
        list(model(tmp_path, patience=0).generate(requests("a", "b")))
    assert texts(list(model(tmp_path).generate(requests("b")))) == {0: "to b"}
    assert texts(list(model(tmp_path).generate(requests("a")))) == {0: "to a"}
    assert len(server.batches) == 1


@pytest.mark.parametrize("arrived", [True, False])
def test_a_batch_may_have_been_submitted_by_a_process_that_died(tmp_path: Path, server: Batches, arrived: bool) -> None:
    """It is found at the endpoint by our mark; where it is not there, it is submitted."""
    server.die_after_create = True
    with pytest.raises(EndpointError, match="status 400"):
        list(model(tmp_path).generate(requests("a", "b")))
    server.die_after_create = False
    if not arrived:
        server.batches.clear()
    with (tmp_path / "state.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"batch": "torn')
    assert texts(list(model(tmp_path).generate(requests("a", "b")))) == {0: "to a", 1: "to b"}
    assert len(server.batches) == 1


def test_requests_fail_one_by_one(tmp_path: Path, server: Batches) -> None:
    """Each as what it is; asked again, those are submitted again, and only those."""
    server.refused = {
        "too long": {"response": {"status_code": 400, "body": {"error": {"message": "context"}}}, "error": None},
        "busy": {"response": {"status_code": 500, "body": {}}, "error": None},
        "late": {"response": None, "error": {"code": "batch_expired", "message": "24 h"}},
        "odd": {"response": {"status_code": 200, "body": {"choices": []}}, "error": None},
    }
    server.status, server.silent = "expired", {"lost"}
    replies = list(model(tmp_path).generate(requests("fine", "too long", "busy", "late", "odd", "lost")))
    kinds = {reply.index: reply.failure.kind if reply.failure else None for reply in replies}
    assert kinds == {0: None, 1: "refused", 2: "http_500", 3: "batch_expired", 4: "broken_reply", 5: "batch_expired"}
    assert replies[1].failure == Failure("refused", "the endpoint refused the request (context)")
    server.refused, server.status, server.silent = {}, "completed", set()
    assert len(texts(list(model(tmp_path).generate(requests("too long", "lost"))))) == 2
    assert len(server.bodies()) == 8


def test_a_batch_refused_as_a_whole_is_said_and_submitted_again(tmp_path: Path, server: Batches) -> None:
    """With the endpoint's reason."""
    server.status = "failed"
    with pytest.raises(EndpointError, match="refused the batch batch-0"):
        list(model(tmp_path).generate(requests("a")))
    server.status = "completed"
    assert texts(list(model(tmp_path).generate(requests("a")))) == {0: "to a"}


def test_a_batch_that_the_endpoint_has_lost_is_submitted_again(tmp_path: Path, server: Batches) -> None:
    """After a line that says so."""
    with pytest.raises(Pending):
        list(model(tmp_path, patience=0).generate(requests("a")))
    server.batches.clear()
    with pytest.raises(EndpointError, match="lost the batch batch-0"):
        list(model(tmp_path).generate(requests("a")))
    assert texts(list(model(tmp_path).generate(requests("a")))) == {0: "to a"}


def test_nothing_asked_is_nothing_sent(tmp_path: Path) -> None:
    """And conversations of several turns are no batch."""
    assert list(model(tmp_path).generate([])) == []
    with pytest.raises(UsageError, match="one turn"):
        list(model(tmp_path).generate([Request(("a", "b"), Sampling())]))
    assert model(tmp_path).identity == {"spec": "openai:gpt-4"}


def test_a_batch_needs_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says which variable holds it."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="set OPENAI_API_KEY"):
        list(model(tmp_path).generate(requests("a")))


def test_an_endpoint_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nobody: str) -> None:
    """What was submitted is still written down."""
    monkeypatch.setattr("judgebench.models.batch._RETRIES", 0)
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://{nobody}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    with pytest.raises(EndpointError, match="can't be reached"):
        list(model(tmp_path).generate(requests("a")))


@pytest.mark.parametrize(("word", "kind"), [("error", "failed"), ("content_filter", "refused"), ("length", None)])
def test_how_a_reply_ended_is_told_as_of_a_single_call(
    tmp_path: Path, server: Batches, word: str, kind: str | None
) -> None:
    """One that ended badly is a failure that keeps its text and its usage; one that was cut says so."""
    choice = {"finish_reason": word, "message": {"content": "[[A]], but on"}}
    body = {"choices": [choice], "usage": {"prompt_tokens": 10, "completion_tokens": 2}}
    server.refused = {"a": {"error": None, "response": {"status_code": 200, "body": body}}}
    (reply,) = model(tmp_path).generate(requests("a"))
    (said,) = (reply.broken,) if kind else reply.completions
    assert said is not None
    assert (reply.failure and reply.failure.kind, said.text, said.finish_reason) == (kind, "[[A]], but on", word)
    assert reply.usage == Usage(10, 2)
