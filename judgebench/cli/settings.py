"""`judgebench.toml` in a workspace: what the commands' options are where the command line doesn't say.

A table per command (`[compare]`, `[questions.generate]`), its keys the long options without their dashes. All of the
file is checked, whichever command runs, so that a slip in it is found at once and not when it matters.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import click

from judgebench.cli.base import Tables
from judgebench.errors import UsageError, nearest
from judgebench.tables import toml

NAME = "judgebench.toml"
Names: TypeAlias = tuple[str, ...]


def defaults(root: Path, commands: click.Group, path: Sequence[str]) -> dict[str, Any]:
    """What a workspace's file says for the command at `path` below `commands`, by the names of its parameters.

    Raises UsageError, with file and key, for what is no TOML, names no command or option, or is of the wrong type.
    """
    file = root / NAME
    found = dict(_Checked(file).tables(commands, _read(file)))
    return found.get(tuple(path), {})


def _read(file: Path) -> dict[str, Any]:
    try:
        return toml.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not TOML: {error}") from error


@dataclass(frozen=True, slots=True)
class _Checked:
    """A file's tables, held against the commands that there are."""

    file: Path

    def tables(
        self, group: click.Group, found: Mapping[str, Any], path: Names = ()
    ) -> Iterator[tuple[Names, dict[str, Any]]]:
        """Each command's parameters and values, by the command's path."""
        for key, value in self._plain(found, path).items():
            here = (*path, key)
            command = group.commands.get(key)
            if command is None and not isinstance(value, dict):
                raise self._wrong(path, f"{key} stands in no command's table, such as [compare]")
            if command is None:
                raise self._wrong(path, f"there is no command {' '.join(here)}{_nearest(key, group.commands)}")
            if not isinstance(value, dict):
                raise self._wrong(path, f"{key} is a command: its options stand under [{'.'.join(here)}]")
            if isinstance(command, click.Group):
                yield from self.tables(command, value, here)
            else:
                yield here, dict(self._options(command, value, here))

    def _options(self, command: click.Command, found: Mapping[str, Any], path: Names) -> Iterator[tuple[str, Any]]:
        known = options(command)
        for key, value in self._plain(found, path).items():
            option = known.get(key)
            if option is None:
                raise self._wrong(path, f"{' '.join(path)} has no option --{key}{_nearest(key, known)}")
            try:
                yield option.name or key, _value(option, value)
            except click.BadParameter as error:
                raise self._wrong(path, f"{key}: {error.message}") from error

    def _plain(self, found: Mapping[str, Any], path: Names) -> dict[str, Any]:
        """By keys with dashes, as on the command line."""
        plain: dict[str, Any] = {}
        for key, value in found.items():
            name = key.replace("_", "-")
            if name in plain:
                raise self._wrong(path, f"{name} is there twice, with a dash and with an underscore")
            plain[name] = value
        return plain

    def _wrong(self, path: Names, what: str) -> UsageError:
        return UsageError(f"{self.file}: {'[' + '.'.join(path) + '] ' if path else ''}{what}")


def options(command: click.Command) -> dict[str, click.Option]:
    """A command's options by their long names without the dashes; -C, by which the file is found, is none of them."""
    found = [one for one in command.params if isinstance(one, click.Option) and one.expose_value]
    return {name[2:]: option for option in found for name in option.opts if name.startswith("--")}


def _nearest(key: str, known: Iterable[str]) -> str:
    near = nearest(key, known)
    return f"; did you mean {near}?" if near else ""


def _value(option: click.Option, value: object) -> Any:
    """The value as click takes it; BadParameter where the command line wouldn't take the like."""
    if not option.multiple:
        return _one(option, value)
    return [_one(option, item) for item in (value if isinstance(value, list) else [value])]


def _one(option: click.Option, value: object) -> Any:
    kinds, called = _kinds(option)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise click.BadParameter(f"takes {called}, not {_CALLED.get(type(value), 'that')}")
    given = str(value) if str in kinds and not isinstance(value, dict) else value
    option.type.convert(given, option, None)
    return given


def _kinds(option: click.Option) -> tuple[tuple[type, ...], str]:
    """What an option takes in TOML, and what that is called."""
    for param_type, kinds, called in _KINDS:
        if isinstance(option.type, param_type):
            return kinds, called
    return (str,), "text in quotes"


_KINDS: tuple[tuple[type[click.ParamType[Any]], tuple[type, ...], str], ...] = (
    (Tables, (dict, str), "a table"),
    (click.types.BoolParamType, (bool,), "true or false"),
    (click.types.IntParamType, (int,), "a whole number"),
    (click.types.FloatParamType, (int, float), "a number"),
    (click.types.StringParamType, (str, int, float), "text in quotes, or a number"),
)
_CALLED: Mapping[type, str] = {
    **{bool: "true or false", int: "a whole number", float: "a number", str: "text", list: "a list", dict: "a table"},
}
