"""OpenAI's Batch API, against a server on this machine that has its five calls."""

import json
import re
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.rubric_replies import answer, replies
from servers.running import judgebench, make_workspace

from judgebench.errors import EndpointError, UsageError
from judgebench.models import Reply, Request
from judgebench.models.batch import BatchModel, Pending, StrangeBatchWarning
from judgebench.models.batch.ledger import Ledger
from judgebench.models.batch.outcomes import read_file
from judgebench.tables.records import Criterion, Failure, Question, Review, Sampling, Usage

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
        self.says: dict[str, str] = {}  # what is said in reply, by a part of the prompt
        self.silent: set[str] = set()  # parts of prompts that get no line at all
        self.unsupported: list[str] = []  # parameters that are refused
        self.die_after_create = False
        self.spoil_batch: list[Json] = []  # what is different of a batch that is done, at one look after the other
        self.hidden = 0  # looks at a batch that are answered with 404
        self.told: Json | None = None  # the errors of a batch
        self.spoil: dict[str, Callable[[bytes], bytes | None]] = {}  # what becomes of a file's bytes, by its kind

    def content(self, name: str) -> bytes | None:
        """A file, if it is there, as it is sent."""
        data = self.files[name].encode() if name in self.files else None
        spoilt = self.spoil.get(name.rpartition("-")[2])
        return spoilt(data) if data is not None and spoilt else data

    def bodies(self) -> list[Json]:
        """Every request that was submitted."""
        files = [self.files[batch["input_file_id"]] for batch in self.batches.values()]
        return [json.loads(line)["body"] for text in files for line in text.splitlines()]

    def unsupported_in(self, line: Json) -> Json | None:
        """The refusal of a request that has what this endpoint doesn't take."""
        name = next((name for name in self.unsupported if name in line["body"]), None)
        told = {"message": f"Unsupported parameter: '{name}'", "param": name, "code": "unsupported_parameter"}
        return {"response": {"status_code": 400, "body": {"error": told}}, "error": None} if name else None

    def reply(self, prompt: str) -> str:
        """What is said to a prompt."""
        return next((text for part, text in self.says.items() if part in prompt), f"to {prompt}")

    def finish(self, batch: Json) -> None:
        """Write the files of outputs (last request first) and errors."""
        done, errors = [], []
        for line in map(json.loads, reversed(self.files[batch["input_file_id"]].splitlines())):
            prompt = line["body"]["messages"][-1]["content"]
            wrong = next((told for part, told in self.refused.items() if part in prompt), self.unsupported_in(line))
            if wrong:
                errors.append({"custom_id": line["custom_id"], **wrong})
            elif not any(part in prompt for part in self.silent):
                done.append({"custom_id": line["custom_id"], "error": None, "response": answered(self.reply(prompt))})
        batch["status"] = self.status
        for kind, rows in (("output", done), ("error", errors)):
            if rows:
                self.files[f"{batch['id']}-{kind}"] = "\n".join(map(json.dumps, rows)) + "\n"
                batch[f"{kind}_file_id"] = f"{batch['id']}-{kind}"


