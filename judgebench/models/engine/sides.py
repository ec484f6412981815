"""Which rows a model computes alike, so that they may share a batch: those on the same side of a limit of positions.

Where the way in which positions are turned changes with the longest row of a batch, all rows would change with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from judgebench.models.engine.limits import rope_settings

_CHOOSING = ("index_topk", "keep_window_size")  # how many tokens a sparse attention takes
SHORT, LONG, ALONE = "short", "long", "alone"
BY_LENGTH = "beyond the positions of its training the model turns them by the length of each text"

BY_CHOICE = "beyond so many tokens the model attends to a choice of them, in which ties go by their places"


@dataclass(frozen=True, slots=True)
class Sides:
    """Up to `limit` tokens a row is on the short side.

    Beyond it, it is on the long one; or, where a model is not made to `cross`, it is alone from its beginning if it may
    get there. With a reason in `apart`, every row is alone.
    """

    limit: int | None = None
    crosses: bool = True
    long: str = LONG
    apart: str | None = None
    beyond: str = BY_LENGTH

    @property
    def why_alone(self) -> str:
        """Why a row is."""
        return self.beyond if self.apart is None else self.apart

    def of(self, prompt: int, length: int, most: int) -> str:
        """The side of a row of that `length`, whose prompt has so many tokens and which may come to so many."""
        if self.apart is not None:
            return ALONE
        if not self.limit or most <= self.limit:
            return SHORT
        if self.long == ALONE or not (self.crosses or prompt > self.limit):
            return ALONE
        return LONG if length > self.limit else SHORT


def sides_of(model: Any) -> Sides:
    """By the settings of the model's positions and of its attention."""
    config = model.config.get_text_config(decoder=True)
    chosen = [getattr(config, name, None) for name in _CHOOSING]
    if any(chosen):
        return Sides(min(int(one) for one in chosen if one), long=ALONE, beyond=BY_CHOICE)
    for one in rope_settings(config):
        kind = str(one.get("rope_type"))
        if kind == "longrope":
            limit = int(_original(config, one))
            return Sides(limit, crosses=_computes_anew(model, limit))
        if "dynamic" in kind:
            return Sides(int(config.max_position_embeddings), long=ALONE)
    return Sides()


def _original(config: Any, settings: Mapping[str, Any]) -> int:
    found = settings.get("original_max_position_embeddings") or getattr(
        config, "original_max_position_embeddings", None
    )
    return int(found or config.max_position_embeddings)


class _Full:
    """A cache of so many tokens, for whoever only asks for their number."""

    is_compileable = False

    def __init__(self, length: int) -> None:
        self.length = length

    def get_seq_length(self, *_: Any) -> int:
        """How many."""
        return self.length


def _computes_anew(model: Any, limit: int) -> bool:
    """Whether the model's own `generate` gives up what it has computed where an answer crosses the limit."""
    import torch

    tokens = torch.zeros((1, limit + 1), dtype=torch.long)
    try:
        given = model.prepare_inputs_for_generation(tokens, next_sequence_length=1, past_key_values=_Full(limit))
    except (TypeError, AttributeError, ValueError):
        return False
    return given.get("past_key_values") is None
