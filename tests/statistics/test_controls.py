"""Win rates at equal length and style: against scikit-learn, against a known truth, and on GPT-4's own reviews."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from sklearn.linear_model import LogisticRegression

from judgebench.statistics.clusters import Floats
from judgebench.statistics.controls import FEWEST_QUESTIONS, PAIR, controlled, fractional_logit
from judgebench.statistics.style import FEATURES, features_frame

LABEL = {0.0: "b", 0.5: "tie", 1.0: "a"}  # of a's points


def match(question: object, won_first: float, won_second: float = np.nan, turn: int = 1) -> dict[str, Any]:
    """A row of a frame of matches: a's points where it was shown first, and second."""
    known = [won for won in (won_first, won_second) if won == won]
    outcome = LABEL[known[0]] if len(set(known)) == 1 else "inconsistent" if known else "incomplete"
    about = dict(zip(PAIR, ("s", "judge", "pair", "a", "b"), strict=True))
    return about | {
        "question_id": str(question),
        "turn": turn,
        "choice": 0,
        "outcome": outcome,
        "won_first": won_first,
        "won_second": won_second,
    }


def looks(lengths: Sequence[tuple[float, float]], **others: Sequence[tuple[float, float]]) -> pd.DataFrame:
    """A frame of features of the first turns: of each question a's value and b's."""
    rows = []
    for question in range(len(lengths)):
        for side, model in enumerate("ab"):
            counts = {name: others[name][question][side] if name in others else 0.0 for name in FEATURES[1:]}
            place = {"question_set": "s", "question_id": str(question), "model": model, "turn": 1, "choice": 0}
            rows.append(place | {"length": float(lengths[question][side])} | counts)
    return pd.DataFrame(rows)


def one(matches: list[dict[str, Any]], features: pd.DataFrame) -> dict[str, Any]:
    """The only entry, which is valid JSON."""
    (entry,) = controlled(pd.DataFrame(matches), features)
    json.dumps(entry, allow_nan=False)
    return entry


def drawn(rng: np.random.Generator, count: int, theta: float, liking: float) -> tuple[list[Any], pd.DataFrame]:
    """Matches in both orders, a fifth ties, by a judge that likes b's longer answers by a known amount."""
    lengths = [(1000.0, 1000 + 400 * rng.normal(1, 1)) for _ in range(count)]
    apart = np.array([b - a for a, b in lengths])
    lost = special.expit(theta + liking * np.tanh(apart / 400))
    points = np.where(rng.random((2, count)) < 0.2, 0.5, (rng.random((2, count)) > lost).astype(float))
    return [match(q, points[0, q], points[1, q]) for q in range(count)], looks(lengths)


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


def test_the_truth_is_recovered_where_the_raw_win_rate_misses_it() -> None:
    """b's answers are longer and no better: at equal length it wins half, and is reported to win 60 %."""
    entry = one(*drawn(np.random.default_rng(1), 2000, 0.0, 1.0))
    low, high = entry["length_controlled"]["interval"]
    assert entry["share"] > 0.58
    assert low < 0.5 < high < 0.55
    assert entry["length_controlled"]["coefficient"] == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize(("theta", "liking"), [(0.0, 1.0), (1.0, 1.5)])
def test_the_interval_covers_the_truth(theta: float, liking: float) -> None:
    """95 % intervals over 80 questions, both orders and ties, 300 times."""
    rng = np.random.default_rng(2)
    truth = 0.1 + 0.8 * special.expit(theta)
    matches, answers = zip(*(drawn(rng, 80, theta, liking) for _ in range(300)), strict=True)
    of_run = {"question_set": np.repeat(np.arange(300), 80).astype(str)}
    features = pd.concat(answers).assign(question_set=np.repeat(of_run["question_set"], 2))
    entries = controlled(pd.DataFrame([row for run in matches for row in run]).assign(**of_run), features)
    intervals = np.array([entry["length_controlled"]["interval"] for entry in entries])
    covered = ((intervals[:, 0] <= truth) & (truth <= intervals[:, 1])).mean()
    assert len(entries) == 300
    assert 0.92 <= covered <= 0.98
    assert np.mean([entry["length_controlled"]["win_rate"] for entry in entries]) == pytest.approx(truth, abs=0.02)


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


