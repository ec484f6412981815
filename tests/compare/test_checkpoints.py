"""`compare` on real checkpoints: the small one, its damaged copy, and itself."""

import json
from pathlib import Path

import pytest
from servers.running import judgebench

from judgebench import workspace
from judgebench.workspace import Workspace

COMPARE = ("compare", "--questions", "core-80", "--judge", "embedded", "--max-tokens", "96", "--temperature", "0")


@pytest.mark.slow
@pytest.mark.checkpoint
def test_a_damaged_copy_is_a_regress(checkpoint_folder: Path, damaged_folder: Path, tmp_path: Path) -> None:
    """From two folders to exit 3, with answers made on the way, and no more of them than questions judged."""
    list(workspace.init(tmp_path))
    pair = ("--baseline", f"base=hf:{checkpoint_folder}", "--candidate", f"new=hf:{damaged_folder}")
    file = tmp_path / "found.json"
    done = judgebench(Workspace(tmp_path), *COMPARE, *pair, "--json", str(file))
    assert done.returncode == 3, done.stdout + done.stderr
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["verdict"] == "REGRESS"
    assert found["interval"][1] < 0.45
    assert len(Workspace(tmp_path).answers("core-80", "new").read()) == found["judged"] <= 80


@pytest.mark.checkpoint
def test_a_checkpoint_against_itself_ties_by_identity(checkpoint_folder: Path, tmp_path: Path) -> None:
    """From another folder even: the weights tell. Nothing is asked, and nothing is written."""
    list(workspace.init(tmp_path / "w"))
    place = tmp_path / "elsewhere"
    place.symlink_to(checkpoint_folder)
    pair = ("--baseline", f"hf:{checkpoint_folder}", "--candidate", f"new=hf:{place}")
    done = judgebench(Workspace(tmp_path / "w"), *COMPARE, *pair)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("PASS: both are the same model under two names (the same weights)")
    assert not list((tmp_path / "w" / "answers").rglob("*.jsonl"))
