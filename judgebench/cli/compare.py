"""judgebench compare: two models to a verdict."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judgebench.cli import options as shared
from judgebench.cli.base import Command, inert, made, options
from judgebench.cli.logging import Trackers, log, log_to
from judgebench.errors import JudgebenchError

if TYPE_CHECKING:
    from judgebench.best_of.results import BestOf
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


_candidates = click.option(
    "--candidate", "candidates", required=True, multiple=True, metavar="SPEC|NAME|PATTERN",
    help="What would take its place (repeatable, or a pattern of folders: the best of several, docs/best-of.md).",
)  # fmt: skip


_ASKED = (
    shared.baseline, _candidates, shared.questions, shared.judging, _verdict, shared.stopping, shared.selection,
    shared.sampling, shared.max_cost, shared.price,
)  # fmt: skip


def _asked(given: Mapping[str, Any]) -> "tuple[Options, ...]":
    """The options of each candidate, which differ in nothing else."""
    from judgebench.best_of.candidates import expanded
    from judgebench.compare.options import Options

    return tuple(Options.given({**given, "candidate": one}) for one in expanded(given["candidates"]))


@click.command(cls=Command)
@shared.baseline
@_candidates
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
@made("asked", _asked, shared.calls, also=_ASKED)
@click.pass_context
def compare(
    ctx: click.Context,
    /,
    asked: "tuple[Options, ...]",
    files: Mapping[str, Path | None],
    inconclusive: "Inconclusive | None",
    dry_run: bool,
    strict: bool,
    trackers: Trackers,
) -> None:
    """Is the candidate as good as the baseline? PASS, REGRESS, INCONCLUSIVE or INVALID.

    Of several candidates: which are better, and which is best; PASS where one is as good (docs/best-of.md).

    Exits with 0, 3, 4 or 5 (1: something failed, 2: the command makes no sense). Questions are judged in random order
    until the verdict is known; what is in the tables is neither asked nor paid for again.
    """
    from judgebench import terminal
    from judgebench.best_of.procedure import quote
    from judgebench.compare.outputs import COLUMNS

    workspace: Workspace = ctx.obj
    if len(asked) == 1:
        asked = (_known(workspace, asked[0]),)
    if dry_run:
        for noun, part in zip(("answers", "matches"), quote(workspace, asked), strict=True):
            click.echo("\n".join(part.lines(noun)))
        return
    found, outputs = _found(workspace, asked)
    click.echo(outputs.screen(found, terminal.columns(60, COLUMNS)))
    outputs.write(found, **files, environ=os.environ, inconclusive=inconclusive)
    problems = log_to(trackers, lambda: _run(found, workspace))
    for problem in problems:
        click.echo(inert(f"{problem}; the verdict stands: the same command again asks nothing and logs it"), err=True)
    if strict and problems:
        raise JudgebenchError(f"--strict: {len(problems)} of {len(trackers)} trackers failed")
    if strict and found.missing:
        raise JudgebenchError(f"--strict: {found.missing} of {found.judged} questions have no verdict")
    ctx.exit(found.exit_status(inconclusive))


def _known(workspace: "Workspace", options: "Options") -> "Options":
    """The options with a candidate by the name that its answers are known by, unless that is the baseline's."""
    from judgebench.answers import Drawing
    from judgebench.cli.answers import known_spec
    from judgebench.models import parse_spec

    if ":" not in options.candidate:
        return options
    question_set = workspace.check().question_set(options.questions)
    wanted = question_set.select(options.categories, options.limit)
    spec, calls = parse_spec(options.candidate), options.candidate_calls or options.calls
    known = known_spec(workspace, question_set, wanted, spec, calls, Drawing(options.overrides), options.baseline)
    return replace(options, candidate=f"{known.name}={known.text}") if known != spec else options


def _found(workspace: "Workspace", asked: "tuple[Options, ...]") -> "tuple[Comparison | BestOf, Any]":
    """What one candidate comes to, or the best of several; and what writes that."""
    from judgebench import terminal

    def say(line: str) -> None:
        click.echo(inert(line), err=True)

    if len(asked) == 1:
        from judgebench.compare import outputs
        from judgebench.compare.procedure import compare

        return compare(workspace, asked[0], say, terminal.watched), outputs

    from judgebench.best_of import outputs as of_several
    from judgebench.best_of.procedure import best_of

    return best_of(workspace, asked, say, terminal.watched), of_several


def _run(found: "Comparison | BestOf", workspace: "Workspace") -> "Run":
    from judgebench import site
    from judgebench.best_of.outputs.logged import logged as logged_several
    from judgebench.best_of.results import BestOf
    from judgebench.compare.outputs.logged import logged
    from judgebench.trackers.provenance import provenance

    about, parts = provenance(workspace, [found.question_set]), site.parts(workspace)
    return logged_several(found, about, parts) if isinstance(found, BestOf) else logged(found, about, parts)
