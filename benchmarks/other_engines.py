"""vLLM and llama.cpp on the prompts of `generation.py`, by interpreters of their own: `PYTHON other_engines.py WAY`.

Reads a task as JSON from the standard input (`path`, `prompts` as token ids, `tokens`, `end`, `dtype`, `threads`,
`rows`), and prints what came of it as the last line. Nothing of judgebench is imported: its environment isn't this one.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Tokens = list[int]


def vllm_answers(task: dict[str, Any]) -> Iterator[tuple[Tokens, int]]:
    """By `LLM.generate` with all prompts at once; the first yield is when it is loaded."""
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")  # GiB; without it half of the memory
    os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")  # as many threads as the others have
    from vllm import LLM, SamplingParams

    most = max(map(len, task["prompts"])) + task["tokens"] + 1
    how = {"dtype": task["dtype"], "enforce_eager": True, "skip_tokenizer_init": True, "max_model_len": most}
    model = LLM(task["path"], max_num_seqs=task["rows"], **how)
    params = SamplingParams(
        temperature=0.0, max_tokens=task["tokens"], stop_token_ids=[task["end"]], ignore_eos=True, detokenize=False
    )
    yield [], 0
    asked = [{"prompt_token_ids": prompt} for prompt in task["prompts"]]
    for one in model.generate(asked, params, use_tqdm=False):
        said = list(one.outputs[0].token_ids)
        yield said[:-1] if said[-1:] == [task["end"]] else said, len(said)


def llama_answers(task: dict[str, Any]) -> Iterator[tuple[Tokens, int]]:
    """By llama.cpp with so many sequences at a time, of which one that ends makes room for the next."""
    import llama_cpp as api
    import numpy as np

    prompts, rows = task["prompts"], task["rows"]
    most = max(map(len, prompts)) + task["tokens"]
    api.llama_backend_init()
    model = api.llama_model_load_from_file(task["path"].encode(), api.llama_model_default_params())
    settings = api.llama_context_default_params()
    settings.n_ctx, settings.n_batch, settings.n_seq_max = rows * most, 2048, rows
    settings.n_threads = settings.n_threads_batch = task["threads"]
    context = api.llama_init_from_model(model, settings)
    words = api.llama_vocab_n_tokens(api.llama_model_get_vocab(model))
    batch = api.llama_batch_init(2048, 0, 1)
    yield [], 0

    said: list[Tokens] = [[] for _ in prompts]
    drawn = [0] * len(prompts)
    waiting, held = list(range(len(prompts)))[::-1], dict[int, int]()  # which prompt has which place
    while waiting or held:
        batch.n_tokens, last = 0, {}
        for place, prompt in held.items():
            _put(batch, said[prompt][-1], len(prompts[prompt]) + len(said[prompt]) - 1, place, True)
            last[place] = batch.n_tokens - 1
        for place in range(rows):
            if place in held or not waiting or batch.n_tokens + len(prompts[waiting[-1]]) > 2048:
                continue
            held[place] = prompt = waiting.pop()
            for position, token in enumerate(prompts[prompt]):
                _put(batch, token, position, place, position == len(prompts[prompt]) - 1)
            last[place] = batch.n_tokens - 1
        if api.llama_decode(context, batch):
            raise RuntimeError("llama_decode failed")
        for place, number in last.items():
            prompt = held[place]
            logits = np.ctypeslib.as_array(api.llama_get_logits_ith(context, number), (words,))
            token = int(logits.argmax())
            drawn[prompt] += 1
            if token != task["end"]:
                said[prompt].append(token)
            if token == task["end"] or len(said[prompt]) == task["tokens"]:
                api.llama_memory_seq_rm(api.llama_get_memory(context), place, -1, -1)
                del held[place]
    yield from zip(said, drawn, strict=True)


def _put(batch: Any, token: int, position: int, place: int, wanted: bool) -> None:
    at = batch.n_tokens
    batch.token[at], batch.pos[at], batch.n_seq_id[at], batch.logits[at] = token, position, 1, wanted
    batch.seq_id[at][0] = place
    batch.n_tokens = at + 1


WAYS = {"vllm": vllm_answers, "llama": llama_answers}


def main() -> None:
    """Answer, and print."""
    task = json.load(sys.stdin)
    answers = WAYS[sys.argv[1]](task)
    next(answers)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    began, cpu = time.perf_counter(), time.process_time()
    done = list(answers)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**20
    print(json.dumps({"done": done, "seconds": seconds, "cpu": cpu, "peak": peak}))


if __name__ == "__main__":
    main()
