"""`judgebench questions ...`: look at question sets, check them, extend them, fetch and make them."""

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judgebench.cli import options
from judgebench.cli.base import Group, inert, made, show_imported
from judgebench.cli.outcome import Outcome, strict
from judgebench.errors import JudgebenchError, UsageError

if TYPE_CHECKING:
    from judgebench.models import Options
    from judgebench.question_sets import Category, Selection
    from judgebench.question_sets.generate import Wanted
    from judgebench.workspace import Workspace

SCORERS = ("judge", "exact", "regex", "numeric", "checks", "unit-tests", "ifeval", "ifeval-loose")
_set = click.argument("set_name", metavar="SET")


@click.group(cls=Group)
def questions() -> None:
    """Question sets: list, check, extend, sample, fetch and make them."""


@questions.command("list")
@click.pass_obj
def list_(workspace: "Workspace") -> None:
    """List the question sets of the workspace."""
    found = workspace.check().question_sets()
    for question_set in found:
        head, turns = question_set.head, max(len(question.turns) for question in question_set.questions)
        count = f"{len(question_set.questions)} questions, {turns} turn{'s' * (turns > 1)}"
        click.echo(inert(f"{head.name} {head.version}: {count}; {', '.join(head.categories)}"))
    if not found:
        click.echo(f"no question set in {workspace.root}; `judgebench init` adds ours, `questions fetch` others")


@questions.command()
@_set
@click.option("--category", "chosen", multiple=True, help="Only this category (repeatable).")
@click.option("--id", "ids", multiple=True, help="Only this question, with its reference and rubric (repeatable).")
@click.pass_obj
def show(workspace: "Workspace", set_name: str, chosen: tuple[str, ...], ids: tuple[str, ...]) -> None:
    """Print questions of a set."""
    question_set = workspace.check().question_set(set_name)
    known = {question.id for question in question_set.questions}
    if missing := [name for name in ids if name not in known]:
        raise UsageError(f"no question {', '.join(missing)} in {set_name}")
    from judgebench.terminal import printable

    for question in question_set.select(chosen):
        if not ids or question.id in ids:
            click.echo(click.style(inert(f"{question.id} ({question.category})"), bold=True))
            for number, turn in enumerate(question.turns, start=1):
                click.echo(printable(turn, "\n\t"))
                if ids and (reference := question.reference(number)):
                    click.echo("--- reference:")
                    click.echo(printable(reference, "\n\t"))
            for one in question_set.rubric(question) if ids else ():
                scale = f" ({one.scale[0]:g} to {one.scale[1]:g})" if one.scale else ""
                click.echo(inert(f"{one.points:+g}{scale}: {one.criterion}"))
            click.echo()


@questions.command()
@click.argument("set_names", metavar="[SET]...", nargs=-1)
@click.pass_obj
def validate(workspace: "Workspace", set_names: tuple[str, ...]) -> None:
    """Check sets: every problem with its file, line and a way to mend it. Exit status 1 where there is one.

    Without a name, all of the workspace.
    """
    from judgebench.question_sets.validate import validate
    from judgebench.tables.store import original_name

    found = 0
    folders = sorted(head.parent.name for head in workspace.check().root.glob("question_sets/[!.]*/set.toml"))
    for name in set_names or map(original_name, folders):
        problems = validate(workspace.check().question_set_folder(name))
        found += len(problems)
        for problem in problems:
            click.echo(inert(str(problem)))
        if not problems:
            click.echo(f"{name}: no problem")
    if found:
        raise JudgebenchError(f"{found} problem{'s' * (found > 1)}")


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _settings(given: Mapping[str, Any]) -> "Category":
    from judgebench.question_sets import Category

    return Category(**{name: value for name, value in given.items() if value is not None})


_settings_options = (
    click.option("--title", help="For people (default: the category's name)."),
    click.option("--temperature", type=click.FloatRange(0), default=0.0, show_default=True),
    click.option("--max-tokens", type=click.IntRange(1), default=1024, show_default=True),
    click.option("--scorer", type=click.Choice(SCORERS), default="judge", show_default=True, help="Who scores."),
    click.option("--needs-reference", is_flag=True, help="Every question has to have a reference."),
    click.option("--single", help="Judge prompt for single reviews (default: rating)."),
    click.option("--pairwise", help="Judge prompt for pairwise reviews (default: choice)."),
)


