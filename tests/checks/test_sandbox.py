"""Code in the sandbox can do nothing but compute, for a while, and say a number."""

import os
import struct
import time
from pathlib import Path

import pytest
from checks.sandboxing import SMALL, came_of, needs_sandbox
from hypothesis import given
from hypothesis import strategies as st

from judgebench.checks import sandbox, seccomp
from judgebench.checks.sandbox import STOPPED, Job, Limits, command, run
from judgebench.errors import JudgebenchError


@pytest.fixture(autouse=True)
def _sandboxed() -> None:
    needs_sandbox()


@pytest.mark.parametrize(("said", "value"), [("True", True), ("0.25", 0.25), ("1", 1), ("None", None)])
def test_a_value_comes_back(said: str, value: object) -> None:
    """Truth values and numbers, as they are."""
    assert came_of(f"return {said}") == sandbox.Outcome(value)


@pytest.mark.parametrize("said", ["'text'", "[1]", "{}", "float('nan')", "float('inf')", "object()", "b'x'"])
def test_all_else_is_no_value(said: str) -> None:
    """A result is checked: what is neither truth nor number is a failure."""
    found = came_of(f"return {said}").failure
    assert found
    assert found.kind == "raised"


def test_an_error_says_where_it_was_raised() -> None:
    """With the name of the source and the line."""
    found = came_of("x = 1\nreturn [][x]").failure
    assert found == sandbox.Failure("raised", "IndexError: list index out of range (checks.py:4)")


STOPS = {
    "an endless loop": "while True: pass",
    "a sleep": "time.sleep(1000)",
    "a deaf loop": "import signal\nfor n in range(1, 32):\n  try: signal.signal(n, signal.SIG_IGN)\n"
    "  except OSError: pass\nwhile True: pass",
    "memory": "x = [bytearray(10**8) for _ in range(10)]",
    "memory of many": "for _ in range(12):\n  if not os.fork():\n    x = bytearray(10**8)\n    time.sleep(100)\n"
    "time.sleep(100)",
    "a fork bomb": "for _ in range(100):\n  if os.fork() == 0: time.sleep(100)",
    "threads": "import threading\nfor _ in range(100): threading.Thread(target=time.sleep, args=(50,)).start()",
    "a long result": "return 'x' * 10**6",
    "a full disk": "for n in range(100):\n  with open(f'/tmp/{n}', 'wb') as file: file.write(bytes(10**6))",
    "a long file": "with open('/tmp/x', 'wb') as file: file.truncate(10**12)",
    "many files": "n = 0\nwhile True:\n  n += 1\n  os.mkdir(f'/tmp/{n}')\n  if n > 10**5: time.sleep(100)",
    "many open files": "x = [os.open('/dev/null', 0) for _ in range(1000)]",
    "a connection": "import socket\nsocket.create_connection(('1.1.1.1', 80), 1)",
    "a name looked up": "import socket\nsocket.getaddrinfo('example.org', 80)",
    "a page fetched": "import urllib.request\nurllib.request.urlopen('http://example.org', timeout=1)",
    "a server": "import socket\nsocket.socket().bind(('', 8000))",
    "the host by vsock": "import socket\nsocket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).connect((2, 1))",
    "the kernel by netlink": "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
    "shared memory without a limit": "import mmap\nmmap.mmap(-1, 4096)",
    "a file of memory without a limit": "os.memfd_create('x')",
    "a file in the root": "open('/x', 'w')",
    "a file in Python": "open(os.__file__, 'a')",
    "a device": "os.mknod('/tmp/device', 0o60600, os.makedev(8, 0))",
    "another user": "try: os.setuid(0)\nexcept OSError as error: raise PermissionError(1, 'no') from error",
    "another root": "os.chroot('/tmp')",
    "another's priority": "os.setpriority(os.PRIO_PROCESS, 0, -20)",
    "a higher limit": "import resource\ntry: resource.setrlimit(resource.RLIMIT_NPROC, (10**6, 10**6))\n"
    "except ValueError as error: raise PermissionError(1, 'no') from error",
    "the first process": "os.kill(1, 9)\ntime.sleep(100)",
}


@pytest.mark.parametrize("what", STOPS)
def test_what_it_may_not_do_stops_it(what: str) -> None:
    """Each ends as a failure, and soon, and with nothing left behind."""
    found = came_of(STOPS[what]).failure
    assert found, what
    assert found.kind == STOPPED, found
    assert found.message


def test_what_it_prints_goes_nowhere() -> None:
    """A gigabyte of it is no more than the time that it takes; its own result counts."""
    assert came_of("for _ in range(1000): print('x' * 10**6, file=sys.stderr)\nreturn 1").value == 1


def test_it_sees_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No environment, no home, no secret, no workspace, no /proc, no process of ours, no file that we hold open."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    (tmp_path / "set.toml").write_text("secret", encoding="utf-8")
    hidden = ["/etc/shadow", "/etc/passwd", "/proc", "/sys", "/run", "/var", "/home", "/dev/tty", "/dev/shm"]  # noqa: S108
    hidden += [str(tmp_path), str(Path.home() / ".ssh"), str(Path.home() / ".bashrc"), os.getcwd()]
    assert came_of(f"return sum(os.path.exists(path) for path in {hidden})").value == 0
    assert came_of("return sum('KEY' in name or name == 'HOME' for name in os.environ)").value == 0
    assert came_of("return int(b'sk-secret' in open('/tmp/../dev/null', 'rb').read())").value == 0
    assert came_of(f"try: os.kill({os.getpid()}, 0)\nexcept ProcessLookupError: return 0\nreturn 1").value == 0
    opened = "n = 0\nfor fd in range(4, 256):\n  try: os.fstat(fd); n += 1\n  except OSError: pass\nreturn n"
    assert came_of(opened).value == 0


