"""The Bradley-Terry model with ties of Davidson: maximum likelihood, its influences, and its bootstrap replicates.

    P(i wins) : P(j wins) : P(tie) = p_i : p_j : nu sqrt(p_i p_j),   p_i = exp(theta_i)

With d = theta_i - theta_j the three have the logits d/2, -d/2 and log nu, so that the log-likelihood is concave in
(theta, log nu), and its sufficient statistics are sums over matches: each model's half wins less half losses, the
number of ties, and the number of matches of each pair. Source: Davidson, JASA 65 (1970); without ties nu is 0, and
this is Bradley and Terry, Biometrika 39 (1952).
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from judgebench.statistics.clusters import Floats
from judgebench.statistics.comparisons import Comparisons, Integers, draws_of_questions

_LARGEST_STEP = 0.5  # no logit moves by more than 1, within which a Newton step on this likelihood always climbs
_CELLS = 4_000_000  # floats in the largest array of a block of draws
_RIDGE = 1e-3  # in draws only: as much information as 1/250 of a match between equals
_DENSE = 0.05  # from this share of cells that aren't 0 on, a dense product is the faster one


_STANDING = {  # by whether a chain of wins and ties leads from the model to the rated ones, and from them to it
    (True, True): None,
    (True, False): "no chain of wins and ties leads from the rated models to it: how far above them it is stays open",
    (False, True): "no chain of wins and ties leads from it to the rated models: how far below them it is stays open",
    (False, False): "no chain of wins and ties leads from it to the rated models, nor from them to it",
}


@dataclass(frozen=True, eq=False)
class Fit:
    """`theta` (models,) sums to 0; `log_nu` is -inf without ties; `influence` (questions, models) is on theta."""

    theta: Floats
    log_nu: float
    influence: Floats


class Davidson:
    """The likelihood of some comparisons.

    `statistics` (questions, models + 1 + pairs) holds what each question adds to the sufficient statistics: of each
    model, of ties, and of each pair that met. Parameters are (..., models + 1): theta and log nu.
    """

    def __init__(self, comparisons: Comparisons) -> None:
        self.models = len(comparisons.models)
        low = np.minimum(comparisons.first, comparisons.second)
        high = np.maximum(comparisons.first, comparisons.second)
        met, pair = np.unique(low * self.models + high, return_inverse=True)
        self.i, self.j = met // self.models, met % self.models
        self.signs = np.zeros((len(met), self.models))
        rows = np.arange(len(met))
        self.signs[rows, self.i], self.signs[rows, self.j] = 1.0, -1.0
        self.statistics = _statistics(comparisons, pair, len(met))

    def fit(self) -> Fit:
        """The maximum of the likelihood, which must exist (see `unrateable`)."""
        total = np.asarray(self.statistics.sum(axis=0), dtype=np.float64)[None, :]
        ties, matches = total[0, self.models], total[0, self.models + 1 :].sum()
        start = np.zeros((1, self.models + 1))
        with np.errstate(divide="ignore"):
            start[0, -1] = np.log(2 * ties / (matches - ties)) if matches > ties else 0.0
        found = self._climb(total, start, ridge=0.0, tolerance=1e-11, limit=500)
        lead, tied = self._expected(found)
        information = self._information(total, lead, tied)[0]
        scores = self.statistics @ np.vstack([np.eye(self.models + 1), -self._of_pairs(lead[0], tied[0])])
        influence = np.linalg.solve(information, scores.T).T
        return Fit(found[0, :-1], float(found[0, -1]), influence[:, :-1])

    def replicates(self, fit: Fit, draws: int) -> Floats:
        """Theta (draws, models) with the questions drawn with replacement.

        A draw may have no maximum (a model happens to win everything). A ridge towards the estimate then keeps theta
        finite: that of a model without matches stays, that of one which won everything goes far up, which is all that
        its rank needs.
        """
        questions, size = self.statistics.shape
        block = max(1, _CELLS // max(questions, size, (self.models + 1) ** 2))
        start = np.append(fit.theta, fit.log_nu)
        found = [np.empty((0, self.models))]
        for weights in draws_of_questions(questions, draws, block):
            totals = weights.astype(np.float64) @ self.statistics
            begin = np.tile(start, (len(weights), 1))
            found.append(self._climb(totals, begin, ridge=_RIDGE, tolerance=1e-6, limit=20)[:, :-1])
        return np.concatenate(found)

    def _climb(self, totals: Floats, start: Floats, ridge: float, tolerance: float, limit: int) -> Floats:
        """Newton's method on (draws, models + 1) parameters at once, each until its step is below the tolerance."""
        found, going = start.copy(), np.arange(len(start))
        for _ in range(limit):
            step = self._step(totals[going], found[going], start[going], ridge)
            largest = np.abs(step).max(axis=1)
            found[going] += step * np.minimum(1.0, _LARGEST_STEP / np.maximum(largest, tolerance))[:, None]
            going = going[largest > tolerance]
            if not len(going):
                break
        return found

    def _step(self, totals: Floats, at: Floats, start: Floats, ridge: float) -> Floats:
        lead, tied = self._expected(at)
        information, pairs = self._information(totals, lead, tied), totals[:, self.models + 1 :]
        gradient = totals[:, : self.models + 1].copy()
        gradient[:, :-1] -= (pairs * lead) @ self.signs
        gradient[:, -1] -= (pairs * tied).sum(axis=1)
        if ridge:
            apart = np.where(np.isneginf(start), 0.0, at - np.where(np.isneginf(start), 0.0, start))
            gradient -= ridge * apart
            information += ridge * np.eye(self.models + 1)
        return np.asarray(np.linalg.solve(information, gradient[:, :, None])[:, :, 0], dtype=np.float64)

    def _expected(self, at: Floats) -> tuple[Floats, Floats]:
        """(P(i) - P(j)) / 2 and P(tie) of each pair, (draws, pairs)."""
        half = at[:, :-1] @ (self.signs.T / 2)
        up, down, tie = np.exp(half), np.exp(-half), np.exp(at[:, -1:])
        total = up + down + tie
        return cast("tuple[Floats, Floats]", ((up - down) / (2 * total), tie / total))

    def _of_pairs(self, lead: Floats, tied: Floats) -> Floats:
        """What a match of each pair is expected to add to the statistics of models and ties, (pairs, models + 1)."""
        return np.column_stack([self.signs * lead[:, None], tied])

    def _information(self, totals: Floats, lead: Floats, tied: Floats) -> Floats:
        """Minus the Hessian (draws, models + 1, models + 1), made regular where it isn't.

        A constant on theta's block fixes the sum of theta, which nothing else does; a 1 stands for log nu without ties.
        """
        size, pairs = self.models, totals[:, self.models + 1 :]
        variance = pairs * ((1 - tied) / 4 - lead**2)
        found = np.empty((len(totals), size + 1, size + 1))
        found[:, :size, :size] = pairs.sum(axis=1)[:, None, None] / size**2 + 1e-9
        found[:, self.i, self.j] -= variance
        found[:, self.j, self.i] -= variance
        found[:, np.arange(size), np.arange(size)] += variance @ np.abs(self.signs)
        found[:, :size, size] = found[:, size, :size] = -(pairs * lead * tied) @ self.signs
        curved = (pairs * tied * (1 - tied)).sum(axis=1)
        found[:, size, size] = np.where(curved > 0, curved, 1.0)
        return found