def test_style_control_takes_what_a_feature_wins_and_nothing_else() -> None:
    """A judge that likes headers, and is shown them by b alone, half the time; length is the same throughout."""
    rng = np.random.default_rng(3)
    headers = [(0.0, float(rng.random() < 0.5) * 3) for _ in range(1000)]
    won = [float(rng.random() > special.expit(1.5 * (b > 0))) for _, b in headers]
    entry = one([match(q, points) for q, points in enumerate(won)], looks([(500, 500)] * 1000, headers=headers))
    coefficients = entry["style_controlled"]["coefficients"]
    assert entry["win_rate"] > 0.6
    assert entry["style_controlled"]["win_rate"] == pytest.approx(0.5, abs=0.06)
    assert coefficients["headers"] > 0.3
    assert {name for name, value in coefficients.items() if value is None} == set(FEATURES) - {"headers"}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0, 0.5, 1]), st.integers(0, 9), st.integers(0, 9)), min_size=10, max_size=30)
)
def test_swapping_the_models_gives_one_minus_the_win_rate(rows: list[tuple[float, int, int]]) -> None:
    """A win rate of a against b and of b against a add up to 1, controlled or not, and so do the intervals."""
    there = one([match(q, won) for q, (won, _, _) in enumerate(rows)], looks([(a, b) for _, a, b in rows]))
    back = one([match(q, 1 - won) for q, (won, _, _) in enumerate(rows)], looks([(b, a) for _, a, b in rows]))
    assert there["win_rate"] == pytest.approx(1 - back["win_rate"])
    for control in ("length_controlled", "style_controlled"):
        assert (there[control] is None) == (back[control] is None)
        if there[control]:
            assert there[control]["win_rate"] == pytest.approx(1 - back[control]["win_rate"], abs=1e-9)
            assert there[control]["interval"] == pytest.approx([1 - end for end in back[control]["interval"][::-1]])


def test_both_orders_count_half_each_and_one_order_whole() -> None:
    """A win and a tie are three quarters of the match; an inconsistent match is half in the raw win rate."""
    matches = [match(q, 0, 0.5) for q in range(10)] + [match(q, 0) for q in range(10, 20)]
    entry = one(matches, looks([(100, 100)] * 20))
    assert (entry["share"], entry["win_rate"]) == (0.875, 0.75)


def test_answers_of_equal_length_leave_the_win_rate_but_for_the_prior() -> None:
    """Half a win and half a loss among 40 matches: 30.5 of 41."""
    entry = one([match(q, float(q >= 30)) for q in range(40)], looks([(100, 100)] * 40))
    assert entry["length_controlled"]["win_rate"] == pytest.approx(30.5 / 41)
    assert entry["length_controlled"]["coefficient"] is None
    assert entry["style_controlled"]["win_rate"] == pytest.approx(30.5 / 41)
    assert entry["note"] is None


def test_a_model_that_always_wins_is_not_certain_to() -> None:
    """80 of 80: the lower end is that of Clopper and Pearson, 0.955, within 0.005."""
    rng = np.random.default_rng(4)
    entry = one([match(q, 0) for q in range(80)], looks([(100, 100)] * 80))
    assert entry["length_controlled"]["interval"][0] == pytest.approx(0.025 ** (1 / 80), abs=0.005)
    varied = one([match(q, 0) for q in range(80)], looks(rng.integers(1, 900, (80, 2)).tolist()))
    low, high = varied["style_controlled"]["interval"]
    assert low < varied["style_controlled"]["win_rate"] < high < 1


def test_where_all_is_tied_nobody_is_ahead() -> None:
    """And length has nothing to explain."""
    rng = np.random.default_rng(4)
    entry = one([match(q, 0.5, 0.5) for q in range(80)], looks(rng.integers(1, 900, (80, 2)).tolist()))
    assert entry["length_controlled"]["win_rate"] == pytest.approx(0.5)
    assert entry["length_controlled"]["coefficient"] == pytest.approx(0)


def test_a_feature_that_separates_wins_from_losses_has_a_finite_coefficient() -> None:
    """The longer answer always wins."""
    lengths = [(500, 500 + 37 * (q - 40.5)) for q in range(80)]
    entry = one([match(q, float(b < a)) for q, (a, b) in enumerate(lengths)], looks(lengths))
    assert 2 < entry["length_controlled"]["coefficient"] < 50
    assert entry["length_controlled"]["win_rate"] == pytest.approx(0.5, abs=0.1)


def test_a_difference_that_never_changes_cannot_be_told_from_the_models() -> None:
    """b is always 100 characters longer: there is no figure, and the note says why."""
    entry = one([match(q, float(q % 2)) for q in range(40)], looks([(100, 200)] * 40))
    assert (entry["length_controlled"], entry["style_controlled"]) == (None, None)
    assert entry["note"] == "the difference in length and style is the same in every match"


def test_matches_without_an_answer_or_a_verdict_are_in_no_control() -> None:
    """A third of b's answers is not at hand, one match is incomplete; the raw win rate needs no answers."""
    rng = np.random.default_rng(4)
    features = looks(rng.integers(1, 900, (60, 2)).tolist())
    features = features[(features["model"] == "a") | (features["question_id"].astype(int) >= 20)]
    entry = one([match(q, float(q < 20)) for q in range(59)] + [match(59, np.nan)], features)
    assert (entry["matches"], entry["questions"], entry["share"]) == (39, 39, 1)
    assert entry["win_rate"] == pytest.approx(39 / 59)


