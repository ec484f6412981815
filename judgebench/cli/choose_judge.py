"""judgebench choose-judge: which judge is as good as the best, and cheapest?"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judgebench.cli import options as shared
from judgebench.cli.base import Command, made, options, paid
from judgebench.cli.outcome import Outcome

if TYPE_CHECKING:
    from judgebench.choosing import Options
    from judgebench.money.spending import Spending
    from judgebench.workspace import Workspace

FORMATS = ("text", "markdown", "json")  # choosing.outputs.FORMATS, which would import pandas
NOT_TOLD = 4  # as compare's INCONCLUSIVE
_ORDERS = ("both", "named", "random")


def _points(_: click.Context, __: click.Parameter, given: float) -> float:
    return given / 100


def _options(given: Mapping[str, Any]) -> "Options":
    from judgebench.choosing import Options

    return Options.given(given)


_judges = options(
    click.option(
        "--judge", "judges", multiple=True, required=True, metavar="JUDGE",
        help="embedded, [NAME=]embedded:FILE, reward:PATH, a model, or a name that reviews have (repeatable).",
    ),
    click.option(
        "--prompt", "prompts", multiple=True, metavar="NAME|FILE.j2|own",
        help="Each makes a judge NAME@PROMPT of each model; own: the categories' prompts (repeatable).",
    ),
    click.option(
        "--people", multiple=True, metavar="NAME", help="Only these people's votes (repeatable; default: all)."
    ),
    click.option(
        "--margin", type=click.FloatRange(0, 100, min_open=True), default=3.0, show_default=True, callback=_points,
        help="Points of agreement with people: less is not worse.",
    ),
    click.option(
        "--cost", "costs", multiple=True, metavar="NAME=DOLLARS",
        help="Of 1,000 matches, in place of what its calls cost (repeatable).",
    ),
    click.option(
        "--mode", type=click.Choice(shared.MODES), default="pairwise", show_default=True,
        help="Compare two answers, or grade them one by one.",
    ),
    click.option(
        "--orders", type=click.Choice(_ORDERS), default="both", show_default=True,
        help="pairwise: in which orders the two answers are shown; see review.",
    ),
    shared.judge_max_tokens,
    shared.any_language,
    click.option(
        "--verdict-by", type=click.Choice(shared.WAYS), default="text", show_default=True,
        help="How verdicts are read; see review.",
    ),
)  # fmt: skip


@click.command("choose-judge", cls=Command)
@shared.questions
@_judges
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Also write it there.")
@shared.dry_run
@shared.a_spending
@made("options", _options, shared.calls, also=(shared.questions, _judges))
@click.pass_context
def choose_judge(
    ctx: click.Context, /, options: "Options", spending: "Spending", form: str, output: Path | None, dry_run: bool
) -> None:
    """Choose the cheapest judge that is not worse than the others, by the votes of people on the same answers.

    One half of the questions chooses, and the other says how often the chosen judge agrees with people. Reviews that
    are there already are used; what is missing is asked. Exit status: 0 a judge is chosen, 4 these votes don't tell.
    """
    from judgebench.choosing import Choosing, outputs
    from judgebench.tables.store import replace_file

    workspace: Workspace = ctx.obj
    one = Choosing(workspace, options, spending)
    outcome = Outcome(*options.judges)
    with paid(spending, one.quote(), "matches", dry_run) as go:
        for plan in one.plans() if go else ():
            outcome.follow(plan.judge.name, plan.label, partial(plan.stage, options.questions))
    outcome.end(strict=False)
    if not go:
        return
    found = one.found()
    text = outputs.render(found, form)
    click.echo(text)
    if output:
        replace_file(output, f"{text}\n".encode())
        click.echo(f"{output} written", err=True)
    ctx.exit(0 if found["told"] else NOT_TOLD)
