"""What all commands share: how errors end, where -C stands, and how options become what a command is called with."""

import os
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click
from click.core import ParameterSource

from judgebench.errors import JudgebenchError, UsageError

if TYPE_CHECKING:
    from judgebench.interchange.imported import Imported
    from judgebench.money.cost import Quote
    from judgebench.money.spending import Spending

Option: TypeAlias = Callable[[Any], Any]  # the decorator that click.option makes, or several of them in one


def _use_workspace(ctx: click.Context, _: click.Parameter, folder: Path | None) -> None:
    from judgebench.workspace import Workspace

    above = ctx.find_root().get_parameter_source("folder") if ctx.parent else None
    if folder is not None and above is ParameterSource.COMMANDLINE:
        raise click.UsageError("-C stands before and after the command: give it once", ctx)
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


class Tables(click.ParamType[Any]):
    """What an option takes that is text on the command line and may be a table in judgebench.toml."""

    def read(self, found: Any) -> Any:
        """What it means; ValueError, in a few words, for what makes no sense."""
        raise NotImplementedError

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As click asks for it."""
        try:
            return self.read(value) if isinstance(value, str | dict) else value
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Once(click.Command):
    """A command that refuses an option twice, of which the first would else be dropped without a word."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what was typed."""
        _, _, typed = self.make_parser(ctx).parse_args(list(args))
        for option, times in Counter(typed).items():
            if times > 1 and isinstance(option, click.Option) and not (option.multiple or option.count):
                raise click.UsageError(f"{option.opts[0]} stands {times} times: give it once", ctx)
        return super().parse_args(ctx, args)


class Command(Once):
    """A command that takes -C as well, so that it may stand before or after the command's name."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.params.append(workspace_option(shown=False))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, with objects in place of the options that make them."""
        ctx.params = objects(ctx)
        return super().invoke(ctx)


class Group(Once, click.Group):
    """A group of such commands."""

    command_class = Command


class Main(Group):
    """The group of all: it turns errors into one line and an exit status, and warnings into a line each."""

    group_class = Group

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what was typed before the command's name."""
        with _slips(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        warnings.showwarning = _show_warning
        warnings.filterwarnings("always", module=r"judgebench\.models\.http", append=True)  # what recurs is news
        try:
            with _slips(ctx):
                return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException):
            raise
        except (Exception, KeyboardInterrupt) as error:
            _report(ctx, _line(error))
            if ctx.params.get("debug"):
                raise
            click.echo(f"judgebench: {inert(_line(error))}", err=True)
            ctx.exit(2 if isinstance(error, UsageError) else 1)


@contextmanager
def _slips(ctx: click.Context) -> Iterator[None]:
    """What click says by itself of a command that makes no sense is reported too; its help is no failure."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.ClickException as error:
        told = getattr(error, "ctx", None)
        help_ = f" (`{told.command_path} --help` says what there is)" if told else ""
        _report(ctx, f"{error.format_message()}{help_}")
        raise


def _report(ctx: click.Context, text: str) -> None:
    """Where GitHub's runner listens: why the step fails, beside what a terminal gets, which is its log."""
    if os.environ.get("GITHUB_ACTIONS") == "true" or os.environ.get("GITHUB_STEP_SUMMARY"):
        from judgebench.compare.outputs import write_failure

        write_failure(f"judgebench {ctx.invoked_subcommand or ''}".strip(), text, os.environ)


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
        start = "\r\x1b[K" if sys.stderr.isatty() else ""  # over the line of progress, which is written anew
        click.echo(f"{start}judgebench: {inert(str(message))}", err=True)


def options(*several: Option) -> Option:
    """Several options as one decorator."""
    return lambda command: reduce(lambda inner, option: option(inner), reversed(several), command)


class Made:
    """An object that a command gets in place of some of its options: what it is called there, and what makes it."""

    def __init__(self, name: str, make: Callable[[Mapping[str, Any]], Any], of: tuple[str | Option, ...]) -> None:
        self.name, self.make, self.of = name, make, of

    def options(self) -> Iterator[str]:
        """What the command would call their values."""
        for part in self.of:
            yield from [part] if isinstance(part, str) else _names(part)


def made(
    name: str, make: Callable[[Mapping[str, Any]], Any], *several: Option, also: Sequence[str | Option] = ()
) -> Option:
    """Options as one decorator, whose values the command gets as one object, made of them by their names.

    `also` are those that stand elsewhere among the command's options and are part of the object.
    """
    one = Made(name, make, (*also, *several))

    def decorated(command: Any) -> Any:
        with_options = options(*several)(command)
        with_options.made = (*getattr(with_options, "made", ()), one)
        return with_options

    return decorated


def _names(option: Option) -> list[str]:
    def none() -> None:
        """Takes the option in a command's place."""

    return [parameter.name or "" for parameter in option(none).__click_params__]


def objects(ctx: click.Context) -> dict[str, Any]:
    """What a command is called with: the objects that its options make, and its other parameters as they are."""
    given = dict(ctx.params)
    for one in getattr(ctx.command.callback, "made", ()):
        given[one.name] = one.make({name: given.pop(name) for name in one.options()})
    return given


@contextmanager
def paid(spending: "Spending", total: "Quote", noun: str, dry_run: bool) -> "Iterator[bool]":
    """The quote before (alone, for a dry run), and the bill after, however the run ends; nothing of what is free.

    Nothing begins while what a call needs is missing.
    """
    if dry_run or total.calls:
        for line in total.lines(noun):
            click.echo(line, err=not dry_run)
    if not dry_run:
        spending.check()
    try:
        yield not dry_run
    finally:
        for line in spending.bill():
            click.echo(line, err=True)


def show_imported(imported: "Imported") -> None:
    """Say what an import took, what it made of odd things, and what it did not take; fail where nothing came of it."""
    from judgebench.interchange.imported import reasons

    for reason in reasons(imported.refused):
        lines = f"{reason.count} lines" if reason.count > 1 else "1 line"
        click.echo(inert(f"{reason.example}: not taken: {reason.reason} ({lines} for such a reason)"), err=True)
    for note in imported.notes:
        click.echo(inert(f"note: {note}"), err=True)
    counts = ", ".join(f"{number} {what} ({imported.new.get(what, 0)} new)" for what, number in imported.counts.items())
    click.echo(f"{inert(imported.question_set)}: {counts}; {len(imported.refused)} lines not taken")
    if imported.vain:
        raise JudgebenchError("; ".join(imported.vain))
