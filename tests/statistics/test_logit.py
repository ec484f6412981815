"""The fractional logit: against scikit-learn, and its standard errors against what leaving questions out does."""

import numpy as np
import pytest
from scipy import special
from sklearn.linear_model import LogisticRegression

from judgebench.statistics.clusters import Floats
from judgebench.statistics.liking import Belief
from judgebench.statistics.logit import fractional_logit, slopes

BEFORE = Belief(np.array([1.0]), np.array([[0.25]]))


def by_scikit_learn(design: Floats, shares: Floats) -> Floats:
    """Each row twice, as a win and as a loss, weighted by its share; the prior as such rows, too."""
    size = design.shape[1]
    prior = np.eye(size)
    rows = np.vstack([design, design, prior, prior])
    won = np.repeat([1, 0, 1, 0], [len(shares), len(shares), size, size])
    weights = np.concatenate([shares, 1 - shares, np.full(2 * size, 0.5)])
    model = LogisticRegression(C=np.inf, fit_intercept=False, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    coefficients: Floats = model.fit(rows, won, sample_weight=weights).coef_[0]
    return coefficients


@pytest.mark.parametrize("width", [1, 2, 6])
@pytest.mark.parametrize("theta", [0.0, 1.5, 30.0])
def test_the_fit_is_that_of_scikit_learn(width: int, theta: float) -> None:
    """To 1e-6, on wins, losses and ties, and also where all matches are won."""
    rng = np.random.default_rng(width)
    design = np.column_stack([np.ones(80), rng.normal(0.5, 1, (80, width - 1))])
    shares = rng.binomial(2, special.expit(theta + design[:, 1:].sum(axis=1))) / 2
    ours = fractional_logit(design, shares, np.arange(80))
    assert ours.coefficients == pytest.approx(by_scikit_learn(design, shares), abs=1e-6)


def test_the_standard_error_is_that_of_leaving_each_question_out() -> None:
    """The one-step jackknife comes within 3 % of 80 full refits; both turns of a question go together."""
    rng = np.random.default_rng(5)
    questions = np.repeat(np.arange(80), 2)
    design = np.column_stack([np.ones(160), np.tanh(rng.normal(0.5, 1, 160))])
    easy = np.repeat(rng.normal(0, 1, 80), 2)
    shares = (rng.random(160) < special.expit(0.5 + design[:, 1] + easy)).astype(float)
    fit = fractional_logit(design, shares, questions)
    without = [by_scikit_learn(design[questions != q], shares[questions != q]) for q in range(80)]
    refitted = np.sqrt(79 / 80 * ((np.array(without) - fit.coefficients) ** 2).sum(axis=0))
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(refitted, rel=0.03)
    assert fit.questions == 80


def test_rows_in_any_order_give_the_same_fit() -> None:
    """Questions are told apart by their codes, not by where they stand."""
    rng = np.random.default_rng(6)
    design = np.column_stack([np.ones(60), rng.normal(size=60)])
    shares, questions = rng.choice([0, 0.5, 1], 60), np.repeat(np.arange(20), 3)
    mixed = rng.permutation(60)
    one_way = fractional_logit(design, shares, questions)
    other = fractional_logit(design[mixed], shares[mixed], questions[mixed])
    assert one_way.covariance == pytest.approx(other.covariance)
    assert one_way.coefficients == pytest.approx(other.coefficients)


def test_the_interval_covers_with_two_turns_and_six_coefficients() -> None:
    """Turns of a question that are hard for b together, five features of which one is rare, 400 times."""
    rng = np.random.default_rng(9)
    questions, covered = np.repeat(np.arange(80), 2), 0
    truth = float(special.expit(0.5 + rng.normal(size=100_000)).mean())
    for _ in range(400):
        rare = (rng.random(160) < 0.1) * rng.choice([-1.0, 1.0], 160)
        style = np.column_stack([rng.normal(0.5, 1, (160, 4)), rare])
        lost = special.expit(-(0.5 + style[:, 0] * 0.8 + np.repeat(rng.normal(size=80), 2)))
        design = np.column_stack([np.ones(160), style / style.std(axis=0, ddof=1)])
        low, high = fractional_logit(design, (rng.random(160) > lost).astype(float), questions).interval()
        covered += low <= truth <= high
    assert 0.92 <= covered / 400 <= 0.98


@pytest.mark.parametrize("questions", [10, 20])
def test_the_interval_of_few_questions_is_wide_rather_than_wrong(questions: int) -> None:
    """It covers in 97 % of 300 runs or more, and still excludes half of what there is."""
    rng, intervals = np.random.default_rng(11), []
    for _ in range(300):
        apart = rng.normal(1, 1, questions)
        shares = rng.binomial(2, special.expit(0.5 + np.tanh(apart))) / 2
        design = np.column_stack([np.ones(questions), np.tanh(apart / apart.std(ddof=1))])
        intervals.append(fractional_logit(design, shares, np.arange(questions)).interval())
    low, high = np.array(intervals).T
    truth = special.expit(0.5)
    assert ((low <= truth) & (truth <= high)).mean() >= 0.97
    assert (high - low).mean() < 0.65


@pytest.mark.parametrize(("together", "bias"), [(0.0, 0.0), (0.3, -0.06), (0.5, -0.1)])
def test_difficulty_biases_only_where_it_goes_with_length(together: float, bias: float) -> None:
    """Of difficulties with a standard deviation of 1 logit, correlated with the length difference or not."""
    rng = np.random.default_rng(10)
    truth = float(special.expit(0.5 + rng.normal(size=100_000)).mean())
    found = []
    for _ in range(300):
        easy = rng.normal(size=200)
        apart = 1 + together * easy + np.sqrt(1 - together**2) * rng.normal(size=200)
        shares = rng.binomial(2, special.expit(0.5 + np.tanh(apart) + easy)) / 2
        design = np.column_stack([np.ones(200), np.tanh(apart / apart.std(ddof=1))])
        found.append(fractional_logit(design, shares, np.arange(200)).win_rate())
    assert np.mean(found) - truth == pytest.approx(bias, abs=0.015)


@pytest.mark.parametrize("liking", [0.0, 1.0, 2.5])
def test_slopes_are_those_of_the_shares_and_not_of_the_belief(liking: float) -> None:
    """Over 600 small samples they are right in the mean, and as far off as their variance says."""
    rng, found = np.random.default_rng(3), []
    for _ in range(600):
        x = rng.normal(0, 0.4, (60, 1))
        shares = rng.binomial(2, special.expit(0.5 + liking * x[:, 0])) / 2
        told = slopes(x, shares, np.arange(60), BEFORE)
        found.append((told.mean[0], told.covariance[0, 0]))
    estimates, variances = np.array(found).T
    assert estimates.mean() == pytest.approx(liking, abs=0.15)
    assert 0.75 <= ((estimates - liking) ** 2 / variances).mean() <= 1.25


def test_slopes_that_separate_wins_from_losses_are_told() -> None:
    """The longer answer always wins: more than is believed before, and finite."""
    x = np.linspace(-1, 1, 80)[:, None]
    told = slopes(x, (x[:, 0] > 0).astype(float), np.arange(80), BEFORE)
    assert 2 < BEFORE.after(told).mean[0] < told.mean[0] < 20


def test_no_matches_say_next_to_nothing() -> None:
    """The belief stays as it was."""
    told = slopes(np.zeros((0, 1)), np.zeros(0), np.zeros(0, np.int64), BEFORE)
    after = BEFORE.after(told)
    assert after.mean == pytest.approx(BEFORE.mean, abs=0.02)
    assert after.covariance == pytest.approx(BEFORE.covariance, rel=0.02)


def test_the_offset_is_held() -> None:
    """A fit of the intercept alone, beside the fitted slope as an offset, is the same intercept."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=200)
    shares = rng.binomial(2, special.expit(0.5 + x)) / 2
    both = fractional_logit(np.column_stack([np.ones(200), x]), shares, np.arange(200))
    alone = fractional_logit(np.ones((200, 1)), shares, np.arange(200), both.coefficients[1] * x)
    assert alone.coefficients[0] == pytest.approx(both.coefficients[0], abs=1e-6)
    assert alone.covariance[0, 0] < both.covariance[0, 0]
