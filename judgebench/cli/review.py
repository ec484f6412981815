"""judgebench review: judges grade the answers to a set."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from judgebench.cli import options
from judgebench.cli.base import Command, made, paid
from judgebench.cli.outcome import Outcome, strict
from judgebench.cli.references import table_name
from judgebench.errors import UsageError

if TYPE_CHECKING:
    from judgebench.judging.reviews import Asked, Panel
    from judgebench.models import Model, Options, Spec
    from judgebench.money.spending import Spending
    from judgebench.workspace import Workspace


def _asked(given: Mapping[str, Any]) -> "Asked":
    from judgebench.judging.matches import Design
    from judgebench.judging.reviews import Asked

    design = Design(given["orders"], given["repeats"], given["seed"], given["share"], given["close"])
    selected = given["chosen"], given["limit"]
    return Asked(given["questions"], given["modes"], given["names"], given["baseline"], design, *selected)


def _panel(given: Mapping[str, Any]) -> "Panel":
    from judgebench.judging.reviews import Manner, Panel

    about = given["prompt"], given["verdict_by"], given["repair"], given["judge_max_tokens"], given["any_language"]
    return Panel(given["judges"], Manner(*about))


_design = (
    click.option(
        "--mode", "modes", type=click.Choice(options.MODES), multiple=True, default=["pairwise"], show_default=True,
        help="Grade answers one by one, or compare two (repeatable).",
    ),
    click.option(
        "--model", "names", multiple=True, metavar="NAME", help="Only these models (default: all with answers)."
    ),
    click.option(
        "--baseline", metavar="NAME", help="pairwise: compare this model with each other (default: all pairs)."
    ),
    click.option(
        "--orders", type=click.Choice(options.ORDERS), default="both", show_default=True,
        help="pairwise: show each pair in both orders, as named, in a random one, or in a random one and then the "
        "close ones and a random share of the others in the other.",
    ),
    click.option("--repeats", type=click.IntRange(1), default=1, show_default=True, help="Judge each match N times."),
    click.option("--seed", type=int, default=0, show_default=True, help="random, adaptive: draws the orders."),
    click.option(
        "--share", type=click.FloatRange(0, 1), default=0.2, show_default=True,
        help="adaptive: of the matches that are not close, how many to show in the other order too.",
    ),
    click.option(
        "--close", type=click.FloatRange(0), default=1.0, show_default=True,
        help="adaptive: scores at most so many points apart are close; so is a tie.",
    ),
)  # fmt: skip


@click.command(cls=Command)
@options.questions
@click.option(
    "--judge", "judges", multiple=True, metavar="JUDGE",
    help="embedded, [NAME=]embedded:FILE, checker, a reward model: [NAME=]reward:PATH_OR_REPO[?tie=POINTS], or a "
    "model: [NAME=]openai:ID[?PARAMETER=VALUE&...], azure:DEPLOYMENT, hf:PATH (repeatable: a panel; docs/models.md).",
)  # fmt: skip
@made("asked", _asked, *_design, also=("questions", "chosen", "limit"))
@made(
    "panel", _panel, options.judge_prompt,
    click.option(
        "--verdict-by", type=click.Choice(options.WAYS), default="text", show_default=True,
        help="Read verdicts from the text, a JSON schema's field, or the probabilities of the score's tokens.",
    ),
    click.option(
        "--repair/--no-repair", default=True, show_default=True,
        help="Ask once more for nothing but the verdict where a reply holds none.",
    ),
    options.judge_max_tokens,
    options.any_language,
    also=("judges",),
)  # fmt: skip
@click.option(
    "--reparse", is_flag=True,
    help="Make no call: read stored replies again (of all judges, or of those named, whose imported verdicts too).",
)  # fmt: skip
@options.trust
@options.selection
@options.dry_run
@options.a_spending
@options.some_calls
@strict
@click.pass_obj
def review(
    workspace: "Workspace", /, panel: "Panel", asked: "Asked", reparse: bool, dry_run: bool, spending: "Spending",
    calls: "Options", strict: bool,
) -> None:  # fmt: skip
    """Have judges grade the answers to a set, into reviews/."""
    if reparse:
        _read_again(workspace, panel, asked.question_set)
        return
    if not panel.names:
        raise UsageError(
            "name a --judge: embedded, checker, reward:PATH, or a model as in openai:gpt-4.1 (or give --reparse)"
        )
    from judgebench.judging import reviews
    from judgebench.money.cost import Quote

    def load(spec: "Spec", calls: "Options") -> "Model":
        return spending.model(
            spec, calls, workspace.reviews(asked.question_set, spec.name).path.with_suffix(".batches")
        )

    judges = panel.judges(workspace.check(), asked.question_set, calls, load)
    total, outcome = Quote(), Outcome(*panel.names)
    for plan in reviews.panel_plans(workspace, judges, asked, second=False):
        total += spending.quote_reviews(plan.judge, plan.matches, asked.question_set, plan.table)
    with paid(spending, total, "matches", dry_run) as go:
        for plan in reviews.panel_plans(workspace, judges, asked) if go else ():
            outcome.follow(plan.judge.name, plan.label, partial(plan.stage, asked.question_set))
    outcome.end(strict)


def _read_again(workspace: "Workspace", panel: "Panel", question_set: str) -> None:
    from judgebench.judging.reuse import reparse
    from judgebench.terminal import printable

    judges = [table_name(judge) for judge in panel.names]
    for line in reparse(workspace.check(), question_set, judges, panel.manner.prompt).lines():
        click.echo(printable(line))
