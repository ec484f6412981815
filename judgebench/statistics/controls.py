"""Win rates at equal length and at equal style: what a judge would say if b's answers looked as long as a's.

The model, for each pair and judge by itself, over its matches i (question, turn):

    logit E[y_i] = theta + sum_j beta_j x_ij        y_i: b's share of the match, between 0 and 1

y is 1 for a win of b, 0 for a loss, 1/2 for a tie, and the mean over the two orders where both were judged, so this
is the fractional logit (Papke and Wooldridge, J. Applied Econometrics 11, 1996): right in its mean, and nothing is
assumed of the variance. x is 0 where the answers look alike. The controlled win rate is the mean over the matches
of the prediction with every x at 0, which is 1 / (1 + exp(-theta)).

- Length control: x = tanh((length_b - length_a) / sd). Source: AlpacaEval 2, Dubois et al., arXiv 2404.04475.
- Style control: x = (f_b - f_a) / (f_b + f_a + 1) over its sd, for each feature f. Source: Chatbot Arena (LMSYS, "Does
  style matter?", August 2024, with the 1 of its code, so that a single header is less than ten).

No x is centred, although Chatbot Arena's are: centred, theta would be the win rate at the *mean* difference, which is
the raw one. Uncentred, swapping a and b gives 1 - the win rate, and a model against itself has 1/2.

AlpacaEval's term for the difficulty of an instruction is left out. It is fitted to over a hundred models for its 805
instructions, and theirs alone; from the few pairs of another set it would be noise. A difficulty that does not go with
the length difference changes only the variance, because the win rate is a mean over the questions; one that does
biases the figure (docs/statistics.md has the size of both).

Each coefficient has a log-F(1, 1) prior, as data: half a win and half a loss where theta or one x is 1 and all else
is 0 (Greenland and Mansournia, Statistics in Medicine 34, 2015). So 80 wins of 80 are 80.5 of 81, a feature that
separates wins from losses has a finite coefficient, and what the prior doesn't know is in the variance, too.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from judgebench.statistics.clusters import LEVEL, Floats, t_quantile
from judgebench.statistics.estimates import points_of_b
from judgebench.statistics.groups import keyed
from judgebench.statistics.style import FEATURES, PLACE

PAIR = ["question_set", "judge", "kind", "model_a", "model_b"]
FEWEST_QUESTIONS = 10
_STEPS = 100
_FEW = f"fewer than {FEWEST_QUESTIONS} questions with a verdict and both answers at hand"
_NOTHING = {"length_controlled": None, "style_controlled": None, "note": _FEW}

Codes: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Fit:
    """A fractional logit: `coefficients` (k,), `covariance` (k, k), over so many `questions`."""

    coefficients: Floats
    covariance: Floats
    questions: int

    def win_rate(self) -> float:
        """The prediction with every x but the intercept, which is the first, at 0."""
        return float(special.expit(self.coefficients[0]))

    def interval(self, level: float = LEVEL) -> list[float]:
        """Its interval: theta -+ t(n - 1) standard errors, n questions, taken to the scale of shares."""
        half = t_quantile(level, self.questions - 1) * float(np.sqrt(self.covariance[0, 0]))
        return [float(special.expit(self.coefficients[0] + side * half)) for side in (-1, 1)]


def controlled(matches: pd.DataFrame, features: pd.DataFrame) -> list[dict[str, Any]]:
    """One entry per question set, judge, kind and pair, from a frame of matches and one of `style.features_frame`.

    `win_rate`: b's wins over the matches with an outcome, ties and inconsistent ones as half. `matches`, `questions`:
    those that both controls use, with a verdict and both answers at hand; `share`: b's mean share of these, the
    figure to hold the controlled ones against. `length_controlled`: `win_rate`, its 95 % `interval` and the
    `coefficient` of length (log odds for b per unit of tanh, positive where the judge likes longer answers).
    `style_controlled`: `win_rate`, `interval` and `coefficients` by feature (log odds per standard deviation), None
    where both answers always have as many. Each is None, and `note` says why, with fewer than FEWEST_QUESTIONS
    questions, or where a difference is the same in every match and so cannot be told from the models' own.

    Raises pandas.errors.MergeError where `features` has two rows for one place.
    """
    columns = _columns(matches, features)
    pairs = keyed(matches, PAIR)
    return [{**dict(zip(PAIR, pair, strict=True)), **_entry(columns.take(rows))} for pair, rows in pairs]


def fractional_logit(design: Floats, shares: Floats, questions: Codes) -> Fit:
    """Fit shares (n,) to a design (n, k), whose first column is the intercept, with one code per row for its question.

    The maximum of the penalised quasi-likelihood, by Newton's method. The covariance is the one-step jackknife over
    questions (CR3: Bell and McCaffrey, Survey Methodology 28, 2002), to which each half of the prior's data counts
    as a question of its own, so that a series without a loss isn't certain.
    """
    order = np.argsort(questions, kind="stable")
    size = design.shape[1]
    x = np.vstack([design[order], np.repeat(np.eye(size), 2, axis=0)])
    y = np.concatenate([shares[order], np.tile([1.0, 0.0], size)])
    weights = np.concatenate([np.ones(len(shares)), np.full(2 * size, 0.5)])
    starts = np.flatnonzero(np.diff(questions[order], prepend=np.nan))
    coefficients = _newton(x, y, weights)
    clusters = np.concatenate([starts, len(shares) + np.arange(2 * size)])
    return Fit(coefficients, _jackknife(x, y, weights, coefficients, clusters), len(starts))


def _newton(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Where the weighted score is 0; the prior makes the likelihood strictly concave, so there is one such place."""
    coefficients = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        fitted = special.expit(x @ coefficients)
        curvature = (x.T * (weights * fitted * (1 - fitted))) @ x
        step = np.linalg.solve(curvature, x.T @ (weights * (y - fitted)))
        length = float(np.abs(step).max())
        coefficients = coefficients + step / max(1.0, length)  # a longer one can overshoot where the curve is flat
        if length < 1e-10:
            break
    return coefficients


