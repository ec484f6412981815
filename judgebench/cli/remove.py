"""judgebench remove: rows out of the workspace, and back."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from judgebench.cli.base import Command, inert
from judgebench.errors import UsageError

if TYPE_CHECKING:
    from judgebench.removal import Part
    from judgebench.workspace import Workspace


@click.command(cls=Command)
@click.option("--judge", metavar="NAME", help="What this judge said.")
@click.option("--model", metavar="NAME", help="This model's answers, and all reviews of them.")
@click.option("--import", "source", metavar="NAME", help="What came from this file or folder, and reviews of it.")
@click.option("--questions", metavar="SET", help="Only on this question set.")
@click.option("--yes", is_flag=True, help="Do it; without it what would go is only listed.")
@click.option("--undo", type=click.Path(path_type=Path), metavar="FILE", help="Put back what a removal wrote there.")
@click.pass_obj
def remove(
    workspace: "Workspace", judge: str | None, model: str | None, source: str | None, questions: str | None,
    yes: bool, undo: Path | None,
) -> None:  # fmt: skip
    """Take a judge, a model or an import out of the workspace, with all that hangs on it.

    What is taken out is kept in a file, from which --undo puts it back.
    """
    from judgebench import removal

    given = [
        (kind, name) for kind, name in (("judge", judge), ("model", model), ("import", source)) if name is not None
    ]
    if len(given) + (undo is not None) != 1:
        raise UsageError("remove takes one of --judge, --model, --import and --undo")
    if undo is not None:
        click.echo(f"{removal.put_back(workspace.check(), undo)} rows put back")
        return
    parts = removal.plan(workspace, *given[0], questions)  # type: ignore[arg-type]
    for part in parts:
        click.echo(inert(_told(part, workspace.root)))
    if not yes:
        click.echo("Nothing was removed: --yes does it.")
        return
    kept = removal.remove(workspace, parts)
    click.echo(
        f"{sum(len(part.places) for part in parts)} rows removed; `judgebench remove --undo {kept}` puts them back"
    )


def _told(part: "Part", root: Path) -> str:
    return f"{part.path.relative_to(root)}: {len(part.places)} of {part.rows} rows"
