"""A job under way, and those that wait."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from judgebench.models.engine.cache import Kept
from judgebench.models.engine.drawing import Drawer, drawer
from judgebench.models.engine.jobs import Done, Job, before_stop
from judgebench.models.engine.saying import text_of

_EVEN = 0.75  # prompts go in together when the shortest has at least this share of the longest's tokens


@dataclass(slots=True, eq=False)
class Row:
    """A job and the tokens drawn so far; with a `reason` it is at its end."""

    job: Job
    drawer: Drawer
    tokens: list[int] = field(default_factory=list)
    seconds: float = 0.0
    end: int | None = None  # the end token that it met
    reason: str | None = None
    failure: str | None = None
    heir: "Row | None" = None  # the turn after it
    kept: Kept | None = None  # what the turn before it has computed of its prompt

    @classmethod
    def of(cls, job: Job) -> "Row":
        """A job at its start."""
        return cls(job, drawer(job.temperature, job.seed))

    @property
    def known(self) -> list[int]:
        """The prompt and what was drawn: what the next token depends on."""
        return [*self.job.prompt, *self.tokens]

    @property
    def length(self) -> int:
        """Of `known`."""
        return len(self.job.prompt) + len(self.tokens)

    @property
    def computed(self) -> int:
        """How many of them are in the cache, once it is in the batch: the token drawn last is not."""
        return self.length - (self.end is None)

    @property
    def missing(self) -> int:
        """How many have yet to go through the model for the next token."""
        return self.length - (self.kept.length if self.kept else 0)

    def shared(self) -> int:
        """How many first tokens of its heir are those in the cache; the last must be computed for what follows it."""
        pairs = zip(self.known[: self.computed], self.heir.known[:-1] if self.heir else (), strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


@dataclass(frozen=True)
class Endings:
    """When a row is at its end: end tokens, stop strings, and the tokens that the model's positions reach to."""

    tokenizer: Any
    tokens: frozenset[int]
    context: int | None

    def refusal(self, job: Job) -> str | None:
        """Why a job can't even begin."""
        if not job.prompt:
            return "the prompt is empty"
        if self.context and len(job.prompt) >= self.context:
            return f"the prompt's {len(job.prompt)} tokens leave no room in the model's context of {self.context}"
        return None

    def take(self, row: Row, token: int) -> str | None:
        """Give a row its next token; the reason where that ends it."""
        if token in self.tokens:
            row.end = token
            return "stop"
        row.tokens.append(token)
        if row.job.stop and self._stopped(row):
            return "stop"
        full = len(row.tokens) >= row.job.max_tokens or row.length == self.context
        return "length" if full else None

    def _stopped(self, row: Row) -> bool:
        """Whether a stop string is there, seen first in so many last tokens as it may take, a byte each."""
        last = row.tokens[-4 * max(map(len, row.job.stop)) - 4 :]
        tail = self.tokenizer.decode(last, skip_special_tokens=True)
        return any(stop in tail for stop in row.job.stop) and self.text(row) != self._whole(row)

    def text(self, row: Row) -> str:
        """What a row says, up to the first stop string."""
        return before_stop(self._whole(row), row.job.stop)

    def _whole(self, row: Row) -> str:
        return text_of(self.tokenizer, row.tokens)

    def done(self, row: Row) -> Done:
        """The outcome of a row."""
        drawn, tokens = len(row.tokens) + (row.end is not None), tuple(row.tokens)
        return Done(row.job.index, tokens, self.text(row), str(row.reason), drawn, row.seconds, row.failure)


class Waiting:
    """Jobs that aren't under way: a few, drawn from `jobs` when there is room, the longest first.

    Those of like length go in together, so that little of a prompt is padding; and what comes later is shorter, so
    that it doesn't make the others' rows longer. Those that have kept something come before all others, since it takes
    memory, and their length is what is missing.
    """

    def __init__(self, jobs: Iterable[Job], ahead: int) -> None:
        self._jobs: Iterator[Job] = iter(jobs)
        self._ahead = ahead
        self._rows: list[Row] = []

    def __len__(self) -> int:
        """How many there are, drawn or put back."""
        missing = self._ahead - len(self._rows)
        self._rows += [Row.of(job) for _, job in zip(range(missing), self._jobs, strict=False)]
        return len(self._rows)

    def put(self, rows: Iterable[Row]) -> None:
        """Add rows; those that have begun go on where they were."""
        self._rows += rows

    def forget(self) -> None:
        """Let go of what is kept."""
        for row in self._rows:
            row.kept = None

    def longest(self) -> int:
        """The most tokens that one of those here may come to."""
        return max((len(row.job.prompt) + row.job.max_tokens for row in self._rows), default=1)

    def take(self, most: int, tokens: int) -> list[Row]:
        """Rows to begin with together: of like length, and at most so many tokens, unless one alone has more."""
        self._rows.sort(key=lambda row: (row.kept is not None, row.missing))
        longest = self._rows[-1].missing
        most = max(1, min(most, tokens // max(longest, 1)))
        fitting = [row for row in self._rows[-most:] if _EVEN * longest <= row.missing <= longest]
        self._rows = [row for row in self._rows if row not in fitting]
        return fitting
