"""`reward:TARGET`: a checkpoint that gives a conversation one number, the better the higher, run here."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from judgebench.errors import UsageError
from judgebench.models import Options, loading
from judgebench.models.loading import Loaded, LoadOptions
from judgebench.models.loading.encoding import Encoder
from judgebench.tables.records import Failure, Message

if TYPE_CHECKING:
    from judgebench.models.engine.scoring import Scorer

Conversation = Sequence[Message]


class ScoredAloneWarning(UserWarning):
    """A model scores more slowly, since what a batch computes of it isn't what it gives alone."""


class RewardModel:
    """A sequence classifier with one output and a chat template: docs/judges.md says what it may be."""

    def __init__(self, target: str, options: Options | None = None) -> None:
        options = options or Options()
        self.target = target
        self._batch_size = options.batch_size
        self._how = LoadOptions(**{one.name: getattr(options, one.name) for one in fields(LoadOptions)})

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """The content of the checkpoint (weights, tokenizer, template, settings) and the arithmetic used."""
        return loading.identity(self.target, self._how)

    @property
    def served_by(self) -> str:
        """What makes the scores besides the checkpoint; it is loaded for that."""
        return self._held.loaded.served_by

    def scores(self, conversations: Sequence[Conversation]) -> Iterator[tuple[int, float | Failure]]:
        """The place of each conversation and its score, or why it has none, in any order.

        JudgebenchError, DataError or UsageError where the checkpoint is none that scores, or can't be loaded.
        """
        if conversations:
            yield from self._held.scores(conversations)

    @cached_property
    def _held(self) -> "_Held":
        from judgebench.models.engine.scoring import Scorer

        loaded = loading.load(self.target, self._how, scores=True)
        scorer = Scorer(loaded.model, loaded.tokenizer, self._batch_size)
        if scorer.apart:
            warnings.warn(f"{self.target} scores one text at a time: {scorer.apart}", ScoredAloneWarning, stacklevel=2)
        return _Held(loaded, scorer, Encoder(loaded.tokenizer, loaded.special_tokens))


@dataclass(frozen=True, slots=True)
class _Held:
    """A checkpoint in memory."""

    loaded: Loaded
    scorer: "Scorer"
    encoder: Encoder

    def scores(self, conversations: Sequence[Conversation]) -> Iterator[tuple[int, float | Failure]]:
        places, prompts = list[int](), list[tuple[int, ...]]()
        for place, conversation in enumerate(conversations):
            try:
                prompts.append(self.encoder.prompt(conversation)[1])
                places.append(place)
            except UsageError as error:  # the template doesn't render it
                yield place, Failure("scoring", str(error))
        for one in self.scorer.scores(prompts):
            found = Failure("scoring", one.failure or "") if one.score is None else one.score
            yield places[one.index], found
