"""The demo's own parts; CI runs the whole of it by tools/check_demo.py."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="hf: models need the extra `demo`")

import checkpoint
import demo
from models import tiny

from judgebench.models.loading import LoadOptions, identity


def test_each_seed_draws_other_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of its own, which is made once, of matrices alone."""
    base = tiny.checkpoint(tmp_path / "base")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(checkpoint, "base", lambda say: base)
    said: list[str] = []
    folders = [checkpoint.damaged(said.append, seed) for seed in (1, 2, 1)]
    assert folders[0] == folders[2]
    assert len(said) == 2
    assert len({identity(str(folder), LoadOptions())["weights"] for folder in (base, *folders)}) == 3
    norms = [tiny.opened(folder).model.model.norm.weight for folder in (base, folders[0])]
    assert norms[0].equal(norms[1])


def test_commands_are_shown_in_lines_that_fit() -> None:
    """Of 79 columns, so that a terminal of 80 breaks none; together they are the command."""
    command = ["judgebench", "compare", *(f"--option-{number}=of/some/length" for number in range(9)), "two words"]
    lines = demo.typed(command).splitlines()
    assert max(map(len, lines)) <= 79
    assert "".join(line.strip().removesuffix("\\") for line in lines) == "$ " + " ".join(command[:-1]) + " 'two words'"


def test_what_the_demo_says_first_fits_a_terminal() -> None:
    """Of 80 columns."""
    assert max(map(len, demo.SCREEN.splitlines())) < 80
