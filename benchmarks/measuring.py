"""What a command costs: seconds, seconds of CPU and peak memory; and a folder to measure it in."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Cost:
    """Of one run: seconds, seconds of CPU, and peak memory in GiB, of the largest process and of all together."""

    wall: float
    cpu: float
    largest: float
    together: float


def judgebench(root: Path, *words: str, out: IO[bytes] | int = subprocess.DEVNULL) -> Cost:
    """Run a judgebench command on a workspace, in a process of its own; SystemExit where it fails."""
    return command([sys.executable, "-m", "judgebench", "-C", str(root), *words], out)


def command(words: Sequence[str], out: IO[bytes] | int = subprocess.DEVNULL) -> Cost:
    """Run a command; SystemExit where it fails."""
    start, together = time.perf_counter(), 0
    with subprocess.Popen(words, stdout=out) as process:
        while True:
            done, status, used = os.wait4(process.pid, os.WNOHANG)
            if done:
                break
            together = max(together, _resident(process.pid))
            time.sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"`{' '.join(words)}` failed with {process.returncode}")
    wall, largest = time.perf_counter() - start, used.ru_maxrss / 2**20
    return Cost(wall, used.ru_utime + used.ru_stime, largest, max(largest, together / 2**20))


def _resident(pid: int) -> int:
    """The memory, in KiB, of a process and what it started: what is shared counts in each."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    own = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0)
    return own + sum(map(_resident, map(int, children)))


@contextmanager
def place(folder: Path | None) -> Iterator[Path]:
    """The folder asked for, which stays, or a temporary one."""
    if folder:
        yield folder
    else:
        with tempfile.TemporaryDirectory() as scratch:
            yield Path(scratch)