def unrateable(comparisons: Comparisons) -> list[str | None]:
    """Why each model has no finite rating, in words; None for those that have one, the most that can be rated together.

    Needed: from each model to each other a chain of wins or ties (Ford, Amer. Math. Monthly 64 (1957)), and, where
    there are ties, a circle of wins and ties with more wins than ties in it. Without one there is an order of the
    models in which a tie is at most one step and a win at least one: stretching it, with nu growing alongside, makes
    what was observed ever more likely. Two models that beat each other are such a circle.
    """
    wins, ties = comparisons.counts(1.0), comparisons.counts(0.5)
    kept = _largest_part(wins + ties, comparisons.counts())
    why = _why_none(wins[np.ix_(kept, kept)], ties[np.ix_(kept, kept)])
    if why is None:
        chains = csgraph.shortest_path(sparse.csr_array(wins + ties), unweighted=True) < np.inf
        notes = [_STANDING[bool(chains[at, kept].any()), bool(chains[kept, at].any())] for at in range(len(kept))]
    else:
        notes = [why] * len(kept)
    return [_of_all(wins[at].sum(), wins[:, at].sum(), ties[at].sum()) or note for at, note in enumerate(notes)]


def _of_all(won: int, lost: int, tied: int) -> str | None:
    """The plain case of a model that won, or lost, whatever it was in."""
    if tied or (won and lost):
        return None
    where = "won all of its {} matches: how far above" if won else "lost all of its {} matches: how far below"
    return f"it {where.format(won or lost)} the others it is stays open"


def _why_none(wins: Integers, ties: Integers) -> str | None:
    """Why models of one strongly connected part can't be rated, None if they can."""
    if len(wins) < 2:
        return "the matches order the models without an upset, so that how far apart they are stays open"
    if not wins.any():
        return "all matches among the models that hang together are ties"
    if ties.any() and not _upset(wins, ties):
        return "wins and ties order the models without an upset, so that how far apart they are stays open"
    return None


def _largest_part(arcs: Integers, matches: Integers) -> NDArray[np.bool_]:
    """The strongly connected part with the most models, of these the one with the most matches."""
    _, parts = csgraph.connected_components(sparse.csr_array(arcs), directed=True, connection="strong")
    inside = np.bincount(parts, weights=(matches * (parts[:, None] == parts)).sum(axis=1))
    largest = max(range(len(inside)), key=lambda part: (int((parts == part).sum()), inside[part]))
    return cast("NDArray[np.bool_]", parts == largest)


def _upset(wins: Integers, ties: Integers) -> bool:
    """Whether a circle has more wins than ties: a circle of negative length where a win is -1 and a tie 1 long."""
    lengths = np.where(wins > 0, -1.0, np.where(ties > 0, 1.0, 0.0))
    try:
        csgraph.bellman_ford(lengths, indices=[0])
    except csgraph.NegativeCycleError:
        return True
    return False


def _statistics(comparisons: Comparisons, pair: Integers, pairs: int) -> Any:
    """Columns: half wins less half losses of each model; ties; matches of each pair. Dense where it isn't mostly 0."""
    size, question, lead = len(comparisons.models), comparisons.question, comparisons.points - 0.5
    tied = lead == 0
    rows = [question[~tied], question[~tied], question[tied], question]
    columns = [comparisons.first[~tied], comparisons.second[~tied], np.full(tied.sum(), size), size + 1 + pair]
    values = [lead[~tied], -lead[~tied], np.ones(tied.sum()), np.ones(len(pair))]
    shape = comparisons.questions, size + 1 + pairs
    places = np.concatenate(rows), np.concatenate(columns)
    found = sparse.coo_array((np.concatenate(values), places), shape=shape).tocsr()
    return found.toarray() if found.nnz > _DENSE * shape[0] * shape[1] else found
