"""From logits to the next token of each row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Drawer:
    """How one row draws: at a temperature, with a generator of its own (None takes the likeliest token)."""

    temperature: float
    generator: Any = None
    number: Any = None  # the next one, where it was not used: a step that failed is made again with the same

    def peek(self) -> Any:
        """The next number from 0 to 1, the same until it is used."""
        import torch

        if self.number is None:
            self.number = torch.rand((), generator=self.generator, dtype=torch.float64)
        return self.number


def drawer(temperature: float, seed: int) -> Drawer:
    """A row's way of drawing; the generator is the CPU's everywhere, so that a device doesn't change the numbers."""
    import torch

    if not temperature:
        return Drawer(0.0)
    return Drawer(temperature, torch.Generator().manual_seed(seed))


def draw(logits: Any, drawers: Sequence[Drawer]) -> list[int | None]:
    """A token for each row of `logits` (rows, vocabulary); None where they are not finite.

    A nan or an infinity shows in the row's largest value; single tokens forbidden by minus infinity do no harm.
    """
    import torch

    largest, tokens = logits.max(dim=-1)
    warm = [place for place, item in enumerate(drawers) if item.generator]
    if warm:
        tokens[warm] = _sample(logits[warm], [drawers[place] for place in warm])
    found = [token if token >= 0 else None for token in torch.where(largest.isfinite(), tokens, -1).tolist()]
    for item in drawers:
        item.number = None
    return found


def _sample(logits: Any, drawers: Sequence[Drawer]) -> Any:
    """By the inverse of the distribution function: one number per row and token, whoever else is in the batch."""
    import torch

    wide = torch.float32 if logits.device.type == "mps" else torch.float64
    heat = torch.tensor([item.temperature for item in drawers], dtype=wide, device=logits.device)
    numbers = torch.stack([item.peek() for item in drawers])
    sums = torch.softmax(logits.to(wide) / heat[:, None], dim=-1).cumsum(dim=-1)
    aims = numbers.to(sums)[:, None] * sums[:, -1:]
    return torch.searchsorted(sums, aims, right=True).squeeze(-1).clamp_(max=logits.shape[-1] - 1)