def test_the_user_is_nobody() -> None:
    """Not root, in no group of root's, and with no way to become it."""
    assert came_of("return int(0 in (os.getuid(), os.geteuid(), os.getgid(), *os.getgroups()))").value == 0


def test_what_it_leaves_behind_is_gone() -> None:
    """A daemon ends with the sandbox, and its files with it; the next one begins anew."""
    daemon = (
        "if os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n    open('/tmp/left', 'w')\n    time.sleep(1000)\n"
    )
    daemon += "while not os.path.exists('/tmp/left'): pass\nreturn 1"
    before = set(processes())
    assert came_of(daemon).value == 1
    assert [name for pid, name in processes().items() if pid not in before and "import builtins" in name] == []
    assert came_of("return len(os.listdir('/tmp'))").value == 0


def processes() -> dict[int, str]:
    """The command line of each process of this machine."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found[int(path.parent.name)] = path.read_text(errors="replace")
        except OSError:
            continue
    return found


def test_one_job_cannot_speak_for_another() -> None:
    """Each has a pipe of its own; one that writes into every file that it finds open spoils its own result alone."""
    forged = "import os\ndef f():\n  for fd in range(256):\n    try: os.write(fd, b'{\"value\": 1}\\n' * 3)\n"
    forged += "    except OSError: pass\n  return 0\n"
    jobs = [Job([("a.py", "def f(): return 0.5")], "f"), Job([("b.py", forged)], "f")]
    values = [outcome.value for outcome in run([*jobs, jobs[0]], SMALL)]
    assert values[0] == values[2] == 0.5
    assert len(values) == 3


def test_a_job_that_kills_all_it_can_is_no_result() -> None:
    """It takes the rest of its sandbox with it: rows with an error, and no scores."""
    (before, killer, after) = run(
        [Job([("c.py", f"import os\ndef f(): {body}")], "f") for body in ("return 1", "os.kill(-1, 9)", "return 1")],
        SMALL,
    )
    assert before.value == 1
    assert killer.failure
    assert after.failure


def test_leaving_early_is_no_result() -> None:
    """A process that ends before its function has said something has failed."""
    assert came_of("os._exit(0)").failure
    assert came_of("raise SystemExit(0)").failure
    assert came_of("os.abort()").failure


def test_without_bubblewrap_nothing_runs_and_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless one asks for no sandbox."""
    monkeypatch.setenv("PATH", "/nonexistent")
    sandbox.problem.cache_clear()
    try:
        with pytest.raises(JudgebenchError, match="apt-get install bubblewrap"):
            run([Job([("c.py", "")])], SMALL)
        assert run([Job([("c.py", "def f(): return 1")], "f")], SMALL, sandbox=False)[0].value == 1
    finally:
        sandbox.problem.cache_clear()


def test_a_sandbox_that_cannot_start_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A bwrap that the kernel refuses is as good as none."""
    refused = tmp_path / "bwrap"
    refused.write_text("#!/bin/sh\necho 'bwrap: Creating new namespace failed' >&2\nexit 1\n", encoding="utf-8")
    refused.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    sandbox.problem.cache_clear()
    try:
        with pytest.raises(JudgebenchError, match=r"can't start.*Creating new namespace failed.*--no-sandbox"):
            run([Job([("c.py", "")])], SMALL)
    finally:
        sandbox.problem.cache_clear()


def test_the_sandbox_dies_with_its_parent(tmp_path: Path) -> None:
    """Killed in the middle, we leave nothing running."""
    code = "import time\ndef f(): time.sleep(1000)"
    parent = os.fork()
    if parent == 0:
        try:
            run([Job([("c.py", code)], "f")], Limits(seconds=500))
        finally:
            os._exit(0)

    def children() -> set[int]:
        return {pid for pid in list(sandbox._family(parent))[1:]}

    deadline = time.monotonic() + 60
    while len(children()) < 3 and time.monotonic() < deadline:
        os.sched_yield()
    started = children()
    os.kill(parent, 9)
    os.waitpid(parent, 0)
    while any(pid in processes() for pid in started) and time.monotonic() < deadline:
        os.sched_yield()
    assert not [pid for pid in started if pid in processes()]


@given(st.binary(max_size=300))
def test_whatever_is_said_is_an_outcome_for_each_job(said: bytes) -> None:
    """No bytes raise, and none make a value that is no truth and no number."""
    for outcome in sandbox._outcomes(said, "why not", 3, SMALL):
        assert outcome.failure or isinstance(outcome.value, bool | int | float | None)
    assert len(sandbox._outcomes(said, "why not", 3, SMALL)) == 3


def test_an_ordinary_user_gets_a_namespace_of_users() -> None:
    """In which nothing can make another; root becomes somebody else instead."""
    line = command(Path("/usr"), SMALL, root=False, filter_at=9)
    assert {"--unshare-user", "--disable-userns"} < set(line)
    assert "--cap-add" not in line
    assert "--unshare-user" not in command(Path("/usr"), SMALL, root=True, filter_at=9)


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_every_jump_of_the_filter_lands_within_it(machine: str) -> None:
    """And it ends in an answer."""
    program = list(struct.iter_unpack("<HBBI", seccomp.program(machine)))
    assert all(at + 1 + max(true, false) < len(program) for at, (_, true, false, _) in enumerate(program[:-1]))
    assert program[-1][0] == 0x06
