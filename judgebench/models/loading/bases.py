"""A base that is loaded once for several adapters, one after the other, and is itself again between them."""

import copy
from collections.abc import Callable, Iterable
from typing import Any


class Original:
    """A model as it was loaded: what is added to it can be taken away again, to the last bit."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self._modules = [(parent, name, one) for parent in model.modules() for name, one in parent.named_children()]
        self._weights = [
            (parent, name, one)
            for parent in model.modules()
            for name, one in parent.named_parameters(recurse=False, remove_duplicate=False)
        ]
        self._attributes = set(vars(model))
        self._settings = copy.deepcopy((model.config, getattr(model, "generation_config", None)))
        self._kept: list[tuple[Any, Any]] = []

    def keep(self, weights: Iterable[Any]) -> None:
        """Copy weights that are about to change, into the host's memory."""
        self._kept += [(one, one.detach().to("cpu", copy=True)) for one in weights]

    def restore(self) -> Any:
        """The model as it was: its parts, their weights, and what it says of itself."""
        import torch

        for parent, name, module in self._modules:
            setattr(parent, name, module)
        for parent, name, weight in self._weights:
            setattr(parent, name, weight)
        with torch.no_grad():
            for weight, was in self._kept:
                weight.copy_(was)
        self._kept = []
        for name in set(vars(self.model)) - self._attributes:
            delattr(self.model, name)
        _set(self.model.config, self._settings[0])
        if self._settings[1] is not None:
            self.model.generation_config = copy.deepcopy(self._settings[1])
        return self.model


def _set(config: Any, was: Any) -> None:
    """Every part of a model holds the same settings, so that it is these that are set back."""
    vars(config).clear()
    vars(config).update(copy.deepcopy(vars(was)))


class Base:
    """What models of the same weights share: the one that was loaded last, for whichever of them is at work.

    A model that was lent is no longer what it was once the next one is.
    """

    def __init__(self) -> None:
        self._about: object = None
        self._held: Any = None

    def share(self, about: object, load: Callable[[], Any]) -> Any:
        """What is loaded so, and is not changed by whoever uses it; `about` says which it is."""
        if self._held is None or about != self._about:
            self._about = self._held = None  # let go of before another takes its place
            self._about, self._held = about, load()
        return self._held

    def lend(self, about: object, load: Callable[[], Any]) -> Original:
        """The model that is loaded so, as it was then."""
        original: Original = self.share(about, lambda: Original(load()))
        original.restore()
        return original
