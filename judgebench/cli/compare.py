"""judgebench compare: two models to a verdict."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judgebench.cli import options as shared
from judgebench.cli.base import Command, made, options
from judgebench.errors import JudgebenchError

if TYPE_CHECKING:
    from judgebench.compare.options import Options
    from judgebench.compare.results import Inconclusive
    from judgebench.workspace import Workspace

_PATH = click.Path(path_type=Path, dir_okay=False)
_pair = options(
    click.option(
        "--baseline", required=True, metavar="SPEC|NAME", help="What is in use: a model, or one with answers."
    ),
    click.option("--candidate", required=True, metavar="SPEC|NAME", help="What would take its place."),
)
_judge = options(
    click.option(
        "--judge", required=True, metavar="JUDGE",
        help="embedded, [NAME=]embedded:FILE, checker, reward:PATH, or a model: openai:ID?effort=high (docs/models.md)",
    ),
    shared.judge_prompt,
    shared.judge_max_tokens,
    shared.any_language,
    click.option(
        "--verdict-by", type=click.Choice(shared.WAYS), default="text", show_default=True,
        help="How verdicts are read; see review.",
    ),
    click.option(
        "--orders", type=click.Choice(shared.ORDERS), default="both", show_default=True,
        help="In which orders the two answers are shown; see review.",
    ),
    click.option("--repeats", type=click.IntRange(1), default=1, show_default=True, help="Judge each match N times."),
    click.option("--canaries/--no-canaries", default=True, show_default=True, help="Try the judge first."),
    click.option(
        "--bridge", type=click.IntRange(0), is_flag=False, flag_value=0, metavar="[N]",
        help="Where the judge has changed since: judge N questions again (default: as many as the margin takes), and "
        "report the shift.",
    ),
)  # fmt: skip
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
    click.option("--look", type=click.IntRange(1), metavar="N", help="Questions from look to look (default: 8+)."),
    click.option(
        "--futility", type=click.FloatRange(0, 1), default=0.05, show_default=True,
        help="Stop as INCONCLUSIVE where the chance to decide is below.",
    ),
    click.option(
        "--seed", type=int, default=0, show_default=True,
        help="Draws the order of the questions, once for a comparison: another is refused.",
    ),
)  # fmt: skip
_inconclusive = click.option("--inconclusive", type=click.Choice(["pass", "fail"]), help="Exit with 0 or 3, not 4.")
_dry_run = click.option(
    "--dry-run", is_flag=True, help="Print what it could take at most, all judged, and ask nothing."
)
_price = click.option("--price", "prices", multiple=True, metavar="[NAME=]IN/OUT", help="Dollars per million tokens.")
_files = (
    click.option("--markdown", type=_PATH, metavar="FILE", help="$GITHUB_STEP_SUMMARY, where set, gets it anyway."),
    click.option("--junit", type=_PATH, metavar="FILE", help="JUnit XML: verdict, categories, canaries."),
    click.option("--json", "json_file", type=_PATH, metavar="FILE", help="All of it as data."),
)


_ASKED = (_pair, shared.questions, _judge, _verdict, shared.selection, shared.sampling, shared.max_cost, _price)


def _options(given: Mapping[str, Any]) -> "Options":
    from judgebench.compare.options import Options

    return Options.given(given)


def _asked_files(given: Mapping[str, Any]) -> Mapping[str, Path | None]:
    return {"markdown": given["markdown"], "junit": given["junit"], "json": given["json_file"]}


@click.command(cls=Command)
@_pair
@shared.questions
@_judge
@_verdict
@_inconclusive
@click.option("--strict", is_flag=True, help="Exit with 1 where a question got no verdict.")
@shared.selection
@shared.sampling
@_dry_run
@shared.max_cost
@_price
@made("files", _asked_files, *_files)
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
    if strict and comparison.missing:
        raise JudgebenchError(f"--strict: {comparison.missing} of {comparison.judged} questions have no verdict")
    ctx.exit(comparison.exit_status(inconclusive))
