"""What goes into the engine and what comes out of it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Job:
    """A prompt to go on with: token ids, at most so many new ones, and how they are drawn.

    At temperature 0 the likeliest token is taken. Else tokens are drawn by `seed` alone: the answer doesn't depend on
    who else is in the batch. It ends before the first of the strings in `stop`.
    """

    index: int
    prompt: tuple[int, ...]
    max_tokens: int
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a job.

    `tokens` are without the end token, `drawn` counts it; `text` is without special tokens and ends before a stop
    string. `seconds` is this job's share of the engine's time: the shares of all add up to the whole. With `failure`
    set, text and tokens are what was there before it. `way` says why it was held alone, by the model's `generate`.
    """

    index: int
    tokens: tuple[int, ...]
    text: str
    finish_reason: str
    drawn: int
    seconds: float
    failure: str | None = None
    way: str | None = None


@dataclass(slots=True)
class Count:
    """How many tokens were drawn so far, those of rows under way included; another thread may look at it."""

    drawn: int = 0


class TextEngine(Protocol):
    """Whatever turns prompts into tokens: our own engine, or vLLM's."""

    @property
    def batch_size(self) -> int | None:
        """How many answers are made at a time; None: not known yet."""
        ...

    def run(self, jobs: Iterable[Job], follow: Callable[[Done], Job | None] | None = None) -> Iterator[Done]:
        """Yield what becomes of each job as it is done, in any order; see Done.

        More jobs are asked for whenever there is room. `follow` is asked about each one done for the job that comes
        after it, the next turn of a conversation. A job that fails is a Done with a failure.
        """
        ...


def before_stop(text: str, stop: Iterable[str]) -> str:
    """The text up to the first of the stop strings in it."""
    return text[: min((text.find(end) for end in stop if end in text), default=None)]
