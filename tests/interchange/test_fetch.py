"""Published question sets, fetched from a real server that has every fault in turn, and from folders."""

import base64
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from typing import Any

import portalocker
import pytest

from judgebench.errors import DataError, JudgebenchError, UsageError
from judgebench.interchange import download
from judgebench.interchange import fetch as module
from judgebench.interchange.download import File
from judgebench.interchange.fastchat import import_fastchat
from judgebench.interchange.fetch import Source, fetch, sources
from judgebench.judging.matches import Match
from judgebench.prompts import find_prompt, render
from judgebench.tables.records import Answer
from judgebench.workspace import Workspace

TURNS = ["Write a line. " * 400, "Now another."]
QUESTION = {"question_id": 81, "category": "writing", "turns": TURNS}
PROMPT = {"name": "p", "type": "single", "output_format": "[[rating]]", "prompt_template": "{question} {answer}"}
CONTENTS = {"question.jsonl": json.dumps(QUESTION).encode(), "judge_prompts.jsonl": json.dumps(PROMPT).encode()}
WHOLE = CONTENTS["question.jsonl"]
FIRST, SECOND = (f"/c0ffee/data/{name}" for name in CONTENTS)
BYTES = "bytes={}-".format


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asked for."""

    path: str
    range: str | None
    authorization: str | None


class Mirror(ThreadingHTTPServer):
    """A server of `contents` whose next answers are the `faults`, one each; then it has none."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.contents = {f"/c0ffee/data/{name}": data for name, data in CONTENTS.items()}
        self.faults: list[Callable[[Handler, bytes], None]] = []
        self.asked: list[Asked] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def ranges(self) -> list[str | None]:
        """What part of the first file was asked for, each time."""
        return [asked.range for asked in self.asked if asked.path == FIRST]


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    server: Mirror

    def log_message(self, *args: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        """Send a file or what follows in it, unless it is a fault's turn."""
        mirror, path = self.server, self.path.partition("?")[0]
        mirror.asked.append(Asked(self.path, self.headers["Range"], self.headers["Authorization"]))
        fault = mirror.faults.pop(0) if mirror.faults else part
        try:
            if fault is part and path not in mirror.contents:
                return self.head(404, 0)
            fault(self, mirror.contents.get(path, b""))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client has had enough

    def head(self, status: int, length: int | None, **headers: str) -> None:
        """Send everything but the body."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()


Fault = Callable[[Handler, bytes], None]


def part(handler: Handler, data: bytes) -> None:
    """No fault: the file, or the rest of it."""
    start = int((handler.headers["Range"] or "bytes=0-")[6:-1])
    if start >= len(data) > 0:
        return handler.head(416, 0)
    status = 206 if handler.headers["Range"] else 200
    handler.head(status, len(data) - start, Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}")
    handler.wfile.write(data[start:])


def whole(handler: Handler, data: bytes) -> None:
    """Ignores Range."""
    handler.head(200, len(data))
    handler.wfile.write(data)


def unmeasured(handler: Handler, data: bytes) -> None:
    """All of it, without saying how long it is."""
    handler.head(200, None, Connection="close")
    handler.wfile.write(data)


def cut(handler: Handler, data: bytes) -> None:
    """Half of the file, and the connection ends."""
    handler.head(200, len(data))
    handler.wfile.write(data[: len(data) // 2])
    handler.close_connection = True


def shifted(handler: Handler, data: bytes) -> None:
    """Another part than the one asked for."""
    handler.head(206, len(data), Content_Range=f"bytes 0-{len(data) - 1}/{len(data)}")
    handler.wfile.write(data)


def reset(handler: Handler, data: bytes) -> None:
    """The connection is reset in place of an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.shutdown(socket.SHUT_RD)
    handler.connection.close()
    handler.close_connection = True


def endless(handler: Handler, data: bytes) -> None:
    """A body without an end, in chunks."""
    handler.head(200, None, Transfer_Encoding="chunked")
    while True:
        handler.wfile.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")


def silent(handler: Handler, data: bytes) -> None:
    """Half of the file, and then nothing more."""
    handler.head(200, len(data))
    handler.wfile.write(data[: len(data) // 2])
    handler.server.over.wait()
    handler.close_connection = True


def drip(handler: Handler, data: bytes) -> None:
    """Never silent for long, never done."""
    handler.head(200, len(data))
    for place in range(len(data)):
        handler.wfile.write(data[place : place + 1])
        time.sleep(0.1)


def status(code: int, **headers: str) -> Fault:
    """An answer without a body."""
    return lambda handler, data: handler.head(code, 0, **headers)


def other(content: bytes) -> Fault:
    """Another file, whole."""
    return lambda handler, data: whole(handler, content)


def redirect(url: str) -> Fault:
    """Somewhere else."""
    return status(302, Location=url)


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    """A running server."""
    with Mirror() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of a user who is behind no proxy; further tries follow at once."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "_PAUSES", (0.0, 0.0, 0.0))
    return tmp_path / "cache/judgebench/fetch"


@pytest.fixture(autouse=True)
def table(mirror: Mirror, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A made-up source, `small`, in place of ours; tests of ours have `real` in their name."""
    files = tuple(File(f"data/{name}", name, digest(data), len(data)) for name, data in CONTENTS.items())
    made = {"small": Source("Two lines", "CC0-1.0", f"{mirror.url}/{{commit}}", "c0ffee", files)}
    if "real" not in request.node.name:
        monkeypatch.setattr(module, "sources", lambda: made)


def digest(data: bytes) -> str:
    """What a file is called in the cache."""
    return sha256(data).hexdigest()


def files(folder: Path) -> set[str]:
    """Every file below a folder, locks aside."""
    return {path.name for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}


def refused(workspace: Workspace, cache: Path, kind: type[JudgebenchError] = JudgebenchError) -> str:
    """The error of a fetch after which the workspace is empty and the first file has no name in the cache."""
    with pytest.raises(kind) as caught:
        fetch("small", workspace)
    assert files(workspace.root) == set()
    assert digest(WHOLE) not in files(cache)
    return str(caught.value)


class TestFetching:
    """From a server in good health."""

    def test_a_set(self, workspace: Workspace, mirror: Mirror, cache: Path) -> None:
        """It gets the source's name, its files are kept by their hashes, and nothing else is left behind."""
        said: list[str] = []
        imported = fetch("small", workspace, say=said.append)
        assert (imported.question_set, imported.new["questions"], imported.new["prompts"]) == ("small", 1, 1)
        assert workspace.question_set("small").questions[0].turns == tuple(TURNS)
        assert files(cache) == {digest(data) for data in CONTENTS.values()}
        assert {path.name for path in workspace.root.iterdir()} == {"question_sets"}
        assert said[0] == "small: Two lines; CC0-1.0, commit c0ffee"
        assert said[1] == f"question.jsonl: {len(WHOLE)} bytes from {mirror.url}{FIRST}"

    def test_a_second_time(self, workspace: Workspace, mirror: Mirror) -> None:
        """No request is made, nothing is added, and that is said."""
        fetch("small", workspace)
        said: list[str] = []
        assert not any(fetch("small", workspace, say=said.append).new.values())
        assert [asked.path for asked in mirror.asked] == [FIRST, SECOND]
        assert said[-1] == "small is in the workspace already, with the same questions"

    def test_offline(self, workspace: Workspace, mirror: Mirror, tmp_path: Path) -> None:
        """Another workspace gets the set from the cache alone."""
        fetch("small", workspace)
        mirror.faults = [status(404)] * 9
        (tmp_path / "other/question_sets").mkdir(parents=True)
        assert fetch("small", Workspace(tmp_path / "other")).new["questions"] == 1

    def test_a_mirror(self, workspace: Workspace, mirror: Mirror) -> None:
        """The remote paths are appended to its URL, in front of a query, however long that is."""
        token = "token=" + "1" * 300
        mirror.contents = {f"/a/b/data/{name}": data for name, data in CONTENTS.items()}
        fetch("small", workspace, f"{mirror.url}/a/b/?{token}")
        assert mirror.asked[0].path == f"/a/b/data/question.jsonl?{token}"

    def test_what_is_spoilt_in_the_cache_is_fetched_again(self, workspace: Workspace, cache: Path) -> None:
        """A name promises a hash, and is held to it."""
        cache.mkdir(parents=True)
        (cache / digest(WHOLE)).write_bytes(WHOLE[1:])
        fetch("small", workspace)
        assert (cache / digest(WHOLE)).read_bytes() == WHOLE

    def test_another_set_of_that_name(self, workspace: Workspace, write: Callable[..., Path]) -> None:
        """It stays as it is; the error says which folder is in the way."""
        folder = workspace.question_set_folder("small")
        import_fastchat(write("question.jsonl", QUESTION | {"turns": ["Sing."]}), workspace, "small")
        with pytest.raises(DataError, match=f"move {folder} away"):
            fetch("small", workspace)
        assert workspace.question_set("small").questions[0].turns == ("Sing.",)

    def test_the_cache_of_a_user_without_settings(
        self, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """~/.cache, also where the variable holds a relative path."""
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.setenv("XDG_CACHE_HOME", "here")
        fetch("small", workspace)
        assert digest(WHOLE) in files(tmp_path / "home/.cache/judgebench/fetch")

    def test_two_at_a_time(self, workspace: Workspace, cache: Path) -> None:
        """The second waits, and says so."""
        cache.mkdir(parents=True)
        with (cache / f"{digest(WHOLE)}.lock").open("ab") as lock:
            portalocker.lock(lock, portalocker.LockFlags.EXCLUSIVE)
            said: list[str] = []

            def say(line: str) -> None:
                said.append(line)
                if "waiting" in line:
                    portalocker.unlock(lock)

            fetch("small", workspace, say=say)
        assert said[1] == "question.jsonl: waiting for another process"

    def test_proxies_are_those_of_the_environment(
        self, workspace: Workspace, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The proxy is asked for the whole URL."""
        monkeypatch.setenv("http_proxy", mirror.url)
        mirror.contents = {f"http://far.invalid/data/{name}": data for name, data in CONTENTS.items()}
        fetch("small", workspace, "http://far.invalid")
        assert mirror.asked[0].path == "http://far.invalid/data/question.jsonl"


class TestInterruptions:
    """What was fetched is never fetched again, and never taken for more than it is."""

    @pytest.mark.parametrize("fault", [cut, silent])
    def test_a_connection_that_ends_early(
        self, workspace: Workspace, mirror: Mirror, fault: Fault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The next try asks for the rest only."""
        monkeypatch.setattr(download, "_SILENCE", 2.0)  # which the next try, that isn't silent, has as well
        mirror.faults = [fault]
        assert fetch("small", workspace).new["questions"] == 1
        assert mirror.ranges() == [None, BYTES(len(WHOLE) // 2)]

    def test_a_server_that_ignores_ranges(self, workspace: Workspace, mirror: Mirror) -> None:
        """It starts over, and so do we."""
        mirror.faults = [cut, whole]
        assert fetch("small", workspace).new["questions"] == 1
        assert len(mirror.ranges()) == 2

    @pytest.mark.parametrize("fault", [status(416), shifted])
    def test_a_server_that_refuses_ranges(self, workspace: Workspace, mirror: Mirror, fault: Fault) -> None:
        """The part is dropped, and the whole is asked for."""
        mirror.faults = [cut, fault]
        assert fetch("small", workspace).new["questions"] == 1
        assert mirror.ranges() == [None, BYTES(len(WHOLE) // 2), None]

    def test_a_length_that_nobody_said(self, workspace: Workspace, mirror: Mirror) -> None:
        """The pinned one tells whether the body is whole."""
        mirror.faults = [lambda handler, data: unmeasured(handler, data[:100])]
        fetch("small", workspace)
        assert mirror.ranges() == [None, BYTES(100)]

    def test_a_fetch_that_was_stopped(
        self, workspace: Workspace, mirror: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What had come is on disk under no final name, and the next fetch goes on from there."""
        read1, calls = HTTPResponse.read1, iter((True, False))

        def stopped(response: HTTPResponse, n: int = -1) -> bytes:
            if next(calls):
                return read1(response, 100)
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(HTTPResponse, "read1", stopped)
            with pytest.raises(KeyboardInterrupt):
                fetch("small", workspace)
        assert files(cache) == {f"{digest(WHOLE)}.part"}
        assert files(workspace.root) == set()
        fetch("small", workspace)
        assert mirror.ranges() == [None, BYTES(100)]
        assert not [name for name in files(cache) if name.endswith(".part")]

    @pytest.mark.parametrize("begun", [b"<html>", b"x" * len(WHOLE), WHOLE + b"\n"])
    def test_a_part_that_came_from_elsewhere(self, workspace: Workspace, cache: Path, begun: bytes) -> None:
        """Its hash tells; the fetch starts over by itself."""
        cache.mkdir(parents=True)
        (cache / f"{digest(WHOLE)}.part").write_bytes(begun)
        assert fetch("small", workspace).new["questions"] == 1

    def test_a_part_that_is_whole(self, workspace: Workspace, mirror: Mirror, cache: Path) -> None:
        """Stopped between the last byte and the name: no request is needed."""
        cache.mkdir(parents=True)
        (cache / f"{digest(WHOLE)}.part").write_bytes(WHOLE)
        fetch("small", workspace)
        assert mirror.ranges() == []

    @pytest.mark.parametrize("fault", [status(500), status(503), status(429), reset])
    def test_a_server_that_recovers(self, workspace: Workspace, mirror: Mirror, fault: Fault) -> None:
        """It is asked again, which is said."""
        mirror.faults = [fault, fault]
        said: list[str] = []
        assert fetch("small", workspace, say=said.append).new["questions"] == 1
        assert len([line for line in said if line.endswith("; trying again in 0 s")]) == 2

    def test_a_server_that_never_gets_done(
        self, workspace: Workspace, mirror: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each try has an end, and goes on where the one before it stopped."""
        monkeypatch.setattr(download, "_LIMIT", 0.1)
        mirror.faults = [drip] * 9
        assert "not done after 0.1 s, 4 times" in refused(workspace, cache)
        assert len(mirror.asked) == 4


class TestRefusals:
    """What is not taken, and what the error says to do."""

    @pytest.mark.parametrize("content", [b"<html>not it</html>", WHOLE[:-1] + b" ", b""])
    def test_another_file(self, workspace: Workspace, mirror: Mirror, cache: Path, content: bytes) -> None:
        """The error names file, expected and found, and --from; no part is left, and nobody is asked again."""
        mirror.faults = [other(content)]
        said = refused(workspace, cache, DataError)
        assert files(cache) == set()
        assert len(mirror.asked) == 1
        for word in (FIRST, "question.jsonl", digest(WHOLE), digest(content), f"found {len(content)} bytes", "--from"):
            assert word in said

    @pytest.mark.parametrize("fault", [endless, other(WHOLE + b"\n" * 10**6), lambda h, d: unmeasured(h, d * 99)])
    def test_more_than_was_pinned(self, workspace: Workspace, mirror: Mirror, cache: Path, fault: Fault) -> None:
        """Reading stops at the first byte too many."""
        mirror.faults = [fault]
        assert f"found more than {len(WHOLE)} bytes" in refused(workspace, cache, DataError)
        assert files(cache) == set()

    def test_a_wrong_second_file(self, workspace: Workspace, mirror: Mirror, cache: Path) -> None:
        """The workspace gets nothing; the first file stays in the cache."""
        mirror.contents[SECOND] = b"{}"
        with pytest.raises(DataError, match=r"judge_prompts\.jsonl"):
            fetch("small", workspace)
        assert files(workspace.root) == set()
        assert files(cache) == {digest(WHOLE)}

    def test_a_file_that_is_not_there(self, workspace: Workspace, mirror: Mirror, cache: Path) -> None:
        """Asked for once; the error says where it was looked for and what to do."""
        mirror.contents.clear()
        said = refused(workspace, cache)
        assert f"{mirror.url}{FIRST}: the server answers with status 404; behind a proxy set HTTPS_PROXY" in said
        assert len(mirror.asked) == 1

    def test_a_server_that_stays_broken(self, workspace: Workspace, mirror: Mirror, cache: Path) -> None:
        """A few tries are made, no more."""
        mirror.faults = [status(500)] * 9
        assert "status 500, 4 times; behind a proxy" in refused(workspace, cache)
        assert len(mirror.asked) == 4

    def test_nobody_there(self, workspace: Workspace, nobody: str) -> None:
        """Another try would be of no use."""
        said: list[str] = []
        with pytest.raises(JudgebenchError, match=r"Connection refused; .* --from"):
            fetch("small", workspace, f"http://{nobody}", said.append)
        assert len(said) == 1

    @pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", FIRST])
    def test_redirects_elsewhere(self, workspace: Workspace, mirror: Mirror, cache: Path, target: str) -> None:
        """Only http(s) is followed, and no circle."""
        mirror.faults = [redirect(target)] * 20
        assert "status 302 and a redirect that is not followed" in refused(workspace, cache)

    def test_a_redirect_with_an_endless_body(self, workspace: Workspace, mirror: Mirror) -> None:
        """Its body is of no interest."""

        def moved(handler: Handler, data: bytes) -> None:
            handler.head(301, None, Location=f"{mirror.url}{FIRST}", Connection="close")
            while True:
                handler.wfile.write(b"x" * 4096)

        mirror.faults = [moved]
        assert fetch("small", workspace).new["questions"] == 1

    def test_passwords_and_tokens(self, workspace: Workspace, mirror: Mirror) -> None:
        """The server gets them, where it sends us does not, and no message holds them."""
        port = mirror.server_address[1]
        origin = f"http://us%40er:s3cret@127.0.0.1:{port}/c0ffee?token=t0ken"
        mirror.faults = [status(500), redirect(f"http://localhost:{port}/else"), status(404)]
        said: list[str] = []
        with pytest.raises(JudgebenchError) as caught:
            fetch("small", workspace, origin, said.append)
        basic = f"Basic {base64.b64encode(b'us@er:s3cret').decode()}"
        assert [asked.authorization for asked in mirror.asked] == [basic, basic, None]
        told = "\n".join((*said, str(caught.value)))
        assert f"http://127.0.0.1:{port}{FIRST}: the server answers with status 404" in told
        assert not [secret for secret in ("us%40er", "us@er", "s3cret", "t0ken") if secret in told]

    @pytest.mark.parametrize(
        "origin", ["ftp://u:s3cret@host/", "file:///tmp", "http://", "nowhere", "http://[s3cret@", "ftp://host/?s3cret"]
    )
    def test_origins_that_are_none(self, workspace: Workspace, origin: str) -> None:
        """Neither a folder nor an http URL."""
        with pytest.raises(UsageError, match="--from takes an existing folder or an http") as caught:
            fetch("small", workspace, origin)
        assert "s3cret" not in str(caught.value)

    def test_unknown_names(self, workspace: Workspace) -> None:
        """The error lists the known ones."""
        with pytest.raises(UsageError, match="there is small"):
            fetch("large", workspace)

    def test_no_workspace(self, tmp_path: Path, mirror: Mirror) -> None:
        """Nothing is fetched for nobody."""
        with pytest.raises(UsageError, match="is not a workspace"):
            fetch("small", Workspace(tmp_path))
        assert mirror.asked == []


class TestFolders:
    """Files that the user has got."""

    @pytest.mark.parametrize("below", ["", "data"])
    def test_both_layouts(self, workspace: Workspace, tmp_path: Path, mirror: Mirror, cache: Path, below: str) -> None:
        """Of an import, and of the repository; no server is asked and nothing is cached."""
        folder = tmp_path / "mine"
        (folder / below).mkdir(parents=True)
        for name, data in CONTENTS.items():
            (folder / below / name).write_bytes(data)
        assert fetch("small", workspace, str(folder)).new["questions"] == 1
        assert (mirror.asked, files(cache)) == ([], set())

    def test_what_fits_is_taken(self, workspace: Workspace, tmp_path: Path) -> None:
        """Another file of the same name does not stand in the way of the pinned one."""
        (tmp_path / "data").mkdir()
        for name, data in CONTENTS.items():
            (tmp_path / name).write_bytes(b"{}")
            (tmp_path / "data" / name).write_bytes(data)
        assert fetch("small", workspace, str(tmp_path)).new["questions"] == 1

    def test_other_files(self, workspace: Workspace, tmp_path: Path) -> None:
        """A hash is a hash, wherever the file comes from."""
        (tmp_path / "question.jsonl").write_bytes(WHOLE + b"\r\n")
        with pytest.raises(DataError, match=r"question\.jsonl is not the question\.jsonl that was pinned"):
            fetch("small", workspace, str(tmp_path))
        assert files(workspace.root) == set()

    def test_missing_files(self, workspace: Workspace, tmp_path: Path) -> None:
        """The error says what was looked for."""
        (tmp_path / "question.jsonl").write_bytes(WHOLE)
        with pytest.raises(UsageError, match=r"holds neither judge_prompts\.jsonl nor data/judge_prompts\.jsonl"):
            fetch("small", workspace, str(tmp_path))


REAL = {"vicuna-80": "vicuna-eval", "mt-bench": "mt-bench"}


class TestPublished:
    """Our own table, and the files that it pins."""

    def test_real_sources_are_well_formed(self) -> None:
        """Free licences, pinned commits, and paths that stay where they belong."""
        assert set(sources()) == set(REAL)
        for source in sources().values():
            assert source.licence == "Apache-2.0"
            assert source.url.startswith("https://")
            assert source.commit in source.url
            for file in source.files:
                for path in (PurePosixPath(file.remote), PurePosixPath(file.local)):
                    assert not path.is_absolute()
                    assert ".." not in path.parts
                assert len(bytes.fromhex(file.sha256)) == 32

    @pytest.mark.parametrize("name", REAL)
    def test_real_hashes(self, shared_data: Path, name: str) -> None:
        """They are those of the files as they were published."""
        for file in sources()[name].files:
            data = (shared_data / REAL[name] / file.local).read_bytes()
            assert (digest(data), len(data)) == (file.sha256, file.size)

    @pytest.mark.parametrize(
        ("name", "counts"),
        [
            ("vicuna-80", {"questions": 80, "references": 0, "prompts": 3, "answers": 0, "reviews": 0}),
            ("mt-bench", {"questions": 80, "references": 30, "prompts": 8, "answers": 0, "reviews": 0}),
        ],
    )
    def test_real_sets(
        self, shared_data: Path, workspace: Workspace, mirror: Mirror, name: str, counts: dict[str, int]
    ) -> None:
        """Over HTTP, with a connection that breaks: complete, without answers or reviews."""
        for file in sources()[name].files:
            mirror.contents[f"/{file.remote}"] = (shared_data / REAL[name] / file.local).read_bytes()
        mirror.faults = [cut]
        imported = fetch(name, workspace, mirror.url)
        assert (imported.counts, imported.new, imported.refused) == (counts, counts, ())
        assert {path.name for path in workspace.root.iterdir()} == {"question_sets"}

    def test_real_prompts_are_those_that_gpt_4_was_given(self, shared_data: Path, workspace: Workspace) -> None:
        """Every grading of phi-3-dpo, both turns of all questions, to the byte."""
        folder = shared_data / "mt-bench"
        fetch("mt-bench", workspace, str(folder))
        fetched = workspace.question_set("mt-bench")
        prompts = workspace.question_set_folder("mt-bench") / "prompts"
        said = {row["question_id"]: row["choices"][0]["turns"] for row in rows(folder / "model_answer/phi-3-dpo.jsonl")}
        asked = {
            (row["question_id"], row["turn"]): (row["judge"][1], row["user_prompt"])
            for row in rows(folder / "model_judgment/phi-3_gpt-4_single.jsonl")
        }
        assert len(asked) == 160
        for question in fetched.questions:
            answer = Answer(
                id="",
                question_set="mt-bench",
                question_id=question.id,
                question_digest=question.digest,
                model="phi-3-dpo",
                turns=tuple(said[int(question.id)]),
            )
            for turn in (1, 2):
                known = [find_prompt(name, [prompts]) for name in fetched.category(question).prompts("single")]
                prompt = next(prompt for prompt in known if prompt.admits(turn))
                messages = render(prompt, Match("single", question, turn, ("phi-3-dpo",), (answer,)).conversation())
                assert (prompt.name, messages[-1].content) == asked[int(question.id), turn]


def rows(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of FastChat's."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
