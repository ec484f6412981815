"""A gate's verdict where people of CI look: the screen, files of three forms, and what GitHub takes."""

from collections.abc import Mapping
from pathlib import Path

from judgebench.compare.outputs import Told, write_told
from judgebench.compare.results import Inconclusive
from judgebench.gate.outputs.github import annotations, outputs
from judgebench.gate.outputs.junit import junit
from judgebench.gate.outputs.markdown import markdown
from judgebench.gate.outputs.screen import screen
from judgebench.gate.results import Gate

__all__ = ["annotations", "junit", "markdown", "outputs", "screen", "write"]


def write(
    gate: Gate, *, environ: Mapping[str, str], inconclusive: Inconclusive | None = None, **files: Path | None
) -> None:
    """A gate to the files that were asked for, and to GitHub's runner where this is one."""
    told = Told(
        gate.as_json(), junit(gate, inconclusive), markdown(gate), outputs(gate), annotations(gate, inconclusive)
    )
    write_told(told, environ=environ, **files)
