"""judgebench import: bring other tools' files into the workspace."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from judgebench.cli.base import Group, show_imported

if TYPE_CHECKING:
    from judgebench.workspace import Workspace


@click.group("import", cls=Group)
def import_() -> None:
    """Bring other tools' files into the workspace."""


@import_.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--questions", metavar="NAME", help="Name of the question set (default: the folder's).")
@click.option("--reparse", is_flag=True, help="Read verdicts from the review texts, not the stored scores.")
@click.pass_obj
def fastchat(workspace: "Workspace", directory: Path, questions: str | None, reparse: bool) -> None:
    """Import a FastChat evaluation: the 2023 `table` folder, or `llm_judge` data."""
    from judgebench.interchange.fastchat import import_fastchat

    imported = import_fastchat(directory, workspace.check(), questions, reparse)
    show_imported(imported)


@import_.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--questions", metavar="NAME", help="The question set voted on (default: the file's own, or its name).")
@click.option(
    "--judge", default="people", show_default=True, metavar="NAME", help="What the voters are called in reports."
)
@click.option("--all", "everyone", is_flag=True, help="Arena battles: also those that were not anonymous.")
@click.pass_obj
def votes(workspace: "Workspace", file: Path, questions: str | None, judge: str, everyone: bool) -> None:
    """Import people's votes on pairs (JSON lines), or battles of LMSYS' Arena (a JSON list)."""
    from judgebench.interchange.votes import import_votes

    show_imported(import_votes(file, workspace.check(), questions, judge, everyone))
