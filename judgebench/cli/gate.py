"""judgebench gate: several sets and guardrails to one verdict."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judgebench.cli import options as shared
from judgebench.cli.base import Command, Tables, inert, made, options
from judgebench.cli.logging import Trackers, log, log_to

if TYPE_CHECKING:
    from judgebench.compare.results import Inconclusive
    from judgebench.gate.policy import Policy
    from judgebench.gate.results import Gate
    from judgebench.trackers import Run
    from judgebench.workspace import Workspace


class _Sets(Tables):
    """`SET[:ROLE[:MARGIN]]`, or a table of judgebench.toml."""

    name = "set"

    def read(self, found: Any) -> Any:
        from judgebench.gate.policy import read_set

        if isinstance(found, str):
            questions, *others = found.split(":")
            if len(others) > 2:
                raise ValueError(f"{found!r} isn't SET[:ROLE[:MARGIN]]")
            role, margin = (*others, *("critical", "0.05")[len(others) :])
            found = {"questions": questions, "role": role, "margin": _number(margin, "MARGIN")}
        return read_set(found)


class _Guards(Tables):
    """`NAME=LIMIT`, or a table of judgebench.toml."""

    name = "guard"

    def read(self, found: Any) -> Any:
        from judgebench.gate.policy import guard, read_guards

        if isinstance(found, str):
            name, _, limit = found.partition("=")
            return (guard(name, _number(limit, "LIMIT")),)
        return read_guards(found)


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{what} is a number; {text!r} isn't") from None


def _policy(given: Mapping[str, Any]) -> "Policy":
    from judgebench.compare.options import Options
    from judgebench.gate.policy import Policy

    common = Options.given({**given, "questions": "", "chosen": ()})
    guards = tuple(guard for several in given["guards"] for guard in several)
    return Policy(tuple(given["sets"]), guards, common)


_parts = (
    click.option(
        "--set", "sets", multiple=True, type=_Sets(), metavar="SET[:ROLE[:MARGIN]]",
        help="A question set (repeatable). ROLE: critical, supporting or advisory.",
    ),
    click.option(
        "--guard", "guards", multiple=True, type=_Guards(), metavar="NAME=LIMIT",
        help="A limit on answers (repeatable): answer_length=1.3, refused=2, empty_or_cut=2, checked=-3.",
    ),
    click.option(
        "--alpha", type=click.FloatRange(0, 0.25, min_open=True, max_open=True), default=0.05, show_default=True,
        help="The chance of a wrong GO by the sets, and that of a wrong NO-GO, however often one looks.",
    ),
)  # fmt: skip


_asked = (shared.pair, *_parts, shared.judging, shared.stopping, shared.sampling, shared.max_cost, shared.price)


@click.command(cls=Command)
@options(*_asked)
@shared.trust
@shared.inconclusive
@shared.cost_dry_run
@made("files", shared.asked_files, *shared.result_files)
@log
@made("policy", _policy, shared.calls, also=_asked)
@click.pass_context
def gate(
    ctx: click.Context,
    /,
    policy: "Policy",
    files: Mapping[str, Path | None],
    inconclusive: "Inconclusive | None",
    dry_run: bool,
    trackers: Trackers,
) -> None:
    """May the candidate be shipped? GO, NO-GO, INCONCLUSIVE or INVALID, by sets and guards (docs/gate.md).

    Exits with 0, 3, 4 or 5 (1: something failed, 2: the command makes no sense). Its policy stands in
    judgebench.toml, under [gate]; what is in the tables is neither asked nor paid for again.
    """
    from judgebench import terminal
    from judgebench.compare.outputs import COLUMNS
    from judgebench.gate import outputs
    from judgebench.gate.procedure import foretold, gate, quote

    workspace: Workspace = ctx.obj
    if dry_run:
        _echo(foretold(workspace, policy))
        for noun, part in zip(("answers", "matches"), quote(workspace, policy), strict=True):
            _echo(part.lines(noun))
        return
    found = gate(workspace, policy, lambda line: click.echo(line, err=True), terminal.watched)
    click.echo(outputs.screen(found, terminal.columns(60, COLUMNS)))
    outputs.write(found, **files, environ=os.environ, inconclusive=inconclusive)
    for problem in log_to(trackers, lambda: _run(found, workspace)):
        click.echo(inert(f"{problem}; the verdict stands: the same command again asks nothing and logs it"), err=True)
    ctx.exit(found.exit_status(inconclusive))


def _run(found: "Gate", workspace: "Workspace") -> "Run":
    from judgebench import site
    from judgebench.gate.outputs.logged import logged
    from judgebench.trackers.provenance import provenance

    sets = [one.comparison.question_set for one in found.sets if one.comparison]
    return logged(found, provenance(workspace, sets), site.parts(workspace))


def _echo(lines: "Sequence[str] | Any") -> None:
    for line in lines:
        click.echo(line)
