"""The loop: take in, step, let go; and with less at a time where memory runs out."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from judgebench.models.engine.alone import Alone
from judgebench.models.engine.drawing import draw
from judgebench.models.engine.forward import Forward
from judgebench.models.engine.jobs import Count, Done, Job
from judgebench.models.engine.limits import limits_of
from judgebench.models.engine.linears import quick_linears
from judgebench.models.engine.memory import hand_back, is_shortage, rows_that_fit, tokens_together
from judgebench.models.engine.rows import Endings, Row, Waiting
from judgebench.models.engine.sides import ALONE, Sides, sides_of
from judgebench.models.loading.telling import first_line

NOT_FINITE = "the model's logits are not finite: a broken checkpoint or float16 overflow; try --dtype float32"
CANT = "the model can't answer this prompt"
NO_MEMORY = "out of memory with this prompt alone"
_AHEAD = 64  # jobs that wait, at least: to choose those of like length from
_REFILLS = 16  # places in a batch: one of them is as many rows as come in together


class Engine:
    """A model in a batch of at most `batch_size` rows; without it, as many as the free memory has room for.

    The size is halved, for good, when memory runs out. Greedy tokens in float32 are those of `model.generate` with one
    prompt at a time, but for logits that tie within rounding. Rows that a batch doesn't suit are held by `generate`, as
    `sides` says; with `own_settings`, which the checkpoint's own generation settings need, all are.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        batch_size: int | None = None,
        count: Count | None = None,
        own_settings: bool = False,
    ) -> None:
        self.model = model
        self.batch_size = batch_size
        self.count = count or Count()
        self.own_settings = own_settings
        self.sides = Sides(apart="") if own_settings else sides_of(model)
        self.endings = endings_of(model, tokenizer)
        self.padding = tokenizer.pad_token_id or 0

    def run(self, jobs: Iterable[Job], follow: Callable[[Done], Job | None] | None = None) -> Iterator[Done]:
        """Yield what becomes of each job as it is done, in any order; see Done.

        Jobs are drawn as room is found, with a few ahead. `follow` is asked about each one done for the job that comes
        after it: the next turn of a conversation, of whose prompt only what the turn before didn't see is computed. A
        job that fails is a Done with a failure. What is done is added to `count`.
        """
        yield from Run(self, jobs).results(follow)


