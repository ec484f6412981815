"""What goes wrong while the real command answers by a checkpoint: one clear line, what is done stays, a run goes on."""

import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="hf: models need the extra `local`")

from models import tiny
from servers import forked
from servers.running import make_workspace
from servers.waiting import wait_for_end, wait_for_rows

from judgebench.tables.records import Answer
from judgebench.workspace import Workspace

WORDS = {question.id for question in tiny.QUESTIONS}


@dataclass(frozen=True)
class Asked:
    """A checkpoint, and a workspace for what it answers."""

    workspace: Workspace
    checkpoint: Path

    def arguments(self, *more: str) -> tuple[str, ...]:
        """The command."""
        settings = ("--model", f"me=hf:{self.checkpoint}", "--batch-size", "3", "--max-tokens", "12")
        return ("get-answers", "--questions", "small", *settings, *more)

    def ask(self, *more: str, prepare: Callable[[], None] = forked.as_it_is) -> tuple[int, list[str]]:
        """Run it to its end: its exit status, and the lines on stderr."""
        return forked.finished(self.workspace, *self.arguments(*more), prepare=prepare)

    @property
    def table(self) -> Path:
        """The answers' file."""
        return self.workspace.answers("small", "me").path

    def rows(self) -> list[Answer]:
        """The answers."""
        return self.workspace.answers("small", "me").read()

    def good(self) -> dict[str, tuple[str, ...]]:
        """Those that are no failures; none is there twice."""
        done = [row for row in self.rows() if not row.error]
        assert len({row.question_id for row in done}) == len(done)
        return {row.question_id: row.turns for row in done}

    def said(self) -> dict[str, tuple[str, ...]]:
        """What is said when nothing goes wrong, in a workspace beside."""
        beside = Asked(make_workspace(self.workspace.root.with_name("calm"), tiny.QUESTIONS), self.checkpoint)
        assert beside.ask()[0] == 0
        assert set(beside.good()) == WORDS
        return beside.good()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint that nothing is wrong with."""
    return tiny.talkative(tmp_path_factory.mktemp("tiny") / "whole")


@pytest.fixture
def asked(whole: Path, tmp_path: Path) -> Asked:
    """A copy of it that nobody has asked yet."""
    copy = Path(shutil.copytree(whole, tmp_path / "checkpoint"))
    return Asked(make_workspace(tmp_path / "workspace", tiny.QUESTIONS), copy)


def cut(path: Path) -> None:
    """Lose the second half of a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda at: (at / "config.json").unlink(), "config.json is missing"),
        (lambda at: (at / "model.safetensors").unlink(), "no .safetensors weights"),
        (lambda at: cut(at / "model.safetensors"), "model.safetensors has"),
        (lambda at: (at / "chat_template.jinja").unlink(), "no chat template"),
    ],
    ids=["missing file", "missing weights", "truncated weights", "no template"],
)
def test_a_checkpoint_that_breaks_between_two_runs(asked: Asked, damage: Callable[[Path], None], line: str) -> None:
    """The second run says in one line what is missing and adds nothing; when it is mended, only the rest is asked."""
    assert asked.ask("--limit", "4")[0] == 0
    before = asked.table.read_bytes()
    kept = shutil.copytree(asked.checkpoint, asked.checkpoint.with_name("kept"))
    damage(asked.checkpoint)
    status, said = asked.ask()
    assert status in (1, 2)
    assert said[-1].startswith("judgebench: ")
    assert line in said[-1]
    assert "Traceback" not in "".join(said)
    assert asked.table.read_bytes() == before
    shutil.copytree(kept, asked.checkpoint, dirs_exist_ok=True)
    assert asked.ask()[0] == 0
    assert asked.table.read_bytes().startswith(before)
    assert set(asked.good()) == WORDS


def little_memory(room: int) -> None:
    """Room for so many tokens at a time, in rows of whatever length."""
    from transformers import LlamaForCausalLM

    inner = LlamaForCausalLM.forward

    def scarce(self: Any, **inputs: Any) -> Any:
        rows, new = inputs["input_ids"].shape
        if rows * (new + inputs["past_key_values"].get_seq_length()) > room:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")
        return inner(self, **inputs)

    LlamaForCausalLM.forward = scarce


def memory_for_a_row() -> None:
    """Two rows of any length are too many now and then, one isn't."""
    little_memory(64)


def memory_for_a_short_row() -> None:
    """A second turn is too long, even alone."""
    little_memory(38)


def test_too_little_memory_for_a_batch_costs_nothing(asked: Asked) -> None:
    """The same answers, fewer at a time."""
    assert asked.ask(prepare=memory_for_a_row)[0] == 0
    assert asked.good() == asked.said()


