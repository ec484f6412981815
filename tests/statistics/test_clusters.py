"""Figures as ratios of sums over questions: values, standard errors and intervals, against other implementations."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from judgebench.statistics import clusters
from judgebench.statistics.clusters import Estimate, Floats

PUBLISHED = {  # Vicuna's total score over the other's: its paired bootstrap interval
    "gpt35": (0.878, 0.957),
    "bard": (0.935, 1.036),
    "alpaca-13b": (1.170, 1.251),
    "llama-13b": (1.268, 1.445),
}
scores = arrays.arrays(np.float64, st.integers(3, 60), elements=st.integers(1, 10).map(float))


@pytest.fixture(params=list(PUBLISHED))
def real(request: Any, shared_data: Path) -> tuple[str, Floats, Floats]:
    """The other model's name, and Vicuna's and its scores on 80 questions, as GPT-4 gave them."""
    path = shared_data / "vicuna-eval" / "review" / f"review_{request.param}_vicuna-13b.jsonl"
    rows = [json.loads(line)["score"] for line in path.read_text(encoding="utf-8").splitlines()]
    return request.param, np.array([row[1] for row in rows]), np.array([row[0] for row in rows])


def ratio(numerators: Any, denominators: Any) -> Estimate:
    """A ratio that there is."""
    estimate = clusters.ratio_of_sums(np.asarray(numerators, float), np.asarray(denominators, float))
    assert estimate
    return estimate


def mean(values: Any) -> Estimate:
    """The mean of one value a question."""
    return ratio(values, np.ones(len(values)))


def share(wins: int, questions: int) -> Estimate:
    """A win rate with one match a question."""
    return mean(np.arange(questions) < wins)


# ---- values and standard errors --------------------------------------------------------------------------------


def test_a_ratio_has_cochrans_standard_error(real: tuple[str, Floats, Floats]) -> None:
    """sqrt(sum((x - R y)^2) / (n - 1) / n) / mean(y), Cochran 1977, (6.4) without the finite population correction."""
    _, x, y = real
    value = x.sum() / y.sum()
    expected = math.sqrt(((x - value * y) ** 2).sum() / (len(x) - 1) / len(x)) / y.mean()
    assert ratio(x, y).value == value
    assert ratio(x, y).standard_error == pytest.approx(expected, rel=1e-12)


def test_a_clustered_mean_has_the_usual_sandwich() -> None:
    """As CR1 of a regression on a constant, computed by hand from rows: n / (n - 1) sum_q (sum_i e_iq)^2 / N^2."""
    rng = np.random.default_rng(1)
    codes = np.sort(rng.integers(0, 20, 75))
    values = rng.normal(size=75) + rng.normal(size=20)[codes]
    estimate = clusters.mean_by_question(codes, values, 20)
    residuals = np.array([(values[codes == code] - values.mean()).sum() for code in range(20)])
    present = len(np.unique(codes))
    assert estimate
    assert estimate.value == pytest.approx(values.mean())
    expected = math.sqrt(present / (present - 1) * (residuals**2).sum()) / 75
    assert estimate.standard_error == pytest.approx(expected, rel=1e-12)


def test_without_clusters_the_interval_is_students(real: tuple[str, Floats, Floats]) -> None:
    """One score a question: the t interval that scipy gives."""
    _, x, _ = real
    expected = stats.ttest_1samp(x, 0).confidence_interval(0.95)
    assert mean(x).interval() == pytest.approx(tuple(expected), rel=1e-9)


def test_a_difference_has_the_paired_t_interval(real: tuple[str, Floats, Floats]) -> None:
    """As scipy's paired test; not as if the questions were others."""
    _, x, y = real
    expected = stats.ttest_rel(x, y).confidence_interval(0.95)
    assert (mean(x) - mean(y)).interval() == pytest.approx(tuple(expected), rel=1e-9)


def test_sums_leave_out_what_is_not_known() -> None:
    """NaN adds nothing, and a question without rows is 0."""
    assert clusters.sums(np.array([0, 0, 2]), np.array([1.0, 2.0, np.nan]), 4).tolist() == [3.0, 0.0, 0.0, 0.0]


def test_a_mean_by_question_leaves_out_what_is_not_known() -> None:
    """Neither in the mean, nor among the questions; weights count as rows."""
    values, codes = np.array([4.0, np.nan, 7.0, np.nan]), np.array([0, 0, 1, 2])
    estimate = clusters.mean_by_question(codes, values, 3)
    assert estimate
    assert (estimate.value, estimate.questions) == (5.5, 2)
    weighted = clusters.mean_by_question(codes, values, 3, np.array([3.0, 1.0, 1.0, 1.0]))
    assert weighted
    assert weighted.value == 4.75
    assert clusters.mean_by_question(codes, np.full(4, np.nan), 3) is None


# ---- laws ------------------------------------------------------------------------------------------------------


@given(scores)
def test_an_estimate_less_itself_is_certainly_nothing(values: Floats) -> None:
    """0, from 0 to 0: what a question does to both cancels."""
    estimate = mean(values)
    assert (estimate - estimate).value == 0
    assert (estimate - estimate).interval() == (0, 0)


