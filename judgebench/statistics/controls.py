"""Win rates at equal length and at equal style: what a judge would say if b's answers looked as long as a's.

The model, for each pair and judge, over its matches i (question, turn):

    logit E[y_i] = theta + sum_j beta_j x_ij        y_i: b's share of the match, between 0 and 1

y is 1 for a win of b, 0 for a loss, 1/2 for a tie, and the mean over the two orders where both were judged. x is 0
where the answers look alike. The controlled win rate is the prediction with every x at 0, 1 / (1 + exp(-theta)).

- Length: x = tanh((length_b - length_a) / sd). Source: AlpacaEval 2, Dubois et al., arXiv 2404.04475.
- Style: the same, and x = (f_b - f_a) / (f_b + f_a + 1) for each feature f of the Markdown. Source: Chatbot Arena
  (LMSYS, "Does style matter?", August 2024, with the 1 of its code, so that a single header is less than ten).

No x is centred, although Chatbot Arena's are: centred, theta would be the win rate at the *mean* difference, which is
the raw one. Uncentred, swapping a and b gives 1 - the win rate, and a model against itself has 1/2.

Beta is what the judge likes, which the slope over one pair's matches is not: where a model is as long as the other on
easy questions only, that slope has the easiness in it. So there are two steps.

1. Beta: a fractional logit (`logit`) over the matches whose answers are of comparable length, for each pair by itself;
   then drawn to what the judge's other pairs say, and to what judges are known to like (`liking`). AlpacaEval draws to
   what its judge said of long and short answers of one model, for the same end.
2. Theta: a fractional logit over all matches with beta held. What isn't known of beta is in its variance.

Nothing is said where hardly any answers are of comparable length: equal length would be an extrapolation.

AlpacaEval's term for the difficulty of an instruction is left out. A difficulty that has nothing to do with the length
difference changes little, because a win rate is a mean over the questions; one that does biases the figure, and what
other models did on the same question didn't mend that (docs/statistics.md).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from judgebench.statistics.clusters import Floats
from judgebench.statistics.estimates import points_of_b
from judgebench.statistics.groups import keyed
from judgebench.statistics.liking import Belief, believed
from judgebench.statistics.logit import Codes, Fit, fractional_logit, slopes
from judgebench.statistics.style import FEATURES, PLACE

PAIR = ["question_set", "judge", "kind", "model_a", "model_b"]
FEWEST_QUESTIONS = 10
COMPARABLE = 1.5  # the longer answer over the shorter one, at most
LEAST_COMPARABLE = 0.1  # of a pair's matches; with fewer there is no figure
LIKED = np.array([1.0, 0.0, 0.0, 0.0, 0.0])  # the beta of each of FEATURES, of a judge of whom nothing is known
LIKED_BY_OTHERS = np.full(len(FEATURES), 0.5)  # its standard deviation over judges
LIKED_IN_OTHERS = np.full(len(FEATURES), 0.2)  # and over one judge's pairs
APART = "in less than a tenth of the matches is the longer answer at most one and a half times as long as the other"
_FEW = f"fewer than {FEWEST_QUESTIONS} questions with a verdict and both answers at hand"


def controlled(matches: pd.DataFrame, features: pd.DataFrame) -> list[dict[str, Any]]:
    """One entry per question set, judge, kind and pair, from a frame of matches and one of `style.features_frame`.

    `win_rate`: b's wins over the matches with an outcome, ties and inconsistent ones as half. `matches`, `questions`:
    those that both controls use, with a verdict and both answers at hand; `share`: b's mean share of these, the
    figure to hold the controlled ones against; `comparable`: of how many of them the longer answer is at most
    COMPARABLE times as long as the other. `length_controlled`: `win_rate`, its 95 % `interval` and the `coefficient` of
    length (log odds for b per unit of tanh, positive where the judge likes longer answers). `style_controlled`:
    `win_rate`, `interval` and `coefficients` by feature (log odds per unit of x), None where both answers always have
    as many. Each is None, and `note` says why, with fewer than FEWEST_QUESTIONS questions, where a difference is the
    same in every match and so cannot be told from the models' own, or where `comparable` is below LEAST_COMPARABLE.

    Coefficients draw on all pairs of the same judge and kind in `matches`. Raises pandas.errors.MergeError where
    `features` has two rows for one place.
    """
    columns = _columns(matches, features)
    keys = keyed(matches, PAIR)
    groups = [columns.take(rows) for _, rows in keys]
    pairs = [_Pair.of(group.used()) for group in groups]
    judges = [(judge, kind) for (_, judge, kind, _, _), _ in keys]
    held = [_controls(pairs, judges, width) for width in (1, len(FEATURES))]
    return [
        {**dict(zip(PAIR, key, strict=True)), **_counts(group, pair), **_figures(pair, *controls)}
        for (key, _), group, pair, *controls in zip(keys, groups, pairs, *held, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class _Columns:
    """What is known of n matches: b's `points` and `share`, a code per question, and the features (n, f) of a and b."""

    points: Floats
    share: Floats
    question: Codes
    a: Floats
    b: Floats

    def take(self, rows: Codes | NDArray[np.bool_]) -> "_Columns":
        return _Columns(self.points[rows], self.share[rows], self.question[rows], self.a[rows], self.b[rows])

    def used(self) -> "_Columns":
        """Those with a verdict and both answers at hand."""
        return self.take(~np.isnan(self.share + self.a[:, 0] + self.b[:, 0]))


