"""judgebench compare: two models to a verdict."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judgebench.cli import options as shared
from judgebench.cli.base import Command, inert, made, options
from judgebench.cli.logging import Trackers, log, log_to
from judgebench.errors import JudgebenchError

if TYPE_CHECKING:
    from judgebench.compare.options import Options
    from judgebench.compare.results import Comparison, Inconclusive
    from judgebench.trackers import Run
    from judgebench.workspace import Workspace

_verdict = options(
    click.option(
        "--margin", type=click.FloatRange(0, 0.5, max_open=True), default=0.05, show_default=True,
        help="PASS: the candidate's win rate is above 0.5 less this; REGRESS: it is below.",
    ),
    click.option(
        "--alpha", type=click.FloatRange(0, 0.5, min_open=True, max_open=True), default=0.05, show_default=True,
        help="The chance of a wrong PASS or REGRESS, however often one looks.",
    ),
    click.option("--fixed", is_flag=True, help="Judge all questions, and look once."),
    click.option(
        "--population", type=click.Choice(["alike", "set"]), default="alike", show_default=True,
        help="alike: the verdict is about questions like these; set: about just these, which takes fewer.",
    ),
    click.option(
        "--predictions", metavar="JUDGE", default="none", show_default=True,
        help="A cheaper judge that reads all first: about a set it saves questions, else it tells what is in vain.",
    ),
)  # fmt: skip


_ASKED = (
    shared.pair, shared.questions, shared.judging, _verdict, shared.stopping, shared.selection, shared.sampling,
    shared.max_cost, shared.price,
)  # fmt: skip


def _options(given: Mapping[str, Any]) -> "Options":
    from judgebench.compare.options import Options

    return Options.given(given)


@click.command(cls=Command)
@shared.pair
@shared.questions
@shared.judging
@_verdict
@shared.stopping
@shared.inconclusive
@click.option("--strict", is_flag=True, help="Exit with 1 where a question got no verdict, or --log failed.")
@shared.trust
@shared.selection
@shared.sampling
@shared.cost_dry_run
@shared.max_cost
@shared.price
@made("files", shared.asked_files, *shared.result_files)
@log
@made("options", _options, shared.calls, also=_ASKED)
@click.pass_context
def compare(
    ctx: click.Context,
    /,
    options: "Options",
    files: Mapping[str, Path | None],
    inconclusive: "Inconclusive | None",
    dry_run: bool,
    strict: bool,
    trackers: Trackers,
) -> None:
    """Is the candidate as good as the baseline? PASS, REGRESS, INCONCLUSIVE or INVALID.

    Exits with 0, 3, 4 or 5 (1: something failed, 2: the command makes no sense). Questions are judged in random order
    until the verdict is known; what is in the tables is neither asked nor paid for again.
    """
    from judgebench import terminal
    from judgebench.compare import outputs
    from judgebench.compare.procedure import compare, quote

    workspace: Workspace = ctx.obj
    if dry_run:
        for noun, part in zip(("answers", "matches"), quote(workspace, options), strict=True):
            click.echo("\n".join(part.lines(noun)))
        return
    comparison = compare(workspace, options, lambda line: click.echo(line, err=True), terminal.watched)
    click.echo(outputs.screen(comparison, terminal.columns(60, outputs.COLUMNS)))
    outputs.write(comparison, **files, environ=os.environ, inconclusive=inconclusive)
    problems = log_to(trackers, lambda: _run(comparison, workspace))
    for problem in problems:
        click.echo(inert(f"{problem}; the verdict stands: the same command again asks nothing and logs it"), err=True)
    if strict and problems:
        raise JudgebenchError(f"--strict: {len(problems)} of {len(trackers)} trackers failed")
    if strict and comparison.missing:
        raise JudgebenchError(f"--strict: {comparison.missing} of {comparison.judged} questions have no verdict")
    ctx.exit(comparison.exit_status(inconclusive))


def _run(comparison: "Comparison", workspace: "Workspace") -> "Run":
    from judgebench import site
    from judgebench.compare.outputs.logged import logged
    from judgebench.trackers.provenance import provenance

    return logged(comparison, provenance(workspace, [comparison.question_set]), site.parts(workspace))