@pytest.mark.parametrize("features", [features_frame([]), looks([(100, 90 + q) for q in range(FEWEST_QUESTIONS - 1)])])
def test_too_few_questions_have_a_note_and_no_figure(features: pd.DataFrame) -> None:
    """Ten questions are the fewest, however many turns and matches they have."""
    entry = one([match(q, float(q % 2)) for q in range(40)], features)
    assert (entry["length_controlled"], entry["style_controlled"]) == (None, None)
    assert entry["note"] == "fewer than 10 questions with a verdict and both answers at hand"
    assert entry["win_rate"] == 0.5


def test_features_with_two_rows_for_one_answer_are_refused() -> None:
    """They would count its matches twice."""
    features = looks([(100, 200)] * 20)
    with pytest.raises(pd.errors.MergeError):
        controlled(pd.DataFrame([match(0, 1)]), pd.concat([features, features]))


def test_each_pair_and_judge_is_by_itself_and_categories_do_as_strings_do() -> None:
    """Entries stand in the order of the frame, one per pair; none without matches."""
    rng = np.random.default_rng(8)
    matches, features = drawn(rng, 30, 0, 1)
    frame = pd.concat([pd.DataFrame(matches).assign(judge=judge) for judge in ("second", "first")])
    entries = controlled(frame, features)
    assert [entry["judge"] for entry in entries] == ["second", "first"]
    assert entries == controlled(frame.astype(dict.fromkeys([*PAIR, "question_id", "outcome"], "category")), features)
    assert controlled(frame.iloc[:0], features) == []


def vicuna_matches(folder: Path) -> list[dict[str, Any]]:
    """GPT-4's four published files of reviews, as matches in one order."""
    matches = []
    for path in sorted((folder / "review").glob("*.jsonl")):
        model_a, model_b = path.stem.removeprefix("review_").split("_")
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            a, b = row["score"]
            held = match(row["question_id"], 0.5 + 0.5 * float(np.sign(a - b)))
            matches.append(held | {"model_a": model_a, "model_b": model_b})
    return matches


def vicuna_answers(folder: Path) -> list[tuple[str, str, str, int, int, str]]:
    """The five models' answers."""
    return [
        ("s", str(row["question_id"]), path.stem.removeprefix("answer_"), 1, 0, row["text"])
        for path in sorted((folder / "answer").glob("*.jsonl"))
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    ]


def test_gpt_4_likes_longer_answers(shared_data: Path) -> None:
    """In each of the Vicuna evaluation's pairs; Vicuna, the longer one, is less far ahead at equal length."""
    folder = shared_data / "vicuna-eval"
    entries = controlled(pd.DataFrame(vicuna_matches(folder)), features_frame(vicuna_answers(folder)))
    assert [round(entry["win_rate"], 5) for entry in entries] == [0.95625, 0.5625, 0.3125, 0.9625]
    assert all(entry["length_controlled"]["coefficient"] > 0.9 for entry in entries)
    assert all(entry["length_controlled"]["win_rate"] < entry["win_rate"] for entry in entries)


def test_gpt_4_likes_longer_answers_on_mt_bench_too(shared_data: Path) -> None:
    """phi-3-dpo, the shorter one, is further ahead of phi-3 at equal length, over both orders."""
    folder = shared_data / "mt-bench"
    points = {"model_1": 1.0, "model_2": 0.0, "tie": 0.5}
    rows = map(json.loads, (folder / "model_judgment/phi-3_gpt-4_pair.jsonl").read_text("utf-8").splitlines())
    matches = []
    for row in rows:
        first, second = (points.get(row[f"{game}_winner"], np.nan) for game in ("g1", "g2"))
        broken = first != first or second != second
        held = match(row["question_id"], *((np.nan, np.nan) if broken else (first, second)), row["turn"])
        matches.append(held | {"model_a": row["model_1"], "model_b": row["model_2"]})
    answers = [
        ("s", str(row["question_id"]), model, turn, 0, text)
        for model in ("phi-3", "phi-3-dpo")
        for row in map(json.loads, (folder / f"model_answer/{model}.jsonl").read_text("utf-8").splitlines())
        for turn, text in enumerate(row["choices"][0]["turns"], 1)
    ]
    (entry,) = controlled(pd.DataFrame(matches), features_frame(answers))
    assert entry["matches"] == 73
    assert entry["length_controlled"]["coefficient"] > 0.9
    assert entry["length_controlled"]["win_rate"] > entry["share"] + 0.05
