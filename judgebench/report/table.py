"""A table of a report as people read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Sequence[object]
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A table for people: cells as they are shown, and sentences that say what it means."""

    title: str
    head: Row
    rows: Sequence[Row]
    says: Sequence[str] = ()
    name: str = ""  # by which it is asked for
    keys: int = 1  # so many columns say what a row is about


def judge_of(entry: Entry) -> str:
    """How an entry's judge is called: its name, or those of a panel."""
    return f"{entry['judge']}({', '.join(entry['judges'])})" if "judges" in entry else str(entry["judge"])
