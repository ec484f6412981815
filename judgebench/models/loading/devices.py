"""Where a model computes, and in which arithmetic."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from judgebench.errors import JudgebenchError, UsageError
from judgebench.models.loading.options import LoadOptions


def pick(asked: str) -> str:
    """The device for `auto`: a GPU where there is one; UsageError for one that isn't there."""
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True, "spread": True}
    if asked == "auto":
        return next(name for name, present in there.items() if present)
    kind, _, number = asked.partition(":")
    if kind not in there or (number and not number.isdigit()):
        raise UsageError(f"unknown device {asked!r}: use auto, cpu, cuda, cuda:1, mps or spread")
    if not there[kind] or (number and int(number) >= torch.cuda.device_count()):
        raise UsageError(f"there is no device {asked} here: use auto")
    return asked


def described(model: Any) -> str:
    """The device or devices of a model's weights, with the GPU's name."""
    import torch

    devices = sorted({str(weight.device) for weight in model.parameters()})
    names = sorted({torch.cuda.get_device_name(name) for name in devices if name.startswith("cuda")})
    return ", ".join(devices) + (f" ({', '.join(names)})" if names else "")


def arithmetic(saved: Any, device: str) -> Any:
    """The dtype for `auto`: as saved, but float32 for bfloat16 on a processor that has no instructions for that."""
    import torch

    if device != "cpu" or saved is not torch.bfloat16 or has_bfloat16():
        return saved
    return torch.float32


def has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16 itself (AMX, AVX-512 or ARM's)."""
    import torch

    return any(there is True and "bf16" in name for name, there in torch.cpu.get_capabilities().items())


def placement(options: LoadOptions, device: str) -> Mapping[str, Any]:
    """What from_pretrained is told about places: onto a GPU directly, without a copy in the host's memory."""
    if device == "spread":
        return {"device_map": "auto"}
    return {"device_map": {"": device}} if device.startswith("cuda") or options.quantize else {}


def quantization(options: LoadOptions, device: str) -> Mapping[str, Any]:
    """What from_pretrained is told about packing; UsageError where this machine can't."""
    if not options.quantize:
        return {}
    import torch
    import transformers

    if device in ("cpu", "mps") or not torch.cuda.is_available():
        raise UsageError(f"{options.quantize} needs an NVIDIA GPU, which isn't here: use dtype bfloat16")
    if find_spec("bitsandbytes") is None:
        raise JudgebenchError(f"{options.quantize} needs bitsandbytes: pip install bitsandbytes")
    if options.quantize == "8bit":
        return {"quantization_config": transformers.BitsAndBytesConfig(load_in_8bit=True)}
    compute = torch.bfloat16 if options.dtype == "auto" else getattr(torch, options.dtype)
    settings = {"bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": compute}
    return {"quantization_config": transformers.BitsAndBytesConfig(load_in_4bit=True, **settings)}
