"""Which imported rows a table still lacks, and in which order they must stand so that the right ones count; pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from judgebench.tables.records import Answer, Review, Slot, content_id
from judgebench.tables.store import in_force

RowT = TypeVar("RowT", Answer, Review)


@dataclass(frozen=True, slots=True)
class Merged(Generic[RowT]):
    """Rows to append, and what happened to the others."""

    rows: tuple[RowT, ...]
    equal: int = 0  # the same row once more
    superseded: int = 0  # kept on disk, but another row of the same slot counts
    outdone: int = 0  # errors left out because the table holds a success


def merge(imported: Sequence[RowT], held: Sequence[RowT]) -> Merged[RowT]:
    """What to append to a table that holds these rows.

    The last successful row of a slot counts, or the last error where there is no success; the slot's other rows
    are written before it. A slot whose counting row is in force already gets nothing, so a second import is empty.
    An error never takes the place of a success, unless it is another reading of the same reply.
    """
    slots: dict[Slot, dict[str, RowT]] = defaultdict(dict)
    for row in imported:
        slots[row.slot].pop(row.id, None)  # said again, it is the last word again
        slots[row.slot][row.id] = row
    current, known = in_force(held), {row.id for row in held}
    before: list[RowT] = []
    counting: list[RowT] = []
    outdone = 0
    for slot, rows in slots.items():
        ordered = sorted(rows.values(), key=lambda row: row.error is None)
        now = current.get(slot)
        if now is not None and _outdoes(now, ordered[-1]):
            outdone += len(ordered)
            continue
        fresh = [row for row in ordered[:-1] if row.id not in known]
        if fresh or now is None or now.id != ordered[-1].id:
            before += fresh
            counting.append(ordered[-1])
    distinct = sum(map(len, slots.values()))
    return Merged(tuple(before + counting), len(imported) - distinct, distinct - len(slots), outdone)


def _outdoes(held: RowT, row: RowT) -> bool:
    if held.error is not None or row.error is None:
        return False
    return not (isinstance(held, Review) and isinstance(row, Review) and held.reply == row.reply)


def of_their_answers(imported: Sequence[RowT], held: Sequence[RowT]) -> list[RowT]:
    """The rows; a review that a table holds of other answers, and else word for word, is another review.

    Its id says so from then on: a second import after the answers changed is of those that it was made with.
    """
    known = {row.id: _answers(row) for row in held}
    others = [any(_answers(row)) and any(known.get(row.id, ())) and _answers(row) != known[row.id] for row in imported]
    return [
        replace(row, id=content_id("imported review of other answers", row.id, _answers(row))) if other else row
        for row, other in zip(imported, others, strict=True)
    ]


def _answers(row: object) -> tuple[str, ...]:
    return row.answer_ids if isinstance(row, Review) else ()


def with_own_ids(answers: Sequence[Answer], held: Mapping[str, Answer]) -> list[Answer]:
    """The answers, each under an id that no answer with other content has: FastChat's ids are reused by hand."""
    taken = dict(held)
    settled = []
    for answer in answers:
        other = taken.get(answer.id)
        if other is not None and _content(other) != _content(answer):
            answer = replace(answer, id=content_id("fastchat answer", answer.id, _content(answer)))
        taken[answer.id] = answer
        settled.append(answer)
    return settled


def _content(answer: Answer) -> tuple[object, ...]:
    return (answer.slot, answer.turns, answer.error.kind if answer.error else None)
