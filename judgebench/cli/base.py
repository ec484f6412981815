"""What all commands share: how errors end, where -C stands, and options that several take."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from judgebench.errors import JudgebenchError, UsageError

if TYPE_CHECKING:
    from judgebench.money.cost import Quote
    from judgebench.money.spending import Spending

F = TypeVar("F", bound=Callable[..., Any])
DTYPES = ("auto", "float32", "bfloat16", "float16")  # models.loading's, which would import more
QUANTIZE = ("8bit", "4bit")
ENGINES = ("local", "ray")


def _use_workspace(ctx: click.Context, _: click.Parameter, folder: Path | None) -> None:
    from judgebench.workspace import Workspace

    if folder is not None or ctx.obj is None:
        ctx.obj = Workspace(folder or Path())
    top = ctx.find_root().command
    if isinstance(top, click.Group) and not isinstance(ctx.command, click.Group):
        from judgebench.cli.settings import defaults

        ctx.default_map = defaults(ctx.obj.root, top, _path(ctx))


def _path(ctx: click.Context) -> list[str]:
    """The names of the command and of the groups that it is in, less the first: what the user typed."""
    return [] if ctx.parent is None else [*_path(ctx.parent), ctx.info_name or ""]


def workspace_option(shown: bool) -> click.Option:
    """-C, which stands before a command's name or, not to repeat it in each help, hidden after it.

    It is read before the other options, since what they are by default may stand in that workspace.
    """
    kind, text = click.Path(path_type=Path), "The workspace (default: here)."
    return click.Option(
        ["-C", "folder"],
        type=kind,
        expose_value=False,
        callback=_use_workspace,
        help=text,
        hidden=not shown,
        is_eager=True,
    )


class Command(click.Command):
    """A command that takes -C as well, so that it may stand before or after the command's name."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.params.append(workspace_option(shown=False))


class Group(click.Group):
    """A group of such commands."""

    command_class = Command


class Main(Group):
    """The group of all: it turns errors into one line and an exit status, and warnings into a line each."""

    group_class = Group

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        warnings.showwarning = _show_warning
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if ctx.params.get("debug"):
                raise
            click.echo(f"judgebench: {inert(_line(error))}", err=True)
            ctx.exit(2 if isinstance(error, UsageError) else 1)


def _line(error: BaseException) -> str:
    if isinstance(error, JudgebenchError):
        return str(error)
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return "stopped; what was done is kept: run the same command to go on"
    if isinstance(error, OSError):
        return f"{error.strerror or error}: {error.filename or 'no file named'}"
    return f"unexpected {type(error).__name__}: {error} (run `judgebench --debug ...` for the traceback)"


def inert(text: str) -> str:
    """Text that may quote a file or an endpoint, without what a terminal would obey."""
    from judgebench.terminal import printable

    return printable(text, "\n")


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    if category.__module__.startswith("judgebench"):
        click.echo(f"judgebench: {inert(str(message))}", err=True)


