"""What came of the rows that a run made: how many hold a result, and why the others don't; pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from judgebench.tables.records import Failure
from judgebench.tables.store import ResultRow

NO_CALL = ("stored", "computed", "checked", "identical")  # where verdicts come from that no model was asked for
COMPUTED = ("computed", "reward")  # and where from, if the same answers always get the same
_SHOWN = 3  # reasons, the most frequent ones


@dataclass(slots=True)
class Tally:
    """Rows with a result (`done`) and failures; `calls`: for how many a model was asked, `came`: with a result."""

    done: int = 0
    calls: int = 0
    came: int = 0
    failures: Counter[Failure] = field(default_factory=Counter)

    def took(self, row: ResultRow) -> None:
        """One more row."""
        self.add(row.error, asked_for(row))

    def add(self, failure: Failure | None, called: bool = True) -> None:
        """One more result, or its failure; `called`: for which a model was asked."""
        self.calls += called
        self.came += called and failure is None
        self.done += failure is None
        self.failures.update([failure] if failure else [])

    @property
    def failed(self) -> int:
        """How many hold no result."""
        return self.failures.total()

    @property
    def in_vain(self) -> bool:
        """Whether nothing came of any call, or nothing at all."""
        return bool(self.failed and (not self.done or (self.calls and not self.came)))

    def summary(self) -> str:
        """In words: `78 done, 2 failed (timeout 2)`."""
        if not self.failed:
            return f"{self.done} done"
        kinds = Counter[str]()
        for failure, number in self.failures.items():
            kinds[failure.kind] += number
        reasons = ", ".join(f"{kind} {number}" for kind, number in sorted(kinds.items()))
        return f"{self.done} done, {self.failed} failed ({reasons})"

    def reasons(self) -> Iterator[str]:
        """The most frequent reasons, a line each, and how many there are besides."""
        shown = self.failures.most_common(_SHOWN)
        yield from (f"{number} {failure.kind}: {failure.message}" for failure, number in shown)
        rest = self.failed - sum(number for _, number in shown)
        if rest:
            yield f"{rest} for other reasons"

    def vain(self) -> str:
        """What to say where all was in vain: how many failed, and the most frequent reason."""
        failure = self.failures.most_common(1)[0][0]
        of = "any call" if self.calls else "it"
        return f"nothing came of {of}: {self.failed} failed, most often {failure.kind}: {failure.message}"


def asked_for(row: ResultRow) -> bool:
    """Whether a model was asked for a row: not for one that is computed, nor for one without answers to judge."""
    unanswered = row.error is not None and row.error.kind == "unanswered"
    return not unanswered and getattr(row, "verdict_source", None) not in NO_CALL
