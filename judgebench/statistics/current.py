"""Which of the rows that were read are in force, and are of the answers judged last."""

from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from judgebench.statistics.columns import ABOUT, Codes, Columns
from judgebench.statistics.groups import Groups
from judgebench.tables.records import Failure
from judgebench.tables.store import in_force


def current(read: Columns) -> Codes:
    """The rows that count, by the order in which their slots were first written."""
    kept = _in_force(read)
    return kept[_latest(read, kept)]


_SLOT = ("question_set", "judge", "mode", "kind", "turn", "choice", "repeat")  # with the question and the models shown


@dataclass(frozen=True, slots=True)
class Written:
    """What `store.in_force` asks of a row."""

    number: int
    slot: tuple[str | int, ...]
    id: str
    error: Failure | None
    reread: bool
    schema: int = 1


def _in_force(read: Columns) -> Codes:
    """The rows in force, by the order in which their slots were first written; `store.in_force` has the rule."""
    about = read.about(*_SLOT)
    shown, ids = read["models"].map(lambda value: value[0]), read.arrays["id"]
    slots = Groups.by([about.codes, read["question_id"].codes, shown.codes], len(read))
    kept = slots.last
    again = np.flatnonzero(np.bincount(slots.codes, minlength=slots.number)[slots.codes] > 1)
    said = [itemgetter(ABOUT.index("error"), ABOUT.index("reread"))(value) for value in read.values["about"]]
    rows = (
        Written(number, (int(slots.codes[number]),), str(ids[number]), *said[read.arrays["about"][number]])
        for number in map(int, again)
    )
    for row in in_force(rows).values():
        kept[int(row.slot[0])] = row.number
    return kept


def _latest(read: Columns, kept: Codes) -> NDArray[np.bool_]:
    """Which of these rows saw the same answers as the one of their match and kind that was written last."""
    about = read.about(*_SLOT[:-1])[kept]
    pair = read["models"][kept].map(lambda value: tuple(sorted(value[0])))
    backward = read["models"][kept].map(lambda value: list(value[0]) != sorted(value[0])).numbers() == 1
    matches = Groups.by([about.codes, read["question_id"].codes[kept], pair.codes], len(kept))
    written = np.full(matches.number, -1)
    np.maximum.at(written, matches.codes, kept)
    saw, shown = np.empty(len(read), np.uint64), read.shown[kept]
    saw[kept] = np.where(backward, shown[:, 1], shown[:, 0])
    same: NDArray[np.bool_] = saw[kept] == saw[written[matches.codes]]
    return same
