"""What an import comes to, whatever the format: what was read, what was added, what was refused and why."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from judgebench.tables.records import RefusedRows

_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|\d+|(?<=answer )\S+(?=,)")  # what differs from line to line


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was not imported, and why."""

    path: Path
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import read (`counts`, repeated rows included), what it added (`new`), and what a reader should know.

    `vain`: what came to nothing, as sentences; an import with any has failed.
    """

    question_set: str
    counts: Mapping[str, int]
    new: Mapping[str, int]
    refused: tuple[Refused, ...] = ()
    notes: tuple[str, ...] = ()
    vain: tuple[str, ...] = ()


def reasons(refused: Iterable[Refused]) -> tuple[RefusedRows, ...]:
    """The refused lines by reason, the most frequent first, each with its first line as the example."""
    found: dict[str, list[Refused]] = {}
    for one in refused:
        found.setdefault(_PARTICULAR.sub("", one.reason), []).append(one)
    groups = sorted(found.values(), key=len, reverse=True)
    return tuple(RefusedRows(ones[0].reason, len(ones), f"{ones[0].path}:{ones[0].line}") for ones in groups)
