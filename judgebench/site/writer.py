"""View models -> files: everything is written beside the site first, and then takes its place."""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import jinja2
from jinja2.utils import htmlsafe_json_dumps

from judgebench._version import __version__
from judgebench.errors import JudgebenchError
from judgebench.site import Built, overview, pair, question, source
from judgebench.site.source import Source
from judgebench.site.views import Page, Piece, called, counted
from judgebench.workspace import Workspace

HERE = Path(__file__).parent
_PAGES = (overview, pair, question)  # each has `pages(source)`: all pages and pieces of its kind
PARTS = ("index.html", "pairs", "questions", "pieces", "static")  # what is ours in the folder; the rest is left alone
_BUILDING = ".building-"


def write(workspace: Workspace) -> Built:
    """Build the site of a workspace into its webpage folder, in place of an earlier one."""
    read = source.read(workspace)
    folder = workspace.webpage
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        for leftover in folder.glob(f"{_BUILDING}*"):
            _remove(leftover)
        new = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=folder))
        try:
            pages = _write_pages(new, read)
            _write_static(new / "static")
            _replace(folder, new)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    return Built(folder, pages)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """A lock on the folder itself, which leaves no file behind."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JudgebenchError(f"another build-site is at work in {folder}: wait for it to end") from error
        yield
    finally:
        os.close(handle)


def _replace(folder: Path, new: Path) -> None:
    """Put a finished site in place of the old one.

    `index.html` goes first and comes last: a build that is cut short here leaves no page that claims to be whole.
    """
    for part in PARTS:
        _remove(folder / part)
    for part in reversed(PARTS):
        if (new / part).exists():
            (new / part).rename(folder / part)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _write_pages(folder: Path, read: Source) -> int:
    footer = f"from {counted(len(read.answers), 'answer')} and {counted(len(read.reviews), 'review')}"
    common = {"version": __version__, "footer": footer}
    pages = 0
    for shown in chain.from_iterable(part.pages(read) for part in _PAGES):
        text = _piece(shown) if isinstance(shown, Piece) else _page(shown, common)
        path = folder / shown.address
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
        pages += isinstance(shown, Page)
    return pages


def _page(page: Page, common: Mapping[str, Any]) -> str:
    """Its HTML; `root` leads from it to the root of the site, so that the site works below any address."""
    root = "../" * page.address.count("/")
    return _environment().get_template(page.template).render(root=root, **common, **page.values)


def _piece(piece: Piece) -> str:
    """Its script; JSON is a part of JavaScript."""
    return f"judgebench.piece({json.dumps(piece.key)}, {json.dumps(piece.data, separators=(',', ':'))});\n"


@lru_cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["json"] = htmlsafe_json_dumps  # escapes < > & ', so that data can't end its element
    environment.filters["called"] = called
    return environment


def _write_static(folder: Path) -> None:
    from plotly.offline import get_plotlyjs

    shutil.copytree(HERE / "static", folder)
    (folder / "plotly.min.js").write_text(get_plotlyjs(), encoding="utf-8")