def endings_of(model: Any, tokenizer: Any) -> Endings:
    """When a model's answers are at their end."""
    return Endings(tokenizer, _ends(model, tokenizer), limits_of(model))


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens that end an answer: the checkpoint's own, one or several, and the tokenizer's."""
    own = model.generation_config.eos_token_id
    several = own if isinstance(own, list) else [own]
    return frozenset(token for token in (*several, tokenizer.eos_token_id) if token is not None)


class Run:
    """The rows of one `run`."""

    def __init__(self, engine: Engine, jobs: Iterable[Job]) -> None:
        self.engine = engine
        self.waiting = Waiting(jobs, max(_AHEAD, engine.batch_size or 0), engine.sides)
        self.side = ""  # of those in the batch
        self.rows: list[Row] = []
        self.entering: list[Row] = []
        self.ended: list[Row] = []

    def results(self, follow: Callable[[Done], Job | None] | None) -> Iterator[Done]:
        """See Engine.run."""
        with quick_linears(self.engine.model):
            while self._goes_on():
                for row in self._round():
                    done = self.engine.endings.done(row)
                    after = follow(done) if follow else None
                    if after:
                        row.heir = Row.of(after)
                        self.waiting.put([row.heir])
                    yield done

    def _goes_on(self) -> bool:
        """Whether there is anything left to do; the batch is made when the first jobs are there to judge by."""
        there = bool(len(self.waiting) or self.rows)
        if there and not self.engine.batch_size:
            alone = self.engine.sides.apart is not None
            self.engine.batch_size = 1 if alone else rows_that_fit(self.engine.model, self.waiting.longest())
        return there

    @cached_property
    def alone(self) -> Alone:
        """What holds a row by itself."""
        return Alone(self.engine.model, self.engine.padding)

    @cached_property
    def forward(self) -> Forward:
        """The model and its cache, for the batch size of the moment."""
        return Forward(self.engine.model, self._size, self.engine.padding)

    @property
    def _size(self) -> int:
        return self.engine.batch_size or 1

    def _round(self) -> list[Row]:
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
        """Take rows out of the batch that are at their end, or on another side now: these come in again."""
        leaving = [place for place, row in enumerate(self.rows) if row.reason or self._crossed(row)]
        for place in reversed(leaving):
            if not self.rows[place].reason:
                self.waiting.put([self.rows[place]])
            self._bequeath(place)
            self._leave(place)
        if leaving:
            self.forward.cache.fit(max((row.computed for row in self.rows), default=0))

    def _crossed(self, row: Row) -> bool:
        return self.waiting.side_of(row) != self.side

    def _bequeath(self, place: int) -> None:
        """Keep what a row has computed of the next turn's prompt, for that."""
        row = self.rows[place]
        shared = 0 if row.failure else row.shared()
        if row.heir and shared and not self._crossed(row.heir):
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
            self.side = self.side if self.rows else self.waiting.side()
            most = 1 if self.side == ALONE else self._free()
            self.entering = self.waiting.take(most, self._prompt_tokens(), self.side)
            none_of_its_side = not self.entering
            self._enter()
            if none_of_its_side or self.side == ALONE:
                return
            several = 1

    def _free(self) -> int:
        """How many rows may come in."""
        return self._size - len(self.rows) if self.forward.joinable or not self.rows else 0

    def _prompt_tokens(self) -> int:
        """How many go through the model at once; where rows can't come later, as many as anywhere."""
        return tokens_together(self.engine.model.device.type, at_once=not self.forward.joinable)

    def _enter(self) -> None:
        """Begin with the rows in `entering`, as far as they can be."""
        for row in self.entering:
            refusal = self.engine.endings.refusal(row.job)
            if refusal:
                self._end(row, "error", refusal)
        self.entering = [row for row in self.entering if not row.reason]
        if self.side == ALONE:
            self._hold_each()
        elif self.entering:
            self._prefill()

    def _hold_each(self) -> None:
        """Take those of `entering` to their end, each by itself."""
        while self.entering:
            row = self.entering[-1]
            row.way = self.engine.sides.why_alone
            try:
                self._hold(row)
            except Exception as error:  # whatever a model runs into: the others have nothing to do with it
                if is_shortage(error):
                    raise
                self._end(row, "error", f"{CANT} ({type(error).__name__}: {first_line(error)})")
            self.entering.pop()

    def _hold(self, row: Row) -> None:
        engine, most = self.engine, self.engine.endings.left(row)
        if not engine.own_settings:
            self.alone.follow(row, most, self._draw)
            return
        said = self.alone.by_its_settings(row, most, engine.endings.tokens)
        for token in said:
            if not row.reason:
                self._take(row, token)
        if not row.reason:
            self._end(row, "stop")
        elif row.end is not None and len(said) == most:  # some models are made to end at the limit
            row.reason = "length"

    def _prefill(self) -> None:
        """Put the prompts of `entering` through the model; those that aren't at their end already join the batch."""
        longest = max(row.length for row in self.entering)
        logits, past = self.forward.prefill([row.known for row in self.entering], [row.kept for row in self.entering])
        self._draw(logits, self.entering)
        stay = [place for place, row in enumerate(self.entering) if not (row.reason or self._crossed(row))]
        if stay:
            self.forward.cache.join(past, stay, longest)
        self.rows += [self.entering[place] for place in stay]
        for row in self.entering:
            row.kept = None
        self.waiting.put(row for row in self.entering if not row.reason and self._crossed(row))
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
            else:
                self._take(row, token)

    def _take(self, row: Row, token: int) -> None:
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
