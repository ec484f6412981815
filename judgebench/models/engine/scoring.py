"""Prompts to one number each, by a model that ends in one: in batches, padded on the right, of like length."""

import inspect
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from judgebench.models.engine.engine import CANT, NO_MEMORY, NOT_FINITE
from judgebench.models.engine.limits import limits_of
from judgebench.models.engine.memory import hand_back, is_shortage, tokens_together
from judgebench.models.engine.proof import TOLERANCE, ordinary
from judgebench.models.engine.sides import ALONE, BY_LENGTH, sides_of
from judgebench.models.loading.telling import first_line

DIGITS = {"float32": 4}  # of a score behind the point: what a batch changes is behind these
OTHER_DIGITS = 2
_TRIED = (17, 21, 45)  # tokens
_LEAST = 1e-2  # what scores are held against, where all are near 0
_EVEN = 0.75  # prompts go in together when the shortest has at least this share of the longest's tokens

Prompt = Sequence[int]


@dataclass(frozen=True, slots=True)
class Scored:
    """What became of a prompt: its score, or why it has none."""

    index: int
    score: float | None
    failure: str | None = None


class Scorer:
    """A model of one number, and how many prompts it takes at a time: fewer, for good, when memory runs out.

    A prompt's score is what the model gives it alone, as transformers computes it, rounded so that its batch doesn't
    show. Where a batch is off by more than rounding, `apart` says so, and each prompt goes by itself.
    """

    def __init__(self, model: Any, tokenizer: Any, batch_size: int | None = None) -> None:
        self.model = model
        self.batch_size = batch_size
        self.sides = sides_of(model)
        self._remembers = self.sides.long == ALONE and self.sides.beyond == BY_LENGTH
        self._dtype = str(model.dtype).removeprefix("torch.")
        self._text = model.config.get_text_config()  # where transformers looks for the token that pads
        self._most = limits_of(model).whole
        self._plain = {"use_cache": False} if "use_cache" in inspect.signature(model.forward).parameters else {}
        self.apart = self._unsound(ordinary(tokenizer, model.get_input_embeddings().weight.shape[0]))

    def scores(self, prompts: Sequence[Prompt]) -> Iterator[Scored]:
        """The score of each, in any order; what is longer than the model's positions has none, and why."""
        fitting = []
        for index, prompt in enumerate(prompts):
            refusal = self._refusal(len(prompt))
            if refusal:
                yield Scored(index, None, refusal)
            else:
                fitting.append(index)
        waiting = sorted(fitting, key=lambda index: (self._side(prompts[index]), len(prompts[index])))
        while waiting:
            some = self._together(waiting, prompts)
            found = self._tried([prompts[index] for index in some])
            if found is not None:
                del waiting[-len(some) :]
                yield from (Scored(index, *one) for index, one in zip(some, found, strict=True))

    def _refusal(self, length: int) -> str | None:
        if not length:
            return "the conversation is empty"
        if self._most and length > self._most:
            return f"the conversation's {length} tokens are more than the {self._most} that the model has positions for"
        return None

    def _side(self, prompt: Prompt) -> str:
        return self.sides.of(len(prompt), len(prompt), len(prompt))

    def _together(self, waiting: Sequence[int], prompts: Sequence[Prompt]) -> list[int]:
        """The last ones, which are the longest of a side: of like length, and so many that a call has room for them."""
        last = prompts[waiting[-1]]
        longest, side = len(last), self._side(last)
        most = max(1, tokens_together(self.model.device.type) // longest)
        most = 1 if self.apart or side == ALONE else min(most, self.batch_size or most)
        fitting = [
            index
            for index in waiting[-most:]
            if len(prompts[index]) >= _EVEN * longest and self._side(prompts[index]) == side
        ]
        return fitting

    def _tried(self, prompts: Sequence[Prompt]) -> list[tuple[float | None, str | None]] | None:
        """Scores or failures; None where memory ran out, and fewer are to be tried."""
        try:
            return [self._kept(score) for score in self._computed(prompts)]
        except Exception as error:  # whatever a model runs into
            short, why = is_shortage(error), f"{CANT} ({type(error).__name__}: {first_line(error)})"
        if short:  # out here, where the error no longer holds on to what it ran out over
            hand_back()
        if len(prompts) == 1:
            return [(None, NO_MEMORY if short else why)]
        self.batch_size = max(1, len(prompts) // 2) if short else 1
        return None

    def _kept(self, score: float) -> tuple[float | None, str | None]:
        if not math.isfinite(score):
            return None, NOT_FINITE
        return round(score, DIGITS.get(self._dtype, OTHER_DIGITS)), None

    def _computed(self, prompts: Sequence[Prompt]) -> list[float]:
        import torch

        lengths, device = [len(prompt) for prompt in prompts], self.model.device
        with torch.inference_mode(), self._padded(prompts) as padding:
            rows = [[*prompt, *[padding] * (max(lengths) - len(prompt))] for prompt in prompts]
            there = torch.arange(max(lengths), device=device) < torch.tensor(lengths, device=device)[:, None]
            found = self.model(torch.tensor(rows, device=device), attention_mask=there.long(), **self._plain)
            if self._remembers:  # a dynamic scaling stays as the longest text left it, until a short one comes
                self.model(torch.tensor([rows[0][:1]], device=device), **self._plain)
            return [float(one) for one in found.logits.float().reshape(len(prompts), -1)[:, 0].tolist()]

    @contextmanager
    def _padded(self, prompts: Sequence[Prompt]) -> Iterator[int]:
        """The token that pads: the model's own, behind whose last other token it takes its number.

        Where it names none it takes the last of all, so that one does which stands in no prompt.
        """
        own = self._text.pad_token_id
        used = {token for prompt in prompts for token in prompt}
        chosen = own if own is not None else next(token for token in range(len(used) + 1) if token not in used)
        self._text.pad_token_id = chosen
        try:
            yield chosen
        finally:
            self._text.pad_token_id = own

    def _unsound(self, tokens: Sequence[int]) -> str | None:
        """Why no batch of this model is to be trusted, seen in one of three prompts."""
        most = min(one for one in (_TRIED[-1], self._most, self.sides.limit) if one)
        lengths = [max(1, length * most // _TRIED[-1]) for length in _TRIED]
        prompts = [
            [tokens[(13 * place + at) % len(tokens)] for at in range(length)] for place, length in enumerate(lengths)
        ]
        try:
            alone = [self._computed([prompt])[0] for prompt in prompts]
            together = self._computed(prompts)
        except Exception as error:  # whatever a model runs into that isn't made for it
            return None if is_shortage(error) else f"a batch of it fails ({type(error).__name__}: {first_line(error)})"
        off = max(abs(one - other) for one, other in zip(together, alone, strict=True))
        off /= max(_LEAST, *map(abs, alone))
        return (
            None if off <= TOLERANCE[self._dtype] or math.isnan(off) else f"in a batch its scores are off by {off:.2g}"
        )