def test_too_little_memory_for_an_answer_is_a_row_with_an_error(asked: Asked) -> None:
    """The others are answered; with more memory another run asks what failed, and nothing else."""
    status, said = asked.ask(prepare=memory_for_a_short_row)
    failed = {row.question_id for row in asked.rows() if row.error}
    assert {row.error.message for row in asked.rows() if row.error} == {"out of memory with this prompt alone"}
    assert f"{len(WORDS) - len(failed)} done, {len(failed)} failed (generation {len(failed)})" in "\n".join(said)
    assert status == 0
    assert failed < WORDS
    again = asked.ask()[1]
    assert f"{len(failed)} done; {len(WORDS) - len(failed)} were there already" in "\n".join(again)
    assert asked.good() == asked.said()


def overflowing(folder: Path) -> None:
    """In float16 what it computes of the word `world` is infinite, though no weight is."""
    import torch
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    weights["model.embed_tokens.weight"][len(tiny.SPECIAL) + tiny.WORDS.index("world")] = 65504.0
    weights["model.layers.0.mlp.down_proj.weight"] *= 1000
    save_file(
        {name: one.to(torch.float32) for name, one in weights.items()}, folder / "model.safetensors", {"format": "pt"}
    )


def test_answers_that_are_not_finite_are_rows_with_errors(asked: Asked) -> None:
    """The line says what to try; the others are answered, and another run asks only what failed, in vain again."""
    overflowing(asked.checkpoint)
    status, _ = asked.ask("--dtype", "float16")
    failed = {row.question_id for row in asked.rows() if row.error}
    assert status == 0
    assert all(
        "not finite" in row.error.message and "--dtype float32" in row.error.message
        for row in asked.rows()
        if row.error
    )
    assert {name for name in WORDS if "world" in name.split()} <= failed < WORDS
    before = len(asked.rows())
    again = asked.ask("--dtype", "float16")[1]
    assert f"{len(WORDS) - len(failed)} were there already" in "\n".join(again)
    assert len(asked.rows()) == before + len(failed)
    assert asked.ask("--dtype", "float32")[0] == 0
    assert {row.question_id for row in asked.rows()[before + len(failed) :] if not row.error} == WORDS


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of four pages at this place; skips where that takes rights that we don't have."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def small_files() -> None:
    """No file may grow past 10,000 bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))


def check_no_room(asked: Asked, prepare: Callable[[], None]) -> None:
    """The line names the file; every row that is there is whole, but for a last one that was cut short."""
    status, said = asked.ask(prepare=prepare)
    assert status == 1
    assert said[-1].startswith(f"judgebench: {asked.table} can't be written (")
    assert said[-1].endswith("make room there, and run the same command to go on")
    assert "Traceback" not in "".join(said)


def check_goes_on(asked: Asked) -> None:
    """With room, the rest is done, and what was there before it stays as it was."""
    data = asked.table.read_bytes()
    before = data[: data.rfind(b"\n") + 1]
    assert before
    assert asked.ask()[0] == 0
    assert asked.table.read_bytes().startswith(before)
    assert asked.good() == asked.said()


def test_a_full_disk(asked: Asked) -> None:
    """What was written before it was full stays; when there is room the run goes on."""
    with small_disk(asked.table.parent):
        check_no_room(asked, forked.as_it_is)
        subprocess.run(["mount", "-o", "remount,size=1m", str(asked.table.parent)], check=True)
        check_goes_on(asked)


def test_a_file_that_may_not_grow(asked: Asked) -> None:
    """As by a quota."""
    check_no_room(asked, small_files)
    check_goes_on(asked)


def take_time() -> None:
    """A step takes long enough to be interrupted."""
    from transformers import LlamaForCausalLM

    inner = LlamaForCausalLM.forward

    def slow(self: Any, **inputs: Any) -> Any:
        time.sleep(0.02)
        return inner(self, **inputs)

    LlamaForCausalLM.forward = slow


def test_control_c_keeps_what_is_done(asked: Asked) -> None:
    """One line and exit status 1; another run does the rest."""
    with forked.start(asked.workspace, *asked.arguments(), prepare=take_time) as process:
        wait_for_rows(asked.table, 1, process)
        process.interrupt()
        said = wait_for_end(process)
        assert process.returncode == 1
    assert said.splitlines()[-1] == "judgebench: stopped; what was done is kept: run the same command to go on"
    assert "Traceback" not in said
    assert set(asked.good()) < WORDS
    check_goes_on(asked)