def _columns(matches: pd.DataFrame, features: pd.DataFrame) -> _Columns:
    """NaN where there is no outcome, no verdict or no answer."""
    a, b = (_side(matches, features, f"model_{side}") for side in "ab")
    points = points_of_b(matches["outcome"])
    won = np.asarray(matches[["won_first", "won_second"]].mean(axis=1), dtype=np.float64)  # of the orders judged
    question = pd.factorize(matches["question_id"])[0].astype(np.int64)
    return _Columns(points, 1.0 - won, question, a, b)


def _side(matches: pd.DataFrame, features: pd.DataFrame, model: str) -> Floats:
    """The features of the answers of one side, in the order of the matches."""
    place = matches[["question_set", "question_id", model, "turn", "choice"]].rename(columns={model: "model"})
    found = place.merge(features, how="left", on=list(PLACE), validate="many_to_one")
    return found[list(FEATURES)].to_numpy(dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Pair:
    """A pair's n matches as both steps see them: differences `x` (n, f), and which lengths are `comparable` (n,)."""

    share: Floats
    question: Codes
    x: Floats
    comparable: NDArray[np.bool_]

    @classmethod
    def of(cls, used: _Columns) -> "_Pair":
        apart, lengths = used.b - used.a, (used.a[:, 0], used.b[:, 0])
        x = apart / (used.a + used.b + 1)
        x[:, 0] = np.tanh(apart[:, 0] / (_deviation(apart[:, 0]) or 1.0))
        return cls(used.share, used.question, x, np.maximum(*lengths) <= COMPARABLE * np.minimum(*lengths))

    @cached_property
    def questions(self) -> int:
        return len(np.unique(self.question))

    @cached_property
    def varies(self) -> NDArray[np.bool_]:
        """Which differences are not the same in every match."""
        varies: NDArray[np.bool_] = np.ptp(self.x, axis=0) > 0
        return varies

    def same(self, width: int) -> bool:
        """Whether one of the first so many differences is the same in every match, and not 0."""
        return bool(self.x[0, :width][~self.varies[:width]].any())

    def lacks(self, width: int) -> str | None:
        """Why the first so many differences can't be held equal; None where they can."""
        if self.questions < FEWEST_QUESTIONS:
            return _FEW
        if self.same(width):
            return f"the difference in {'length and style' if self.same(1) else 'style'} is the same in every match"
        return APART if self.comparable.mean() < LEAST_COMPARABLE else None

    def told(self, before: Belief) -> Belief:
        """What the matches of comparable length say of the coefficients."""
        rows = self.comparable
        return slopes(self.x[rows, : len(before.mean)], self.share[rows], self.question[rows], before)

    def held(self, liking: Belief) -> dict[str, Any]:
        """The win rate with the first differences held equal, their coefficients as they are believed to be.

        The variance of theta is that of its fit, and that of the coefficients by how far they move it.
        """
        x, ones = self.x[:, : len(liking.mean)], np.ones((len(self.share), 1))
        offset = x @ liking.mean
        fit = fractional_logit(ones, self.share, self.question, offset)
        fitted, alone = special.expit(offset + fit.coefficients[0]), fit.win_rate()
        weights = fitted * (1 - fitted)
        pull = weights @ x / (weights.sum() + alone * (1 - alone))  # the prior's match has no difference
        whole = Fit(fit.coefficients, fit.covariance + pull @ liking.covariance @ pull, fit.questions)
        known = zip(FEATURES, self.varies, liking.mean.tolist(), strict=False)
        coefficients = {name: value if varied else None for name, varied, value in known}
        return {"win_rate": whole.win_rate(), "interval": whole.interval(), "coefficients": coefficients}


def _controls(pairs: Sequence[_Pair], judges: Sequence[Hashable], width: int) -> list[dict[str, Any] | None]:
    """The figures of each pair with the first so many differences held equal, by what its judge's pairs tell."""
    able = [place for place, pair in enumerate(pairs) if pair.lacks(width) is None]
    before = Belief(LIKED[:width], np.diag(LIKED_BY_OTHERS[:width] ** 2))
    found: list[dict[str, Any] | None] = [None] * len(pairs)
    for judge in dict.fromkeys(judges[place] for place in able):
        own = [place for place in able if judges[place] == judge]
        likings = believed([pairs[place].told(before) for place in own], before, LIKED_IN_OTHERS[:width])
        for place, liking in zip(own, likings, strict=True):
            found[place] = pairs[place].held(liking)
    return found


def _counts(group: _Columns, pair: _Pair) -> dict[str, Any]:
    points, number = group.points[~np.isnan(group.points)], len(pair.share)
    return {
        "win_rate": float(points.mean()) if len(points) else None,
        "matches": number,
        "questions": pair.questions,
        "share": float(pair.share.mean()) if number else None,
        "comparable": float(pair.comparable.mean()) if number else None,
    }


def _figures(pair: _Pair, length: dict[str, Any] | None, style: dict[str, Any] | None) -> dict[str, Any]:
    """Both controls, and a note on what cannot be had."""
    if length:
        length["coefficient"] = length.pop("coefficients")["length"]
    return {"length_controlled": length, "style_controlled": style, "note": pair.lacks(1) or pair.lacks(len(FEATURES))}


def _deviation(values: Floats) -> float:
    """The standard deviation; 0 where all are the same, or there is none."""
    return float(values.std(ddof=1)) if len(values) and np.ptp(values) else 0.0
