"""The callback for transformers' Trainer: checkpoints are judged beside the training, which nothing disturbs."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from models import tiny
from servers.running import ROOT, make_workspace

from judgebench import workspace
from judgebench.tables.records import Question
from judgebench.workspace import Workspace

pytest.importorskip("torch", reason="hf: models need the extra `local`")
QUESTIONS = [Question(id=str(number), category="small", turns=(f"hello {number} is a ?",)) for number in range(8)]
OWN = 5.0  # seconds of the processor, of which 20 steps take a hundredth; judging in the process takes more
ASKED = ("--any-language", "--no-canaries", "--max-tokens", "8", "--every", "0.2")


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch finds this package, and nothing reports to anywhere."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])))


def arguments(folder: Path, steps: int = 20, **others: Any) -> Any:
    """Of a training that saves every five steps."""
    from transformers import TrainingArguments

    usual = {"max_steps": steps, "save_steps": 5, "logging_steps": 5, "per_device_train_batch_size": 2}
    return TrainingArguments(str(folder), report_to=[], use_cpu=True, disable_tqdm=True, **usual, **others)


def examples(tokenizer: Any, texts: list[str], length: int = 16) -> list[dict[str, Any]]:
    """Texts to go on with."""
    made = [tokenizer(text, truncation=True, max_length=length, padding="max_length") for text in texts]
    return [
        {**one, "labels": list(one["input_ids"])}
        for one in ({k: v for k, v in each.items() if k in ("input_ids", "attention_mask")} for each in made)
    ]


def trainer(folder: Path, base: Path, **others: Any) -> Any:
    """A real Trainer of a tiny model."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer

    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base)
    data = examples(tokenizer, ["hello world what is a question ?"] * 8)
    return Trainer(model=model, args=arguments(folder, **others), train_dataset=data, processing_class=tokenizer)


@contextmanager
def timed(callback: Any) -> Iterator[list[float]]:
    """The processor's seconds that the callback takes at each step."""
    took, asked = [], callback.on_step_begin

    def on_step_begin(*arguments: Any, **others: Any) -> None:
        began = time.thread_time()
        asked(*arguments, **others)
        took.append(time.thread_time() - began)

    callback.on_step_begin = on_step_begin
    yield took


def logged(trained: Any) -> dict[int, dict[str, Any]]:
    """What the Trainer's loggers got, by step."""
    return {entry["step"]: entry for entry in trained.state.log_history if "judgebench/win_rate" in entry}


class Training:
    """A tiny model, and a workspace whose judge needs no model."""

    def __init__(self, root: Path) -> None:
        self.base = tiny.checkpoint(root / "base", heat=5.0, seed=3)
        self.workspace, self.folder = make_workspace(root / "workspace", QUESTIONS), root / "run"

    def callback(self, trained: Any, **others: Any) -> Any:
        """Added to a Trainer."""
        from judgebench.training import Callback

        about: dict[str, Any] = {"baseline": f"base=hf:{self.base}", "judge": "embedded", "questions": "small"}
        usual: dict[str, Any] = {"workspace": self.workspace.root, "arguments": ASKED}
        made = Callback(trained, **{**about, **usual, **others})
        trained.add_callback(made)
        return made


@pytest.fixture
def training(tmp_path: Path) -> Training:
    """Not begun."""
    return Training(tmp_path)


def test_each_checkpoint_is_logged_at_its_step(training: Training) -> None:
    """Four are saved, judged and logged; the Trainer's own figures are all there too."""
    trained = trainer(training.folder, training.base)
    callback = training.callback(trained)
    with timed(callback) as took:
        trained.train()
    rows = {row.step: row for row in training.workspace.watched().read() if row.verdict}
    assert sorted(rows) == [5, 10, 15, 20]
    found = logged(trained)
    assert sorted(found) == [5, 10, 15, 20]
    assert all(found[step]["judgebench/win_rate"] == row.rate for step, row in rows.items())
    assert [entry["step"] for entry in trained.state.log_history if "loss" in entry] == [5, 10, 15, 20]
    assert trained.state.global_step == len(took) == 20
    assert sum(took) < OWN


