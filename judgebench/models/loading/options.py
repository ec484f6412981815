"""What a command line says about loading a checkpoint."""

import json
from dataclasses import dataclass
from typing import Any

from judgebench.errors import UsageError

DTYPES = ("auto", "float32", "bfloat16", "float16")
QUANTIZE = ("8bit", "4bit")


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a checkpoint is loaded; UsageError for a dtype or a quantisation that there is not."""

    dtype: str = "auto"  # one of DTYPES; auto: as the checkpoint was saved, where the device has instructions for it
    device: str = "auto"  # auto, cpu, mps, cuda, cuda:1; spread: one model over all GPUs
    quantize: str | None = None  # one of QUANTIZE, through bitsandbytes
    chat_template: str | None = None  # a file, or the name of a built-in one
    tokenizer: str | None = None  # a folder or a Hub id, where the checkpoint has none of its own
    allow_pickle: bool = False  # .bin weights, which may run code when they are opened
    trust_remote_code: bool = False  # Python files that come with the checkpoint
    template_arg: tuple[str, ...] = ()  # NAME=VALUE each, for the chat template; a value is JSON where it can be
    generation_config: bool = False  # the checkpoint's own settings for generating, by its own `generate`
    strict_weights: bool = False  # no weights in its files that have no place in the model

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise UsageError(f"unknown dtype {self.dtype!r}: use {', '.join(DTYPES)}")
        if self.quantize not in (None, *QUANTIZE):
            raise UsageError(f"unknown quantisation {self.quantize!r}: use {' or '.join(QUANTIZE)}")
        unnamed = [text for text in self.template_arg if not text.partition("=")[0].isidentifier() or "=" not in text]
        if unnamed:
            raise UsageError(f"--template-arg {unnamed[0]}: write NAME=VALUE, as in enable_thinking=false")

    @property
    def template_arguments(self) -> dict[str, Any]:
        """What the chat template is told, by name."""
        pairs = [text.partition("=") for text in self.template_arg]
        return {name: _value(text) for name, _, text in pairs}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
