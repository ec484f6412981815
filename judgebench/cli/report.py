"""judgebench report: what the reviews add up to."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from judgebench.cli.base import Command, made
from judgebench.cli.logging import Trackers, log, log_to
from judgebench.errors import JudgebenchError, UsageError

if TYPE_CHECKING:
    from judgebench.report import Options, Report
    from judgebench.trackers import Run
    from judgebench.workspace import Workspace

FORMATS = ("table", "markdown", "csv", "json")  # report.FORMATS, which would import pandas
_about = (
    click.option("--questions", metavar="SET", help="Only reviews on this question set."),
    click.option("--judge", metavar="NAME", help="Only reviews by this judge."),
    click.option("--category", metavar="NAME", help="Only reviews of this category's questions."),
    click.option(
        "--model", "models", multiple=True, metavar="NAME",
        help="Only reviews of this model; given several times, of these among each other.",
    ),
    click.option(
        "--ratings", type=click.Choice(["bradley-terry", "elo"]), default="bradley-terry", show_default=True,
        help="How models are rated: elo depends on the order in time, and takes longer.",
    ),
    click.option(
        "--own", multiple=True, metavar="JUDGE=MODEL",
        help="MODEL is of JUDGE's making: does it prefer it? (repeatable)",
    ),
)  # fmt: skip
_slices = click.option(
    "--slices", is_flag=True,
    help="Also: where a model does better or worse, by fields of questions and by how both answered.",
)  # fmt: skip
_shape = (
    click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True),
    click.option("--full", is_flag=True, help="table: all figures, not only what matters first."),
    click.option("--table", metavar="NAME", help="Only this table, in the format table, markdown or csv."),
)


def _options(given: Mapping[str, Any]) -> "Options":
    from judgebench.report import Options, owners

    names = ("questions", "judge", "category", "models", "ratings", "slices")
    return Options(**{name: given[name] for name in names}, own=owners(given["own"]))


class _Shown:
    """In which form a report is shown, and how much of it."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.form, self.full, self.table = given["form"], given["full"], given["table"]
        if self.full and (self.form != "table" or self.table):
            raise UsageError("--full is about the format table: other formats are whole, and --table is one table")

    def of(self, built: "Report") -> str:
        """The report as text."""
        from judgebench.report import render, screen
        from judgebench.report.formats import render_one
        from judgebench.terminal import columns

        width = columns(60, screen.COLUMNS)
        if self.table:
            return render_one(built, self.form, self.table, width)
        if self.form != "table":
            return render(built, self.form)
        return (screen.whole if self.full or "power" in built else screen.first)(built, width)


@click.command(cls=Command)
@made("options", _options, *_about, _slices)
@click.option("--power", is_flag=True, help="Instead: what so many questions detect, and how many it takes.")
@click.option("--detect", type=float, multiple=True, metavar="DIFF", help="power: of a win rate (0.05) or mean score.")
@click.option("--price", "prices", multiple=True, metavar="[NAME=]IN/OUT", help="power: dollars per million tokens.")
@made("shown", _Shown, *_shape)
@log
@click.pass_obj
def report(
    workspace: "Workspace", /, options: "Options", power: bool, detect: tuple[float, ...], prices: tuple[str, ...],
    shown: "_Shown", trackers: Trackers,
) -> None:  # fmt: skip
    """Print what the reviews add up to, each figure with its 95 % interval over questions."""
    from judgebench import report

    if (detect or prices) and not power:
        raise UsageError("--detect and --price are about planning: give --power too")
    if trackers and power:
        raise UsageError("--log is about figures that there are, and --power about questions that aren't asked yet")
    place = workspace.check()
    if shown.table == "slices":
        options = replace(options, slices=True)
    if power:
        from judgebench.report.planning import build_plan

        built = build_plan(place, options, detect, prices)
    else:
        built = report.build(place, options)
    click.echo(shown.of(built))
    problems = log_to(trackers, lambda: _run(built, place))
    if problems:
        raise JudgebenchError("; ".join(problems))


def _run(built: "Report", workspace: "Workspace") -> "Run":
    from judgebench import site
    from judgebench.report.logged import logged
    from judgebench.trackers.provenance import provenance

    sets = {entry["question_set"] for entry in built["judges"]}
    return logged(built, provenance(workspace, sets), site.parts(workspace))
