"""judgebench watch: the checkpoints of a training, as they come."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judgebench.cli import options as shared
from judgebench.cli.base import Command, inert, made, options
from judgebench.cli.outcome import strict
from judgebench.errors import JudgebenchError

if TYPE_CHECKING:
    from judgebench.tables.records import Watched
    from judgebench.watch.options import Options
    from judgebench.watch.watching import Watching
    from judgebench.workspace import Workspace

INVALID = 5  # compare.results.EXIT_STATUS, as where a comparison finds the judge out of order

_against = options(
    click.argument("training", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False)),
    click.option("--baseline", required=True, metavar="SPEC|NAME", help="A model, or one with answers."),
    click.option("--name", metavar="RUN", help="What the run is called (default: as FOLDER)."),
)  # fmt: skip
_verdict = options(
    click.option(
        "--margin", type=click.FloatRange(0, 0.5, max_open=True), default=0.05, show_default=True,
        help="PASS: the win rate is above 0.5 less this; REGRESS: it is below.",
    ),
    click.option(
        "--alpha", type=click.FloatRange(0, 0.5, min_open=True, max_open=True), default=0.05, show_default=True,
        help="The chance that anything said of any checkpoint is wrong, however many come.",
    ),
    click.option(
        "--seed", type=int, default=0, show_default=True, help="Draws the order of the questions, once for a run."
    ),
)  # fmt: skip
_budget = options(
    shared.max_cost,
    click.option("--max-questions", type=click.IntRange(1), metavar="N", help="So many for each, the same for all."),
    shared.price,
)
_ends = options(
    click.option("--once", is_flag=True, help="Judge what is there, and end: for cron."),
    click.option("--until", type=click.IntRange(0), metavar="STEP", help="End when STEP, or a later one, is judged."),
    click.option("--idle", type=click.FloatRange(0), metavar="MINUTES", help="End after so long without a new one."),
    click.option("--until-eof", is_flag=True, help="End, when all are judged, after a line or the end of stdin."),
    click.option(
        "--every", type=click.FloatRange(0, min_open=True), default=30.0, show_default=True, metavar="SECONDS",
        help="From look to look into FOLDER.",
    ),
    click.option(
        "--settle", type=click.FloatRange(0), default=60.0, show_default=True, metavar="SECONDS",
        help="A checkpoint without trainer_state.json is whole when nothing in it has changed for so long.",
    ),
)  # fmt: skip


def _options(given: Mapping[str, Any]) -> "Options":
    from judgebench.watch.options import Options

    return Options.given(given)


_asked = (_against, shared.questions, shared.judging, _verdict, _budget, _ends, shared.selection, shared.sampling)


@click.command(cls=Command)
@options(*_asked)
@strict
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="All steps as data, written anew after each.",
)  # fmt: skip
@made("options", _options, shared.calls, also=_asked)
@click.pass_context
def watch(ctx: click.Context, /, options: "Options", strict: bool, json_file: Path | None) -> None:
    """Compare each checkpoint-STEP that a training saves in FOLDER with a baseline, as they come (docs/training.md).

    Each is judged when it is whole, for as much as --max-cost and --max-questions allow, on the same questions. Exits
    with 0 when all are judged (1: all of them failed, 2: it makes no sense, or there was none, 5: the judge is not
    in order). Stopped by Ctrl-C or killed, the same command goes on; nothing is paid for twice.
    """
    from judgebench import terminal
    from judgebench.compare.outputs import put
    from judgebench.watch import outputs
    from judgebench.watch.procedure import stopped_by_sigterm, watch

    workspace: Workspace = ctx.obj

    def tell(row: "Watched", rows: "Iterable[Watched]") -> None:
        click.echo(outputs.told(row))
        if json_file:
            put(json_file, outputs.as_json(rows))

    with stopped_by_sigterm():
        found = watch(workspace, options, tell, lambda said: click.echo(inert(said), err=True), terminal.watched)
    if json_file:
        put(json_file, outputs.as_json(found.rows.values()))
    ctx.exit(_end(found, strict))


def _end(found: "Watching", strict: bool) -> int:
    """The table of all, where anything is new, and the exit status; JudgebenchError where all that was tried failed."""
    from judgebench.compare.outputs.sentences import canaries
    from judgebench.report import formats
    from judgebench.terminal import line
    from judgebench.watch import outputs

    if found.is_invalid:
        click.echo(f"INVALID: the judge is not in order: {canaries(found.canaries or (), line)}")
        return INVALID
    if found.tried:
        click.echo(formats.as_text(outputs.table(found.rows.values())))
    failed = [step for step in sorted(found.tried) if found.rows[step].error]
    if failed and (strict or len(failed) == len(found.tried)):
        raise JudgebenchError(f"{len(failed)} of {len(found.tried)} checkpoints failed: {', '.join(map(str, failed))}")
    return 0