def answered(text: str) -> Json:
    """A response as it stands in a file of outputs."""
    message = {"role": "assistant", "content": text}
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
            data = self.server.content(name)
            self.send(data if data is not None else {"error": {"message": "no file"}}, 404 if data is None else 200)
        elif not name:
            self.send(self.page(parse_qs(urlsplit(self.path).query).get("after", [""])[0]))
        elif name not in self.server.batches or self.server.hidden:
            self.server.hidden = max(0, self.server.hidden - 1)
            self.send({"error": {"message": "no such batch"}}, 404)
        else:
            self.poll(name)

    def page(self, after: str) -> Json:
        """Five of all batches, those that follow one."""
        names = list(self.server.batches)
        start = names.index(after) + 1 if after else 0
        shown = [self.server.batches[name] for name in names[start : start + 5]]
        return {"object": "list", "data": shown, "has_more": start + 5 < len(names)}

    def poll(self, name: str) -> None:
        """Show a batch, which is done when it was asked for often enough."""
        batch = self.server.batches[name]
        self.server.asked[name] = self.server.asked.get(name, 0) + 1
        if batch["status"] == "validating" and self.server.asked[name] >= self.server.polls:
            self.server.finish(batch)
        done = batch["status"] != "validating" and self.server.spoil_batch
        self.send({**batch, "errors": self.server.told, **(self.server.spoil_batch.pop(0) if done else {})})

    def send(self, body: object, status: int = 200) -> None:
        """Send JSON, or a file as it is."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
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
    with pytest.warns(StrangeBatchWarning, match="1 lines can't be read"):
        assert texts(list(model(tmp_path).generate(requests("a", "b")))) == {0: "to a", 1: "to b"}
    assert len(server.batches) == 1
    assert (tmp_path / "state.jsonl.torn").read_text(encoding="utf-8") == '{"batch": "torn\n'


BOTH, NEITHER = ("ids", "batch"), ()


@pytest.mark.parametrize("spoilt", [("ids",), ("batch",), BOTH, NEITHER])
@pytest.mark.parametrize("junk", ["?", "null", "[" * 200_000, '{"mark": 7}', '{"done": ' + "9" * 5000 + "}", "\x00"])
def test_a_line_of_the_state_that_cannot_be_read_loses_nothing(
    tmp_path: Path, server: Batches, spoilt: Sequence[str], junk: str
) -> None:
    """Whatever it said, the endpoint knows it too: replies are fetched, and nothing is submitted or paid for again."""
    with pytest.raises(Pending):
        list(model(tmp_path, patience=0).generate(requests("a", "b")))
    path = tmp_path / "state.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [junk if any(f'"{word}"' in line for word in spoilt) else line for line in lines]
    path.write_text("\n".join([junk, *kept, ""]), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StrangeBatchWarning)
        assert texts(list(model(tmp_path).generate(requests("b", "a")))) == {0: "to b", 1: "to a"}
    assert len(server.batches) == 1
    assert list(model(tmp_path, patience=0).generate([])) == []
    assert Ledger(path).strange == []
    assert Ledger(path).batches == {}


def test_what_another_table_submitted_is_left_to_it(tmp_path: Path, server: Batches) -> None:
    """Where our state can't be read, only batches that ask for what we want are taken for ours."""
    with pytest.raises(Pending):
        list(model(tmp_path / "other", patience=0).generate(requests("x")))
    (tmp_path / "state.jsonl").write_text("?\n", encoding="utf-8")
    with pytest.warns(StrangeBatchWarning):
        assert texts(list(model(tmp_path).generate(requests("a")))) == {0: "to a"}
    assert len(server.batches) == 2
    assert texts(list(model(tmp_path / "other").generate(requests("x")))) == {0: "to x"}
    assert len(server.batches) == 2


def test_a_batch_is_found_among_many(tmp_path: Path, server: Batches) -> None:
    """An account may hold more of them than one page of a list."""
    server.die_after_create = True
    with pytest.raises(EndpointError):
        list(model(tmp_path).generate(requests("a")))
    server.die_after_create = False
    server.batches = {
        **{f"x{n}": {"id": f"x{n}", "object": "batch", "metadata": None} for n in range(7)},
        **server.batches,
    }
    assert texts(list(model(tmp_path).generate(requests("a")))) == {0: "to a"}
    assert len(server.batches) == 8


JUNK = (
    *(
        b"",
        b" ",
        b"null",
        b"[]",
        b"7",
        b'"x"',
        b"{",
        b'{"custom_id": 5}',
        b'{"custom_id": "mine"}',
        b"\xff\xfe",
        b"\x00",
    ),
    *(b"[" * 200_000, b'{"a":' * 200_000, b"1" * 5000, b'{"custom_id": null, "response": "x", "error": []}'),
)


def line(number: int, **told: Any) -> bytes:
    """A line of a file of outputs."""
    row = {"custom_id": f"{number:020x}-0", "error": None, "response": answered(f"to {number}")} | told
    return json.dumps(row, ensure_ascii=False).encode()


