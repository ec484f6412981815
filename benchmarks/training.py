"""What the callback costs a training: `python benchmarks/training.py [--steps 60] [--threads N ...]`.

LoRA on the small checkpoint, saved every 20 steps, with a watch beside it (embedded judge, core-80) that is stopped for
five steps and goes on for five, in turns, so that both kinds of steps meet the same machine. In milliseconds: a step
(median, from its begin to its end), and the callback's own part of it (mean and largest). Threads are those of the
training; the watch has one, at the lowest priority.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean, median
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "tools"))


def trained(folder: Path, base: Path, steps: int) -> tuple[dict[bool, list[float]], list[float]]:
    """Seconds of each step, by whether the watch is stopped, and of the callback at each."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

    from judgebench import workspace
    from judgebench.training import Callback

    took: dict[bool, list[float]] = {True: [], False: []}
    own: list[float] = []

    class Clocked(Callback):
        def on_step_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            began = time.perf_counter()
            super().on_step_begin(args, state, control, **others)
            own.append(time.perf_counter() - began)
            self.stopped = state.global_step // 5 % 2 == 0
            if self._process and self._process.poll() is None:
                self._process.send_signal(signal.SIGSTOP if self.stopped else signal.SIGCONT)
            self.began = time.perf_counter()

        def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            if state.global_step > 20 and self._process:  # from the first checkpoint on there is something to judge
                took[self.stopped].append(time.perf_counter() - self.began)

    list(workspace.init(folder / "workspace"))
    tokenizer = AutoTokenizer.from_pretrained(base)
    text = tokenizer("The capital of France is Paris. " * 16, truncation=True, max_length=16)
    data = [{"input_ids": text["input_ids"], "labels": text["input_ids"]}] * 512
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), LoraConfig(r=4, task_type="CAUSAL_LM"))
    asked: dict[str, Any] = {"max_steps": steps, "save_steps": 20, "per_device_train_batch_size": 1, "use_cpu": True}
    arguments = TrainingArguments(str(folder / "run"), report_to=[], disable_tqdm=True, logging_steps=1000, **asked)
    trainer = Trainer(model=model, args=arguments, train_dataset=data, processing_class=tokenizer)
    made = Clocked(
        trainer, baseline=f"base=hf:{base}", judge="embedded", questions="core-80", wait=False,
        workspace=folder / "workspace", arguments=("--max-tokens", "256", "--every", "2"),
    )  # fmt: skip
    trainer.add_callback(made)
    trainer.train()
    if made._process:
        made._process.kill()
        made._process.wait()
    return took, own


def main() -> None:
    """Print a line for each number of threads."""
    import checkpoint
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60, help="More than 30.")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, os.cpu_count() or 1])
    asked = parser.parse_args()
    base = checkpoint.base(print)
    print("threads  step alone  step watched  callback mean  largest")
    for threads in asked.threads:
        torch.set_num_threads(threads)
        with tempfile.TemporaryDirectory() as folder:
            took, own = trained(Path(folder), base, asked.steps)
        cells = (median(took[True]), median(took[False]), mean(own), max(own))
        print(f"{threads:7d}  " + "  ".join(f"{1000 * seconds:11.2f}" for seconds in cells), flush=True)


if __name__ == "__main__":
    main()
