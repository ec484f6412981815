"""judgebench.toml: options that a workspace gives to the commands."""

import contextlib
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judgebench.cli import main
from judgebench.cli.base import Command, Group, Main, workspace_option
from judgebench.cli.settings import NAME, defaults
from judgebench.errors import UsageError


@click.group(cls=Main)
def tool() -> None:
    """A tool whose commands print what they were given."""


tool.params.insert(0, workspace_option(shown=True))


@tool.command()
@click.option("--name", required=True)
@click.option("--max-cost")
@click.option("--margin", type=click.FloatRange(0, 1), default=0.05)
@click.option("--number", type=int, default=1)
@click.option("--judge", "judges", multiple=True)
@click.option("--form", type=click.Choice(["a", "b"]), default="a")
@click.option("--repair/--no-repair", default=True)
@click.option("--file", type=click.Path(path_type=Path))
def show(**given: Any) -> None:
    """Print the options."""
    click.echo(repr(given))


@tool.group(cls=Group)
def deep() -> None:
    """A group of commands."""


@deep.command(cls=Command)
@click.option("--name", default="-")
@click.argument("words", nargs=-1)
def say(name: str, words: tuple[str, ...]) -> None:
    """Print a name."""
    click.echo(f"name={name}")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace that is not where the command runs."""
    (tmp_path / "here").mkdir()
    (tmp_path / "w").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "w"


def run(*arguments: str | Path, commands: click.Group = tool) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


def shown(*arguments: str | Path) -> dict[str, Any]:
    """What `show` was given."""
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = eval(result.output, {"PosixPath": Path})  # noqa: S307
    return found


def put(folder: Path, text: str) -> None:
    """Write the file."""
    (folder / NAME).write_text(text, encoding="utf-8")


def test_without_a_file_nothing_changes(folder: Path) -> None:
    """The options' own defaults hold, and what is required stays so."""
    assert shown("-C", folder, "show", "--name", "n")["margin"] == 0.05
    assert "Missing option '--name'" in run("-C", folder, "show").output


def test_the_file_gives_options_of_every_type(folder: Path) -> None:
    """Required ones too, so that the command alone is enough."""
    put(
        folder,
        '[show]\nname = "n"\nmax-cost = 5\nmargin = 0\nnumber = 3\njudge = ["x", "y"]\nform = "b"\nrepair = false\n'
        'file = "a/b"\n',
    )
    assert shown("-C", folder, "show") == {
        **{"name": "n", "max_cost": "5", "margin": 0.0, "number": 3, "judges": ("x", "y"), "form": "b"},
        **{"repair": False, "file": Path("a/b")},
    }


def test_an_option_that_may_be_repeated_takes_one_value_too(folder: Path) -> None:
    """Which needs no list."""
    put(folder, '[show]\nname = "n"\njudge = "x"\n')
    assert shown("-C", folder, "show")["judges"] == ("x",)


def test_dashes_and_underscores_are_the_same(folder: Path) -> None:
    """In keys, as in the names of parameters."""
    put(folder, '[show]\nname = "n"\nmax_cost = "0.5"\n')
    assert shown("-C", folder, "show")["max_cost"] == "0.5"


def test_the_command_line_wins(folder: Path) -> None:
    """Over single values and over lists as a whole."""
    put(folder, '[show]\nname = "n"\nmargin = 0.1\njudge = ["x", "y"]\nrepair = false\n')
    found = shown("-C", folder, "show", "--margin", "0.2", "--judge", "z", "--repair")
    assert (found["margin"], found["judges"], found["repair"], found["name"]) == (0.2, ("z",), True, "n")


@pytest.mark.parametrize("after", [True, False], ids=["-C after the name", "-C before the name"])
def test_the_file_is_that_of_the_workspace_in_use(folder: Path, after: bool) -> None:
    """Wherever -C stands, and not that of the folder in which the command runs."""
    put(folder, '[show]\nname = "there"\n')
    put(Path(), '[show]\nname = "here"\n')
    place = ("-C", folder)
    assert shown(*(("show", *place) if after else (*place, "show")))["name"] == "there"
    assert shown("show", "--margin", "0.2", *place)["name"] == "there"
    assert shown("show")["name"] == "here"


