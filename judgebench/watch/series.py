"""One line of checkpoints on disk: the last row of each step, and the place that each checkpoint has in it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from judgebench.errors import UsageError
from judgebench.statistics.sequential import share_of
from judgebench.tables.records import Watched
from judgebench.tables.store import Table

Tell: TypeAlias = Callable[[Watched, Iterable[Watched]], None]  # a row that is kept, and the last one of each step
PASSING = ("failed", "changed")  # kinds of errors after which a checkpoint is tried again


def is_open(row: Watched) -> bool:
    """Whether it is under way, or to be tried again."""
    return row.verdict is None and (row.error is None or row.error.kind in PASSING)


@dataclass
class Series:
    """The rows of one series; `tell` hears of each that is kept, but for those that say that one is under way."""

    name: str
    table: Table[Watched]
    tell: Tell
    rows: dict[int, Watched] = field(default_factory=dict)  # by step, the last one
    begun: dict[tuple[int, str | None], Watched] = field(default_factory=dict)  # the first with a place, by content

    def read(self, run: str, folder: Path, began: Mapping[str, float]) -> None:
        """Take up what is known; UsageError where a run of that name is another one, or `began` otherwise.

        That is what all of its verdicts have in common, by the names of their columns and of the options.
        """
        kept = self.table.read()
        for other in {row.folder for row in kept if row.run == run}:
            if Path(other).is_dir() and Path(other).resolve() != folder.resolve():
                raise UsageError(f"{other} was watched as {run}: give this run another --name")
        for row in kept:
            if row.series == self.name:
                self._take(row)
        for name, value in began.items():
            others = {getattr(row, name) for row in self.rows.values()} - {value}
            if others:
                raise UsageError(
                    f"this watch began with --{name} {min(others):g}: go on with it, so that steps can be compared, or"
                    " give the run another --name"
                )

    def begin(self, draft: Watched, identity: str) -> Watched:
        """Its place among all, on disk before anything is asked: one that is gone on with keeps it."""
        before = self.begun.get((draft.step, identity))
        place = (before and before.place) or 1 + max((row.place or 0 for row in self.begun.values()), default=0)
        row = replace(draft, identity=identity, place=place, level=share_of(draft.alpha, place))
        return row if before else self._append(row)

    def keep(self, row: Watched) -> None:
        """A verdict, or an error."""
        self.tell(self._append(row), self.rows.values())

    def _append(self, row: Watched) -> Watched:
        made = replace(row, created=datetime.now(UTC).isoformat(timespec="seconds"))
        self.table.append([made])
        self._take(made)
        return made

    def _take(self, row: Watched) -> None:
        self.rows[row.step] = row
        if row.place:
            self.begun.setdefault((row.step, row.identity), row)
