"""How tests wait: for a condition, never for a time, and so long that only what is broken takes longer."""

import select
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol, TypeVar

PATIENCE = 120.0  # seconds for a step that takes moments, on a machine that has much else to do
WHOLE = 900.0  # seconds for a whole command
WORK = 20.0  # seconds of the processor's own time, which a busy machine doesn't stretch
_PAUSE = 0.005

SeenT = TypeVar("SeenT")


class Process(Protocol):
    """What is waited for, as much of Popen as is needed here."""

    @property
    def returncode(self) -> int | None:
        """Its exit status, once it has ended."""

    def poll(self) -> int | None:
        """The same, looked up."""

    def kill(self) -> None:
        """By a signal that it can't handle."""

    def communicate(self, timeout: float | None = None) -> tuple[object, str | bytes | None]:
        """Wait for its end; what it said on stdout and stderr."""


def wait_for(
    what: str,
    look: Callable[[], SeenT],
    enough: Callable[[SeenT], object] = bool,
    process: Process | None = None,
    patience: float = PATIENCE,
) -> SeenT:
    """Look again and again until it is enough; what was seen then.

    Where patience ends, or the process that is to bring it about, the failure says what was waited for and what was
    seen in its place.
    """
    end = time.monotonic() + patience
    while True:
        over = process is not None and process.poll() is not None  # asked first: what it did last counts
        seen = look()
        if enough(seen):
            return seen
        assert not (process and over), f"waited for {what}; saw {seen!r}, and then the process ended: {_end(process)}"
        assert time.monotonic() < end, f"waited {patience:.0f} s for {what}; saw {seen!r}"
        time.sleep(_PAUSE)


def wait_for_rows(table: Path, number: int, process: Process) -> int:
    """Until a process has written so many rows: complete lines, since the file is there before it holds one."""
    return wait_for(f"{number} rows in {table.name}", lambda: rows_of(table), lambda seen: seen >= number, process)


def rows_of(table: Path) -> int:
    """How many rows are on disk."""
    return table.read_bytes().count(b"\n") if table.exists() else 0


def wait_for_end(process: Process) -> str:
    """Until a process has ended; what it said on stderr."""
    try:
        _, said = process.communicate(timeout=WHOLE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"waited {WHOLE:.0f} s for the process to end: {_end(process)}") from None
    return _text(said)


def first_line(process: "subprocess.Popen[str]") -> str:
    """What a process says on stdout when it is ready."""
    stdout: IO[str] | None = process.stdout
    assert stdout, "its stdout is no pipe"
    ready, _, _ = select.select([stdout], [], [], PATIENCE)
    assert ready, f"waited {PATIENCE:.0f} s for a first line of {process.args!r}; saw nothing"
    line = stdout.readline()
    assert line, f"waited for a first line of {process.args!r}; it ended without one: {_end(process)}"
    return line.rstrip("\n")


def wait_for_thread(thread: threading.Thread) -> None:
    """Until a thread has ended."""
    thread.join(PATIENCE)
    assert not thread.is_alive(), f"waited {PATIENCE:.0f} s for the end of {thread.name}"


@contextmanager
def little_work() -> Iterator[None]:
    """Fails where what it surrounds is far more work than it should be, as when a pattern backtracks.

    A test takes texts with which the right way takes moments and the wrong one minutes.
    """
    began = time.process_time()
    yield
    took = time.process_time() - began
    assert took < WORK, f"{took:.0f} s of the processor's time"


def _end(process: Process) -> str:
    _, said = process.communicate(timeout=PATIENCE)
    return f"status {process.returncode}, {_text(said)!r}"


def _text(said: str | bytes | None) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said or ""
