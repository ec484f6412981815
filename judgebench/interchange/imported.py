"""What an import comes to, whatever the format: what was read, what was added, what was refused and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was not imported, and why."""

    path: Path
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import read (`counts`, repeated rows included), what it added (`new`), and what a reader should know."""

    question_set: str
    counts: Mapping[str, int]
    new: Mapping[str, int]
    refused: tuple[Refused, ...] = ()
    notes: tuple[str, ...] = ()
