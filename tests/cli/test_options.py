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
