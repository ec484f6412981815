"""GGUF files, which transformers reads anew for each thing that it wants to know of one."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any


@contextmanager
def read_once() -> Iterator[None]:
    """Within it a file is read once, not for the config, the weights and the tokenizer each.

    The same goes for the table of tensors' names, which would be made for every part of the model. Both take seconds.
    """
    gguf: Any = import_module("gguf") if find_spec("gguf") else None
    made = {name: getattr(gguf, name) for name in ("GGUFReader", "get_tensor_name_map")} if gguf else {}
    for name, make in made.items():
        setattr(gguf, name, cache(make))
    try:
        yield
    finally:
        for name, make in made.items():
            setattr(gguf, name, make)