@questions.command("add-category")
@_set
@click.argument("category")
@click.option("--from", "path", type=_FILE, help="JSONL, CSV or TSV; without it, type the questions in.")
@made("settings", _settings, *_settings_options)
@click.pass_obj
def add_category(
    workspace: "Workspace", /, set_name: str, category: str, path: Path | None, settings: "Category"
) -> None:
    """Add CATEGORY to SET, with questions from a file or typed in."""
    from dataclasses import replace

    from judgebench.question_sets import extend, reading

    folder, made = _folder(workspace, set_name), replace(settings, title=settings.title or category)
    taken = extend.ids_of_others(folder, category)
    if path:
        found = reading.read_questions(path, category, taken)
    elif sys.stdin.isatty():
        found = extend.ask_questions(_ask, category, taken, made.needs_reference)
    else:
        raise UsageError("name a file of questions with --from, or run this on a terminal to type them in")
    added = extend.add_category(folder, category, made, found)
    click.echo(f"{set_name}: {len(added)} questions in {category}; next: judgebench get-answers --questions {set_name}")


def _wanted(given: Mapping[str, Any]) -> "Wanted":
    from judgebench.question_sets.generate import Wanted

    return Wanted(**given)


@questions.command()
@_set
@click.argument("category")
@click.option("--model", "spec", required=True, metavar="SPEC", help="Who writes: openai:ID, ... (docs/models.md).")
@made(
    "wanted", _wanted,
    click.option("--about", default="", help="What the category is about, in a sentence."),
    click.option("--count", type=click.IntRange(1), default=10, show_default=True, help="Drafts wanted."),
    click.option("--turns", type=click.IntRange(1), default=1, show_default=True, help="User turns per question."),
    click.option("--references", is_flag=True, help="Ask for a reference answer to each, too."),
    click.option("--max-calls", type=click.IntRange(1), default=20, show_default=True, help="Requests at the most."),
    also=("category",),
)  # fmt: skip
@click.option("--prompt", type=_FILE, help="A jinja2 file in place of our prompt.")
@options.some_calls
@strict
@click.pass_obj
def generate(
    workspace: "Workspace",
    /,
    set_name: str,
    spec: str,
    wanted: "Wanted",
    prompt: Path | None,
    calls: "Options",
    strict: bool,
) -> None:
    """Have a model write drafts of questions for CATEGORY of SET, for a person to accept."""
    from judgebench.models import load_model, parse_spec
    from judgebench.question_sets import drafts, prompts
    from judgebench.question_sets import generate as generation

    question_set, parsed = workspace.check().question_set(set_name), parse_spec(spec)
    text = prompts.load(prompt or prompts.QUESTIONS)
    writer = generation.Writer(parsed.name, load_model(parsed, calls), text)
    table = drafts.drafts_table(_folder(workspace, set_name), wanted.category)
    outcome = Outcome()
    for call in generation.generate(question_set, wanted, writer, table):
        outcome.add(writer.name, call.failure)
        _tell(call)
    click.echo(f"{len(drafts.pending(table))} drafts wait in {table.path}")
    click.echo(f"read them, then: judgebench questions accept {set_name} {wanted.category}")
    outcome.end(strict)


@questions.command("draft-rubric")
@click.argument("questions", metavar="SET")
@click.option("--judge", required=True, metavar="SPEC", help="The model that writes: openai:ID, ... (docs/models.md).")
@options.a_selection
@options.some_calls
@strict
@click.pass_obj
def draft_rubric(workspace: "Workspace", /, selection: "Selection", judge: str, calls: "Options", strict: bool) -> None:
    """Have a model write a rubric for each question of SET that has none, for a person to accept."""
    from judgebench.judging import references
    from judgebench.models import load_model, parse_spec

    question_set, spec = workspace.check().question_set(selection.question_set), parse_spec(judge)
    wanted = references.without_rubric(question_set, selection.categories, selection.limit)
    model, outcome = load_model(spec, calls), Outcome()
    stage = partial(references.generate, workspace, question_set, wanted, spec, model, references.RUBRICS)
    outcome.follow(spec.name, f"rubrics by {spec.name}", stage)
    about = f"--questions {question_set.name} --judge {spec.name} --rubrics"
    click.echo(f"read them with `judgebench references show {about}`, then: judgebench references accept {about}")
    outcome.end(strict)


