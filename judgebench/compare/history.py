"""The order in which a comparison draws its questions, on disk before they are asked: added ones continue one test."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np

from judgebench.compare import order
from judgebench.compare.reading import Drawn
from judgebench.errors import JudgebenchError, UsageError
from judgebench.tables.records import Draw
from judgebench.tables.store import Table


@dataclass(frozen=True, slots=True)
class Known:
    """What rows say: questions in their order, how many were planned when each was drawn, and how many are drawn.

    `since`: so many were drawn when the set was last another one.
    """

    questions: tuple[tuple[str, str], ...] = ()
    planned: tuple[int, ...] = ()
    drawn: int = 0
    since: int = 0

    def named(self, contents: Mapping[str, str]) -> Drawn:
        """The order, in which a question is called otherwise that is gone: taken out, or not what it was."""
        names = (one if contents.get(one) == content else f"{one} ({content})" for one, content in self.questions)
        return Drawn(tuple(names), planned=self.planned, since=self.since)


def replayed(rows: Iterable[Draw]) -> Known:
    """The rows of one claim, oldest first, one after the other."""
    known = Known()
    for row in rows:
        if row.questions is None:
            known = replace(known, drawn=max(known.drawn, row.drawn))
            continue
        questions = known.questions[: row.drawn] + row.questions
        planned = known.planned[: row.drawn] + (row.planned,) * len(row.questions)
        known = Known(questions, planned, row.drawn, row.drawn)
    return known


def changed(known: Known, first: Drawn, contents: Mapping[str, str], seed: int) -> Drawn | None:
    """The order from here on, where it isn't as it was known; `first` is that of a comparison that begins now.

    `contents`: what each question's place depends on. What was drawn stays; where nothing was, or all of it is gone,
    there is nothing to continue.
    """
    before = known.named(contents)
    drawn = set(before.ids[: known.drawn])
    if not drawn & set(contents):
        return None if before.ids == first.ids else first
    if set(before.ids) == drawn | set(first.ids):
        return None
    return order.added(before, known.drawn, first.ids, seed)


def of_snapshot(rows: Collection[Draw], counted: Collection[str], anew: bool) -> list[Draw]:
    """The rows of the comparison that is continued: by a snapshot that counts, or where none was known.

    `anew`: what older snapshots said counts no more, so that it must be this one.
    """
    fitting = [row for row in rows if row.snapshot in counted or (not anew and not (row.snapshot and counted))]
    return [row for row in rows if row.snapshot == fitting[-1].snapshot] if fitting else []


@dataclass(slots=True)
class History:
    """One claim of a comparison in its table; `head` has what its rows have in common.

    Where it is about a set, what is gone counts no more; about questions like these its place stays, without a verdict.
    """

    table: Table[Draw]
    head: Draw
    of_set: bool = False
    known: Known = field(default_factory=Known)
    gone: int = 0

    @property
    def drawn(self) -> int:
        """How many of the order are drawn."""
        return self.known.drawn - self.gone

    def check_seed(self) -> None:
        """UsageError where it began with another seed: the same reviews in another order are a second test."""
        begun = next((row for row in self.table.read() if row.comparison == self.head.comparison), self.head)
        if begun.seed != self.head.seed:
            raise UsageError(
                f"this comparison began with --seed {begun.seed}, and its questions in another order would be a second"
                f" test: go on with --seed {begun.seed}"
            )

    def begin(
        self, first: Drawn, contents: Mapping[str, str], counted: Collection[str] = (), anew: bool = False
    ) -> Drawn:
        """The order, written down where it is new; `first` is that of a comparison that begins now."""
        with self.table.claim(briefly=True):
            self.check_seed()
            rows = of_snapshot(self._rows(), counted, anew)
            self.head = replace(self.head, snapshot=rows[-1].snapshot if rows else min(counted, default=None))
            self.known = replayed(rows)
            if now := changed(self.known, first, contents, self.head.seed):
                questions = tuple((name, contents[name]) for name in now.ids[now.since :])
                rows.append(replace(self.head, drawn=now.since, planned=len(now.ids), questions=questions))
                self._append(rows[-1])
                self.known = replayed(rows)
        return first if first.weights is not None else self._order(first, contents)

    def draw(self, number: int) -> None:
        """Have it on disk that so many are drawn, before they are asked about.

        JudgebenchError where another run has changed what is drawn.
        """
        number += self.gone
        with self.table.claim(briefly=True):
            now = replayed(row for row in self._rows() if row.snapshot == self.head.snapshot)
            if (now.questions[:number], now.planned[:number]) != (
                self.known.questions[:number],
                self.known.planned[:number],
            ):
                raise JudgebenchError(
                    "another run has gone on with this comparison on other questions; what was done is kept: run the"
                    " same command again to go on"
                )
            if now.drawn < number:
                self._append(replace(self.head, drawn=number, planned=now.planned[number - 1]))

    def _order(self, first: Drawn, contents: Mapping[str, str]) -> Drawn:
        drawn = self.known.named(contents)
        if self.of_set:
            kept = order.only(drawn, contents)
            self.gone = len(drawn.ids) - len(kept.ids)
            return kept
        if first.predictions is None:
            return drawn
        guesses = dict(zip(first.ids, first.predictions.tolist(), strict=True))
        return replace(drawn, predictions=np.array([guesses.get(name, 0.5) for name in drawn.ids]))

    def _rows(self) -> list[Draw]:
        def claim(row: Draw) -> tuple[object, ...]:
            return row.comparison, row.categories, row.weights

        return [row for row in self.table.read() if claim(row) == claim(self.head)]

    def _append(self, row: Draw) -> None:
        self.table.append([replace(row, created=datetime.now(UTC).isoformat(timespec="seconds"))])
