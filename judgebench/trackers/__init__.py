"""What a command found, logged where a team keeps its runs: MLflow, Weights & Biases, Trackio, or one of yours."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from judgebench.errors import UsageError, instead
from judgebench.extensions import extension
from judgebench.extensions import names as declared

PROJECT = "judgebench"  # where the user's own settings name no project or experiment
_NEEDS = {"mlflow": ("mlflow", "sqlalchemy"), "wandb": ("wandb",), "trackio": ("trackio",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is logged of one command.

    `figures` are numbers, by names as of `trackers.naming`; `params` say what they rest on, `tags` what they come to.
    `texts` are files by name, `paths` files and folders that are there, by where they go.
    """

    name: str
    figures: Mapping[str, float]
    params: Mapping[str, str]
    tags: Mapping[str, str]
    texts: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, Path] = field(default_factory=dict)

    @contextmanager
    def files(self) -> Iterator[dict[str, Path]]:
        """All files and folders by where they go; the texts are files for as long as this lasts."""
        with tempfile.TemporaryDirectory() as folder:
            written = {name: Path(folder) / name for name in self.texts}
            for name, path in written.items():
                path.write_text(self.texts[name], encoding="utf-8")
            yield written | dict(self.paths)


class Tracker(Protocol):
    """Logs a run, and says where it went; whatever it raises is told in a line."""

    def __call__(self, run: Run, /) -> str:
        """Log it."""


def names() -> list[str]:
    """The trackers that there are: ours, and those of other packages."""
    return [*_NEEDS, *declared("trackers")]


def tracker(name: str) -> Tracker:
    """A tracker by its name; UsageError where there is none, or its package isn't installed."""
    if name in _NEEDS:
        return _ours(name)
    if name not in declared("trackers"):
        raise UsageError(f"no tracker {name!r}; {instead(name, names())}")
    added: Tracker = extension("trackers", name).added
    return added


def _ours(name: str) -> Tracker:
    missing = [package for package in _NEEDS[name] if not _installed(package)]
    if missing:
        raise UsageError(
            f"{name} needs the extra `{name}` ({', '.join(missing)} not found): pip install 'judgebench[{name}]'"
        )
    log: Tracker = import_module(f"judgebench.trackers.{name}").log
    return log


def _installed(package: str) -> bool:
    """A folder of that name where the command runs, such as the `wandb` that runs are written to, is no package."""
    found = find_spec(package)
    return found is not None and found.origin is not None
