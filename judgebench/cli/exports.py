"""judgebench export: what the workspace holds, in files that other tools open."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from judgebench.cli.base import Command
from judgebench.errors import UsageError

if TYPE_CHECKING:
    from judgebench.report import Options
    from judgebench.workspace import Workspace

_TABLES = ("reviews", "answers", "questions")
_WHAT = (*_TABLES, "figures", "fastchat", "fastchat-table", "llm-comparator", "model-card")


@click.command(cls=Command)
@click.argument("what", type=click.Choice(_WHAT))
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--questions", metavar="SET", help="Only of this question set.")
@click.option("--judge", metavar="NAME", help="Only by this judge.")
@click.option("--model", metavar="NAME", help="model-card: whose card it is.")
@click.option("--pair", nargs=2, metavar="A B", help="llm-comparator: the two models (default: the only two).")
@click.option("--parquet", is_flag=True, help="figures: as Parquet (extra `parquet`), not CSV.")
@click.pass_obj
def export(
    workspace: "Workspace", what: str, path: Path, questions: str | None, judge: str | None, model: str | None,
    pair: tuple[str, str] | None, parquet: bool,
) -> None:  # fmt: skip
    """Write what the workspace holds in a form that other tools open.

    Reviews, answers and questions are a table in a file that ends in .csv or .parquet; figures are the report's tables,
    a file each in the folder PATH; fastchat is a folder of `llm_judge` data, fastchat-table one of the 2023 format;
    llm-comparator is a pair as LLM Comparator's JSON; model-card is the head of a Hugging Face model card.
    docs/files.md says what is kept.
    """
    from judgebench.report import Options, exports

    place, options = workspace.check(), Options(questions, judge)
    for option, given, of in (("--pair", pair, "llm-comparator"), ("--model", model, "model-card")):
        if given and what != of:
            raise UsageError(f"{option} is for {of}")
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
    else:
        click.echo(f"{_comparator(path, place, questions, judge, pair)} examples in {path}")


def _model_card(path: Path, workspace: "Workspace", options: "Options", model: str | None) -> None:
    from judgebench import report
    from judgebench.report.model_card import model_card
    from judgebench.tables.store import replace_file

    if model is None:
        raise UsageError("say whose card it is by --model NAME")
    replace_file(path, model_card(report.build(workspace, options), model).encode("utf-8"))


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
