"""How many rows the machine has room for, and what it says when it has none left."""

import os
from typing import Any

_MOST = {"cpu": 48}  # where products of so many rows are near the processor's rate
_MOST_ELSEWHERE = 256
_PROMPT_TOKENS = {"cpu": 800}  # more fall out of the processor's cache
_MOST_PROMPT_TOKENS = 16384
_SHARE = 0.5  # of the free memory: activations need some, and others too


def rows_that_fit(model: Any, tokens: int) -> int:
    """How many sequences of so many tokens the free memory has room for; at least one."""
    device = model.device.type
    fitting = int(_SHARE * _free(device) / (tokens * bytes_per_token(model)))
    return max(1, min(fitting, _MOST.get(device, _MOST_ELSEWHERE)))


def tokens_together(device: str, *, at_once: bool = False) -> int:
    """How many tokens of prompts go through a model in one call; many, where they have to go `at_once`."""
    return _MOST_PROMPT_TOKENS if at_once else _PROMPT_TOKENS.get(device, _MOST_PROMPT_TOKENS)


def bytes_per_token(model: Any) -> int:
    """The size of one token's keys and values in all layers."""
    config = model.config.get_text_config(decoder=True)
    width = getattr(config, "hidden_size", None) or model.get_input_embeddings().weight.shape[-1]
    asking = _number(config, "num_attention_heads") or 1
    heads = _number(config, "num_key_value_heads") or asking
    size = _number(config, "head_dim") or width // asking
    return int(2 * (_number(config, "num_hidden_layers") or 1) * heads * size * model.dtype.itemsize)


def _number(config: Any, name: str) -> int | None:
    """A setting that is a number; where there is one for each layer, the largest; None where there is none."""
    found = getattr(config, name, None)
    several = [one for one in found if isinstance(one, int)] if isinstance(found, (list, tuple)) else [found]
    return max((one for one in several if isinstance(one, int)), default=None)


def _free(device: str) -> int:
    """Bytes."""
    import torch

    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    if device == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    if "SC_AVPHYS_PAGES" not in os.sysconf_names:  # not on macOS: then what the machine has in all
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def is_shortage(error: BaseException) -> bool:
    """Whether it says that memory ran out; the CPU and Apple's chips have no exception of their own for it."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return any(words in str(error) for words in ("can't allocate memory", "not enough memory", "out of memory"))


def hand_back() -> None:
    """Give memory that torch keeps for later back to the device."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
