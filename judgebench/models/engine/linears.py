"""oneDNN's float32 products in place of MKL's.

On a processor that isn't Intel's, MKL's are about half as fast (on an AMD EPYC, 2,048 rows: 110-160 GFLOP/s against
320-340), and torch, which takes oneDNN for bfloat16, has no setting to take it for float32. The operator is the one
that torch's own compiler writes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any


@contextmanager
def quick_linears(model: Any) -> Iterator[None]:
    """While it lasts, the model's plain float32 linear layers on the CPU go through oneDNN, where torch has it."""
    operator = _operator()
    layers = [layer for layer in model.modules() if _can(layer)] if operator else []
    for layer in layers:
        layer.forward = partial(_forward, operator, layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward


def _operator() -> Any:
    import torch

    there = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    return torch.ops.mkldnn._linear_pointwise if there else None


def _can(layer: Any) -> bool:
    """Whether it is a linear layer, unchanged by quantization or adapters, whose forward nobody replaced."""
    import torch

    if type(layer) is not torch.nn.Linear or "forward" in vars(layer):
        return False
    return layer.weight.dtype is torch.float32 and layer.weight.device.type == "cpu"


def _forward(operator: Any, layer: Any, values: Any) -> Any:
    return operator(values, layer.weight, layer.bias, "none", [], "")
