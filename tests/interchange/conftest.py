"""An empty workspace, and FastChat folders written line by line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from judgebench.workspace import Workspace

Write = Callable[..., Path]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with nothing in it."""
    (tmp_path / "work" / "question_sets").mkdir(parents=True)
    return Workspace(tmp_path / "work")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write rows as JSON lines into a file of the FastChat folder `my-eval`; text is written as it is."""

    def write_file(name: str, *rows: dict[str, object] | str) -> Path:
        path = tmp_path / "my-eval" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path.write_bytes("\n".join(lines).encode() + b"\n")
        return tmp_path / "my-eval"

    return write_file
