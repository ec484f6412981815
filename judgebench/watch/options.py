"""What a watch is asked: which folder, against what, and when to end."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from judgebench import compare
from judgebench.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`each` is how a checkpoint is compared, with the baseline in its place, and with alpha for all of them together.

    `every`: seconds from look to look; `settle`: as of `folder.is_whole`. It ends after one look (`once`), when a
    checkpoint of that step or a later one is judged (`until`), after so many minutes without a new one (`idle`), or,
    when all are judged, after the end of stdin or a line on it (`until_eof`).
    """

    folder: Path
    run: str
    each: compare.Options
    every: float = 30.0
    settle: float = 60.0
    once: bool = False
    until: int | None = None
    idle: float | None = None
    until_eof: bool = False

    def __post_init__(self) -> None:
        if ":" in self.run or not self.run:
            raise UsageError(f"--name {self.run!r}: a run's name isn't empty, and has no colon")

    @classmethod
    def given(cls, parameters: Mapping[str, Any]) -> "Options":
        """From the parameters of the command `watch`, by name; a run is called as its folder where nothing is said."""
        folder = Path(parameters["training"]).expanduser().absolute()
        own = {name: parameters[name] for name in ("every", "settle", "once", "until", "idle", "until_eof")}
        each = compare.Options.given({**parameters, "candidate": parameters["baseline"]})
        run = parameters["name"]
        return cls(folder=folder, run=folder.resolve().name.replace(":", "-") if run is None else run, each=each, **own)

    def of(self, spec: str, level: float, max_cost: str | None, questions: int) -> compare.Options:
        """The comparison of one checkpoint; where no money is at stake, all of its questions are asked at once."""
        look = self.each.look if max_cost else questions
        return replace(self.each, candidate=spec, alpha=level, max_cost=max_cost, look=look, canaries=False)
