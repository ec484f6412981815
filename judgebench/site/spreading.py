"""Work that processes beside this one do, from what it holds already; they are forked, so that nothing is copied.

Nothing but files comes of it. A process takes the next share when it has done one, so that none waits for another.
"""

import gc
import os
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from judgebench.errors import JudgebenchError

_SHARES = 256  # at most: each is a byte in a pipe
_MESSAGE = 4096  # bytes, which a pipe takes at once

Work = TypeVar("Work")


@contextmanager
def spread(do: Callable[[Work], None], todo: Sequence[Work], processes: int) -> Iterator[None]:
    """Do all of it by so many processes: others begin at once, and this one helps after the body.

    JudgebenchError with what a process said, or by what it was ended. None outlives the block.
    """
    shares = [todo[first::_SHARES] for first in range(min(len(todo), _SHARES))]
    with _pipe(bytes(range(len(shares)))) as tokens, _pipe() as told:
        gc.freeze()  # what is held already isn't looked through, which would copy it for each process
        running = [_forked(lambda: _work(do, shares, tokens), told) for _ in range(processes - 1)]
        try:
            yield
            _work(do, shares, tokens)
            while running:
                _, status = os.waitpid(running[-1], 0)
                running.pop()
                if status:
                    raise JudgebenchError(_said(told, status))
        finally:
            for number in running:
                os.kill(number, signal.SIGKILL)
                os.waitpid(number, 0)
            gc.unfreeze()


Pipe = tuple[int, int]


@contextmanager
def _pipe(held: bytes = b"") -> Iterator[Pipe]:
    """A pipe that never makes its reader wait."""
    reading, writing = os.pipe()
    try:
        os.set_blocking(reading, False)
        os.write(writing, held)
        yield reading, writing
    finally:
        os.close(reading)
        os.close(writing)


def _work(do: Callable[[Work], None], shares: Sequence[Sequence[Work]], tokens: Pipe) -> None:
    while number := _read(tokens, 1):
        for one in shares[number[0]]:
            do(one)


def _read(pipe: Pipe, size: int) -> bytes:
    try:
        return os.read(pipe[0], size)
    except BlockingIOError:
        return b""


def _forked(work: Callable[[], None], told: Pipe) -> int:
    """Start the work in a process; it ends without anything that this one would do at its end."""
    with warnings.catch_warnings():
        # The threads of numpy and pyarrow, of which Python warns, know of forks; a share of a site uses neither.
        warnings.simplefilter("ignore", DeprecationWarning)
        number = os.fork()
    if number:
        return number
    status = 1
    try:
        work()
        status = 0
    except Exception as error:
        os.write(told[1], (str(error) or type(error).__name__).encode(errors="replace")[:_MESSAGE])
    finally:
        os._exit(status)


def _said(told: Pipe, status: int) -> str:
    message = _read(told, _MESSAGE).decode(errors="replace")
    ended = os.waitstatus_to_exitcode(status)
    return message or f"a process that made a part was ended by signal {-ended}; is memory short?"
