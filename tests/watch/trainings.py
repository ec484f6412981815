"""Folders as a training fills them, of tiny checkpoints, and watches of them."""

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from models import tiny
from servers.running import make_workspace

from judgebench import compare
from judgebench.tables.records import Question, Watched
from judgebench.watch.options import Options
from judgebench.watch.procedure import watch
from judgebench.watch.watching import Watching

QUESTIONS = [Question(id=str(number), category="small", turns=(f"hello {number} is a ?",)) for number in range(12)]
STATE = "trainer_state.json"


def header(size: int = 8) -> bytes:
    """The smallest safetensors file of so many bytes of weights, without these."""
    text = json.dumps({"weight": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    return len(text).to_bytes(8, "little") + text


def written(folder: Path, **files: bytes) -> Path:
    """A folder with files of these contents; in their names `__` stands for a dot."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name.replace("__", ".")).write_bytes(data)
    return folder


class Training:
    """A workspace, a baseline, and a folder in which checkpoints appear."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / "run"
        self.workspace = make_workspace(root / "workspace", QUESTIONS)
        self.baseline = tiny.checkpoint(root / "baseline", heat=5.0, seed=3)
        self.told: list[Watched] = []
        self.said: list[str] = []

    def save(self, step: int, seed: int | None = None, ended: bool = True) -> Path:
        """A checkpoint as the Trainer leaves it; `ended`: with the file that it writes last."""
        path = self.folder / f"checkpoint-{step}"
        shutil.rmtree(path, ignore_errors=True)
        tiny.checkpoint(path, heat=5.0, seed=step if seed is None else seed)
        if ended:
            (path / STATE).write_text("{}")
        return path

    def options(self, ending: dict[str, Any] | None = None, **each: Any) -> Options:
        """Of a watch that looks once, by the embedded judge, where nothing else is said."""
        base = each.pop("baseline", f"base=hf:{self.baseline}")
        usual: dict[str, Any] = {"judge": "embedded", "any_language": True, "canaries": False, "max_tokens": 8}
        asked = compare.Options(**{"baseline": base, "candidate": base, "questions": "small", **usual, **each})
        ends: dict[str, Any] = {"once": True} if ending is None else ending
        return Options(folder=self.folder, run="run", each=asked, every=0.01, **ends)

    def watch(self, options: Options | None = None, on: Callable[[Watched], None] = lambda row: None) -> Watching:
        """Watch it to the end; `on` is called for each row that is told."""

        def tell(row: Watched, rows: Iterable[Watched]) -> None:
            self.told.append(row)
            on(row)

        return watch(self.workspace, options or self.options(), tell, self.said.append)

    def rows(self) -> list[Watched]:
        """All that is kept."""
        return self.workspace.watched().read()

    def last(self) -> dict[int, Watched]:
        """The row that counts of each step."""
        return {row.step: row for row in self.rows()}

    def workspace_rows(self, judge: str = "embedded") -> list[Any]:
        """The reviews."""
        return self.workspace.reviews("small", judge).read()


def lasting(rows: Iterable[Watched]) -> list[Watched]:
    """Without what is of a single run."""
    return [replace(row, created=None, seconds=None) for row in rows]
