"""Imported rows into their tables, each once, and a record of what an import came to."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from judgebench.interchange.imported import Imported, reasons
from judgebench.interchange.lines import Log
from judgebench.interchange.merge import Merged, RowT, merge, of_their_answers
from judgebench.tables.records import IMPORTED_FROM, ImportRecord
from judgebench.tables.store import Table
from judgebench.workspace import Workspace

_PARTS = ("equal", "superseded", "outdone")


def name_of(path: Path) -> str:
    """What an import is called: its rows carry it, the report names it, and `remove --import` takes it."""
    return path.resolve().name


def set_name(path: Path) -> str:
    """What a question set is called that comes from a file or a folder, where nothing else says so."""
    name = path.resolve().stem if path.is_file() else path.resolve().name
    return re.sub(r"[^\w.]+|_+", "-", name.lower()).strip("-.") or "imported"


def append_new(what: str, rows: Sequence[RowT], table_of: Callable[[RowT], Table[RowT]], origin: Path, log: Log) -> int:
    """Add to each table what it lacks, in one write; how many rows that were. Each row says where it came from.

    A table is claimed from the reading to the writing, so that two imports at once add each row once.
    """
    by_table: dict[Path, tuple[Table[RowT], list[RowT]]] = {}
    name = name_of(origin)
    for row in rows:
        table = table_of(row)
        stamped = replace(row, extra={**row.extra, IMPORTED_FROM: name})
        by_table.setdefault(table.path, (table, []))[1].append(stamped)
    merged: list[Merged[RowT]] = []
    for table, ours in by_table.values():
        with table.claim():
            held = table.read()
            merged.append(merge(of_their_answers(ours, held), held))
            table.append(merged[-1].rows)
    _note(what, merged, log)
    return sum(len(one.rows) for one in merged)


def _note(what: str, merged: Sequence[Merged[RowT]], log: Log) -> None:
    """Say what became of rows that stand more than once."""
    equal, superseded, outdone = (sum(getattr(one, part) for one in merged) for part in _PARTS)
    if equal:
        log.note(f"{equal} {what} stand more than once, word for word: each was imported once.")
    if superseded:
        log.note(
            f"{superseded} {what} were made again later: of each, the last that did not fail counts; all are kept."
        )
    if outdone:
        log.note(f"{outdone} failed {what} were left out: the workspace holds a success in their place.")


def record(imported: Imported, origin: Path, form: str, workspace: Workspace) -> None:
    """Put on record what an import came to, so that the report can say what is missing of it."""
    row = ImportRecord(
        name=name_of(origin),
        form=form,
        question_set=imported.question_set,
        counts=imported.counts,
        new=imported.new,
        refused=reasons(imported.refused),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    workspace.imports().append([row])
