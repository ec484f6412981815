"""Tokens a second on a checkpoint: `python benchmarks/generation.py [--questions 80 --tokens 128 ...]`.

The questions of a set are answered greedily in three ways: one at a time by `model.generate`, in plain batches of 16
padded on the left, and by the engine. The first two take half of their questions before the engine and half after it,
so that a machine that others use slows all three alike. Every part is a process of its own, whose peak of memory is
counted from where the model is loaded. The limit is what the model's matrix products alone would take, measured on the
same machine at the engine's batch size and for prompts: it counts the reading of the weights, and neither attention nor
anything else.

With `--vllm PYTHON` and `--llama PYTHON`, interpreters that have vllm and llama_cpp, these answer as well: vLLM with
all prompts at once, llama.cpp with as many sequences at a time as plain batches have (float32 alone, of weights that
are written as GGUF before). They are given the same token ids, and timed when they are loaded, as the others are.

With `--turns` whole conversations are held by the engine, twice as it is, and before and after that so that each turn's
prompt is computed from its beginning: what it is worth that a turn takes over what the one before it has computed.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest import mock

import torch
import transformers

from judgebench.models import Options, Request
from judgebench.models.engine import Engine, Job
from judgebench.models.engine.forward import Forward
from judgebench.models.engine.linears import quick_linears
from judgebench.models.engine.rows import Row
from judgebench.models.hf import HFModel
from judgebench.question_sets import load
from judgebench.tables.records import Sampling

Tokens = tuple[int, ...]
Answers = list[tuple[Any, int]]  # what each says (tokens or texts), and how many tokens were drawn for it
CHECKPOINT = Path("~/.cache/judgebench/smollm2-135m-instruct").expanduser()
PROMPT = 2048  # tokens that are multiplied at once when the limit of prompts is measured
ALONE, PLAIN, ENGINE = "one at a time", "plain batches of 16", "engine"
VLLM, LLAMA = "vLLM", "llama.cpp, 16 at a time"
ANEW, KEPT = "each turn from its beginning", "engine"


@dataclass
class Part:
    """What one process did: seconds, of a clock and of its CPUs, the peak of its memory in GiB, what it said.

    `said` is by question; `drawn` and `asked` are tokens of answers and of prompts; `most` is the limit in tokens a
    second, where it was measured.
    """

    seconds: float = 0.0
    cpu: float = 0.0
    peak: float = 0.0
    said: dict[int, Any] = field(default_factory=dict)
    drawn: int = 0
    asked: int = 0
    most: float = 0.0

    def answer(self, places: Sequence[int], work: Callable[[], Answers]) -> None:
        """Time the work on some prompts."""
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
        began, cpu = time.perf_counter(), time.process_time()
        done = work()
        self.seconds, self.cpu, self.peak = time.perf_counter() - began, time.process_time() - cpu, _peak()
        self.drawn = sum(drawn for _, drawn in done)
        self.said = {place: text for place, (text, _) in zip(places, done, strict=True)}

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.drawn / self.seconds


def together(parts: Sequence[Part]) -> Part:
    """Several parts as one."""
    names = ("seconds", "cpu", "drawn", "asked")
    sums: dict[str, Any] = {name: sum(getattr(part, name) for part in parts) for name in names}
    most = {name: max(getattr(part, name) for part in parts) for name in ("peak", "most")}
    return Part(**sums, **most, said={place: said for part in parts for place, said in part.said.items()})


def _peak() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**20


def chosen(options: argparse.Namespace) -> list[tuple[str, ...]]:
    """The turns of so many of a set's questions, evenly chosen."""
    rows = load(options.set).questions
    return [row.turns for row in rows[:: max(1, len(rows) // options.questions)][: options.questions]]


def padded(model: Any, tokenizer: Any, asked: Sequence[Tokens], limit: int, size: int) -> Answers:
    """`model.generate` on batches of so many prompts of like length."""
    order = sorted(range(len(asked)), key=lambda place: -len(asked[place]))
    said = {}
    for begin in range(0, len(order), size):
        batch = order[begin : begin + size]
        inputs = tokenizer.pad({"input_ids": [list(asked[place]) for place in batch]}, return_tensors="pt")
        output = model.generate(**inputs, max_new_tokens=limit, do_sample=False)
        for place, row in zip(batch, output[:, inputs["input_ids"].shape[1] :].tolist(), strict=True):
            said[place] = _cut(row, tokenizer.eos_token_id)
    return [said[place] for place in range(len(asked))]


def _cut(row: list[int], end: int) -> tuple[Tokens, int]:
    place = row.index(end) if end in row else len(row)
    return tuple(row[:place]), min(place + 1, len(row))


def engine_answers(engine: Engine, asked: Sequence[Tokens], limit: int) -> Answers:
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


def limit(model: Any, rows: int, asked: int, drawn: int) -> float:
    """Tokens a second if there were only matrix products; also printed."""
    prompt = products(model, PROMPT, head=False) / PROMPT * asked
    answers = products(model, rows, head=True) / rows * drawn
    print(f"\nproducts alone: {prompt:.1f} s for {asked} prompt tokens, {answers:.1f} s for {drawn} in rows of {rows}")
    return drawn / (prompt + answers)


def first_turns(options: argparse.Namespace, dtype: str, way: str, places: Sequence[int]) -> Part:
    """One way of answering some of the first turns."""
    _prepare(options)
    tokenizer = transformers.AutoTokenizer.from_pretrained(options.checkpoint, padding_side="left")
    turns = chosen(options)
    talks = [[{"role": "user", "content": turns[place][0]}] for place in places]
    asked = [tuple(tokenizer.apply_chat_template(talk, add_generation_prompt=True)["input_ids"]) for talk in talks]
    part = Part(asked=sum(map(len, asked)))
    if way in (VLLM, LLAMA):
        return elsewhere(options, dtype, way, dict(zip(places, asked, strict=True)), tokenizer.eos_token_id)
    model = transformers.AutoModelForCausalLM.from_pretrained(options.checkpoint, dtype=dtype).eval()
    if way == ENGINE:
        engine = Engine(model, tokenizer, batch_size=options.batch_size)
        part.answer(places, lambda: engine_answers(engine, asked, options.tokens))
        part.most = limit(model, engine.batch_size or 1, part.asked, part.drawn)
    else:
        size = 1 if way == ALONE else 16
        part.answer(places, lambda: padded(model, tokenizer, asked, options.tokens, size))
    return part


def elsewhere(options: argparse.Namespace, dtype: str, way: str, asked: dict[int, Tokens], end: int) -> Part:
    """What an engine in an environment of its own makes of the prompts."""
    with tempfile.TemporaryDirectory() as folder:
        path = options.checkpoint if way == VLLM else as_gguf(options.checkpoint, Path(folder) / "model.gguf")
        task = {"path": str(path), "prompts": list(asked.values()), "tokens": options.tokens, "end": end}
        task |= {"dtype": dtype, "threads": options.threads, "rows": 16 if way == LLAMA else 256}
        python, name = (options.vllm, "vllm") if way == VLLM else (options.llama, "llama")
        program = Path(__file__).with_name("other_engines.py")
        environ = {**os.environ, "OMP_NUM_THREADS": str(options.threads)}
        words = [python, str(program), name]
        run = subprocess.run(words, input=json.dumps(task), env=environ, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"{way} failed:\n{run.stderr[-2000:]}")
    found = json.loads(run.stdout.splitlines()[-1])
    said = {place: tuple(tokens) for place, (tokens, _) in zip(asked, found["done"], strict=True)}
    drawn = sum(number for _, number in found["done"])
    counts = {"asked": sum(map(len, asked.values())), "drawn": drawn, "said": said}
    return Part(found["seconds"], found["cpu"], found["peak"], **counts)


def as_gguf(checkpoint: Path, path: Path) -> Path:
    """A Llama's weights in float32, without words: it is given tokens."""
    from gguf import GGUFWriter

    model = transformers.AutoModelForCausalLM.from_pretrained(checkpoint, dtype="float32")
    config, writer = model.config, GGUFWriter(path, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("no_vocab")
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    for name, weight in model.named_parameters():
        turned = next((number for part, number in heads.items() if part in name), None)
        array = weight.detach().numpy()
        if turned:  # llama.cpp keeps these rows in another order, for the way it turns positions
            array = array.reshape(turned, 2, -1, array.shape[1]).swapaxes(1, 2).reshape(array.shape)
        writer.add_tensor(_gguf_name(name), array.copy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


_GGUF = {
    "model.layers": "blk", "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm", "input_layernorm": "attn_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip


def _gguf_name(name: str) -> str:
    for ours, theirs in _GGUF.items():
        name = name.replace(ours, theirs)
    return name


def conversations(options: argparse.Namespace, dtype: str, way: str, places: Sequence[int]) -> Part:
    """One way of holding some of the conversations; `asked` is the tokens of prompts that no turn before computed."""
    _prepare(options)
    model = HFModel(str(options.checkpoint), Options(dtype=dtype, batch_size=options.batch_size, keep=True))
    turns, sampling, part = chosen(options), Sampling(max_tokens=options.tokens), Part()
    list(model.generate([Request(("Hi",), Sampling(max_tokens=1))]))  # the checkpoint is loaded
    prefill, shared = Forward.prefill, (lambda row: 0) if way == ANEW else Row.shared

    def counted(self: Forward, prompts: Sequence[Sequence[int]], kept: Sequence[Any]) -> tuple[Any, Any]:
        part.asked += sum(map(len, prompts)) - sum(one.length for one in kept if one)
        return prefill(self, prompts, kept)

    def held() -> Answers:
        replies = sorted(
            model.generate([Request(turns[place], sampling) for place in places]), key=lambda one: one.index
        )
        return [
            ([said.text for said in one.completions], one.usage.completion_tokens if one.usage else 0)
            for one in replies
        ]

    with mock.patch.object(Forward, "prefill", counted), mock.patch.object(Row, "shared", shared):
        part.answer(places, held)
    return part


def _prepare(options: argparse.Namespace) -> None:
    torch.set_num_threads(options.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()


def apart(work: Callable[..., Part], *arguments: Any) -> Part:
    """In a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def compare(options: argparse.Namespace, dtype: str) -> None:
    """Measure and print one dtype: three ways of answering first turns."""
    everyone = range(len(chosen(options)))
    few = everyone[:: max(1, len(everyone) // max(1, options.alone))][: options.alone]
    halves = [
        [(ALONE, few[: len(few) // 2]), (PLAIN, everyone[: len(everyone) // 2])],
        [(ALONE, few[len(few) // 2 :]), (PLAIN, everyone[len(everyone) // 2 :])],
    ]
    others = [(VLLM, everyone)] if options.vllm else []
    others += [(LLAMA, everyone)] if options.llama and dtype == "float32" else []
    planned = [*halves[0], (ENGINE, everyone), *others, *halves[1]]
    show(dtype, measured(first_turns, options, dtype, planned))


def compare_turns(options: argparse.Namespace, dtype: str) -> None:
    """Measure and print one dtype: what it is worth to keep what a turn has computed for the next."""
    everyone = range(len(chosen(options)))
    ways = measured(conversations, options, dtype, [(way, everyone) for way in (ANEW, KEPT, KEPT, ANEW)])
    show(dtype, ways)
    less = 1 - ways[KEPT].asked / ways[ANEW].asked
    print(f"{ways[KEPT].asked // 2} prompt tokens computed instead of {ways[ANEW].asked // 2}: {less:.0%} less")


def measured(
    work: Callable[..., Part], options: argparse.Namespace, dtype: str, planned: Sequence[tuple[str, Sequence[int]]]
) -> dict[str, Part]:
    """What each way came to, all its parts together."""
    parts = [(way, apart(work, options, dtype, way, places)) for way, places in planned if len(places)]
    return {way: together([part for name, part in parts if name == way]) for way, _ in parts}


def show(dtype: str, ways: dict[str, Part]) -> None:
    """Print a table; the first way is what the others are held against."""
    first = next(iter(ways.values()))
    most = max(part.most for part in ways.values())
    head = f"of the limit ({most:.0f})" if most else ""
    print(f"{dtype:28} questions  tokens/s   ratio  {head:20}  same text  peak GiB  tokens  seconds  CPU s")
    for way, part in ways.items():
        both = [place for place in first.said if place in part.said]
        same = sum(part.said[place] == first.said[place] for place in both)
        share = f"{part.rate / most:.2f}" if most else ""
        print(
            f"{way:28} {len(part.said):9} {part.rate:9.1f} {part.rate / first.rate:7.2f}  {share:>20}"
            f" {same:6}/{len(both)} {part.peak:9.2f} {part.drawn:7} {part.seconds:8.1f} {part.cpu:6.1f}",
            flush=True,
        )


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=80)
    parser.add_argument("--tokens", type=int, default=128, help="of an answer, at most")
    parser.add_argument("--alone", type=int, default=80, help="so many of the questions are asked one at a time")
    parser.add_argument("--turns", action="store_true", help="hold conversations (of turns-80, without --set)")
    parser.add_argument("--batch-size", type=int, help="the engine's; by free memory without it")
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT)
    parser.add_argument("--set", type=Path)
    parser.add_argument("--vllm", help="an interpreter that has vllm")
    parser.add_argument("--llama", help="an interpreter that has llama_cpp")
    options = parser.parse_args()
    options.set = options.set or Path("question_sets") / ("turns-80" if options.turns else "core-80")
    print(f"{options.threads} threads; load {os.getloadavg()[0]:.1f} before")
    for dtype in options.dtypes:
        (compare_turns if options.turns else compare)(options, dtype)
    print(f"load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
