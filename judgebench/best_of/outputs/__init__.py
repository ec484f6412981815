"""A best of several where people of CI look: the screen, files of three forms, and what GitHub takes."""

from collections.abc import Mapping
from pathlib import Path

from judgebench.best_of.outputs.github import annotations, outputs
from judgebench.best_of.outputs.junit import junit
from judgebench.best_of.outputs.markdown import markdown
from judgebench.best_of.outputs.screen import screen
from judgebench.best_of.results import BestOf
from judgebench.compare.outputs import Told, write_told
from judgebench.compare.results import Inconclusive

__all__ = ["annotations", "junit", "markdown", "outputs", "screen", "write"]


def write(
    found: BestOf, *, environ: Mapping[str, str], inconclusive: Inconclusive | None = None, **files: Path | None
) -> None:
    """To the files that were asked for, and to GitHub's runner where this is one."""
    told = Told(
        found.as_json(), junit(found, inconclusive), markdown(found), outputs(found), annotations(found, inconclusive)
    )
    write_told(told, environ=environ, **files)
