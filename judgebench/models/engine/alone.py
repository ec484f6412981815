"""One row by the model's own `generate`: what batches are held against, and what is done where they differ."""

import copy
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from judgebench.models.engine.rows import Row
from judgebench.models.engine.sides import ALONE, BY_LENGTH, sides_of


class Alone:
    """A model's `generate` with one prompt; each method runs under torch.inference_mode."""

    def __init__(self, model: Any, padding: int) -> None:
        self.model = model
        self.padding = padding
        self._masked = (
            model.config.is_encoder_decoder or "attention_mask" in inspect.signature(model.forward).parameters
        )
        self._remembers = sides_of(model).long == ALONE and sides_of(model).beyond == BY_LENGTH

    def follow(self, row: Row, most: int, draw: Callable[[Any, list[Row]], None]) -> None:
        """Go on with a row, whose tokens are drawn by `draw`, until that ends it or there are so many more."""
        import transformers

        plain = transformers.GenerationConfig(max_new_tokens=most, do_sample=False, pad_token_id=self.padding)
        with _without_settings(self.model):
            self._generate(row, generation_config=plain, **_following(row, draw))

    def by_its_settings(self, row: Row, most: int, ends: frozenset[int]) -> list[int]:
        """What comes of the checkpoint's own settings, which may try several answers side by side: the new tokens."""
        import torch

        torch.manual_seed(row.job.seed)
        settings = copy.deepcopy(self.model.generation_config)
        settings.update(max_new_tokens=most, max_length=None, do_sample=bool(row.job.temperature))
        settings.update(eos_token_id=sorted(ends) or settings.eos_token_id)
        if row.job.temperature:
            settings.update(temperature=row.job.temperature)
        return self._generate(row, generation_config=settings)

    def _generate(self, row: Row, **settings: Any) -> list[int]:
        """The new tokens."""
        import torch

        prompt = torch.tensor([row.known], device=self.model.device)
        mask = {"attention_mask": torch.ones_like(prompt)} if self._masked else {}
        said = self.model.generate(prompt, **mask, **settings)
        if self._remembers:  # a dynamic scaling stays as the longest prompt left it, until a short one comes
            self.model(prompt[:, :1])
        first = 1 if self.model.config.is_encoder_decoder else prompt.shape[1]
        return list(said[0, first:].tolist())


def _following(row: Row, draw: Callable[[Any, list[Row]], None]) -> dict[str, Any]:
    """What makes `generate` go on with the tokens that are drawn here, and end where they do."""
    import torch

    def chosen(_: Any, scores: Any) -> Any:
        draw(scores, [row])
        found = torch.full_like(scores, -torch.inf)
        found[:, row.last] = 0.0
        return found

    def ended(tokens: Any, *_: Any, **__: Any) -> Any:
        return torch.tensor([bool(row.reason)], device=tokens.device)

    return {"logits_processor": [chosen], "stopping_criteria": [ended]}


@contextmanager
def _without_settings(model: Any) -> Iterator[None]:
    """While it lasts, the checkpoint says nothing of penalties and the like: `generate` would heed it."""
    import transformers

    own, model.generation_config = model.generation_config, transformers.GenerationConfig()
    try:
        yield
    finally:
        model.generation_config = own
