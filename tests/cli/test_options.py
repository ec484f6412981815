"""Options become the objects that commands take."""

import inspect
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from judgebench.cli import main
from judgebench.cli.base import Command, made


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command by what a user types."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


@pytest.mark.parametrize(
    ("name", "command"), list(commands(main)), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_command_takes_few_things_and_hides_none(name: str, command: click.Command) -> None:
    """At most eight, each by its name: whatever an option is for, it belongs to one of them."""
    assert command.callback
    parameters = inspect.signature(command.callback).parameters.values()
    assert len(parameters) <= 8
    assert not [one.name for one in parameters if one.kind is one.VAR_KEYWORD]


def test_options_make_one_object_with_what_stands_elsewhere() -> None:
    """The command gets the object, and no option that went into it."""
    size, colour = click.option("--size", type=int, default=3), click.option("--colour")

    @click.command(cls=Command)
    @colour
    @made("thing", lambda given: sorted(given.items(), key=str), size, also=(colour,))
    def command(thing: list[tuple[str, object]]) -> None:
        """Say what was made."""
        click.echo(thing)

    done = CliRunner().invoke(command, ["--colour", "red"])
    assert done.output == "[('colour', 'red'), ('size', 3)]\n"


@pytest.mark.parametrize(
    ("typed", "twice"),
    [
        (("compare", "--baseline", "a", "--candidate", "b", "--baseline=c"), "--baseline"),
        (("gate", "--baseline", "a", "--candidate", "b", "--candidate=c"), "--candidate"),
        (("report", "--format", "json", "--format", "text"), "--format"),
        (("build-site", "-C", "a", "-C", "b"), "-C"),
        (("--debug", "--debug", "report"), "--debug"),
    ],
)
def test_an_option_that_may_stand_once_and_stands_twice_is_refused(typed: tuple[str, ...], twice: str) -> None:
    """A verdict by the last of two would be taken for one by both; several candidates of `compare` are meant."""
    done = CliRunner().invoke(main, typed)
    assert done.exit_code == 2
    assert f"{twice} stands 2 times: give it once" in done.output


def test_a_workspace_is_named_in_one_place() -> None:
    """Before the command's name or after it."""
    done = CliRunner().invoke(main, ["-C", "one", "report", "-C", "other"])
    assert done.exit_code == 2
    assert "-C stands before and after the command: give it once" in done.output
