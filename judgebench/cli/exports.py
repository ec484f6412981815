"""judgebench export: what the workspace holds, in files that other tools open."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judgebench.cli.base import Command, made
from judgebench.errors import UsageError

if TYPE_CHECKING:
    from judgebench.report import Options
    from judgebench.workspace import Workspace

_TABLES = ("reviews", "answers", "questions")
_WHAT = (*_TABLES, "figures", "fastchat", "fastchat-table", "llm-comparator", "model-card", "every-eval-ever")


def _options(given: Mapping[str, Any]) -> "Options":
    from judgebench.report import Options

    return Options(given["questions"], given["judge"])


@click.command(cls=Command)
@click.argument("what", type=click.Choice(_WHAT))
@click.argument("path", type=click.Path(path_type=Path))
@made(
    "options",
    _options,
    click.option("--questions", metavar="SET", help="Only of this question set."),
    click.option("--judge", metavar="NAME", help="Only by this judge."),
)
@click.option("--model", metavar="NAME", help="model-card, every-eval-ever: of this model.")
@click.option("--organization", metavar="NAME", help="every-eval-ever: who made this evaluation.")
@click.option("--pair", nargs=2, metavar="A B", help="llm-comparator: the two models (default: the only two).")
@click.option("--parquet", is_flag=True, help="figures: as Parquet (extra `parquet`), not CSV.")
@click.pass_obj
def export(
    workspace: "Workspace", /, options: "Options", what: str, path: Path, model: str | None,
    organization: str | None, pair: tuple[str, str] | None, parquet: bool,
) -> None:  # fmt: skip
    """Write what the workspace holds in a form that other tools open.

    Reviews, answers and questions are a table in a file that ends in .csv or .parquet; figures are the report's tables,
    a file each in the folder PATH; fastchat is a folder of `llm_judge` data, fastchat-table one of the 2023 format;
    llm-comparator is a pair as LLM Comparator's JSON; model-card is the head of a Hugging Face model card;
    every-eval-ever is a folder of that project's records. docs/files.md says what is kept.
    """
    from judgebench.report import exports

    place, questions, judge = workspace.check(), options.questions, options.judge
    for option, given, of in (
        ("--pair", pair, _WHAT[-3:-2]), ("--model", model, _WHAT[-2:]), ("--organization", organization, _WHAT[-1:])
    ):  # fmt: skip
        if given and what not in of:
            raise UsageError(f"{option} is for {' and '.join(of)}")
    if what in _TABLES:
        click.echo(f"{exports.export_table(what, path, place, options)} rows in {path}")
    elif what == "figures":
        for written in exports.export_figures(path, place, options, ".parquet" if parquet else ".csv"):
            click.echo(str(written))
    elif what.startswith("fastchat"):
        counts = _fastchat(what, path, place, questions, judge)
        click.echo(f"{', '.join(f'{number} {part}' for part, number in counts.items())} in {path}")
    elif what == "model-card":
        _model_card(path, place, options, model)
        click.echo(str(path))
    elif what == "every-eval-ever":
        click.echo(f"{_every_eval_ever(path, place, options, model, organization)} records in {path}")
    else:
        click.echo(f"{_comparator(path, place, questions, judge, pair)} examples in {path}")


def _model_card(path: Path, workspace: "Workspace", options: "Options", model: str | None) -> None:
    from judgebench import report
    from judgebench.report.model_card import model_card
    from judgebench.tables.store import replace_file

    if model is None:
        raise UsageError("say whose card it is by --model NAME")
    replace_file(path, model_card(report.build(workspace, options), model).encode("utf-8"))


def _every_eval_ever(
    path: Path, workspace: "Workspace", options: "Options", model: str | None, organization: str | None
) -> int:
    import json
    import time

    from judgebench import report
    from judgebench.report.build import reviews_of
    from judgebench.report.every_eval_ever import records, scales
    from judgebench.tables.store import replace_file

    if not organization:
        raise UsageError("say who made this evaluation by --organization NAME: every record names it")
    held, built = scales(reviews_of(workspace, options)), report.build(workspace, options)
    found = list(records(built, held, organization, int(time.time()), model))
    for name, record in found:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        replace_file(path / name, json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False).encode("utf-8"))
    return len(found)


def _fastchat(
    what: str, path: Path, workspace: "Workspace", questions: str | None, judge: str | None
) -> dict[str, int]:
    from judgebench.interchange.fastchat.table_writing import export_table
    from judgebench.interchange.fastchat.writing import export_fastchat

    names = [found.name for found in workspace.question_sets()]
    if questions is None and len(names) != 1:
        raise UsageError(f"say which set by --questions SET; there is {', '.join(names) or 'none'}")
    write = export_fastchat if what == "fastchat" else export_table
    return write(path, workspace, questions or names[0], judge)


def _comparator(
    path: Path, workspace: "Workspace", questions: str | None, judge: str | None, pair: tuple[str, str] | None
) -> int:
    import json

    from judgebench.interchange.llm_comparator import comparison
    from judgebench.tables.store import replace_file

    made = comparison(workspace, questions, judge, pair)
    replace_file(path, json.dumps(made, ensure_ascii=False, indent=1, allow_nan=False).encode("utf-8"))
    return len(made["examples"])