@given(scores)
def test_adding_and_taking_away_are_inverse(values: Floats) -> None:
    """a + b - b is a, with its interval."""
    a, b = mean(values), mean(values[::-1])
    both = a + b - b
    assert both.value == pytest.approx(a.value)
    assert both.standard_error == pytest.approx(a.standard_error, abs=1e-12)


@given(scores, st.randoms(use_true_random=False))
def test_the_order_of_questions_does_not_matter(values: Floats, random: Any) -> None:
    """A shuffled set has the same figure and interval."""
    order = list(range(len(values)))
    random.shuffle(order)
    one, other = ratio(values, values[::-1]), ratio(values[order], values[::-1][order])
    assert other.value == pytest.approx(one.value)
    assert other.interval() == pytest.approx(one.interval())


@given(scores, st.floats(0.01, 100))
def test_a_unit_changes_the_interval_as_it_changes_the_figure(values: Floats, unit: float) -> None:
    """`times`, and numerators in another unit; a ratio does not depend on the common unit of both."""
    estimate, low_high = ratio(values, values[::-1]), ratio(values, values[::-1]).interval()
    assert low_high
    assert estimate.times(unit).interval() == pytest.approx(tuple(unit * end for end in low_high))
    assert ratio(unit * values, values[::-1]).interval() == pytest.approx(estimate.times(unit).interval())
    assert ratio(unit * values, unit * values[::-1]).interval() == pytest.approx(low_high)


@given(scores)
def test_the_influence_of_all_questions_adds_up_to_nothing(values: Floats) -> None:
    """And a question's influence is what leaving it out changes, to first order."""
    estimate = ratio(values, values[::-1])
    assert estimate.influence.sum() == pytest.approx(0, abs=1e-12)
    exact = estimate.value - clusters.left_out(values, values[::-1])
    total = values.sum()
    assert exact * (total - values[::-1]) / total == pytest.approx(estimate.influence, abs=1e-12)


@given(scores, st.integers(1, 5))
def test_questions_without_rows_do_not_count(values: Floats, empty: int) -> None:
    """They are in no figure, no standard error, and no degree of freedom."""
    padded = np.concatenate([values, np.zeros(empty)])
    counted = (padded > 0).astype(float)
    one, other = mean(values), ratio(padded, counted)
    assert other.value == pytest.approx(one.value)
    assert other.questions == one.questions
    assert other.interval() == pytest.approx(one.interval())
    assert ratio(padded / 10, counted).share_interval() == pytest.approx(mean(values / 10).share_interval())


def test_too_little_for_an_interval() -> None:
    """Of one question nothing is known but its figure; without any there is no figure."""
    assert clusters.ratio_of_sums(np.zeros(3), np.zeros(3)) is None
    alone = ratio([7.0, 0.0], [1.0, 0.0])
    assert (alone.value, alone.questions) == (7.0, 1)
    assert math.isnan(alone.standard_error)
    assert alone.interval() is None
    assert alone.share_interval() is None


@given(scores)
def test_more_certainty_is_wider(values: Floats) -> None:
    """A 99 % interval holds the 95 % one."""
    for interval in (mean(values).interval, mean(values / 10).share_interval):
        wide, narrow = interval(0.99), interval(0.95)
        assert wide
        assert narrow
        assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]


