"""Rows taken out of a workspace with all that hangs on them, kept in a file that puts them back."""

import json
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from judgebench.errors import DataError, UsageError, instead
from judgebench.tables.records import IMPORTED_FROM
from judgebench.tables.store import Table, replace_file
from judgebench.workspace import Workspace

Kind: TypeAlias = Literal["judge", "model", "import"]
_TABLES = (
    *("answers/[!.]*/*.jsonl", "reviews/[!.]*/*.jsonl", "reviews/.canaries/*.jsonl", "reviews/.attacks/*/*.jsonl"),
    *("reviews/.imports.jsonl", "history/*/draws.jsonl", "history/verdicts.jsonl", "history/watch.jsonl"),
)
_ENDS = (b"\n", b"\r")


class Row(msgspec.Struct, frozen=True):
    """What decides whether a row of any table goes: whose it is, and where it came from."""

    id: str = ""
    question_set: str = ""
    judge: str | None = None
    model: str | None = None
    models: tuple[str, ...] = ()
    answer_ids: tuple[str, ...] = ()
    name: str | None = None
    baseline: str | None = None
    candidate: str | None = None
    sets: tuple[Mapping[str, Any], ...] = ()  # of a verdict; of one on several candidates each has its own
    extra: Mapping[str, Any] = {}
    schema: int = 1

    def names(self, kind: Kind) -> tuple[str, ...]:
        """Its judge, its models, or the import that it came from."""
        if kind == "judge":
            return (self.judge,) if self.judge is not None else ()
        if kind == "model":
            several = (one.get("candidate") for one in self.sets)
            named = (self.model, self.baseline, self.candidate, *several)
            return self.models or tuple(dict.fromkeys(name for name in named if name is not None))
        origin = self.extra.get(IMPORTED_FROM, self.name)
        return (origin,) if isinstance(origin, str) else ()


@dataclass(frozen=True, slots=True)
class Part:
    """What goes from one table: the places of its lines, out of so many."""

    path: Path
    places: tuple[int, ...]
    rows: int


def plan(workspace: Workspace, kind: Kind, name: str, questions: str | None = None) -> list[Part]:
    """What would go: the rows of a judge, a model or an import, and the reviews of answers that go.

    Raises UsageError for a name that no row has.
    """
    found = {path: _rows(path) for path in _paths(workspace.check())}
    rows = [row for held in found.values() for row in held if row is not None]
    known = {other for row in rows for other in row.names(kind)}
    if name not in known:
        raise UsageError(_unknown(kind, name, known))
    asked = [row for row in rows if questions in (None, row.question_set)]
    going = {row.id for row in asked if row.id and row.model is not None and name in row.names(kind)}

    def goes(row: Row | None) -> bool:
        if row is None or questions not in (None, row.question_set):
            return False
        return name in row.names(kind) or not going.isdisjoint(row.answer_ids)

    parts = [Part(path, tuple(n for n, row in enumerate(held) if goes(row)), len(held)) for path, held in found.items()]
    return [part for part in parts if part.places]


def remove(workspace: Workspace, parts: Sequence[Part]) -> Path:
    """Take what was planned out of its tables, and return the file that holds it.

    The file is on disk before the first table is changed. Raises DataError where a table is no longer what was planned.
    """
    kept = workspace.root / f"removed-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.jsonl"
    texts = {part: _texts(part) for part in parts}
    with kept.open("x", encoding="utf-8", newline="\n") as file:
        for part, rows in texts.items():
            table = part.path.relative_to(workspace.root).as_posix()
            told = ({"table": table, "line": place, "row": row} for place, row in rows.items())
            file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in told)
        file.flush()
        os.fsync(file.fileno())
    for part, rows in texts.items():
        _take(part, rows)
    return kept


def put_back(workspace: Workspace, file: Path) -> int:
    """Put what a file of `remove` holds back in its places; how many rows that were. What is there stays as it is."""
    by_table: dict[str, list[tuple[int, bytes]]] = {}
    for table, place, row in _removed(file):
        by_table.setdefault(table, []).append((place, row))
    allowed = ("answers/", "reviews/", "history/")
    if any(not table.startswith(allowed) or ".." in Path(table).parts for table in by_table):
        raise DataError(f"{file}: names a table that is none of a workspace's; nothing was put back")
    return sum(_return(workspace.check().root / table, rows) for table, rows in by_table.items())


def _paths(workspace: Workspace) -> list[Path]:
    return [path for below in _TABLES for path in sorted(workspace.root.glob(below))]


def _rows(path: Path) -> list[Row | None]:
    """The rows of a table by line; None for a blank line, and a last one that was cut short."""
    decoder = msgspec.json.Decoder(Row)
    found: list[Row | None] = []
    lines = _lines(path)
    for number, line in enumerate(lines, start=1):
        try:
            found.append(decoder.decode(line) if line.strip() else None)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if number < len(lines) or line.endswith(_ENDS):
                raise DataError(f"{path}:{number}: not a row of this table ({error}); mend or remove it") from error
            found.append(None)
    return found


def _lines(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        return file.readlines()


def _unknown(kind: Kind, name: str, known: Collection[str]) -> str:
    return f"nothing here is of the {kind} {name!r}; {instead(name, sorted(known))}"


def _texts(part: Part) -> dict[int, str]:
    lines = _lines(part.path)
    return {place: lines[place].decode("utf-8") for place in part.places if place < len(lines)}


def _take(part: Part, rows: Mapping[int, str]) -> None:
    with Table(part.path, Row).claim():
        lines = _lines(part.path)
        if _texts(part) != rows:
            raise DataError(f"{part.path} was changed meanwhile: what is left of it stays; run the same command again")
        _write(part.path, [line for place, line in enumerate(lines) if place not in rows])


def _write(path: Path, lines: Sequence[bytes]) -> None:
    if lines:
        replace_file(path, b"".join(lines))
    else:
        path.unlink(missing_ok=True)


def _removed(file: Path) -> Iterator[tuple[str, int, bytes]]:
    try:
        for line in file.read_text(encoding="utf-8").split("\n")[:-1]:
            told = json.loads(line)
            yield str(told["table"]), int(told["line"]), str(told["row"]).encode("utf-8")
    except FileNotFoundError as error:
        raise UsageError(f"no file at {file}") from error
    except (ValueError, KeyError, TypeError, RecursionError, UnicodeError) as error:
        raise DataError(f"{file}: this is no file that `judgebench remove` wrote; nothing was put back") from error


def _return(path: Path, removed: Sequence[tuple[int, bytes]]) -> int:
    """The lines between those that are there now, each in its old place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Table(path, Row).claim():
        held = _lines(path) if path.exists() else []
        there = Counter(held)
        missing = [(place, line) for place, line in removed if there[line] == 0]
        _write(path, _merged(held, dict(missing)))
    return len(missing)


def _merged(held: Sequence[bytes], missing: Mapping[int, bytes]) -> list[bytes]:
    """Every missing line at its place, and those that are held around them in their order."""
    rest, merged = iter(held), list[bytes]()
    for place in sorted(missing):
        merged += islice(rest, place - len(merged))
        merged.append(missing[place])
    return [*merged, *rest]
