"""Reading JSONL files line by line: what can't be used is refused with its reason, and the rest goes on."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from judgebench.errors import DataError
from judgebench.interchange.imported import Imported, Refused
from judgebench.tables.records import valid_text

ERROR_TEXT = "$ERROR$"  # what FastChat stores in place of text when a call failed
_ENTRY = re.compile(r"[^\s,]")
_BEGINNING = 1024  # bytes that tell what a file is
_OTHERWISE: Mapping[bytes, str] = {  # what a file is that begins so, and what to do
    **dict.fromkeys((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"), "is compressed: unpack it"),
    **dict.fromkeys((b"\xff\xfe", b"\xfe\xff"), "is UTF-16: save it as UTF-8"),
    **dict.fromkeys((b"<!doctype", b"<html"), "is a web page and no data: get the file itself"),
    b"version https://git-lfs": "is a Git LFS pointer and no data: run `git lfs pull`",
    b"par1": "is Parquet: call it .parquet",
}
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
MadeT = TypeVar("MadeT")
Row = Mapping[str, Any]


class Unusable(ValueError):
    """A line that can't be used; the message completes the sentence "this line ..."."""


@dataclass(frozen=True, slots=True)
class Line:
    """One JSON object of a file."""

    path: Path
    number: int
    row: Row


@dataclass(frozen=True, slots=True)
class Log:
    """What an import has to say: the lines that it refused, notes as plain sentences, and what came to nothing."""

    refused: list[Refused] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    vain: list[str] = field(default_factory=list)  # what came to nothing, as sentences

    def imported(self, question_set: str, counts: Mapping[str, int], new: Mapping[str, int]) -> Imported:
        """What the import came to, with all that is said of it."""
        return Imported(question_set, counts, new, tuple(self.refused), tuple(self.notes), tuple(self.vain))

    def refuse(self, line: Line, reason: str) -> None:
        """Keep in mind that a line was not imported."""
        self.refused.append(Refused(line.path, line.number, reason))

    def note(self, sentence: str) -> None:
        """Say something that a reader should know, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)


def convert(
    paths: Iterable[Path],
    make: Callable[[Line], Iterable[MadeT]],
    log: Log,
    read: Callable[[Path, Log], Iterator[Line]] | None = None,
) -> list[MadeT]:
    """What `make` makes of every line of the files, in order; a line that it can't use is refused."""
    made: list[MadeT] = []
    before, found = len(log.refused), list(paths)
    for path in found:
        for line in (read or lines)(path, log):
            try:
                made += tuple(make(line))  # whole or not at all
            except Unusable as problem:
                log.refuse(line, str(problem))
    if not made and len(log.refused) > before:
        log.vain.append(f"nothing was taken of {found[0].name if len(found) == 1 else found[0].parent.name}")
    return made


def amiss(path: Path) -> str | None:
    """Why a file holds no rows at all, as "this file ..."; None where it may hold some."""
    with path.open("rb") as file:
        begun = file.read(_BEGINNING)
        if not begun.strip(b" \t\r\n\xef\xbb\xbf") and len(begun) < _BEGINNING:
            return "holds nothing"
    found = next((what for sign, what in _OTHERWISE.items() if _begins(begun, sign)), None)
    return found or ("is UTF-16, or no text: save it as UTF-8" if b"\0" in begun[:4] else None)


def _begins(data: bytes, sign: bytes) -> bool:
    return data.startswith(sign) or data.lstrip()[: len(sign)].lower() == sign


def packed(folder: Path) -> Iterator[Path]:
    """The compressed JSON files below a folder of which no unpacked copy stands beside, by name."""
    for path in sorted(found for ending in PACKED for found in folder.glob(f"**/*.json*{ending}")):
        if path.is_file() and not path.with_suffix("").exists():
            yield path


def tables(folder: Path, below: str) -> list[Path]:
    """The JSONL files below a part of a folder, in whatever subfolder, by name; hidden ones are no data."""
    found = (path for path in folder.glob(f"{below}/**/*.jsonl") if path.is_file())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def lines(path: Path, log: Log) -> Iterator[Line]:
    """Every JSON object of a file, with or without a byte order mark, carriage returns and blank lines."""
    mended, problem = 0, amiss(path)
    if problem:
        log.refuse(Line(path, 1, {}), problem)
        return
    with path.open("rb") as file:
        for number, data in enumerate(file, start=1):
            try:
                row, changed = _parsed(data.removeprefix(BOM_UTF8) if number == 1 else data)
            except Unusable as unusable:
                log.refuse(Line(path, number, {}), str(unusable))
                continue
            mended += changed
            if row is not None:
                yield Line(path, number, row)
    if mended:
        log.note(f"{path.name}: half a character (a lone surrogate) became U+FFFD in {mended} line(s).")


