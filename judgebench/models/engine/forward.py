"""Calls of the model: prompts into a cache, and one more token for every row."""

import inspect
from collections.abc import Sequence
from typing import Any

from judgebench.models.engine.cache import Closed, Kept, Window, begun, can_be_joined

_STATES = ("past_key_values", "cache_params")  # what models call what they remember


class Forward:
    """A model and the cache of at most so many rows; every method runs under torch.inference_mode."""

    def __init__(self, model: Any, rows: int, padding: int) -> None:
        self.model = model
        self.padding = padding
        self.joinable = can_be_joined(model.config)
        self.cache = Window(rows) if self.joinable else Closed()
        takes = inspect.signature(model.forward).parameters
        opaque = "input_ids" not in takes  # a wrapper, as an adapter's, that hands on whatever it is given
        self._state = next((name for name in _STATES if name in takes), _STATES[0])
        self._optional = {name for name in ("position_ids", "logits_to_keep") if opaque or name in takes}

    def prefill(self, prompts: Sequence[Sequence[int]], kept: Sequence[Kept | None]) -> tuple[Any, Any]:
        """The logits (rows, vocabulary) behind each prompt, and the cache of them all, padded on the left.

        Only so many last columns are computed as the row needs that has kept least of its prompt.
        """
        import torch

        lengths = [len(prompt) for prompt in prompts]
        longest = max(lengths)
        new = max(length - (one.length if one else 0) for length, one in zip(lengths, kept, strict=True))
        padded = [[self.padding] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
        past = self._begun(kept, [max(0, length - new) for length in lengths], longest - new)
        first = torch.tensor([longest - length for length in lengths], device=self.model.device)
        places = torch.arange(longest, device=self.model.device) - first[:, None]
        there, last = places >= 0, slice(longest - new, longest)
        return self._call([row[last] for row in padded], places[:, last].clamp(min=0), there, lengths, past), past

    def _begun(self, kept: Sequence[Kept | None], lengths: Sequence[int], width: int) -> Any:
        from transformers import DynamicCache

        return begun(kept, lengths, width) if self.joinable else DynamicCache(config=self.model.config)

    def step(self, tokens: Sequence[int], lengths: list[int]) -> Any:
        """The logits (rows, vocabulary) behind one more token of each row, whose cached tokens are so many."""
        import torch

        self.cache.make_column()
        held = torch.tensor(lengths, device=self.model.device)[:, None]
        width = self.cache.span.width
        # A state that is no keys and values has taken padding in as nothing, and has no columns to hide.
        mask = (
            None if self._state == "cache_params" else torch.arange(width + 1, device=self.model.device) >= width - held
        )
        logits = self._call([[token] for token in tokens], held, mask, [*lengths, width], self.cache.past)
        self.cache.fit(max(lengths) + 1, new=1)
        return logits

    def _call(self, tokens: list[list[int]], places: Any, mask: Any, lengths: list[int], past: Any) -> Any:
        """Without a mask where nothing is padding (all `lengths` are the same): attention is quicker then."""
        import torch

        optional = {"position_ids": places, "logits_to_keep": 1}
        output = self.model(
            input_ids=torch.tensor(tokens, device=self.model.device),
            attention_mask=mask if len(set(lengths)) > 1 else None,
            use_cache=True,
            **{self._state: past},
            **{name: optional[name] for name in self._optional},
        )
        return output.logits[:, -1]
