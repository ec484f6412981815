"""Tokens a second on a checkpoint: `python benchmarks/generation.py [--questions 80 --tokens 128 ...]`.

The questions of a set are answered greedily in three ways: one at a time by `model.generate`, in plain batches of 16
padded on the left, and by the engine. The first two take half of their questions before the engine and half after it,
so that a machine that others use slows all three alike. The limit is what the model's matrix products alone would take,
measured on the same machine at the engine's batch size and for prompts: it counts the reading of the weights, and
neither attention nor anything else.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers

from judgebench.models.engine import Engine, Job
from judgebench.models.engine.linears import quick_linears

Tokens = tuple[int, ...]
CHECKPOINT = Path("~/.cache/judgebench/smollm2-135m-instruct").expanduser()
PROMPT = 2048  # tokens that are multiplied at once when the limit of prompts is measured


@dataclass
class Way:
    """What one way of generating has done so far; `peak` is the process's memory in GiB while it worked."""

    name: str
    seconds: float = 0.0
    peak: float = 0.0
    drawn: int = 0
    said: dict[int, Tokens] = field(default_factory=dict)

    def answer(self, places: Sequence[int], work: Callable[[], list[tuple[Tokens, int]]]) -> None:
        """Time the work on some prompts, whose outcome is each answer's tokens and how many were drawn."""
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
        began = time.perf_counter()
        done = work()
        self.seconds += time.perf_counter() - began
        self.peak = max(self.peak, _peak())
        self.drawn += sum(drawn for _, drawn in done)
        self.said |= {place: tokens for place, (tokens, _) in zip(places, done, strict=True)}

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.drawn / self.seconds


def _peak() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**20


def prompts(tokenizer: Any, questions: Path, number: int) -> list[Tokens]:
    """So many of a set's first turns, evenly chosen, as the chat template writes them."""
    rows = [json.loads(line) for line in questions.read_text().splitlines()]
    chosen = rows[:: max(1, len(rows) // number)][:number]
    talks = [[{"role": "user", "content": row["turns"][0]}] for row in chosen]
    return [tuple(tokenizer.apply_chat_template(talk, add_generation_prompt=True)["input_ids"]) for talk in talks]


def padded(
    model: Any, tokenizer: Any, places: Sequence[int], asked: Sequence[Tokens], limit: int, size: int
) -> list[tuple[Tokens, int]]:
    """`model.generate` on batches of so many prompts of like length."""
    order = sorted(places, key=lambda place: -len(asked[place]))
    said = {}
    for begin in range(0, len(order), size):
        batch = order[begin : begin + size]
        inputs = tokenizer.pad({"input_ids": [list(asked[place]) for place in batch]}, return_tensors="pt")
        output = model.generate(**inputs, max_new_tokens=limit, do_sample=False)
        for place, row in zip(batch, output[:, inputs["input_ids"].shape[1] :].tolist(), strict=True):
            said[place] = _cut(row, tokenizer.eos_token_id)
    return [said[place] for place in places]


def _cut(row: list[int], end: int) -> tuple[Tokens, int]:
    place = row.index(end) if end in row else len(row)
    return tuple(row[:place]), min(place + 1, len(row))


def engine_answers(engine: Engine, asked: Sequence[Tokens], limit: int) -> list[tuple[Tokens, int]]:
    """The engine's."""
    done = sorted(engine.run(Job(*item, limit) for item in enumerate(asked)), key=lambda item: item.index)
    return [(item.tokens, item.drawn) for item in done]


def products(model: Any, rows: int, *, head: bool) -> float:
    """Seconds that the model's matrix products take for so many rows: the best of five."""
    layers = [item for name, item in model.named_modules() if isinstance(item, torch.nn.Linear)]
    layers = [item for item in layers if head or item is not model.get_output_embeddings()]
    inputs = {item.in_features: torch.randn(rows, item.in_features, dtype=item.weight.dtype) for item in layers}
    times = []
    with quick_linears(model), torch.inference_mode():
        for _ in range(5):
            began = time.perf_counter()
            for item in layers:
                item(inputs[item.in_features])
            times.append(time.perf_counter() - began)
    return min(times)


def compare(options: argparse.Namespace, dtype: str) -> None:
    """Measure and print one dtype."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(options.checkpoint, padding_side="left")
    model = transformers.AutoModelForCausalLM.from_pretrained(options.checkpoint, dtype=dtype).eval()
    asked = prompts(tokenizer, options.set / "questions.jsonl", options.questions)
    ways = Way("one at a time"), Way("plain batches of 16"), Way("engine")
    engine = Engine(model, tokenizer, batch_size=options.batch_size)
    everyone = range(len(asked))
    few = everyone[:: max(1, len(asked) // options.alone)]

    def simple(half: int) -> None:
        for way, size, places in zip(ways, (1, 16), (few, everyone), strict=False):
            mine = places[len(places) // 2 * half : len(places) // 2 if not half else None]
            way.answer(mine, lambda mine=mine, size=size: padded(model, tokenizer, mine, asked, options.tokens, size))

    simple(0)
    ways[2].answer(everyone, lambda: engine_answers(engine, asked, options.tokens))
    simple(1)
    show(dtype, ways, limit(model, engine.batch_size or 1, sum(map(len, asked)), ways[2].drawn))


def limit(model: Any, rows: int, asked: int, drawn: int) -> float:
    """Tokens a second if there were only matrix products; also printed."""
    prompt = products(model, PROMPT, head=False) / PROMPT * asked
    answers = products(model, rows, head=True) / rows * drawn
    print(f"\nproducts alone: {prompt:.1f} s for {asked} prompt tokens, {answers:.1f} s for {drawn} in rows of {rows}")
    return drawn / (prompt + answers)


def show(dtype: str, ways: Sequence[Way], most: float) -> None:
    """Print a table."""
    print(f"{dtype:22} tokens/s   ratio  of the limit ({most:.0f})  same text  peak GiB  tokens  seconds")
    alone = ways[0].said
    for way in ways:
        same = sum(way.said[place] == tokens for place, tokens in alone.items())
        print(
            f"{way.name:22} {way.rate:8.1f} {way.rate / ways[0].rate:7.2f} {way.rate / most:20.2f}"
            f" {same:6}/{len(alone)} {way.peak:9.2f} {way.drawn:7} {way.seconds:8.1f}",
            flush=True,
        )


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=80)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--alone", type=int, default=80, help="so many of the questions are asked one at a time")
    parser.add_argument("--batch-size", type=int, help="the engine's; by free memory without it")
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT)
    parser.add_argument("--set", type=Path, default=Path("question_sets/core-80"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    print(f"{options.threads} threads; load {os.getloadavg()[0]:.1f} before")
    for dtype in options.dtypes:
        compare(options, dtype)
    print(f"load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
