"""What a judge said when it was tried, as it is in the tables: nothing is asked."""

from dataclasses import dataclass

from judgebench.errors import UsageError
from judgebench.tables.records import Review
from judgebench.tables.store import in_force
from judgebench.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Trial:
    """The rows in force of the canaries, and of the attacks on one question set."""

    canaries: tuple[Review, ...] = ()
    attacks: tuple[Review, ...] = ()


def stored(workspace: Workspace, judge: str, question_set: str) -> Trial:
    """What the tables hold of a judge; empty where it was never tried."""
    try:
        tables = workspace.canaries(judge), workspace.attacks(question_set, judge)
    except UsageError:  # an imported name that no file can have: nobody was ever called by it
        return Trial()
    canaries, attacks = (tuple(in_force(table.read()).values()) for table in tables)
    return Trial(canaries, attacks)
