"""What README and docs/ say to type does what they say, as it stands there."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from documents.blocks import DOCUMENTS, ROOT, Block, blocks
from servers.judge_server import judge_server
from servers.running import environment
from servers.waiting import WHOLE

_OF_README = list(blocks(DOCUMENTS[0]))
_OF_DOCS = {path.name: list(blocks(path)) for path in DOCUMENTS[1:]}
_RUN = {name: found for name, found in _OF_DOCS.items() if any(not block.why_not for block in found)}


def test_readmes_first_look_runs_as_it_stands(tmp_path: Path) -> None:
    """In an empty folder, with a server in place of the API: a report is on the screen at the end."""
    first = next(block for block in _OF_README if "judgebench init" in block.text)
    assert "core-80, judged by embedded: 16 questions" in _typed(tmp_path, [first])


@pytest.mark.slow
@pytest.mark.checkpoint
def test_readmes_steps_run_as_they_stand(tmp_path: Path) -> None:
    """From the first look to the verdict, with two small checkpoints where README has them."""
    from models import tiny

    for seed, name in enumerate(("base", "checkpoint")):
        settings = tiny.checkpoint(tmp_path / name, seed=seed) / "config.json"
        settings.write_text(
            settings.read_text().replace('"max_position_embeddings": 64', '"max_position_embeddings": 8192')
        )
    (tmp_path / "my-eval").mkdir()
    (tmp_path / "my-eval" / "judgebench.toml").write_text('[compare]\nprice = ["2/8"]\n')  # no list has the server's
    said = _typed(tmp_path, [block for block in _OF_README if not block.why_not], statuses=(0, 3, 4))
    assert "judged by openai:gpt-4.1: 80 questions" in said


@pytest.mark.slow
@pytest.mark.parametrize("name", _RUN)
def test_the_commands_of_a_document_run_as_they_stand(name: str, tmp_path: Path) -> None:
    """In a workspace with a demo's answers and reviews, block after block."""
    for folder in ("question_sets", "answers", "reviews", "history"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    _typed(tmp_path, [block for block in _RUN[name] if not block.why_not])


def test_a_block_that_is_not_run_says_why_and_most_documents_that_show_commands_are_known() -> None:
    """A marker has a reason, and the extraction finds what a reader takes for commands."""
    found = [block for several in (_OF_README, *_OF_DOCS.values()) for block in several]
    assert len(found) > 30
    assert all(block.why_not is None or len(block.why_not.split()) > 1 for block in found)


def _typed(folder: Path, several: list[Block], statuses: tuple[int, ...] = (0,)) -> str:
    """What a shell says to these blocks, typed one after the other; only the last command may end otherwise than 0."""
    bin_folder = folder / ".bin"
    bin_folder.mkdir()
    _program(bin_folder / "judgebench", f'exec "{sys.executable}" -m judgebench "$@"')
    _program(bin_folder / "python", f'exec "{sys.executable}" "$@"')
    script = "\n".join(f"echo '## {block}'\n{block.text}" for block in several)
    with judge_server(folder / ".server") as server:
        environ = environment(server.url) | {"PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder, env=environ, capture_output=True, text=True, timeout=WHOLE, check=False,
        )  # fmt: skip
    assert done.returncode in statuses, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def _program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