@given(st.lists(st.integers(0, 40) | st.sampled_from(JUNK), max_size=12), st.integers(0, 400))
def test_every_line_of_a_file_is_taken_by_itself(parts: list[int | bytes], end: int) -> None:
    """What is whole is read whatever stands around it, and whatever is cut off at the end."""
    whole = [line(part) if isinstance(part, int) else part for part in parts]
    told = read_file(b"\n".join([*whole, line(99)[:end]]))
    found, strange = told.found, told.strange
    numbers = {part for part in parts if isinstance(part, int)}
    assert {f"{number:020x}-0" for number in numbers} == found.keys() - {f"{99:020x}-0"}
    for number in numbers:
        done = found[f"{number:020x}-0"].completion
        assert done
        assert done.text == f"to {number}"
    assert strange >= sum(isinstance(part, bytes) and bool(part.strip()) for part in parts)


@pytest.mark.parametrize(
    "told",
    [
        *(
            {"response": value}
            for value in (None, 7, "x", [], {}, {"status_code": "200"}, {"status_code": [], "body": 1})
        ),
        *({"response": {"status_code": 200, "body": value}} for value in (None, 7, "x", [], {"choices": "x"}, [[]])),
        *({"response": None, "error": value} for value in ("why", 7, ["why"], {"code": 7}, {"code": "A\x1b[2J" * 99})),
        {"response": {"status_code": 400, "body": {"error": {"message": ["why"], "param": {}, "code": []}}}},
        {"response": {"status_code": 418, "body": "why"}},
        {"response": {"status_code": 10**30, "body": {"error": "why"}}},
    ],
)
def test_an_odd_line_is_its_own_rows_error(told: Json) -> None:
    """Whatever type a field has; the reason stays where there is one, and a kind is a plain word."""
    (outcome,) = read_file(line(1, **told)).found.values()
    assert outcome.failure
    assert re.fullmatch("[a-z0-9_]+", outcome.failure.kind)
    assert "why" not in json.dumps(told) or "why" in outcome.failure.message


def test_a_reply_with_a_line_separator_in_it_is_one_line(tmp_path: Path, server: Batches) -> None:
    """JSON may hold U+2028 as it is, and only a line feed ends a line."""
    server.spoil["output"] = lambda data: data.replace(b"to a", "to\u2028a\x85!".encode())
    assert texts(list(model(tmp_path).generate(requests("a", "b")))) == {0: "to\u2028a\x85!", 1: "to b"}


def test_what_can_be_read_of_damaged_files_is_kept(tmp_path: Path, server: Batches) -> None:
    """A cut line is its row's error, a line without an id is told, and nothing is submitted again: it is paid for."""
    server.refused = {"c": {"response": {"status_code": 400, "body": {"error": {"message": "no"}}}, "error": None}}
    server.spoil = {"output": lambda data: data[:-40], "error": lambda data: b"oops\n" + data[:20]}
    with pytest.warns(StrangeBatchWarning, match="batch-0: 2 lines of the file batch-0-error name no request"):
        replies = list(model(tmp_path).generate(requests("a", "b", "c")))
    kinds = {reply.index: reply.failure.kind if reply.failure else None for reply in replies}
    assert kinds == {0: "broken_reply", 1: None, 2: "batch_completed"}
    assert all(str(tmp_path) in reply.failure.message for reply in replies if reply.failure)
    server.spoil = {}
    replies = list(model(tmp_path).generate(requests("a", "c")))
    assert {reply.index: reply.failure.kind if reply.failure else None for reply in replies} == {0: None, 1: "refused"}
    assert len(server.bodies()) == 3


