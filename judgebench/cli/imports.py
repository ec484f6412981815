"""judgebench import: bring other tools' files into the workspace."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judgebench.cli.base import Command, made, show_imported
from judgebench.errors import UsageError

if TYPE_CHECKING:
    from judgebench.interchange.formats import Options
    from judgebench.interchange.imported import Imported
    from judgebench.workspace import Workspace

_SCALE = re.compile(r"(-?\d+(?:\.\d+)?)-(-?\d+(?:\.\d+)?)", re.ASCII)
_COLUMNS = ("question", "reference", "category", "id")


def _scale(_: click.Context, __: click.Parameter, given: str | None) -> tuple[float, float] | None:
    if given is None:
        return None
    found = _SCALE.fullmatch(given)
    low, high = map(float, found.groups()) if found else (0.0, 0.0)
    if low >= high:
        raise UsageError(f"--scale takes LOW-HIGH, as 0-100, and {given!r} is not of that form")
    return low, high


def _options(given: Mapping[str, Any]) -> "Options":
    from judgebench.interchange.formats import Options

    columns = {name: given[f"column_{name}"] for name in _COLUMNS if given[f"column_{name}"]}
    rest = {name: value for name, value in given.items() if not name.startswith("column_")}
    return Options(**rest, columns=columns)


_about = (
    click.option(
        "--questions", metavar="NAME", help="The question set that it is about (default: as the format says)."
    ),
    click.option(
        "--judge", metavar="NAME", help="What the judge, or the voters, are called (default: as the file says)."
    ),
    click.option("--model", metavar="NAME", help="Whose answers these are (default: as the file says)."),
    click.option("--scale", metavar="LOW-HIGH", callback=_scale, help="Lowest and highest score (default: 0-10)."),
    click.option("--pair", nargs=2, metavar="A B", help="Whose answers are compared, where the file doesn't say."),
    click.option("--reparse", is_flag=True, help="Read verdicts from the review texts, not the stored scores."),
    click.option("--all", "everyone", is_flag=True, help="Arena battles: also those that were not anonymous."),
    click.option("--new-models", is_flag=True, help="Votes: also on models of which nothing else is known."),
    click.option("--question", "column_question", metavar="COLUMN", help="Questions: the column with the text."),
    click.option("--reference", "column_reference", metavar="COLUMN", help="Questions: the column with the reference."),
    click.option("--category", "column_category", metavar="COLUMN", help="Questions: the column with the category."),
    click.option("--id", "column_id", metavar="COLUMN", help="Questions: the column with the id."),
)


@click.command("import", cls=Command)
@click.argument("what", nargs=-1, required=True, metavar="[FORMAT] PATH")
@made("options", _options, *_about)
@click.pass_obj
def import_(workspace: "Workspace", what: tuple[str, ...], options: "Options") -> None:
    """Bring another tool's file or folder into the workspace.

    The format is told by what the file holds, or named before the path: docs/files.md has them all. What is there
    already is not added again.
    """
    from judgebench.extensions import names
    from judgebench.interchange.formats import import_path

    *form, path = what
    if len(form) > 1:
        raise UsageError(f"import takes [FORMAT] PATH, and {' '.join(what)!r} is more")
    if form and form[0] in names("importers"):
        show_imported(_added(form[0], Path(path), workspace, options))
    else:
        show_imported(import_path(Path(path), workspace, form[0] if form else None, options))


def _added(name: str, path: Path, workspace: "Workspace", options: "Options") -> "Imported":
    """Import by what another package adds."""
    from judgebench.extensions import extension
    from judgebench.interchange.keeping import record

    imported: Imported = extension("importers", name).added(path, workspace.check(), options.questions)
    record(imported, path, name, workspace)
    return imported
