"""Fetch published question sets: pinned files, each checked by its SHA-256, then imported."""

import os
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import msgspec

from judgebench.errors import DataError, UsageError, instead
from judgebench.interchange.download import File, Say, cached, download
from judgebench.interchange.fastchat import Imported, import_fastchat
from judgebench.question_sets import SetHead
from judgebench.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Source:
    """A published question set, as a table of sources.toml describes it."""

    title: str
    licence: str
    base: str
    commit: str
    files: tuple[File, ...]

    @property
    def url(self) -> str:
        """What the remote paths are appended to."""
        return self.base.replace("{commit}", self.commit)


def sources() -> Mapping[str, Source]:
    """What can be fetched, by the name that the question set gets."""
    text = Path(__file__).with_name("sources.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Source])


def fetch(name: str, workspace: Workspace, origin: str | None = None, say: Say = lambda line: None) -> Imported:
    """Make a published question set part of the workspace, from the cache, the network or a local folder.

    `origin` is a mirror's base URL or a folder, in place of the pinned address; `say` gets a line per step.
    Raises UsageError for an unknown name or origin, JudgebenchError where a file can't be had, and DataError where
    one is not what was pinned or the workspace holds other questions under this name; nothing is imported then.
    """
    workspace.check()
    known = sources()
    if name not in known:
        raise UsageError(f"nothing called {name!r} can be fetched; {instead(name, known)}")
    source = known[name]
    place = _place(origin or source.url)
    say(f"{name}: {source.title}; {source.licence}, commit {source.commit}")
    with tempfile.TemporaryDirectory(prefix="judgebench-fetch-") as scratch:
        for file in source.files:
            path = Path(scratch, file.local)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_obtain(file, place, say))
        imported = _imported(Path(scratch), workspace, name, source)
    if not any(imported.new.values()):
        say(f"{name} is in the workspace already, with the same questions")
    return imported


def _imported(folder: Path, workspace: Workspace, name: str, source: Source) -> Imported:
    about = SetHead(name, version=source.commit, licence=source.licence, language="en", description=source.title)
    try:
        return import_fastchat(folder, workspace, about=about)
    except DataError as error:
        held = workspace.question_set_folder(name)
        raise DataError(f"{error} (what is fetched has one name: move {held} away to fetch it)") from error


def _place(origin: str) -> Path | SplitResult:
    """The parts of a URL, or a folder that is there."""
    try:
        url = urlsplit(origin)
    except ValueError:
        url = urlsplit("")
    if url.scheme in ("http", "https") and url.hostname:
        return url
    if not os.path.isdir(origin):
        named = "this one" if {":", "@"} & set(origin) else repr(origin)  # a URL may hold a password or a token
        raise UsageError(f"--from takes an existing folder or an http(s) URL, and {named} is neither")
    return Path(origin)


def _obtain(file: File, place: Path | SplitResult, say: Say) -> bytes:
    kept, data = cached(file)
    if data is not None:
        say(f"{file.local}: in the cache ({kept})")
        return data
    return _read(file, place) if isinstance(place, Path) else download(file, place, say)


def _read(file: File, folder: Path) -> bytes:
    """A file of a local folder, in the layout of an import or of the repository."""
    found = [path for path in (folder / file.local, folder / file.remote) if path.is_file()]
    if not found:
        raise UsageError(f"{folder} holds neither {file.local} nor {file.remote}")
    contents = [path.read_bytes() for path in found]
    fitting = [data for data in contents if file.fits(data)]
    if not fitting:
        raise file.differs(contents[0], str(found[0]))
    return fitting[0]