def objects(file: Path, log: Log) -> Iterator[Line]:
    """Every JSON object of a file that is one JSON list, or has an object a line."""
    with file.open("rb") as opened:
        first = opened.read(1 << 16).removeprefix(BOM_UTF8).lstrip()[:1]
    return _listed(file, log) if first == b"[" else lines(file, log)


def whole_object(file: Path, log: Log) -> Row:
    """The object that a file is; an empty one where it is something else."""
    _, found = _json(file)
    return _mended([found], log)[0] if isinstance(found, dict) else {}


def _json(file: Path) -> tuple[str, Any]:
    """A file's text, and what it is as JSON; DataError where it is none."""
    problem = amiss(file)
    if problem:
        raise DataError(f"{file} {problem}; nothing was imported")
    try:
        text = file.read_bytes().removeprefix(BOM_UTF8).decode("utf-8")
        return text, json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{file}:{error.lineno}: is not JSON ({error.msg}); nothing was imported") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file}: is not JSON ({error}); nothing was imported") from error


def _listed(file: Path, log: Log) -> Iterator[Line]:
    """Every object of a JSON list, with the line that it begins on."""
    whole, found = _json(file)
    decoder, begun, place, number = json.JSONDecoder(), 0, whole.index("[") + 1, 1
    for row in _mended(found, log):
        start = next(_ENTRY.finditer(whole, place)).start()
        number += whole.count("\n", begun, start)
        begun, (_, place) = start, decoder.raw_decode(whole, start)
        line = Line(file, number, row if isinstance(row, dict) else {})
        if isinstance(row, dict):
            yield line
        else:
            log.refuse(line, "is not a JSON object")


def _mended(rows: list[Any], log: Log) -> list[Any]:
    """The rows without lone surrogates, which can't be written as UTF-8."""
    said = json.dumps(rows, ensure_ascii=False)
    valid = valid_text(said)
    if said == valid:
        return rows
    log.note("Half characters (lone surrogates) became U+FFFD.")
    mended: list[Any] = json.loads(valid)
    return mended


def _parsed(data: bytes) -> tuple[Row | None, bool]:
    """The object of a line, None for a blank one, and whether its text had to be mended."""
    if not data.strip():
        return None, False
    try:
        row = json.loads(data.decode("utf-8", "surrogatepass"))
        valid = _valid(row)
    except UnicodeDecodeError as error:
        raise Unusable(f"is not UTF-8 ({error.reason} at byte {error.start})") from error
    except (ValueError, RecursionError) as error:
        raise Unusable(f"is not JSON ({error})") from error
    if not isinstance(row, dict):
        raise Unusable("is not a JSON object")
    return valid, valid != row


def _valid(value: Any) -> Any:
    if isinstance(value, str):
        return valid_text(value)
    if isinstance(value, list):
        return [_valid(item) for item in value]
    if isinstance(value, dict):
        return {valid_text(key): _valid(item) for key, item in value.items()}
    return value


def text(row: Row, name: str) -> str:
    """A field that must hold text."""
    value = _required(row, name)
    if not isinstance(value, str):
        raise Unusable(f"has a {name} that is not text")
    return value


def optional_text(row: Row, name: str) -> str:
    """A field that may hold text; "" where it is missing."""
    return "" if row.get(name) is None else text(row, name)


def texts(row: Row, name: str) -> tuple[str, ...]:
    """A field that must hold a list of texts."""
    value = _required(row, name)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Unusable(f"has {name} that is not a list of texts")
    return tuple(value)


def identifier(row: Row, name: str) -> str:
    """A field that must hold an id: FastChat writes numbers, people also write texts."""
    value = _required(row, name)
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).strip():
        raise Unusable(f"has a {name} that is not an id")
    return str(value)


def _required(row: Row, name: str) -> Any:
    if row.get(name) is None:
        raise Unusable(f"has no {name}")
    return row[name]


def rest(row: Row, *known: str) -> dict[str, Any]:
    """The fields of a row that have no place of their own."""
    return {name: value for name, value in row.items() if name not in known}


def created(row: Row) -> str | None:
    """The row's `tstamp` (seconds since 1970) as ISO 8601 in UTC, or None where it has none that can be read."""
    try:
        return datetime.fromtimestamp(float(row["tstamp"]), UTC).isoformat()
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