# ---- shares ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("questions", [5, 40, 80])
@pytest.mark.parametrize("part", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_shares_of_wins_and_losses_have_wilsons_interval(questions: int, part: float) -> None:
    """One match a question, won or lost: scipy's Wilson interval, but with the quantile of t for that of the normal."""
    wins = round(part * questions)
    t = stats.t.ppf(0.975, questions - 1)
    level = 2 * stats.norm.cdf(t) - 1
    expected = stats.binomtest(wins, questions).proportion_ci(level, method="wilson")
    # The variance of a sample of 0 and 1 is p (1 - p) n / (n - 1): the effective number may be n - 1 in place of n.
    fewer = stats.binomtest(wins, questions).proportion_ci(
        2 * stats.norm.cdf(t * math.sqrt(questions / (questions - 1))) - 1, method="wilson"
    )
    found = share(wins, questions).share_interval()
    assert found
    assert fewer.low - 1e-9 <= found[0] <= expected.low + 1e-9
    assert expected.high - 1e-9 <= found[1] <= fewer.high + 1e-9


def test_eighty_wins_of_eighty_are_not_certain() -> None:
    """The rate is 1, and its interval goes down to 95 %: 80 / (80 + t^2)."""
    interval = share(80, 80).share_interval()
    assert interval
    assert interval == pytest.approx((80 / (80 + stats.t.ppf(0.975, 79) ** 2), 1.0))


def test_a_win_less_does_not_make_much_more_certain() -> None:
    """80 questions of two turns, all won but for one order of one match: about as uncertain as if all were won.

    The sample's own variance, nearly 0, would say that the rate is above 99.1 %, where 80 of 80 wins say 95.3 %.
    """
    won = np.ones(80)
    nearly = np.concatenate([[0.875], np.ones(79)])
    all_won, almost = mean(won).share_interval(), mean(nearly).share_interval()
    assert all_won
    assert almost
    assert almost[0] <= all_won[0] + 0.015


@given(scores)
def test_a_share_stays_between_nothing_and_all(values: Floats) -> None:
    """And its interval holds it."""
    estimate = mean((values - 1) / 9)
    interval = estimate.share_interval()
    assert interval
    assert 0 <= interval[0] <= estimate.value + 1e-12
    assert estimate.value - 1e-12 <= interval[1] <= 1


@given(scores)
def test_who_is_a_and_who_b_does_not_matter(values: Floats) -> None:
    """The interval of the share lost is the other one, turned round."""
    won = (values - 1) / 9
    one, other = mean(won).share_interval(), mean(1 - won).share_interval()
    assert one
    assert other
    assert (1 - other[1], 1 - other[0]) == pytest.approx(one)


def test_with_many_questions_wilson_and_t_agree() -> None:
    """At 2,000 questions with ties, far from the ends."""
    values = np.random.default_rng(2).choice([0, 0.5, 1], size=2000)
    assert mean(values).share_interval() == pytest.approx(mean(values).interval(), abs=1e-3)


def test_ties_make_a_share_more_certain() -> None:
    """A win rate of one half from ties alone varies less than one from wins and losses."""
    ties, fights = np.tile([0.5, 0.5, 0.0, 1.0], 20), np.tile([0.0, 1.0], 40)
    width = [float(np.ptp(mean(values).share_interval() or ())) for values in (ties, fights)]
    assert width[0] < 0.8 * width[1]


# ---- bootstrap -------------------------------------------------------------------------------------------------


def test_the_published_intervals_are_reproduced(real: tuple[str, Floats, Floats]) -> None:
    """Closed form and percentile bootstrap, both within 0.005 of the published bootstrap intervals."""
    name, x, y = real
    assert ratio(x, y).interval() == pytest.approx(PUBLISHED[name], abs=0.005)
    replicates = clusters.bootstrap(x, y, 20_000)
    assert clusters.percentile_interval(replicates) == pytest.approx(PUBLISHED[name], abs=0.005)


@pytest.mark.parametrize("method", ["percentile", "BCa"])
def test_bootstrap_intervals_are_scipys(real: tuple[str, Floats, Floats], method: Any) -> None:
    """20,000 draws each, by other random numbers: the ends of two such runs differ by about 0.001."""
    _, x, y = real

    def total_ratio(a: Any, b: Any, axis: int) -> Any:
        return a.sum(axis=axis) / b.sum(axis=axis)

    expected = stats.bootstrap(
        (x, y),
        total_ratio,
        paired=True,
        vectorized=True,
        n_resamples=20_000,
        method=method,
        rng=np.random.default_rng(3),
    ).confidence_interval
    replicates = clusters.bootstrap(x, y, 20_000)
    found = clusters.percentile_interval(replicates)
    if method == "BCa":
        found = clusters.bca_interval(x.sum() / y.sum(), replicates, clusters.left_out(x, y))
    assert found == pytest.approx(tuple(expected), abs=0.004)


def test_the_bootstrap_has_the_closed_standard_error(real: tuple[str, Floats, Floats]) -> None:
    """The spread of the replicates is that of the linearised ratio, to 5 %."""
    _, x, y = real
    spread = clusters.bootstrap(x, y, 20_000).std()
    assert ratio(x, y).standard_error == pytest.approx(spread, rel=0.05)


def test_draws_are_the_same_each_time() -> None:
    """As many questions as there are in each draw, and the same draws in each run."""
    weights = clusters.resampled(30, 200)
    assert weights.shape == (200, 30)
    assert (weights.sum(axis=1) == 30).all()
    clusters.resampled.cache_clear()
    assert (clusters.resampled(30, 200) == weights).all()


def test_a_draw_without_denominator_is_left_out() -> None:
    """Two questions of ratio 3 / 0 and 1 / 1: some draws have no denominator, and the interval is of the others."""
    replicates = clusters.bootstrap(np.array([3.0, 1.0]), np.array([0.0, 1.0]), 500)
    assert not np.isfinite(replicates).all()
    interval = clusters.percentile_interval(replicates)
    assert interval
    assert np.isfinite(interval).all()
    assert clusters.percentile_interval(np.array([np.nan])) is None
    assert clusters.bca_interval(1.0, np.array([np.nan]), np.array([1.0])) is None


@given(scores)
def test_bootstrap_intervals_hold_what_all_questions_share(values: Floats) -> None:
    """Where every question has the same ratio there is nothing to resample."""
    replicates = clusters.bootstrap(2 * values, values, 100)
    assert clusters.percentile_interval(replicates) == pytest.approx((2, 2))
    assert clusters.bca_interval(2.0, replicates, clusters.left_out(2 * values, values)) == pytest.approx((2, 2))


def test_students_quantile() -> None:
    """scipy.stats' two-sided quantile, without importing it."""
    assert clusters.t_quantile(0.95, 79) == pytest.approx(stats.t.ppf(0.975, 79), rel=1e-12)
