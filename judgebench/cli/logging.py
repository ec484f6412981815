"""--log: what a command found, to trackers as well. What was found stands, whatever becomes of that."""

import io
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, TypeAlias

import click

from judgebench.cli.base import inert, made

if TYPE_CHECKING:
    from judgebench.trackers import Run, Tracker

Trackers: TypeAlias = "Sequence[tuple[str, Tracker]]"
_SECRET = re.compile(r"(KEY|TOKEN|PASSWORD|SECRET)$")  # names of variables whose values no line may hold


def _found(given: Mapping[str, Sequence[str]]) -> Trackers:
    """The trackers that were named, each once, before anything else is done or paid for."""
    from judgebench.trackers import tracker

    return [(name, tracker(name)) for name in dict.fromkeys(given["log"])]


log = made(
    "trackers",
    _found,
    click.option(
        "--log", multiple=True, metavar="TRACKER",
        help="Also log it to mlflow, wandb or trackio (an extra each; docs/trackers.md), or one of yours (repeatable).",
    ),
)  # fmt: skip


def log_to(trackers: Trackers, make: "Callable[[], Run]") -> list[str]:
    """Log what `make` gives to each, and say where it went on stderr; why not, for each that failed."""
    problems = []
    for name, tracker in trackers:
        try:
            where = _quietly(tracker, make())
        except Exception as error:  # somebody else's code and servers, which may fail in any way
            problems.append(f"--log {name}: {_reason(error)}")
        else:
            click.echo(inert(f"logged to {name}: {_shown(where)}"), err=True)
    return problems


def _quietly(tracker: "Tracker", run: "Run") -> str:
    """What trackers print on stdout would stand amid a report."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return tracker(run)


def _reason(error: Exception) -> str:
    said = " ".join(str(error).split()) or "no reason given"
    return _shown(f"{type(error).__name__}: {said}")[:700]


def _shown(text: str) -> str:
    """A line without keys, and addresses without passwords and queries."""
    from judgebench.models.http.concealed import Secrets, without_user

    secrets = Secrets((value, name) for name, value in os.environ.items() if _SECRET.search(name))
    return re.sub(r"\b\w+://\S+", lambda found: without_user(found[0]), secrets.hide(text))
