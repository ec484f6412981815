"""judgebench import: bring other tools' files into the workspace."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from judgebench.cli.base import Command, Group, show_imported

if TYPE_CHECKING:
    from judgebench.workspace import Workspace


class Importers(Group):
    """The formats that we read, and those that other packages add."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all."""
        from judgebench.extensions import names

        return [*super().list_commands(ctx), *names("importers")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a format."""
        from judgebench.extensions import names

        ours = super().get_command(ctx, cmd_name)
        return _added(cmd_name) if ours is None and cmd_name in names("importers") else ours


def _added(name: str) -> click.Command:
    @click.command(name, cls=Command, help="Import by what another package adds.")
    @click.argument("path", type=click.Path(exists=True, path_type=Path))
    @click.option("--questions", metavar="NAME", help="The question set.")
    @click.pass_obj
    def import_it(workspace: "Workspace", path: Path, questions: str | None) -> None:
        """Import by what another package adds."""
        from judgebench.extensions import extension

        show_imported(extension("importers", name).added(path, workspace.check(), questions))

    return import_it


@click.group("import", cls=Importers)
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
