"""A job under way, and those that wait."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from typing import Any

from judgebench.models.engine.cache import Kept
from judgebench.models.engine.drawing import Drawer, drawer
from judgebench.models.engine.jobs import Done, Job, before_stop
from judgebench.models.engine.limits import Limits
from judgebench.models.engine.saying import special_tokens, text_of
from judgebench.models.engine.sides import Sides

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
    way: str | None = None  # why it was held alone
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
    def last(self) -> int:
        """The token drawn last, an end token too."""
        return self.tokens[-1] if self.end is None and self.tokens else self.end or 0

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
    limits: Limits

    def refusal(self, job: Job) -> str | None:
        """Why a job can't even begin."""
        return self.limits.refusal(len(job.prompt)) if job.prompt else "the prompt is empty"

    def take(self, row: Row, token: int) -> str | None:
        """Give a row its next token; the reason where that ends it."""
        if token in self.tokens:
            row.end = token
            return "stop"
        row.tokens.append(token)
        if row.job.stop and self._stopped(row):
            return "stop"
        return None if self.left(row) > 0 else "length"

    def left(self, row: Row) -> int:
        """How many tokens a row may still come to."""
        return self.limits.room(len(row.job.prompt), row.job.max_tokens) - len(row.tokens)

    def _stopped(self, row: Row) -> bool:
        """Whether a stop string is there, seen first in so many last tokens as it may take, a byte each."""
        last = row.tokens[-4 * max(map(len, row.job.stop)) - 4 :]
        tail = self.tokenizer.decode(last, skip_special_tokens=not self._stopping(row))
        return any(stop in tail for stop in row.job.stop) and self.text(row) != self._whole(row)

    def text(self, row: Row) -> str:
        """What a row says, up to the first stop string."""
        text = before_stop(self._whole(row), row.job.stop)
        for token in self._stopping(row):
            text = text.replace(self._special[token], "")
        return text

    def _whole(self, row: Row) -> str:
        return text_of(self.tokenizer, row.tokens, self._stopping(row))

    def _stopping(self, row: Row) -> frozenset[int]:
        """The special tokens in a row's stop strings, which have to be seen to stop there."""
        if row.job.stop not in self._seen:
            found = (token for token, name in self._special.items() if any(name in stop for stop in row.job.stop))
            self._seen[row.job.stop] = frozenset(found)
        return self._seen[row.job.stop]

    @cached_property
    def _seen(self) -> dict[tuple[str, ...], frozenset[int]]:
        return {}

    @cached_property
    def _special(self) -> dict[int, str]:
        return special_tokens(self.tokenizer)

    def done(self, row: Row) -> Done:
        """The outcome of a row."""
        drawn, tokens = len(row.tokens) + (row.end is not None), tuple(row.tokens)
        return Done(row.job.index, tokens, self.text(row), str(row.reason), drawn, row.seconds, row.failure, row.way)


class Waiting:
    """Jobs that aren't under way: a few, drawn from `jobs` when there is room, the longest first.

    Those of like length go in together, so that little of a prompt is padding; and what comes later is shorter, so
    that it doesn't make the others' rows longer. Those that have kept something come before all others, since it takes
    memory, and their length is what is missing.
    """

    def __init__(self, jobs: Iterable[Job], ahead: int, sides: Sides) -> None:
        self.sides = sides
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

    def side(self) -> str:
        """The side of the row that comes before all others."""
        return self.side_of(max(self._rows, key=_urgency))

    def side_of(self, row: Row) -> str:
        """The side of a row."""
        return self.sides.of(len(row.job.prompt), row.length, len(row.job.prompt) + row.job.max_tokens)

    def take(self, most: int, tokens: int, side: str) -> list[Row]:
        """Rows of a side to begin with together: of like length, and at most so many tokens, or one that has more."""
        self._rows.sort(key=_urgency)
        rows = [row for row in self._rows if self.side_of(row) == side] if self.sides.limit else self._rows
        if not rows:
            return []
        longest = rows[-1].missing
        most = max(1, min(most, tokens // max(longest, 1)))
        fitting = [row for row in rows[-most:] if _EVEN * longest <= row.missing <= longest]
        self._rows = [row for row in self._rows if row not in fitting]
        return fitting


def _urgency(row: Row) -> tuple[bool, int]:
    return row.kept is not None, row.missing
