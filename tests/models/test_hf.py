"""Local checkpoints: a real small one answers in batches as it would alone, and bad folders are named."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from judgebench.errors import JudgebenchError, UsageError
from judgebench.models import Completion, Options, Request
from judgebench.models.hf import HFModel
from judgebench.models.loading import fingerprint
from judgebench.tables.records import Sampling

PROMPTS = (
    "Say hello.",
    "What is the capital of France?",
    "Name three colours, please, and say why you like each of them.",
)


def greedy(*turns: str, tokens: int = 12) -> Request:
    """A request for a short greedy answer."""
    return Request(turns, Sampling(temperature=0.0, max_tokens=tokens))


def said(model: HFModel, *requests: Request) -> list[tuple[Completion, ...]]:
    """The completions of each request, in the order of the requests."""
    replies = sorted(model.generate(requests), key=lambda reply: reply.index)
    return [reply.completions for reply in replies]


@pytest.mark.checkpoint
def test_a_batch_says_what_each_would_say_alone(checkpoint_folder: Path) -> None:
    """In float32, greedy answers in a padded batch are those of one at a time, token for token."""
    requests = [greedy(prompt) for prompt in PROMPTS]
    alone = said(HFModel(str(checkpoint_folder), Options(batch_size=1, dtype="float32")), *requests)
    together = said(HFModel(str(checkpoint_folder), Options(batch_size=3, dtype="float32")), *requests)
    assert [replies[0].text for replies in together] == [replies[0].text for replies in alone]
    assert "Paris" in together[1][0].text


@pytest.mark.checkpoint
def test_a_second_turn_knows_the_first(checkpoint_folder: Path) -> None:
    """The model's own first answer stands in the conversation when the second question is asked."""
    ((first, second),) = said(HFModel(str(checkpoint_folder)), greedy("Say hello.", "Say it again.", tokens=8))
    assert first.usage
    assert second.usage
    assert second.usage.prompt_tokens > first.usage.prompt_tokens + first.usage.completion_tokens


TALKS = (
    ("Say hello.", "Say it again, in French.", "And in Spanish?"),
    ("What is the capital of France?", "How many people live there?"),
    ("Name three colours, please, and say why you like each of them.", "Which of them is the darkest?", "Thanks!"),
    ("Hi!", "Hi again!"),
)


@pytest.mark.slow
@pytest.mark.checkpoint
@pytest.mark.parametrize("batch_size", [1, 3])
def test_each_turn_of_a_batch_says_what_it_says_alone(checkpoint_folder: Path, batch_size: int) -> None:
    """In float32, token for token, though a turn takes over what the one before it computed."""
    model = HFModel(str(checkpoint_folder), Options(batch_size=batch_size, dtype="float32"))
    replies = said(model, *(greedy(*turns, tokens=16) for turns in TALKS))
    assert [[one.text for one in talk] for talk in replies] == [alone(checkpoint_folder, turns) for turns in TALKS]
    assert model.drawn == sum(one.usage.completion_tokens for talk in replies for one in talk if one.usage)


def alone(folder: Path, turns: tuple[str, ...]) -> list[str]:
    """What `model.generate` says to each turn, the whole conversation so far as its prompt."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    talk: list[dict[str, str]] = []
    for turn in turns:
        talk.append({"role": "user", "content": turn})
        prompt = tokenizer.apply_chat_template(talk, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        output = model.generate(**prompt, max_new_tokens=16, do_sample=False)[0, prompt["input_ids"].shape[1] :]
        talk.append({"role": "assistant", "content": tokenizer.decode(output, skip_special_tokens=True).strip()})
    return [message["content"] for message in talk[1::2]]


@pytest.mark.checkpoint
def test_a_cut_answer_says_so(checkpoint_folder: Path) -> None:
    """A text that met the limit is marked `length`, with as many tokens; one that ended by itself is marked `stop`."""
    cut, whole = said(HFModel(str(checkpoint_folder)), greedy("Count to 1000.", tokens=5), greedy("Hi!", tokens=200))
    assert (cut[0].finish_reason, cut[0].usage and cut[0].usage.completion_tokens) == ("length", 5)
    assert whole[0].finish_reason == "stop"
    assert "<|im_end|>" not in whole[0].text


@pytest.mark.checkpoint
def test_sampling_can_be_repeated(checkpoint_folder: Path) -> None:
    """The same request drawn twice gives the same text."""
    warm = Request(("Tell me a story.",), Sampling(temperature=1.0, max_tokens=12))
    assert said(HFModel(str(checkpoint_folder)), warm) == said(HFModel(str(checkpoint_folder)), warm)


@pytest.mark.checkpoint
def test_a_checkpoint_without_a_chat_template_is_refused(checkpoint_folder: Path, tmp_path: Path) -> None:
    """No template is guessed by the model's name: the message says what is missing."""
    folder = tmp_path / "base"
    shutil.copytree(checkpoint_folder, folder, ignore=shutil.ignore_patterns("chat_template.jinja"))
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings.pop("chat_template", None)
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(JudgebenchError, match="no chat template"):
        list(HFModel(str(folder)).generate([greedy("Hi")]))


def small_checkpoint(folder: Path) -> Path:
    """Files that look like a checkpoint to the fingerprint."""
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "model.safetensors").write_bytes(b"weightz"),
        lambda folder: (folder / "chat_template.jinja").write_text("x"),
        lambda folder: (folder / "config.json").write_text('{"a": 1}'),
    ],
    ids=["weights", "template", "config"],
)
def test_a_changed_checkpoint_is_another_model(tmp_path: Path, change: Callable[[Path], object]) -> None:
    """Weights, template or settings: whatever decides what it says decides who it is."""
    folder = small_checkpoint(tmp_path / "c")
    before = fingerprint(folder)
    for name in ("training.log", "trainer_state.json", "all_results.json"):
        (folder / name).write_text("not part of it")
    assert fingerprint(folder) == before
    change(folder)
    assert fingerprint(folder) != before


def test_a_folder_without_safetensors_is_refused(tmp_path: Path) -> None:
    """Pickled weights are not loaded: the message says how to save others."""
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(UsageError, match="save_pretrained"):
        fingerprint(tmp_path)


def test_who_a_model_is_takes_no_torch(tmp_path: Path) -> None:
    """A run that finds everything done loads nothing heavy."""
    folder = small_checkpoint(tmp_path / "c")
    code = (
        f"import sys\nfrom judgebench.models.hf import HFModel\nmodel = HFModel({str(folder)!r})\n"
        "model.identity, list(model.generate([]))\nprint('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.checkpoint
def test_an_answer_says_what_made_it(checkpoint_folder: Path) -> None:
    """Versions, arithmetic, device and template as they were used, besides the weights' fingerprint."""
    model = HFModel(str(checkpoint_folder), Options(dtype="float32"))
    ((only,),) = said(model, greedy("Hi", tokens=2))
    assert only.served_by
    assert re.fullmatch(r"transformers-\S+ torch-\S+ float32 \S+ template-[0-9a-f]{8}", only.served_by)
    assert only.usage
    assert only.usage.completion_tokens == 2
