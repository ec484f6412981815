"""`judgebench watch` as a command: what it prints, how it ends, and how it is stopped."""

import json
import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from servers.judge_server import judge_server
from servers.running import command, environment, judgebench, started
from servers.waiting import wait_for, wait_for_end
from watch.trainings import STATE, Training

pytest.importorskip("torch", reason="hf: models need the extra `local`")


@pytest.fixture
def training(tmp_path: Path) -> Training:
    """Without a checkpoint so far."""
    return Training(tmp_path)


def words(training: Training, *more: str, judge: str = "embedded") -> Sequence[str]:
    """The command, which looks once where nothing else is said."""
    about = ("--baseline", f"base=hf:{training.baseline}", "--judge", judge, "--questions", "small")
    how = ("--any-language", "--no-canaries", "--max-tokens", "8", "--every", "0.05")
    return ("watch", str(training.folder), *about, *how, *(more or ("--once",)))


def test_a_line_for_each_checkpoint_and_a_table(training: Training, tmp_path: Path) -> None:
    """And all of it as data; status 0, whatever the verdicts are."""
    for step in (5, 10):
        training.save(step)
    file = tmp_path / "found" / "steps.json"
    done = judgebench(training.workspace, *words(training, "--once", "--json", str(file)))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert re.fullmatch(
        r"run/checkpoint-5: \w+( \(IMPROVED\))?: win rate [\d.]+ % \([\d.]+ to [\d.]+ %; all steps together [\d.]+ to"
        r" [\d.]+ %\), 12 of 12 questions, \$0.00",
        lines[0],
    )
    assert [line.split()[0] for line in lines[3:]] == ["step", "5", "10", "All"]
    found = json.loads(file.read_text())
    assert [(row["step"], row["judged"], row["place"]) for row in found["steps"]] == [(5, 12, 1), (10, 12, 2)]
    again = judgebench(training.workspace, *words(training))
    assert (again.returncode, again.stdout) == (0, "")
    assert "nothing new, 2 steps are known" in again.stderr


def test_nothing_to_judge_is_no_success(training: Training) -> None:
    """Status 2, in one line, whether the folder isn't there or holds nothing that is whole."""
    for _ in range(2):
        done = judgebench(training.workspace, *words(training))
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1].startswith("judgebench: no checkpoint to judge:")
        training.save(5, ended=False)


def test_status_1_where_all_failed(training: Training) -> None:
    """With --strict where one did."""
    path = training.save(5)
    (path / "config.json").write_text('{"model_type": "nonesuch"}')
    done = judgebench(training.workspace, *words(training))
    assert done.returncode == 1
    assert "1 of 1 checkpoints failed: 5" in done.stderr
    training.save(10)
    assert judgebench(training.workspace, *words(training)).returncode == 0
    training.save(15)
    done = judgebench(training.workspace, *words(training, "--once", "--strict"))
    assert done.returncode == 1
    assert "1 of 2 checkpoints failed: 5" in done.stderr


def test_a_judge_out_of_order_is_status_5(training: Training, tmp_path: Path) -> None:
    """No checkpoint is begun."""
    training.save(5)
    asked = [word for word in words(training, judge="openai:m") if word != "--no-canaries"]
    with judge_server(tmp_path / "server", "always-a") as server:
        done = judgebench(training.workspace, *asked, url=server.url)
    assert done.returncode == 5, done.stderr
    assert done.stdout.startswith("INVALID: the judge is not in order")
    assert training.rows() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_told_to(training: Training, number: signal.Signals) -> None:
    """While it waits: in one line, with what was done kept."""
    training.save(5)
    with started(training.workspace, *words(training, "--until", "1000")) as process:
        wait_for("a verdict", lambda: any(row.verdict for row in training.rows()), process=process)
        process.send_signal(number)
        said = wait_for_end(process)
    assert process.returncode == 1
    assert said.splitlines()[-1].endswith("what was done is kept: run the same command to go on")


def test_ctrl_c_while_it_generates_keeps_what_is_done(training: Training) -> None:
    """The next watch goes on with it."""
    training.save(5)
    asked = words(training, "--until", "5", "--batch-size", "1")
    answers = training.workspace.answers("small", "run/checkpoint-5")
    with started(training.workspace, *asked) as process:
        wait_for("an answer", lambda: answers.read() or process.poll() is not None)
        process.send_signal(signal.SIGINT)
        wait_for_end(process)
    before = answers.read()
    done = judgebench(training.workspace, *asked)
    assert done.returncode == 0, done.stderr
    assert answers.read()[: len(before)] == before
    assert len(answers.read()) == 12


@pytest.mark.parametrize("line", ["", "done\n"])
def test_the_end_of_stdin_says_that_no_more_will_come(training: Training, line: str) -> None:
    """What is there by then is judged, also what is being written."""
    path = training.save(5, ended=False)
    arguments = command(training.workspace, *words(training, "--until-eof"))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(arguments, env=environment(), text=True, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdin
        process.stdin.write(line)
        process.stdin.flush()
        if not line:
            process.stdin.close()
            process.stdin = None
        (path / STATE).write_text("{}")
        wait_for_end(process)
    assert process.returncode == 0
    assert training.last()[5].verdict


def test_two_at_once_are_one(training: Training) -> None:
    """The second says so in a line, and nothing is judged twice."""
    training.save(5)
    with started(training.workspace, *words(training, "--until", "1000")) as process:
        wait_for("a verdict", lambda: any(row.verdict for row in training.rows()), process=process)
        second = judgebench(training.workspace, *words(training))
        assert second.returncode == 1
        assert "another watch of" in second.stderr.splitlines()[-1]
        process.terminate()
        wait_for_end(process)
    assert len(training.rows()) == 2
