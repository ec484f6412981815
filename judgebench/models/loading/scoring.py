"""Checkpoints that give a conversation one number: what is asked of them beyond what is asked of all."""

import re
from typing import Any

from judgebench.errors import UsageError
from judgebench.models.loading import files
from judgebench.models.loading.targets import Checkpoint
from judgebench.models.loading.templating import rendered
from judgebench.tables.records import Message

_HEAD = re.compile(r"(?:^|\.)(?:score|classifier|out_proj|v_head|summary)\.weight$")
_PEFT = re.compile(r"^base_model\.model\.|\.modules_to_save(?:\.default)?(?=\.)")  # what peft puts into names


def check(checkpoint: Checkpoint, config: Any) -> None:
    """UsageError where the numbers of a conversation are several, or the model is one that only writes."""
    labels = _labels(checkpoint, config)
    written = [name for name in config.architectures or () if name.endswith(("ForCausalLM", "LMHeadModel"))]
    if written and labels is None:
        raise UsageError(f"{checkpoint.base.text} is a model that writes ({written[0]}) and none that scores: see hf:")
    if config.is_encoder_decoder:
        raise UsageError(f"{checkpoint.base.text} is an encoder-decoder, of which no reward model is known here")
    if (labels or config.num_labels) != 1:
        raise UsageError(
            f"{checkpoint.base.text} gives {labels or config.num_labels} numbers (labels) and a reward model one:"
            " which of them is the reward, it doesn't say"
        )


def check_template(tokenizer: Any, source: str) -> None:
    """UsageError where a chat template doesn't show the answer that is scored."""
    try:
        rendered(tokenizer, [Message("user", "Hi"), Message("assistant", "Hi")])
    except UsageError as error:
        raise UsageError(f"{source}: {error}") from error


def brought(checkpoint: Checkpoint) -> set[str]:
    """The names of the weights that adapters bring along whole, as the model calls them: its head mostly."""
    return {_PEFT.sub("", name) for name in _whole(checkpoint)}


def _labels(checkpoint: Checkpoint, config: Any) -> int | None:
    """How many numbers the head gives that an adapter brings; None where none does."""
    heads = [shape[0] for name, shape in _whole(checkpoint).items() if _HEAD.search(_PEFT.sub("", name))]
    return heads[-1] if heads else None


def _whole(checkpoint: Checkpoint) -> dict[str, list[int]]:
    """The shapes of the weights that adapters bring along whole."""
    folders = [addition.source.folder for addition in checkpoint.additions if addition.kind == "adapter"]
    paths = [path for folder in folders for path in sorted(folder.glob("adapter_model*.safetensors"))]
    return {
        name: shape for path in paths for name, shape in files.shapes(path).items() if not re.search(r"\.lora_", name)
    }
