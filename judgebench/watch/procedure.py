"""The watch itself: look, judge what is due, wait, and look again until it is to end."""

import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from judgebench.compare.outages import Say, unwatched
from judgebench.compare.outages import Watch as Shown
from judgebench.errors import JudgebenchError, UsageError
from judgebench.tables.store import exclusive
from judgebench.watch.folder import Saved
from judgebench.watch.options import Options
from judgebench.watch.series import Tell, is_open
from judgebench.watch.watching import Watching
from judgebench.workspace import Workspace


def watch(
    workspace: Workspace,
    options: Options,
    tell: Tell = lambda row, rows: None,
    say: Say = lambda line: None,
    shown: Shown = unwatched,
) -> Watching:
    """Judge the checkpoints of a training as they come; `tell` hears what came of each, once it is on disk.

    Raises UsageError for what makes no sense, and where no checkpoint ever came; JudgebenchError where another watch is
    at it, or the baseline has changed. KeyboardInterrupt ends it at any time: what was done is kept.
    """
    watching = Watching(workspace.check(), options, tell, say, shown)
    with claimed(watching):
        watching.read()
        _Looks(watching, say).go_on()
    return watching


def claimed(watching: Watching) -> BinaryIO:
    """JudgebenchError where another watch is at the same; else others are kept out until the result is closed."""

    def refuse() -> None:
        raise JudgebenchError(
            f"another watch of {watching.options.folder} is at work in this workspace: leave it to it"
        )

    lock = watching.workspace.root / "history" / f".watch-{watching.series.name}.lock"
    return exclusive(lock, refuse)


@contextmanager
def stopped_by_sigterm() -> Iterator[None]:
    """SIGTERM is as Ctrl-C meanwhile, also where that is ignored, as behind nohup."""

    def stop(number: int, frame: object) -> None:
        pressed = signal.getsignal(signal.SIGINT)
        if not callable(pressed):
            raise KeyboardInterrupt
        pressed(signal.SIGINT, None)

    usual = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, usual)


class _Looks:
    """Look after look, until one of the ends that were asked for."""

    def __init__(self, watching: Watching, say: Say) -> None:
        self._watching, self._options, self._say = watching, watching.options, say
        self._ended = False  # stdin, by which we are told that no more will come
        self._news = time.monotonic()
        self._said = ""

    def go_on(self) -> None:
        """Until the end; UsageError where no checkpoint ever came."""
        growing = self._look()
        while not self._watching.is_invalid and (not self._is_over() or (growing and self._ended)):
            self._wait()
            growing = self._look()
        if self._watching.is_invalid:
            return
        if not self._watching.rows:
            raise UsageError(f"no checkpoint to judge: {self._said or self._nothing()}")
        if not self._watching.tried:
            self._say(f"{self._options.folder}: nothing new, {len(self._watching.rows)} steps are known")

    def _look(self) -> bool:
        """Judge all that is due, each once; whether anything is still being written."""
        done: list[Saved] = []
        while True:
            try:
                due, growing = self._watching.due(done)
            except OSError as error:
                self._tell(f"{self._options.folder}: {error.strerror or error}")
                return False
            if not due:
                if not self._watching.rows:
                    self._tell(self._nothing())
                return growing
            self._news = time.monotonic()
            done.append(due[0])
            self._watching.judge(due[0])
            if self._watching.is_invalid:
                return False

    def _nothing(self) -> str:
        return f"{self._options.folder} holds no checkpoint-STEP that is whole"

    def _tell(self, said: str) -> None:
        if said != self._said:
            self._say(said)
        self._said = said

    def _is_over(self) -> bool:
        options, settled = self._options, [row.step for row in self._watching.rows.values() if not is_open(row)]
        far = options.until is not None and max(settled, default=-1) >= options.until
        quiet = options.idle is not None and time.monotonic() - self._news >= 60 * options.idle
        return options.once or self._ended or far or quiet

    def _wait(self) -> None:
        if self._options.until_eof and not self._ended:
            self._ended = bool(select.select([sys.stdin], [], [], self._options.every)[0])
        else:
            time.sleep(self._options.every)
