"""The command line: parse, call, print. Everything heavy is imported inside the command that needs it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from judgebench._version import __version__
from judgebench.cli.answers import get_answers
from judgebench.cli.audit import audit
from judgebench.cli.base import Main, workspace_option
from judgebench.cli.choose_judge import choose_judge
from judgebench.cli.compare import compare
from judgebench.cli.embedded import embedded
from judgebench.cli.exports import export
from judgebench.cli.gate import gate
from judgebench.cli.history import history
from judgebench.cli.imports import import_
from judgebench.cli.questions import questions
from judgebench.cli.references import references
from judgebench.cli.remove import remove
from judgebench.cli.report import report
from judgebench.cli.review import review
from judgebench.cli.watch import watch

if TYPE_CHECKING:
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


main.add_command(get_answers)
main.add_command(review)
main.add_command(questions)
main.add_command(references)
main.add_command(import_)
main.add_command(export)
main.add_command(remove)
main.add_command(report)
main.add_command(compare)
main.add_command(gate)
main.add_command(watch)
main.add_command(history)
main.add_command(audit)
main.add_command(choose_judge)
main.add_command(embedded)


@main.command()
@click.argument("directory", type=click.Path(path_type=Path))
def init(directory: Path) -> None:
    """Make DIRECTORY a workspace, with our question sets in it."""
    from judgebench import workspace

    for line in workspace.init(directory):
        click.echo(line)


@main.command("build-site")
@click.option("--questions", metavar="SET", help="Only answers to this question set and reviews on it.")
@click.option("--judge", metavar="NAME", help="Only reviews by this judge.")
@click.pass_obj
def build_site(workspace: "Workspace", questions: str | None, judge: str | None) -> None:
    """Build the static site, into webpage/."""
    from judgebench import site

    built = site.build(workspace.check(), questions, judge)
    click.echo(f"{built.pages} pages in {built.folder}; look at them with `judgebench -C {workspace.root} serve`")


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any free port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Other addresses let others in.")
@click.pass_obj
def serve(workspace: "Workspace", port: int, host: str) -> None:
    """Serve webpage/ until stopped."""
    from judgebench.site.server import serve

    serve(workspace.check().webpage, host, port)
