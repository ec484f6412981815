"""Write docs/commands.md from the command line itself, or, with --check, say whether it is up to date."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from judgebench.cli import main as judgebench

TARGET = Path(__file__).parent.parent / "docs" / "commands.md"
HEAD = """# Commands

Written by `make docs` from the code; `make lint` checks that it is up to date. Exit status: 0 done, 1 failed,
2 wrong usage.
"""


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Context]]:
    """A command and all below it, each with its full name."""
    context = click.Context(command, info_name=name, max_content_width=100, terminal_width=100)
    yield name, context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None:
                yield from commands(found, f"{name} {below}")


def reference() -> str:
    """The text of the reference."""
    found = commands(judgebench, "judgebench")
    sections = [f"## {name}\n\n```\n{context.get_help()}\n```\n" for name, context in found]
    return "\n".join([HEAD, *sections])


def main() -> None:
    """Write the reference, or compare."""
    if "--check" not in sys.argv:
        TARGET.write_text(reference(), encoding="utf-8")
    elif not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != reference():
        sys.exit("docs/commands.md is not what the code says: run `make docs`")


if __name__ == "__main__":
    main()
