"""Processes that make a large site together: the same files as from one, and no success where one of them failed."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from judgebench import site
from judgebench.errors import JudgebenchError
from judgebench.site import writer
from judgebench.site.spreading import spread
from judgebench.workspace import Workspace


def written(folder: Path) -> dict[str, bytes]:
    """All files of a site."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("processes", [2, 5])
def test_the_site_is_the_same_whoever_makes_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    """To the byte, with more processes than cores too."""
    alone = written(site.build(workspace).folder)
    monkeypatch.setattr(writer, "_processes", lambda read: processes)
    assert written(site.build(workspace).folder) == alone


@pytest.mark.parametrize("processes", [1, 2, 7])
@pytest.mark.parametrize("number", [0, 1, 3, 1000])
def test_everything_is_done_once(tmp_path: Path, processes: int, number: int) -> None:
    """By whichever process; a second time would be an error here."""

    def do(one: int) -> None:
        (tmp_path / str(one)).mkdir()

    with spread(do, range(number), processes):
        pass
    assert sorted(int(path.name) for path in tmp_path.iterdir()) == list(range(number))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that are forked from now on."""
    numbers: list[int] = []
    fork = os.fork

    def noted() -> int:
        number = fork()
        if number:
            numbers.append(number)
        return number

    monkeypatch.setattr(os, "fork", noted)
    return numbers


def _none_is_left(started: list[int]) -> None:
    """All have ended, and were waited for."""
    assert len(started) == 2
    for number in started:
        with pytest.raises(ChildProcessError):
            os.waitpid(number, os.WNOHANG)


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _say() -> None:
    raise OSError("no room in pieces/1.js")


@pytest.mark.parametrize(("fails", "said"), [(_kill, "ended by signal 9"), (_say, "no room in pieces/1.js")])
def test_one_that_fails_is_told(fails: Callable[[], None], said: str, started: list[int]) -> None:
    """In one line, and there are no processes left."""
    here = os.getpid()

    def do(_: int) -> None:
        if os.getpid() != here:
            fails()

    def build() -> None:
        with spread(do, range(50), 3):
            for number in started:  # until they have ended, which the end of the block then learns
                os.waitid(os.P_PID, number, os.WEXITED | os.WNOWAIT)

    with pytest.raises(JudgebenchError, match=said):
        build()
    _none_is_left(started)


def test_an_error_in_this_process_ends_the_others(started: list[int]) -> None:
    """A site that can't be built leaves nobody at work."""

    def do(_: int) -> None:
        signal.pause()

    def build() -> None:
        with spread(do, range(50), 3):
            raise ValueError("a fault of ours")

    with pytest.raises(ValueError, match="a fault of ours"):
        build()
    _none_is_left(started)
