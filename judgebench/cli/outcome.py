"""What came of a command that asks models: a line and an exit status for what failed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from judgebench.cli.base import inert
from judgebench.errors import DataError, EndpointError, JudgebenchError

if TYPE_CHECKING:
    from judgebench.tables.store import Stage
    from judgebench.tables.tally import Tally

strict = click.option("--strict", is_flag=True, help="Exit with 1 where anything failed (default: where all did).")


class Outcome:
    """What came of each model that a command asks: one that isn't there, or is broken, stops none of the others."""

    def __init__(self, *names: str) -> None:
        self._several = len(set(names)) > 1
        self._tallies: dict[str, Tally] = {}
        self._out: dict[str, JudgebenchError] = {}

    def follow(self, name: str, label: str, stage: "Callable[[], Stage[Any]]") -> None:
        """Work through a stage of a model, unless that could not be reached before."""
        from judgebench import terminal

        if name in self._out:
            return
        try:
            terminal.follow(stage(), label, self._of(name))
        except (EndpointError, DataError) as error:
            if not self._several:
                raise
            self._out[name] = error
            click.echo(inert(f"{label}: stopped: {error}; the others go on"), err=True)

    def add(self, name: str, failure: Any) -> None:
        """What came of one call, or why nothing did."""
        self._of(name).add(failure)

    def end(self, strict: bool) -> None:
        """JudgebenchError where a model could not be reached, or nothing came of its calls; `strict`: of some."""
        problems = {name: str(error) for name, error in self._out.items()}
        for name, tally in self._tallies.items():
            if tally.in_vain:
                problems.setdefault(name, tally.vain())
            elif strict and tally.failed:
                problems.setdefault(name, f"--strict: {tally.summary()}")
        if problems:
            told = (f"{name}: {said}" if self._several else said for name, said in problems.items())
            raise JudgebenchError("; ".join(told))

    def _of(self, name: str) -> "Tally":
        from judgebench.tables.tally import Tally

        return self._tallies.setdefault(name, Tally())
