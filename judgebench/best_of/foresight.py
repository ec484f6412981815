"""What is to come: the chance that questions left decide what is open; pure."""

from collections.abc import Iterator

import numpy as np

from judgebench.best_of.decision import Decision, Points, Read, Shares, gap, rivals
from judgebench.statistics import sequential
from judgebench.statistics.clusters import Floats
from judgebench.statistics.sequential import Trial

_DRAWS = 200


def chances(
    points: Points, read: Read, decision: Decision, left: int, threshold: float, shares: Shares
) -> Iterator[float]:
    """That each claim that is open is decided, if the questions left go on as those so far did.

    Of who may be the best: that it is beaten, and that it is better or worse than the baseline.
    """
    several = len(decision.running) > 1
    for one in decision.running if several else ():
        trial = _continued(gap(points, rivals(points, decision, one), one), left, read)
        yield _share(trial.stopping(0.5, 2 * shares.beaten(len(decision.beaten)))[0])
    for one in decision.beside_open:
        trial = _continued(points.seen(one), left, read)
        better = trial.stopping(0.5, shares.interval)[0]
        worse = trial.stopping(threshold, shares.interval)[1]
        yield _share(np.fmin(better, worse))


def _continued(points: Floats, left: int, read: Read) -> Trial:
    return Trial.of(sequential.continued(points, left, _DRAWS), read)


def _share(stops: Floats) -> float:
    return float(np.mean(~np.isnan(stops)))
