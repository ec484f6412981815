"""judgebench history: what comparisons and gates came to, over time."""

from typing import TYPE_CHECKING

import click

from judgebench.cli.base import Command
from judgebench.cli.report import FORMATS
from judgebench.errors import UsageError, instead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judgebench.history.lines import Point
    from judgebench.workspace import Workspace


@click.command(cls=Command)
@click.option("--questions", metavar="SET", help="Only verdicts on this question set.")
@click.option("--candidate", metavar="NAME", help="Only verdicts about this model.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.pass_obj
def history(workspace: "Workspace", questions: str | None, candidate: str | None, form: str) -> None:
    """Print the verdicts so far, oldest first, and which questions flipped since the one before."""
    from judgebench.history import lines, telling
    from judgebench.report import formats, screen
    from judgebench.terminal import columns

    rows = workspace.check().verdicts().read()
    found = lines.points(rows, questions, candidate)
    if not found:
        raise UsageError(_nothing(lines.points(rows), questions, candidate))
    if form in ("table", "markdown"):
        table = telling.table(found)
        width = columns(60, screen.COLUMNS)
        click.echo(screen.fitted(table, width) if form == "table" else formats.as_markdown(table))
    else:
        click.echo(formats.render({"verdicts": telling.entries(found)}, form))


def _nothing(there: "Sequence[Point]", questions: str | None, candidate: str | None) -> str:
    """Why there is nothing to tell."""
    known = {"question set": {point.of.question_set for point in there}, "candidate": {one.candidate for one in there}}
    for (what, names), given in zip(known.items(), (questions, candidate), strict=True):
        if there and given is not None and given not in names:
            return f"no verdict about the {what} {given!r}; {instead(given, sorted(names))}"
    if there:
        return "no verdict is about both that candidate and that question set"
    return "no verdict to tell of: they are kept from the first `compare` or `gate` on"
