"""What `--batch` remembers between runs: a file of JSON lines beside a table, written as things happen.

A line says that a batch of requests is about to be submitted (`mark`, `ids`), how the endpoint calls it (`mark`,
`batch`) or that it never got there (`lost`), that a reply was handed on (`done`), or that nothing more is to be had
of a batch (`over`). A request's id is the hash of its body and a number, since repeats have equal bodies.
"""

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from judgebench.tables.store import replace_file


class Event(msgspec.Struct, omit_defaults=True):
    """A line."""

    mark: str | None = None
    ids: list[str] | None = None
    batch: str | None = None
    lost: str | None = None
    done: str | None = None
    over: str | None = None


@dataclass(slots=True)
class Ledger:
    """The batches of one table by their endpoint's id or, until that is known, by our mark; and what was handed on.

    Every line is taken by itself. Where one can't be read the endpoint is asked for what it may have said: `strange`
    holds such lines, and `bare` the batches, by their id, of which it is not known what they ask for.
    """

    path: Path
    marked: dict[str, list[str]] = field(default_factory=dict)
    batches: dict[str, list[str]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    bare: dict[str, str] = field(default_factory=dict)
    strange: list[bytes] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)  # marks and batches, those that are over among them

    def __post_init__(self) -> None:
        data = self.path.read_bytes() if self.path.exists() else b""
        for line in filter(bytes.strip, data.split(b"\n")):
            event = _read(line)
            if event:
                self._take(event)
            else:
                self.strange.append(line)
        if data and not data.endswith(b"\n"):  # it was being written when the process died
            self._write(b"\n")

    def note(self, **event: Any) -> None:
        """Write down `mark` and `ids`, `batch` and `mark`, `lost` (a mark), `done` (an id), or `over` (a batch)."""
        said = Event(**event)
        self._take(said)
        self._write(msgspec.json.encode(said) + b"\n", sync=said.mark is not None)

    def set_aside(self) -> None:
        """Move the lines that can't be read to FILE.torn, once what they may have said is known."""
        if not self.strange:
            return
        with self.path.with_name(self.path.name + ".torn").open("ab") as aside:
            aside.write(b"".join(line + b"\n" for line in self.strange))
        lines = [line for line in self.path.read_bytes().split(b"\n") if line.strip() and line not in self.strange]
        replace_file(self.path, b"".join(line + b"\n" for line in lines))
        self.strange = []

    def knows(self, name: str) -> bool:
        """Whether a line speaks of that mark, or of that batch."""
        return name in self._seen

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

    def _take(self, event: Event) -> None:
        self._seen |= {name for name in (event.mark, event.batch, event.over) if name}
        if event.mark and event.ids is not None:
            self.marked[event.mark] = event.ids
        elif event.mark and event.batch and event.batch not in self.batches:
            self._called(event.batch, event.mark)
        self.marked.pop(event.lost or "", None)
        self.done |= {event.done} if event.done else set()
        self.done.update(self.batches.pop(event.over or "", ()))
        self.bare.pop(event.over or "", None)

    def _called(self, batch: str, mark: str) -> None:
        """How the endpoint calls the batch of a mark."""
        if mark in self.marked:
            self.batches[batch] = self.marked.pop(mark)
            self.bare.pop(batch, None)
        else:
            self.bare[batch] = mark

    def _write(self, data: bytes, sync: bool = False) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(data)
            if sync:  # what is about to be paid for
                file.flush()
                os.fsync(file.fileno())


def _read(line: bytes) -> Event | None:
    """A line, or None where it is none of ours."""
    try:
        event = msgspec.json.decode(line, type=Event)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return event if event != Event() else None
