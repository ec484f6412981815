"""The command in a process that is forked from one which has all imported: it begins at once, a hundred times.

Otherwise it is as by the command line: a process (group) of its own, killed at any moment, with an exit status.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from unittest import mock

from servers.running import ROOT, command, environment
from servers.waiting import wait_for_end

from judgebench.workspace import Workspace

_IMPORTED = ["servers.imported"]  # what a child finds there


def as_it_is() -> None:
    """Nothing is prepared."""


def talk_to(url: str | None) -> None:
    """The server at this address is the only one there is."""
    environ = environment(url)
    os.environ.clear()
    os.environ.update(environ)


@dataclass(frozen=True)
class Forked:
    """A command under way; as much of Popen as is needed here."""

    process: BaseProcess
    said: Path

    def __enter__(self) -> "Forked":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.join()

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid or 0

    @property
    def returncode(self) -> int | None:
        """Its exit status, or minus the signal that ended it; None before its end."""
        return self.process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self.returncode

    def kill(self) -> None:
        """By a signal that it can't handle."""
        self.process.kill()

    def interrupt(self) -> None:
        """As Ctrl-C does."""
        os.kill(self.pid, signal.SIGINT)

    def communicate(self, timeout: float | None = None) -> tuple[None, str]:
        """Wait for its end; what it said on stderr."""
        self.process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.process.name, timeout or 0.0)
        return None, self.said.read_text() if self.said.exists() else ""


def start(workspace: Workspace, *arguments: str, prepare: Callable[[], None] = as_it_is) -> Forked:
    """Start the command; `prepare`, a function of a module, is called in its process first."""
    context = get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    paths = os.pathsep.join([str(ROOT / "tests"), environment()["PYTHONPATH"]])
    with mock.patch.dict(os.environ, {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}):
        forkserver.ensure_running()  # in this environment: threads of before a fork are gone after it
    said = workspace.root.with_name(f"{workspace.root.name}.stderr")
    said.unlink(missing_ok=True)
    words = command(workspace, *arguments)[3:]
    process = context.Process(target=_run, args=(words, str(said), prepare), daemon=True)
    process.start()
    return Forked(process, said)


def finished(workspace: Workspace, *arguments: str, prepare: Callable[[], None] = as_it_is) -> tuple[int, list[str]]:
    """Run the command to its end: its exit status, and the lines on stderr."""
    with start(workspace, *arguments, prepare=prepare) as process:
        said = wait_for_end(process)
        assert process.returncode is not None
        return process.returncode, said.splitlines()


def _run(arguments: Sequence[str], said: str, prepare: Callable[[], None]) -> None:
    from judgebench.cli import main

    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # as on a terminal, whatever the tests were started from
    file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(file, stream.fileno())
    prepare()
    main(list(arguments), prog_name="judgebench")
