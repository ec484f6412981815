"""The loop: take in, step, let go; and with less at a time where memory runs out."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from judgebench.models.engine.drawing import draw
from judgebench.models.engine.forward import Forward
from judgebench.models.engine.jobs import Count, Done, Job
from judgebench.models.engine.linears import quick_linears
from judgebench.models.engine.memory import hand_back, is_shortage, rows_that_fit
from judgebench.models.engine.rows import Endings, Row, Waiting

NOT_FINITE = "the model's logits are not finite: a broken checkpoint or float16 overflow; try --dtype float32"
NO_MEMORY = "out of memory with this prompt alone"
_AHEAD = 64  # jobs that wait, at least: to choose those of like length from
_PROMPT_TOKENS = {"cpu": 800}  # that go in together: more fall out of the processor's cache
_MOST_PROMPT_TOKENS = 16384
_REFILLS = 16  # places in a batch: one of them is as many rows as come in together


class Engine:
    """A model in a batch of at most `batch_size` rows; without it, as many as the free memory has room for.

    The size is halved, for good, when memory runs out. Greedy tokens in float32 are those of `model.generate` with one
    prompt at a time, but for logits that tie within rounding.
    """

    def __init__(
        self, model: Any, tokenizer: Any, *, batch_size: int | None = None, count: Count | None = None
    ) -> None:
        self.model = model
        self.batch_size = batch_size
        self.count = count or Count()
        config = model.config.get_text_config(decoder=True)
        self.endings = Endings(tokenizer, _ends(model, tokenizer), getattr(config, "max_position_embeddings", None))
        self.padding = tokenizer.pad_token_id or 0

    def run(self, jobs: Iterable[Job], follow: Callable[[Done], Job | None] | None = None) -> Iterator[Done]:
        """Yield what becomes of each job as it is done, in any order; see Done.

        Jobs are drawn as room is found, with a few ahead. `follow` is asked about each one done for the job that comes
        after it: the next turn of a conversation, of whose prompt only what the turn before didn't see is computed. A
        job that fails is a Done with a failure. What is done is added to `count`.
        """
        run = _Run(self, jobs)
        with quick_linears(self.model):
            while run.goes_on():
                for row in run.round():
                    done = self.endings.done(row)
                    after = follow(done) if follow else None
                    if after:
                        row.heir = Row.of(after)
                        run.waiting.put([row.heir])
                    yield done


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens that end an answer: the checkpoint's own, one or several, and the tokenizer's."""
    own = model.generation_config.eos_token_id
    several = own if isinstance(own, list) else [own]
    return frozenset(token for token in (*several, tokenizer.eos_token_id) if token is not None)


