"""judgebench history: what comparisons and gates came to, over time."""

from typing import TYPE_CHECKING

import click

from judgebench.cli.base import Command
from judgebench.cli.report import FORMATS
from judgebench.errors import UsageError

if TYPE_CHECKING:
    from judgebench.workspace import Workspace


@click.command(cls=Command)
@click.option("--questions", metavar="SET", help="Only verdicts on this question set.")
@click.option("--candidate", metavar="NAME", help="Only verdicts about this model.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.pass_obj
def history(workspace: "Workspace", questions: str | None, candidate: str | None, form: str) -> None:
    """Print the verdicts so far, oldest first, and which questions flipped since the one before."""
    from judgebench.history import lines, telling
    from judgebench.report import formats

    found = lines.points(workspace.check().verdicts().read(), questions, candidate)
    if not found:
        raise UsageError("no verdict to tell of: they are kept from the first `compare` or `gate` on")
    if form in ("table", "markdown"):
        table = telling.table(found)
        click.echo(formats.as_text(table) if form == "table" else formats.as_markdown(table))
    else:
        click.echo(formats.render({"verdicts": telling.entries(found)}, form))