@questions.command()
@_set
@click.argument("category")
@click.argument("ids", nargs=-1)
@click.pass_obj
def accept(workspace: "Workspace", set_name: str, category: str, ids: tuple[str, ...]) -> None:
    """Move drafts (those named, or all) into CATEGORY of SET, which is made where there is none."""
    from judgebench.question_sets.drafts import accept

    moved = accept(_folder(workspace, set_name), category, ids or None)
    click.echo(f"{set_name}: {len(moved)} questions accepted into {category}")


@questions.command()
@_set
@click.argument("category")
@click.argument("ids", nargs=-1, required=True)
@click.pass_obj
def reject(workspace: "Workspace", set_name: str, category: str, ids: tuple[str, ...]) -> None:
    """Offer drafts no longer; later drafts are still compared with them."""
    from judgebench.question_sets.drafts import reject

    click.echo(f"{len(reject(_folder(workspace, set_name), category, ids))} drafts rejected")


@questions.command()
@_set
@click.argument("size", type=click.IntRange(1))
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--name", help="Of the new set (default: made of SET, SIZE and seed).")
@click.pass_obj
def sample(workspace: "Workspace", set_name: str, size: int, seed: int, name: str | None) -> None:
    """Make a set of SIZE questions of SET, from each category in proportion."""
    from judgebench.question_sets.sampling import sample, save_sample

    made = sample(workspace.check().question_set(set_name), size, seed, name)
    save_sample(made, _folder(workspace, set_name), workspace.question_set_folder(made.name))
    click.echo(f"{made.name}: {len(made.questions)} questions")


@questions.command()
@click.argument("name")
@click.option("--from", "origin", metavar="DIR_OR_URL", help="A mirror's base URL, or a folder that holds the files.")
@click.pass_obj
def fetch(workspace: "Workspace", name: str, origin: str | None) -> None:
    """Fetch a published set as it was published, with its judge prompts: vicuna-80 or mt-bench."""
    from judgebench.interchange.fetch import fetch

    show_imported(fetch(name, workspace, origin, lambda line: click.echo(line, err=True)))


@questions.command("long-context")
@click.argument("name")
@click.option(
    "--words",
    type=click.IntRange(300, 1_000_000),
    multiple=True,
    required=True,
    help="Length of the text (repeatable).",
)
@click.option("--count", type=click.IntRange(1), default=10, show_default=True, help="Questions per kind and length.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.pass_obj
def long_context(workspace: "Workspace", name: str, words: tuple[int, ...], count: int, seed: int) -> None:
    """Make a set that asks for a line or a topic of a long text; a comparison scores it, at no cost."""
    from judgebench import question_sets
    from judgebench.question_sets.long_context import long_context_set

    folder = workspace.check().question_set_folder(name)
    if folder.exists():
        raise UsageError(f"{folder} is there already: take another name")
    made = long_context_set(name, words, count, seed)
    question_sets.save(made, folder)
    click.echo(f"{name}: {len(made.questions)} questions in {', '.join(made.head.categories)}")


def _folder(workspace: "Workspace", set_name: str) -> Path:
    """The folder of a set that is there."""
    folder = workspace.check().question_set_folder(set_name)
    if not (folder / "set.toml").is_file():
        workspace.question_set(set_name)  # it says which sets there are
    return folder


def _ask(text: str) -> str:
    try:
        return str(click.prompt(text, default="", show_default=False))
    except click.Abort as error:  # the end of the input, which click doesn't tell from Ctrl-C
        raise EOFError from error


def _tell(call: Any) -> None:
    if call.failure:
        click.echo(inert(f"{call.asked_for}: {call.failure.kind}: {call.failure.message}"), err=True)
    for draft in call.dropped:
        click.echo(inert(f"dropped {draft.id}: {draft.dropped}"), err=True)
    if call.asked_for == "questions":
        click.echo(f"{len(call.kept)} drafts", err=True)
