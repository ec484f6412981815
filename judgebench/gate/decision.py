"""Which claims hold, at one error rate for all of them; pure.

GO claims that every set that counts passes, so that each may be tested at alpha: a wrong GO needs a set that doesn't
hold, and passes (an intersection-union test; Berger, Technometrics 24 (1982)). NO-GO claims that some set or guard
fails, so that the claims of failure share alpha by Holm's procedure (Scandinavian Journal of Statistics 6 (1979)).
Each claim is a bet that may be looked at at any time, and so are both together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from judgebench.statistics.sequential import Trial

Name: TypeAlias = str | tuple[str, str]  # of a set, or of a guard and a set: no set can be called as a guard's claim is


@dataclass(frozen=True, eq=False)
class Claim:
    """That a mean is above a threshold."""

    trial: Trial
    threshold: float

    def holds(self, alpha: float) -> bool:
        """Whether it is shown, with a chance of at most alpha where it isn't so."""
        return not np.isnan(self.trial.stopping(self.threshold, 2 * alpha)[0])

    def fails(self, alpha: float) -> bool:
        """Whether the contrary is shown."""
        return not np.isnan(self.trial.stopping(self.threshold, 2 * alpha)[1])


@dataclass(frozen=True, slots=True)
class Decision:
    """Which claims are shown to hold and which to fail; `level` is that at which the others may still be shown to."""

    held: frozenset[Name]
    failed: frozenset[Name]
    level: float


def decide(claims: Mapping[Name, Claim], alpha: float, several: int) -> Decision:
    """By name: all claims of failure together are wrong with a chance of at most alpha, and so is each that holds.

    `several` is how many claims there are, with those that nothing is known of yet.
    """
    failed: frozenset[Name] = frozenset()
    while True:
        level = alpha / max(several - len(failed), 1)
        more = {name for name, claim in claims.items() if name not in failed and claim.fails(level)}
        if not more:
            break
        failed |= more
    held = frozenset(name for name, claim in claims.items() if name not in failed and claim.holds(alpha))
    return Decision(held, failed, level)
