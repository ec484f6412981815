"""Code that nobody vouches for, run where it can do no harm: in namespaces of its own (bubblewrap), within limits.

It sees Python's own library, read-only, and an empty folder in memory; no home, no workspace, no /proc, no variable of
the environment, no network. It is another user, who can become nobody else. It ends when its time is over or when we
do, and with it all that it started. What it says is hostile text: read strictly, and never more than was asked for.
"""

import json
import os
import platform
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from secrets import randbelow
from typing import Any

import msgspec

from judgebench.checks import seccomp
from judgebench.errors import JudgebenchError
from judgebench.tables.records import Failure, valid_text

STOPPED = "stopped"  # the kind of failure of what a limit ended, or the sandbox refused
INSTALL = (
    "install bubblewrap 0.8 or later (apt-get install bubblewrap, dnf install bubblewrap), on Linux; or run it without "
    "a sandbox, with your own rights, by --no-sandbox"
)
_INSIDE = Path(__file__).with_name("inside.py")
_MEBIBYTE = 2**20
_LOOK = 0.05  # seconds from look to look at what the processes hold
_START = 30.0  # seconds that a busy machine may take to start it all


@dataclass(frozen=True, slots=True)
class Limits:
    """What code may take: seconds for a job; bytes of memory for a process and for all; and so on."""

    seconds: float = 10.0
    memory: int = 512 * _MEBIBYTE
    together: int = 1024 * _MEBIBYTE
    disk: int = 64 * _MEBIBYTE
    files: int = 10_000
    processes: int = 32
    reply: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class Job:
    """Sources (name and text), run in one namespace, and a function to call, if any."""

    sources: Sequence[tuple[str, str]]
    call: str | None = None
    arguments: Sequence[object] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job came to: a value (None where nothing was called), or why there is none."""

    value: bool | int | float | None = None
    failure: Failure | None = None


class _Reply(msgspec.Struct, forbid_unknown_fields=True):
    said: str
    ended: str


class _Said(msgspec.Struct, forbid_unknown_fields=True):
    value: Any = None
    error: str | None = None
    message: str = ""


def run(jobs: Sequence[Job], limits: Limits = Limits(), sandbox: bool = True) -> list[Outcome]:
    """What each job came to, in order. JudgebenchError where the sandbox can't be had; `sandbox=False` does without.

    A job never raises: what it did wrong is its outcome. Jobs don't see one another, and each begins anew.
    """
    if sandbox and (objection := problem()):
        raise JudgebenchError(objection)
    return _run(jobs, limits, sandbox)


@cache
def problem() -> str | None:
    """Why there is no sandbox on this machine, and what to do about it; None where there is one."""
    if platform.machine() not in seccomp.MACHINES or sys.platform != "linux":
        return (
            f"there is no sandbox for {sys.platform} on {platform.machine()}, so nothing of the set is run: {INSTALL}"
        )
    if not _bubblewrap():
        return f"bubblewrap, the sandbox, is missing, so nothing of the set is run: {INSTALL}"
    (outcome,) = _run([Job([], None)], Limits(), True)
    if outcome.failure is None:
        return None
    return f"the sandbox can't start, so nothing of the set is run ({outcome.failure.message}): {INSTALL}"


def _bubblewrap() -> str:
    """Where it is, or "" where it isn't."""
    return shutil.which("bwrap") or ""


def command(prefix: Path, limits: Limits, root: bool, filter_at: int) -> list[str]:
    """The words behind `bwrap`, up to the program to run; pure but for a look at what / holds.

    Root becomes somebody else inside (`inside.become`), since the kernel sets it no limits; anybody else has a
    namespace of users in which there is nobody to become.
    """
    shown = [Path("/usr"), *([] if prefix.is_relative_to("/usr") else [prefix])]
    if prefix.is_relative_to("/nix"):
        shown.append(Path("/nix/store"))
    above = dict.fromkeys(parent for path in shown for parent in [*path.parents][-2::-1])
    identity = ["--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534"]
    becoming = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    devices = [word for one in ("null", "urandom", "random") for word in ("--dev-bind", f"/dev/{one}", f"/dev/{one}")]
    return [
        *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"),
        *("--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox"),
        *(becoming if root else identity),
        *(word for parent in above for word in ("--perms", "0755", "--dir", str(parent))),
        *(word for path in shown for word in ("--ro-bind", str(path), str(path))),
        *_system_folders(),
        *("--perms", "0755", "--size", str(_MEBIBYTE), "--tmpfs", "/dev", *devices, "--remount-ro", "/dev"),
        *("--perms", "1777", "--size", str(limits.disk), "--tmpfs", "/tmp"),  # noqa: S108 (the sandbox's own)
        *("--remount-ro", "/", "--chdir", "/tmp", "--seccomp", str(filter_at), "--"),  # noqa: S108
    ]


def _system_folders() -> Iterator[str]:
    """Where the loader looks for libraries, as it is on this machine."""
    for name in ("/lib", "/lib64", "/lib32"):
        path = Path(name)
        if path.is_symlink():
            yield from ("--symlink", os.readlink(path), name)
        elif path.is_dir():
            yield from ("--ro-bind", name, name)
    if Path("/etc/ld.so.cache").exists():
        yield from ("--perms", "0755", "--dir", "/etc", "--ro-bind", "/etc/ld.so.cache", "/etc/ld.so.cache")


