"""`judgebench references ...`: a judge writes references, and a person accepts them."""

from functools import partial
from typing import TYPE_CHECKING

import click

from judgebench.cli import options
from judgebench.cli.base import Group
from judgebench.cli.outcome import Outcome, strict

if TYPE_CHECKING:
    from judgebench.judging.references import Drafting
    from judgebench.models import Options
    from judgebench.question_sets import Selection
    from judgebench.workspace import Workspace

_judge = click.option("--judge", required=True, metavar="NAME", help="Whose drafts: the name or spec of the judge.")


@click.group(cls=Group)
def references() -> None:
    """References written by a judge: it answers first, you look at it, and accept what is right."""


@references.command()
@options.questions
@click.option("--judge", required=True, metavar="SPEC", help="The model that answers: openai:ID, ... (docs/models.md).")
@options.a_selection
@options.some_calls
@strict
@click.pass_obj
def generate(workspace: "Workspace", /, selection: "Selection", judge: str, calls: "Options", strict: bool) -> None:
    """Have a judge answer the questions that lack references, into drafts beside the set.

    Without --category these are the categories that need references.
    """
    from judgebench.judging import references
    from judgebench.models import load_model, parse_spec

    question_set, spec = workspace.check().question_set(selection.question_set), parse_spec(judge)
    wanted = references.lacking(question_set, selection.categories, selection.limit)
    model, outcome = load_model(spec, calls), Outcome()
    stage = partial(references.generate, workspace, question_set, wanted, spec, model)
    outcome.follow(spec.name, f"references by {spec.name}", stage)
    click.echo(
        f"look at them with `judgebench references show --questions {question_set.name} --judge {spec.name}`", err=True
    )
    outcome.end(strict)


_rubrics = click.option(
    "--rubrics", is_flag=True, help="Drafts of rubrics (`questions draft-rubric`), in place of references."
)


@references.command()
@options.questions
@_judge
@_rubrics
@click.pass_obj
def show(workspace: "Workspace", questions: str, judge: str, rubrics: bool) -> None:
    """Print the drafts that wait to be accepted."""
    from judgebench.judging import references
    from judgebench.terminal import printable

    name = table_name(judge)
    what, found = _what(rubrics), workspace.check().question_set(questions)
    for question, draft in references.proposals(workspace, found, name, what):
        click.echo(click.style(f"{question.id} ({question.category})", bold=True))
        if rubrics:
            for turn in question.turns:
                click.echo(printable(turn, chr(10) + chr(9)))
            click.echo(f"--- draft:\n{printable(draft.turns[0], chr(10) + chr(9))}\n")
            continue
        for turn, said in zip(question.turns, draft.turns, strict=True):
            click.echo(f"{printable(turn, chr(10) + chr(9))}\n--- draft:\n{printable(said, chr(10) + chr(9))}")
        click.echo()


@references.command()
@options.questions
@_judge
@_rubrics
@click.option("--id", "ids", multiple=True, help="Only this question's (repeatable; default: all).")
@click.pass_obj
def accept(workspace: "Workspace", questions: str, judge: str, rubrics: bool, ids: tuple[str, ...]) -> None:
    """Make drafts the references of their questions, or their rubrics; what is there stays."""
    from judgebench.judging import references

    name = table_name(judge)
    filled = references.accept(workspace.check(), questions, name, ids, _what(rubrics))
    click.echo(f"{len(filled)} questions of {questions} have {'rubrics' if rubrics else 'references'} by {name} now")


def _what(rubrics: bool) -> "Drafting":
    from judgebench.judging import references

    return references.RUBRICS if rubrics else references.REFERENCES


def table_name(judge: str) -> str:
    """What a judge's rows call it: an imported judge's name is no spec."""
    from judgebench.errors import UsageError
    from judgebench.models import parse_spec

    try:
        return parse_spec(judge).name
    except UsageError:
        return judge
