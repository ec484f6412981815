"""What `--batch` remembers between runs: a file of JSON lines beside a table, written as things happen.

A line says that a batch of requests is about to be submitted (`mark`, `ids`), how the endpoint calls it (`mark`,
`batch`) or that it never got there (`lost`), that a reply was handed on (`done`), or that nothing more is to be had
of a batch (`over`). A request's id is the hash of its body and a number, since repeats have equal bodies.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Ledger:
    """The batches of one table by their endpoint's id or, until that is known, by our mark; and what was handed on."""

    path: Path
    marked: dict[str, list[str]] = field(default_factory=dict)
    batches: dict[str, list[str]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        for line in text.splitlines(keepends=True):
            if line.endswith("\n"):  # else it was being written when the process died
                self._take(json.loads(line))
        if text and not text.endswith("\n"):
            self.path.write_text(text[: text.rfind("\n") + 1], encoding="utf-8")

    def note(self, **event: Any) -> None:
        """Write down `mark` and `ids`, `batch` and `mark`, `lost` (a mark), `done` (an id), or `over` (a batch)."""
        self._take(event)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")

    def _take(self, event: dict[str, Any]) -> None:
        if "ids" in event:
            self.marked[event["mark"]] = event["ids"]
        if "batch" in event:
            self.batches[event["batch"]] = self.marked.pop(event["mark"])
        self.marked.pop(event.get("lost", ""), None)
        self.done |= {event["done"]} if "done" in event else set()
        self.done.update(self.batches.pop(event["over"], ()) if "over" in event else ())

    def waiting(self) -> dict[str, list[str]]:
        """The ids whose replies are still to come, by the hash of their bodies."""
        found = defaultdict[str, list[str]](list)
        for ids in self.batches.values():
            for id_ in ids:
                if id_ not in self.done:
                    found[id_.partition("-")[0]].append(id_)
        return found

    def unused(self, digest: str, taken: Iterable[str]) -> str:
        """A new id for a body of that hash."""
        known = self.done.union(taken, *self.batches.values())
        return next(id_ for number in count() if (id_ := f"{digest}-{number}") not in known)