def test_loggers_get_all_before_their_end(training: Training) -> None:
    """A run that a logger has ended is none to log to; each step is logged as that, and in no epoch."""
    from transformers import TrainerCallback

    class Logger(TrainerCallback):
        said: ClassVar[list[Any]] = []

        def on_log(self, args: Any, state: Any, control: Any, logs: Any, **_: Any) -> None:
            if "judgebench/win_rate" in logs:
                self.said.append((state.global_step, "epoch" in logs))

        def on_train_end(self, *_: Any, **__: Any) -> None:
            self.said.append("end")

    trained = trainer(training.folder, training.base)
    trained.add_callback(Logger())
    training.callback(trained)
    trained.train()
    assert Logger.said == [*((step, False) for step in (5, 10, 15, 20)), "end"]


def test_it_is_left_to_itself_where_nobody_waits(training: Training) -> None:
    """It judges what there is, and ends."""
    trained = trainer(training.folder, training.base)
    callback = training.callback(trained, wait=False)
    trained.train()
    assert callback._process.wait() == 0
    assert sorted(row.step for row in training.workspace.watched().read() if row.verdict) == [5, 10, 15, 20]


@pytest.mark.parametrize("wrong", [{"judge": "nonesuch:x"}, {"questions": "nonesuch"}, {"workspace": "/nonesuch"}])
def test_a_watch_that_cant_start_is_one_warning(
    training: Training, wrong: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """And the training ends as it would have."""
    trained = trainer(training.folder, training.base)
    training.callback(trained, **wrong)
    with caplog.at_level(logging.WARNING, "judgebench.training"):
        trained.train()
    said = [record.getMessage() for record in caplog.records if record.name == "judgebench.training"]
    assert len(said) == 1
    assert "nonesuch" in said[0]
    assert trained.state.global_step == 20


def test_another_process_than_the_first_starts_none(training: Training) -> None:
    """Of several that train together only one has it watched."""
    trained = trainer(training.folder, training.base, steps=5)
    callback = training.callback(trained)
    state = type("State", (), {"is_world_process_zero": False})()
    callback.on_train_begin(trained.args, state, None)
    assert callback._process is None


@pytest.mark.slow
@pytest.mark.checkpoint
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # peft asks for it
def test_twenty_steps_of_lora(checkpoint_folder: Path, tmp_path: Path) -> None:
    """On the small checkpoint, with the embedded judge: rows, and logs by step; no step waits for it."""
    peft = pytest.importorskip("peft", reason="adapters need the extra `local`")
    from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer

    from judgebench.training import Callback

    list(workspace.init(tmp_path / "workspace"))
    tokenizer = AutoTokenizer.from_pretrained(checkpoint_folder)
    model = AutoModelForCausalLM.from_pretrained(checkpoint_folder)
    model = peft.get_peft_model(model, peft.LoraConfig(r=4, target_modules=["q_proj"], task_type="CAUSAL_LM"))
    data = examples(tokenizer, ["The capital of France is Paris, which lies on the Seine."] * 8)
    trained = Trainer(model=model, args=arguments(tmp_path / "run"), train_dataset=data, processing_class=tokenizer)
    asked = ("--max-questions", "4", "--max-tokens", "24", "--every", "1")
    about = {"baseline": f"base=hf:{checkpoint_folder}", "judge": "embedded", "questions": "core-80"}
    callback = Callback(trained, **about, workspace=tmp_path / "workspace", arguments=asked)
    trained.add_callback(callback)
    with timed(callback) as took:
        trained.train()
    rows = {row.step: row for row in Workspace(tmp_path / "workspace").watched().read() if row.verdict}
    assert sorted(rows) == sorted(logged(trained)) == [5, 10, 15, 20]
    assert {row.judged for row in rows.values()} == {4}
    assert sum(took) < OWN