def _run(jobs: Sequence[Job], limits: Limits, sandbox: bool) -> list[Outcome]:
    root = sandbox and os.geteuid() == 0
    given = {**asdict(limits), "jobs": len(jobs)} | ({} if sandbox else {"processes": 0})
    task = {"limits": given, "user": 10**9 + randbelow(10**8) if root else None, "jobs": [asdict(job) for job in jobs]}
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    program = [str(python), "-I", "-S", "-c", _INSIDE.read_text(encoding="utf-8")]
    prefix = Path(sys.base_prefix).resolve()
    with tempfile.TemporaryFile() as told, _filter() as filter_at, tempfile.TemporaryDirectory() as empty:
        told.write(json.dumps(task).encode("utf-8", "replace"))
        told.seek(0)
        process = subprocess.Popen(  # noqa: S603 (our own command line, or, where the user asked for it, none)
            [*([_bubblewrap(), *command(prefix, limits, root, filter_at)] if sandbox else []), *program],
            stdin=told,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[filter_at] if sandbox else [],
            env={},
            cwd="/" if sandbox else empty,
            start_new_session=True,
        )
        with process:
            said, complaint, stopped = _Watched(process, limits, sandbox).until(
                time.monotonic() + _START + len(jobs) * limits.seconds, len(jobs) * 8 * limits.reply
            )
    return _outcomes(said, stopped or _why(process.returncode, complaint), len(jobs), limits)


@contextmanager
def _filter() -> Iterator[int]:
    """A file with the kernel's filter, for a moment."""
    with tempfile.TemporaryFile() as file:
        if platform.machine() in seccomp.MACHINES:
            file.write(seccomp.program(platform.machine()))
            file.seek(0)
        yield file.fileno()


class _Watched:
    """A process and all that it starts: what it says is read, and it is killed when it takes more than it may."""

    def __init__(self, process: "subprocess.Popen[bytes]", limits: Limits, sandbox: bool) -> None:
        self._process = process
        self._limits = limits
        self._sandbox = sandbox

    def until(self, deadline: float, longest: int) -> tuple[bytes, bytes, str | None]:
        """What it said to either stream, and why it was killed; None where it ended by itself."""
        said = {stream: bytearray() for stream in (self._process.stdout, self._process.stderr) if stream}
        reason, looked = None, 0.0
        with selectors.DefaultSelector() as selector:
            for stream in said:
                selector.register(stream, selectors.EVENT_READ)
            while selector.get_map() and reason is None:
                for key, _ in selector.select(_LOOK):
                    piece = os.read(key.fd, 65536)
                    said[key.fileobj] += piece  # type: ignore[index]
                    if not piece:
                        selector.unregister(key.fileobj)
                now = time.monotonic()
                if any(len(text) > longest for text in said.values()):
                    reason = "it wrote more than it may"
                elif now > deadline:
                    reason = "it took longer than it may"
                elif now - looked >= _LOOK:
                    looked, reason = now, self._excess()
        if reason:
            self._process.kill()
        return *(bytes(text) for text in said.values()), reason  # type: ignore[return-value]

    def _excess(self) -> str | None:
        """What all its processes take together that they may not."""
        family = list(_family(self._process.pid))
        if sum(map(_held, family)) > self._limits.together:
            return "its processes held more memory than they may"
        if self._sandbox and _files_made(family[-1], self._limits.disk) > self._limits.files:
            return "it made more files than it may"
        return None


def _family(process: int) -> Iterator[int]:
    """A process and all that descend from it, as /proc has them; itself alone where there is none."""
    yield process
    try:
        children = [path.read_text().split() for path in Path(f"/proc/{process}/task").glob("*/children")]
    except OSError:
        return
    for child in (int(number) for numbers in children for number in numbers):
        yield from _family(child)


def _held(process: int) -> int:
    """Bytes of memory that a process holds for itself, swapped ones included."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    fields = dict(line.partition(":")[::2] for line in lines)
    return sum(int(fields.get(name, "0").split()[0]) * 1024 for name in ("RssAnon", "RssShmem", "VmSwap"))


def _files_made(process: int, size: int) -> int:
    """How many files lie in the folder of that size that the sandbox has in memory; 0 before it is there."""
    try:
        found = os.statvfs(Path("/proc", str(process), "root", "tmp"))
    except OSError:
        return 0
    return found.f_files - found.f_ffree if found.f_blocks * found.f_frsize <= size else 0


def _why(status: int, complaint: bytes) -> str:
    text = " ".join(complaint.decode("utf-8", "replace").split())[:300]
    return text or (
        f"it ended without a result (status {status})" if status else "it was not run after one that was late"
    )


def _outcomes(said: bytes, otherwise: str, jobs: int, limits: Limits) -> list[Outcome]:
    """The outcome of each job: of its own line, or, where there is none, why not."""
    lines = said.split(b"\n")[:-1][:jobs]
    missing = Outcome(failure=Failure(STOPPED, valid_text(otherwise)))
    return [*(_outcome(line, limits) for line in lines), *[missing] * (jobs - len(lines))]


def _outcome(line: bytes, limits: Limits) -> Outcome:
    try:
        reply = msgspec.json.decode(line, type=_Reply)
        if reply.ended != "in time":
            return Outcome(failure=Failure(STOPPED, _ENDINGS.get(reply.ended, reply.ended).format(**asdict(limits))))
        said = msgspec.json.decode(reply.said, type=_Said)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Outcome(failure=Failure("ended", "its process ended without a result"))
    if said.error is not None:
        kind = STOPPED if said.error == "refused" else "raised"
        return Outcome(failure=Failure(kind, valid_text(said.message[:500])))
    if isinstance(said.value, bool | int | float | None):
        return Outcome(said.value)
    return Outcome(failure=Failure("raised", "it gave neither a truth value nor a number"))


_ENDINGS: Mapping[str, str] = {
    "late": "it took longer than {seconds:g} seconds",
    "long": "its result is longer than {reply} characters",
}
