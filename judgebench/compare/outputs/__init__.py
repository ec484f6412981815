"""A comparison where people of CI look: the screen, files of three forms, and GitHub's summary, outputs and notes."""

import json as json_text
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from judgebench.compare.outputs import github
from judgebench.compare.outputs.github import annotations
from judgebench.compare.outputs.junit import junit as as_junit
from judgebench.compare.outputs.markdown import failed
from judgebench.compare.outputs.markdown import markdown as as_markdown
from judgebench.compare.outputs.screen import COLUMNS, screen
from judgebench.compare.results import Comparison, Inconclusive
from judgebench.tables.store import replace_file
from judgebench.terminal import line

__all__ = [
    "COLUMNS", "Told", "annotations", "as_json", "as_junit", "as_markdown", "put", "screen", "write", "write_failure",
    "write_told",
]  # fmt: skip


def as_json(comparison: Comparison) -> str:
    """All of it as JSON, in ASCII so that no text can spoil the file's encoding."""
    return _dumped(comparison.as_json())


def put(path: Path, found: object) -> None:
    """What JSON takes as a file, in place of the one that was there, with the folders that it needs."""
    _put(path, _dumped(found))


def _dumped(found: object) -> str:
    return json_text.dumps(found, indent=2, allow_nan=False) + "\n"


@dataclass(frozen=True, slots=True)
class Told:
    """A verdict as each reader wants it: data, JUnit XML, Markdown, and what GitHub's runner takes."""

    data: Mapping[str, Any]
    junit: str
    markdown: str
    outputs: str
    annotations: str


def write(
    comparison: Comparison,
    *,
    environ: Mapping[str, str],
    inconclusive: Inconclusive | None = None,
    **files: Path | None,
) -> None:
    """A comparison to the files that were asked for; see `write_told`."""
    told = Told(
        comparison.as_json(),
        as_junit(comparison, inconclusive),
        as_markdown(comparison),
        github.outputs(comparison),
        annotations(comparison, inconclusive),
    )
    write_told(told, environ=environ, **files)


def write_told(
    told: Told,
    *,
    markdown: Path | None = None,
    junit: Path | None = None,
    json: Path | None = None,
    environ: Mapping[str, str],
) -> None:
    """Write the files that were asked for, and what GitHub's runner reads where `environ` says that this is one.

    Annotations go to stderr, which the runner reads too, so that stdout stays what the command prints.
    """
    if json:
        put(json, told.data)
    if junit:
        _put(junit, told.junit)
    if markdown:
        _put(markdown, told.markdown)
    _append(environ.get("GITHUB_STEP_SUMMARY"), told.markdown)
    _append(environ.get("GITHUB_OUTPUT"), told.outputs)
    if environ.get("GITHUB_ACTIONS") == "true":
        click.echo(told.annotations, err=True)


def write_failure(command: str, why: str, environ: Mapping[str, str]) -> None:
    """Why a command has no result, where `environ` says that GitHub's runner listens: an annotation and the summary."""
    _append(environ.get("GITHUB_STEP_SUMMARY"), failed(command, why))
    if environ.get("GITHUB_ACTIONS") == "true":
        click.echo(github.command("error", f"judgebench: {command.partition(' ')[2]} failed", line(why)), err=True)


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, text.encode())


def _append(path: str | None, text: str) -> None:
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
