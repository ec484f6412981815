"""How near a review run comes to the ideal rate: `python benchmarks/review_throughput.py [--reviews 2000 ...]`.

A loopback endpoint in a process of its own answers each call after so many seconds; the real `review` stage (prompts
rendered, calls made, verdicts parsed, rows on disk) goes against it. Printed are the share of the ideal rate, which
is `parallel` calls per latency, and the CPU seconds of this process alone for 1,000 calls.
"""

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any, cast

REPLY = "The answer is to the point, though it could say more about the second half. " * 8 + "\nRating: [[7]]"
QUESTION = "Explain to a friend how a bicycle stays upright, and what a gyroscope has to do with it. "
ANSWER = "A moving bicycle steers into the lean, which brings its wheels back under the rider. " * 12


class Endpoint(asyncio.Protocol):
    """One connection: whatever is asked, the same completion comes after `latency` seconds."""

    latency = 2.0
    reply = b""

    def __init__(self) -> None:
        self.data = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to write to."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer when head and body are there."""
        self.data += data
        head, found, body = self.data.partition(b"\r\n\r\n")
        if found and len(body) >= _content_length(head):
            self.data = b""
            asyncio.get_running_loop().call_later(self.latency, self.transport.write, self.reply)


def _content_length(head: bytes) -> int:
    fields = [line.partition(b":") for line in head.lower().split(b"\r\n")]
    return next(int(value) for name, _, value in fields if name == b"content-length")


def _http_reply() -> bytes:
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "bench-0613",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": REPLY}}],
        "usage": {"prompt_tokens": 400, "completion_tokens": 130, "total_tokens": 530},
    }
    data = json.dumps(body).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


async def serve(latency: float) -> None:
    """Print the port, and answer until killed."""
    Endpoint.latency, Endpoint.reply = latency, _http_reply()
    server = await asyncio.get_running_loop().create_server(Endpoint, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def run(reviews: int, parallel: int, folder: Path) -> tuple[float, float]:
    """Make the reviews; wall and CPU seconds of it."""
    from judgebench.judging.judge import ModelJudge, review
    from judgebench.judging.matches import single
    from judgebench.models import Options, load_model, parse_spec
    from judgebench.prompts import find_prompt
    from judgebench.tables.records import Answer, Question, Review
    from judgebench.tables.store import Table

    questions = [Question(id=str(number), category="c", turns=(f"{number}: {QUESTION}",)) for number in range(reviews)]
    answers = {("m", question.id): [_answer(Answer, question.id, question.digest)] for question in questions}
    prompt = find_prompt("rating", [])
    judge = ModelJudge("bench", load_model(parse_spec("openai:bench"), Options(parallel=parallel)), lambda _: prompt)
    stage = review(single(questions, answers, ["m"]), judge, "set", Table(folder / "reviews.jsonl", Review))
    wall, cpu = time.perf_counter(), _cpu()
    failed = [row.error for row in stage if row.error]
    wall, cpu = time.perf_counter() - wall, _cpu() - cpu
    if failed or len((folder / "reviews.jsonl").read_bytes().splitlines()) != reviews:
        raise SystemExit(f"{len(failed)} reviews failed: {failed[:1]}")
    return wall, cpu


def _answer(answer: Any, question_id: str, digest: str) -> Any:
    said = (f"{question_id}: {ANSWER}",)
    return answer(
        id=question_id, question_set="set", question_id=question_id, question_digest=digest, model="m", turns=said
    )


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)  # children (the endpoint) excluded
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reviews", type=int, default=2000)
    parser.add_argument("--parallel", type=int, default=256)
    parser.add_argument("--latency", type=float, default=2.0)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(serve(asked.latency))
        return
    command = [sys.executable, __file__, "--serve", "--latency", str(asked.latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = int(cast(IO[str], process.stdout).readline())
            os.environ["OPENAI_BASE_URL"] = f"http://127.0.0.1:{port}/v1"
            os.environ["OPENAI_API_KEY"] = "sk-bench"
            with tempfile.TemporaryDirectory() as folder:
                wall, cpu = run(asked.reviews, asked.parallel, Path(folder))
        finally:
            process.kill()
    ideal = asked.reviews / asked.parallel * asked.latency
    print(f"{asked.reviews} reviews, {asked.parallel} at a time, answered after {asked.latency} s")
    print(f"wall {wall:.2f} s of ideally {ideal:.2f}: {ideal / wall:.1%} of the ideal rate")
    print(f"client CPU {cpu:.2f} s: {cpu / asked.reviews * 1000:.2f} s per 1,000 calls")


if __name__ == "__main__":
    main()
