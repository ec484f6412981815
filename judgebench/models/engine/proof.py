"""Does the engine compute what the model says alone? Tried on each model before it answers, on its own logits.

Short prompts of unlike length are gone on with in one batch, for a turn and then another. The model's `generate` is
then made to draw the same tokens, one prompt at a time, and its logits are held against the engine's. Texts would not
do: rounding turns a near tie in models that nothing is wrong with.
"""

import copy
from collections.abc import Sequence
from typing import Any

from judgebench.errors import JudgebenchError
from judgebench.models.engine.engine import CANT, Engine, Run
from judgebench.models.engine.jobs import Count, Done, Job
from judgebench.models.engine.memory import is_shortage
from judgebench.models.engine.rows import Endings, Row
from judgebench.models.engine.sides import Sides
from judgebench.models.loading.telling import first_line

# How far sound models' logits are off at most, in shares of their spread, with room; docs/checkpoints.md has figures.
TOLERANCE = {"float32": 1e-3, "float16": 5e-2, "bfloat16": 2e-1}
_PROMPTS = (17, 21, 45)  # tokens: two that go in together, beside a longer one
_LATER = (5, 6)  # of the turns after the first two
_DRAWN = (2, 2, 3, 2, 3)  # of each turn: the last one goes on after another has left the batch
_WHOLE = 64  # tokens of context for which these are meant


def prove(engine: Engine) -> str | None:
    """Try an engine on its model: where a batch of it isn't sound it holds all alone from now on, for what is returned.

    JudgebenchError where not even the model's `generate` works.
    """
    if engine.sides.apart is not None:
        return None
    why = _unsound(engine)
    if why:
        engine.sides = Sides(apart=why)
    return why


def _unsound(engine: Engine) -> str | None:
    talk = _Talk(engine)
    try:
        mine = _Seen(_beside(engine), talk.first())
        done = list(mine.results(talk.later))
    except Exception as error:  # whatever a model runs into that isn't made for it
        if is_shortage(error):
            return None
        return f"a batch of it fails ({type(error).__name__}: {first_line(error)})"
    said = {one.index: one.tokens for one in done if not one.failure}
    alone = _Seen(_beside(engine, Sides(apart="")), [job for job in talk.asked if job.index in said], said)
    failed = [one.failure for one in alone.results(None) if (one.failure or "").startswith(CANT)]
    if failed:
        raise JudgebenchError(f"the checkpoint loads, but its own `generate` fails: {failed[0]}")
    off = max(
        (distance(*both) for place in alone.seen for both in zip(mine.seen[place], alone.seen[place], strict=False)),
        default=0.0,
    )
    if off <= TOLERANCE[str(engine.model.dtype).removeprefix("torch.")]:
        return None
    return f"in a batch its logits are off by {off:.2g} of their spread"


def _beside(engine: Engine, sides: Sides | None = None) -> Engine:
    """An engine for a few rows that never end by themselves."""
    made = copy.copy(engine)
    made.batch_size, made.count, made.sides = len(_PROMPTS), Count(), sides or engine.sides
    made.endings = Endings(engine.endings.tokenizer, frozenset(), engine.endings.limits)
    return made


class _Talk:
    """Two conversations of two turns and one of one, in tokens that nothing is special about."""

    def __init__(self, engine: Engine) -> None:
        self.tokens = ordinary(engine.endings.tokenizer, engine.model.get_input_embeddings().weight.shape[0])
        self.part = min(1.0, (engine.endings.limits.whole or _WHOLE) / _WHOLE)
        self.asked: list[Job] = []

    def first(self) -> list[Job]:
        """Their beginnings."""
        return [self._job(place, self._piece(place, length)) for place, length in enumerate(_PROMPTS)]

    def later(self, done: Done) -> Job | None:
        """What follows on what was said, once."""
        if done.failure or done.index >= len(_LATER):
            return None
        before = (*self.asked[done.index].prompt, *done.tokens)
        place = done.index + len(_PROMPTS)
        return self._job(place, (*before, *self._piece(place, _LATER[done.index])))

    def _job(self, place: int, prompt: tuple[int, ...]) -> Job:
        self.asked.append(Job(place, prompt, _DRAWN[place]))
        return self.asked[-1]

    def _piece(self, place: int, length: int) -> tuple[int, ...]:
        """So many tokens, others each time."""
        tokens = self.tokens[13 * place % len(self.tokens) :] + self.tokens
        return tuple(tokens[: max(1, int(length * self.part))])


class _Seen(Run):
    """A run whose logits are kept; with `forced` tokens it draws these."""

    def __init__(self, engine: Engine, jobs: Sequence[Job], forced: dict[int, tuple[int, ...]] | None = None) -> None:
        super().__init__(engine, jobs)
        self.forced = forced
        self.seen: dict[int, list[Any]] = {}

    def _draw(self, logits: Any, rows: Sequence[Row]) -> None:
        for row, one in zip(rows, logits, strict=True):
            self.seen.setdefault(row.job.index, []).append(one.clone())
        if self.forced is None:
            super()._draw(logits, rows)
            return
        for row in rows:
            self._take(row, self.forced[row.job.index][len(row.tokens)])


def ordinary(tokenizer: Any, rows: int) -> list[int]:
    """Up to 64 tokens of a vocabulary of so many that nothing is special about, evenly chosen."""
    added = getattr(tokenizer, "added_tokens_decoder", {})
    special = {*getattr(tokenizer, "all_special_ids", ()), *added}
    plain = [token for token in range(min(rows, getattr(tokenizer, "vocab_size", rows))) if token not in special]
    return plain[:: max(1, len(plain) // 64)][:64]


def distance(ours: Any, theirs: Any) -> float:
    """How far logits are from those that they should be, in shares of how these vary."""

    ours, theirs = ours.double(), theirs.double()
    if not bool((ours.isnan() == theirs.isnan()).all()):
        return float("inf")
    there = (ours.abs() < 1e30) & (theirs.abs() < 1e30)  # tokens may be forbidden, by the lowest number that there is
    if not bool(there.any()):
        return 0.0
    off = (ours - theirs)[there].std(correction=0)
    spread = theirs[there].std(correction=0).clamp(min=1e-12)
    return float(off / spread)
