"""How tests wait, and what is told of those that are skipped."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import waiting
from servers.running import ROOT, environment, reserved_port
from servers.waiting import first_line, little_work, rows_of, wait_for, wait_for_end, wait_for_rows, wait_for_thread


@pytest.fixture
def program() -> Iterator["subprocess.Popen[str]"]:
    """Says that it is ready, waits for a line, complains and fails."""
    code = "import sys; print('ready', flush=True); input(); sys.exit('something is wrong')"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], text=True, **pipes) as process:
        yield process
        process.kill()


def go(program: "subprocess.Popen[str]") -> None:
    """Send the line that it waits for."""
    assert program.stdin
    program.stdin.write("\n")
    program.stdin.flush()


def test_what_was_seen_in_the_end_is_given_back() -> None:
    """It is looked at again until it is enough."""
    numbers = iter(range(10))
    assert wait_for("a three", lambda: next(numbers), lambda seen: seen == 3) == 3


def test_patience_has_an_end() -> None:
    """The failure says what was waited for, and what was seen in its place."""
    with pytest.raises(AssertionError, match=r"waited 0 s for six calls; saw 5$"):
        wait_for("six calls", lambda: 5, lambda seen: seen == 6, patience=0.01)


def test_nobody_waits_for_the_dead(program: "subprocess.Popen[str]") -> None:
    """A process that ended can't bring it about; the failure has its status and its last words."""
    assert first_line(program) == "ready"
    go(program)
    with pytest.raises(AssertionError, match=r"for a row; saw 0, and then the process ended: status 1, 'something is"):
        wait_for("a row", lambda: 0, process=program)


def test_what_a_process_did_last_counts(program: "subprocess.Popen[str]") -> None:
    """It may have ended since."""
    go(program)
    assert wait_for_end(program) == "something is wrong\n"
    assert wait_for("its end", lambda: program.returncode, process=program) == 1


def test_a_process_that_never_ends_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """And that is a failure."""
    monkeypatch.setattr(waiting, "WHOLE", 0.01)
    code = "import signal; signal.pause()"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) as endless:
        with pytest.raises(AssertionError, match="waited 0 s for the process to end: status -9"):
            wait_for_end(endless)
        endless.kill()


def test_a_process_that_ends_without_a_word_is_not_ready(program: "subprocess.Popen[str]") -> None:
    """Its first line is none."""
    program.kill()
    program.wait()
    assert program.stdout
    program.stdout.read()
    with pytest.raises(AssertionError, match="ended without one: status -9"):
        first_line(program)


def test_a_file_that_is_there_holds_no_row_yet(tmp_path: Path, program: "subprocess.Popen[str]") -> None:
    """Complete lines are rows."""
    table = tmp_path / "table.jsonl"
    assert rows_of(table) == 0
    table.write_text('{"id": ')
    assert rows_of(table) == 0
    later = threading.Timer(0.05, lambda: table.write_text("{}\n{}\n{"))
    later.start()
    assert wait_for_rows(table, 2, program) == 2
    wait_for_thread(later)


def test_a_pattern_that_backtracks_is_no_little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that doesn't is."""
    monkeypatch.setattr(waiting, "WORK", 0.05)
    text = " " * 8_000 + "x"
    with little_work():
        re.search(r"\S+$", text)
    with pytest.raises(AssertionError, match="of the processor's time"), little_work():
        re.search(r"\s+$", text)


def test_a_reserved_port_is_nobody_else_s() -> None:
    """Whoever knows it can listen there; whoever takes any port gets another."""
    with reserved_port() as port, reserved_port() as other:
        assert port != other
        code = "import socket, sys; socket.create_server(('127.0.0.1', int(sys.argv[1])))"
        subprocess.run([sys.executable, "-c", code, str(port)], check=True)


SOME = """
import pytest
@pytest.mark.parametrize("number", range(3))
def test_of_a_kind(number):
    pytest.skip("no such thing here")
@pytest.mark.skipif(True, reason="another reason")
def test_other(): pass
@pytest.mark.xfail
def test_expected(): assert False
def test_failing(): assert False
@pytest.fixture
def broken(): raise ValueError
def test_broken(broken): pass
"""


@pytest.mark.parametrize("processes", ["0", "1"])
def test_skipped_tests_are_told_in_a_line_a_reason(tmp_path: Path, processes: str) -> None:
    """With their number; failures, errors and the like are told one by one."""
    (tmp_path / "test_some.py").write_text(SOME)
    (tmp_path / "test_all.py").write_text("import pytest\npytest.importorskip('nosuch', reason='no such thing here')")
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    words = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "-p", "no:cacheprovider", "-n", processes]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, str(tmp_path)],
        env=environment() | {"PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout.splitlines()
    told = [line for line in said if re.match(r"\d+ skipped: |[A-Z]+ \S+::", line)]
    assert told[:2] == ["1 skipped: another reason", "4 skipped: no such thing here"]
    assert sorted(line.partition(" ")[0] for line in told[2:]) == ["ERROR", "FAILED", "XFAIL"]
