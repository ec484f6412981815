"""`judgebench embedded ...`: a judge of one's own, distilled from one's own reviews."""

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from judgebench.cli.base import Group

if TYPE_CHECKING:
    from judgebench.workspace import Workspace

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Group)
def embedded() -> None:
    """An embedded judge of one's own: offline, free, and measured (docs/embedded-judge.md)."""


@embedded.command()
@click.option(
    "--from", "tables", multiple=True, required=True, metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="reviews/SET/JUDGE.jsonl: ratings and score pairs are learnt from (repeatable).",
)  # fmt: skip
@click.option("--output", type=_FILE, required=True, metavar="FILE", help="The judge: --judge NAME=embedded:FILE.")
@click.option("--card", type=_FILE, metavar="FILE", help="What it is and how good it is, in Markdown.")
@click.pass_obj
def train(workspace: "Workspace", tables: tuple[Path, ...], output: Path, card: Path | None) -> None:
    """Distil a judge from paid reviews, and measure it on models and questions that it never saw.

    It takes minutes, and needs the extra `train`. An answer's scores are averaged over its reviews.
    """
    from judgebench.judging import distil
    from judgebench.terminal import printable

    found = distil.gradings(workspace.check(), tables)
    for line in found.lines():
        click.echo(printable(line), err=True)
    command = " ".join(["judgebench embedded train", *(f"--from {path}" for path in tables), f"--output {output}"])
    made = distil.train(found, command, datetime.date.today().isoformat())
    click.echo(made.tables)
    output.write_text(made.text, encoding="utf-8")
    if card:
        card.write_text(made.card, encoding="utf-8")
    click.echo(f"use it with --judge {output.stem}=embedded:{output}", err=True)
