"""What stands between the sandbox and the code that it is for: run by itself, with nothing but Python's own library.

It reads one task (JSON) from standard input: `limits`, `user` (who to become, where it is root), and `jobs`, each with
`sources` (name and text, run in one namespace), a function to `call` and its `arguments`. Each job has a process of its
own, whose only open file is the pipe for its own result, so that no job can speak for another. What they said is
written to standard output, one JSON object a job: `said` (the job's own words, unread) and how it `ended`.
"""

import builtins
import errno
import gc
import json
import os
import resource
import select
import signal
import sys
import time
from typing import Any

REFUSALS = {
    *(errno.EPERM, errno.EACCES, errno.EAGAIN, errno.EROFS, errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EMFILE),
    *(errno.ENETUNREACH, errno.EAFNOSUPPORT),
}


def main() -> None:
    """Do the task."""
    task = json.load(sys.stdin)
    limits = task["limits"]
    become(task["user"])
    bound(limits)
    out = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    for job in task["jobs"]:
        result = done(job, limits["seconds"], limits["reply"])
        send(out, (json.dumps(result) + "\n").encode())
        if result["ended"] == "late":  # what is like it would be late as well
            return


def send(pipe: int, data: bytes) -> None:
    """Write all of it."""
    while data:
        data = data[os.write(pipe, data) :]


def become(user: int | None) -> None:
    """Be another user for good, one that nobody else is, or else nobody; None: stay."""
    for one in (user, 65534) if user is not None else ():
        try:
            os.setgroups([])
            os.setresgid(one, one, one)
            os.setresuid(one, one, one)
            return
        except OSError:
            if one == 65534:
                raise


def bound(limits: dict[str, Any]) -> None:
    """Set the limits that the kernel keeps for this process and all that it starts."""
    wanted = {
        resource.RLIMIT_AS: limits["memory"],
        resource.RLIMIT_FSIZE: limits["disk"],
        resource.RLIMIT_CPU: limits["seconds"] * max(1, limits["jobs"]) + 5,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CORE: 0,
        **({resource.RLIMIT_NPROC: limits["processes"]} if limits["processes"] else {}),
    }
    for kind, value in wanted.items():
        _, hard = resource.getrlimit(kind)
        value = int(value) if hard == resource.RLIM_INFINITY else min(int(value), hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):  # a system without that limit (macOS knows no RLIMIT_AS)
            continue


def done(job: dict[str, Any], seconds: float, longest: int) -> dict[str, str]:
    """What a job said, and how it ended: `in time`, `late`, `long` or by a signal."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        os.dup2(theirs, 3)
        os.closerange(4, 256)
        work(job, 3)
    os.close(theirs)
    said, ended = heard(ours, time.monotonic() + seconds, longest)
    os.close(ours)
    for kill in (os.killpg, os.kill):
        try:
            kill(child, signal.SIGKILL)
        except OSError:
            continue
    _, status = os.waitpid(child, 0)
    by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if ended == "in time" and by not in (0, signal.SIGKILL):
        ended = "late" if by == signal.SIGXCPU else f"signal {by}"
    return {"said": said.decode("utf-8", "replace"), "ended": ended}


def heard(pipe: int, deadline: float, longest: int) -> tuple[bytes, str]:
    """One line from a pipe, and whether it came in time and isn't too long."""
    said = b""
    while b"\n" not in said:
        if not select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return b"", "late"
        piece = os.read(pipe, 65536)
        if not piece:
            return said, "in time"
        said += piece
        if len(said) > longest:
            return b"", "long"
    return said.partition(b"\n")[0], "in time"  # a process that it forked may have said something too


def work(job: dict[str, Any], pipe: int) -> None:
    """Run a job in this process, which ends with it, and say what came of it."""
    leave = os._exit
    try:
        answer = json.dumps({"value": computed(job)}, allow_nan=False)
    except BaseException as error:
        answer = json.dumps({"error": kind(error), "message": message(error, [name for name, _ in job["sources"]])})
    try:
        send(pipe, answer.encode("utf-8", "replace") + b"\n")
    finally:
        leave(0)


def computed(job: dict[str, Any]) -> object:
    """The value of the job's function, or None where it has sources alone."""
    names: dict[str, Any] = {"__name__": "__checked__", "__builtins__": builtins}
    for name, text in job["sources"]:
        exec(compile(text, name, "exec", dont_inherit=True), names)  # noqa: S102 (what the sandbox is for)
    return names[job["call"]](*job["arguments"]) if job["call"] else None


def kind(error: BaseException) -> str:
    """`refused` for what the sandbox did not let it do, or `raised` for all else."""
    seen: list[BaseException] = []
    following: object = error
    while isinstance(following, BaseException) and following not in seen and len(seen) < 20:
        if refusal(following):
            return "refused"
        seen.append(following)
        following = following.__cause__ or following.__context__ or getattr(following, "reason", None)
    return "raised"


def refusal(error: BaseException) -> bool:
    """Whether an error says that there is no memory, process, network, file or room for it."""
    if isinstance(error, OSError):
        return error.errno in REFUSALS or type(error).__name__ == "gaierror"
    return isinstance(error, MemoryError) or str(error) == "can't start new thread"


def message(error: BaseException, sources: list[str]) -> str:
    """The error in a line, with the last line of the sources that it passed."""
    try:
        gc.collect()  # after a MemoryError there may be little left
        trace, where = error.__traceback__, ""
        while trace is not None:
            if trace.tb_frame.f_code.co_filename in sources:
                where = f" ({trace.tb_frame.f_code.co_filename}:{trace.tb_lineno})"
            trace = trace.tb_next
        text = " ".join(str(error).split())[:300]
        line = f"{type(error).__name__}{': ' if text else ''}{text}{where}"
        return line.encode("utf-8", "replace").decode()
    except BaseException:
        return type(error).__name__


if __name__ == "__main__":
    main()
