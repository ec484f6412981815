"""judgebench audit: can a judge be trusted, and where not?"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judgebench.cli import options as shared
from judgebench.cli.base import Command, made, options, paid
from judgebench.cli.outcome import Outcome

if TYPE_CHECKING:
    from judgebench.audit import Options
    from judgebench.money.spending import Spending
    from judgebench.workspace import Workspace

FORMATS = ("text", "markdown", "json")  # audit.outputs.FORMATS, which would import pandas
_tried = options(
    click.option("--canaries/--no-canaries", default=True, show_default=True, help="Try it on frozen pairs."),
    click.option("--attacks/--no-attacks", default=True, show_default=True, help="Try it with manipulated answers."),
    click.option(
        "--mode", "modes", type=click.Choice(shared.MODES), multiple=True, default=["single"],
        show_default=True, help="attacks: rated one by one, or beside what they are held against (repeatable).",
    ),
    click.option(
        "--sample", type=click.IntRange(1), default=20, show_default=True, help="attacks: on so many answers."
    ),
    click.option("--seed", type=int, default=0, show_default=True, help="attacks: draws the answers."),
    shared.judge_prompt,
    shared.judge_max_tokens,
    shared.any_language,
    click.option(
        "--verdict-by", type=click.Choice(shared.WAYS), default="text", show_default=True,
        help="How verdicts are read; see review.",
    ),
)  # fmt: skip


_judge = options(
    click.option(
        "--judge", required=True, metavar="JUDGE", help="embedded, reward:PATH, a model, or a name that reviews have."
    ),
    click.option(
        "--people", multiple=True, metavar="NAME", help="Only these people's votes (repeatable; default: all)."
    ),
    click.option("--own", multiple=True, metavar="MODEL", help="A model of the judge's maker (repeatable)."),
)


def _options(given: Mapping[str, Any]) -> "Options":
    from judgebench.audit import Options

    return Options.given(given)


@click.command(cls=Command)
@shared.questions
@_judge
@_tried
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), help="Also write JUDGE.md and JUDGE.json.")
@shared.dry_run
@shared.a_spending
@made("options", _options, shared.calls, also=(shared.questions, _judge, _tried))
@click.pass_obj
def audit(
    workspace: "Workspace", /, options: "Options", spending: "Spending", form: str, output: Path | None, dry_run: bool
) -> None:
    """Say what a judge's verdicts depend on, and whether people agree: each finding with its figures and a grade.

    From the reviews, the votes, and a trial: a judge that can be called is asked now what it was not tried with yet.
    """
    from judgebench.audit import Audit, outputs

    one, outcome = Audit(workspace, options, spending), Outcome()
    with paid(spending, one.quote(), "matches", dry_run) as go:
        for part in one.parts() if go else ():
            outcome.follow(one.judge, f"{part.label}: reviews by {one.judge}", part.stage)
    if go:
        found = one.found()
        click.echo(outputs.render(found, form))
        for path in outputs.write(found, output) if output else ():
            click.echo(f"{path} written", err=True)
    outcome.end(strict=False)
