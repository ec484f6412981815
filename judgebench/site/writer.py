"""View models -> files: everything is written beside the site first, and then takes its place."""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

from judgebench._version import __version__
from judgebench.errors import JudgebenchError
from judgebench.report.copying import cores
from judgebench.site import PARTS, Built, source
from judgebench.site.drawing import theme as themes
from judgebench.site.drawing.theme import Theme
from judgebench.site.pages import best_of, compare, gate, history, overview, pair, question, vote, watch
from judgebench.site.rendering import Render, renderer
from judgebench.site.source import Source
from judgebench.site.spreading import spread
from judgebench.site.views import Link, Page, Piece, counted
from judgebench.workspace import Workspace

HERE = Path(__file__).parent
Part: TypeAlias = Callable[[], Iterator[Page] | Iterator[Piece]]
_BUILDING = ".building-"
_SHARE = 5_000  # reviews: for less another process isn't worth its start
_KEPT = (
    history,
    gate,
    best_of,
    watch,
)  # pages of what commands came to, each with its NAME and ADDRESS, where there is any


def write(workspace: Workspace, questions: str | None = None, judge: str | None = None) -> Built:
    """Build the site of a workspace into its webpage folder, in place of an earlier one."""
    theme = themes.load(workspace.root / themes.FOLDER)
    read = source.read(workspace, questions, judge)
    render = renderer(theme, _common(read))
    folder = workspace.webpage
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        for leftover in folder.glob(f"{_BUILDING}*"):
            _remove(leftover)
        new, old = (Path(tempfile.mkdtemp(prefix=_BUILDING, dir=folder)) for _ in range(2))
        try:
            pages = _write_pages(new, read, render)
            _write_static(new / "static")
            _write_theme(new, theme)
            _replace(folder, new, old)
        finally:
            for scratch in (new, old):
                shutil.rmtree(scratch, ignore_errors=True)
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


def _replace(folder: Path, new: Path, old: Path) -> None:
    """Put a finished site in place of the old one, which is moved aside: thousands of files take a while to remove.

    `index.html` goes first and comes last: a build that is cut short here leaves no page that claims to be whole.
    """
    try:
        _move(folder, old, PARTS)
        _move(new, folder, reversed(PARTS))
    except BaseException:
        _move(folder, new, PARTS)
        _move(old, folder, reversed(PARTS))
        raise


def _move(place: Path, to: Path, parts: Iterable[str]) -> None:
    """Move the parts that are there, and not in the other folder yet."""
    for part in parts:
        if os.path.lexists(place / part) and not os.path.lexists(to / part):
            (place / part).rename(to / part)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def shown_of(read: Source) -> Iterator[Page | Piece]:
    """Every page and piece of a site, one at a time."""
    return chain(pages_of(read), *(part() for part in parts_of(read)))


def pages_of(read: Source) -> Iterator[Page | Piece]:
    """What is made of all that was read."""
    kept = (one.pages(read) for one in _KEPT)
    return chain(overview.pages(read), compare.pages(read), question.pages(read), vote.pages(read), *kept)


def parts_of(read: Source) -> list[Part]:
    """What is made apart from all else, and is most of the work: a pair's page, and what a question's page loads."""
    return [*pair.parts(read), *(partial(question.pieces_of, read, listed) for listed in question.asked(read))]


def _write_pages(folder: Path, read: Source, render: Render) -> int:
    """Write each page and piece as soon as it is made, so that a process holds no more than one.

    Of a large site other processes write parts meanwhile, from what this one has read. How many pages there are.
    """

    def write(made: Iterable[Page | Piece]) -> None:
        for shown in made:
            _write(folder, shown, render)

    read.matches_at  # noqa: B018 - made here, once for all processes
    with spread(lambda part: write(part()), parts_of(read), processes=_processes(read)):
        write(pages_of(read))
    return sum(1 for _ in folder.rglob("*.html"))


def _write(folder: Path, shown: Page | Piece, render: Render) -> None:
    text = _script(shown) if isinstance(shown, Piece) else render(shown)
    path = folder / shown.address
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8", errors="replace", newline="\n") as file:
        file.write(text)


def _processes(read: Source) -> int:
    """As many as there are cores, where there is work for them."""
    return min(cores(), 1 + len(read.reviews) // _SHARE)


def _common(read: Source) -> dict[str, Any]:
    """What every page is given: `vote` is the address of the page to vote on, "" where there is none.

    `kept` leads to the pages of what commands came to.
    """
    footer = f"from {counted(len(read.answers), 'answer')} and {counted(len(read.reviews), 'review')}"
    kept = [Link(one.NAME, one.ADDRESS) for one in _KEPT if one.possible(read)]
    told = {"version": __version__, "footer": footer, "kept": kept}
    return told | {"vote": vote.ADDRESS if vote.possible(read) else ""}


def _script(piece: Piece) -> str:
    """A piece as a script; JSON is a part of JavaScript, but for a key `__proto__`, which a literal wouldn't keep."""
    data = json.dumps(piece.data, separators=(",", ":"))
    literal = f"JSON.parse({json.dumps(data)})" if '"__proto__"' in data else data
    return f"judgebench.piece({json.dumps(piece.key)}, {literal});\n"


def _write_static(folder: Path) -> None:
    shutil.copytree(HERE / "static", folder)


def _write_theme(folder: Path, theme: Theme) -> None:
    for address, data in theme.files.items():
        path = folder / address
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
