"""The command line: parse, call, print. Everything heavy is imported inside the command that needs it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judgebench._version import __version__
from judgebench.cli.audit import audit
from judgebench.cli.base import (
    Main,
    call_options,
    money_options,
    paid,
    questions_option,
    sampling_options,
    selection_options,
    workspace_option,
)
from judgebench.cli.compare import compare
from judgebench.cli.embedded import embedded
from judgebench.cli.imports import import_
from judgebench.cli.questions import questions
from judgebench.cli.references import references, table_name
from judgebench.cli.report import report
from judgebench.errors import UsageError

if TYPE_CHECKING:
    from judgebench.judging.asking import VerdictBy
    from judgebench.judging.matches import Orders
    from judgebench.tables.records import Mode
    from judgebench.workspace import Workspace


@click.group(cls=Main, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="judgebench")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """Is this checkpoint better than that one, and can the answer be trusted?

    The four steps: get-answers, review, report, build-site. Each can be run again at any time: what is
    there already is neither asked nor paid for twice.
    """


main.params.insert(0, workspace_option(shown=True))


main.add_command(questions)
main.add_command(references)
main.add_command(import_)
main.add_command(report)
main.add_command(compare)
main.add_command(audit)
main.add_command(embedded)


@main.command()
@click.argument("directory", type=click.Path(path_type=Path))
def init(directory: Path) -> None:
    """Make DIRECTORY a workspace, with our question sets in it."""
    from judgebench import workspace

    for line in workspace.init(directory):
        click.echo(line)


@main.command("get-answers")
@questions_option
@click.option(
    "--model", "specs", multiple=True, required=True, metavar="SPEC",
    help="[NAME=]openai:ID or [NAME=]hf:PATH_OR_REPO (repeatable).",
)  # fmt: skip
@sampling_options
@click.option("--seed", type=int, help="Draws other samples; with openai:, sent along (default: drawn by the prompt).")
@click.option(
    "--num-choices", "choices", type=click.IntRange(1), default=1, show_default=True,
    help="Draw N samples of each answer: reports average over them.",
)  # fmt: skip
@selection_options
@money_options
@call_options
@click.pass_obj
def get_answers(
    workspace: "Workspace", /, questions: str, specs: tuple[str, ...], chosen: tuple[str, ...], limit: int | None,
    choices: int, dry_run: bool, max_cost: str | None, prices: tuple[str, ...], batch: bool, **options: Any,
) -> None:  # fmt: skip
    """Ask models the questions of a set, into answers/."""
    from judgebench import terminal
    from judgebench.answers import drafts, get_answers, overrides
    from judgebench.models import Options, parse_spec
    from judgebench.money.cost import Quote
    from judgebench.money.spending import Spending

    question_set = workspace.check().question_set(questions)
    wanted = question_set.select(chosen, limit)
    changes = overrides(options)
    calls = Options.given(options)
    spending, total, asked = Spending(prices, max_cost, batch), Quote(), []
    for spec in map(parse_spec, specs):
        table = workspace.answers(question_set.name, spec.name)
        model = spending.model(spec, calls, table.path.with_suffix(".batches"))
        drafted = drafts(question_set, wanted, spec, model, changes, choices)
        total += spending.quote_answers(spec.name, drafted, table)
        asked.append((spec, model, table))
    with paid(spending, total, "answers", dry_run) as go:
        for spec, model, table in asked if go else ():
            stage = get_answers(question_set, wanted, spec, model, table, changes, choices)
            terminal.follow(stage, f"answers of {spec.name}")


@main.command()
@questions_option
@click.option(
    "--judge", "judges", multiple=True, metavar="JUDGE",
    help="embedded, [NAME=]embedded:FILE, checker, or a model: [NAME=]openai:ID, [NAME=]hf:PATH (repeatable: a panel).",
)  # fmt: skip
@click.option(
    "--mode", "modes", type=click.Choice(["single", "pairwise"]), multiple=True, default=["pairwise"],
    show_default=True, help="Grade answers one by one, or compare two (repeatable).",
)  # fmt: skip
@click.option("--model", "names", multiple=True, metavar="NAME", help="Only these models (default: all with answers).")
@click.option("--baseline", metavar="NAME", help="pairwise: compare this model with each other (default: all pairs).")
@click.option(
    "--orders", type=click.Choice(["both", "named", "random", "adaptive"]), default="both", show_default=True,
    help="pairwise: show each pair in both orders, as named, in a random one, or in a random one and then the close "
    "ones and a random share of the others in the other.",
)  # fmt: skip
@click.option("--repeats", type=click.IntRange(1), default=1, show_default=True, help="Judge each match N times.")
@click.option("--seed", type=int, default=0, show_default=True, help="random, adaptive: draws the orders.")
@click.option(
    "--share", type=click.FloatRange(0, 1), default=0.2, show_default=True,
    help="adaptive: of the matches that are not close, how many to show in the other order too.",
)  # fmt: skip
@click.option(
    "--close", type=click.FloatRange(0), default=1.0, show_default=True,
    help="adaptive: scores at most so many points apart are close; so is a tie.",
)  # fmt: skip
@click.option("--prompt", metavar="NAME|FILE.j2", help="In place of the categories' own judge prompts.")
@click.option(
    "--verdict-by", type=click.Choice(["text", "schema", "logprobs"]), default="text", show_default=True,
    help="Read verdicts from the text, a JSON schema's field, or the probabilities of the score's tokens.",
)  # fmt: skip
@click.option(
    "--repair/--no-repair", default=True, show_default=True,
    help="Ask once more for nothing but the verdict where a reply holds none.",
)  # fmt: skip
@click.option(
    "--reparse", is_flag=True,
    help="Make no call: read stored replies again (of all judges, or of those named, whose imported verdicts too).",
)  # fmt: skip
@selection_options
@money_options
@call_options
@click.pass_obj
def review(
    workspace: "Workspace", /, questions: str, judges: tuple[str, ...], modes: "tuple[Mode, ...]",
    names: tuple[str, ...], baseline: str | None, orders: "Orders", repeats: int, seed: int, share: float,
    close: float, prompt: str | None, verdict_by: "VerdictBy", repair: bool, reparse: bool,
    chosen: tuple[str, ...], limit: int | None, dry_run: bool, max_cost: str | None, prices: tuple[str, ...],
    batch: bool, **options: Any,
) -> None:  # fmt: skip
    """Have judges grade the answers to a set, into reviews/."""
    from judgebench import terminal
    from judgebench.judging import reviews
    from judgebench.judging.matches import Design
    from judgebench.judging.reuse import reparse as read_again
    from judgebench.models import Model, Options, Spec
    from judgebench.money.cost import Quote
    from judgebench.money.spending import Spending

    if reparse:
        for line in read_again(workspace.check(), questions, [table_name(judge) for judge in judges], prompt).lines():
            click.echo(terminal.printable(line))
        return
    if not judges:
        raise UsageError("name a --judge: embedded, checker, or a model as in openai:gpt-4.1 (or give --reparse)")
    design = Design(orders, repeats, seed, share, close)
    asked = reviews.Asked(questions, modes, names, baseline, design, chosen, limit)
    spending, total = Spending(prices, max_cost, batch), Quote()

    def load(spec: Spec, options: Options) -> Model:
        return spending.model(spec, options, workspace.reviews(questions, spec.name).path.with_suffix(".batches"))

    wanted = dict.fromkeys(judges)
    panel = [
        reviews.named_judge(workspace.check(), judge, questions, prompt, Options(**options), load, verdict_by, repair)
        for judge in wanted
    ]
    for plan in reviews.panel_plans(workspace, panel, asked, second=False):
        total += spending.quote_reviews(plan.judge, plan.matches, questions, plan.table)
    with paid(spending, total, "matches", dry_run) as go:
        for label, stage in reviews.panel_stages(workspace, panel, asked) if go else ():
            terminal.follow(stage, label)


@main.command("build-site")
@click.pass_obj
def build_site(workspace: "Workspace") -> None:
    """Build the static site, into webpage/."""
    from judgebench import site

    built = site.build(workspace.check())
    click.echo(f"{built.pages} pages in {built.folder}; look at them with `judgebench -C {workspace.root} serve`")


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any free port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Other addresses let others in.")
@click.pass_obj
def serve(workspace: "Workspace", port: int, host: str) -> None:
    """Serve webpage/ until stopped."""
    from judgebench.site.server import serve

    serve(workspace.check().webpage, host, port)
