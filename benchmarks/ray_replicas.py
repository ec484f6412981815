"""Tokens a second of replicas on this machine: `python benchmarks/ray_replicas.py [--questions 48 --tokens 64 ...]`.

The questions of a set are answered greedily by the local engine and then by one and by more replicas of `--engine ray`,
each in so many threads, after a short answer from every replica: starting Ray and loading are timed apart. More
replicas than cores for their threads gain nothing.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from judgebench.models import Model, Options, Request, load_model, parse_spec
from judgebench.tables.records import Sampling

CHECKPOINT = Path("~/.cache/judgebench/smollm2-135m-instruct").expanduser()


@dataclass(frozen=True)
class Run:
    """What one way of answering took, and what it said."""

    name: str
    start: float
    seconds: float
    tokens: int
    said: dict[int, str]

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.tokens / self.seconds


def asked(questions: Path, number: int, tokens: int) -> list[Request]:
    """So many of a set's first turns, evenly chosen."""
    rows = [json.loads(line) for line in questions.read_text().splitlines()]
    chosen = rows[:: max(1, len(rows) // number)][:number]
    return [Request((row["turns"][0],), Sampling(temperature=0.0, max_tokens=tokens)) for row in chosen]


def measure(name: str, model: Model, requests: Sequence[Request], first: int) -> Run:
    """Answer `first` of them in one token, and then all."""
    began = time.perf_counter()
    list(model.generate([Request(each.turns, Sampling(0.0, 1)) for each in requests[:first]]))
    warm = time.perf_counter()
    replies = list(model.generate(requests))
    seconds = time.perf_counter() - warm
    tokens = sum(reply.usage.completion_tokens for reply in replies if reply.usage)
    said = {reply.index: reply.completions[0].text for reply in replies}
    return Run(name, warm - began, seconds, tokens, said)


def ways(options: argparse.Namespace) -> list[tuple[str, Model]]:
    """The local engine, one replica, and more."""
    spec = parse_spec(f"hf:{options.checkpoint}")
    common = {"batch_size": options.batch_size, "dtype": "float32", "keep": True}
    several = [("local", load_model(spec, Options(**common)))]
    for number in (1, options.replicas):
        model = load_model(spec, Options(**common, engine="ray", replicas=number))
        several.append((f"ray, {number} replica{'s' * (number > 1)}", model))
    return several


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=48)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT)
    parser.add_argument("--set", type=Path, default=Path("question_sets/core-80"))
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)  # before torch is imported, here and in replicas
    requests = asked(options.set / "questions.jsonl", options.questions, options.tokens)
    print(f"{os.cpu_count()} cores, {options.threads} threads each; load {os.getloadavg()[0]:.1f} before")
    runs = [measure(name, model, requests, options.replicas) for name, model in ways(options)]
    print(f"{'':18} tokens/s   ratio  same text  start s  seconds")
    for run in runs:
        same = sum(run.said[place] == text for place, text in runs[0].said.items())
        ratio = run.rate / runs[0].rate
        print(
            f"{run.name:18} {run.rate:8.1f} {ratio:7.2f} {same:6}/{len(run.said)} {run.start:8.1f} {run.seconds:8.1f}"
        )
    print(f"load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