def options(*several: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator."""
    return lambda command: reduce(lambda inner, option: option(inner), reversed(several), command)


def _text_or_file(_: click.Context, option: click.Parameter, given: str | None) -> str | None:
    """The text, or what stands in the file named behind an @."""
    if given is None or not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{given[1:]!r} can't be read ({error})", param=option) from error


def _some_text(_: click.Context, option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    if "" in given:
        raise click.BadParameter("an empty text stops everything: leave it out", param=option)
    return given


questions_option = click.option("--questions", required=True, metavar="SET", help="A question set of the workspace.")
selection_options = options(
    click.option("--category", "chosen", multiple=True, help="Only questions of this category (repeatable)."),
    click.option("--limit", type=click.IntRange(1), help="Only the first N questions of each category."),
)
sampling_options = options(
    click.option(
        "--max-tokens", "--max-new-tokens", type=click.IntRange(1), help="Of an answer's turn (default: by category)."
    ),
    click.option("--temperature", type=click.FloatRange(0), help="Of answers (default: by category)."),
    click.option("--system", metavar="TEXT|@FILE", callback=_text_or_file, help="A system prompt for all questions."),
    click.option(
        "--stop", multiple=True, metavar="TEXT", callback=_some_text, help="Answers end before this text (repeatable)."
    ),
)
money_options = options(
    click.option("--dry-run", is_flag=True, help="Print what would be asked and what it would cost, and ask nothing."),
    click.option("--max-cost", metavar="DOLLARS", help="Make no call that could take the run past this."),
    click.option(
        "--price",
        "prices",
        multiple=True,
        metavar="[NAME=]IN/OUT",
        help="Dollars per million tokens, where they aren't known (repeatable).",
    ),
    click.option("--batch", is_flag=True, help="openai: the Batch API: half the price, within a day."),
)
call_options = options(
    click.option("--parallel", type=click.IntRange(1), default=8, show_default=True, help="openai: calls at a time."),
    click.option("--timeout", type=float, default=300.0, show_default=True, help="openai: seconds for a call."),
    click.option("--tries", type=click.IntRange(1), default=5, show_default=True, help="openai: tries for a call."),
    click.option(
        "--give-up",
        type=click.FloatRange(0),
        default=900.0,
        show_default=True,
        metavar="SECONDS",
        help="openai: no other try that long after the first.",
    ),
    click.option("--rpm", type=click.FloatRange(0, min_open=True), help="openai: requests a minute per endpoint."),
    click.option("--tpm", type=click.FloatRange(0, min_open=True), help="openai: tokens a minute per endpoint."),
    click.option("--batch-size", type=click.IntRange(1), help="hf: at a time (default: what memory has room for)."),
    click.option("--dtype", type=click.Choice(DTYPES), default="auto", show_default=True, help="hf: arithmetic."),
    click.option(
        "--device",
        default="auto",
        show_default=True,
        help="hf: cpu, mps, cuda, cuda:1, or spread: one model over all GPUs.",
    ),
    click.option("--quantize", type=click.Choice(QUANTIZE), help="hf: through bitsandbytes, on an NVIDIA GPU."),
    click.option(
        "--chat-template", metavar="NAME|FILE", help="hf: in place of the checkpoint's (docs/checkpoints.md)."
    ),
    click.option("--tokenizer", metavar="PATH_OR_REPO", help="hf: where the checkpoint has none."),
    click.option("--allow-pickle", is_flag=True, help="hf: weights as .bin, which may run code when opened."),
    click.option("--trust-remote-code", is_flag=True, help="hf: run Python files that come with it."),
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        default="local",
        show_default=True,
        help="hf: where it runs: here, or as copies over the GPUs of this machine or a Ray cluster (docs/ray.md).",
    ),
    click.option(
        "--address", metavar="HOST:PORT|auto", help="ray: the cluster's (default: Ray on this machine, for this run)."
    ),
    click.option(
        "--replicas", type=click.IntRange(1), help="ray: copies (default: one a GPU; without any, one a node)."
    ),
)


@contextmanager
def paid(spending: "Spending", total: "Quote", noun: str, dry_run: bool) -> "Iterator[bool]":
    """The quote before (alone, for a dry run), and the bill after, however the run ends; nothing of what is free."""
    if dry_run or total.calls:
        for line in total.lines(noun):
            click.echo(line, err=not dry_run)
    try:
        yield not dry_run
    finally:
        for line in spending.bill():
            click.echo(line, err=True)


def show_imported(imported: Any) -> None:
    """Say what an import took, what it made of odd things, and what it did not take."""
    for refused in imported.refused:
        click.echo(inert(f"{refused.path}:{refused.line}: not taken: {refused.reason}"), err=True)
    for note in imported.notes:
        click.echo(inert(f"note: {note}"), err=True)
    counts = ", ".join(f"{number} {what} ({imported.new.get(what, 0)} new)" for what, number in imported.counts.items())
    click.echo(f"{inert(imported.question_set)}: {counts}; {len(imported.refused)} lines not taken")
