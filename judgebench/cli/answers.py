"""judgebench get-answers: models answer the questions of a set."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from judgebench.cli import options
from judgebench.cli.base import Command, inert, made, paid
from judgebench.cli.outcome import Outcome, strict
from judgebench.errors import UsageError

if TYPE_CHECKING:
    from judgebench.answers import Drawing
    from judgebench.models import Options, Spec
    from judgebench.money.spending import Spending
    from judgebench.question_sets import QuestionSet, Selection
    from judgebench.tables.records import Question
    from judgebench.workspace import Workspace


def _drawing(given: Mapping[str, Any]) -> "Drawing":
    from judgebench.answers import Drawing, overrides

    return Drawing(overrides(given), given["choices"])


def _models(given: Mapping[str, Any]) -> "list[Spec]":
    from judgebench.models import parse_spec
    from judgebench.models.adapters import on_base

    models = [parse_spec(text) for text in given["specs"]]
    if not given["adapters"]:
        return models
    if len(models) > 1:
        raise UsageError("--adapter is for one base: give one --model")
    return on_base(models[0], given["adapters"])


def known_spec(
    workspace: "Workspace", question_set: "QuestionSet", wanted: "Sequence[Question]", spec: "Spec", calls: "Options",
    drawing: "Drawing", other_than: str = "",
) -> "Spec":  # fmt: skip
    """The spec by the name that its answers are known by, which is said where it is another.

    `other_than`: a name, or a spec with one, of what it is compared with, whose name it never takes.
    """
    from judgebench.answers import drafts, known_as
    from judgebench.models import load_model, parse_spec

    if spec.name != spec.text or not workspace.models(question_set.name):
        return spec
    drafted = (row for row, _ in drafts(question_set, wanted, spec, load_model(spec, calls), drawing))
    rival = parse_spec(other_than).name if ":" in other_than else other_than
    rows = (row for row in workspace.all_answers(question_set.name) if row.model != rival)
    known = known_as(spec, drafted, rows)
    if known != spec:
        said = f"{spec.text} is {known.name}, by its answers that there are: these are used"
        click.echo(inert(f"{said} (name it to ask anew: NEW={spec.text})"), err=True)
    return known


@click.command("get-answers", cls=Command)
@options.questions
@made(
    "models", _models,
    click.option(
        "--model", "specs", multiple=True, required=True, metavar="SPEC",
        help="[NAME=]openai:ID[?PARAMETER=VALUE&...], azure:DEPLOYMENT or hf:PATH_OR_REPO (repeatable; docs/models.md)",
    ),
    click.option(
        "--adapter", "adapters", multiple=True, metavar="[NAME=]PATH|REPO|PATTERN",
        help="hf: in place of --model, each adapter on it: a model of its own, the base loaded once (repeatable).",
    ),
)  # fmt: skip
@made(
    "drawing", _drawing, options.sampling,
    click.option(
        "--seed", type=int, help="Draws other samples; with openai:, sent along (default: drawn by the prompt)."
    ),
    click.option(
        "--num-choices", "choices", type=click.IntRange(1), default=1, show_default=True,
        help="Draw N samples of each answer: reports average over them.",
    ),
)  # fmt: skip
@options.a_selection
@options.dry_run
@options.a_spending
@options.some_calls
@strict
@click.pass_obj
def get_answers(
    workspace: "Workspace", /, selection: "Selection", models: "list[Spec]", drawing: "Drawing", dry_run: bool,
    spending: "Spending", calls: "Options", strict: bool,
) -> None:  # fmt: skip
    """Ask models the questions of a set, into answers/."""
    from judgebench.answers import drafts, get_answers
    from judgebench.models.adapters import shared
    from judgebench.models.loading.bases import Base
    from judgebench.money.cost import Quote

    question_set = workspace.check().question_set(selection.question_set)
    wanted = question_set.select(selection.categories, selection.limit)
    calls = replace(calls, base=Base() if shared(models) and calls.engine != "ray" else None)
    models = [known_spec(workspace, question_set, wanted, spec, calls, drawing) for spec in models]
    total, asked, outcome = Quote(), [], Outcome(*(spec.name for spec in models))
    for spec in models:
        table = workspace.answers(question_set.name, spec.name)
        model = spending.model(spec, calls, table.path.with_suffix(".batches"))
        drafted = drafts(question_set, wanted, spec, model, drawing)
        total += spending.quote_answers(spec.name, drafted, table)
        asked.append((spec, model, table))
    with paid(spending, total, "answers", dry_run) as go:
        for spec, model, table in asked if go else ():
            stage = partial(get_answers, question_set, wanted, spec, model, table, drawing)
            outcome.follow(spec.name, f"answers of {spec.name}", stage)
    outcome.end(strict)