def _jackknife(x: Floats, y: Floats, weights: Floats, coefficients: Floats, clusters: Codes) -> Floats:
    """The sum over clusters (where each begins) of the squared change that leaving it out makes, to first order."""
    fitted = special.expit(x @ coefficients)
    scores = np.add.reduceat(x * (weights * (y - fitted))[:, None], clusters)
    weighted = x * (weights * fitted * (1 - fitted))[:, None]
    own = np.add.reduceat(weighted[:, :, None] * x[:, None, :], clusters)
    changes = np.linalg.solve(own.sum(axis=0) - own, scores[:, :, None])[:, :, 0]
    return (changes.T @ changes) * (len(clusters) - 1) / len(clusters)


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


def _entry(group: _Columns) -> dict[str, Any]:
    points = group.points[~np.isnan(group.points)]
    used = group.take(~np.isnan(group.share + group.a[:, 0] + group.b[:, 0]))
    number = len(np.unique(used.question))
    return {
        "win_rate": float(points.mean()) if len(points) else None,
        "matches": len(used.share),
        "questions": number,
        "share": float(used.share.mean()) if len(used.share) else None,
        **(_controls(used) if number >= FEWEST_QUESTIONS else _NOTHING),
    }


def _controls(used: _Columns) -> dict[str, Any]:
    """Both controls, and a note on what cannot be had."""
    apart, total = used.b - used.a, used.b + used.a
    length = _control(np.tanh(_scaled(apart[:, :1])), used.share, used.question)
    style = _control(_scaled(apart / (total + 1)), used.share, used.question)
    if length:
        length["coefficient"] = length.pop("coefficients")["length"]
    absent = [name for name, control in (("length", length), ("style", style)) if not control]
    note = f"the difference in {' and '.join(absent)} is the same in every match" if absent else None
    return {"length_controlled": length, "style_controlled": style, "note": note}


def _scaled(differences: Floats) -> Floats:
    """Each column over its standard deviation, where it has one."""
    deviations = differences.std(axis=0, ddof=1)
    scaled: Floats = differences / np.where(_varies(differences), deviations, 1.0)
    return scaled


def _varies(differences: Floats) -> NDArray[np.bool_]:
    varies: NDArray[np.bool_] = np.ptp(differences, axis=0) > 0
    return varies


def _control(differences: Floats, shares: Floats, questions: Codes) -> dict[str, Any] | None:
    """The figures of one control; None where a difference is the same in every match, and not 0."""
    varies = _varies(differences)
    if differences[0, ~varies].any():
        return None
    fit = fractional_logit(np.column_stack([np.ones(len(shares)), differences[:, varies]]), shares, questions)
    fitted = iter(fit.coefficients[1:].tolist())
    names = FEATURES[: len(varies)]
    coefficients = {name: next(fitted) if varied else None for name, varied in zip(names, varies, strict=True)}
    return {"win_rate": fit.win_rate(), "interval": fit.interval(), "coefficients": coefficients}
