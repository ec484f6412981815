"""How far a model's positions reach: what is longer has no room, and would end a run in the middle, on a GPU hard."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_NAMES = ("max_position_embeddings", "n_positions", "max_seq_len")
_NEARLY = 8  # a table of positions may have a few rows more, in front, that are no positions


@dataclass(frozen=True, slots=True)
class Limits:
    """The most tokens of a prompt, of a prompt with its answer, and of an answer alone; None: there is no limit.

    An encoder-decoder model has the first and the last, any other the second.
    """

    prompt: int | None = None
    whole: int | None = None
    answer: int | None = None

    def refusal(self, prompt: int) -> str | None:
        """Why a prompt of so many tokens can't be answered."""
        if self.whole and prompt >= self.whole:
            return f"the prompt's {prompt} tokens leave no room in the model's context of {self.whole}"
        if self.prompt and prompt > self.prompt:
            return f"the prompt's {prompt} tokens are more than the {self.prompt} that the model's encoder takes"
        return None

    def room(self, prompt: int, most: int) -> int:
        """How many of `most` tokens of an answer there is room for behind such a prompt."""
        return min(most, self.answer or most, self.whole - prompt if self.whole else most)


def limits_of(model: Any) -> Limits:
    """By the configuration and, where there is a table of positions, by its rows."""
    config = model.config
    if not config.is_encoder_decoder:
        return Limits(whole=_reach(config.get_text_config(decoder=True), model, "decoder"))
    encoder = getattr(config, "encoder", None) or config
    answer = _reach(config.get_text_config(decoder=True), model.get_decoder(), "decoder")
    return Limits(_reach(encoder.get_text_config(), model.get_encoder(), "encoder"), answer=answer and answer - 1)


def rope_settings(config: Any) -> Iterator[Mapping[str, Any]]:
    """How positions are turned: one dictionary, or one for each type of layer."""
    given = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    yield from [one for one in given.values() if isinstance(one, Mapping)] or [given]


def _reach(config: Any, model: Any, part: str) -> int | None:
    """The positions of one part of a model. Some configurations say -1 for no limit."""
    found = (getattr(config, name, None) for name in (f"max_{part}_position_embeddings", *_NAMES))
    stated = next((one for one in found if isinstance(one, int) and one > 0), None)
    return stated and min([_scaled(config, stated), *_tabled(model, stated)])


def _scaled(config: Any, stated: int) -> int:
    """Dynamic scaling goes beyond the positions that are stated, which are those of the training."""
    dynamic = [one for one in rope_settings(config) if one.get("rope_type") == "dynamic"]
    return int(stated * max((float(one.get("factor") or 1.0) for one in dynamic), default=1.0))


def _tabled(model: Any, stated: int) -> Iterator[int]:
    """How many positions the tables have that were made for so many: a few rows in front may be none."""
    import torch

    for name, table in model.named_modules():
        if isinstance(table, torch.nn.Embedding) and ("pos" in name.rpartition(".")[2] or name.endswith("wpe")):
            before = getattr(table, "offset", 0) or (0 if table.padding_idx is None else table.padding_idx + 1)
            if abs(table.num_embeddings - stated) <= _NEARLY:
                yield table.num_embeddings - before