def test_commands_of_a_group_have_tables_in_its_table(folder: Path) -> None:
    """As in `[questions.generate]`."""
    put(folder, '[deep.say]\nname = "n"\n')
    assert run("-C", folder, "deep", "say").output == "name=n\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[show\n", "is not TOML"),
        ('[show]\nname = "n"\nmargn = 1\n', "[show] show has no option --margn; did you mean margin?"),
        ("[show]\napi-key = 'sk-secret'\n", "[show] show has no option --api-key"),
        ("[show]\nC = 'x'\n", "[show] show has no option --C"),
        ("[show]\nno-repair = true\n", "[show] show has no option --no-repair; did you mean repair?"),
        ("[shaw]\n", "there is no command shaw; did you mean show?"),
        ("[deep.sya]\n", "[deep] there is no command deep sya; did you mean say?"),
        ("[deep.say]\nwords = 'x'\n", "[deep.say] deep say has no option --words"),
        ("name = 'n'\n", "name stands in no command's table, such as [compare]"),
        ("show = 'n'\n", "show is a command: its options stand under [show]"),
        ("[show]\nmargin = 'x'\n", "[show] margin: takes a number, not text"),
        ("[show]\nmargin = true\n", "[show] margin: takes a number, not true or false"),
        ("[show]\nmargin = 2\n", "[show] margin: 2.0 is not in the range 0<=x<=1."),
        ("[show]\nnumber = 1.5\n", "[show] number: takes a whole number, not a number"),
        ("[show]\nname = true\n", "[show] name: takes text in quotes, or a number, not true or false"),
        ("[show]\nname = ['x']\n", "[show] name: takes text in quotes, or a number, not a list"),
        ("[show]\nname = 2026-01-01\n", "[show] name: takes text in quotes, or a number, not that"),
        ("[show]\njudge = [['x']]\n", "[show] judge: takes text in quotes, or a number, not a list"),
        ("[show]\nform = 'c'\n", "[show] form: 'c' is not one of 'a', 'b'."),
        ("[show]\nfile = 1\n", "[show] file: takes text in quotes, not a whole number"),
        ("[show]\nrepair = 'no'\n", "[show] repair: takes true or false, not text"),
        ("[show]\nmax-cost = 1\nmax_cost = 2\n", "[show] max-cost is there twice"),
    ],
)
def test_a_slip_is_one_line_with_file_and_key(folder: Path, text: str, said: str) -> None:
    """Exit status 2, whichever command runs; no value of an option that there isn't, which may be a secret."""
    put(folder, text)
    for command in (("show", "--name", "n"), ("deep", "say")):
        result = run("-C", folder, *command)
        assert result.exit_code == 2, result.output
        assert result.stderr.startswith(f"judgebench: {folder / NAME}")
        assert said in result.stderr
        assert result.stderr.count("\n") == 1
        assert "sk-secret" not in result.output


def test_a_file_that_is_no_utf_8_is_named(folder: Path) -> None:
    """As one that is no TOML."""
    (folder / NAME).write_bytes(b"\xff")
    assert f"{folder / NAME} is not TOML" in run("-C", folder, "show").stderr


def test_help_needs_no_file_in_order(folder: Path) -> None:
    """Since one may look there for what is wrong with it."""
    put(folder, "[show\n")
    assert run("-C", folder, "show", "--help").exit_code == 0


def test_the_tool_s_own_commands_take_it(folder: Path) -> None:
    """One in a group, with an option from the file; and a slip in another's table stops a third."""
    assert run("init", folder, commands=main).exit_code == 0
    put(folder, '[questions.show]\nid = "write-1"\n')
    assert "no question write-1" in run("-C", folder, "questions", "show", "core-80", commands=main).stderr
    put(folder, '[get-answers]\nmax-costs = 5\n[questions.generate]\nmodel = "openai:x"\n')
    assert "did you mean max-cost?" in run("report", "-C", folder, commands=main).stderr


def test_no_command_has_an_option_for_a_secret() -> None:
    """So that none can come into the file: keys come from the environment alone."""

    def names(command: click.Command) -> list[str]:
        below = command.commands.values() if isinstance(command, click.Group) else ()
        return [opt for param in command.params for opt in param.opts] + [name for one in below for name in names(one)]

    assert not [name for name in names(main) if any(word in name for word in ("key", "secret", "token-", "password"))]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("[]show.name=\"'\n -_1t{},#"), max_size=40))
def test_any_file_is_read_or_refused(tmp_path: Path, text: str) -> None:
    """Never with another error than the one for people."""
    (tmp_path / NAME).write_text(text, encoding="utf-8")
    with contextlib.suppress(UsageError):
        assert isinstance(defaults(tmp_path, tool, ["show"]), dict)
