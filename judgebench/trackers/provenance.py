"""What a run rests on besides its rows: our version, the questions, and the commit of the workspace."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from judgebench._version import __version__
from judgebench.workspace import Workspace


def provenance(workspace: Workspace, question_sets: Iterable[str]) -> dict[str, str]:
    """By names of parameters; what isn't known is left out: a set that is gone, a folder that is in no repository."""
    digests = {found.name: found.digest for found in workspace.question_sets()}
    sets = sorted(set(question_sets))
    found = {
        "judgebench": __version__,
        "question_set": ", ".join(sets),
        "question_set_digest": ", ".join(digests[name] for name in sets if name in digests),
        "git_commit": commit(workspace.root),
    }
    return {name: value for name, value in found.items() if value}


def commit(folder: Path) -> str:
    """Of the repository that a folder lies in; empty where there is none."""
    git = shutil.which("git")
    if git is None:
        return ""
    asked = [git, "-C", str(folder), "rev-parse", "--verify", "--quiet", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
