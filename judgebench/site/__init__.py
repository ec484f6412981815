"""The static site: view models -> templates -> files in webpage/, and a small server to look at them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judgebench.workspace import Workspace

PARTS = (
    "index.html",
    "pairs",
    "questions",
    "pieces",
    "vote",
    "verdicts",
    "static",
)  # what is ours in the folder; no more


@dataclass(frozen=True, slots=True)
class Built:
    """What a build left: the folder with `index.html`, and how many pages it holds."""

    folder: Path
    pages: int


def build(workspace: "Workspace", questions: str | None = None, judge: str | None = None) -> Built:
    """Build the site of a workspace into its `webpage/`, in place of an earlier one; of one set, by one judge alone.

    Raises UsageError where there are neither answers nor reviews, or nothing has such a name, and JudgebenchError where
    there are more reviews than a site can show.
    """
    from judgebench.site.writer import write  # it loads pandas

    return write(workspace, questions, judge)


def parts(workspace: "Workspace") -> dict[str, Path]:
    """The files and folders of the site by name; none where it isn't built."""
    if not (workspace.webpage / "index.html").is_file():
        return {}
    return {name: workspace.webpage / name for name in PARTS if (workspace.webpage / name).exists()}