class _Run:
    """The rows of one `run`."""

    def __init__(self, engine: Engine, jobs: Iterable[Job]) -> None:
        self.engine = engine
        self.waiting = Waiting(jobs, max(_AHEAD, engine.batch_size or 0))
        self.rows: list[Row] = []
        self.entering: list[Row] = []
        self.ended: list[Row] = []

    def goes_on(self) -> bool:
        """Whether there is anything left to do; the batch is made when the first jobs are there to judge by."""
        there = bool(len(self.waiting) or self.rows)
        if there and not self.engine.batch_size:
            self.engine.batch_size = rows_that_fit(self.engine.model, self.waiting.longest())
        return there

    @cached_property
    def forward(self) -> Forward:
        """The model and its cache, for the batch size of the moment."""
        return Forward(self.engine.model, self._size, self.engine.padding)

    @property
    def _size(self) -> int:
        return self.engine.batch_size or 1

    def round(self) -> list[Row]:
        """Let go of what is at its end, take in what there is room for, and give every row a token.

        Returns the rows that have come to their end. They leave in the next round, when it is known what follows them.
        """
        import torch

        began, short = time.perf_counter(), False
        try:
            with torch.inference_mode():
                self._let_go()
                self._refill()
                self._step()
        except (RuntimeError, MemoryError) as error:
            if not is_shortage(error):
                raise
            short = True
        if short:  # out here, where the error no longer holds on to what it ran out over
            self._retreat()
        return self._settle(time.perf_counter() - began)

    def _let_go(self) -> None:
        """Take rows out of the batch that are at their end."""
        leaving = [place for place, row in enumerate(self.rows) if row.reason]
        for place in reversed(leaving):
            self._bequeath(place)
            self._leave(place)
        if leaving:
            self.forward.cache.fit(max((row.computed for row in self.rows), default=0))

    def _bequeath(self, place: int) -> None:
        """Keep what a row has computed of the next turn's prompt, for that."""
        row = self.rows[place]
        shared = 0 if row.failure else row.shared()
        if row.heir and shared:
            row.heir.kept = self.forward.cache.keep(place, row.computed, shared)

    def _leave(self, place: int) -> None:
        """Take a row out; the last one takes its place, in the cache too."""
        self.forward.cache.leave(place, spoilt=bool(self.rows[place].failure))
        last = self.rows.pop()
        if place < len(self.rows):
            self.rows[place] = last

    def _refill(self) -> None:
        """Take rows in when several places are free: a prompt alone uses a fast device badly."""
        several = min(len(self.waiting), max(1, self._size // _REFILLS))
        while len(self.waiting) and self._free() >= several:
            self.entering = self.waiting.take(self._free(), self._prompt_tokens())
            self._enter()
            several = 1

    def _free(self) -> int:
        """How many rows may come in."""
        return self._size - len(self.rows) if self.forward.joinable or not self.rows else 0

    def _prompt_tokens(self) -> int:
        """How many go through the model at once; where rows can't come later, as many as anywhere."""
        kind = self.engine.model.device.type
        return _PROMPT_TOKENS.get(kind, _MOST_PROMPT_TOKENS) if self.forward.joinable else _MOST_PROMPT_TOKENS

    def _enter(self) -> None:
        """Put the prompts of `entering` through the model; those that aren't at their end already join the batch."""
        for row in self.entering:
            refusal = self.engine.endings.refusal(row.job)
            if refusal:
                self._end(row, "error", refusal)
        self.entering = [row for row in self.entering if not row.reason]
        if not self.entering:
            return
        longest = max(row.length for row in self.entering)
        logits, past = self.forward.prefill([row.known for row in self.entering], [row.kept for row in self.entering])
        self._draw(logits, self.entering)
        stay = [place for place, row in enumerate(self.entering) if not row.reason]
        if stay:
            self.forward.cache.join(past, stay, longest)
        self.rows += [self.entering[place] for place in stay]
        for row in self.entering:
            row.kept = None
        self.entering = []

    def _step(self) -> None:
        """A token for every row."""
        if self.rows:
            logits = self.forward.step([row.tokens[-1] for row in self.rows], [row.computed for row in self.rows])
            self._draw(logits, self.rows)

    def _draw(self, logits: Any, rows: Sequence[Row]) -> None:
        """Give each row its next token, which may end it."""
        tokens = draw(logits, [row.drawer for row in rows])
        for row, token in zip(rows, tokens, strict=True):
            if token is None:
                self._end(row, "error", NOT_FINITE)
                continue
            self.engine.count.drawn += 1
            reason = self.engine.endings.take(row, token)
            if reason:
                self._end(row, reason)

    def _end(self, row: Row, reason: str, failure: str | None = None) -> None:
        row.reason, row.failure = reason, failure
        self.ended.append(row)

    def _retreat(self) -> None:
        """After memory ran out: all rows wait again, to go on from where they were, in a batch of half the size."""
        present = [*self.rows, *self.entering]
        rows = [row for row in present if not row.reason]
        if len(rows) == len(present) == 1 and not self.ended:
            self._end(rows.pop(), "error", NO_MEMORY)
        self.waiting.put(rows)
        self.waiting.forget()
        self.engine.batch_size = max(1, min(self._size, len(present)) // 2)
        self.rows, self.entering = [], []
        self.__dict__.pop("forward", None)
        hand_back()

    def _settle(self, seconds: float) -> list[Row]:
        """The rows that ended in a round, its time shared among those that were in it."""
        ended, self.ended = self.ended, []
        present = [*(row for row in self.rows if not row.reason), *ended]
        for row in present:
            row.seconds += seconds / len(present)
        return ended
