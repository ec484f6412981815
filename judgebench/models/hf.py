"""`hf:PATH_OR_REPO[@REVISION]`: a local checkpoint through transformers, in batches, on whatever device there is.

Nothing heavy is imported before the first `generate`: a run that has nothing to do takes no model.
"""

import hashlib
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from judgebench.errors import JudgebenchError, UsageError
from judgebench.models import Completion, Reply, Request, messages
from judgebench.records import Sampling, Usage, content_id, valid_text

_WEIGHTS = (".safetensors",)
_SETTINGS = (".json", ".jinja", ".model", ".txt")


class HFModel:
    """A checkpoint folder, or a repository of the Hub (from its cache or by download)."""

    def __init__(self, target: str, *, batch_size: int = 16, dtype: str = "auto", keep: bool = False) -> None:
        self.target = target
        self.keep = keep
        self.batch_size = batch_size
        self.dtype = dtype

    @cached_property
    def folder(self) -> Path:
        """The checkpoint's folder; a repository is looked up in the Hub's cache and downloaded if need be."""
        path = Path(self.target).expanduser()
        if path.is_dir():
            return path
        if path.is_absolute() or self.target.startswith("."):
            raise UsageError(f"no checkpoint at {self.target}: give a folder with config.json, or a Hub id ORG/NAME")
        return _from_hub(self.target)

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """The content of the checkpoint (weights, tokenizer, template, settings) and the arithmetic used."""
        return {"weights": fingerprint(self.folder), "dtype": self.dtype}

    @cached_property
    def _engine(self) -> "_Engine":
        return _Engine.load(self.folder, self.dtype)

    def generate(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """Hold the conversations batch by batch, the longest first; see Model.generate."""
        if not requests:
            return
        engine = self._engine if self.keep else _Engine.load(self.folder, self.dtype)
        for batch in _batches(requests, self.batch_size):
            yield from engine.hold(batch)


def fingerprint(folder: Path) -> str:
    """A hash of every file that decides what a checkpoint answers, by content: a retrained one is another model."""
    files = sorted(path for path in folder.iterdir() if path.suffix in _WEIGHTS + _SETTINGS)
    if not any(path.suffix in _WEIGHTS for path in files):
        raise UsageError(f"{folder} holds no .safetensors weights: save the checkpoint with save_pretrained")
    return content_id([(path.name, _sha256(path)) for path in files])


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _from_hub(target: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    repo, _, revision = target.partition("@")
    patterns = [f"*{suffix}" for suffix in _WEIGHTS + _SETTINGS]
    try:
        return Path(snapshot_download(repo, revision=revision or None, allow_patterns=patterns))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise JudgebenchError(f"hf:{target} is neither a folder nor to be had from the Hub ({reason})") from error


def _batches(requests: Sequence[Request], size: int) -> Iterator[list[tuple[int, Request]]]:
    """Requests that are drawn alike and about equally long, together, since padding costs as much as text.

    Of a group that needs several batches, each gets about as many: a batch of two takes as long as one of sixteen.
    """
    numbered = sorted(enumerate(requests), key=lambda item: (_draw(item[1]), -len(item[1].turns[0])))
    for _, grouped in groupby(numbered, key=lambda item: _draw(item[1])):
        group = list(grouped)
        count = math.ceil(len(group) / size)
        for number in range(count):
            yield group[len(group) * number // count : len(group) * (number + 1) // count]


def _draw(request: Request) -> tuple[int, float, int]:
    return len(request.turns), request.sampling.temperature, request.sampling.max_tokens


@dataclass
class _Engine:
    """A loaded checkpoint."""

    model: Any
    tokenizer: Any

    @classmethod
    def load(cls, folder: Path, dtype: str) -> "_Engine":
        try:
            import torch
            import transformers
        except ImportError as error:
            raise JudgebenchError("hf: models need torch and transformers: pip install 'judgebench[local]'") from error
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, padding_side="left")
        if not tokenizer.chat_template:
            raise JudgebenchError(f"{folder} has no chat template: save one with its tokenizer (chat_template.jinja)")
        tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, use_safetensors=True)
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        return cls(model.to(device).eval(), tokenizer)

    def hold(self, batch: Sequence[tuple[int, Request]]) -> Iterator[Reply]:
        """Hold a batch of conversations with equally many turns."""
        started = time.monotonic()
        said: list[list[Completion]] = [[] for _ in batch]
        for _ in batch[0][1].turns:
            prompts = [
                messages(request, [completion.text for completion in done])
                for (_, request), done in zip(batch, said, strict=True)
            ]
            for done, completion in zip(said, self._complete(prompts, batch[0][1].sampling), strict=True):
                done.append(completion)
        seconds = round((time.monotonic() - started) / len(batch), 3)
        for (index, _), done in zip(batch, said, strict=True):
            yield Reply(index, tuple(done), seconds=seconds)

    def _complete(self, conversations: Sequence[Any], sampling: Sampling) -> list[Completion]:
        import torch

        plain = [[{"role": item.role, "content": item.content} for item in talk] for talk in conversations]
        texts = [self.tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True) for talk in plain]
        inputs = self.tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False).to(
            self.model.device
        )
        torch.manual_seed(int(content_id(texts)[:8], 16))  # so that sampling, too, can be repeated
        with torch.inference_mode():
            output = self.model.generate(**inputs, generation_config=self._settings(sampling))
        width = inputs["input_ids"].shape[1]
        asked = inputs["attention_mask"].sum(dim=1).tolist()
        return [self._read(row, int(tokens)) for row, tokens in zip(output[:, width:].tolist(), asked, strict=True)]

    def _settings(self, sampling: Sampling) -> Any:
        """The checkpoint's own stop tokens, and of the rest only what the row says."""
        from transformers import GenerationConfig

        own = self.model.generation_config
        drawn = {"temperature": sampling.temperature, "top_k": 0, "top_p": 1.0} if sampling.temperature else {}
        return GenerationConfig(
            max_new_tokens=sampling.max_tokens,
            do_sample=bool(sampling.temperature),
            eos_token_id=own.eos_token_id or self.tokenizer.eos_token_id,
            pad_token_id=self.tokenizer.pad_token_id,
            **drawn,
        )

    def _read(self, tokens: list[int], asked: int) -> Completion:
        own = self.model.generation_config.eos_token_id or self.tokenizer.eos_token_id
        stops = set(own) if isinstance(own, list) else {own}
        end = next((place for place, token in enumerate(tokens) if token in stops), None)
        text = self.tokenizer.decode(tokens[:end], skip_special_tokens=True)
        reason = "length" if end is None else "stop"
        return Completion(valid_text(text.strip()), reason, Usage(asked, len(tokens) if end is None else end + 1))
