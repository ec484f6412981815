"""What the callback costs a training: `python benchmarks/training.py [--steps 60] [--threads N ...]`.

LoRA on the small checkpoint, saved every 20 steps, without and with a watch beside it (embedded judge, 8 questions a
checkpoint). In milliseconds: a step (median, from its begin to its end), and the callback's own part of it (mean and
largest). Threads are those of the training; the watch has one, at the lowest priority.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean, median
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "tools"))


def trained(folder: Path, base: Path, steps: int, watched: bool) -> tuple[list[float], list[float]]:
    """Seconds of each step, and of the callback at each."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainerCallback, TrainingArguments

    from judgebench import workspace
    from judgebench.training import Callback

    list(workspace.init(folder / "workspace"))
    tokenizer = AutoTokenizer.from_pretrained(base)
    text = tokenizer("The capital of France is Paris. " * 16, truncation=True, max_length=64)
    data = [{"input_ids": text["input_ids"], "labels": text["input_ids"]}] * 64
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), LoraConfig(r=4, task_type="CAUSAL_LM"))
    asked: dict[str, Any] = {"max_steps": steps, "save_steps": 20, "per_device_train_batch_size": 4, "use_cpu": True}
    arguments = TrainingArguments(str(folder / "run"), report_to=[], disable_tqdm=True, logging_steps=10, **asked)
    trainer = Trainer(model=model, args=arguments, train_dataset=data, processing_class=tokenizer)
    took: list[float] = []
    own: list[float] = []

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_step_begin(self, *_: Any, **__: Any) -> None:
            self.began = time.perf_counter()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            took.append(time.perf_counter() - self.began)

    trainer.add_callback(Clock())
    if watched:
        made = Callback(
            trainer, baseline=f"base=hf:{base}", judge="embedded", questions="core-80", wait=False,
            workspace=folder / "workspace", arguments=("--max-questions", "8", "--max-tokens", "48", "--every", "2"),
        )  # fmt: skip
        asked_before = made.on_step_begin

        def on_step_begin(*arguments: Any, **others: Any) -> None:
            began = time.perf_counter()
            asked_before(*arguments, **others)
            own.append(time.perf_counter() - began)

        made.on_step_begin = on_step_begin
        trainer.add_callback(made)
    trainer.train()
    if watched and made._process:
        made._process.terminate()
        made._process.wait()
    return took, own


def main() -> None:
    """Print a line for each number of threads."""
    import checkpoint
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, os.cpu_count() or 1])
    asked = parser.parse_args()
    base = checkpoint.base(print)
    print("threads  step alone  step watched  callback mean  largest")
    for threads in asked.threads:
        torch.set_num_threads(threads)
        with tempfile.TemporaryDirectory() as folder:
            alone, _ = trained(Path(folder) / "alone", base, asked.steps, watched=False)
            beside, own = trained(Path(folder) / "beside", base, asked.steps, watched=True)
        cells = (median(alone), median(beside), mean(own), max(own))
        print(f"{threads:7d}  " + "  ".join(f"{1000 * seconds:11.2f}" for seconds in cells), flush=True)


if __name__ == "__main__":
    main()