TROUBLES: dict[str, Callable[[bytes], bytes | None]] = {
    "lost": lambda data: None,
    "empty": lambda data: b"",
    "an error in its place": lambda data: b'{"error": {"message": "internal error, try again"}}',
    "half of it": lambda data: data[: len(data) // 2],
    "none of its lines whole": lambda data: data.replace(b"}\n", b"\n"),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("looks", [1, 5])
@pytest.mark.filterwarnings("ignore::judgebench.models.batch.StrangeBatchWarning")
def test_nothing_is_done_before_it_is_read(
    tmp_path: Path, server: Batches, trouble: Callable[[bytes], bytes | None], looks: int
) -> None:
    """What can't be read yet is asked for again, in this run or in the next, and never bought again."""
    left = [looks]

    def spoilt(data: bytes) -> bytes | None:
        left[0] -= 1
        return trouble(data) if left[0] >= 0 else data

    server.spoil["output"] = spoilt
    asked = requests("a", "b", "c", "d")
    first = list(model(tmp_path).generate(asked))
    good = texts([reply for reply in first if not reply.failure])
    assert len(good) == 4 or looks > 1
    for _ in range(2):
        todo = [index for index in range(4) if index not in good]
        again = model(tmp_path).generate([asked[index] for index in todo])
        good |= {todo[reply.index]: reply.completions[0].text for reply in again if not reply.failure}
    assert good == {0: "to a", 1: "to b", 2: "to c", 3: "to d"}
    assert len(server.bodies()) == 4


def test_a_batch_that_names_no_file_yet_is_looked_at_again(tmp_path: Path, server: Batches) -> None:
    """It is said to be done a moment before its files are there."""
    server.spoil_batch = [{"output_file_id": None}]
    assert len(texts(list(model(tmp_path).generate(requests("a", "b"))))) == 2
    assert len(server.bodies()) == 2


def test_a_batch_that_is_listed_is_not_lost(tmp_path: Path, server: Batches) -> None:
    """Though the endpoint doesn't show it for a moment."""
    server.hidden = 1
    assert texts(list(model(tmp_path).generate(requests("a")))) == {0: "to a"}
    assert len(server.bodies()) == 1


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "an array": lambda data: json.dumps([json.loads(line) for line in data.splitlines()]).encode(),
    "an array, an object a line": lambda data: b"[" + data.strip().replace(b"\n", b",\n") + b"]",
    "an array over many lines": lambda data: json.dumps(
        [json.loads(line) for line in data.splitlines()], indent=2
    ).encode(),
    "objects over many lines": lambda data: b"\n".join(
        json.dumps(json.loads(line), indent=1).encode() for line in data.splitlines()
    ),
    "Windows' line ends": lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"),
    "bodies that are JSON in JSON": lambda data: b"\n".join(
        json.dumps({**row, "response": {**row["response"], "body": json.dumps(row["response"]["body"])}}).encode()
        for row in map(json.loads, data.splitlines())
    ),
    "errors of nothing": lambda data: data.replace(b'"error": null', b'"error": {"code": null, "message": null}'),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_file_in_another_form_is_read(tmp_path: Path, server: Batches, form: Callable[[bytes], bytes]) -> None:
    """At once, and all of it."""
    server.spoil["output"] = form
    assert texts(list(model(tmp_path).generate(requests("a", "b")))) == {0: "to a", 1: "to b"}
    assert len(server.bodies()) == 2


@pytest.mark.parametrize("word", ["COMPLETED", "Completed", "succeeded", "done", "ready"])
def test_a_batch_is_done_in_whatever_word(tmp_path: Path, server: Batches, word: str) -> None:
    """In another case, by another name, or by having an output."""
    server.status = word
    assert texts(list(model(tmp_path).generate(requests("a")))) == {0: "to a"}


def test_a_word_that_nobody_knows_is_not_waited_for(tmp_path: Path, server: Batches) -> None:
    """It is said, nothing is lost, and what is going on is looked at again by the next run."""
    server.status, server.silent = "on_hold", {"a"}
    with pytest.raises(EndpointError, match="'on_hold' of the batch batch-0"):
        list(model(tmp_path).generate(requests("a")))
    server.status, server.silent = "completed", set()
    server.batches["batch-0"]["status"] = "validating"
    assert texts(list(model(tmp_path).generate(requests("a")))) == {0: "to a"}
    assert len(server.bodies()) == 1


def test_as_many_tokens_as_allowed_are_a_cut_reply(tmp_path: Path, server: Batches) -> None:
    """Also where the endpoint says `stop`, as of a single call."""
    body = {**answered("to a")["body"], "usage": {"prompt_tokens": 10, "completion_tokens": 50}}
    server.refused = {"a": {"error": None, "response": {"status_code": 200, "body": body}}}
    (reply,) = model(tmp_path).generate(requests("a"))
    assert reply.completions[0].finish_reason == "length"


def test_a_key_that_comes_back_is_kept_nowhere(
    tmp_path: Path, server: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in a text, not in a name, and not in the reason of a batch that was refused."""
    key = "sk-not-to-be-seen-0123456789"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    body = {**answered("to a")["body"], "model": f"m {key}"}
    body["choices"] = [{"finish_reason": f"stop {key}", "message": {"content": f"I saw {key}", "reasoning": key}}]
    server.refused = {"a": {"error": None, "response": {"status_code": 200, "body": body}}}
    replies = list(model(tmp_path).generate(requests("a", f"b {key}")))
    assert key not in repr(replies)
    assert {reply.billed[0].text for reply in replies} == {"I saw [key]", "to b [key]"}
    server.status = "failed"
    server.told = {"data": [{"message": f"no such key: {key}"}]}
    with pytest.raises(EndpointError, match=r"no such key: \[key\]"):
        list(model(tmp_path).generate(requests("c")))


def test_a_file_that_is_lost_takes_no_other_with_it(tmp_path: Path, server: Batches) -> None:
    """What the other one holds is kept."""
    server.refused = {"b": {"response": {"status_code": 400, "body": {}}, "error": None}}
    server.spoil = {"error": lambda data: None}
    with pytest.warns(StrangeBatchWarning, match="lost the file batch-0-error"):
        replies = list(model(tmp_path).generate(requests("a", "b")))
    assert [(reply.index, reply.failure and reply.failure.kind) for reply in replies] == [
        (0, None),
        (1, "batch_completed"),
    ]


def test_a_page_in_place_of_a_file_is_asked_for_again(tmp_path: Path, server: Batches) -> None:
    """Some machine in between has answered: nothing is given up for it."""
    server.spoil["output"] = lambda data: b"\n<!doctype html><p>Please log in."
    with pytest.raises(EndpointError, match="sends a page"):
        list(model(tmp_path).generate(requests("a")))
    server.spoil = {}
    assert texts(list(model(tmp_path).generate(requests("a")))) == {0: "to a"}
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


@pytest.mark.parametrize("way", ["schema", "text"])
def test_a_review_by_rubrics_goes_through_batches(tmp_path: Path, server: Batches, way: str) -> None:
    """By what was said of each answer's criteria; a reply that says nothing of them is asked again, then an error."""
    server.polls = 1
    rubric = (Criterion("It says that the sea is deep.", 5), Criterion("It is rude.", -4))
    questions = [Question(id=f"q{n}", category="c", turns=(f"Of the sea, {n}?",), rubric=rubric) for n in range(2)]
    told: dict[str, list[tuple[int, ...]]] = {"base": [(1,), (1, 2)], "new": [(2,), ()]}
    said = {
        model: [answer(*met, words=f"The sea is deep, says {model} {n}.") for n, met in enumerate(all_met)]
        for model, all_met in told.items()
    }
    workspace = make_workspace(tmp_path / "w", questions, {model: [[text] for text in said[model]] for model in said})
    server.says = dict(replies(rubric, [*said["base"], said["new"][0]]))
    review = ("review", "--questions", "small", "--judge", "openai:gpt-4", "--batch", "--verdict-by", way)
    url = f"http://127.0.0.1:{server.server_port}/v1"
    judgebench(workspace, *review, url=url)
    rows: list[Review] = workspace.reviews("small", "openai:gpt-4").read()
    scores = {(row.models[0], row.question_id): row.verdict and row.verdict.scores for row in rows}
    assert (len(rows), len(server.bodies())) == (5, 5)
    assert sum("response_format" in body for body in server.bodies()) == (4 if way == "schema" else 0)
    assert scores == {("base", "q0"): (1,), ("base", "q1"): (0.2,), ("new", "q0"): (-0.8,), ("new", "q1"): None}
    assert [row.error and row.error.kind for row in rows if not row.verdict] == ["unparsed"] * 2
